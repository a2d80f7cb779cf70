#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vipd against vipd: who is active, how fast the other takes over, and that nothing else moves.

After SIGKILL the dead vipd's kernel keeps the address, by design: only a vipd takes addresses away. A machine that is
really dead has no link either, so these parts cut the cable at the same moment, and "one holder at every sampled
moment" counts from the moment on at which the restarted vipd has removed what was left behind.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene, ms, vips_of  # noqa: E402
from proc import wait_until  # noqa: E402
from wire import Advert, Garp  # noqa: E402


def trio(prio):
    """Version 2, and version 3 at two speeds, side by side on one interface."""
    return [instance("two", 2, prio, ["10.9.0.102/24"], advert_ms=1000, version=2),
            instance("fast", 100, prio, ["10.9.0.110/24", "10.9.0.112/32"], advert_ms=100),
            instance("faster", 10, prio, ["10.9.0.111/24"], advert_ms=10)]


NAMES = [inst["name"] for inst in trio(1)]
VIPS = vips_of(trio(1))


def one(prio, vrid=51, vip="10.9.0.100/24", **more):
    return instance("web", vrid, prio, [vip], advert_ms=100, **more)


def wait_all(router, state, since=0, names=NAMES):
    for name in names:
        router.director.wait_state(name, state, PATIENCE, since)


def priorities_and_deaths(t):
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, trio(150), start=True)
        b = scene.router("r2", Vipd, trio(100))
        better, worse = a.director.instances, b.director.instances

        t.part("the better one is active")
        wait_all(a, "ACTIVE")
        b.director.start()
        wait_all(b, "BACKUP")
        for inst in better:
            scene.check_garp(a, inst, 0)
        time.sleep(max(pair.down(i) for i in worse) + 0.1)
        t.check(not b.daemon.find("to=ACTIVE"), "the worse one never becomes active beside the better")
        t.check(not scene.wire.adverts(src=b.ip), "the worse one says nothing")
        for vip in VIPS:
            t.equal(scene.owners.now(vip), {"r1"}, f"holder of {vip}")

        t.part("clean stop: priority 0, Skew_Time, takeover")
        moment = time.monotonic()
        t.equal(a.director.stop(), 0, "exit status of a clean stop")
        for inst in worse:
            scene.check_resigned(a, b, inst, moment)
            scene.check_garp(b, inst, moment)
        t.equal(len(scene.wire.adverts(since=moment, src=a.ip, prio=0)), len(NAMES), "adverts of priority 0")
        wait_all(b, "ACTIVE")
        for vip in VIPS:
            scene.owners.wait(vip, {"r2"})

        t.part("hand-back when the better one returns")
        hand_back(scene, a, b)

        t.part("SIGKILL: takeover when the down timer has run out")
        moment = time.monotonic()
        scene.die(a)
        for inst in worse:
            took = scene.check_takeover(a, b, inst, moment)
            t.note(f"takeover {inst['name']} version {inst['version']} {inst['advert_ms']} ms: {ms(took)}")
            scene.check_garp(b, inst, moment)

        t.part("the dead one returns: what was left behind is removed, then hand-back")
        t.check(all("r1" in scene.owners.now(v) for v in VIPS), "the killed vipd's kernel keeps the addresses")
        hand_back(scene, a, b, dead=True)

        t.part("second announcement 5 s after the first (G3)")
        moment = scene.wire.garps(address=VIPS[-1], mac=a.mac)[-1].time
        scene.wire.wait(Garp, 7, since=moment + 1, count=5, address=VIPS[-1], mac=a.mac)
        second = scene.wire.garps(since=moment + 1, address=VIPS[-1], mac=a.mac)
        t.check(len(second) == 5 and abs(second[0].time - moment - 5) < 0.2,
                f"{len(second)} frames again after {second[0].time - moment:.2f} s")

        scene.check_single(VIPS)
        for router in (a, b):
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")
            for name in NAMES:
                check_counters(t, router, name)
            late = router.daemon.find(r"vrrp\.lateness adverts=\d+ max_us=(\d+)")
            t.check(len(late) == 1, f"{router.name} tells the lateness of its adverts at stop: "
                                    f"{late[0].match[0] if late else 'no line'}")


def check_counters(t, router, name):
    stats = pair.vrrp_stats(router.daemon, name)
    drops = {key: value for key, value in stats.items() if key.startswith("drop_") and key != "drop_state"}
    t.check(not drops and not stats["tx_fail"], f"{router.name} {name}: no drop, no failure to send {stats}")


def hand_back(scene, a, b, dead=False):
    """a returns, b is active until a's down timer runs out."""
    moment, seen = time.monotonic(), b.daemon.mark()
    if dead:
        scene.come_back(a, VIPS)
        scene.t.check(not a.daemon.find(r"inst=two .*to=ACTIVE"), "what was left behind is removed in BACKUP")
    else:
        a.director.start()
    wait_all(a, "ACTIVE")
    wait_all(b, "BACKUP", seen)
    for inst in a.director.instances:
        vrid = inst["vrid"]
        first = scene.wire.wait(Advert, PATIENCE, since=moment, src=a.ip, vrid=vrid)[0]
        last = scene.wire.adverts(src=b.ip, vrid=vrid)[-1]
        scene.bound(max(0, last.time - first.time), 0.030, first.time, last.time + 0.001,
                    f"{inst['name']}: the worse one falls silent after the better one's first advert")
        scene.t.check(not scene.wire.adverts(since=moment, src=b.ip, vrid=vrid, prio=0),
                      f"{inst['name']}: who yields sends no priority 0 (V87)")
        scene.check_garp(a, inst, moment)
    for vip in VIPS:
        scene.owners.wait(vip, {"r1"})


def equal_priority(t):
    t.part("equal priority: in BACKUP no tie-break, between two active ones the higher address")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [one(100)], start=True)
        wait_all(a, "ACTIVE", names=["web"])
        b = scene.router("r2", Vipd, [one(100)], start=True)
        wait_all(b, "BACKUP", names=["web"])
        time.sleep(1)
        t.check(not b.daemon.find("to=ACTIVE"), "an equal one stays in BACKUP, whatever its address (V83)")
        scene.cuts.append((time.monotonic(), float("inf")))
        scene.lan.mute(b.ns, "eth0")
        wait_all(b, "ACTIVE", names=["web"])
        scene.lan.heal(b.ns, "eth0")
        seen = a.daemon.mark()
        wait_all(a, "BACKUP", seen, names=["web"])
        scene.owners.wait("10.9.0.100", {"r2"})
        scene.end_cut()
        t.check(not b.daemon.find("from=ACTIVE"), "the one with the higher address stays active (V88, V89)")
        time.sleep(0.5)
        t.equal(scene.owners.now("10.9.0.100"), {"r2"}, "holder after the cut")
        t.check(not scene.wire.adverts(src=a.ip, since=a.daemon.lines[-1].time + 0.1), "the lower address is silent")
        scene.check_single(["10.9.0.100"])


def nopreempt(t):
    t.part("nopreempt: the better one waits until the other is gone")
    with Scene(t) as scene:
        b = scene.router("r1", Vipd, [one(100)], start=True)
        wait_all(b, "ACTIVE", names=["web"])
        a = scene.router("r2", Vipd, [one(150, nopreempt=True)], start=True)
        wait_all(a, "BACKUP", names=["web"])
        time.sleep(1.5)
        t.check(not a.daemon.find("to=ACTIVE"), "a better one with nopreempt does not take over")
        moment = time.monotonic()
        b.director.stop()
        scene.check_resigned(b, a, a.director.instances[0], moment)
        b.director.start()
        wait_all(b, "BACKUP", names=["web"])
        time.sleep(0.6)
        t.equal(scene.owners.now("10.9.0.100"), {"r2"}, "holder at the end")
        scene.check_single(["10.9.0.100"])


def owner(t):
    t.part("owner: priority 255 is active at once and keeps its own address at stop")
    vip = "10.9.0.200"
    with Scene(t) as scene:
        b = scene.router("r1", Vipd, [one(254, vip=vip + "/24")], start=True)
        wait_all(b, "ACTIVE", names=["web"])
        moment, seen = time.monotonic(), b.daemon.mark()
        a = scene.router("r2", Vipd, [one(255, vip=vip + "/24")], extra=[vip + "/24"])
        a.director.start()
        wait_all(a, "ACTIVE", names=["web"])
        t.check(not a.daemon.find("to=BACKUP"), "the owner was never in BACKUP (V74)")
        first = scene.wire.wait(Advert, 1, since=moment, src=a.ip, vrid=51)[0]
        t.equal(first.prio, 255, "priority of its first advert")
        scene.bound(first.time - a.daemon.started, 0.3, a.daemon.started, first.time, "start to first advert")
        wait_all(b, "BACKUP", seen, names=["web"])
        scene.owners.wait(vip, {"r2"})
        scene.check_garp(a, a.director.instances[0], moment)
        t.equal(a.director.stop(), 0, "exit status")
        t.check(f"{vip}/24" in a.ns.run("ip", "-4", "addr", "show", "dev", "eth0").stdout,
                "the owner's own address stays when vipd stops")
        t.equal(len(scene.wire.adverts(since=moment, src=a.ip, prio=0)), 1, "it resigns once")


def owner_of_only_address(t):
    t.part("an owner whose only address is the virtual one cannot be heard by a Linux router that holds it: it says so")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [one(255, vip="10.9.0.1/24")], start=True)
        wait_all(a, "ACTIVE", names=["web"])
        a.daemon.wait_for(r"warning vrrp\.owner inst=web iface=eth0 src=10\.9\.0\.1$", 2)
        t.equal(a.director.stop(), 0, "exit status")


def kernel_changes(t):
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [one(150)], start=True)
        wait_all(a, "ACTIVE", names=["web"])
        b = scene.router("r2", Vipd, [one(100)], start=True)
        wait_all(b, "BACKUP", names=["web"])
        scene.owners.wait("10.9.0.100", {"r1"})

        t.part("an address removed by hand comes back")
        seen, moment = a.daemon.mark(), time.monotonic()
        a.ns.ip("addr del 10.9.0.100/24 dev eth0")
        a.daemon.wait_for(r"vip\.lost inst=web", 5, seen)
        scene.owners.wait("10.9.0.100", {"r1"})
        back = scene.wire.wait(Garp, 5, since=moment, count=5, address="10.9.0.100", mac=a.mac)[0]
        scene.bound(back.time - moment, 0.5, moment, back.time, "removed by hand, announced again")
        scene.check_quiet(a, seen, ["web"], "address removed by hand")

        t.part("a foreign address comes and goes")
        seen = a.daemon.mark()
        a.ns.ip("addr add 10.9.0.77/24 dev eth0", "addr del 10.9.0.77/24 dev eth0")
        time.sleep(0.5)
        t.equal(scene.owners.now("10.9.0.100"), {"r1"}, "holder")
        scene.check_quiet(a, seen, ["web"], "foreign address came and went")

        for name, down, up in (("interface set down", lambda: a.ns.ip("link set eth0 down"),
                                lambda: a.ns.ip("link set eth0 up")),
                               ("cable pulled", lambda: scene.lan.cut(a.ns, "eth0"),
                                lambda: scene.lan.heal(a.ns, "eth0"))):
            t.part(f"{name}: FAULT, takeover, back")
            link_goes(scene, a, b, name, down, up)

        t.part("own address removed and given back")
        link_goes(scene, a, b, "own address removed", lambda: a.ns.ip("addr flush dev eth0"),
                  lambda: a.ns.ip(f"addr add {a.ip}/24 dev eth0"), can_resign=True)

        t.part("interface deleted and made again")
        link_goes(scene, a, b, "interface deleted", lambda: a.ns.ip("link del eth0"),
                  lambda: scene.lan.join(a.ns, "eth0", f"{a.ip}/24"))
        scene.check_single(["10.9.0.100"])
        t.equal(a.director.stop(), 0, "exit status")


def link_goes(scene, a, b, name, down, up, can_resign=False):
    t = scene.t
    seen, seen_b, moment = a.daemon.mark(), b.daemon.mark(), time.monotonic()
    scene.cuts.append((moment, float("inf")))
    down()
    fault = a.director.wait_state("web", "FAULT", 5, seen)
    scene.bound(fault.time - moment, 0.5, moment, fault.time, f"{name}: FAULT")
    check = scene.check_resigned if can_resign else scene.check_takeover
    took = check(a, b, b.director.instances[0], moment)
    t.note(f"takeover after {name}: {ms(took)}")
    scene.owners.wait("10.9.0.100", {"r2"})
    back = time.monotonic()
    up()
    a.director.wait_state("web", "BACKUP", 5, seen)
    a.director.wait_state("web", "ACTIVE", 5, seen)
    b.director.wait_state("web", "BACKUP", 5, seen_b)
    scene.end_cut()  # a bridge may forward up to a second after the carrier is back
    scene.owners.wait("10.9.0.100", {"r1"})
    scene.check_garp(a, a.director.instances[0], back)
    states = [line.match[1] for line in a.daemon.find(r"vrrp\.state .*to=(\w+)", seen)]
    t.equal(states, ["FAULT", "BACKUP", "ACTIVE"], f"{name}: states in order")


def reload(t):
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, trio(150), start=True)
        b = scene.router("r2", Vipd, trio(100), start=True)
        wait_all(a, "ACTIVE")
        wait_all(b, "BACKUP")
        for vip in VIPS:
            scene.owners.wait(vip, {"r1"})

        t.part("reload: priority raised on the other, lowered again")
        begin, start_a, start_b = time.monotonic(), a.daemon.mark(), b.daemon.mark()
        reload_and(scene, b, lambda: b.director.instances[1].update(prio=200))
        b.director.wait_state("fast", "ACTIVE", 5, start_b)
        a.director.wait_state("fast", "BACKUP", 5, start_a)
        scene.owners.wait("10.9.0.110", {"r2"})
        seen_a, seen_b = a.daemon.mark(), b.daemon.mark()
        reload_and(scene, b, lambda: b.director.instances[1].update(prio=100))
        a.director.wait_state("fast", "ACTIVE", 5, seen_a)
        b.director.wait_state("fast", "BACKUP", 5, seen_b)
        scene.owners.wait("10.9.0.110", {"r1"})
        returned = time.monotonic()
        scene.check_quiet(a, start_a, ["two", "faster"], "priority of another instance changed")
        scene.check_quiet(b, start_b, ["two", "faster"], "priority of another instance changed")

        t.part("reload: an instance more, an instance less, while the others stay")
        seen_a, seen_b = a.daemon.mark(), b.daemon.mark()
        extra = [instance("extra", 77, prio, ["10.9.0.177/32"], advert_ms=100) for prio in (150, 100)]
        reload_and(scene, a, lambda: a.director.instances.append(extra[0]))
        reload_and(scene, b, lambda: b.director.instances.append(extra[1]))
        a.director.wait_state("extra", "ACTIVE", 5, seen_a)
        b.director.wait_state("extra", "BACKUP", 5, seen_b)
        scene.owners.wait("10.9.0.177", {"r1"})
        moment = time.monotonic()
        reload_and(scene, a, lambda: a.director.instances.remove(extra[0]))
        scene.check_resigned(a, b, extra[1], moment)
        scene.owners.wait("10.9.0.177", {"r2"})
        a.daemon.wait_for(r"vrrp\.stats inst=extra ", 5, seen_a)
        reload_and(scene, b, lambda: b.director.instances.remove(extra[1]))
        wait_until(lambda: not scene.owners.now("10.9.0.177"), 5, "nobody holds the address of a removed instance")
        for router, seen in ((a, seen_a), (b, seen_b)):
            scene.check_quiet(router, seen, NAMES, "instance added and removed")

        t.part("reload: another list of addresses")
        seen_a, moment = a.daemon.mark(), time.monotonic()
        reload_and(scene, a, lambda: a.director.instances[1].update(addresses=["10.9.0.113/32", "10.9.0.112/32"]))
        scene.owners.wait("10.9.0.113", {"r1"})
        wait_until(lambda: not scene.owners.now("10.9.0.110"), 5, "an address that left the list is gone")
        t.equal(scene.owners.now("10.9.0.112"), {"r1"}, "holder of the address that stayed")
        t.check([names for since, end, names in scene.owners.spans("10.9.0.112") if end > moment] == [{"r1"}],
                "the address that stayed was never away")
        scene.wire.wait(Garp, 3, since=moment, count=5, address="10.9.0.113", mac=a.mac)
        advert = scene.wire.wait(Advert, 2, since=moment + 0.2, src=a.ip, vrid=100)[0]
        t.equal(advert.addresses, ("10.9.0.113", "10.9.0.112"), "addresses in the advert, in the file's order (V22)")
        scene.check_quiet(a, seen_a, NAMES, "list of addresses changed")
        b.daemon.wait_for(r"vrrp\.peer inst=fast .*differs=addresses", 5)

        t.part("adverts left on time through all reloads")
        time.sleep(1.5)
        for inst in trio(1):
            mine = scene.wire.adverts(src=a.ip, vrid=inst["vrid"], since=returned if inst["name"] == "fast" else begin)
            gap, at = pair.gaps(mine)[0]
            scene.bound(gap, inst["advert_ms"] / 1000 + 0.05, at, at + gap, f"{inst['name']}: largest gap of adverts")
        scene.check_single([v for v in VIPS if v != "10.9.0.110"] + ["10.9.0.177"])
        for router in (a, b):
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")
            for vip in VIPS + ["10.9.0.113", "10.9.0.177"]:
                t.check(vip not in router.ns.run("ip", "-4", "addr").stdout, f"{router.name} leaves no {vip}")


def reload_and(scene, router, change):
    seen = router.daemon.mark()
    change()
    router.director.reload()
    router.daemon.wait_for(r"conf\.applied gen=", 5, seen)


def same_vrid_on_two_links(t):
    t.part("the same virtual router id on two interfaces: two groups")
    with Scene(t) as scene:
        other = scene.net.lan("lan2")
        routers = []
        for n, prio in (1, 150), (2, 100):
            second = instance("web2", 51, prio, ["10.8.0.100/24"], advert_ms=100, device="eth1")
            router = scene.router(f"r{n}", Vipd, [one(prio), second])
            other.join(router.ns, "eth1", f"10.8.0.{n}/24")
            router.director.start()
            routers.append(router)
        a, b = routers
        wait_all(a, "ACTIVE", names=["web", "web2"])
        wait_all(b, "BACKUP", names=["web", "web2"])
        for vip in ("10.9.0.100", "10.8.0.100"):
            scene.owners.wait(vip, {"r1"})
        seen, seen_b = a.daemon.mark(), b.daemon.mark()
        scene.cuts.append((time.monotonic(), float("inf")))
        other.cut(a.ns, "eth1")
        b.director.wait_state("web2", "ACTIVE", 5, seen_b)
        scene.owners.wait("10.8.0.100", {"r2"})
        t.equal(scene.owners.now("10.9.0.100"), {"r1"}, "holder on the other link")
        other.heal(a.ns, "eth1")
        a.director.wait_state("web2", "ACTIVE", 5, seen)
        b.director.wait_state("web2", "BACKUP", 5, seen_b)
        scene.end_cut()  # as in link_goes()
        scene.owners.wait("10.8.0.100", {"r1"})
        scene.check_quiet(a, seen, ["web"], "link of the other group lost")
        scene.check_quiet(b, seen_b, ["web"], "link of the other group lost")
        scene.check_single(["10.9.0.100", "10.8.0.100"])
        for router in (a, b):
            t.equal(router.director.stop(), 0, "exit status")
            for name in ("web", "web2"):
                check_counters(t, router, name)


pair.run_parts("netns-takeover", [priorities_and_deaths, equal_priority, nopreempt, owner, owner_of_only_address,
                                  kernel_changes, reload, same_vrid_on_two_links])
