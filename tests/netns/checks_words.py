#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every word of checks that changes what goes out: servers that pass only what they were to be asked, and aiosmtpd. What
comes back, and what is judged of it, is in checks.py."""

import os
import re
import shutil
import socket
import ssl
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from certs import Authority  # noqa: E402
from checks import AT_ONCE, PATIENCE, VIPD, Case, Checker, Servers, http, listening, page, silent, tls_context  # noqa: E402
from checks import until  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon, wait_until  # noqa: E402
from suite import suite  # noqa: E402

SMTP = """
import asyncio, sys
from aiosmtpd.smtp import SMTP

class Handler:
    async def handle_HELO(self, server, session, envelope, name):
        session.host_name = name
        return "250 mx" if name == sys.argv[2] else "550 who?"

async def main():
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: SMTP(Handler(), hostname="mx"), "127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
DNS_TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28, "RRSIG": 46, "DNSKEY": 48}


def word(name, port, check, good=True, reason="L7OK", service="", server="", **more):
    """`service` and `server` are further settings there."""
    case = Case(name, port, check, "up" if good else "down", reason, **more)
    case.service, case.server = service, server
    return case


def config(cases, head):
    services = [
        f'  {{ name = "{case.name}"; address = "10.99.0.{number + 1}"; port = 80; {case.service}\n'
        f'    checks = ( {{ {case.check} interval = 2; timeout = "1500ms"; fall = 1; rise = 1; }} );\n'
        f'    real_servers = ( {{ address = "{case.address}"; port = {case.port}; {case.server} }} ); }}'
        for number, case in enumerate(cases)]
    return head + "virtual_servers = (\n" + ",\n".join(services) + "\n);\n"


class Words(Checker):
    def __init__(self, ns, folder, cases, head=""):
        self.cases, path = cases, os.path.join(folder, "vipd.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(config(cases, head))
        self.daemon = Daemon([VIPD, "-f", path, "--dataplane=memory"], ns=ns, name="vipd")


def wants(servers, good, tls=None):
    """A server that says 200 to requests that are good, and 500 to all else."""
    return servers.tcp(http(lambda request: page() if good(request) else page(status="500 No")), tls)


def has(*parts):
    return lambda request: all(part in request for part in parts)


def http_words(servers):
    def host(name):
        return wants(servers, has(b"\r\nHost: " + name + b"\r\n"))

    def body(conn):
        data = until(conn, b"\r\n\r\n")
        while not data.endswith(b"\r\n\r\nx=y"):
            data += conn.recv(100) or b"?" * 1000
            if len(data) > 1000:
                break
        good = data.startswith(b"PUT /a?b HTTP/1.1\r\n") and b"\r\nX-Token: abc\r\n" in data and b"Content-Length: 3\r\n" in data
        conn.sendall(page() if good else page(status="500 No"))
    plain, own = 'type = "http";', host(b"127.0.0.1")
    by_port = []
    by_port.append(wants(servers, lambda request: b"\r\nHost: 127.0.0.1:%d\r\n" % by_port[0] in request))
    nobody = servers.nobody()
    return [
        word("host-address", by_port[0], plain, code=200),
        word("host-of-service", host(b"service.example"), plain, service='virtualhost = "service.example";'),
        word("host-of-server", host(b"server.example"), plain, service='virtualhost = "service.example";',
             server='virtualhost = "server.example";'),
        word("host-of-check", host(b"check.example"), plain + ' host = "check.example";', server='virtualhost = "server.example";'),
        word("host-of-url", host(b"url.example"), plain + ' host = "check.example"; urls = ( { path = "/"; host = "url.example"; } );'),
        word("host-by-header", own, plain + ' headers = [ "Host: 127.0.0.1" ];'),
        word("version-10", wants(servers, lambda r: r.startswith(b"GET / HTTP/1.0\r\n") and b"Connection" not in r),
             plain + ' http_protocol = "1.0";'),
        word("version-10c", wants(servers, lambda r: r.startswith(b"GET / HTTP/1.0\r\n") and b"\r\nConnection: close\r\n" in r),
             plain + ' http_protocol = "1.0c";'),
        word("version-11", wants(servers, has(b"GET / HTTP/1.1\r\n", b"\r\nConnection: close\r\n")),
             plain + ' http_protocol = "1.1";'),
        word("method-headers-body", servers.tcp(body), plain + ' http_protocol = "1.1"; method = "PUT"; path = "/a?b"; body = "x=y"; '
             'headers = [ "X-Token: abc" ];', code=200),
        word("status-range", servers.tcp(http(page(status="304 Same"))), plain + ' status = [ "200-204", "301-304" ];', code=304),
        word("status-beside", servers.tcp(http(page(status="205 Reset"))), plain + ' status = [ "200-204", "301-304" ];', False,
             "L7STS", code=205),
        word("expect-status", servers.tcp(http(page(status="304 Same"))), plain + ' status = [ "200-399" ]; expect = { status = [ "304" ]; };'),
        word("expect-status-not", servers.tcp(http(page(status="304 Same"))), plain + ' status = [ "200-399" ]; '
             'expect = { status = [ "304" ]; not = true; };', False, "L7STS", detail="status"),
        word("connect-port", nobody, f'type = "tcp"; port = {servers.tcp(silent)};', reason="L4OK"),
    ]


def network_words(ns, net, servers):
    peer = net.ns("words_peer")
    net.veth(ns, "v0", peer, "v1")
    ns.ip("link set v0 up", "addr add fe80::1/64 dev v0 nodad")
    peer.ip("link set v1 up", "addr add fe80::2/64 dev v1 nodad")
    local = Servers(peer).tcp(lambda conn: conn.sendall(conn.getpeername()[0].encode()), address="::")
    marked, unmarked = servers.tcp(silent), servers.tcp(silent)
    ns.run("nft", "-f", "-", stdin="table ip words {\nchain out {\ntype filter hook output priority 0;\n"
           f"tcp dport {{ {marked}, {unmarked} }} tcp flags & (syn | ack) == syn meta mark != 7 reject with tcp reset\n}}\n}}\n")
    return [
        word("mark", marked, 'type = "tcp"; fwmark = 7;', reason="L4OK"),
        word("no-mark", unmarked, 'type = "tcp"; fwmark = 8;', False, "L4CON"),
        word("link-local", local, 'type = "expect"; connect_ip = "fe80::2"; bind_if = "v0"; bindto = "fe80::1"; dialog = ( { expect = "fe80::1"; } );'),
    ]


def question(data):
    """Name and type that a DNS message asks for."""
    at, labels = 12, []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]])
        at += 1 + data[at]
    return b".".join(labels), int.from_bytes(data[at + 1:at + 3], "big")


def datagram_words(servers):
    def dns(name, number):
        def answer(data):
            good = question(data) == (name, number) and data[2] & 1  # recursion is desired
            return data[:2] + (b"\x81\x80" if good else b"\x81\x85") + data[4:6] + b"\0" * 6 + data[12:]
        return servers.udp(answer)

    def echo(wanted):
        return servers.udp(lambda data: data if data == wanted else b"")
    cases = [word(f"dns-{kind}", dns(b"example.org", number), f'type = "dns"; name = "example.org"; qtype = "{kind}";')
             for kind, number in DNS_TYPES.items()]
    return cases + [
        word("dns-defaults", dns(b"", 6), 'type = "dns";'),
        word("udp-payload", echo(b"\0ping\xff"), 'type = "udp"; payload = "0070696e67ff"; require_reply = true; min_reply_length = 6;'),
        word("udp-max", servers.udp(lambda data: b"x" * 300), 'type = "udp"; require_reply = true; max_reply_length = 300;'),
        word("udp-max-less", servers.udp(lambda data: b"x" * 300), 'type = "udp"; require_reply = true; max_reply_length = 299;',
             False, "L7RSP"),
    ]


def smtp_words(ns, servers, ca, stack):
    for port, name in ((2525, socket.gethostname()), (2526, "director.example.org")):
        stack.append(Daemon([sys.executable, "-c", SMTP, str(port), name], ns=ns, name="aiosmtpd"))
        stack[-1].wait_for("ready", 30)

    def talk(conn):
        conn.sendall(b"220 mx\r\n")
        until(conn, b"\r\n")
        conn.sendall(b"250 mx\r\n")
        until(conn, b"\r\n")
        conn.sendall(b"221 bye\r\n")
    secure = servers.tcp(talk, tls_context(ca.issue("mx", "DNS:mx.example.org")))
    return [
        word("aiosmtpd", 2525, 'type = "smtp";', code=250),
        word("aiosmtpd-name", 2526, 'type = "smtp"; helo_name = "director.example.org";', code=250),
        word("aiosmtpd-other-name", 2526, 'type = "smtp"; helo_name = "other.example.org";', False, "L7STS", code=550),
        word("smtp-tls", secure, f'type = "smtp"; host = "mx.example.org"; tls = {{ ca = "{ca.cert}"; verify = "chain+name"; }};',
             code=250),
    ]


def script_words():
    def script(user, text, *args):
        words = ", ".join(f'"{w}"' for w in ("/bin/sh", "-c", text, "sh", *args))
        return f'type = "script"; {user} command = [ {words} ];'
    return [
        word("script-group", 80, script('user = "nobody"; group = "daemon";', "test $(id -un)$(id -gn) = nobodydaemon"), reason="PROCOK"),
        word("script-arguments", 80, script('user = "root";', "test $# = 2 && test \\\"$1\\\" = 'a b' && test \\\"$2\\\" = '*'", "a b", "*"),
             reason="PROCOK"),
    ]


def global_ssl(t, ns, folder, servers, ca, other):
    """The ssl block: what checks show and trust that say nothing of it; the key has a password."""
    t.part("ssl")
    client = ca.issue("client", "DNS:client")
    locked = os.path.join(folder, "locked.pem")
    ns.run("openssl", "pkey", "-in", client, "-aes256", "-passout", "pass:secret", "-out", locked)
    wants_cert = tls_context(ca.issue("strict", "DNS:www.example.org"), ca.cert, maximum_version=ssl.TLSVersion.TLSv1_2)
    stranger = tls_context(other.issue("stranger", "DNS:www.example.org"))

    def hang_up(conn):  # the answer is whole, the end of TLS is missing
        until(conn, b"\r\n\r\n")
        conn.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")
        os.close(conn.detach())
    unclean = servers.tcp(hang_up, tls_context(ca.issue("unclean", "DNS:www.example.org")))
    host, url = 'type = "https"; host = "www.example.org";', 'urls = ( {{ path = "/"; tls_compliant = {}; }} );'
    cases = [
        word("ssl-certificate", servers.tcp(http(page()), wants_cert), host, code=200),
        word("ssl-ca", servers.tcp(http(page()), wants_cert), host + ' tls = { verify = "chain+name"; };', code=200),
        word("ssl-ca-other", servers.tcp(http(page()), stranger), host + ' tls = { verify = "chain"; };', False, "L6RSP",
             detail="certificate"),
        word("ssl-unverified", servers.tcp(http(page()), stranger), host, code=200),
        word("url-compliant", unclean, f'{host} {url.format("true")}', False, "L6RSP", detail="without the end of TLS"),
        word("url-not-compliant", unclean, f'{host} tls_compliant = true; {url.format("false")}', code=200),
    ]
    head = f'ssl = {{ certificate = "{client}"; key = "{locked}"; password = "secret"; ca = "{ca.cert}"; }};\n'
    with Words(ns, folder, cases, head) as vipd:
        vipd.judge(t)


def spread(t, ns, folder, servers):
    """When checks are made: the first ones over warmup, and then with jitter."""
    t.part("warmup and jitter")
    first, times = {}, []
    port = servers.tcp(lambda conn: first.setdefault(conn.getsockname()[0], time.monotonic()), address="0.0.0.0")
    cases = [word(f"warm-{n}", port, f'type = "tcp"; connect_ip = "127.1.0.{n}"; warmup = 3;', reason="L4OK") for n in range(16)]
    with Words(ns, folder, cases, "workers = { check_threads = 1; share_checks = false; };\n") as vipd:
        wait_until(lambda: len(first) >= 16, PATIENCE, "sixteen first checks", step=0.02)
        took = max(first.values()) - min(first.values())
        t.check(took > 2, f"warmup: first checks over {took:.1f} s")
        t.equal(vipd.daemon.stop(), 0, "vipd ends cleanly")
    path = os.path.join(folder, "jitter.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write('workers = { jitter_percent = 50; };\nvirtual_servers = ( { name = "j"; address = "10.99.0.1"; port = 80;\n'
                   'checks = ( { type = "tcp"; interval = "60ms"; timeout = "60ms"; } );\n'
                   f'real_servers = ( {{ address = "127.0.0.1"; port = {servers.tcp(lambda conn: times.append(time.monotonic()))}; }} ); }} );\n')
    with Daemon([VIPD, "-f", path, "--dataplane=memory"], ns=ns, name="vipd"):
        wait_until(lambda: len(times) >= 60, PATIENCE, "sixty checks", step=0.02)
    gaps = [b - a for a, b in zip(times, times[1:])]
    t.check(min(gaps) < 0.05 and max(gaps) > 0.07, f"jitter: from {min(gaps) * 1e3:.0f} to {max(gaps) * 1e3:.0f} ms apart")


def main():
    folder, stack = tempfile.mkdtemp(prefix="words-", dir=os.environ.get("TMPDIR", "/tmp")), []
    try:
        with suite("checks_words") as t, Net() as net:
            ns = net.ns("words")
            servers = Servers(ns)
            for name in ("a", "b"):
                os.makedirs(os.path.join(folder, name))
            ca, other = Authority(os.path.join(folder, "a")), Authority(os.path.join(folder, "b"), "Other authority")
            t.part("every word")
            cases = http_words(servers) + network_words(ns, net, servers) + datagram_words(servers) \
                + smtp_words(ns, servers, ca, stack) + script_words()
            for first in range(0, len(cases), AT_ONCE):
                with Words(ns, folder, cases[first:first + AT_ONCE]) as vipd:
                    vipd.judge(t)
                    t.equal(vipd.daemon.stop(), 0, "vipd ends cleanly")
            global_ssl(t, ns, folder, servers, ca, other)
            spread(t, ns, folder, servers)
    finally:
        for daemon in stack:
            daemon.kill()
        shutil.rmtree(folder, ignore_errors=True)


main()
