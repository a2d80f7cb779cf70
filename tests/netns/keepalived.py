#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vipd against Debian's keepalived, in both roles: both versions, both families, multicast and unicast, and what
version 2 has of authentication.

Both think well of each other's adverts: keepalived's statistics (SIGUSR2) and vipd's vrrp.stats count no error, and an
independent decoder finds every byte of vipd's adverts right. As in takeover.py a program that is killed loses its link
at the same moment, and has time to clean up what its kernel kept once it is back.
"""

import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Keepalived, Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene, ms, vips_of  # noqa: E402
from proc import wait_until  # noqa: E402
from wire import Advert  # noqa: E402


KEY = "s3cret"


def unicast(own, peer):
    return dict(vipd=f'unicast_src_ip = "{own}"; unicast_peers = ( {{ address = "{peer}"; }} );',
                keepalived=f"  unicast_src_ip {own}\n  unicast_peer {{\n    {peer}\n  }}")


def auth(kind):
    return dict(vipd=f'authentication = {{ auth_type = "{kind}"; auth_pass = "{KEY}"; }};',
                keepalived=f"  authentication {{\n    auth_type {kind}\n    auth_pass {KEY}\n  }}")


def both(one, other):
    return {key: one[key] + "\n" + other[key] for key in one}


def instances(prio, own, peer):
    """One instance for each way to talk. Routers are 10.9.0.N and 2001:db8::N."""
    uni = unicast(f"10.9.0.{own}", f"10.9.0.{peer}")
    uni6 = unicast(f"2001:db8::{own}", f"2001:db8::{peer}")

    def two(name, vrid, words=None):
        return instance(name, vrid, prio, [f"10.9.0.{vrid}/24", f"10.9.1.{vrid}/32"], advert_ms=1000, version=2,
                        **(words or {}))

    def three(name, vrid, words=None):
        return instance(name, vrid, prio, [f"10.9.0.{vrid}/24", f"10.9.1.{vrid}/32"], **(words or {}))

    def six(name, vrid, words=None):
        return instance(name, vrid, prio, [f"fe80::{vrid}/64", f"2001:db8::{vrid}/64"], **(words or {}))
    return [two("two", 102), two("two-pass", 103, auth("PASS")), two("two-ah", 104, auth("AH")),
            two("two-uni", 105, uni), two("two-uni-pass", 106, both(uni, auth("PASS"))),
            two("two-uni-ah", 107, both(uni, auth("AH"))),
            three("three", 110), three("three-uni", 111, uni),
            six("six", 120), six("six-uni", 121, uni6)]


def kind_of(inst):
    """The authentication type on the wire."""
    return 2 if inst["name"].endswith("-ah") else 1 if inst["name"].endswith("-pass") else 0


NAMES = [inst["name"] for inst in instances(1, 1, 2)]
VIPS = vips_of(instances(1, 1, 2))
ERRORS = ["Length", "TTL", "Invalid Type", "Advertisement Interval", "Address List", "Type Mismatch", "Failure"]


class StatKeepalived(Keepalived):
    """Keepalived with its own folder for the statistics file."""

    def start(self):
        os.environ["TMPDIR"] = self.folder
        try:
            return super().start()
        finally:
            del os.environ["TMPDIR"]

    def stats(self):
        """{instance: {counter: value}} as keepalived writes it on SIGUSR2."""
        path = os.path.join(self.folder, "keepalived.stats")
        if os.path.exists(path):
            os.unlink(path)
        self.daemon.send(signal.SIGUSR2)

        def read():
            if not os.path.exists(path):
                return ""
            with open(path, encoding="ascii") as file:
                text = file.read()
            return text if text.count("Priority Zero") == len(NAMES) and text.endswith("\n") else ""
        wait_until(read, 5, "keepalived's statistics")
        time.sleep(0.1)  # the last lines
        parts = re.split(r"VRRP Instance: (\S+)\n", read())
        return {name: [(key.strip(), int(value)) for key, value in re.findall(r"^\s*([\w ]+): (\d+)$", text, re.M)]
                for name, text in zip(parts[1::2], parts[2::2])}


def wait_all(router, state, since=0):
    for name in NAMES:
        router.director.wait_state(name, state, PATIENCE, since)


def play(t, better, worse):
    """One whole round: start, death, return, stop, return. `better` and `worse` are the classes."""
    with Scene(t) as scene:
        names = {Vipd: "vipd", StatKeepalived: "keepalived"}
        a = scene.router(f"{names[better]}-150", better, instances(150, 1, 2), start=True, extra=["2001:db8::1/64"])
        b = scene.router(f"{names[worse]}-100", worse, instances(100, 2, 1), extra=["2001:db8::2/64"])

        t.part(f"{a.name} is active beside {b.name}")
        wait_all(a, "ACTIVE")
        b.director.start()
        wait_all(b, "BACKUP")
        time.sleep(max(pair.down(i) for i in b.director.instances) + 0.2)
        t.check(not b.daemon.find("Entering MASTER STATE|to=ACTIVE"), f"{b.name} never becomes active beside {a.name}")
        t.check(not scene.wire.adverts(mac=b.mac), f"{b.name} says nothing")
        for vip in VIPS:
            scene.owners.wait(vip, {a.name})

        t.part(f"{a.name} dies")
        note_errors(scene, a)
        note_errors(scene, b)
        moment = time.monotonic()
        scene.die(a)
        for inst in b.director.instances:
            took = scene.check_takeover(a, b, inst, moment)
            t.note(f"TAKEOVER by {names[worse]}, version {inst['version']}, {inst['advert_ms']} ms: {ms(took)}")
        for vip in VIPS:
            wait_until(lambda: b.name in scene.owners.now(vip), PATIENCE, f"{b.name} holds {vip}")

        t.part(f"{a.name} returns")
        seen = b.daemon.mark()
        moment = time.monotonic()
        scene.come_back(a, VIPS)
        hand_back(scene, a, b, moment, seen)

        t.part(f"{a.name} stops cleanly")
        moment = time.monotonic()
        stop(scene, a)
        for inst in b.director.instances:
            took = scene.check_resigned(a, b, inst, moment)
            t.note(f"FOLLOWS {names[worse]}, version {inst['version']}, {inst['advert_ms']} ms: {ms(took)}")
        wait_all(b, "ACTIVE", seen)
        for vip in VIPS:
            scene.owners.wait(vip, {b.name})

        t.part(f"{a.name} returns once more")
        seen, moment = b.daemon.mark(), time.monotonic()
        a.director.start()
        hand_back(scene, a, b, moment, seen)

        t.part(f"{b.name} stops and returns: nothing happens")
        seen = a.daemon.mark()
        time.sleep(2)
        stop(scene, b)
        b.director.start()
        wait_all(b, "BACKUP")
        time.sleep(2)
        lines = [line.text for line in a.daemon.find("Entering|vrrp.state", seen)]
        t.check(not lines, f"no transition of {a.name} {lines or ''}".rstrip())

        scene.check_single(VIPS, move=0.200)  # keepalived moves ten instances one after the other
        for router in (b, a):
            stop(scene, router)
        check_bytes(scene, a if better is Vipd else b)


def hand_back(scene, a, b, moment, seen):
    wait_all(a, "ACTIVE")
    wait_all(b, "BACKUP", seen)
    for inst in a.director.instances:
        first = scene.wire.wait(Advert, PATIENCE, since=moment, mac=a.mac, vrid=inst["vrid"])[0]
        last = scene.wire.adverts(mac=b.mac, vrid=inst["vrid"])[-1]
        scene.bound(max(0, last.time - first.time), 0.030, first.time, last.time + 0.001,
                    f"{inst['name']}: {b.name} falls silent after the first advert of {a.name}")
    for vip in VIPS:
        scene.owners.wait(vip, {a.name})


def stop(scene, router):
    note_errors(scene, router)
    scene.t.equal(router.director.stop(), 0, f"exit status of {router.name}")
    check_vipd(scene.t, router)


def note_errors(scene, router):
    """keepalived's counters, while it runs."""
    if not isinstance(router.director, StatKeepalived):
        return
    for name, counters in router.director.stats().items():
        wrong = [(key, value) for key, value in counters if value and key in ERRORS]
        received = dict(reversed(counters)).get("Received", 0)
        scene.t.check(received or "100" not in router.name, f"{router.name} has heard adverts of {name}")
        scene.t.check(not wrong, f"{router.name} counts no error of {name}, {received} received {wrong or ''}".rstrip())


def check_vipd(t, router):
    """vipd's counters, after its end."""
    if isinstance(router.director, StatKeepalived):
        return
    for name in NAMES:
        stats = pair.vrrp_stats(router.daemon, name)
        wrong = {key: value for key, value in stats.items()
                 if value and (key.startswith("drop_") and key not in ("drop_own", "drop_state")
                               or key in ("tx_fail", "other_addresses"))}
        t.check(stats["rx"] or "100" not in router.name, f"{router.name} has heard adverts of {name}")
        t.check(not wrong, f"{router.name} counts no error of {name}: {stats}")


def check_bytes(scene, vipd):
    """Every advert of vipd, decoded by tshark, or by the sniffer's own decoder where there is none."""
    t = scene.t
    by_vrid = {inst["vrid"]: inst for inst in vipd.director.instances}
    adverts = scene.wire.adverts(mac=vipd.mac)
    t.check(len(adverts) > 20 and {a.vrid for a in adverts} == set(by_vrid) and all(a.sum_ok for a in adverts),
            f"{len(adverts)} adverts of vipd of all {len(by_vrid)} instances, all checksums right")
    wrong = [a for a in adverts if not is_well(a, vipd, by_vrid[a.vrid])]
    t.check(not wrong, f"every field is right, the frame's too (V6) {wrong[:3] or ''}".rstrip())
    decoded = pair.tshark([a.frame for a in adverts])
    if decoded is None:
        t.note("no tshark here")
        return
    t.equal(len(decoded), len(adverts), "frames that tshark decoded")
    wrong = [d for d in decoded if not is_right(d, by_vrid[int(d["vrrp.virt_rtr_id"] or 0)])]
    t.check(not wrong, f"tshark finds every field right {wrong[:3] or ''}".rstrip())


def is_well(a, vipd, inst):
    is_six, is_uni = inst["name"].startswith("six"), "uni" in inst["name"]
    group = "ff02::12" if is_six else "224.0.0.18"
    group_mac = b"\x33\x33\x00\x00\x00\x12" if is_six else b"\x01\x00\x5e\x00\x00\x12"
    source = a.src.startswith("fe80::") if is_six and not is_uni else a.src in (vipd.ip, "2001:db8::" + vipd.ip[7:])
    return (source and a.mac == vipd.mac and a.ttl == 255 and a.kind == 1 and a.version == inst["version"]
            and (a.dst == group and a.frame[:6] == group_mac) != is_uni
            and a.prio in (0, inst["prio"]) and a.auth == kind_of(inst) and a.interval == inst["advert_ms"]
            and list(a.addresses) == vips_of([inst])
            and len(a.frame) == 14 + (40 + 8 + 32 if is_six else 20 + 8 + 8 + 8 * (a.version == 2) + 24 * (a.auth == 2)))


def is_right(d, inst):
    interval = ("vrrp.adver_int", 1) if inst["version"] == 2 else ("vrrp.short_adver_int", inst["advert_ms"] // 10)
    if inst["name"].startswith("six"):
        ip = d["ipv6.hlim"] == "255" and d["vrrp.ipv6_addr"] == ",".join(vips_of([inst]))
    else:
        ip = (d["ip.ttl"] == "255" and int(d["ip.dsfield"], 0) == 0xC0 and d["ip.checksum.status"] in ("1", "Good")
              and d["vrrp.ip_addr"] == ",".join(vips_of([inst])))
    return (ip and d["vrrp.type"] == "1" and int(d["vrrp.prio"]) in (0, inst["prio"])
            and d["vrrp.addr_count"] == "2" and int(d[interval[0]]) == interval[1]
            and d["vrrp.checksum.status"] in ("1", "Good") and not d["_ws.malformed"])


def vipd_is_better(t):
    play(t, Vipd, StatKeepalived)


def keepalived_is_better(t):
    play(t, StatKeepalived, Vipd)


pair.run_parts("netns-keepalived", [vipd_is_better, keepalived_is_better])
