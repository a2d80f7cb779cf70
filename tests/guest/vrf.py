#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Instances in a VRF, which most build machines' kernels have not: over an interface that is in one (both families, and
with a virtual MAC address), and without an interface, by the VRF's routes. Another VRF with the same addresses and
numbers beside it, and raw sockets that would hear nothing of either (raw_l3mdev_accept is 0).
"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene  # noqa: E402
from wire import Advert  # noqa: E402

ACCEPT = "/proc/sys/net/ipv4/raw_l3mdev_accept"
LONG = 4 * PATIENCE
NAMES = ["four", "six", "vmac", "uni", "blue"]


def instances(own, peer, prio):
    def uni(vrf):
        return (f'unicast_src_ip = "10.9.0.{own}"; unicast_peers = ( {{ address = "10.9.0.{peer}"; }} ); vrf = "{vrf}";')
    return [instance("four", 51, prio, ["10.9.0.51/24"], advert_ms=200),
            instance("six", 52, prio, ["fe80::52/64"], advert_ms=200),
            instance("vmac", 53, prio, ["10.9.0.53/24"], advert_ms=200, vipd="use_vmac = true;"),
            instance("uni", 54, prio, ["10.9.0.54/24 dev eth0"], advert_ms=200, device="", vipd=uni("red")),
            instance("blue", 54, prio, ["10.9.0.54/24 dev eth1"], advert_ms=200, device="", vipd=uni("blue"))]


class Lone(Vipd):
    """Instances without an interface."""

    def text(self):
        return super().text().replace('interface = "";', "")


def into_vrf(lan, router):
    """eth0 in red, eth1 with the same address in blue, on a network of its own."""
    lan.join(router.ns, "eth1", f"{router.ip}/24")
    for vrf, table, device in ("red", 10, "eth0"), ("blue", 11, "eth1"):
        router.ns.ip(f"link add {vrf} type vrf table {table}", f"link set {vrf} up", f"link set {device} master {vrf}")
    with router.ns.entered(), open(ACCEPT, "w", encoding="ascii") as file:
        file.write("0")


def accept_of(ns):
    return ns.run("cat", ACCEPT).stdout.strip()


def wait_all(router, state, since=0):
    for name in NAMES:
        router.director.wait_state(name, state, LONG, since)


def vrf(t):
    t.part("all of them hear each other, move, and come back")
    with Scene(t) as scene:
        other = scene.net.lan("other")
        a = scene.router("r1", Lone, instances(1, 2, 150))
        b = scene.router("r2", Lone, instances(2, 1, 100))
        for router in a, b:
            into_vrf(other, router)
        a.director.start()
        wait_all(a, "ACTIVE")
        b.director.start()
        wait_all(b, "BACKUP")
        t.equal(accept_of(a.ns), "1", "raw sockets hear interfaces that are in VRFs")
        moment = time.monotonic()
        scene.wire.wait(Advert, LONG, since=moment, count=8, vrid=51, src="10.9.0.1")
        scene.wire.wait(Advert, LONG, since=moment, count=8, vrid=54, src="10.9.0.1", dst="10.9.0.2")
        t.check(not b.daemon.find("to=ACTIVE"), "the backup hears all of them")
        master = json.loads(a.ns.run("ip", "-j", "link", "show", "type", "macvlan").stdout)[0]
        t.equal(master.get("master"), "red", "the VRF of the macvlan")

        seen = b.daemon.mark()
        t.equal(a.director.stop(), 0, "exit status of r1")
        t.equal(accept_of(a.ns), "0", "it is put back")
        wait_all(b, "ACTIVE", seen)
        seen = b.daemon.mark()
        a.director.start()
        wait_all(a, "ACTIVE")
        wait_all(b, "BACKUP", seen)

        t.part("one VRF is gone: its instances are in FAULT, the others stay; it comes back")
        seen = a.daemon.mark()
        a.ns.ip("link del blue")
        a.director.wait_state("blue", "FAULT", LONG, seen)
        t.check(not a.daemon.find(r"vrrp\.state inst=(four|six|uni) ", seen), "no transition of others")
        a.ns.ip("link add blue type vrf table 11", "link set blue up", "link set eth1 master blue")
        a.director.wait_state("blue", "ACTIVE", LONG, seen)
        for router in b, a:
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")
            for name in NAMES:
                stats = pair.vrrp_stats(router.daemon, name)
                wrong = {key: value for key, value in stats.items() if value and key.startswith("drop_")
                         and key not in ("drop_own", "drop_state")}
                t.check(not wrong, f"{router.name} counts no error of {name}: {stats}")


pair.run_parts("guest-vrf", [vrf])
