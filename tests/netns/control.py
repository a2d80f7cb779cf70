#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vipctl and the control socket of a vipd that holds an address: reload, diff, refusals, clients that behave badly,
places where no socket can be, and the digest beside keepalived's genhash."""

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance, server, service, tcp  # noqa: E402
from pair import PATIENCE, Scene  # noqa: E402
from proc import wait_until  # noqa: E402

VIP = "10.9.0.100"
VIPCTL = os.path.join(os.path.dirname(os.path.abspath(Vipd.program)), "vipctl")
SERVERS = 20
CROWD = 100           # clients that never read
GARBAGE = 300         # connections that send nonsense
MANY = 100000         # servers of the large comparison
GAP = 0.13            # largest gap between adverts of 100 ms


class Ran:
    """vipctl, run to its end."""

    def __init__(self, *args, before=(), timeout=60):
        done = subprocess.run([*before, VIPCTL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=timeout, check=False)
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __str__(self):
        return f"status {self.status}, {self.out.strip()!r} {self.err.strip()!r}"

    def json(self):
        return [json.loads(line) for line in self.out.splitlines()]


def web(**more):
    return instance("web", 51, 100, [VIP + "/24"], advert_ms=100, **more)


def www(count=SERVERS, weight=1, first=1):
    """Servers that nobody has: nothing listens on these addresses of the router itself."""
    return service(VIP, 80, [server(f"127.0.1.{n}", 80, weight) for n in range(first, first + count)], name="www",
                   checks=[tcp(interval=5, timeout_ms=500)])


class Controlled:
    """A router that holds its address and serves www, and its vipctl."""

    def __init__(self, scene, options=()):
        self.router = scene.router("r1", Vipd, [web()], options=["--dataplane=memory", *options])
        self.scene, self.director = scene, self.router.director
        self.director.services = [www()]
        self.director.start()
        self.director.wait_state("web", "ACTIVE", PATIENCE)
        self.daemon = self.router.daemon
        self.begin, self.seen = time.monotonic(), self.daemon.mark()

    def ctl(self, *args, **more):
        return Ran("--control", self.director.control, *args, **more)

    def write(self, *services, **changes):
        self.director.services = list(services)
        self.director.instances[0].update(changes)
        self.director.write()

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.director.control)
        s.settimeout(10)
        return s

    def check_undisturbed(self, what):
        gap, at = self.scene.largest_gap(src=self.router.ip, since=self.begin)
        self.scene.bound(gap, GAP, at, at + gap, f"{what}: largest gap between adverts")
        self.scene.check_quiet(self.router, self.seen, ["web"], what)


def reload_and_diff(t):
    t.part("reload and diff")
    with Scene(t) as scene:
        c = Controlled(scene)
        mode = os.stat(c.director.control).st_mode
        t.equal(mode & 0o777, 0o660, "mode of the socket")
        ran = c.ctl("diff")
        t.check(ran.status == 0 and ran.out == "nothing\n", f"diff of what runs: {ran}")
        ran = c.ctl("reload", "--wait")
        t.check(ran.status == 0 and ran.out == "generation 2 works: nothing\n", f"reload of what runs: {ran}")

        c.write(www(SERVERS + 3, weight=1), prio=120)
        ran = c.ctl("diff")
        t.check(ran.status == 0 and "~ instance web: priority 100 -> 120\n" in ran.out
                and ran.out.count("+ server") == 3
                and ran.out.endswith("\npriority of 1 instance changed, +3 servers, +3 checks\n"), f"diff: {ran}")
        ran = c.ctl("diff", "--json")
        last = ran.json()[-1]
        t.equal((last["generation"], last["changes"]["servers"]["added"]), (2, 3), "diff as JSON")
        t.check(not c.daemon.find(r"conf\.applied gen=3", c.seen), "diff changes nothing")
        ran = c.ctl("reload", "--wait")
        t.check(ran.status == 0 and ran.out.startswith("generation 3 works: priority of 1 instance changed"),
                f"reload: {ran}")
        c.daemon.wait_for(r"conf\.applied gen=3 changes=\"priority of 1 instance changed, \+3 servers", PATIENCE, c.seen)
        c.daemon.wait_for(r"control\.asked verb=reload uid=0 pid=\d+", PATIENCE, c.seen)
        t.check(True, "the log has it, and who asked")

        t.part("a device that changes")
        c.write(www(SERVERS + 3), device="eth9")
        ran = c.ctl("diff")
        t.check('! instance web restarts because its interface changed: interface "eth0" -> "eth9"' in ran.out
                and "1 instance restarts because its interface changed" in ran.out.splitlines()[-1], f"diff: {ran}")
        c.write(www(SERVERS + 3), device="eth0")
        other = os.path.join(c.director.folder, "other")
        with open(other, "w", encoding="ascii") as file:
            file.write(c.director.text().replace('weight = 1;', 'weight = 7;', 1))
        ran = c.ctl("diff", other)
        t.check(ran.status == 0 and ran.out == "~ server 127.0.1.1:80 of www: weight 1 -> 7\n"
                                               "weight of 1 server changed\n", f"diff of another file: {ran}")
        ran = Ran("diff", "--base", c.director.conf, other)
        t.check(ran.status == 0 and ran.out.endswith("weight of 1 server changed\n"), f"two files: {ran}")
        os.chdir(c.director.folder)
        try:
            t.equal(c.ctl("diff", "other").status, 0, "a path relative to the one who asks")
        finally:
            os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
        c.check_undisturbed("all of it")
        t.equal(c.director.stop(), 0, "exit status")
        t.check(not os.path.exists(c.director.control), "the socket is gone after a clean stop")


def refused(t):
    t.part("reloads that are refused")
    with Scene(t) as scene:
        c = Controlled(scene)
        c.write(www(SERVERS // 2 - 1))
        for what, deed in (("vipctl", lambda: c.ctl("reload")), ("HUP", lambda: c.daemon.send(signal.SIGHUP))):
            seen = c.daemon.mark()
            ran = deed()
            line = c.daemon.wait_for(r"error conf\.refused gen=1 why=\"(.*)\"", 5, seen)
            t.check("11 of 20 real servers" in line.match[1] and "vipctl reload --force" in line.match[1],
                    f"{what}: the log says what to do: {line.match[1]}")
            t.check(ran is None or (ran.status == 1 and "vipctl reload --force" in ran.err), f"{what}: {ran}")
        ran = c.ctl("diff")
        t.check(ran.status == 1 and "would be refused" in ran.err and "-11 servers" in ran.out, f"diff: {ran}")
        ran = c.ctl("reload", "--force", "--wait")
        t.check(ran.status == 0 and "generation 2 works: -11 servers" in ran.out, f"--force: {ran}")

        t.part("errors")
        with open(c.director.conf, "a", encoding="ascii") as file:
            file.write("virtual_serverz = ();\nglobal_defs = { vrrp_version = 9; };\n")
        for verb in ("reload", "diff"):
            ran = c.ctl(verb)
            found = [line for line in ran.err.splitlines() if line.startswith(c.director.conf + ":")]
            t.check(ran.status == 2 and len(found) == 2 and all(": error: " in line for line in found),
                    f"{verb}: every error with file and line: {ran}")
        told = c.ctl("reload", "--json").json()
        t.equal([("finding" in line, line.get("status")) for line in told], [(True, None)] * 2 + [(False, 2)],
                "errors as JSON")
        os.unlink(c.director.conf)
        for verb in ("reload", "diff"):
            t.equal(c.ctl(verb).status, 3, f"{verb} of a missing file")
        ran = c.ctl("diff", "/nonexistent/file")
        t.check(ran.status == 3 and "/nonexistent/file" in ran.err, f"diff of a missing file: {ran}")
        t.check(not c.daemon.find(r"conf\.applied gen=3", c.seen), "generation 2 goes on")

        t.part("who may")
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
        os.chmod(c.director.folder, 0o755)
        ran = c.ctl("diff", before=nobody)
        t.check(ran.status == 3 and "ermission" in ran.err, f"nobody: {ran}")
        os.chmod(c.director.control, 0o666)
        c.director.write()
        t.equal(c.ctl("diff", before=nobody).status, 0, "who may open the socket may read")
        for args in (["reload"], ["diff", c.director.conf]):
            ran = c.ctl(*args, before=nobody)
            t.check(ran.status == 1 and "permission denied" in ran.err, f"but not {' '.join(args)[:12]}: {ran}")
        t.equal(len(c.daemon.find(r"warning control\.denied verb=\w+ uid=65534", c.seen)), 2, "refusals in the log")
        t.check(not c.daemon.find(r"conf\.applied gen=3", c.seen), "generation 2 goes on")
        c.check_undisturbed("all of it")


def no_vipd(t):
    t.part("without vipd")
    with tempfile.TemporaryDirectory(prefix="ctl-") as folder:
        path = os.path.join(folder, "sock")
        ran = Ran("--control", path, "reload")
        t.check(ran.status == 3 and path in ran.err and "is vipd running" in ran.err, f"no socket: {ran}")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
            t.equal(Ran("--control=" + path, "reload").status, 3, "a socket that nobody listens on")
            s.listen(5)
            ran = Ran("--control", path, "reload", "--timeout", "1")
            t.check(ran.status == 4 and "no answer" in ran.err, f"one that nobody answers on: {ran}")
            threading.Thread(target=lambda: [s.accept()[0].close() for _ in range(1)], daemon=True).start()
            s.settimeout(5)
        with socket.socket(socket.AF_UNIX) as s:
            os.unlink(path)
            s.bind(path)
            s.listen(5)

            def nonsense():
                peer = s.accept()[0]
                peer.recv(1000)
                peer.sendall(b"[1,2]\n")
                peer.recv(1000)
            threading.Thread(target=nonsense, daemon=True).start()
            t.equal(Ran("--control", path, "reload").status, 3, "one that answers with nonsense")


def bad_clients(t):
    t.part(f"{CROWD} clients that never read, {GARBAGE} that send nonsense")
    with Scene(t) as scene, contextlib.ExitStack() as stack:
        c = Controlled(scene)
        fds = len(os.listdir(f"/proc/{c.daemon.pid}/fd"))
        crowd = [stack.enter_context(c.connect()) for _ in range(CROWD)]
        for s in crowd:
            s.setblocking(False)
            with contextlib.suppress(OSError):  # it was one too many, or its buffer is full
                s.send(b'{"verb":"diff"}\n' * 5 + b'{"verb":"version"}\n' * 10000)
        ran = c.ctl("reload", "--wait")
        t.check(ran.status == 0, f"reload in the crowd: {ran}")
        noise = [b"\x00\xff" * 3000 + b"\n", b"{" * 5000 + b"\n", b"x" * 100000, b'{"verb":"reload"', b"\n" * 5000,
                 b'{"verb":"diff","max":-1}\n{"verb":"diff_file","file":"/dev/null"}\n', b"GET / HTTP/1.1\r\n\r\n"]
        for n in range(GARBAGE):
            with c.connect() as s:
                try:
                    s.sendall(noise[n % len(noise)])
                    if n % 3:
                        s.shutdown(socket.SHUT_WR)
                        while s.recv(65536):
                            pass
                except (OSError, socket.timeout):
                    pass
        ran = c.ctl("reload", "--wait")
        t.check(ran.status == 0 and ran.out.startswith("generation 3 "), f"reload afterwards: {ran}")
        c.check_undisturbed("all of it")
        stack.close()
        wait_until(lambda: len(os.listdir(f"/proc/{c.daemon.pid}/fd")) == fds, 10, "descriptors are given back")
        t.equal(c.director.stop(), 0, "exit status")
        dropped = c.daemon.find(r"vipd\.stats control_dropped_total=(\d+)", c.seen)
        t.check(bool(dropped) and int(dropped[0].match[1]) >= CROWD - 64, "dropped clients are counted")


def places(t):
    with tempfile.TemporaryDirectory(prefix="ctl-") as folder:
        os.mkdir(os.path.join(folder, "full"))
        os.mkdir(os.path.join(folder, "locked"))
        with open(os.path.join(folder, "file"), "w", encoding="ascii") as file:
            file.write("kept")
        taken = socket.socket(socket.AF_UNIX)
        taken.bind(os.path.join(folder, "taken"))
        taken.listen(1)
        left = socket.socket(socket.AF_UNIX)
        left.bind(os.path.join(folder, "left"))
        left.close()
        for path, mount, error in (
                ("full/sock", "-o nr_inodes=1", "No space left on device"),
                ("locked/sock", "-o ro", "Read-only file system"),
                ("no/such/sock", None, "No such file or directory"), ("file/sock", None, "Not a directory"),
                ("file", None, "File exists"), ("taken", None, "Address already in use"),
                ("x" * 120, None, "File name too long"), ("left", None, None), ("new/sock", None, None)):
            t.part(f"a socket at {path[:20]}")
            with Scene(t) as scene:
                full = os.path.join(folder, path)
                router = scene.router("r1", Vipd, [web()], options=["--dataplane=memory", f"--control={full}"])
                if mount:
                    place = os.path.dirname(full)
                    router.director.program = wrapper(folder, f'mount -t tmpfs {mount} tmpfs "{place}"')
                router.director.start()
                router.director.wait_state("web", "ACTIVE", PATIENCE)
                told = router.daemon.find(r'control\.fail path=\S+ error="([^"]*)" todo="[^"]+"', 0)
                opened = router.daemon.find(r"control\.open", 0)
                t.equal(([line.match[1] for line in told], len(opened)), ([error] if error else [], not error),
                        "told once, or open")
                if not error:
                    t.equal(Ran("--control", full, "reload").status, 0, "reload")
                t.equal(router.director.stop(), 0, "exit status")
        with open(os.path.join(folder, "file"), encoding="ascii") as file:
            t.equal(file.read(), "kept", "a file in the way is left alone")
        t.check(os.path.exists(os.path.join(folder, "taken")), "so is another's socket")
        taken.close()


def wrapper(folder, command):
    """A program that runs vipd in a mount namespace of its own, after this command."""
    path = os.path.join(folder, "wrapper")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\nexec unshare -m sh -c '{command} && exec \"$@\"' sh "
                   f"{os.path.abspath(Vipd.program)} \"$@\"\n")
    os.chmod(path, 0o755)
    return path


def large(t):
    t.part(f"diff of {MANY} servers with one change")
    with Scene(t) as scene, tempfile.TemporaryDirectory(prefix="ctl-") as folder:
        files = [os.path.join(folder, name) for name in ("a", "b")]
        for n, path in enumerate(files):
            with open(path, "w", encoding="ascii") as file:
                file.write("virtual_servers = (\n" + ",\n".join(
                    f'{{ address = "10.{200 + v // 250}.{v % 250}.1"; port = 80; real_servers = ( '
                    f'"10.{v // 250}.{v % 250}.[1-100] weight={2 if n and v == 500 else 1}" ); }}'
                    for v in range(MANY // 100)) + "\n);\n")
        begin = time.monotonic()
        ran = Ran("diff", "--base", *files)
        t.note(f"vipctl diff --base, reading both files and all: {pair.ms(time.monotonic() - begin)}")
        t.check(ran.status == 0 and ran.out.endswith("\n... and 60 more (--all)\nweight of 100 servers changed\n"),
                f"{ran.out[-200:]!r}")
        t.equal(Ran("diff", "--all", "--base", *files).out.count("\n"), 101, "lines with --all")

        c = Controlled(scene)
        begin = time.monotonic()
        ran = c.ctl("diff", files[0])
        t.note(f"vipctl diff of {MANY} new servers: {pair.ms(time.monotonic() - begin)}")
        t.check(ran.status == 1 and f"+{MANY} servers" in ran.out and len(ran.out.splitlines()) == 42,
                f"all new: {ran.out[-200:]!r} {ran.err!r}")
        begin = time.monotonic()
        lines = c.ctl("diff", files[0], "--all").out.count("\n")
        t.note(f"the same with --all, {lines} lines: {pair.ms(time.monotonic() - begin)}")
        t.check(lines > MANY, "every line comes")
        c.check_undisturbed("all of it")


class Canned:
    """A server that answers each path with fixed bytes; with TLS when there is a context."""

    ANSWERS = {
        "/length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "/more": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and what is too much",
        "/close": b"HTTP/1.0 200 OK\r\n\r\nhello until the end",
        "/chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nyou\r\n0\r\n\r\n",
        "/missing": b"HTTP/1.1 404 No\r\nContent-Length: 7\r\n\r\nmissing",
        "/empty": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "/encoded": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        "/moved": b"HTTP/1.1 302 Found\r\nLocation: /length\r\nContent-Length: 5\r\n\r\nthere",
        "/bytes": b"HTTP/1.1 200 OK\r\nContent-Length: 512\r\n\r\n" + bytes(range(256)) * 2,
        "/large": b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"large " * 50000,
    }
    SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello"

    def __init__(self, context=None):
        self.context, self.requests, self.names = context, [], []
        if context:
            context.sni_callback = lambda sock, name, ctx: self.names.append(name)
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(50)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer = self.socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer):
        try:
            if self.context:
                peer = self.context.wrap_socket(peer, server_side=True)
            request = b""
            while b"\r\n\r\n" not in request:
                request += peer.recv(4096) or b"\r\n\r\n"
            self.requests.append(request)
            peer.sendall(self.ANSWERS.get(request.split(b" ")[1].decode(), self.SHORT))
            if self.context:
                peer.unwrap()
            peer.close()
        except OSError:
            peer.close()


def digest(t):
    t.part("digest beside genhash")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ctl-"))
        cert, key = os.path.join(folder, "cert"), os.path.join(folder, "key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-days", "2",
                        "-out", cert, "-keyout", key], check=True, stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        for scheme, canned, flags in (("http", Canned(), []), ("https", Canned(context), ["-S"])):
            stack.callback(canned.socket.close)
            for protocol in ("1.0", "1.0C", "1.1"):
                for path in Canned.ANSWERS:
                    other = subprocess.run(["genhash", *flags, "-s", "127.0.0.1", "-p", str(canned.port), "-u", path,
                                            "-P", protocol], stdout=subprocess.PIPE, text=True, check=False, timeout=30)
                    ran = Ran("digest", "--protocol", protocol, f"{scheme}://127.0.0.1:{canned.port}{path}")
                    t.check(ran.status == 0 and ran.out == other.stdout and len(ran.out) == 33,
                            f"{scheme} {protocol} {path}: {ran}, genhash {other.stdout.strip()}")
                head = canned.requests[-1].split(b"\r\n")
                t.check(head[0].endswith(b"HTTP/" + protocol[:3].encode())
                        and (b"Connection: close" in head) == (protocol != "1.0"), f"request of {protocol}: {head}")
            url = f"{scheme}://127.0.0.1:{canned.port}"
            ran = Ran("digest", url + "/short")
            t.check(ran.status == 1 and not ran.out and ran.err.count("\n") == 1, f"a body that ends early: {ran}")
            ran = Ran("digest", "-v", "--virtualhost", "www.example.org", url + "/missing")
            t.check(ran.status == 0 and "404" in ran.err and "7 bytes" in ran.err, f"-v: {ran}")
            t.check(b"Host: www.example.org" in canned.requests[-1].split(b"\r\n"), "--virtualhost")
            ran = Ran("digest", "--fwmark", "7", "--sni", "name.example.org", url + "/length")
            t.check(ran.status == 0, f"--fwmark, --sni: {ran}")
            t.check(b"Host: 127.0.0.1:%d" % canned.port in canned.requests[-1].split(b"\r\n"), "Host is the URL's")
        t.check(canned.names[-1] == "name.example.org" and canned.names[0] is None, f"names in the handshake: "
                f"{set(canned.names)}")
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(5)
            begin = time.monotonic()
            ran = Ran("digest", "--timeout", "1", f"http://127.0.0.1:{deaf.getsockname()[1]}/")
            t.check(ran.status == 1 and "timed out" in ran.err, f"no answer: {ran}")
            t.check(time.monotonic() - begin < 3, "--timeout")
    mine, own = Ran("schema", "--json"), subprocess.run([Vipd.program, "--schema=json"], stdout=subprocess.PIPE,
                                                        text=True, check=True)
    t.check(mine.out == own.stdout and json.loads(mine.out), "vipctl schema --json is vipd --schema=json")


pair.run_parts("netns-control", [reload_and_diff, refused, no_vipd, bad_clients, places, large, digest])
