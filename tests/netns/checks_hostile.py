#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers, networks and scripts that do what they should not: each gets the verdict that it deserves, in its time,
and none holds up the checks of others, on one thread.

What is wrong in a simple way is in checks.py; here is what is worse.
"""

import gzip
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from certs import Authority  # noqa: E402
from checks import AT_ONCE, PATIENCE, Case, Checker, Servers, down, http, page, tls_context, until, up  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon, Missing, wait_until  # noqa: E402
from stall import Stalls  # noqa: E402
from suite import suite  # noqa: E402

ONE_THREAD = "workers = { check_threads = 1; };\n"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WELL = 'type = "http"; http_protocol = "1.1"; expect = { text = "well"; };'
PATIENT = "timeout = 20; interval = 30;"  # 16 MB take their time on a busy machine
GROWTH_MB = 64  # of vipd's resident size, whatever it is served
LATE_MS = 150   # of any check, beyond what the machine stood still; a server that holds the thread does it for longer


def sends(*pieces, pause=0.0, end=None):
    """A server that waits for a request and sends these pieces, then silence, or what `end` does."""
    def talk(conn):
        until(conn, b"\r\n\r\n")
        for piece in pieces:
            conn.sendall(piece)
            time.sleep(pause)
        if end:
            end(conn)
        else:
            conn.recv(1)
    return talk


def for_ever(head, piece):
    def talk(conn):
        until(conn, b"\r\n\r\n")
        conn.sendall(head)
        while True:
            conn.sendall(piece * 200)
    return talk


def drips(data, pause=0.2, wait=True):
    """A byte now and then: each in time, all of them not."""
    def talk(conn):
        if wait:
            conn.recv(1000)
        for byte in data:
            conn.sendall(bytes([byte]))
            time.sleep(pause)
    return talk


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def later(seconds):
    def talk(conn):
        until(conn, b"\r\n\r\n")
        time.sleep(seconds)
        conn.sendall(page())
    return talk


def never_accepts(ns, stack):
    """A listener whose queue is full."""
    sock = ns.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    sock.listen(0)
    stack.append(sock)
    for _ in range(3):
        filler = ns.socket(socket.AF_INET, socket.SOCK_STREAM)
        filler.setblocking(False)
        filler.connect_ex(sock.getsockname())
        stack.append(filler)
    return sock.getsockname()[1]


def http_cases(ns, servers, stack):
    def tcp(talk):
        return servers.tcp(talk)
    bomb = gzip.compress(b"all is well " + b"\0" * 50_000_000)
    encoded = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    behind = 'type = "http"; http_protocol = "1.1"; expect = {{ regex = "{}"; }};'
    pieces = [CHUNKED + b"2\r\nxa\r\n", b"3\r\nbcd\r\n", b"2\r\nef\r\n", b"0\r\n\r\n"]
    return [
        down("accept-reset", tcp(reset), 'type = "http";', "L7RSP"),
        up("accept-reset-tcp", tcp(reset), 'type = "tcp";', "L4OK"),
        down("queue-full", never_accepts(ns, stack), 'type = "tcp";', "L4TOUT"),
        down("head-reset", tcp(sends(OK + b"Content-Length: 100\r\n\r\nall is we", end=reset)), WELL, "L7RSP"),
        down("redirects", tcp(sends(b"HTTP/1.1 301 Again\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")), WELL, "L7STS",
             code=301),
        up("just-in-time", tcp(later(0.8)), 'type = "http";', code=200),
        down("just-too-late", tcp(later(2.2)), 'type = "http";', "L7TOUT"),
        down("bomb", tcp(sends(encoded + bomb)), WELL, "L7STS"),
        up("bomb-unread", tcp(sends(encoded + bomb)), 'type = "http";', code=200),
        down("chunks-tiny", tcp(for_ever(CHUNKED, b"1\r\nx\r\n")), WELL, "L7RSP"),
        down("chunk-endless", tcp(for_ever(CHUNKED + b"ffffff\r\n", b"x")), f"{WELL} {PATIENT}", "L7RSP"),
        down("chunk-digits", tcp(for_ever(CHUNKED, b"0")), WELL, "L7RSP"),
        down("chunk-extension", tcp(for_ever(CHUNKED + b"1;", b"x")), WELL, "L7RSP"),
        down("trailer-endless", tcp(for_ever(CHUNKED + b"4\r\nwell\r\n0\r\n", b"A: b\r\n")), WELL, "L7RSP"),
        down("interim-endless", tcp(for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n")), WELL, "L7RSP"),
        down("length-negative", tcp(sends(OK + b"Content-Length: -1\r\n\r\nwell")), WELL, "L7RSP"),
        down("length-huge", tcp(sends(OK + b"Content-Length: 99999999999999999999\r\n\r\nwell")), WELL, "L7RSP"),
        down("header-folded", tcp(for_ever(OK + b"A: b\r\n", b" c\r\n")), WELL, "L7RSP"),
        down("one-long-header", tcp(for_ever(OK + b"A: ", b"b")), WELL, "L7RSP"),
        down("drip-body", tcp(sends(OK + b"Content-Length: 50\r\n\r\n", end=drips(b"x" * 50, wait=False))), WELL, "L7TOUT"),
        down("not-the-end", tcp(sends(OK + b"Content-Length: 100\r\n\r\nwell")), WELL, "L7TOUT"),
        up("regex-in-pieces", tcp(sends(*pieces, pause=0.05)), behind.format("(?<=abc)def")),
        down("regex-behind", tcp(sends(*pieces, pause=0.05)), behind.format("(?<=xyz)def"), "L7STS"),
        down("regex-nested", tcp(http(page("x" * 3000))), behind.format("(x+x+)+[yz]"), "L7STS",
             detail="more work"),
        down("regex-recursive", tcp(http(page("(" * 5000))), behind.format("^(\\\\((?1)*\\\\))*$"), "L7STS"),
        down("digest-endless", tcp(for_ever(OK + b"\r\n", b"x")),
             'type = "http"; urls = ( { path = "/"; digest = "00000000000000000000000000000000"; } ); ' + PATIENT, "L7RSP"),
        down("nuls", tcp(for_ever(b"", b"\0")), WELL, "L7RSP"),
    ]


def dialogue_cases(servers):
    def tcp(talk):
        return servers.tcp(talk)

    def floods(piece):
        def talk(conn):
            while True:
                conn.sendall(piece * 200)
        return talk
    wants = 'type = "expect"; dialog = ( { expect = "ready"; } );'
    return [
        down("expect-endless", tcp(floods(b"not yet ")), wants, "L7RSP"),
        down("expect-drip", tcp(drips(b"not yet " * 20, wait=False)), wants, "L7TOUT"),
        down("expect-regex", tcp(floods(b"aaaaaaaa")), 'type = "expect"; dialog = ( { expect_regex = "(a+)+b"; } );', "L7RSP"),
        down("expect-ends", tcp(lambda conn: conn.sendall(b"rea")), wants, "L7RSP"),
        down("smtp-drip", tcp(drips(b"220 mx ESMTP\r\n" * 3, wait=False)), 'type = "smtp";', "L7TOUT"),
        down("smtp-one-line", tcp(floods(b"220-xxxx")), 'type = "smtp";', "L7RSP"),
        down("smtp-nuls", tcp(floods(b"\0")), 'type = "smtp";', "L7RSP"),
        up("agent-endless", tcp(floods(b"up ")), 'type = "agent";', "L7RSP"),
        up("agent-drip", tcp(drips(b"down " * 20, wait=False)), 'type = "agent";', "L7TOUT"),
    ]


# asks for a new handshake when a client has been there for a moment
WHEN_CONNECTED = ("while sleep 0.05; do if grep -q ':{port} .* 01 ' /proc/net/tcp; then sleep 0.3; echo r; sleep 0.5;"
                  " fi; done")


def s_server(ns, stack, pem, command, *options):
    """openssl s_server that gets what the shell's `command` writes on its standard input."""
    sock = ns.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    sock.close()
    command = command.format(port=f"{port:04X}")
    argv = ["sh", "-c", f"({command}) 2>/dev/null | openssl s_server -4 -accept {port} -cert {pem} -key {pem} "
            + " ".join(options)]
    stack.append(Daemon(argv, ns=ns, name="s_server"))
    wait_until(lambda: f":{port:04X} 00000000:0000 0A" in ns.read("tcp"), 20, "s_server listens", step=0.02)
    return port


def weak_certificate(folder):
    """A key of 1024 bits, which the library's security level refuses."""
    pem = os.path.join(folder, "weak.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", pem, "-out", pem + ".crt",
                    "-days", "30", "-subj", "/CN=weak", "-addext", "subjectAltName=DNS:www.example.org"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(pem, "a", encoding="ascii") as out, open(pem + ".crt", encoding="ascii") as crt:
        out.write(crt.read())
    return pem


def old_context(pem, **more):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(pem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # versions that nobody should use
        for key, value in more.items():
            setattr(context, key, value)
    return context


def tls_cases(ns, servers, stack, ca, folder):
    good = ca.issue("good", "DNS:www.example.org,IP:127.0.0.1")
    nameless = ca.issue("nameless", "DNS:www.example.org")
    huge, weak = os.path.join(folder, "huge.pem"), weak_certificate(folder)
    with open(huge, "w", encoding="ascii") as out, open(good, encoding="ascii") as one, \
            open(ca.cert, encoding="ascii") as authority:
        out.write(one.read() + authority.read() * 400)
    host = 'host = "www.example.org";'
    chain = f'tls = {{ ca = "{ca.cert}"; verify = "chain+name"; }};'
    context, plain = tls_context(good), http(page())

    def drip_records(conn):  # an answer in as many records as bytes, each in time
        until(conn, b"\r\n\r\n")
        for byte in OK + b"X: y\r\n" * 100:
            conn.sendall(bytes([byte]))
            time.sleep(0.2)

    def cut(conn):  # a record whose end never comes
        conn.recv(10000)
        conn.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + b"\x03\x03" + b"\0" * 1000)
        time.sleep(20)

    def too_long(conn):
        conn.recv(10000)
        conn.sendall(b"\x16\x03\x03\xff\xff" + b"\x02" * 70000)
        time.sleep(20)

    def warns(conn):  # no_renegotiation, again and again
        conn.recv(10000)
        while True:
            conn.sendall(b"\x15\x03\x03\x00\x02\x01\x64" * 100)

    def empties(conn):
        conn.recv(10000)
        while True:
            conn.sendall(b"\x16\x03\x03\x00\x00" * 100)
    return [
        down("tls-renegotiates", s_server(ns, stack, good, WHEN_CONNECTED, "-tls1_2"), f'type = "https"; {host}', "L7RSP"),
        down("tls-key-updates", s_server(ns, stack, good, "yes k", "-tls1_3"), f'type = "https"; {host}', "L7TOUT"),
        down("tls-key-requests", s_server(ns, stack, good, "while sleep 0.01; do echo K; done", "-tls1_3"), f'type = "https"; {host}', "L7TOUT"),
        down("tls-huge-chain", servers.tcp(plain, tls_context(huge)), f'type = "https"; {host} {chain}', "L6RSP",
             detail="excessive message size"),
        down("tls-weak-key", servers.tcp(plain, old_context(weak)), f'type = "https"; {host} {chain}', "L6RSP",
             detail="too weak"),
        down("tls-old-version", servers.tcp(plain, old_context(good, maximum_version=ssl.TLSVersion.TLSv1_1,
                                                               minimum_version=ssl.TLSVersion.TLSv1)),
             f'type = "https"; {host}', "L6RSP"),
        down("tls-no-address", servers.tcp(plain, tls_context(nameless)), f'type = "https"; {chain}', "L6RSP",
             detail="mismatch"),
        up("tls-address", servers.tcp(plain, context), f'type = "https"; {chain}', code=200),
        down("tls-drips-records", servers.tcp(drip_records, context), f'type = "https"; {host}', "L7TOUT"),
        down("tls-endless", servers.tcp(for_ever(OK, b"A: b\r\n"), context), f'type = "https"; {host}', "L7RSP"),
        down("tls-cut-record", servers.tcp(cut), f'type = "https"; {host}', "L6TOUT"),
        down("tls-long-record", servers.tcp(too_long), f'type = "https"; {host}', "L6RSP"),
        down("tls-warnings", servers.tcp(warns), f'type = "https"; {host}', "L6RSP"),
        down("tls-empty-records", servers.tcp(empties), f'type = "https"; {host}', "L6RSP"),
        down("tls-reset", servers.tcp(lambda conn: (conn.recv(1), reset(conn))), f'type = "tcp"; {chain}', "L6RSP"),
    ]


REJECTS = ["net-unreachable", "host-unreachable", "prot-unreachable", "port-unreachable", "net-prohibited",
           "host-prohibited", "admin-prohibited"]


def network_cases(ns):
    """Packets that get lost, and each word of refusal that a router has."""
    rules = ["ip daddr 127.7.0.1 drop"]
    rules += [f"ip daddr 127.7.1.{n} reject with icmp type {word}" for n, word in enumerate(REJECTS, 1)]
    rules += ["ip daddr 127.7.0.2 tcp dport 80 reject with tcp reset"]
    ns.run("nft", "-f", "-", stdin="table ip t {\nchain c {\ntype filter hook input priority 0;\n" + "\n".join(rules)
           + "\n}\n}\n")
    cases = [down("lost", 80, 'type = "tcp";', "L4TOUT", address="127.7.0.1"),
             down("lost-http", 80, 'type = "http";', "L4TOUT", address="127.7.0.1"),
             down("lost-ping", 80, 'type = "ping";', "L4TOUT", address="127.7.0.1"),
             down("lost-udp", 80, 'type = "udp"; require_reply = true;', "L7TOUT", address="127.7.0.1"),
             down("lost-connect", 80, 'type = "tcp"; connect_timeout = "300ms";', "L4TOUT", address="127.7.0.1"),
             down("router-reset", 80, 'type = "tcp";', "L4CON", address="127.7.0.2")]
    for n, word in enumerate(REJECTS, 1):
        cases.append(down(f"tcp-{word}", 80, 'type = "tcp"; timeout = 2; interval = 3;', "L4CON", address=f"127.7.1.{n}"))
        cases.append(down(f"udp-{word}", 80, 'type = "udp";', "L4CON", address=f"127.7.1.{n}"))
    cases.append(down("ping-host-unreachable", 80, 'type = "ping";', "L4CON", address="127.7.1.2"))
    return cases


FLOOD = """
import socket, sys
sock = socket.socket(fileno=int(sys.argv[1]))
data, peer = sock.recvfrom(1000)
while True:
    try:
        sock.sendto({answer}, peer)
    except OSError:
        data, peer = sock.recvfrom(1000)
"""


def floods(ns, stack, answer):
    """A program that answers the first datagram without end."""
    sock = ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    os.set_inheritable(sock.fileno(), True)
    stack.append(subprocess.Popen([sys.executable, "-c", FLOOD.format(answer=answer), str(sock.fileno())],
                                  pass_fds=[sock.fileno()]))
    port = sock.getsockname()[1]
    sock.close()
    return port


def datagram_cases(ns, servers, stack):
    def dns(answer):
        return servers.udp(lambda q: q[:2] + answer(q))

    def record(name, length=b"\0\4", data=b"\1\2\3\4", records=b"\0\1"):
        return dns(lambda q: b"\x81\x80\0\1" + records + b"\0\0\0\0" + q[12:] + name + b"\0\1\0\1\0\0\0\x3c" + length + data)
    ask = 'type = "dns"; name = "example.org"; qtype = "A";'
    return [
        down("dns-to-itself", record(b"\xc0\x1d"), ask, "L7RSP"),
        down("dns-two-pointers", record(b"\xc0\x1f\xc0\x1d"), ask, "L7RSP"),
        down("dns-forward", record(b"\xc0\xff"), ask, "L7RSP"),
        down("dns-long-label", record(b"\x7f" + b"x" * 127 + b"\0"), ask, "L7RSP"),
        down("dns-long-name", record((b"\x3f" + b"x" * 63) * 6 + b"\0"), ask, "L7RSP"),
        down("dns-long-data", record(b"\xc0\x0c", length=b"\xff\xff"), ask, "L7RSP"),
        down("dns-many", record(b"\xc0\x0c", records=b"\xff\xff"), ask, "L7RSP"),
        down("dns-no-question", dns(lambda q: b"\x81\x80\0\0\0\0\0\0\0\0"), ask, "L7RSP"),
        down("dns-query-back", servers.udp(lambda q: q), ask, "L7RSP"),
        down("dns-garbage", dns(lambda q: b"\xff" * 60000), ask, "L7RSP"),
        down("dns-empty", servers.udp(lambda q: b""), ask, "L7RSP"),
        down("dns-flood", floods(ns, stack, "bytes([data[0] ^ 1]) + data[1:]"), ask, "L7TOUT"),
        down("udp-flood", floods(ns, stack, "b'no'"), 'type = "udp"; payload = "70"; reply = "7069";', "L7RSP"),
        down("udp-empty", servers.udp(lambda q: b""), 'type = "udp"; require_reply = true; min_reply_length = 1;', "L7RSP"),
        down("udp-giant", servers.udp(lambda q: b"x" * 65507), 'type = "udp"; require_reply = true;', "L7RSP"),
    ]


def script_cases(folder):
    def script(text, more=""):
        return f'type = "script"; user = "root"; command = [ "/bin/sh", "-c", "{text}" ]; {more}'
    return [
        up("script-child", 80, script("sleep 4242 & exit 0"), "PROCOK"),
        down("script-children", 80, script("trap '' TERM; (trap '' TERM; sleep 4243) & sleep 4243", 'timeout = "300ms";'),
             "PROCTOUT"),
        up("script-gigabyte", 80, script("head -c 1000000000 /dev/zero; head -c 1000000000 /dev/zero >&2", "timeout = 20; "
           "interval = 30;"), "PROCOK"),
        down("script-stops-itself", 80, script("kill -STOP $$", 'timeout = "300ms";'), "PROCTOUT"),
        down("script-kills-itself", 80, script("kill -KILL $$"), "PROCERR", detail="SIGKILL"),
        down("script-kills-its-group", 80, script("kill -KILL 0"), "PROCERR", detail="SIGKILL"),
        down("script-255", 80, script("exit 255"), "PROCERR", code=255),
        up("script-reads", 80, script("cat; exit 0"), "PROCOK"),
        up("script-no-more-files", 80, script("test $(ls /proc/self/fd | wc -l) -le 5"), "PROCOK"),
    ]


def processes(word):
    """Process ids whose command line ends with `sleep WORD`."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                if file.read().split(b"\0")[:2] == [b"sleep", word.encode()]:
                    found.append(int(entry))
        except (OSError, ValueError):
            continue
    return found


def resident_mb(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def lateness(daemon):
    """The longest that a check was late, in ms, as vipd itself has seen it."""
    mark = daemon.mark()
    daemon.send(signal.SIGUSR1)
    return int(daemon.wait_for(r"vipd\.lateness checks=.* max_us=(\d+)", 20, mark).match[1]) / 1e3


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def prefer(pid):
    """What else the machine does is not the question here; the servers of the test are in other sessions too."""
    with open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as file:
        file.write("-15")


def judge(t, ns, folder, cases, stalls):
    """All of them on one thread, as many at a time as the log shows each of."""
    for first in range(0, len(cases), AT_ONCE):
        begin = time.monotonic()
        with Checker(ns, folder, cases[first:first + AT_ONCE], ONE_THREAD) as vipd:
            pid = vipd.daemon.pid
            prefer(pid)
            vipd.daemon.wait_for(r" vipd\.start ", PATIENCE)
            before = resident_mb(pid)
            vipd.judge(t)
            late, still = lateness(vipd.daemon), stalls.between(begin, time.monotonic()) * 1e3
            t.check(late <= LATE_MS + still, f"no check was held up: at most {late:.1f} ms late; the machine stood still "
                    f"for {still:.1f} ms")
            t.check(resident_mb(pid) - before < GROWTH_MB, f"memory grew by {resident_mb(pid) - before:.1f} MB")
            t.equal(vipd.daemon.stop(), 0, "vipd ends cleanly")


def beside(t, ns, folder, servers, hostile, ca):
    """Good servers among bad ones, on one thread: nothing that OpenSSL, a buffer or a clock remembers of those is held
    against these."""
    t.part("good servers among bad ones")
    pem = ca.issue("calm", "DNS:www.example.org,IP:127.0.0.1")
    often = 'interval = "50ms"; timeout = 1; fall = 1; log_all_failures = true;'
    chain = f'host = "www.example.org"; tls = {{ ca = "{ca.cert}"; verify = "chain+name"; }};'
    good = [up("calm-http", servers.tcp(http(page())), f'{WELL} {often}'),
            up("calm-tls", servers.tcp(http(page()), tls_context(pem)), f'type = "https"; {chain} {often}'),
            up("calm-tcp", servers.tcp(lambda conn: conn.recv(1)), f'type = "tcp"; {often}', "L4OK"),
            up("calm-udp", servers.udp(lambda q: q), f'type = "udp"; require_reply = true; {often}')]
    with Checker(ns, folder, good + hostile[:AT_ONCE - len(good)], ONE_THREAD) as vipd:
        vipd.cases = good
        vipd.judge(t)
        open_before = descriptors(vipd.daemon.pid)
        time.sleep(6)
        bad = vipd.daemon.find(r"(check\.fail|verdict=down).*vs=calm|vs=calm.*(verdict=down)")
        t.check(not bad, f"no check of a good server failed: {bad[0].text if bad else ''}")
        t.check(descriptors(vipd.daemon.pid) < open_before + 60, "descriptors do not pile up")
        t.equal(vipd.daemon.stop(), 0, "vipd ends cleanly")


def server_name(t, ns, folder, servers, ca):
    """Only names go into SNI."""
    t.part("no address in SNI")
    seen = []
    context = tls_context(ca.issue("sni", "DNS:www.example.org,IP:127.0.0.1"))
    context.sni_callback = lambda sock, name, ctx: seen.append(name)
    port = servers.tcp(http(page()), context)
    cases = [up(f"sni-{n}", port, f'type = "https"; {more}') for n, more in enumerate((
        'host = "127.0.0.1"; enable_sni = true;', 'host = "www.example.org"; enable_sni = true;',
        f'tls = {{ ca = "{ca.cert}"; verify = "chain+name"; }};', 'sni_name = "other.example.org";'))]
    with Checker(ns, folder, cases) as vipd:
        vipd.judge(t)
    t.equal(set(seen), {None, "www.example.org", "other.example.org"}, "names that came")


def files_change(t, ns, folder, servers, ca, other):
    """Certificates on disk that are replaced or vanish: looked at with a reload, whole or not at all."""
    t.part("files of certificates change")
    trusted = os.path.join(folder, "trusted.pem")
    shutil.copy(ca.cert, trusted)
    pem = ca.issue("steady", "DNS:www.example.org")
    case = up("steady", servers.tcp(http(page()), tls_context(pem)), 'type = "https"; host = "www.example.org"; '
              f'interval = "200ms"; tls = {{ ca = "{trusted}"; verify = "chain+name"; }};')
    with Checker(ns, folder, [case]) as vipd:
        vipd.judge(t)
        mark = vipd.daemon.mark()
        os.unlink(trusted)
        vipd.daemon.send(signal.SIGHUP)
        line = vipd.daemon.wait_for(r"conf\.(\w+) ", PATIENCE, mark)
        t.check("applied" not in line.text, f"without the file the reload is refused: {line.text}")
        shutil.copy(other.cert, trusted)
        mark = vipd.daemon.mark()
        vipd.daemon.send(signal.SIGHUP)
        line = vipd.daemon.wait_for(r"server\.check .*", PATIENCE, mark)
        t.check("verdict=down" in line.text and "L6RSP" in line.text,
                f"another authority in the file: no session of before is resumed: {line.text}")
        shutil.copy(ca.cert, trusted)
        mark = vipd.daemon.mark()
        vipd.daemon.send(signal.SIGHUP)
        vipd.daemon.wait_for(r"server\.check .*verdict=up", PATIENCE, mark)
        t.check(True, "and up again with the right one")


def scripts_change(t, ns, folder):
    """A script that can't be started any more says nothing of its server."""
    t.part("a script vanishes")
    path = os.path.join(folder, "check.sh")

    def put():
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nexit 0\n")
        os.chmod(path + ".new", 0o755)
        os.rename(path + ".new", path)
    put()
    os.chmod(folder, 0o755)
    check = f'type = "script"; user = "root"; command = [ "{path}" ]; interval = "200ms"; timeout = 1;'
    with Checker(ns, folder, [up("fleeting", 80, check, "PROCOK")]) as vipd:
        vipd.judge(t)
        for what, error in ((lambda: os.chmod(path, 0o644), "EACCES"), (lambda: os.unlink(path), "ENOENT")):
            mark = vipd.daemon.mark()
            what()
            line = vipd.daemon.wait_for(r"check\.local error=(\w+)", PATIENCE, mark)
            t.equal(line.match[1], error, "told once as this machine's fault")
            put()
        t.equal(len(vipd.daemon.find("verdict=down")), 0, "and no verdict comes of it")


def scripts_on_the_edge(t, ns, folder):
    """Scripts that end at the very moment of their limit, and what they leave behind."""
    t.part("scripts that end at their limit")
    check = ('type = "script"; user = "root"; command = [ "/bin/sleep", "0.1" ]; interval = "110ms"; timeout = "100ms"; '
             'log_all_failures = true; fall = 255; rise = 1;')
    cases = [Case(f"edge-{n}", 80, check, None, None) for n in range(8)]
    with Checker(ns, folder, cases) as vipd:
        vipd.daemon.wait_for(r" vipd\.ready ", PATIENCE)
        wait_until(lambda: len(vipd.daemon.find(r"check\.fail|server\.check|log\.more")) > 20, PATIENCE, "many ends")
        time.sleep(2)
        t.check(vipd.daemon.alive(), "vipd lives")
        t.check(len(processes("0.1")) <= 2 * len(cases), "none piles up")
        t.equal(vipd.daemon.stop(), 0, "vipd ends cleanly")
    wait_until(lambda: not processes("0.1"), PATIENCE, "the end of the last script")


def leftovers(t):
    """Children of scripts whose time was up are gone with them."""
    t.part("what scripts leave")
    try:
        wait_until(lambda: not processes("4243"), PATIENCE, "the end of all children of a script that was killed")
        t.check(True, "no child of a killed script is left")
    except Missing:
        t.check(False, f"children of killed scripts are left: {processes('4243')}")
    for pid in processes("4242"):  # a script that ends by itself may leave what it likes
        os.kill(pid, signal.SIGKILL)


def main():
    folder, stack = tempfile.mkdtemp(prefix="hostile-", dir=os.environ.get("TMPDIR", "/tmp")), []
    try:
        with suite("checks_hostile") as t, Net() as net, Stalls() as stalls:
            ns = net.ns("hostile")
            servers = Servers(ns)
            for name in ("a", "b"):
                os.makedirs(os.path.join(folder, name))
            ca, other = Authority(os.path.join(folder, "a")), Authority(os.path.join(folder, "b"), "Other authority")
            web, tls = http_cases(ns, servers, stack), tls_cases(ns, servers, stack, ca, folder)
            for title, cases in (("HTTP", web), ("dialogues", dialogue_cases(servers)), ("TLS", tls),
                                 ("networks", network_cases(ns)), ("datagrams", datagram_cases(ns, servers, stack)),
                                 ("scripts", script_cases(folder))):
                t.part(title)
                judge(t, ns, folder, cases, stalls)
            leftovers(t)
            beside(t, ns, folder, servers, tls + web[:6], ca)
            server_name(t, ns, folder, servers, ca)
            files_change(t, ns, folder, servers, ca, other)
            scripts_change(t, ns, folder)
            scripts_on_the_edge(t, ns, folder)
    finally:
        for thing in stack:
            if isinstance(thing, socket.socket):
                thing.close()
            else:
                thing.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
