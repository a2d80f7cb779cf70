#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What instances do beyond the plain election: sync groups, tracking, preemption, authentication by auth_hmac, peers that
are checked, start-up delays, and reloads that change one thing and disturb no other.

Where keepalived has the same, it is the other router.
"""

import datetime
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Keepalived, Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene, down, ms  # noqa: E402
from proc import wait_until  # noqa: E402
from rogue import Rogue, packet  # noqa: E402
from wire import Advert  # noqa: E402

KEY1, KEY2 = "k" * 32, "K" * 40


def two_links(scene, *routers):
    """A second link, eth1, for each router."""
    lan = scene.net.lan("lan1")
    for n, router in enumerate(routers):
        lan.join(router.ns, "eth1", f"10.8.0.{n + 1}/24")
    return lan


def on_both(prio):
    return [instance("in", 1, prio, ["10.9.0.100/24"]), instance("out", 2, prio, ["10.8.0.100/24"], device="eth1")]


GROUP = {Vipd: 'vrrp_sync_groups = ( { name = "g"; group = [ "in", "out" ]; } );\n',
         Keepalived: "vrrp_sync_group g {\n  group {\n    in\n    out\n  }\n}\n"}


def wait_both(router, state, since=0):
    for name in ("in", "out"):
        router.director.wait_state(name, state, PATIENCE, since)


def sync_group(t, better, worse):
    """One link of the active router is cut: both addresses move; it is mended: both come back."""
    with Scene(t) as scene:
        a = scene.router("a", better, on_both(150))
        b = scene.router("b", worse, on_both(100))
        lan = two_links(scene, a, b)
        for router in (a, b):
            router.director.more = GROUP[type(router.director)]
            router.director.start()
        wait_both(a, "ACTIVE")
        wait_both(b, "BACKUP")
        seen_a, seen_b, moment = a.daemon.mark(), b.daemon.mark(), time.monotonic()
        lan.cut(a.ns, "eth1")
        wait_both(a, "FAULT", seen_a)
        wait_both(b, "ACTIVE", seen_b)
        resigned = scene.wire.wait(Advert, PATIENCE, since=moment, vrid=1, prio=0, mac=a.mac)
        t.check(resigned, "the member whose link is well resigns")
        scene.owners.wait("10.9.0.100", {"b"})
        scene.owners.wait("10.8.0.100", {"b"})
        seen_a, seen_b = a.daemon.mark(), b.daemon.mark()
        lan.heal(a.ns, "eth1")
        lan.ns.ip(f"link set {lan.ports[a.ns, 'eth1']} up")
        wait_both(a, "ACTIVE", seen_a)
        wait_both(b, "BACKUP", seen_b)
        scene.owners.wait("10.9.0.100", {"a"})
        scene.owners.wait("10.8.0.100", {"a"})


def sync_group_of_vipd(t):
    sync_group(t, Vipd, Keepalived)


def sync_group_of_keepalived(t):
    sync_group(t, Keepalived, Vipd)


def one_beaten_takes_all(t):
    """A member that hears a higher priority yields, and the other follows without an advert of priority 0 (V96)."""
    with Scene(t) as scene:
        a = scene.router("a", Vipd, on_both(150))
        rogue = scene.host("rogue", "10.9.0.66/24")
        two_links(scene, a)
        a.director.more = GROUP[Vipd]
        a.director.start()
        wait_both(a, "ACTIVE")
        seen = a.daemon.mark()
        moment = time.monotonic()
        Rogue(rogue).send(packet(vrid=1, prio=200, interval=100))
        wait_both(a, "BACKUP", seen)
        t.check(a.daemon.find(r"vrrp\.state inst=out .*why=sync_group", seen), "the other member says why")
        a.daemon.wait_for(r"vrrp\.group group=g from=ACTIVE to=BACKUP", PATIENCE, seen)
        t.equal(len(a.daemon.find(r"vrrp\.group group=g from=ACTIVE", seen)), 1, "times that the group tells it")
        wait_both(a, "ACTIVE", seen)
        t.check(not scene.wire.adverts(since=moment, prio=0), "no advert of priority 0")


def tracking(t):
    """A tracked link takes 100 from the priority: the other router takes over, and gives back when it is well."""
    words = {Vipd: 'track_interface = ( { name = "eth1"; weight = -100; } );',
             Keepalived: "  track_interface {\n    eth1 weight -100\n  }"}
    with Scene(t) as scene:
        a = scene.router("a", Vipd, [instance("web", 1, 150, ["10.9.0.100/24"], vipd=words[Vipd])])
        b = scene.router("b", Keepalived, [instance("web", 1, 100, ["10.9.0.100/24"])])
        lan = two_links(scene, a, b)
        for router in (a, b):
            router.director.start()
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        b.director.wait_state("web", "BACKUP", PATIENCE)
        seen, seen_b = a.daemon.mark(), b.daemon.mark()
        moment = time.monotonic()
        lan.cut(a.ns, "eth1")
        b.director.wait_state("web", "ACTIVE", PATIENCE, seen_b)
        a.director.wait_state("web", "BACKUP", PATIENCE, seen)
        t.check(scene.wire.adverts(since=moment, mac=a.mac, prio=50), "it says its lower priority on the wire (V16)")
        t.check(a.daemon.find(r"vrrp\.priority inst=web from=150 to=50 ", seen), "and in the log")
        lan.ns.ip(f"link set {lan.ports[a.ns, 'eth1']} up")
        a.director.wait_state("web", "ACTIVE", PATIENCE, seen)


def track_file(t):
    """A number in a file is added to the priority; the file is written, moved into its place, taken away."""
    words = 'track_file = ( { name = "load"; weight = 1; }, { name = "stop"; weight = 0; } );'
    with Scene(t) as scene:
        a = scene.router("a", Vipd, [instance("web", 1, 100, ["10.9.0.100/24"], vipd=words)])
        folder = os.path.join(a.director.folder, "later")
        load, stop = os.path.join(a.director.folder, "load"), os.path.join(folder, "stop")
        a.director.more = (f'track_files = ( {{ name = "load"; file = "{load}"; init_file = "create"; init_value = 20; }},'
                           f' {{ name = "stop"; file = "{stop}"; }} );\n')
        a.director.start()
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        scene.wire.wait(Advert, PATIENCE, prio=120)
        with open(load, "w", encoding="ascii") as file:
            file.write("0x1e\n")
        scene.wire.wait(Advert, PATIENCE, prio=130)
        with open(load + ".new", "w", encoding="ascii") as file:
            file.write("-40 is the number")
        os.rename(load + ".new", load)
        scene.wire.wait(Advert, PATIENCE, prio=60)
        os.unlink(load)
        scene.wire.wait(Advert, PATIENCE, since=time.monotonic(), prio=100)
        seen = a.daemon.mark()
        os.mkdir(folder)
        with open(stop, "w", encoding="ascii") as file:
            file.write("1")
        a.director.wait_state("web", "FAULT", PATIENCE, seen)
        with open(stop, "w", encoding="ascii") as file:
            file.write("0")
        a.director.wait_state("web", "ACTIVE", PATIENCE, seen)
        seen = a.daemon.mark()
        a.director.more = a.director.more.replace('name = "stop"', 'name = "end"')
        a.director.instances[0]["vipd"] = words.replace("stop", "end")
        a.director.reload()
        a.daemon.wait_for(r"conf\.applied", PATIENCE, seen)
        with open(stop, "w", encoding="ascii") as file:
            file.write("1")
        a.director.wait_state("web", "FAULT", PATIENCE, seen)
        t.equal(a.director.stop(), 0, "exit status")


def link_delays(t):
    """A link that is down for less than its delay is not down; for longer, it is."""
    with Scene(t) as scene:
        a = scene.router("a", Vipd, [instance("web", 1, 150, ["10.9.0.100/24"],
                                              vipd='track_interface = ( { name = "eth1"; } );')])
        lan = two_links(scene, a)
        a.director.more = 'interface_up_down_delays = ( { interface = "eth1"; down = 1; up = "500ms"; } );\n'
        a.director.start()
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        seen = a.daemon.mark()
        port = lan.ports[a.ns, "eth1"]
        lan.ns.ip(f"link set {port} down")
        time.sleep(0.3)
        lan.ns.ip(f"link set {port} up")
        time.sleep(1.2)
        scene.check_quiet(a, seen, ["web"], "down for 300 ms")
        moment = time.monotonic()
        lan.ns.ip(f"link set {port} down")
        a.director.wait_state("web", "FAULT", PATIENCE, seen)
        # the kernel itself may keep news of a carrier for a second
        scene.bound(time.monotonic() - moment, 2.2, moment, time.monotonic(), "down counts after a second")
        t.check(time.monotonic() - moment > 0.99, "and not before")
        moment = time.monotonic()
        lan.ns.ip(f"link set {port} up")
        a.director.wait_state("web", "BACKUP", PATIENCE, seen)
        t.check(time.monotonic() - moment > 0.49, "up counts after half a second")


def preempt_delay(t):
    """V93 beside keepalived."""
    with Scene(t) as scene:
        b = scene.router("b", Keepalived, [instance("web", 1, 100, ["10.9.0.100/24"])], start=True)
        b.director.wait_state("web", "ACTIVE", PATIENCE)
        a = scene.router("a", Vipd, [instance("web", 1, 150, ["10.9.0.100/24"], vipd="preempt_delay = 2;")])
        a.director.start()
        a.director.wait_state("web", "BACKUP", PATIENCE)
        moment = time.monotonic()
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        took = time.monotonic() - moment
        t.check(took > 1.9, f"not before the delay: {ms(took)}")
        scene.bound(took, 2.0 + down(a.director.instances[0]) + 0.2, moment, time.monotonic(), "preempts after it")
        b.director.wait_state("web", "BACKUP", PATIENCE)


def start_up_delay(t):
    with Scene(t) as scene:
        a = scene.router("a", Vipd, [instance("web", 1, 150, ["10.9.0.100/24"])])
        a.director.more = "global_defs = { vrrp_startup_delay = 1; };\n"
        moment = time.monotonic()
        a.director.start()
        a.daemon.wait_for(r"vrrp\.hold delay_us=1000000", PATIENCE)
        a.director.wait_state("web", "BACKUP", PATIENCE)
        t.check(time.monotonic() - moment > 1.0, "nothing begins for a second (V56)")
        a.director.wait_state("web", "ACTIVE", PATIENCE)


def hmac(keys, active, mode="enforce"):
    listed = ", ".join(f'{{ id = {n}; key = "{key}"; }}' for n, key in keys.items())
    return f'auth_hmac = {{ keys = ( {listed} ); active_key = {active}; mode = "{mode}"; }};'


def auth_hmac(t):
    """Signed adverts; a change of keys while both run; and a rogue that cannot sign (V124 to V126)."""
    def web(prio, words, address):
        return [instance("web", 1, prio, [address], vipd=words), instance("six", 2, prio, ["fe80::100/64"], vipd=words)]
    old, new = {1: KEY1}, {1: KEY1, 2: KEY2}
    with Scene(t) as scene:
        rogue = scene.host("rogue", "10.9.0.66/24")
        a = scene.router("a", Vipd, web(150, hmac(old, 1), "10.9.0.100/24"), start=True)
        b = scene.router("b", Vipd, web(100, hmac(old, 1), "10.9.0.100/24"), start=True)
        for name in ("web", "six"):
            a.director.wait_state(name, "ACTIVE", PATIENCE)
            b.director.wait_state(name, "BACKUP", PATIENCE)
        seen_a, seen_b = a.daemon.mark(), b.daemon.mark()
        for keys, active in ((new, 1), (new, 2), ({2: KEY2}, 2)):
            for router, prio in ((a, 150), (b, 100)):
                router.director.instances = web(prio, hmac(keys, active), "10.9.0.100/24")
                mark = router.daemon.mark()
                router.director.reload()
                router.daemon.wait_for(r"conf\.applied", PATIENCE, mark)
            time.sleep(1)
        for router, seen in ((a, seen_a), (b, seen_b)):
            scene.check_quiet(router, seen, ["web", "six"], "new keys")
        sent = Rogue(rogue)
        for _ in range(20):
            sent.send(packet(vrid=1, prio=255))
            time.sleep(0.05)
        for router, seen in ((a, seen_a), (b, seen_b)):
            scene.check_quiet(router, seen, ["web", "six"], "adverts without a signature")
        frames = scene.wire.adverts(mac=a.mac, vrid=1)[-1].frame
        for _ in range(20):
            sent.send(frames[14:])
        time.sleep(0.5)
        scene.check_quiet(b, seen_b, ["web", "six"], "adverts that were sent before")
        for router in (a, b):
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")
            stats = pair.vrrp_stats(router.daemon, "web")
            t.check(stats.get("drop_auth", 0) >= 20, f"{router.name} counts what has no signature: {stats}")
            t.check(KEY1 not in router.daemon.tail(10000) and KEY2 not in router.daemon.tail(10000),
                    f"no key in the log of {router.name}")
        t.check(stats.get("drop_replay", 0) >= 10, f"b counts what was sent before: {stats}")


def peers(t):
    """Unicast: strangers and peers that are too far away are not heard; without an interface it works as well."""
    words = ('unicast_src_ip = "10.9.0.1"; unicast_peers = ( { address = "10.9.0.66"; min_ttl = 250; },'
             ' { address = "10.9.0.67"; } );')
    with Scene(t) as scene:
        rogue = scene.host("rogue", "10.9.0.66/24", "10.9.0.67/24")
        a = scene.router("a", Vipd, [instance("web", 1, 150, ["10.9.0.100/24 dev eth0"], vipd=words)])
        a.director.write = lambda: write_without_interface(a.director)
        a.director.start()
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        seen = a.daemon.mark()
        sent = Rogue(rogue)
        sent.send(packet(vrid=1, prio=255, src="10.9.0.68", dst="10.9.0.1"), 3)
        sent.send(packet(vrid=1, prio=255, src="10.9.0.66", dst="10.9.0.1", ttl=249), 3)
        sent.send(packet(vrid=1, prio=255, src="10.9.0.66"), 3)
        time.sleep(0.5)
        scene.check_quiet(a, seen, ["web"], "a stranger, one too far away, and the group")
        sent.send(packet(vrid=1, prio=255, src="10.9.0.66", dst="10.9.0.1", ttl=250))
        a.director.wait_state("web", "BACKUP", PATIENCE, seen)
        t.check({x.dst for x in scene.wire.adverts(mac=a.mac)} == {"10.9.0.66", "10.9.0.67"}, "a copy for each peer (V13)")
        t.equal(a.director.stop(), 0, "exit status")
        stats = pair.vrrp_stats(a.daemon, "web")
        t.check(stats.get("drop_peer", 0) == 3 and stats.get("drop_ttl", 0) == 3, f"counted: {stats}")


def write_without_interface(director):
    with open(director.conf, "w", encoding="ascii") as file:
        file.write(director.text().replace('interface = "eth0"; ', ""))


def wait_held(scene, router):
    """Exactly the addresses of the configuration are there."""
    wait_until(lambda: {v for v in (f"10.9.0.{n}" for n in range(101, 113)) if scene.owners.now(v)} ==
               set(pair.vips_of(router.director.instances)), PATIENCE, "the addresses are those of the configuration")


def lone_owner(t):
    """An owner that has no other address than the virtual one sends from it. The router that has it meanwhile takes the
    packets all the same (accept_local), and yields."""
    vip, switch = "10.9.0.100", "/proc/sys/net/ipv4/conf/eth0/accept_local"
    with Scene(t) as scene:
        a = scene.router("owner", Vipd, [instance("x", 1, 255, [vip + "/24"])])
        a.ns.ip("addr del 10.9.0.1/24 dev eth0", f"addr add {vip}/24 dev eth0")
        b = scene.router("b", Vipd, [instance("x", 1, 100, [vip + "/24"])])
        before = b.ns.run("cat", switch).stdout
        a.director.start()
        a.director.wait_state("x", "ACTIVE", PATIENCE)
        b.director.start()
        b.director.wait_state("x", "BACKUP", PATIENCE)
        t.equal(b.ns.run("cat", switch).stdout, before, "a backup leaves accept_local alone")
        scene.cuts.append((time.monotonic(), float("inf")))
        scene.lan.mute(a.ns, "eth0")
        b.director.wait_state("x", "ACTIVE", PATIENCE)
        scene.owners.wait(vip, {"owner", "b"})
        t.equal(b.ns.run("cat", switch).stdout, "1\n", "accept_local while it has the address")
        seen, moment = b.daemon.mark(), time.monotonic()
        scene.lan.heal(a.ns, "eth0")
        line = b.director.wait_state("x", "BACKUP", PATIENCE, seen)
        t.note(f"yields after {ms(line.time - moment)}")
        scene.owners.wait(vip, {"owner"})
        t.check(scene.wire.adverts(src=vip, mac=a.mac, prio=255), "the owner sends from the virtual address")
        wait_until(lambda: b.ns.run("cat", switch).stdout == before, PATIENCE, "accept_local is put back")
        t.equal(b.director.stop(), 0, "exit status")


def reloads(t):
    """Forty reloads that add, take away and change instances, groups, peers and trackers: whatever is in both
    configurations and needs no new start goes on as it was."""
    dice = random.Random(20261124)

    def any_instance(n):
        options = ["", "", "preempt_delay = 5;", "down_timer_adverts = 5;", 'track_interface = ( "lo" );',
                   "lower_prio_no_advert = true;"]
        return instance(f"i{n}", n, dice.choice((100, 150, 200)), [f"10.9.0.{100 + n}/24"], vipd=dice.choice(options))

    def any_groups(names):
        names = dice.sample(names, len(names))
        cuts = sorted(dice.sample(range(len(names)), 2))
        parts = [p for p in (names[:cuts[0]], names[cuts[0]:cuts[1]]) if len(p) > 1]
        listed = ", ".join(f'{{ name = "g{n}"; group = [ {", ".join(f"""{chr(34)}{p}{chr(34)}""" for p in part)} ]; }}'
                           for n, part in enumerate(parts))
        return f"vrrp_sync_groups = ( {listed} );\n"

    with Scene(t) as scene:
        a = scene.router("a", Vipd, [any_instance(n) for n in range(1, 13)], start=True)
        wait_held(scene, a)
        for _ in range(40):
            before = {i["name"]: i for i in a.director.instances}
            kept = [n for n in range(1, 13) if dice.random() < 0.8]
            a.director.instances = [before[f"i{n}"] if f"i{n}" in before and dice.random() < 0.6 else any_instance(n)
                                    for n in kept]
            a.director.more = any_groups([i["name"] for i in a.director.instances]) if dice.random() < 0.6 else ""
            mark, stamp = a.daemon.mark(), datetime.datetime.utcnow().isoformat()
            a.director.reload()
            a.daemon.wait_for(r"conf\.applied", PATIENCE, mark)
            wait_held(scene, a)
            # by the line's own time: one of before may be read late
            still = [i["name"] for i in a.director.instances if i["name"] in before]
            moved = [line.text for name in still for line in a.daemon.find(rf"vrrp\.state inst={name} ", mark)
                     if line.text > stamp]
            if not t.check(not moved, f"{len(still)} instances go on over a reload {moved or ''}".rstrip()):
                break


pair.run_parts("netns-vrrp", [sync_group_of_vipd, sync_group_of_keepalived, one_beaten_takes_all, tracking, track_file,
                              link_delays,
                              lone_owner, preempt_delay, start_up_delay, auth_hmac, peers, reloads])
