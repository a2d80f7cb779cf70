#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator does with vipctl: every verb with its man page, JSON, exit statuses and completion; checks made now,
addresses given away by hand, the log's level, metrics, top on a terminal, and who may use the socket."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance, server, service, tcp  # noqa: E402
from pair import PATIENCE, Scene  # noqa: E402
from proc import wait_until  # noqa: E402
from vipctl import VIPCTL, Ran  # noqa: E402
from web import Web  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
VIP = "10.9.0.100"
RARELY = 3600         # seconds between checks that only come when they are asked for


def ctl(director, *args, **more):
    return Ran("-s", director.control, *args, **more)


def shown(director, *args):
    """The objects of `show ... --json`."""
    ran = ctl(director, "show", *args, "--json")
    return [next(iter(o.values())) for o in ran.json()[:-1]]


def state_of(director, name="web"):
    found = shown(director, "vrrp", name)
    return found[0]["state"] if found else None


def small(scene, options=()):
    """A router that holds its address, with a service whose checks come once an hour."""
    router = scene.router("r1", Vipd, [instance("web", 51, 200, [VIP + "/24"])],
                          options=["--dataplane=memory", "--state=none", *options])
    router.director.services = [service(VIP, 80, [server("127.0.0.1", 8080), server("127.0.0.2", 8080)], name="www",
                                        method="NAT", checks=[tcp(interval=RARELY)])]
    return router


# What each verb is called with: arguments, its exit status, and whether it asks vipd (so 3 without one).
CASES = {
    "status": ([], 0, True), "show": (["servers"], 0, True), "top": ([], 0, True), "explain": (["web"], 0, True),
    "events": ([], 0, True), "monitor": (None, 0, True), "check": (["now", "127.0.0.1", "--wait"], 5, True),
    "drain": (["127.0.0.2"], 0, True), "maint": (["127.0.0.2"], 0, True), "ready": (["127.0.0.2"], 0, True),
    "weight": (["127.0.0.2", "auto"], 0, True), "vrrp": (["ready", "web"], 0, True), "reload": (["--wait"], 0, True),
    "diff": ([], 0, True), "log": (["level", "auto"], 0, True), "metrics": ([], 0, True),
    "convert": ([os.path.join(ROOT, "tests/ka/plain.conf")], 0, False), "digest": (["http://127.0.0.1:1/"], 1, False),
    "schema": ([], 0, False), "version": ([], 0, False), "help": ([], 0, False),
}


def verbs(t):
    t.part("every verb")
    with open(os.path.join(ROOT, "etc/man/vipctl.1"), encoding="ascii") as file:
        manual = file.read()
    with Scene(t) as scene:
        d = small(scene).director
        d.start()
        d.wait_state("web", "ACTIVE", PATIENCE)
        table = [o["verb"] for o in Ran("help", "--json").json()[:-1]]
        t.equal(sorted(v["name"] for v in table), sorted(CASES), "verbs of the program, verbs of this test")
        first = Ran("__complete", "").out.splitlines()
        for v in table:
            name = v["name"]
            args, status, asks = CASES[name]
            missing = [o for o in v["options"] if f"Fl -{o}" not in manual]
            t.check(re.search(rf"^\.(It )?(Cm|Xo)?.*\b{name}\b", manual, re.M) and not missing,
                    f"{name}: in vipctl(1), with its options {missing}")
            t.check(name in first, f"{name}: completed")
            options = Ran("__complete", name, "--").out.split()
            t.equal(sorted(options), sorted([f"--{o}" for o in v["options"]] + ["--help"]), f"{name}: options completed")
            t.check("json" in v["options"], f"{name}: --json")
            ran = Ran(name, "--help")
            t.check(ran.status == 0 and (name == "help" or "Exit status:" in ran.out), f"{name}: --help")
            t.equal(Ran(name, "--no-such-option").status, 1, f"{name}: a wrong option")
            if args is None:
                continue
            ran = ctl(d, name, *args, "--json")
            t.equal(ran.status, status, f"{name}: exit status {ran.err}")
            if name == "schema":
                json.loads(ran.out)
            elif status != 1:
                lines = ran.json()
                t.check(["status" in line for line in lines] == [False] * (len(lines) - 1) + [True],
                        f"{name}: status is in the last line and in no other")
            ran = ctl(d, name, *args)
            t.equal(ran.status, status, f"{name}: for people {ran.err}")
            ran = Ran("--control=/nonexistent/sock", name, *args)
            t.check(ran.status == (3 if asks else status) and (not asks or ran.err.count("\n") == 1),
                    f"{name}: without vipd: {ran.status} {ran.err.strip()}")
        t.equal(Ran("status", env={"VIPD_CONTROL": d.control}).status, 0, "VIPD_CONTROL")
        t.equal(Ran("no-such-verb").status, 1, "no such verb")
        t.equal(d.stop(), 0, "exit status")


def completion(t):
    t.part("completion by bash and zsh")
    bash = """
    source etc/completion/vipctl.bash
    COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
    COMP_LINE=$1 COMP_POINT=${#1}
    complete -p vipctl | grep -q -- '-F _vipctl' || exit 1
    _vipctl
    printf '%s\\n' "${COMPREPLY[@]}"
    """
    zsh = """
    _call_program() { shift; eval "$@"; }
    compadd() { shift; print -rl -- "${(@P)1}"; }
    _files() { print files; }
    words=("${(@s: :)1}"); CURRENT=$#words
    f() { source etc/completion/_vipctl; }; f
    """
    with Scene(t) as scene:
        d = small(scene).director
        d.start()
        d.wait_state("web", "ACTIVE", PATIENCE)
        env = {**os.environ, "PATH": os.path.dirname(VIPCTL) + ":" + os.environ["PATH"], "VIPD_CONTROL": d.control}

        def ask(shell, script, line, **more):
            done = subprocess.run([shell, "-c", script, shell, line], cwd=ROOT, capture_output=True, text=True,
                                  timeout=30, check=False, env={**env, **more})
            return sorted(done.stdout.split()), done.stderr

        both = ["127.0.0.1:8080", "127.0.0.2:8080"]
        for line, want, colon in (("vipctl vr", ["vrrp"], 0), ("vipctl vrrp h", ["hold"], 0),
                                  ("vipctl vrrp hold ", ["web"], 0), ("vipctl explain w", ["web"], 0),
                                  ("vipctl drain ", both, 0), ("vipctl drain 127.0.0.1:8", both[:1], 10),
                                  ("vipctl check now 127.0.0.2", both[1:], 0), ("vipctl show serv", ["servers", "services"], 0),
                                  ("vipctl show services ", ["www"], 0), ("vipctl drain x --service w", ["www"], 0),
                                  ("vipctl show servers --state dr", ["drain"], 0), ("vipctl log level w", ["warning"], 0),
                                  ("vipctl reload --fo", ["--force"], 0), ("vipctl drain [", [], 0)):
            t.equal(ask("bash", bash, line), ([w[colon:] for w in want], ""), f"bash: {line}")
            t.equal(ask("zsh", zsh, line), (want or ["files"], ""), f"zsh: {line}")
        for line in ("vipctl drain ", "vipctl explain w"):
            t.equal(ask("bash", bash, line, VIPD_CONTROL="/nonexistent"), ([], ""), f"silent without vipd: {line}")
        with socket.socket(socket.AF_UNIX) as deaf:
            path = os.path.join(d.folder, "deaf")
            deaf.bind(path)
            deaf.listen(5)
            t.equal(ask("bash", bash, "vipctl drain ", VIPD_CONTROL=path), ([], ""), "silent when nobody answers")


def check_now(t):
    t.part("checks made now")
    with Scene(t) as scene:
        router = small(scene)
        d = router.director
        with Web(router.ns, "127.0.0.1", 8080):
            d.services.append(service(VIP, 81, [server(f"127.1.{n // 250}.{n % 250 + 1}", 9) for n in range(1100)],
                                      name="many", method="NAT", checks=[tcp(interval=RARELY)]))
            d.start()

            def results(name):
                ran = ctl(d, "explain", name, "--service", "www", "--json")
                return ran.json()[0]["real_server"]["checks"][0]["results"] if ran.status == 0 else []

            wait_until(lambda: len(results("127.0.0.1")) == 1 and len(results("127.0.0.2")) == 1, PATIENCE,
                       "the first checks have ended")
            ran = ctl(d, "check", "now", "127.0.0.1:8080", "127.0.0.2", "--wait", "--json")
            told = [line["check"] for line in ran.json() if "check" in line]
            t.equal((ran.status, [(o["server"], o["result"]["reason"], o["result"]["passed"]) for o in told]),
                    (5, [("127.0.0.1:8080", "L4OK", True), ("127.0.0.2:8080", "L4CON", False)]), "results")
            t.equal((len(results("127.0.0.1")), len(results("127.0.0.2"))), (2, 2), "one check more each")
            ran = ctl(d, "check", "now", "127.0.0.1", "--service", "w*", "--wait")
            t.check(ran.status == 0 and "L4OK" in ran.out, f"all passed: {ran}")
            ran = ctl(d, "check", "now", "127.0.0.*")
            t.equal((ran.status, ran.out), (0, "127.0.0.*: 2 checks asked for\n"), "without --wait")
            wait_until(lambda: len(results("127.0.0.1")) == 4, PATIENCE, "it was made")
            for args, why in ((["9.9.9.9"], "no server"), (["127.1.*"], "more than 1024"), (["*a*a*a*a*a"], "stars")):
                ran = ctl(d, "check", "now", *args)
                t.check(ran.status == 1 and why in ran.err, f"refused: {ran}")
            ran = ctl(d, "check", "now", "127.1.0.*", "127.1.1.*", "--json")
            t.equal([line["checks"] for line in ran.json()], [250, 250], "many at once")
            t.equal(d.stop(), 0, "exit status")


def by_hand(t):
    t.part("addresses given away by hand")
    with Scene(t) as scene:
        group = 'vrrp_sync_groups = ( { name = "both"; group = [ "web", "two" ]; } );\n'
        both = []
        for name, prio in (("high", 200), ("low", 100)):
            router = scene.router(name, Vipd, [instance("web", 51, prio, [VIP + "/24"]),
                                               instance("two", 52, prio, ["10.9.0.101/24"])],
                                  options=["--dataplane=memory", "--state=none"])
            router.director.more = group
            router.director.start()
            both.append(router)
        high, low = both
        high.director.wait_state("web", "ACTIVE", PATIENCE)
        high.director.wait_state("two", "ACTIVE", PATIENCE)

        def moves(to, since, what):
            for name in ("web", "two"):
                to.director.wait_state(name, "ACTIVE", PATIENCE, since)
            wait_until(lambda: [state_of(r.director, n) for r in both for n in ("web", "two")]
                       == [("ACTIVE" if r is to else "BACKUP") for r in both for _ in range(2)], PATIENCE, what)
            t.check(True, what)

        seen = low.daemon.mark()
        begin = time.monotonic()
        ran = ctl(high.director, "vrrp", "release", "web", "--for", "1h")
        t.equal((ran.status, ran.out), (0, "release: 2 instances\n"), f"release {ran.err}")
        moves(low, seen, "released: the other router has the addresses of the whole group")
        scene.check_resigned(high, low, high.director.instances[0], begin)
        wish = [(o["wish"], o["wish_until"] is not None) for o in shown(high.director, "vrrp")]
        t.equal(wish, [("released", True)] * 2, "it is shown")
        t.check("released by hand" in ctl(high.director, "explain", "web").out, "and explained")
        high.director.instances[0]["prio"] = 210
        high.director.write()
        t.equal(ctl(high.director, "reload", "--wait").status, 0, "reload")
        seen = high.daemon.mark()
        beats = scene.wire.wait(pair.Advert, PATIENCE, since=time.monotonic(), count=10, mac=low.mac, vrid=51)
        t.check(len(beats) >= 10 and state_of(high.director) == "BACKUP", "it holds over a reload and ten adverts")
        t.equal(ctl(high.director, "vrrp", "ready", "web").status, 0, "ready")
        moves(high, seen, "ready: the better one takes them back")

        t.part("held")
        seen = low.daemon.mark()
        t.equal(ctl(high.director, "vrrp", "hold", "*").status, 0, "hold")
        moves(low, seen, "held: the other router has them")
        seen = high.daemon.mark()
        t.equal(low.director.stop(), 0, "the other one stops")
        down = scene.wire.wait(pair.Advert, PATIENCE, since=begin, mac=low.mac, vrid=51, prio=0)
        # it has let go at once; were this one to take over, it would have done so in a fraction of a second
        wait_until(lambda: time.monotonic() > down[-1].time + 1.5, PATIENCE, "time for a takeover passes")
        t.equal([state_of(high.director, n) for n in ("web", "two")], ["BACKUP"] * 2, "nobody has them, as was asked for")
        t.equal(ctl(high.director, "vrrp", "release", "web").status, 0, "release")
        high.director.wait_state("web", "ACTIVE", PATIENCE, seen)
        wait_until(lambda: [o["wish"] for o in shown(high.director, "vrrp")] == ["ready"] * 2, PATIENCE,
                   "alone, it takes them, which ends the release")
        t.equal(ctl(high.director, "vrrp", "hold", "web").status, 0, "hold")
        wait_until(lambda: state_of(high.director) == "BACKUP", PATIENCE, "held again")
        t.equal(high.director.stop(), 0, "exit status")
        high.director.start()
        high.director.wait_state("web", "ACTIVE", PATIENCE)
        t.check(True, "a restart forgets it")
        for args in (["release", "nobody"], ["ready", "web", "--for", "1h"], ["stop", "web"], ["release"]):
            t.equal(ctl(high.director, "vrrp", *args).status, 1, f"refused: vrrp {' '.join(args)}")


def log_and_metrics(t):
    t.part("the log's level")
    with Scene(t) as scene:
        router = small(scene)
        d = router.director
        d.start()
        d.wait_state("web", "ACTIVE", PATIENCE)
        seen = router.daemon.mark()
        ran = ctl(d, "log", "level", "warning")
        t.equal((ran.status, ran.out), (0, "log level warning\n"), f"{ran.err}")
        router.daemon.wait_for(r"warning log\.level level=warning why=asked", PATIENCE, seen)
        seen = router.daemon.mark()
        t.equal(ctl(d, "vrrp", "ready", "web").status, 0, "something that is logged as info")
        ran = ctl(d, "log", "level", "debug", "--for", "1s")
        t.equal((ran.status, ran.out), (0, "log level debug\n"), f"{ran.err}")
        router.daemon.wait_for(r"warning log\.level level=debug why=asked for_s=1", PATIENCE, seen)
        router.daemon.wait_for(r"warning log\.level level=\w+ why=time_over", PATIENCE, seen)
        t.check(not router.daemon.find(r"verb=vrrp|vrrp\.wish", seen), "what is less important was not logged")
        t.equal(ctl(d, "vrrp", "ready", "web").status, 0, "once more")
        router.daemon.wait_for(r"info vrrp\.wish inst=web wish=ready", PATIENCE, seen)
        for args in (["level", "loud"], ["level"], ["level", "info", "--for", "0"]):
            t.equal(ctl(d, "log", *args).status, 1, f"refused: log {' '.join(args)}")

        t.part("metrics")
        text = ctl(d, "metrics").out
        t.check(re.search(r'^vipd_\w+\{.*"web".*\} \d', text, re.M) and text.endswith("\n"), "metrics")
        t.check(ctl(d, "metrics", "--openmetrics").out.endswith("# EOF\n"), "OpenMetrics")


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, argv, rows=24, columns=100):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.seen = b""
        self.program = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        env={**os.environ, "TERM": "xterm"})

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        os.close(self.master)
        os.close(self.slave)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        self.seen = b""
        os.write(self.master, keys)

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            self.seen += os.read(self.master, 65536)

    def wait(self, regex):
        def found():
            self.read()
            return re.search(regex, self.seen, re.S)
        wait_until(found, PATIENCE, f"{regex!r} on the terminal")

    def page(self):
        """The lines of the last whole page."""
        return self.seen.rsplit(b"\033[H", 2)[-2].split(b"\033[J")[0].split(b"\r\n")

    def ended(self):
        wait_until(lambda: self.read() or self.program.poll() is not None, PATIENCE, "it ends")
        self.read()
        return self.program.returncode


def top(t):
    t.part("top")
    with Scene(t) as scene:
        router = small(scene)
        d = router.director
        with Web(router.ns, "127.0.0.1", 8080):
            d.start()
            d.wait_state("web", "ACTIVE", PATIENCE)
            wait_until(lambda: [o["state"] for o in shown(d, "servers")] == ["up", "down"], PATIENCE, "verdicts")
            ran = ctl(d, "top", "--once")
            rows = ran.out.splitlines()
            t.check(ran.status == 0 and "\033" not in ran.out and "servers:" in ran.out
                    and rows[-2].startswith("127.0.0.2:8080") and rows[-1].startswith("127.0.0.1:8080"),
                    f"--once, what is down first: {ran}")
            ran = ctl(d, "top", "services", "--json", "--sort", "name")
            t.equal([line["virtual_server"]["name"] for line in ran.json()[:-1]], ["www"], "services as JSON")
            t.equal(ctl(d, "top", "--sort", "colour", "--once").status, 1, "no such order")
            t.equal(ctl(d, "top", "checks").status, 1, "nothing that top shows")

            argv = [VIPCTL, "-s", d.control, "top", "--every", "1"]
            with Terminal(argv) as tty:
                tty.wait(rb"servers by state.*\033\[J")
                t.check(b"\033[1;31mdown" in tty.seen and b"\033[?1049h" in tty.seen, "colours, and a page of its own")
                tty.press(b"v")
                tty.wait(rb"www .*services by state.*\033\[J")
                tty.press(b"inr")
                tty.wait(rb"web .*vrrp by name reversed.*\033\[J")
                tty.press(b"s/*.2:8080\r")
                tty.wait(rb"filter \*\.2:8080, rows 1-1 of 1.*\033\[J")
                t.check(True, "keys: lists, order, filter")
                tty.seen = b""
                tty.resize(8, 40)
                os.kill(tty.program.pid, signal.SIGWINCH)
                wait_until(lambda: tty.read() or tty.seen.count(b"\033[J") > 2, PATIENCE, "pages of the new size")
                plain = [re.sub(rb"\033\[[0-9;?]*[a-zA-Z]", b"", line) for line in tty.page()]
                t.check(len(plain) <= 8 and all(len(line) <= 40 for line in plain), f"a small terminal: {plain}")
                tty.press(b"q")
                t.equal(tty.ended(), 0, "q ends it")
                t.check(b"\033[?1049l" in tty.seen and termios.tcgetattr(tty.slave) == tty.before,
                        "the terminal is as it was")
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                with Terminal(argv) as tty:
                    tty.wait(rb"servers by state")
                    tty.program.send_signal(number)
                    t.equal(tty.ended(), -number, f"signal {number.name} ends it")
                    t.check(b"\033[?1049l" in tty.seen and termios.tcgetattr(tty.slave) == tty.before,
                            "the terminal is as it was")
            with Terminal(argv) as tty:
                tty.wait(rb"servers by state")
                t.equal(d.stop(), 0, "vipd stops")
                tty.wait(rb"vipd does not answer.*trying again")
                d.start()
                tty.press(b"")
                tty.wait(rb"servers by state.*of 2")
                tty.press(b"q")
                t.equal(tty.ended(), 0, "and comes back")
            with subprocess.Popen([*argv, "--once"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as gone:
                gone.stdout.close()
                t.check(gone.wait(PATIENCE) in (1, -signal.SIGPIPE), f"a reader that has gone: {gone.returncode}")


class Placed(Vipd):
    """A vipd whose socket is where its file says."""

    def argv(self):
        return [word for word in super().argv() if not word.startswith("--control")]


def access(t):
    t.part("who may use the socket")
    member = ["setpriv", "--reuid=65534", "--regid=1", "--clear-groups", "--"]
    other = ["setpriv", "--reuid=65534", "--regid=65533", "--groups=1,7", "--"]
    nobody = ["setpriv", "--reuid=65534", "--regid=65533", "--clear-groups", "--"]
    with Scene(t) as scene:
        router = scene.router("r1", Placed, [instance("web", 51, 200, [VIP + "/24"])],
                              options=["--dataplane=memory", "--state=none"])
        d = router.director
        os.chmod(d.folder, 0o755)
        d.services = [service(VIP, 80, [server("127.0.0.1", 8080)], name="www", method="NAT")]
        d.more = f'api = {{ socket = "{d.control}"; group = "daemon"; mode = "0660"; }};\n'
        d.start()
        d.wait_state("web", "ACTIVE", PATIENCE)
        st = os.stat(d.control)
        t.equal((st.st_mode & 0o777, st.st_gid), (0o660, 1), "mode and group of api")
        for who, name in ((member, "by his group"), (other, "by another of his groups")):
            t.equal(ctl(d, "status", before=who).status, 0, f"a member {name} may look")
            t.equal(ctl(d, "drain", "127.0.0.1", before=who).status, 0, f"a member {name} may change things")
            ran = ctl(d, "show", "config", before=who)
            t.check(ran.status == 1 and "permission denied" in ran.err, f"but not see passwords: {ran}")
        ran = ctl(d, "status", before=nobody)
        t.check(ran.status == 3 and ran.err.count("\n") == 1 and "ermission" in ran.err, f"others may not: {ran}")
        t.equal(d.stop(), 0, "exit status")

        d.more = f'api = {{ socket = "{d.control}"; group = "daemon"; mode = "0666"; }};\n'
        d.start()
        d.wait_state("web", "ACTIVE", PATIENCE)
        t.equal(ctl(d, "show", "servers", before=nobody).status, 0, "others whom the mode lets in may look")
        for args in (["drain", "127.0.0.1"], ["reload"], ["check", "now", "127.0.0.1"], ["vrrp", "hold", "web"],
                     ["log", "level", "debug"]):
            ran = ctl(d, *args, before=nobody)
            t.check(ran.status == 1 and ran.err.count("permission denied") == 1, f"but not {args[0]}: {ran}")
        ran = ctl(d, "diff")
        t.equal(ran.out, "nothing\n", "diff")
        d.more = d.more.replace("0666", "0600")
        d.write()
        ran = ctl(d, "diff")
        t.check("needs a restart of vipd" in ran.out and "mode" in ran.out, f"another mode: {ran}")
        t.equal(d.stop(), 0, "exit status")

        d.more = f'api = {{ socket = "{d.control}"; group = "no-such-group"; }};\n'
        d.start()
        router.daemon.wait_for(r'warning control\.group .*group=no-such-group error="there is no such group"', PATIENCE)
        t.equal(ctl(d, "status").status, 0, "a group that is not there: for root")
        t.equal(d.stop(), 0, "exit status")


pair.run_parts("netns-operate", [verbs, completion, check_now, by_hand, log_and_metrics, top, access])
