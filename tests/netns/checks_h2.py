#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks over HTTP/2 and of gRPC's health service: against nginx, against a server by grpcio, and against servers that
break the protocol frame by frame or flood. Connections that are kept for the next check, also when something on the way
forgets them."""

import os
import re
import shutil
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from certs import Authority  # noqa: E402
from checks import (AT_ONCE, BODY, PATIENCE, Checker, Servers, down, http, listening, page, silent,  # noqa: E402
                    tls_context, until, up)
from checks_hostile import judge  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon, wait_until  # noqa: E402
from stall import Stalls  # noqa: E402
from suite import suite  # noqa: E402

HEALTH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib", "health.py")
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
STATUS_200, STATUS_404 = b"\x88", b"\x8d"
STATUS_103 = b"\x48\x03103"

NGINX = """\
daemon off;
pid {folder}/h2.pid;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
  log_format protocol "$server_port $server_protocol $request_method $uri $host $http_x_word";
  log_format each "$server_port $connection_requests";
  access_log {folder}/h2.log protocol;
  client_body_temp_path {folder}/h2body; proxy_temp_path {folder}/h2proxy; fastcgi_temp_path {folder}/h2fastcgi;
  uwsgi_temp_path {folder}/h2uwsgi; scgi_temp_path {folder}/h2scgi;
  ssl_certificate {pem}; ssl_certificate_key {pem};
  server {{
    listen 9080 http2; listen 9443 ssl http2; listen 9444 ssl; server_name www.example.org;
    location / {{ root {folder}/html; }}
    location /teapot {{ return 418 "short and stout"; }}
    location /long {{ root {folder}/html; }}
  }}
  server {{
    listen 9081 http2; listen 9446 ssl http2; server_name www.example.org; keepalive_requests 3;
    access_log {folder}/few.log each;
    location / {{ root {folder}/html; }}
  }}
}}
"""
KEPT = 'keepalive = true; interval = "100ms"; timeout = 6; log_all_failures = true;'


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


HELLO = frame(SETTINGS, 0, 0)
GOOD = frame(HEADERS, END_HEADERS | END_STREAM, 1, STATUS_200)


def talk(*frames, forever=b""):
    """Reads the preface and the request, then says these frames, and the last ones for ever."""
    def say(conn):
        data = b""
        while b"PRI * HTTP/2.0" not in data or len(data) < 60:
            more = conn.recv(4096)
            if not more:
                return
            data += more
        for part in frames:
            conn.sendall(part)
        while forever:
            conn.sendall(forever)
        while conn.recv(4096):
            pass
    return say


def nginx_cases(servers, ns, folder, ca, stack):
    os.makedirs(os.path.join(folder, "html"))
    for name, text in (("index.html", BODY), ("long", "0123456789" * 30000 + "end")):
        with open(os.path.join(folder, "html", name), "w", encoding="ascii") as file:
            file.write(text)
    os.chmod(folder, 0o755)
    pem = ca.issue("nginx", "DNS:www.example.org")
    conf = os.path.join(folder, "h2.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write(NGINX.format(folder=folder, pem=pem))
    stack.append(Daemon(["nginx", "-e", "stderr", "-c", conf], ns=ns, name="nginx"))
    wait_until(listening(ns, 9444), 20, "nginx listens", step=0.02)
    host = 'host = "www.example.org";'
    tls = f'tls = {{ ca = "{ca.cert}"; verify = "chain+name"; }};'
    both = tls.replace("};", 'alpn = [ "h2", "http/1.1" ]; };')
    plain, secure = f'type = "http"; http_protocol = "2"; {host}', f'type = "https"; http_protocol = "2"; {host} {tls}'
    http1 = servers.tcp(http(page()), tls_context(pem))
    return [
        up("h2-plain", 9080, plain, code=200),
        up("h2-tls", 9443, secure, code=200),
        up("h2-alpn", 9443, f'type = "https"; {host} {both} path = "/?alpn";', code=200),
        up("h2-alpn-11", 9444, f'type = "https"; {host} {both}', code=200),
        down("h2-tls-11", 9444, secure, "L6RSP", detail="no application protocol"),
        down("h2-tls-no-alpn", http1, secure, "L6RSP", detail="does not take HTTP/2"),
        up("h2-head", 9080, plain + ' method = "HEAD";', code=200),
        down("h2-post", 9080, plain + ' method = "POST"; body = "x=y";', "L7STS", code=405),
        up("h2-418", 9443, secure + ' path = "/teapot"; status = [ "418" ]; expect = { text = "stout"; };', code=418),
        down("h2-404", 9080, plain + ' path = "/none";', "L7STS", code=404),
        up("h2-expect", 9443, secure + ' expect = ( { header = "Server"; regex = "^nginx"; }, { text = "is well"; } );'),
        down("h2-expect-not", 9443, secure + ' expect = ( { header = "X-None: 1"; } );', "L7STS", detail="X-None"),
        up("h2-long", 9443, secure + ' path = "/long"; expect = { regex = "9end$"; };'),
        up("h2-headers", 9080, plain + ' path = "/"; headers = [ "Host: other.example.org", "X-Word: seen", '
           '"Connection: close" ];'),
        up("h2-urls", 9443, secure + ' fast_recovery = true; urls = ( { path = "/"; regex = "well"; }, { path = "/teapot"; '
           'status = [ "418" ]; } );'),
        up("h2-keep", 9443, secure + ' keepalive = true; interval = "100ms";'),
    ]


def hostile_cases(servers):
    def h2(*frames, forever=b""):
        return servers.tcp(talk(*frames, forever=forever))
    check = 'type = "http"; http_protocol = "2";'
    body = check + ' expect = { text = "well"; };'
    head = frame(HEADERS, END_HEADERS, 1, STATUS_200)
    bare = frame(HEADERS, 0, 1, STATUS_200)
    many = b"\x40\x01x" + b"\x7f" + b"\0" + b"y" * 127  # a field of 128 bytes, kept in the table ...
    return [
        up("raw-good", h2(HELLO, GOOD), check, code=200),
        up("raw-bytewise", h2(*[bytes([b]) for b in HELLO + GOOD]), check, code=200),
        up("raw-interim", h2(HELLO, frame(HEADERS, END_HEADERS, 1, STATUS_103), GOOD), check, code=200),
        up("raw-body", h2(HELLO, head, frame(DATA, 0, 1, b"all is w"), frame(DATA, END_STREAM, 1, b"ell")), body),
        up("raw-trailer", h2(HELLO, head, frame(DATA, 0, 1, b"is well"),
                             frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x40\x01t\x01u")), body),
        up("raw-goaway-later", h2(HELLO, frame(GOAWAY, 0, 0, struct.pack(">II", 1, 0)), GOOD), check),
        down("raw-404", h2(HELLO, frame(HEADERS, END_HEADERS | END_STREAM, 1, STATUS_404)), check, "L7STS", code=404),
        down("raw-silent", servers.tcp(silent), check, "L7TOUT"),
        down("raw-settings-only", h2(HELLO), check, "L7TOUT"),
        down("raw-settings-part", h2(HELLO[:5]), check, "L7TOUT"),
        down("raw-settings-huge", h2(frame(SETTINGS, 0, 0, b"\0\x03\0\0\0\x01" * 2000)), check, "L7RSP"),
        down("raw-goaway", h2(HELLO, frame(GOAWAY, 0, 0, struct.pack(">II", 0, 11))), check, "L7RSP", detail="goes away"),
        down("raw-reset", h2(HELLO, frame(RST, 0, 1, struct.pack(">I", 7))), check, "L7RSP", detail="reset the stream"),
        down("raw-huge-frame", h2(HELLO, b"\xff\xff\xff\x01\x04\0\0\0\x01", forever=b"x" * 65536), check, "L7RSP"),
        down("raw-many-headers", h2(HELLO, frame(HEADERS, END_HEADERS, 1, STATUS_200 + b"\x90" * 5000)), check, "L7RSP",
             detail="more headers"),
        down("raw-bomb", h2(HELLO, frame(HEADERS, END_HEADERS, 1, STATUS_200 + b"\x40\x01x\x7f\xd1\x1e" + b"y" * 4000
                                         + b"\xbe" * 5000)), check, "L7RSP", detail="more headers"),
        down("raw-bad-huffman", h2(HELLO, frame(HEADERS, END_HEADERS, 1, STATUS_200 + many[:3] + b"\xff")), check, "L7RSP"),
        down("raw-no-status", h2(HELLO, frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x40\x01t\x01u")), check, "L7RSP"),
        down("raw-endless-interim", h2(HELLO, forever=frame(HEADERS, END_HEADERS, 1, STATUS_103)), check, "L7RSP"),
        down("raw-endless-body", h2(HELLO, head, forever=frame(DATA, 0, 1, b"x" * 16000)), body, "L7RSP"),
        down("raw-push", h2(HELLO, frame(PUSH, END_HEADERS, 1, b"\0\0\0\x02\x82")), check, "L7TOUT"),
        down("raw-http1", servers.tcp(http(page())), check, "L7RSP"),
        down("raw-close", servers.tcp(lambda conn: conn.recv(10)), check, "L7RSP"),
        down("raw-close-half", servers.tcp(lambda conn: (conn.recv(4096), conn.sendall(HELLO + head))), body, "L7RSP"),
        down("raw-garbage", servers.tcp(lambda conn: (conn.recv(4096), conn.sendall(b"\x16\x03\x01" * 99))), check, "L7RSP"),
    ]


def flood_cases(servers):
    """Frames without end, each of which is allowed, or nearly. PATIENT: what counts is not the time limit."""
    check = 'type = "http"; http_protocol = "2"; expect = { text = "well"; }; timeout = 20; interval = 30;'
    head, bare = frame(HEADERS, END_HEADERS, 1, STATUS_200), frame(HEADERS, 0, 1, STATUS_200)
    rows = {
        "settings": (frame(SETTINGS, 0, 0),),
        "settings-values": (frame(SETTINGS, 0, 0, b"\0\x03\0\0\0\x01" * 30),),
        "settings-acks": (frame(SETTINGS, ACK, 0),),
        "ping": (frame(PING, 0, 0, b"x" * 8),),
        "ping-acks": (frame(PING, ACK, 0, b"x" * 8),),
        "reset": (frame(RST, 0, 1, struct.pack(">I", 8)),),
        "reset-others": (frame(RST, 0, 3, struct.pack(">I", 8)),),
        "continuation": (frame(CONTINUATION, 0, 1, b"\x82"), bare),
        "continuation-empty": (frame(CONTINUATION, 0, 1), bare),
        "continuation-long": (frame(CONTINUATION, 0, 1, b"\x00\x01x\x7f\x81\x7e" + b"y" * 16000), bare),
        "window": (frame(WINDOW, 0, 0, struct.pack(">I", 1)),),
        "window-large": (frame(WINDOW, 0, 0, struct.pack(">I", 0x7FFFFFFF)),),
        "priority": (frame(PRIORITY, 0, 1, b"\0\0\0\0\x10"),),
        "data-empty": (frame(DATA, 0, 1), head),
        "data-padding": (frame(DATA, PADDED, 1, b"\xff" + b"\0" * 255), head),
        "data-others": (frame(DATA, 0, 3, b"x"), head),
        "headers-others": (frame(HEADERS, END_HEADERS, 2, STATUS_200),),
        "goaway": (frame(GOAWAY, 0, 0, struct.pack(">II", 1, 0)),),
        "unknown": (frame(0xEE, 0, 0, b"x" * 8),),
    }
    return [down(f"flood-{name}", servers.tcp(talk(HELLO, *before, forever=piece * 200)), check, "L7RSP")
            for name, (piece, *before) in rows.items()]


def floods(t, ns, folder, servers):
    """Bounded time, memory and turns of the thread: judge() looks at them."""
    t.part("floods")
    with Stalls() as stalls:
        judge(t, ns, folder, flood_cases(servers), stalls)
    t.part("floods between two checks")
    opened = []

    def answers_then_floods(conn):
        opened.append(conn)
        data = b""
        while b"PRI * HTTP/2.0" not in data or len(data) < 60:
            data += conn.recv(4096) or b"PRI * HTTP/2.0" * 9
        conn.sendall(HELLO + GOOD)
        while True:
            conn.sendall(frame(PING, 0, 0, b"x" * 8) * 100)
    check = f'type = "http"; http_protocol = "2"; {KEPT}'
    with Checker(ns, folder, [up("flood-idle", servers.tcp(answers_then_floods), check)]) as vipd:
        vipd.judge(t)
        wait_until(lambda: len(opened) >= 10, PATIENCE, "ten connections", step=0.05)
        t.equal(len(vipd.daemon.find(r"check\.fail|verdict=down")), 0, "failures")
        t.equal(vipd.daemon.stop(), 0, "vipd ends cleanly")


def grpc_cases(servers, ns, folder, ca, stack):
    pem = ca.issue("grpc", "DNS:www.example.org")
    for argv in (["7001"], ["7002", pem], ["7003", "--empty"]):
        server = Daemon(["/usr/bin/python3", HEALTH, *argv], ns=ns, name="grpc")
        stack.append(server)
        server.wait_for("ready", 30)
    check, body = 'type = "grpc";', frame(HEADERS, END_HEADERS, 1, STATUS_200 + b"\x5f\x10application/grpc")
    tls = f'host = "www.example.org"; tls = {{ ca = "{ca.cert}"; verify = "chain+name"; }};'
    done = frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x40\x0bgrpc-status\x010")

    def answer(text, *more):
        return servers.tcp(talk(HELLO, body, frame(DATA, 0, 1, text), *(more or (done,))))
    return [
        up("grpc", 7001, check, code=0),
        up("grpc-service", 7001, check + ' service = "good";', code=0),
        down("grpc-not-serving", 7001, check + ' service = "bad";', "L7STS", code=0, detail="NOT_SERVING"),
        down("grpc-unknown", 7001, check + ' service = "new";', "L7STS", code=0, detail="is UNKNOWN"),
        down("grpc-no-service", 7001, check + ' service = "none";', "L7STS", code=5, detail="NOT_FOUND"),
        down("grpc-loud", 7001, check + ' service = "loud";', "L7RSP", detail="not of the health service"),
        down("grpc-slow", 7001, check + ' service = "slow";', "L7TOUT"),
        up("grpc-tls", 7002, check + tls, code=0),
        down("grpc-tls-name", 7002, check + tls.replace("www.example.org", "www.example.com"), "L6RSP", detail="mismatch"),
        down("grpc-tls-on-plain", 7001, check + tls, "L6RSP"),
        down("grpc-plain-on-tls", 7002, check, "L7RSP"),
        down("grpc-without", 7003, check, "L7STS", code=12, detail="UNIMPLEMENTED"),
        down("grpc-nginx", 9080, check, "L7STS", code=404),
        up("grpc-raw", answer(b"\0\0\0\0\x02\x08\x01"), check),
        up("grpc-raw-pieces", servers.tcp(talk(HELLO, body, frame(DATA, 0, 1, b"\0\0\0"), frame(DATA, 0, 1, b"\0\x02\x08"),
                                               frame(DATA, 0, 1, b"\x01"), done)), check),
        down("grpc-raw-long", answer(b"\0\0\0\0\x02\x08\x01\0"), check, "L7RSP"),
        down("grpc-raw-compressed", answer(b"\1\0\0\0\x02\x08\x01"), check, "L7RSP"),
        down("grpc-raw-no-trailer", answer(b"\0\0\0\0\x02\x08\x01", frame(DATA, END_STREAM, 1)), check, "L7RSP"),
        down("grpc-endless", servers.tcp(talk(HELLO, body, forever=frame(DATA, 0, 1, b"\0" * 16000))), check, "L7RSP"),
    ]


def access_log(t, folder):
    """What nginx has seen of vipd."""
    with open(os.path.join(folder, "h2.log"), encoding="ascii") as file:
        lines = set(file.read().splitlines())
    for line in ("9443 HTTP/2.0 GET /index.html www.example.org -", "9080 HTTP/2.0 HEAD /index.html www.example.org -",
                 "9444 HTTP/1.0 GET /index.html www.example.org -", "9080 HTTP/2.0 GET /index.html other.example.org seen"):
        t.check(line in lines, f"nginx has seen {line}" + ("" if line in lines else f", but: {lines}"))


def clients(ns, port):
    """Ports of the near ends of connections to a port."""
    return {int(own, 16) for own in re.findall(rf": [0-9A-F]+:([0-9A-F]+) [0-9A-F]+:{port:04X} 01 ", ns.read("tcp"))}


def kept_cases(folder, servers, ca):
    host, secure = 'host = "www.example.org";', f'tls = {{ ca = "{ca.cert}"; verify = "chain+name"; }};'
    return {
        9080: up("kept-h2", 9080, f'type = "http"; http_protocol = "2"; {host} expect = {{ text = "well"; }}; {KEPT}'),
        9443: up("kept-h2-tls", 9443, f'type = "https"; http_protocol = "2"; {host} {secure} {KEPT}'),
        9444: up("kept-tls", 9444, f'type = "https"; http_protocol = "1.1"; {host} {secure} {KEPT}'),
        7001: up("kept-grpc", 7001, f'type = "grpc"; service = "good"; {KEPT}'),
        7002: up("kept-grpc-tls", 7002, f'type = "grpc"; {host} {secure} {KEPT}'),
    }


def few_requests(t, folder, ca, vipd):
    """nginx says GOAWAY after each third request."""
    log = os.path.join(folder, "few.log")

    def counts(port):
        with open(log, encoding="ascii") as file:
            rows = [line.split() for line in file.read().splitlines()]
        return [int(row[1]) for row in rows if row[0] == str(port)]
    for port in (9081, 9446):
        wait_until(lambda: len(counts(port)) >= 12, PATIENCE, "twelve checks", step=0.05)
        seen = counts(port)
        t.equal(seen[:12], [1, 2, 3] * 4, f"{port}: three requests a connection")


def kept(t, ns, folder, servers, ca):
    """One connection for all checks; one that nothing comes through any more is left for a new one in the same check."""
    t.part("kept connections")
    cases = kept_cases(folder, servers, ca)
    host, secure = 'host = "www.example.org";', f'tls = {{ ca = "{ca.cert}"; verify = "chain+name"; }};'
    few = [up("few-h2", 9081, f'type = "http"; http_protocol = "2"; {host} {KEPT}'),
           up("few-h2-tls", 9446, f'type = "https"; http_protocol = "2"; {host} {secure} {KEPT}')]
    with Checker(ns, folder, list(cases.values()) + few) as vipd:
        vipd.judge(t)
        before = {port: clients(ns, port) for port in cases}
        few_requests(t, folder, ca, vipd)
        t.equal({port: clients(ns, port) for port in cases}, before, "each has its one connection still")
        t.equal([len(ports) for ports in before.values()], [1] * len(cases), "and it is one")
        forgotten = ", ".join(str(port) for ports in before.values() for port in ports)
        ns.run("nft", "-f", "-", stdin="table ip t { chain c { type filter hook input priority 0;\n"
               f"tcp sport {{ {forgotten} }} drop\n}}\n}}\n")
        wait_until(lambda: all(clients(ns, port) - before[port] for port in cases), PATIENCE,
                   "a new connection to each, in place of one that is forgotten", step=0.05)
        fails = vipd.daemon.find(r"check\.fail|verdict=down")
        t.check(not fails, f"no check failed for it: {fails[0].text if fails else ''}")
        mark = vipd.daemon.mark()
        ns.run("nft", "add", "rule", "ip", "t", "c", "tcp", "dport", "9080", "drop")
        line = vipd.daemon.wait_for(r"server\.check vs=kept-h2 .*", PATIENCE, mark).text
        t.check("verdict=down" in line and "reason=L4TOUT" in line, f"a server that is gone is found: {line}")
        ns.run("nft", "delete", "table", "ip", "t")
        t.equal(vipd.daemon.stop(), 0, "vipd ends cleanly")


def slow_but_there(t, ns, folder, servers):
    """A server that takes most of its time to answer over a kept connection has got the request: it is waited for."""
    t.part("slow answers over a kept connection")
    opened, asked = [], []

    def slow(conn):
        opened.append(conn)
        while until(conn, b"\r\n\r\n"):
            asked.append(conn)
            time.sleep(1.2)
            conn.sendall(page())
    check = 'type = "http"; http_protocol = "1.1"; keepalive = true; interval = "100ms"; timeout = 2; log_all_failures = true;'
    with Checker(ns, folder, [up("slow-kept", servers.tcp(slow), check, code=200)]) as vipd:
        vipd.judge(t)
        wait_until(lambda: len(asked) >= 4, PATIENCE, "three more checks", step=0.05)
        t.equal(len(opened), 1, "connections")
        t.equal(len(vipd.daemon.find(r"check\.fail|verdict=down")), 0, "failures")


def main():
    folder, stack = tempfile.mkdtemp(prefix="checks-h2-", dir=os.environ.get("TMPDIR", "/tmp")), []
    try:
        with suite("checks_h2") as t, Net() as net:
            ns = net.ns("checks_h2")
            servers, ca = Servers(ns), Authority(folder)
            t.part("every check")
            cases = nginx_cases(servers, ns, folder, ca, stack) + hostile_cases(servers) \
                + grpc_cases(servers, ns, folder, ca, stack)
            for first in range(0, len(cases), AT_ONCE):
                with Checker(ns, folder, cases[first:first + AT_ONCE]) as vipd:
                    vipd.judge(t)
                    t.equal(vipd.daemon.stop(), 0, "vipd ends cleanly")
            access_log(t, folder)
            floods(t, ns, folder, servers)
            kept(t, ns, folder, servers, ca)
            slow_but_there(t, ns, folder, servers)
    finally:
        for daemon in stack:
            daemon.kill()
        shutil.rmtree(folder, ignore_errors=True)


main()
