#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vipd and Debian's keepalived with the same keepalived.conf, the same servers and the same misfortunes: what stands in
the kernel's table is the same, state after state.

Each has a network of its own with a director and the servers; both live at the same time. A step changes servers or what
scripts say; its row tells what the services must come to.
Runs where the kernel has IPVS: tests/guest/boot -- tests/guest/keepalived.py
"""

import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import ipvs  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon, Missing, wait_until  # noqa: E402
from suite import suite  # noqa: E402

VIPD = os.environ.get("VIPD", "build/vipd")
VIP, SORRY = "10.0.0.100", "10.0.0.99"
SERVERS = ["10.0.0.11", "10.0.0.12", "10.0.0.13"]
A, B, C = SERVERS
PATIENCE = 60
BRIEF = 0.4  # seconds: what lasts less is on the way from one state to the next, which has no order in keepalived either

HTTP = "HTTP_GET {\n url {\n path /\n status_code 200\n }\n retry 1\n delay_before_retry 1\n connect_timeout 3\n }\n"
TCP = "TCP_CHECK {\n retry 3\n delay_before_retry 1\n connect_timeout 3\n }\n"
PORTS = {name: 8000 + n for n, name in enumerate((
    "plain", "patient", "quorum", "no-sorry", "inhibit", "sorry-stays", "alpha", "alpha-inhibit", "several", "dynamic",
    "sum"))}


def misc(folder, name, more=""):
    return f"MISC_CHECK {{\n misc_path {folder}/{name}.sh\n misc_timeout 10\n retry 0\n {more}\n }}\n"


def real(address, port, checks, more="", weight=1):
    return f" real_server {address} {port} {{\n weight {weight}\n {more}\n {checks} }}\n"


def config(folder):
    """The file that both read."""
    def service(name, servers, more=""):
        port = PORTS[name]
        body = "".join(real(*([server[0], port, *server[1:]])) for server in servers)
        return (f"virtual_server {VIP} {port} {{\n delay_loop 1\n warmup 0\n lvs_sched wrr\n lvs_method DR\n protocol TCP\n"
                f" {more}\n{body}}}\n")

    def sorry(name, more=""):
        return f"sorry_server {SORRY} {PORTS[name]}\n {more}"
    plain = [(A, HTTP), (B, HTTP), (C, HTTP)]
    weighed = [(A, HTTP, "", 1), (B, HTTP, "", 2), (C, HTTP, "", 3)]
    return "global_defs {\n script_user root\n}\n" + "".join((
        service("plain", plain),
        service("patient", [(A, TCP), (B, TCP)]),
        service("quorum", weighed, "quorum 4\n hysteresis 1\n " + sorry("quorum")),
        service("no-sorry", weighed, "quorum 4\n hysteresis 1"),
        service("inhibit", plain[:2], "inhibit_on_failure\n " + sorry("inhibit")),
        service("sorry-stays", plain[:2], sorry("sorry-stays", "sorry_server_inhibit")),
        service("alpha", plain[:2], "alpha"),
        service("alpha-inhibit", [(A, HTTP, "inhibit_on_failure"), (B, HTTP)], "alpha"),
        service("several", [(A, TCP + HTTP + misc(folder, "several")), (B, HTTP)]),
        service("dynamic", [(A, misc(folder, "dynamic", "misc_dynamic"), "", 10), (B, "", "", 5)], "quorum 6\n "
                + sorry("dynamic")),
        service("sum", [(A, misc(folder, "one", "misc_dynamic") + misc(folder, "two", "misc_dynamic") + HTTP, "", 10)],
                # it fails twice within two minutes: without this, vipd would keep it with weight 0 the second time
                "persistence_timeout 60"),
    ))


class Farm:
    """The servers of one network, a thread for all: each answers with its status, or refuses."""

    def __init__(self, ns, ends):
        self.ns, self._poll, self._lock = ns, selectors.DefaultSelector(), threading.Lock()
        self.status, self.fail_next, self.asked, self._listeners = {}, {}, {}, {}
        for end in ends:
            self.status[end], self.fail_next[end], self.asked[end] = 200, 0, 0
            self.open(end)
        threading.Thread(target=self._serve, daemon=True).start()

    def open(self, end):
        sock = self.ns.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(end)
        sock.listen(32)
        sock.setblocking(False)
        with self._lock:
            self._listeners[end] = sock
            self._poll.register(sock, selectors.EVENT_READ, end)

    def close(self, end):
        with self._lock:
            sock = self._listeners.pop(end)
            self._poll.unregister(sock)
            sock.close()

    def _serve(self):
        while True:
            for key, _ in self._poll.select(0.1):
                try:
                    conn, _ = key.fileobj.accept()
                    with conn:
                        conn.settimeout(3)
                        if conn.recv(4096):
                            conn.sendall(self._answer(key.data))
                except (OSError, ValueError):
                    continue

    def _answer(self, end):
        self.asked[end] += 1
        status = self.status[end]
        if self.fail_next[end]:
            self.fail_next[end] -= 1
            status = 500
        return b"HTTP/1.0 %d Word\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok" % status


class Side:
    """One program with its network: what happens to it, and what its table was."""

    def __init__(self, net, name, folder, argv):
        self.name = name
        self.director, self.web = net.ns(name), net.ns(name + "-web")
        net.veth(self.director, "eth0", self.web, "eth0")
        self.director.ip("link set eth0 up", "addr add 10.0.0.1/24 dev eth0", f"addr add {VIP}/32 dev lo")
        self.web.ip("link set eth0 up", *(f"addr add {a}/24 dev eth0" for a in (*SERVERS, SORRY)))
        self.farm = Farm(self.web, [(a, port) for a in SERVERS for port in PORTS.values()])
        self.folder, self.argv, self.daemon = folder, argv, None
        self.seen = {name: [] for name in PORTS}  # service: [(since, {server: weight})]

    def start(self):
        self.daemon = Daemon(self.argv, ns=self.director, name=self.name)

    def look(self):
        now, table = time.monotonic(), ipvs.table(self.director)
        for name, port in PORTS.items():
            dests = table.get(f"tcp {VIP}:{port}", {})
            state = {dest.split(":")[0]: weight for dest, (_, weight) in dests.items()}
            if not self.seen[name] or self.seen[name][-1][1] != state:
                self.seen[name].append((now, state))

    def state(self, name):
        return self.seen[name][-1][1] if self.seen[name] else None

    def mark(self):
        """A moment from which on states() tells."""
        return time.monotonic()

    def states(self, name, since):
        """The state of that moment and those since then that lasted; the same twice in a row is one."""
        spans = self.seen[name]
        ends = [at for at, _ in spans[1:]] + [float("inf")]
        lasting = [state for (at, state), end in zip(spans, ends)
                   if at <= since < end or (at > since and end - at >= BRIEF)]
        return [state for before, state in zip([None, *lasting], lasting) if state != before]


class Watch:
    """Looks at both tables all the time."""

    def __init__(self, sides):
        self.sides, self._open = sides, True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while self._open:
            for side in self.sides:
                side.look()
            time.sleep(0.03)

    def close(self):
        self._open = False
        self._thread.join()


def say(folder, name, status):
    """What that script ends with from now on."""
    new = f"{folder}/{name}.{threading.get_ident()}"  # both sides say it, at once
    with open(new, "w", encoding="ascii") as file:
        file.write(f"{status}\n")
    os.rename(new, f"{folder}/{name}")


def scripts(folder):
    for name in ("several", "dynamic", "one", "two"):
        say(folder, name, 0)
        with open(f"{folder}/{name}.sh", "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\nread status <{folder}/{name}\nexit $status\n")
        os.chmod(f"{folder}/{name}.sh", 0o755)


# ---- what happens: functions of a side

def fails(name, *servers):
    return lambda side: [side.farm.status.update({(a, PORTS[name]): 500}) for a in servers]


def passes(name, *servers):
    return lambda side: [side.farm.status.update({(a, PORTS[name]): 200}) for a in servers]


def closes(name, server):
    return lambda side: side.farm.close((server, PORTS[name]))


def opens(name, server):
    return lambda side: side.farm.open((server, PORTS[name]))


def exits(name, status):
    return lambda side: say(side.folder, name, status)


def stumbles(name, server):
    """One failed check, and then three good ones."""
    def act(side):
        end = (server, PORTS[name])
        side.farm.fail_next[end] = 1
        wait_until(lambda: not side.farm.fail_next[end], PATIENCE, "the check that fails")
        before = side.farm.asked[end]
        wait_until(lambda: side.farm.asked[end] >= before + 3, PATIENCE, "three more checks")
    return act


def short_absence(name, server):
    """Refuses for a check or two: less than the retries."""
    def act(side):
        side.farm.close((server, PORTS[name]))
        time.sleep(1.3)
        side.farm.open((server, PORTS[name]))
        time.sleep(3)
    return act


W = {A: 1, B: 2, C: 3}
START = {  # what stands in the table when all checks that can pass have passed
    "plain": {A: 1, B: 1, C: 1}, "patient": {A: 1, B: 1}, "quorum": W, "no-sorry": W, "inhibit": {A: 1, B: 1},
    "sorry-stays": {A: 1, B: 1, SORRY: 0}, "alpha": {B: 1}, "alpha-inhibit": {A: 0, B: 1}, "several": {A: 1, B: 1},
    "dynamic": {A: 10, B: 5}, "sum": {A: 10},
}
STEPS = [  # title, what happens (to a service one thing: of two, the order would be chance), what the services come to
    ("one failure is less than retry", [stumbles("plain", B), short_absence("patient", A)], {}),
    ("servers fail", [fails("plain", B), closes("patient", A), fails("quorum", C), fails("no-sorry", C), fails("inhibit", A),
                      fails("sorry-stays", A), fails("several", A), exits("dynamic", 5), exits("one", 5),
                      passes("alpha", A), passes("alpha-inhibit", A)],
     {"plain": {A: 1, C: 1}, "patient": {B: 1}, "quorum": {A: 1, B: 2}, "no-sorry": {A: 1, B: 2}, "inhibit": {A: 0, B: 1},
      "sorry-stays": {B: 1, SORRY: 0}, "several": {B: 1}, "dynamic": {A: 3, B: 5}, "sum": {A: 3}, "alpha": {A: 1, B: 1},
      "alpha-inhibit": {A: 1, B: 1}}),
    ("more fail: quorums are lost", [fails("plain", A), closes("patient", B), fails("quorum", A), fails("no-sorry", A),
                                     fails("inhibit", B), fails("sorry-stays", B), exits("several", 1), exits("dynamic", 2),
                                     exits("two", 5), fails("alpha", A), fails("alpha-inhibit", A)],
     {"plain": {C: 1}, "patient": {}, "quorum": {SORRY: 1}, "no-sorry": {B: 2}, "inhibit": {A: 0, B: 0, SORRY: 1},
      "sorry-stays": {SORRY: 1}, "dynamic": {SORRY: 1}, "sum": {A: 0}, "alpha": {B: 1}, "alpha-inhibit": {A: 0, B: 1}}),
    ("some recover: less than quorum and hysteresis, or not every checker", [
        passes("plain", B), opens("patient", B), passes("quorum", A), passes("no-sorry", A), passes("inhibit", B),
        passes("sorry-stays", B), passes("several", A), exits("dynamic", 0), exits("two", 0), fails("alpha", B)],
     {"plain": {B: 1, C: 1}, "patient": {B: 1}, "no-sorry": {A: 1, B: 2}, "inhibit": {A: 0, B: 1},
      "sorry-stays": {B: 1, SORRY: 0}, "dynamic": {A: 10, B: 5}, "sum": {A: 3}, "alpha": {}}),
    ("scripts at their ends", [exits("several", 0), exits("dynamic", 255), fails("sum", A), passes("quorum", C),
                               passes("no-sorry", C), passes("alpha", B)],
     {"several": {A: 1, B: 1}, "dynamic": {A: 253, B: 5}, "sum": {}, "quorum": W, "no-sorry": W, "alpha": {B: 1}}),
    ("a dynamic script fails", [exits("dynamic", 1), passes("sum", A)], {"dynamic": {SORRY: 1}, "sum": {A: 3}}),
    ("and passes with nothing to say", [exits("dynamic", 0), exits("one", 12)], {"dynamic": {A: 10, B: 5}, "sum": {A: 10}}),
    ("one of two scripts fails", [exits("one", 1), exits("dynamic", 3)], {"sum": {}, "dynamic": {A: 1, B: 5}}),
    ("all recover", [passes("plain", A), opens("patient", A), passes("inhibit", A), passes("sorry-stays", A),
                     passes("alpha", A), passes("alpha-inhibit", A), exits("one", 0), exits("dynamic", 0)],
     {"plain": {A: 1, B: 1, C: 1}, "patient": {A: 1, B: 1}, "inhibit": {A: 1, B: 1}, "sorry-stays": {A: 1, B: 1, SORRY: 0},
      "alpha": {A: 1, B: 1}, "alpha-inhibit": {A: 1, B: 1}, "sum": {A: 10}, "dynamic": {A: 10, B: 5}}),
]


def settle(t, side, wanted, title):
    """Waits for the states, each for long enough to be one."""
    def there():
        return all(side.state(name) == state and time.monotonic() - side.seen[name][-1][0] > 2 * BRIEF
                   for name, state in wanted.items())
    try:
        wait_until(there, PATIENCE, title, step=0.05)
        return True
    except Missing:
        differ = {name: (side.state(name), state) for name, state in wanted.items() if side.state(name) != state}
        return t.check(False, f"{title}: {side.name} came to (is, should be): {differ}")


def both(sides, act):
    """The same to both, at the same time: some acts wait for what the program does."""
    errors = []

    def one(side):
        try:
            act(side)
        except Missing as error:
            errors.append(f"{side.name}: {error}")
    threads = [threading.Thread(target=one, args=(side,)) for side in sides]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise Missing("; ".join(errors))


def compare(t, sides, marks, title, names):
    for name in names:
        first, second = (side.states(name, mark) for side, mark in zip(sides, marks))
        t.equal(first, second, f"{title}: states of {name}, {sides[0].name} and {sides[1].name}")


def scenario(t, sides):
    wanted = dict(START)
    t.part("start")
    for side in sides:
        for end in (("alpha", A), ("alpha-inhibit", A)):
            fails(*end)(side)
        side.start()
    for side in sides:
        settle(t, side, wanted, "start")
    for title, acts, change in STEPS:
        t.part(title)
        marks = [side.mark() for side in sides]
        for act in acts:
            both(sides, act)
        wanted.update(change)
        good = [settle(t, side, wanted, title) for side in sides]
        if all(good):
            compare(t, sides, marks, title, PORTS)
    t.part("stop")
    for side in sides:
        side.daemon.send(signal.SIGTERM)
    for side in sides:
        t.equal(side.daemon.wait(30), 0, f"{side.name} ends cleanly")
        t.equal(ipvs.table(side.director), {}, f"{side.name} leaves an empty table")


def main():
    folder, sides = tempfile.mkdtemp(prefix="beside-", dir=os.environ.get("TMPDIR", "/tmp")), []
    try:
        with suite("guest-keepalived") as t, Net() as net:
            scripts(folder)
            os.chmod(folder, 0o755)
            conf = os.path.join(folder, "keepalived.conf")
            with open(conf, "w", encoding="ascii") as file:
                file.write(config(folder))
            pids = [f"--{kind}={folder}/{kind}" for kind in ("pid", "vrrp_pid", "checkers_pid")]
            sides = [Side(net, "vipd", folder, [VIPD, "-f", conf, "--control=none"]),
                     Side(net, "keepalived", folder, ["keepalived", "--dont-fork", "--log-console", "--check",
                                                      f"--use-file={conf}", *pids])]
            watch = Watch(sides)
            try:
                scenario(t, sides)
            finally:
                watch.close()
                for side in sides:
                    for name, seen in side.seen.items():
                        t.note(f"{side.name} {name}: " + "; ".join(f"{at - seen[0][0]:.2f} {state}" for at, state in seen))
                    if side.daemon:
                        t.note(f"{side.name} said last:\n{side.daemon.tail(30)}")
    finally:
        for side in sides:
            if side.daemon:
                side.daemon.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
