#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of check with its options: against the real servers that Debian has, and against hostile ones.

A vipd runs some of them at once, a service with one server for each; what it says of each check is compared with what
is expected.
"""

import hashlib
import os
import re
import shutil
import socket
import ssl
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from certs import Authority  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon, Missing, wait_until  # noqa: E402
from suite import suite  # noqa: E402

VIPD = os.path.abspath(os.environ.get("VIPD", "build/vipd"))
PATIENCE = 30
AT_ONCE = 19  # of more than 20 lines of a kind in a second, the log has a count only
BODY = "status: all is well\n"


class Servers:
    """Small TCP and UDP servers in a namespace, a thread each; ports are chosen by the kernel."""

    def __init__(self, ns):
        self.ns, self.sockets = ns, []

    def tcp(self, talk, tls=None, address="127.0.0.1", listen=64):
        sock = self.ns.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        sock.bind((address, 0))
        sock.listen(listen)
        self.sockets.append(sock)

        def one(conn):
            try:
                conn.settimeout(30)
                if tls:
                    conn = tls.wrap_socket(conn, server_side=True)
                talk(conn)
            except (OSError, ssl.SSLError):
                pass
            finally:
                conn.close()

        def serve():
            while True:
                try:
                    conn, _ = sock.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(conn,), daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()
        return sock.getsockname()[1]

    def udp(self, answer, reply_from=None):
        sock = self.ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        other = self.ns.socket(socket.AF_INET, socket.SOCK_DGRAM) if reply_from else sock
        if reply_from:
            other.bind((reply_from, 0))
        self.sockets += [sock, other]

        def serve():
            while True:
                try:
                    data, peer = sock.recvfrom(65535)
                    text = answer(data)
                    if text is not None:
                        other.sendto(text, peer)
                except OSError:
                    return
        threading.Thread(target=serve, daemon=True).start()
        return sock.getsockname()[1]

    def nobody(self, kind=socket.SOCK_STREAM):
        """A port where nobody is."""
        sock = self.ns.socket(socket.AF_INET, kind)
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        sock.close()
        return port


def until(conn, end):
    data = b""
    while end not in data:
        more = conn.recv(4096)
        if not more:
            break
        data += more
    return data


def http(answer, seen=None):
    def talk(conn):
        request = until(conn, b"\r\n\r\n")
        if seen is not None:
            seen.append(request)
        conn.sendall(answer if isinstance(answer, bytes) else answer(request))
    return talk


def page(body=BODY, status="200 OK", headers=""):
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def drip(conn):
    until(conn, b"\r\n\r\n")
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
        conn.sendall(bytes([byte]))
        time.sleep(0.2)


def endless(head, piece):
    def talk(conn):
        until(conn, b"\r\n\r\n")
        conn.sendall(head)
        while True:
            conn.sendall(piece * 1000)
    return talk


def silent(conn):
    conn.recv(4096)
    conn.recv(4096)


def reset(conn):
    until(conn, b"\r\n\r\n")
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def smtp(greeting=b"220 mx ESMTP\r\n", helo=b"250-mx\r\n250 HELP\r\n"):
    def talk(conn):
        conn.sendall(greeting)
        if until(conn, b"\r\n").startswith(b"HELO "):
            conn.sendall(helo)
            until(conn, b"\r\n")
            conn.sendall(b"221 bye\r\n")
    return talk


class Case:
    """One check and what must come of it."""

    def __init__(self, name, port, check, verdict, reason, code=None, detail=None, address="127.0.0.1"):
        self.name, self.port, self.check, self.address = name, port, check, address
        self.verdict, self.reason, self.code, self.detail = verdict, reason, code, detail


def up(name, port, check, reason="L7OK", **more):
    return Case(name, port, check, "up", reason, **more)


def down(name, port, check, reason, **more):
    return Case(name, port, check, "down", reason, **more)


def config(cases, head=""):
    services = []
    for number, case in enumerate(cases):
        check = case.check
        for key, value in (("interval", "2"), ("timeout", '"1500ms"'), ("fall", "1"), ("rise", "1")):
            if not re.search(rf"\b{key} =", check):
                check += f" {key} = {value};"
        services.append(
            f'  {{ name = "{case.name}"; address = "10.99.{number // 250}.{number % 250 + 1}"; port = 80;\n'
            f'    checks = ( {{ {check} }} );\n'
            f'    real_servers = ( {{ address = "{case.address}"; port = {case.port}; }} ); }}')
    return head + "virtual_servers = (\n" + ",\n".join(services) + "\n);\n"


class Checker:
    def __init__(self, ns, folder, cases, head=""):
        self.conf = os.path.join(folder, "vipd.conf")
        with open(self.conf, "w", encoding="ascii") as file:
            file.write(config(cases, head))
        self.cases = cases
        self.daemon = Daemon([VIPD, "-f", self.conf, "--dataplane=memory"], ns=ns, name="vipd")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.daemon.kill()

    def judge(self, t):
        """Compares what vipd says first of each check with what must be."""
        patience = PATIENCE
        for case in self.cases:
            try:
                line = self.daemon.wait_for(rf'server\.check vs={re.escape(case.name)} ', patience).text
            except Missing:
                patience = 0
                t.check(False, f"{case.name}: vipd says nothing of it")
                continue
            said = dict(re.findall(r'(\w+)=("[^"]*"|\S+)', line))
            good = said["verdict"] == case.verdict and said["reason"] == case.reason
            good = good and (case.code is None or said["code"] == str(case.code))
            good = good and (case.detail is None or case.detail in said.get("detail", ""))
            t.check(good, f"{case.name}: {case.verdict} {case.reason} {case.code or ''} {case.detail or ''}"
                    + ("" if good else f", but: {line}"))


NGINX = """\
daemon off;
pid {folder}/pid;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  ssl_certificate {pem}; ssl_certificate_key {pem};
  server {{
    listen 8080; listen 8443 ssl http2; server_name www.example.org;
    location / {{ root {folder}/html; }}
    location /teapot {{ return 418 "short and stout"; }}
    location /moved {{ return 302 http://www.example.org/; }}
  }}
  server {{ listen 8080; listen 8443 ssl; server_name other.example.org; location / {{ return 404 "other"; }} }}
}}
"""

UNBOUND = """\
server:
  interface: 127.0.0.1
  port: 5353
  do-daemonize: no
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  directory: "{folder}"
  do-not-query-localhost: no
  module-config: "iterator"
  root-hints: "/dev/null"
  local-zone: "example.org." static
  local-data: "example.org. SOA ns.example.org. root.example.org. 1 2 3 4 5"
  local-data: "www.example.org. A 192.0.2.1"
  local-data: "www.example.org. AAAA 2001:db8::1"
  local-data: "example.org. MX 10 mx.example.org."
  local-data: "example.org. TXT hello"
  local-data: "example.org. NS ns.example.org."
remote-control:
  control-enable: no
"""


def listening(ns, port, table="tcp"):
    return lambda: re.search(rf":{port:04X} [0-9A-F:]+ (0A|07)", ns.read(table))


def real_servers(t, ns, folder, ca, stack):
    """nginx, redis and unbound; returns the cases for them."""
    os.makedirs(os.path.join(folder, "html"))
    with open(os.path.join(folder, "html", "index.html"), "w", encoding="ascii") as file:
        file.write(BODY)
    os.chmod(folder, 0o755)
    pem = ca.issue("nginx", "DNS:www.example.org,DNS:other.example.org,IP:127.0.0.1")
    for name, text in (("nginx.conf", NGINX.format(folder=folder, pem=pem)), ("unbound.conf", UNBOUND.format(folder=folder))):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)
    for argv, port, table in (
            (["nginx", "-e", "stderr", "-c", f"{folder}/nginx.conf"], 8080, "tcp"),
            (["redis-server", "--port", "6379", "--bind", "127.0.0.1", "--save", "", "--dir", folder], 6379, "tcp"),
            (["unbound", "-d", "-c", f"{folder}/unbound.conf"], 5353, "udp")):
        stack.append(Daemon(argv, ns=ns, name=argv[0]))
        wait_until(listening(ns, port, table), 20, f"{argv[0]} listens", step=0.02)
    md5 = hashlib.md5(BODY.encode()).hexdigest()
    host = 'host = "www.example.org";'
    chain = f'tls = {{ ca = "{ca.cert}"; verify = "chain+name"; }};'
    dns = 'type = "dns"; name = "{}"; qtype = "{}";'
    return [
        up("nginx-10", 8080, f'type = "http"; {host} http_protocol = "1.0";', code=200),
        up("nginx-10c", 8080, f'type = "http"; {host} http_protocol = "1.0c";', code=200),
        up("nginx-11", 8080, f'type = "http"; {host} http_protocol = "1.1";', code=200),
        up("nginx-keep", 8080, f'type = "http"; {host} http_protocol = "1.1"; keepalive = true;', code=200),
        up("nginx-head", 8080, f'type = "http"; {host} method = "HEAD"; http_protocol = "1.1";', code=200),
        down("nginx-post", 8080, f'type = "http"; {host} method = "POST"; body = "x=y";', "L7STS", code=405),
        up("nginx-418", 8080, f'type = "http"; path = "/teapot"; {host} status = [ "418" ];', code=418),
        down("nginx-302", 8080, f'type = "http"; path = "/moved"; {host}', "L7STS", code=302),
        down("nginx-404", 8080, 'type = "http"; host = "other.example.org";', "L7STS", code=404),
        up("nginx-digest", 8080, f'type = "http"; {host} urls = ( {{ path = "/"; digest = "{md5}"; }} );', code=200),
        down("nginx-digest-bad", 8080, f'type = "http"; {host} urls = ( {{ path = "/"; digest = "{md5[::-1]}"; }} );',
             "L7STS", code=200, detail="digest"),
        up("nginx-regex", 8080, f'type = "http"; {host} urls = ( {{ path = "/"; regex = "ALL.*well$"; '
           'regex_options = [ "caseless" ]; } );'),
        down("nginx-regex-not", 8080, f'type = "http"; {host} urls = ( {{ path = "/"; regex = "well"; '
             'regex_no_match = true; } );', "L7STS", detail="matches"),
        down("nginx-regex-late", 8080, f'type = "http"; {host} urls = ( {{ path = "/"; regex = "well"; '
             'regex_max_offset = 5; } );', "L7STS"),
        up("nginx-expect", 8080, f'type = "http"; {host} expect = ( {{ header = "Content-Type: text/plain"; not = true; }},'
           ' { text = "is well"; }, { header = "Server"; regex = "^nginx"; } );'),
        down("nginx-expect-header", 8080, f'type = "http"; {host} expect = ( {{ header = "X-None: 1"; }} );', "L7STS",
             detail="X-None"),
        up("nginx-urls", 8080, f'type = "http"; {host} fast_recovery = true; urls = ( {{ path = "/"; }}, '
           '{ path = "/teapot"; status = [ "418" ]; } );'),
        down("nginx-urls-bad", 8080, f'type = "http"; {host} urls = ( {{ path = "/"; }}, {{ path = "/none"; }} );',
             "L7STS", code=404),
        up("nginx-tls", 8443, f'type = "https"; {host}', code=200),
        up("nginx-tls-sni", 8443, f'type = "https"; {host} enable_sni = true;', code=200),
        up("nginx-tls-chain", 8443, f'type = "https"; {host} {chain}', code=200),
        up("nginx-tls-address", 8443, f'type = "https"; status = [ "200-499" ]; {chain}'),
        up("nginx-tls-keep", 8443, f'type = "https"; {host} {chain} http_protocol = "1.1"; keepalive = true;'),
        up("nginx-tls-compliant", 8443, f'type = "https"; {host} {chain} tls_compliant = true;'),
        up("nginx-tls-only", 8443, f'type = "tcp"; {host} {chain}', "L4OK"),
        down("nginx-tls-name", 8443, f'type = "https"; {host} tls = {{ ca = "{ca.cert}"; verify = "chain+name"; '
             'sni = "www.example.com"; };', "L6RSP", detail="mismatch"),
        down("nginx-tls-unknown-ca", 8443, f'type = "https"; {host} tls = {{ verify = "chain"; }};', "L6RSP",
             detail="certificate"),
        down("nginx-tls-expires", 8443, f'type = "https"; {host} tls = {{ ca = "{ca.cert}"; verify = "chain"; '
             'min_days_left = 300; };', "L6RSP", detail="expires in"),
        down("nginx-plain-on-tls", 8443, f'type = "http"; {host}', "L7STS", code=400),
        down("nginx-tls-on-plain", 8080, f'type = "https"; {host}', "L6RSP"),
        up("redis", 6379, 'type = "expect"; dialog = ( { send = "PING\\\\r\\\\n"; }, { expect = "+PONG"; }, '
           '{ send = "INFO replication\\\\r\\\\n"; }, { expect_regex = "role:(master|slave)"; } );'),
        down("redis-bad", 6379, 'type = "expect"; dialog = ( { send_hex = "4e4f0d0a"; }, { expect = "+PONG"; } );', "L7TOUT"),
        down("redis-not", 6379, 'type = "expect"; dialog = ( { send = "PING\\\\r\\\\n"; }, { expect_hex = "2b50"; not = true; } );',
             "L7RSP", detail="step 2"),
        up("unbound-soa", 5353, dns.format("example.org", "SOA")),
        up("unbound-a", 5353, dns.format("www.example.org", "A")),
        up("unbound-aaaa", 5353, dns.format("www.example.org.", "AAAA")),
        up("unbound-mx", 5353, dns.format("example.org", "MX")),
        up("unbound-txt", 5353, dns.format("example.org", "TXT")),
        up("unbound-ns", 5353, dns.format("example.org", "NS")),
        down("unbound-nx", 5353, dns.format("none.example.org", "A"), "L7STS", code=3, detail="NXDOMAIN"),
    ]


def tls_context(pem, client_ca=None, **more):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    for key, value in more.items():
        setattr(context, key, value)
    return context


def tls_cases(servers, ca, other):
    """Certificates of every kind, and servers that do TLS badly."""
    good = ca.issue("good", "DNS:www.example.org,IP:127.0.0.1")
    old = ca.issue("old", "DNS:www.example.org", not_before="20200101000000Z", not_after="20200201000000Z")
    young = ca.issue("young", "DNS:www.example.org", not_before="20900101000000Z", not_after="20910201000000Z")
    client, stranger = ca.issue("client", "DNS:client"), other.issue("stranger", "DNS:client")
    v13 = tls_context(good, ca.cert, minimum_version=ssl.TLSVersion.TLSv1_3)
    v12 = tls_context(good, ca.cert, maximum_version=ssl.TLSVersion.TLSv1_2)
    only12 = tls_context(good, maximum_version=ssl.TLSVersion.TLSv1_2)
    host, min_13 = 'host = "www.example.org";', 'min_version = "1.3";'

    def tls(extra="", verify="chain+name"):
        return f'{host} tls = {{ ca = "{ca.cert}"; verify = "{verify}"; {extra} }};'

    def show(pem):
        return f'cert = "{pem}"; key = "{pem}";'

    def hang_up(conn):  # the answer is whole, the end of TLS is missing
        until(conn, b"\r\n\r\n")
        conn.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")
        os.close(conn.detach())

    def stall(conn):
        conn.recv(100)
        time.sleep(20)

    def slow(conn):
        conn.recv(10000)
        for byte in b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + b"\0" * 100:
            conn.sendall(bytes([byte]))
            time.sleep(0.3)

    def alert(conn):
        conn.recv(10000)
        conn.sendall(b"\x15\x03\x03\x00\x02\x02\x28")
        conn.recv(100)

    plain = http(page())
    return [
        up("tls-good", servers.tcp(plain, tls_context(good)), f'type = "https"; {tls()}', code=200),
        down("tls-old", servers.tcp(plain, tls_context(old)), f'type = "https"; {tls()}', "L6RSP", detail="expired"),
        down("tls-young", servers.tcp(plain, tls_context(young)), f'type = "https"; {tls()}', "L6RSP",
             detail="not yet valid"),
        up("tls-old-unseen", servers.tcp(plain, tls_context(old)), f'type = "https"; {tls(verify="none")}'),
        down("tls-self", servers.tcp(plain, tls_context(other.issue("self", "DNS:www.example.org"))),
             f'type = "https"; {tls(verify="chain")}', "L6RSP", detail="certificate"),
        up("tls-client", servers.tcp(plain, v13), f'type = "https"; {tls(show(client))}'),
        up("tls-client-12", servers.tcp(plain, v12), f'type = "https"; {tls(show(client))}'),
        down("tls-no-client", servers.tcp(plain, v13), f'type = "https"; {tls()}', "L7RSP", detail="certificate required"),
        down("tls-no-client-12", servers.tcp(plain, v12), f'type = "https"; {tls()}', "L6RSP"),
        up("tls-only-client", servers.tcp(lambda conn: conn.recv(10), v13), f'type = "tcp"; {tls(show(client))}', "L4OK"),
        down("tls-only-stranger", servers.tcp(lambda conn: conn.recv(10), v13),
             f'type = "tcp"; {tls(show(stranger))}', "L7RSP", detail="unknown ca"),
        down("tls-min-13", servers.tcp(plain, only12), f'type = "https"; {tls(min_13)}', "L6RSP", detail="version"),
        up("tls-unclean", servers.tcp(hang_up, tls_context(good)), f'type = "https"; {tls()}'),
        down("tls-unclean-compliant", servers.tcp(hang_up, tls_context(good)),
             f'type = "https"; tls_compliant = true; {tls()}', "L6RSP", detail="without the end of TLS"),
        down("tls-stall", servers.tcp(stall), f'type = "https"; {tls()}', "L6TOUT"),
        down("tls-slow", servers.tcp(slow), f'type = "https"; {tls()}', "L6TOUT"),
        down("tls-alert", servers.tcp(alert), f'type = "tcp"; {tls()}', "L6RSP", detail="handshake failure"),
        down("tls-close", servers.tcp(lambda conn: conn.recv(10000)), f'type = "tcp"; {tls()}', "L6RSP"),
    ]


def hostile_cases(servers):
    """Servers of the fault list."""
    def answer(text):
        return servers.tcp(http(text))
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    h11 = 'type = "http"; http_protocol = "1.1"; expect = { text = "well"; };'
    regex = 'type = "http"; expect = { regex = "(a+)+$"; };'
    ok = b"HTTP/1.1 200 OK\r\n"
    gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\3" + b"\xed" * 5000
    return [
        down("refused", servers.nobody(), 'type = "tcp";', "L4CON"),
        down("silent", servers.tcp(silent), 'type = "http";', "L7TOUT"),
        up("silent-tcp", servers.tcp(silent), 'type = "tcp";', "L4OK"),
        down("reset", servers.tcp(reset), 'type = "http";', "L7RSP"),
        down("drip", servers.tcp(drip), 'type = "http";', "L7TOUT"),
        down("endless-headers", servers.tcp(endless(ok, b"A: b\r\n")), 'type = "http";', "L7RSP"),
        down("endless-status", servers.tcp(endless(b"HTTP/1.1 200 ", b"x")), 'type = "http";', "L7RSP"),
        down("endless-body", servers.tcp(endless(ok + b"\r\n", b"xyz")), h11, "L7RSP"),
        up("endless-body-unseen", servers.tcp(endless(ok + b"\r\n", b"xyz")), 'type = "http";'),
        down("nul", answer(b"HTTP/1.1 200 O\0K\r\n\r\n"), 'type = "http";', "L7RSP"),
        down("garbage", answer(b"\x16\x03\x01\x02\n\n"), 'type = "http";', "L7RSP"),
        down("length-short", answer(ok + b"Content-Length: 100\r\n\r\nall is well"), h11, "L7RSP"),
        up("length-long", answer(ok + b"Content-Length: 12\r\n\r\nall is well, and more"), h11),
        down("length-twice", answer(ok + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy"), h11, "L7RSP"),
        down("empty", answer(b""), 'type = "http";', "L7RSP"),
        down("empty-body", answer(page("")), h11, "L7STS"),
        up("chunked", answer(chunked + b"4\r\nall \r\n7;x=y\r\nis well\r\n0\r\nT: u\r\n\r\n"), h11),
        down("chunked-garbage", answer(chunked + b"zz\r\nall is well\r\n"), h11, "L7RSP"),
        down("chunked-huge", answer(chunked + b"ffffffffff\r\nall is well\r\n"), h11, "L7RSP"),
        down("chunked-short", answer(chunked + b"b\r\nall is well"), h11, "L7RSP"),
        down("gzip", answer(ok + b"Content-Encoding: gzip\r\nContent-Length: 5010\r\n\r\n" + gzip), h11, "L7STS"),
        down("backtracks", answer(page("a" * 5000 + "!")), regex, "L7STS", detail="more work"),
        up("smtp", servers.tcp(smtp()), 'type = "smtp";', code=250),
        up("smtp-name", servers.tcp(smtp()), 'type = "smtp"; helo_name = "director.example.org";', code=250),
        down("smtp-busy", servers.tcp(smtp(b"421 busy\r\n")), 'type = "smtp";', "L7STS", code=421),
        down("smtp-helo", servers.tcp(smtp(helo=b"550 no\r\n")), 'type = "smtp";', "L7STS", code=550),
        down("smtp-http", servers.tcp(http(page())), 'type = "smtp";', "L7TOUT"),
        down("smtp-garbage", servers.tcp(smtp(b"hello\r\n")), 'type = "smtp";', "L7RSP"),
        down("smtp-endless", servers.tcp(lambda c: [c.sendall(b"220-x\r\n" * 100) for _ in range(100000)]),
             'type = "smtp";', "L7RSP"),
        down("connect-ip", servers.nobody(), 'type = "tcp"; connect_ip = "127.0.0.2";', "L4CON"),
        up("bind", servers.tcp(lambda c: c.sendall(c.getpeername()[0].encode())), 'type = "expect"; bindto = "127.0.0.9"; '
           'dialog = ( { expect = "127.0.0.9"; } );'),
        up("bind-port", servers.tcp(lambda c: c.sendall(b"%d." % c.getpeername()[1])), 'type = "expect"; bind_port = 4321; '
           'dialog = ( { expect = "4321."; } );'),
        up("bind-if", servers.tcp(silent), 'type = "tcp"; bind_if = "lo"; fwmark = 7;', "L4OK"),
        up("close-fin", servers.tcp(silent), 'type = "tcp"; close = "fin";', "L4OK"),
        up("bind6", servers.tcp(lambda c: c.sendall(c.getpeername()[0].encode()), address="::1"), 'type = "expect"; '
           'connect_ip = "::1"; bindto = "::1"; dialog = ( { expect = "::1"; } );'),
        up("ipv6", servers.tcp(http(page()), address="::1"), 'type = "http"; connect_ip = "::1";'),
    ]


def udp_cases(servers):
    def dns(answer):
        return servers.udp(lambda q: q[:2] + answer(q))
    ask = 'type = "dns"; name = "example.org"; qtype = "A";'
    record = b"\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4"
    return [
        up("udp-echo", servers.udp(lambda q: q), 'type = "udp"; payload = "70696e67"; reply = "70XX6E67";'),
        up("udp-any", servers.udp(lambda q: b"x"), 'type = "udp"; require_reply = true;'),
        up("udp-silent", servers.udp(lambda q: None), 'type = "udp"; timeout = "300ms";'),
        down("udp-silent-reply", servers.udp(lambda q: None), 'type = "udp"; require_reply = true;', "L7TOUT"),
        down("udp-nobody", servers.nobody(socket.SOCK_DGRAM), 'type = "udp";', "L4CON"),
        down("udp-other", servers.udp(lambda q: b"pang"), 'type = "udp"; payload = "70"; reply = "7069";', "L7RSP",
             detail="another"),
        down("udp-short", servers.udp(lambda q: b"pang"), 'type = "udp"; require_reply = true; min_reply_length = 5;',
             "L7RSP", detail="4 bytes"),
        down("udp-long", servers.udp(lambda q: b"x" * 300), 'type = "udp"; require_reply = true;', "L7RSP",
             detail="300 bytes"),
        down("udp-wrong-source", servers.udp(lambda q: q, reply_from="127.0.0.3"), 'type = "udp"; require_reply = true;',
             "L7TOUT"),
        up("dns-answer", dns(lambda q: b"\x81\x80\0\1\0\1\0\0\0\0" + q[12:] + b"\xc0\x0c" + record), ask),
        up("dns-cut", dns(lambda q: b"\x83\x80\0\1\0\0\0\0\0\0" + q[12:]), ask),
        down("dns-loop", dns(lambda q: b"\x81\x80\0\1\0\1\0\0\0\0" + q[12:] + b"\xc0\x1d" + record), ask, "L7RSP"),
        down("dns-refused", dns(lambda q: b"\x81\x85\0\1\0\0\0\0\0\0" + q[12:]), ask, "L7STS", code=5, detail="REFUSED"),
        down("dns-id", servers.udp(lambda q: bytes([q[0] ^ 1]) + q[1:2] + b"\x81\x80" + q[4:]), ask, "L7TOUT"),
        down("dns-question", dns(lambda q: b"\x81\x80\0\1\0\0\0\0\0\0\1x\0\0\1\0\1"), ask, "L7RSP"),
        down("dns-short", servers.udp(lambda q: q[:5]), ask, "L7RSP"),
        up("ping", 80, 'type = "ping";', "L4OK"),
        up("ping6", 80, 'type = "ping"; connect_ip = "::1";', "L4OK"),
    ]


def script_cases(servers, folder):
    def script(text, more=""):
        return f'type = "script"; user = "root"; command = [ "/bin/sh", "-c", "{text}" ]; {more}'
    vanished = os.path.join(folder, "no_such_script")

    def agent(text):
        return servers.tcp(lambda conn: conn.sendall(text))
    dynamic = "dynamic_weight = true;"
    return [
        up("script", 80, script("exit 0"), "PROCOK", code=0),
        down("script-1", 80, script("exit 1"), "PROCERR", code=1),
        down("script-3", 80, script("exit 3"), "PROCERR", code=3),
        up("script-dynamic", 80, script("exit 3", dynamic), "PROCOK", code=3),
        down("script-dynamic-1", 80, script("exit 1", dynamic), "PROCERR", code=1),
        down("script-killed", 80, script("kill -SEGV $$"), "PROCERR", detail="killed by SIGSEGV"),
        down("script-slow", 80, script("trap '' TERM; sleep 100", 'timeout = "300ms";'), "PROCTOUT"),
        up("script-loud", 80, script("head -c 100000000 /dev/zero"), "PROCOK"),
        up("script-user", 80, script("test $(id -un) = nobody").replace('"root"', '"nobody"'), "PROCOK"),
        up("agent", agent(b"up 50%\n"), 'type = "agent";', code=50),
        up("agent-drain", agent(b"drain\n"), 'type = "agent";'),
        down("agent-down", agent(b"down#no disk\n"), 'type = "agent";', "L7STS", detail="says down"),
        up("agent-maint", agent(b"maint\n"), 'type = "agent";'),
        up("agent-apply", agent(b"maint 10%\n"), 'type = "agent"; apply = [ "weight" ];', code=10),
        up("agent-nobody", servers.nobody(), 'type = "agent";', "L4CON"),
        up("agent-rubbish", agent(b"hello\n"), 'type = "agent";', "L7RSP"),
        up("agent-silent", servers.tcp(silent), 'type = "agent";', "L7TOUT"),
    ], [Case("script-vanished", 80, f'type = "script"; command = [ "{vanished}" ];', None, None)]


def templates(t, ns, folder, servers):
    """etc/templates.conf against what such servers say, and against what they say when they are not well."""
    t.part("ready-made checks")

    def say(*turns):
        def talk(conn):
            for turn in turns:
                if turn is None:
                    conn.recv(1000)
                else:
                    conn.sendall(turn)
            conn.recv(1000)
        return servers.tcp(talk)
    ldap = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01%c\x04\0\x04\0"
    rows = {
        "redis": (say(None, b"+PONG\r\n"), say(None, b"-NOAUTH Authentication required.\r\n")),
        "memcached": (say(None, b"VERSION 1.6.18\r\n"), say(None, b"ERROR\r\n")),
        "mysql": (say(b"\x5b\0\0\0\x0a8.0.32\0"), say(b"\x17\0\0\0\xff\x10\x04Too many connections")),
        "postgres": (say(None, b"N"), say(None, b"E")),
        "ldap": (say(None, ldap % 0), say(None, ldap % 49)),
        "imap": (say(b"* OK IMAP4rev1\r\n", None, b"* BYE\r\na OK done\r\n"), say(b"* BYE busy\r\n")),
        "pop": (say(b"+OK\r\n", None, b"+OK bye\r\n"), say(b"-ERR busy\r\n")),
        "ssh": (say(b"SSH-2.0-OpenSSH_9.2p1\r\n"), say(b"Exceeded MaxStartups\r\n")),
    }
    cases = [up(name, good, f'use = "{name}";') for name, (good, _) in rows.items()]
    cases += [down(f"{name}-bad", bad, f'use = "{name}";', "L7TOUT") for name, (_, bad) in rows.items()]
    head = f'include = [ "{os.path.abspath("etc/templates.conf")}" ];\n'
    with Checker(ns, folder, cases, head) as vipd:
        vipd.judge(t)


def not_made(t, ns, folder, cases):
    """What this machine can't do says nothing of the server."""
    t.part("checks that can't be made")
    with Checker(ns, folder, cases) as vipd:
        line = vipd.daemon.wait_for(r"check\.local", PATIENCE).text
        t.check("ENOENT" in line, line)
        t.equal(vipd.daemon.stop(), 0, "vipd ends cleanly")
        t.equal(len(vipd.daemon.find("server.check")), 0, "no verdict")


def kept_connections(t, ns, folder, servers):
    """One connection for all checks; one that was closed in between is made anew without a failure."""
    t.part("kept connections")
    opened, asked = [], []

    def keep(limit):
        def talk(conn):
            opened.append(limit)
            for _ in range(limit):
                if not until(conn, b"\r\n\r\n"):
                    return
                asked.append(limit)
                conn.sendall(page())
        return talk
    check = 'type = "http"; http_protocol = "1.1"; keepalive = true; interval = "50ms"; log_all_failures = true;'
    cases = [up("kept", servers.tcp(keep(10 ** 6)), check), up("cut", servers.tcp(keep(3)), check)]
    with Checker(ns, folder, cases) as vipd:
        vipd.judge(t)
        wait_until(lambda: asked.count(10 ** 6) >= 20 and asked.count(3) >= 20, PATIENCE, "twenty checks")
        t.equal(opened.count(10 ** 6), 1, "all checks over one connection")
        t.check(opened.count(3) >= 6, "a connection that ends after three is made anew")
        t.equal(len(vipd.daemon.find(r"check\.fail|verdict=down")), 0, "no check failed for it")


def resumed_sessions(t, ns, folder, servers, ca):
    t.part("TLS sessions are resumed")
    seen = {"1.2": [], "1.3": []}
    pem = ca.issue("resumed", "DNS:www.example.org")

    def talk(version):
        def say(conn):
            seen[version].append(conn.session_reused)
            http(page())(conn)
        return say
    contexts = {"1.2": tls_context(pem, maximum_version=ssl.TLSVersion.TLSv1_2), "1.3": tls_context(pem)}
    cases = [up(f"resumed-{v}", servers.tcp(talk(v), contexts[v]), 'type = "https"; host = "www.example.org"; '
                f'interval = "50ms"; tls = {{ ca = "{ca.cert}"; verify = "chain+name"; }};') for v in seen]
    with Checker(ns, folder, cases) as vipd:
        vipd.judge(t)
        wait_until(lambda: all(len(s) >= 10 for s in seen.values()), PATIENCE, "ten checks of each")
    for version, reused in seen.items():
        t.equal(reused[:10], [False] + [True] * 9, f"TLS {version}: a full handshake, then resumed ones")


def agents(t, ns, folder, servers):
    """What an agent says counts until it says something else: drain and maint as an administrator's."""
    t.part("agents")
    words = [b"ready up 100%\n"]
    check = 'type = "agent"; interval = "50ms"; rise = 1;'
    with Checker(ns, folder, [up("agent-says", servers.tcp(lambda conn: conn.sendall(words[0])), check)]) as vipd:
        vipd.judge(t)
        for word, wanted in ((b"drain\n", "state=drain"), (b"maint\n", "state=maint"), (b"ready\n", "state=ready"),
                             (b"down#no disk\n", "verdict=down"), (b"up\n", "verdict=up")):
            mark = vipd.daemon.mark()
            words[0] = word
            line = vipd.daemon.wait_for(r"server\.(admin|check) vs=agent-says", PATIENCE, mark).text
            t.check(wanted in line, f"{word}: {line}")


def intervals(t, ns, folder, servers):
    """How often a server is asked: while it is well, while it is on its way down, while it is down."""
    t.part("intervals")
    times, mode = [], ["ok"]

    def talk(conn):
        times.append(time.monotonic())
        until(conn, b"\r\n\r\n")
        conn.sendall(page(status="200 OK" if mode[0] == "ok" else "500 No"))
    check = ('type = "http"; interval = "400ms"; fast_interval = "100ms"; down_interval = "800ms"; fall = 4; rise = 2; '
             'log_all_failures = true;')
    with Checker(ns, folder, [up("paced", servers.tcp(talk), check)]) as vipd:
        vipd.judge(t)
        mark = vipd.daemon.mark()
        wait_until(lambda: len(times) >= 4, PATIENCE, "four checks")
        mode[0] = "bad"
        vipd.daemon.wait_for(r"verdict=down", PATIENCE, mark)
        gaps = [b - a for a, b in zip(times[-4:], times[-3:])]
        t.check(all(0.09 < gap < 0.35 for gap in gaps), f"on its way down, every 100 ms: {gaps}")
        t.equal(len(vipd.daemon.find(r"check\.fail", mark)), 3, "each failure before the last is logged")
        count = len(times)
        wait_until(lambda: len(times) >= count + 3, PATIENCE, "three checks while it is down")
        gaps = [b - a for a, b in zip(times[-2:-1], times[-1:])]
        t.check(all(0.7 < gap for gap in gaps), f"while it is down, every 800 ms: {gaps}")


def bad_settings(t, folder, ca):
    """What is read when the configuration is: an error there, not at run time."""
    t.part("settings that can't be used")
    for check, word in (
            ('type = "https"; tls = { ca = "/no/such/file"; verify = "chain"; };', "/no/such/file"),
            (f'type = "https"; tls = {{ cert = "{ca.cert}"; key = "/no/such/key"; }};', "/no/such/key"),
            ('type = "http"; urls = ( { path = "/"; regex = "(" } );', "regular expression"),
            ('type = "http"; urls = ( { path = "/"; regex = "a"; regex_options = [ "fast" ]; } );', "fast"),
            ('type = "expect"; dialog = ( { send = "\\\\q"; } );', "escape"),
            ('type = "expect";', "dialog")):
        path = os.path.join(folder, "bad.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(config([up("bad", 80, check)]))
        ran = Daemon([VIPD, "--check", "-f", path])
        status = ran.wait(20)
        t.check(status == 2 and ran.find(r"error: .*" + re.escape(word)), f"{check}: {ran.tail(2).strip()}")


def few_descriptors(t, folder):
    """More checks than this process may have descriptors for: --check says so."""
    t.part("descriptors")
    path = os.path.join(folder, "many.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(config([up(f"s{i}", 80, 'type = "http"; keepalive = true;') for i in range(60)]))
    for limit, wanted in ((100, True), (1000, False)):
        ran = Daemon(["prlimit", f"--nofile={limit}", VIPD, "--check", "-f", path])
        ran.wait(20)
        t.equal(bool(ran.find("warning: checks may need 184 descriptors")), wanted, f"with {limit} descriptors")


def main():
    folder, stack = tempfile.mkdtemp(prefix="checks-", dir=os.environ.get("TMPDIR", "/tmp")), []
    try:
        with suite("checks") as t, Net() as net:
            ns = net.ns("checks")
            servers = Servers(ns)
            for name in ("a", "b"):
                os.makedirs(os.path.join(folder, name))
            ca, other = Authority(os.path.join(folder, "a")), Authority(os.path.join(folder, "b"), "Other authority")
            t.part("every check")
            scripts, faults = script_cases(servers, folder)
            cases = real_servers(t, ns, folder, ca, stack) + tls_cases(servers, ca, other) + hostile_cases(servers) \
                + udp_cases(servers) + scripts
            for first in range(0, len(cases), AT_ONCE):
                with Checker(ns, folder, cases[first:first + AT_ONCE]) as vipd:
                    vipd.judge(t)
                    t.equal(vipd.daemon.stop(), 0, "vipd ends cleanly")
            templates(t, ns, folder, servers)
            not_made(t, ns, folder, faults)
            kept_connections(t, ns, folder, servers)
            resumed_sessions(t, ns, folder, servers, ca)
            agents(t, ns, folder, servers)
            intervals(t, ns, folder, servers)
            bad_settings(t, folder, ca)
            few_descriptors(t, folder)
    finally:
        for daemon in stack:
            daemon.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
