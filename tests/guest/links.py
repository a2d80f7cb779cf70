#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of links that most build machines' kernels have not: an instance on an ipvlan.

It is made, carries adverts and addresses, moves to the other router and back, and is taken away.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene  # noqa: E402
from proc import wait_until  # noqa: E402
from wire import Advert, Garp  # noqa: E402

VIP = "10.9.0.100"


def web(number, prio):
    words = f'use_ipvlan = true; ipvlan_interface = "ipv.51"; ipvlan_address = "10.9.0.{10 + number}/24";'
    return instance("web", 51, prio, [VIP + "/24"], advert_ms=200, vipd=words)


def made(ns):
    """The ipvlans of a namespace, with their addresses."""
    links = json.loads(ns.run("ip", "-j", "-d", "addr", "show", "type", "ipvlan").stdout or "[]")
    return {one["ifname"]: {a["local"] for a in one["addr_info"]} for one in links if one}


def ipvlan(t):
    t.part("adverts and addresses on an ipvlan; takeover, return, end")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [web(1, 150)], start=True)
        a.director.wait_state("web", "ACTIVE", 3 * PATIENCE)
        b = scene.router("r2", Vipd, [web(2, 100)], start=True)
        b.director.wait_state("web", "BACKUP", 3 * PATIENCE)
        scene.owners.wait(VIP, {"r1"})
        t.equal(set(made(a.ns)), {"ipv.51"}, "the ipvlan of the active")
        t.check({VIP, "10.9.0.11"} <= made(a.ns).get("ipv.51", set()), "it has its own address and the virtual one")
        heard = scene.wire.wait(Advert, PATIENCE, count=3, vrid=51)[-1]
        t.equal((heard.src, heard.mac), ("10.9.0.11", a.mac), "source and hardware address of adverts")
        scene.wire.wait(Garp, PATIENCE, address=VIP, mac=a.mac)
        t.check(not b.daemon.find("to=ACTIVE"), "the backup hears them")

        seen = b.daemon.mark()
        t.equal(a.director.stop(), 0, "exit status of r1")
        t.equal(made(a.ns), {}, "nothing of it is left")
        b.director.wait_state("web", "ACTIVE", PATIENCE, seen)
        scene.owners.wait(VIP, {"r2"})
        scene.wire.wait(Garp, PATIENCE, address=VIP, mac=b.mac)
        seen = b.daemon.mark()
        a.director.start()
        a.director.wait_state("web", "ACTIVE", 3 * PATIENCE)
        b.director.wait_state("web", "BACKUP", PATIENCE, seen)
        scene.owners.wait(VIP, {"r1"})
        t.equal(made(b.ns).get("ipv.51"), {"10.9.0.12"}, "the backup's ipvlan stays, without the virtual address")

        a.ns.ip("link del ipv.51")
        wait_until(lambda: VIP in made(a.ns).get("ipv.51", set()), PATIENCE, "one that somebody deletes is made again")
        for router in (a, b):
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")
            t.equal(made(router.ns), {}, f"nothing of it is left on {router.name}")


pair.run_parts("guest-links", [ipvlan])
