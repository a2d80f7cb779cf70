#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Adverts that no router should send, floods of them, and processes that are stopped for a while.

Nothing of it may change a state, put off an advert of the active router (V134) or the timer of a backup (V135).
keepalived stands beside vipd in the floods; it is known to fall silent, and its figures are printed only.
"""

import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Keepalived, Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene, ms  # noqa: E402
from rogue import Rogue, flood, packet  # noqa: E402
from wire import IPPROTO_VRRP, checksum  # noqa: E402

LATE = 0.030  # how much later than its interval an advert may leave under fire
N = 5         # of each kind


def two(prio):
    return instance("two", 2, prio, ["10.9.0.102/24"], advert_ms=1000, version=2)


def three(prio, vrid=3, vip="10.9.0.103/24"):
    return instance("three", vrid, prio, [vip], advert_ms=100)


# name, counter of vrrp.stats, instance, packet: each of priority 255, so that a router which takes it in will yield
KINDS = [
    ("one address less than it says", "length", "three", packet(vrid=3, count=2)),
    ("cut within the address", "length", "three", packet(vrid=3, cut=10)),
    ("four bytes more than it says", "length", "three", packet(vrid=3, tail=b"\0" * 4)),
    ("version 2 without its trailer", "length", "two", packet(vrid=2, version=2, interval=1, cut=12)),
    ("255 addresses, none there", "length", "three", packet(vrid=3, addresses=(), count=255)),
    ("bad checksum", "checksum", "three", packet(vrid=3, bad_sum=True)),
    ("bad checksum, version 2", "checksum", "two", packet(vrid=2, version=2, interval=1, bad_sum=True)),
    ("TTL 254", "ttl", "three", packet(vrid=3, ttl=254)),
    ("TTL 1, version 2", "ttl", "two", packet(vrid=2, version=2, interval=1, ttl=1)),
    ("version 2 where 3 is configured", "version", "three", packet(vrid=3, version=2, interval=1)),
    ("version 3 where 2 is configured", "version", "two", packet(vrid=2)),
    ("version 15", "version", "three", packet(vrid=3, version=15)),
    ("type 2", "type", "three", packet(vrid=3, kind=2)),
    ("type 0, version 2", "type", "two", packet(vrid=2, version=2, interval=1, kind=0)),
    ("no address", "count", "three", packet(vrid=3, addresses=())),
    ("no address, version 2", "count", "two", packet(vrid=2, version=2, interval=1, addresses=())),
    ("interval 0", "interval", "three", packet(vrid=3, interval=0)),
    ("interval 0 under reserved bits", "interval", "three", packet(vrid=3, interval=0xF000)),
    ("interval 0, version 2", "interval", "two", packet(vrid=2, version=2, interval=0)),
    ("interval 5 where 1 is configured, version 2", "interval", "two", packet(vrid=2, version=2, interval=5)),
    ("authentication type 1", "auth", "two", packet(vrid=2, version=2, interval=1, auth=1)),
    ("authentication type 2", "auth", "two", packet(vrid=2, version=2, interval=1, auth=2)),
]

# dropped before an instance is known
UNKNOWN = [packet(vrid=99), packet(vrid=0)]
SHORT = [packet(vrid=3, cut=0), packet(vrid=3, cut=4), packet(vrid=3, cut=7)]

# looks odd and is right (priority 50: it loses)
ODD = [packet(vrid=3, prio=50, options=b"\x01" * 4), packet(vrid=3, prio=50, pseudo=False),
       packet(vrid=3, prio=50, interval=0xF00A)]


def garbage(count=1000):
    """For virtual router 3: random messages, and right ones of priority 255 with some bits wrong."""
    dice = random.Random(1)
    good = packet(vrid=3)
    for n in range(count):
        if n % 2:
            data = bytearray(dice.randbytes(dice.randrange(60)))
        else:
            data = bytearray(byte ^ (dice.randrange(256) if dice.random() < 0.2 else 0) for byte in good[20:])
        data[1:2] = good[21:22]
        pseudo = good[12:20] + bytes([0, IPPROTO_VRRP, 0, len(data)])
        if checksum(bytes(data)) and checksum(pseudo + bytes(data)):  # else the noise has made a right one
            yield good[:20] + bytes(data)


def start_pair(scene, instances=three, **more):
    def make(prio):
        return [instances(prio)] if instances is three else instances(prio)
    a = scene.router("r1", Vipd, make(150), start=True, **more)
    for inst in a.director.instances:
        a.director.wait_state(inst["name"], "ACTIVE", PATIENCE)
    b = scene.router("r2", Vipd, make(100), start=True, **more)
    for inst in b.director.instances:
        b.director.wait_state(inst["name"], "BACKUP", PATIENCE)
        scene.owners.wait(pair.vips_of([inst])[0], {"r1"})
    return a, b


def on_time(scene, adverts, inst, what, late=LATE):
    gap, at = pair.gaps(adverts)[0]
    scene.bound(gap, inst["advert_ms"] / 1000 + late, at, at + gap,
                f"{what}: largest gap between adverts of {inst['name']}")
    return gap


def each_kind(t):
    t.part("each kind: counted by name, no effect")
    with Scene(t) as scene:
        a, b = start_pair(scene, lambda prio: [two(prio), three(prio)])
        rogue = Rogue(scene.host("rogue", "10.9.0.66/24"))
        seen, seen_b, begin = a.daemon.mark(), b.daemon.mark(), time.monotonic()
        for _ in range(N):
            for _, _, _, data in KINDS:
                rogue.send(data)
            for data in UNKNOWN + SHORT:
                rogue.send(data)
            time.sleep(0.11)
        for data in garbage():
            rogue.send(data)
        time.sleep(1.2)
        scene.check_quiet(a, seen, ["two", "three"], "bad adverts of priority 255")
        scene.check_quiet(b, seen_b, ["two", "three"], "bad adverts of priority 255")
        for inst in a.director.instances:
            mine = scene.wire.adverts(src=a.ip, since=begin - 1.1 * inst["advert_ms"] / 1000, vrid=inst["vrid"])
            on_time(scene, mine, inst, "bad adverts")

        t.part("odd, and right")
        for data in ODD:
            rogue.send(data)
            time.sleep(0.05)
        t.check(a.daemon.alive() and b.daemon.alive(), "both are alive")
        rogue.close()
        for router in (a, b):
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")
            for name in ("two", "three"):
                check_kinds(t, router, name)
            check_strays(t, router)
        t.check(pair.vrrp_stats(a.daemon, "three")["rx"] >= len(ODD), "the odd ones were taken in")
        scene.check_single(["10.9.0.102", "10.9.0.103"])


def check_kinds(t, router, name):
    """At least as many of each reason as were sent; the garbage adds to them."""
    stats = pair.vrrp_stats(router.daemon, name)
    sent = {}
    for _, reason, inst, _ in KINDS:
        if inst == name:
            sent[reason] = sent.get(reason, 0) + N
    t.note(f"{router.name} {name} {stats}")
    for reason, count in sent.items():
        got = stats.get("drop_" + reason, 0)
        exact = name == "two"  # no garbage is for it
        t.check(got == count if exact else count <= got <= count + 1000,
                f"{router.name} {name}: drop_{reason} is {got} after {count}")
    told = {line.match[1] for line in router.daemon.find(rf"vrrp\.drop inst={name} reason=(\w+) src=10\.9\.0\.66")}
    untold = sorted(sent.keys() - told)
    t.check(not untold, f"{router.name} {name}: each reason is told {untold or ''}".rstrip())


def check_strays(t, router):
    """What belongs to no instance is counted for the whole process; some of the garbage is short too."""
    counts = {line.match[1]: int(line.match[2]) for line in router.daemon.find(r"vipd\.stats (\w+)=(\d+)")}
    unknown, short = (counts.get(f"vrrp_packets_{what}_total", 0) for what in ("unknown_vrid", "short"))
    t.equal(unknown, N * len(UNKNOWN), f"{router.name}: packets of unknown virtual routers")
    t.check(short >= N * len(SHORT), f"{router.name}: short packets: {short}")


def backup_under_fire(t):
    t.part("the active dies while bad adverts of priority 255 pour in: the backup's timer is not put off")
    with Scene(t) as scene:
        a, b = start_pair(scene)
        bad = [data for _, _, inst, data in KINDS if inst == "three"]
        with flood(scene.host("rogue", "10.9.0.66/24"), bad, 400, 2) as fire:
            time.sleep(0.5)
            moment = time.monotonic()
            scene.die(a)
            took = scene.check_takeover(a, b, b.director.instances[0], moment)
            t.note(f"takeover under fire: {ms(took)}")
            fire.wait(5)


def resigns_twice(t):
    t.part("somebody resigns twice in a row, as keepalived does on a fault: no takeover from the active")
    with Scene(t) as scene:
        a, b = start_pair(scene)
        rogue = Rogue(scene.host("rogue", "10.9.0.66/24"))
        seen, seen_b, begin = a.daemon.mark(), b.daemon.mark(), time.monotonic()
        for n in range(20):
            for pause in (0.004, 0.3 + n * 0.005):
                rogue.send(packet(vrid=3, prio=0))
                time.sleep(pause)
        rogue.close()
        scene.check_quiet(a, seen, ["three"], "resigned twice")
        scene.check_quiet(b, seen_b, ["three"], "resigned twice")
        on_time(scene, scene.wire.adverts(src=a.ip, since=begin), a.director.instances[0], "resigned twice")


FLOODS = [  # what, packets a second, fields
    ("bad checksum", 4000, dict(bad_sum=True)),
    ("right, of lower priority", 2000, dict(prio=50)),
    ("right, of priority 0", 2000, dict(prio=0)),
]


def beside_keepalived(t):
    """The same floods for both programs, one after the other; each has a group of its own on the same network."""
    with Scene(t, listen=False) as scene:
        a, b = start_pair(scene)
        ka = scene.router("ka", Keepalived, [three(150, vrid=61, vip="10.9.0.161/24")], start=True)
        ka.director.wait_state("three", "ACTIVE", PATIENCE)
        rogue = scene.host("rogue", "10.9.0.66/24")
        for router in (a, b, ka):
            router.ear = scene.ear(router)
        for what, rate, more in FLOODS:
            t.part(f"flood: {what}, {rate} a second for 5 s")
            seen, seen_b = a.daemon.mark(), b.daemon.mark()
            begin, end, still = fire_at(scene, a, rogue, what, rate, packet(vrid=3, **more))
            on_time(scene, heard(a, begin, end), a.director.instances[0], what)
            most = (end - begin + 0.5) * 5 * 10  # one an interval, and four answers
            sent = len(heard(a, begin, end))
            t.check(sent <= most, f"{what}: no flood of answers: {sent}, at most {most:.0f}")
            if still > pair.down(b.director.instances[0]) / 2:
                t.note(f"a processor stood still for {ms(still)}: nothing to be said of takeovers")
                continue
            scene.check_quiet(a, seen, ["three"], f"flood, {what}")
            if more.get("prio") == 0:  # whoever can forge a resignation can make a backup take over: that is VRRP
                t.note(f"the backup took over {len(b.daemon.find('to=ACTIVE', seen_b))} times")
                continue
            scene.check_quiet(b, seen_b, ["three"], f"flood, {what}")
            t.check(not b.ear.adverts(since=begin), "the backup says nothing")
        for router in (a, b):
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")
            t.note(f"{router.name} {pair.vrrp_stats(router.daemon, 'three')}")
        t.note(a.daemon.wait_for(r"vrrp\.lateness .*", 2).match[0])
        got = pair.vrrp_stats(a.daemon, "three").get("drop_checksum", 0)
        t.check(got > 10000, f"vipd took in and counted {got} of 20000 bad checksums")
        for what, rate, more in FLOODS[:2]:
            fire_at(scene, ka, rogue, what, rate, packet(vrid=61, addresses=("10.9.0.161",), **more))


def heard(router, begin, end):
    return [x for x in router.ear.adverts(since=begin - 0.25, src=router.ip) if x.time < end + 0.25]


def fire_at(scene, router, rogue, what, rate, data):
    """Floods for 5 s, tells the router's largest silence; returns (begin, end, seconds of stand-still)."""
    t = scene.t
    time.sleep(0.3)
    begin = time.monotonic()
    with flood(rogue, [data], rate, 5) as fire:
        t.equal(fire.wait(15), 0, "exit status of the flood")
        sent = fire.find(r"sent=(\d+)")[0].match[1]
    end = time.monotonic()
    time.sleep(0.3)
    times = [begin, *(x.time for x in heard(router, begin, end) if begin < x.time < end), end]
    gap = max(after - before for before, after in zip(times, times[1:]))
    told = f"flood of {sent} adverts, {what}: largest silence of {type(router.director).__name__.lower()}, " \
           f"which sends every 100 ms: {ms(gap)}, {len(times) - 2} adverts"
    t.note("FLOOD " + told)
    print(told)
    return begin, end, scene.stalls.between(begin, end)


def backup_is_stopped(t):
    t.part("SIGSTOP of the backup for 5 s: no false takeover")
    with Scene(t) as scene:
        a, b = start_pair(scene)
        seen = b.daemon.mark()
        b.daemon.send(signal.SIGSTOP)
        time.sleep(5)
        b.daemon.send(signal.SIGCONT)
        time.sleep(1.5)
        t.check(not scene.wire.adverts(src=b.ip), f"not a single advert of it ({len(scene.wire.adverts(src=b.ip))})")
        scene.check_quiet(b, seen, ["three"], "stopped for 5 s")
        for _ in range(20):
            b.daemon.send(signal.SIGSTOP)
            time.sleep(0.4)
            b.daemon.send(signal.SIGCONT)
            time.sleep(0.02)
        t.check(not scene.wire.adverts(src=b.ip), "nor when it is stopped twenty times for longer than its timer")
        scene.check_single(["10.9.0.103"])


def active_is_stopped(t):
    t.part("SIGSTOP of the active: the other takes over; after SIGCONT the right one holds")
    with Scene(t) as scene:
        a, b = start_pair(scene)
        vip = "10.9.0.103"
        moment, seen, seen_b = time.monotonic(), a.daemon.mark(), b.daemon.mark()
        scene.cuts.append((moment, float("inf")))  # a stopped process cannot take its address away
        a.daemon.send(signal.SIGSTOP)
        scene.check_takeover(a, b, b.director.instances[0], moment)
        time.sleep(1)
        a.daemon.send(signal.SIGCONT)
        b.director.wait_state("three", "BACKUP", 5, seen_b)
        scene.owners.wait(vip, {"r1"})
        scene.end_cut()
        time.sleep(0.5)
        scene.check_quiet(a, seen, ["three"], "the better one was stopped and goes on")
        # with accept_local, who holds the address still answers the other's announcement, to the other alone
        mac = [g for g in scene.wire.garps(address=vip) if g.op == 1][-1].mac
        t.equal(mac, a.mac, "who announced the address last")

        t.part("SIGSTOP of the active; the other has become the better one meanwhile: it yields without a word")
        moment, seen, seen_b = time.monotonic(), a.daemon.mark(), b.daemon.mark()
        scene.cuts.append((moment, float("inf")))
        a.daemon.send(signal.SIGSTOP)
        b.director.instances[0]["prio"] = 200
        b.director.reload()
        b.director.wait_state("three", "ACTIVE", 5, seen_b)
        time.sleep(1)
        moment = time.monotonic()
        a.daemon.send(signal.SIGCONT)
        a.director.wait_state("three", "BACKUP", 5, seen)
        scene.owners.wait(vip, {"r2"})
        scene.end_cut()
        time.sleep(0.5)
        t.equal(len(scene.wire.adverts(since=moment, src=a.ip)), 0, "adverts of the one that was stopped")
        scene.check_quiet(b, b.daemon.find("to=ACTIVE", seen_b) and b.daemon.mark() - 1, ["three"], "the other goes on")
        scene.check_single([vip])


pair.run_parts("netns-hostile", [each_kind, backup_under_fire, resigns_twice, beside_keepalived, backup_is_stopped,
                                 active_is_stopped])
