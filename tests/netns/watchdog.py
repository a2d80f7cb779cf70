#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The watchdog and the hand-over: a director that dies, hangs or is stopped is followed by another one, and nobody on the
network sees it.

VIPD_KILLS=100 kills as often; without it, it is 20 times.
"""

import ctypes
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance, server, service, tcp  # noqa: E402
from pair import PATIENCE, Scene, ms, run_parts  # noqa: E402
from proc import Daemon, wait_until  # noqa: E402
from vipctl import Ran  # noqa: E402
from web import Web  # noqa: E402
from wire import Advert  # noqa: E402

KILLS = int(os.environ.get("VIPD_KILLS", "20"))
VIP = "10.9.0.100"
SHORT = 500  # ms between adverts, where a test waits for what takes three of them
LONG = 1000  # ms between adverts, where a test needs time


def web(prio, advert_ms=300, **more):
    return instance("web", 51, prio, [f"{VIP}/24"], advert_ms=advert_ms, **more)


def ah(prio):
    """Signed with sequence numbers: they must not go back."""
    return instance("ah", 52, prio, ["10.9.0.101/24"], advert_ms=1000, version=2,
                    vipd='authentication = { auth_type = "AH"; auth_pass = "secret"; };')


def watched(scene, name, instances, folder, *options):
    router = scene.router(name, Vipd, instances,
                          options=["--dataplane=memory", "--state=none", f"--handover={folder}/handover", *options])
    router.director.watchdog = True
    return router


def shm():
    """A folder on a tmpfs: the record is mapped."""
    return tempfile.TemporaryDirectory(dir="/dev/shm")


def stat_of(pid):
    """(parent, state), or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            state, parent = file.read().rpartition(") ")[2].split()[:2]
        return int(parent), state
    except OSError:
        return None


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def children(pid):
    found = [(int(p), stat_of(p)) for p in os.listdir("/proc") if p.isdigit()]
    return [p for p, stat in found if stat and stat[0] == pid]


def director_of(daemon):
    """The process with the threads; waits until there is one."""
    def find():
        return [p for p in children(daemon.pid) if comm(p) == "vipd" and stat_of(p)[1] != "Z"]
    return wait_until(find, PATIENCE, "a director runs")[0]


def follow(daemon, since, pid):
    """The next director after that one, when it is ready."""
    daemon.wait_for(rf"vipd\.died pid={pid} ", PATIENCE, since)
    number = daemon.wait_for(r"vipd\.again pid=(\d+)", PATIENCE, since)
    daemon.wait_for(r"vipd\.ready", PATIENCE, [i for i, line in enumerate(daemon.lines) if line.text == number.text][0])
    return int(number.match[1])


def kill_and_follow(daemon, name="web"):
    """Kills the director; returns when the next one goes on."""
    since = daemon.mark()
    os.kill(director_of(daemon), signal.SIGKILL)
    daemon.wait_for(r"vipd\.resumed", PATIENCE, since)
    daemon.wait_for(rf"vrrp\.state inst={name} from=INIT to=ACTIVE why=goes_on", PATIENCE, since)
    return since


def held_for_good(t, a, b):
    """What was said by hand holds when the director dies, and when it is upgraded."""
    t.part("vipctl vrrp hold outlives the director")
    ran = Ran("--control", a.director.control, "vrrp", "hold", "web")
    t.equal(ran.status, 0, f"hold: {ran}")
    b.director.wait_state("web", "ACTIVE", PATIENCE)
    for how in ("killed", "upgraded"):
        since, pid = a.daemon.mark(), director_of(a.daemon)
        if how == "killed":
            os.kill(pid, signal.SIGKILL)
        else:
            a.daemon.send(signal.SIGUSR2)
        a.daemon.wait_for(r"vrrp\.state inst=web from=INIT to=BACKUP", PATIENCE, since)
        a.daemon.wait_for(r"vipd\.ready", PATIENCE, since)
        line = Ran("--control", a.director.control, "show", "vrrp", "web", "--json").json()[0]["vrrp_instance"]
        t.equal((line["state"], line["wish"]), ("BACKUP", "held"), f"{how}: it is held still")


def kills(t):
    """Nobody sees it: the peer, the addresses, the servers."""
    with Scene(t) as scene, shm() as folder:
        host = scene.host("servers", "10.9.0.50/24")
        with Web(host, "10.9.0.50", 8080):
            more = [service("10.9.0.100", 80, [server("10.9.0.50", 8080), server("10.9.0.50", 9)], name="www", method="NAT",
                            checks=[tcp(interval=1, rise=2, fall=2)])]
            a = watched(scene, "r1", [web(150), ah(150)], folder)
            a.director.services = more
            a.director.start()
            b = scene.router("r2", Vipd, [web(100), ah(100)], start=True)
            for name in ("web", "ah"):
                a.director.wait_state(name, "ACTIVE", PATIENCE)
                b.director.wait_state(name, "BACKUP", PATIENCE)
            a.daemon.wait_for(r"server\.check .*10\.9\.0\.50:8080 .*verdict=up", PATIENCE)
            a.daemon.wait_for(r"server\.check .*10\.9\.0\.50:9 .*verdict=down", PATIENCE)
            scene.owners.wait(VIP, {"r1"})
            begin, since, since_b = time.monotonic(), a.daemon.mark(), b.daemon.mark()
            dice = random.Random(1)
            for n in range(KILLS):
                time.sleep(dice.random() * 0.3)
                if n % 3 == 0:
                    a.director.reload()
                kill_and_follow(a.daemon, "ah" if n % 2 else "web")
            scene.wire.wait(Advert, PATIENCE, since=time.monotonic(), count=2, src=a.ip, vrid=51)
            end = time.monotonic()

            t.check(not b.daemon.find("to=ACTIVE", since_b), f"{KILLS} kills: the peer never becomes active")
            t.check(not scene.wire.adverts(since=begin, src=b.ip), "the peer says nothing")
            t.check(not scene.wire.adverts(since=begin, src=a.ip, prio=0), "no advert of priority 0")
            for inst in (web(100), ah(100)):
                sent = scene.wire.adverts(since=begin, src=a.ip, vrid=inst["vrid"])
                gap, moment = pair.gaps(sent)[0]
                scene.bound(gap, pair.down(inst), moment, moment + gap, f"{inst['name']}: largest gap between adverts")
            t.equal({frozenset(n) for s, e, n in scene.owners.spans(VIP) if e > begin}, {frozenset({"r1"})},
                    "holders of the address all the time")
            lines = [line.text for line in a.daemon.find(r"vip\.(add|del|lost)|server\.(up|down|check) ", since)]
            t.check(not lines, f"no address moves, no server changes {lines[:3]}")
            t.check(not b.daemon.find(r"vrrp\.drop", since_b), "the peer takes every advert: sequence numbers go on "
                    f"{[line.text for line in b.daemon.find('vrrp.drop', since_b)][:1]}")
            wait_until(lambda: len(children(a.daemon.pid)) == 1, PATIENCE, "no zombie, no orphan: the director alone")
            t.note(f"{KILLS} kills in {end - begin:.1f} s")
            held_for_good(t, a, b)
            t.equal(a.director.stop(), 0, "exit status of the watchdog is the director's")
            scene.wire.wait(Advert, PATIENCE, since=end, src=a.ip, prio=0)


class Thread:
    """A thread that is held as a debugger holds it."""

    SEIZE, INTERRUPT = 0x4206, 0x4207

    def __init__(self, tid):
        libc = ctypes.CDLL(None, use_errno=True)
        self._ptrace = lambda what: libc.ptrace(what, ctypes.c_long(tid), None, None)
        if self._ptrace(self.SEIZE) or self._ptrace(self.INTERRUPT):
            raise OSError(ctypes.get_errno(), "ptrace")
        self._tid = tid

    def wait_dead(self):
        """Who holds a thread must see to its end, else its process does not end."""
        wall = 0x40000000

        def is_dead():
            pid, status = os.waitpid(self._tid, os.WNOHANG | wall)
            return pid and not os.WIFSTOPPED(status)
        wait_until(is_dead, PATIENCE, "the end of the thread")


def stuck(t):
    """A thread that stands still, and a process that is stopped: stacks in the log, and another director."""
    with Scene(t) as scene, shm() as folder:
        a = watched(scene, "r1", [web(150, advert_ms=LONG)], folder, "--stall-limit=3")
        a.director.start()
        a.director.wait_state("web", "ACTIVE", PATIENCE)

        t.part("one thread is held")
        pid, since = director_of(a.daemon), a.daemon.mark()
        tids = {comm(f"{pid}/task/{tid}"): int(tid) for tid in os.listdir(f"/proc/{pid}/task")}
        held = Thread(tids["vipd-ipvs"])
        a.daemon.wait_for(r"role\.stalled role=vipd-ipvs ", 3 + PATIENCE, since)
        a.daemon.wait_for(r"role\.thread thread=vipd-ipvs .*state=t .*stack=none", PATIENCE, since)
        a.daemon.wait_for(r"role\.stack thread=vipd-vrrp at=0 frames=\"\S+epoll", PATIENCE, since)
        held.wait_dead()
        a.daemon.wait_for(r"vipd\.died .*signal=KILL .*again_ms=0", PATIENCE, since)
        next_pid = follow(a.daemon, since, pid)
        a.daemon.wait_for(r"why=goes_on", PATIENCE, since)
        t.check(True, "the thread is named, the stacks of the others are in the log, the next director goes on")

        t.part("the director is stopped")
        pid, since = next_pid, a.daemon.mark()
        os.kill(pid, signal.SIGSTOP)
        a.daemon.wait_for(r"role\.stalled ", 3 + PATIENCE, since)
        for name in ("vipd", "vipd-vrrp", "vipd-reflector", "vipd-ipvs", "vipd-check-0"):
            a.daemon.wait_for(rf"role\.stack thread={name} ", PATIENCE, since)
        next_pid = follow(a.daemon, since, pid)
        t.check(next_pid != pid, "another director")

        t.part("the watchdog and all stand still, and go on: no fault of anybody")
        pid, since = next_pid, a.daemon.mark()
        for one in (a.daemon.pid, pid):
            os.kill(one, signal.SIGSTOP)
        time.sleep(3.6)  # longer than the limit, on any machine
        for one in (pid, a.daemon.pid):
            os.kill(one, signal.SIGCONT)
        scene.wire.wait(Advert, PATIENCE, since=time.monotonic(), src=a.ip, vrid=51)
        t.check(not a.daemon.find(r"role\.stalled", since) and director_of(a.daemon) == pid, "the same director")

        t.part("the watchdog is killed: the director goes on alone, and stops when it is asked to")
        since, moment = a.daemon.mark(), time.monotonic()
        os.kill(a.daemon.pid, signal.SIGKILL)
        a.daemon.wait_for(r"watchdog\.gone", PATIENCE, since)
        scene.wire.wait(Advert, PATIENCE, since=time.monotonic(), src=a.ip, vrid=51)
        t.equal(scene.owners.now(VIP), {"r1"}, "holder")
        os.kill(pid, signal.SIGTERM)
        a.daemon.wait_for(r"vipd\.stopped", PATIENCE, since)
        scene.wire.wait(Advert, PATIENCE, since=moment, src=a.ip, prio=0)


def restarts(t):
    """Everything is killed at once: the record is a file, and it is believed only while it may be."""
    with Scene(t) as scene, shm() as folder:
        a = watched(scene, "r1", [web(150, advert_ms=2000)], folder, f"--pid-file={folder}/pid")
        record = f"{folder}/handover"
        a.director.start()
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        scene.wire.wait(Advert, PATIENCE, src=a.ip, count=1)
        with open(f"{folder}/pid", encoding="ascii") as file:
            t.equal(int(file.read()), a.daemon.pid, "the file has the watchdog's number")

        t.part("killed as a whole, started again at once")
        scene.wire.wait(Advert, PATIENCE, since=time.monotonic(), src=a.ip, count=1)
        a.director.kill()
        moment = time.monotonic()
        a.director.start()
        a.daemon.wait_for(r"from=INIT to=ACTIVE why=goes_on", PATIENCE)
        t.check(not scene.wire.adverts(since=moment, src=a.ip, prio=0), "no advert of priority 0")

        t.part("upgrade: the process is another program now, and the instance goes on")
        a.daemon.wait_for(r"vipd\.ready", PATIENCE)
        since, pid, moment = a.daemon.mark(), director_of(a.daemon), time.monotonic()
        a.daemon.send(signal.SIGUSR2)
        a.daemon.wait_for(r"vipd\.upgrade .*check=good", PATIENCE, since)
        a.daemon.wait_for(r"from=INIT to=ACTIVE why=goes_on", PATIENCE, since)
        a.daemon.wait_for(r"vipd\.ready", PATIENCE, since)
        t.check(a.daemon.alive() and director_of(a.daemon) != pid, "the same watchdog, another director")
        t.check(not scene.wire.adverts(since=moment, src=a.ip, prio=0), "no advert of priority 0")
        with open(f"{folder}/pid", encoding="ascii") as file:
            t.equal(int(file.read()), a.daemon.pid, "the file has its number still")

        t.part("upgrade to a program that refuses the file: nothing happens")
        good, pid = a.director.text(), director_of(a.daemon)
        with open(a.director.conf, "w", encoding="ascii") as file:
            file.write("nonsense = 1;\n")
        since = a.daemon.mark()
        a.daemon.send(signal.SIGUSR2)
        a.daemon.wait_for(r"vipd\.upgrade .*check=refused", PATIENCE, since)
        t.check(director_of(a.daemon) == pid, "the same director")
        with open(a.director.conf, "w", encoding="ascii") as file:
            file.write(good)

        t.part("garbage in the record")
        a.director.instances[0]["advert_ms"] = SHORT  # from the next start on
        for what in ("noise", "noise behind a good head"):
            a.director.kill()
            with open(record, "r+b") as file:
                head = 0 if what == "noise" else 64
                file.seek(head)
                file.write(os.urandom(os.path.getsize(record) - head))
            a.director.start()
            a.director.wait_state("web", "BACKUP", PATIENCE)
            a.director.wait_state("web", "ACTIVE", PATIENCE)
            t.check(a.daemon.alive(), f"{what}: begins as always")

        t.part("a stop is no crash")
        t.equal(a.director.stop(), 0, "exit status")
        t.check(not os.path.exists(f"{folder}/pid"), "the file of the number is gone")
        a.director.start()
        a.director.wait_state("web", "BACKUP", PATIENCE)
        t.check(not a.daemon.find("goes_on"), "begins as always")

        t.part("too late")
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        scene.wire.wait(Advert, PATIENCE, since=time.monotonic(), src=a.ip)
        a.director.kill()
        time.sleep(3 * SHORT / 1000 + SHORT / 1000 * 0.05)  # a peer may have taken over
        a.director.start()
        a.director.wait_state("web", "BACKUP", PATIENCE)
        t.check(not a.daemon.find("goes_on"), "begins as always")

        t.part("a file with errors, from the beginning")
        with open(f"{a.director.folder}/bad", "w", encoding="ascii") as file:
            file.write("nonsense = 1;\n")
        with Daemon([Vipd.program, "-f", f"{a.director.folder}/bad", "--handover=none"], ns=a.ns, watchdog=True) as bad:
            t.equal(bad.wait(PATIENCE), 2, "exit status")
        with Daemon([Vipd.program, "-f", a.director.conf, "--handover=none", "--control=none"], ns=a.ns,
                    watchdog=True) as second:
            t.equal(second.wait(PATIENCE), 1, "exit status of a second vipd")


def systemd(t):
    """What systemd is told."""
    with Scene(t) as scene, shm() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(f"{folder}/notify")
        said = []

        def listen():  # all the time: few fit into the socket, and what does not is lost
            while text := ear.recv(4096).decode():
                said.append(text)

        threading.Thread(target=listen, daemon=True).start()

        def expect(what, since=0):
            wait_until(lambda: any(what in text for text in said[since:]), PATIENCE, f"systemd is told {what}")

        a = watched(scene, "r1", [web(150, advert_ms=LONG)], folder, "--stall-limit=5")
        a.director.write()
        env = {**os.environ, "NOTIFY_SOCKET": f"{folder}/notify", "WATCHDOG_USEC": "400000"}
        a.director.daemon = Daemon(a.director.argv(), ns=a.ns, name="r1", env=env, watchdog=True)
        expect("READY=1")
        ready = next(text for text in said if "READY=1" in text)
        t.check(f"MAINPID={a.daemon.pid}" in ready, "READY=1 with the watchdog as MAINPID")
        a.daemon.wait_for(r"vrrp\.state inst=web", PATIENCE)
        expect("STATUS=generation 1; 1 of 1 instances ACTIVE")
        expect("WATCHDOG=1")

        since = len(said)
        a.director.reload()
        expect("RELOADING=1\nMONOTONIC_USEC=", since)
        expect("READY=1", since)

        pid = director_of(a.daemon)
        os.kill(pid, signal.SIGSTOP)
        log = a.daemon.mark()
        a.daemon.wait_for(r"role\.stalled", 5 + PATIENCE, log)
        a.daemon.wait_for(r"vipd\.ready", PATIENCE, log)
        since = len(said)
        expect("WATCHDOG=1", since)
        since = len(said)
        t.equal(a.director.stop(), 0, "exit status")
        expect("STOPPING=1", since)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", f"{folder}/notify")


def ended_between(t):
    t.part("a stop that comes when no director runs cleans up all the same")
    with Scene(t) as scene, shm() as folder:
        a = watched(scene, "r1", [web(150)], folder)
        a.director.start()
        scene.owners.wait(VIP, {"r1"})
        pid = director_of(a.daemon)
        a.daemon.wait_for(r"vipd\.ready", PATIENCE)
        a.daemon.send(signal.SIGSTOP)  # the watchdog sees both at once, in any order
        os.kill(pid, signal.SIGKILL)
        a.daemon.send(signal.SIGTERM)
        a.daemon.send(signal.SIGCONT)
        t.equal(a.daemon.wait(PATIENCE), 0, "exit status")
        t.check(VIP not in a.ns.run("ip", "-4", "addr", "show", "dev", "eth0").stdout, "the address is gone")
        a.daemon.wait_for(r"vipd\.resumed", PATIENCE)


def main():
    run_parts("netns-watchdog", [kills, stuck, restarts, ended_between, systemd])


if __name__ == "__main__":
    main()
