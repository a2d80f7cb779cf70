#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Links that misbehave: more events than the kernel keeps for vipd, interfaces that vanish, are renamed and come back
as another one, a link that flaps a thousand times. What is right then is right at once, and nothing grows.
"""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene, ms  # noqa: E402
from proc import wait_until  # noqa: E402
from wire import Advert  # noqa: E402

VIP, FLAPS, EVENTS = "10.9.0.100", 1000, 10000
GROWTH = 4 << 20  # bytes of resident memory


def web(prio):
    return instance("web", 51, prio, [VIP + "/24", "10.9.0.101/24"], advert_ms=100)


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def overrun(t):
    t.part(f"{EVENTS} events while vipd stands still: some are lost, and the state is right all the same")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [web(150)])
        a.ns.ip("link add flap0 type bridge", "link add gone0 type bridge")
        a.director.start()
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        scene.owners.wait(VIP, {"r1"})
        seen = a.daemon.mark()
        a.daemon.send(signal.SIGSTOP)
        a.ns.ip(f"addr del {VIP}/24 dev eth0", "link del gone0",
                *["link set flap0 up", "link set flap0 down"] * (EVENTS // 4),
                *["addr add 10.8.0.1/24 dev flap0", "addr del 10.8.0.1/24 dev flap0"] * (EVENTS // 4),
                "link set flap0 name flap1", "addr add 10.8.0.2/24 dev flap1")
        a.daemon.send(signal.SIGCONT)
        a.daemon.wait_for(r"link\.resync", PATIENCE, seen)
        scene.owners.wait(VIP, {"r1"})
        a.daemon.wait_for(r"vip\.lost inst=web", PATIENCE, seen)
        t.check(not a.daemon.find(r"vrrp\.state ", seen), "no transition")
        seen = a.daemon.mark()
        a.ns.ip(f"addr del {VIP}/24 dev eth0")
        a.daemon.wait_for(r"vip\.lost inst=web", PATIENCE, seen)
        scene.owners.wait(VIP, {"r1"})
        t.equal(a.director.stop(), 0, "exit status")


def flap(t):
    t.part(f"a link that flaps {FLAPS} times")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [web(150)], start=True)
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        b = scene.router("r2", Vipd, [web(100)], start=True)
        b.director.wait_state("web", "BACKUP", PATIENCE)
        scene.owners.wait(VIP, {"r1"})
        port = scene.lan.ports[a.ns, "eth0"]
        scene.cuts.append((time.monotonic(), float("inf")))
        scene.lan.ns.ip(*[f"link set {port} down", f"link set {port} up"] * 20)
        before = descriptors(a.daemon.pid), resident(a.daemon.pid)
        begin = time.monotonic()
        for _ in range(FLAPS // 50):
            scene.lan.ns.ip(*[f"link set {port} down", f"link set {port} up"] * 50)
        t.note(f"{FLAPS} times in {ms(time.monotonic() - begin)}")
        moment = time.monotonic()
        scene.wire.wait(Advert, PATIENCE, since=moment, count=5, src=a.ip)
        for vip in VIP, "10.9.0.101":
            scene.owners.wait(vip, {"r1"})
        scene.end_cut()
        t.equal(descriptors(a.daemon.pid), before[0], "open descriptors")
        t.check(resident(a.daemon.pid) - before[1] < GROWTH, "resident memory does not grow")
        scene.check_single([VIP])
        for router in a, b:
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")


def first_of_subnet(t):
    t.part("our address is the first of its subnet: when it goes, the operator's stays")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [web(150)])
        switch = "net.ipv4.conf.eth0.promote_secondaries"
        a.ns.sysctl({switch: 0})
        a.director.start()
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        scene.owners.wait(VIP, {"r1"})
        seen = a.daemon.mark()
        a.ns.ip("addr add 10.8.0.1/24 dev eth0", "addr del 10.9.0.1/24 dev eth0")
        # sent from the other address it stays active, and its own are put back
        a.daemon.wait_for(r"vip\.lost inst=web", PATIENCE, seen)
        scene.owners.wait(VIP, {"r1"})
        a.ns.ip("addr add 10.9.0.8/24 dev eth0")
        t.equal(a.director.stop(), 0, "exit status")
        shown = a.ns.run("ip", "-4", "addr", "show", "dev", "eth0").stdout
        t.check("10.9.0.8/24" in shown, "the operator's address is there")
        t.check(VIP not in shown, "ours is not")
        t.equal(a.ns.run("sysctl", "-n", switch).stdout.strip(), "0", "the switch is as it was")


def another_interface(t):
    t.part("the interface is renamed, another takes its name, it vanishes and comes back")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [web(150)], start=True)
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        scene.owners.wait(VIP, {"r1"})
        seen = a.daemon.mark()
        a.ns.ip("link set eth0 down", "link set eth0 name old0")
        a.director.wait_state("web", "FAULT", PATIENCE, seen)
        seen = a.daemon.mark()
        scene.lan.join(a.ns, "eth0", "10.9.0.7/24")
        a.director.wait_state("web", "ACTIVE", PATIENCE, seen)
        moment = time.monotonic()
        scene.wire.wait(Advert, PATIENCE, since=moment, src="10.9.0.7", mac=a.ns.mac("eth0"))
        wait_until(lambda: VIP in a.ns.run("ip", "-4", "addr", "show", "dev", "eth0").stdout, PATIENCE,
                   "the new interface has the address")
        wait_until(lambda: VIP not in a.ns.run("ip", "-4", "addr", "show", "dev", "old0").stdout, PATIENCE,
                   "the old one has it no more")
        seen = a.daemon.mark()
        a.ns.ip("link del eth0")
        a.director.wait_state("web", "FAULT", PATIENCE, seen)
        seen = a.daemon.mark()
        a.ns.ip("link set old0 name eth0", "link set eth0 up")
        a.director.wait_state("web", "ACTIVE", PATIENCE, seen)
        scene.owners.wait(VIP, {"r1"})
        seen = a.daemon.mark()
        a.ns.ip("addr del 10.9.0.1/24 dev eth0", "addr add 10.9.0.8/24 dev eth0")
        moment = time.monotonic()
        scene.wire.wait(Advert, PATIENCE, since=moment, src="10.9.0.8")
        t.equal(a.director.stop(), 0, "exit status")


pair.run_parts("netns-links", [overrun, flap, first_of_subnet, another_interface])
