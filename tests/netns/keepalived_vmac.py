#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vipd against Debian's keepalived with virtual MAC addresses, in both roles: both versions, both families,
multicast and unicast, and what version 2 has of authentication. netns/keepalived.py is the same without them.

The one with the higher priority is active, stops, returns: each hears the other at each step, multicast adverts
bear the virtual MAC address, unicast ones the interface's, all the router's own source, and no counter of vipd tells of
an error.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Keepalived, Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene, vips_of  # noqa: E402
from proc import wait_until  # noqa: E402
from wire import Advert  # noqa: E402

KINDS = {  # name: (virtual router id, version, authentication)
    "two": (61, 2, ""), "two-pass": (62, 2, "PASS"), "two-ah": (63, 2, "AH"), "three": (64, 3, ""), "six": (65, 3, ""),
    "uni-two": (66, 2, ""), "uni-two-pass": (67, 2, "PASS"), "uni-two-ah": (68, 2, "AH"), "uni-three": (69, 3, ""),
    "uni-six": (70, 3, ""),
}


def is_unicast(name):
    return name.startswith("uni-")


def is_six(name):
    return name.endswith("six")


def instances(prio, own, peer):
    """Routers are 10.9.0.N and 2001:db8::N. Unicast leaves from the base interface: keepalived has it no other way."""
    for name, (vrid, version, auth) in KINDS.items():
        vipd, keepalived = "use_vmac = true;", "  use_vmac"
        if is_unicast(name):
            net = "2001:db8::" if is_six(name) else "10.9.0."
            vipd += f' vmac_xmit_base = true; unicast_src_ip = "{net}{own}";'
            vipd += f' unicast_peers = ( {{ address = "{net}{peer}"; }} );'
            keepalived += f"\n  vmac_xmit_base\n  unicast_src_ip {net}{own}\n  unicast_peer {{\n    {net}{peer}\n  }}"
        if auth:
            vipd += f' authentication = {{ auth_type = "{auth}"; auth_pass = "s3cret"; }};'
            keepalived += f"\n  authentication {{\n    auth_type {auth}\n    auth_pass s3cret\n  }}"
        addresses = [f"fe80::{vrid}/64", f"2001:db8::{vrid}/64"] if is_six(name) else [f"10.9.0.{vrid}/24"]
        yield instance(name, vrid, prio, addresses, advert_ms=1000 if version == 2 else 100, version=version,
                       vipd=vipd, keepalived=keepalived)


def mac(name, router):
    return router.mac if is_unicast(name) else f"00:00:5e:00:0{2 if is_six(name) else 1}:{KINDS[name][0]:02x}"


def check_adverts(t, scene, router, since):
    """The next ones of each instance."""
    for name, (vrid, version, auth) in KINDS.items():
        heard = scene.wire.wait(Advert, PATIENCE, since=since, vrid=vrid, mac=mac(name, router))[-1]
        own = heard.src == router.ip
        if is_six(name):
            own = heard.src.startswith("2001:db8::" if is_unicast(name) else "fe80::")
        t.check(own and heard.sum_ok and heard.version == version, f"{name}: adverts of {router.name}: {heard}")


def wait_all(router, state, since=0):
    for name in KINDS:
        router.director.wait_state(name, state, PATIENCE, since)


def check_vipd(t, router):
    if isinstance(router.director, Keepalived):
        return
    for name in KINDS:
        stats = pair.vrrp_stats(router.daemon, name)
        wrong = {key: value for key, value in stats.items() if value and (
            key.startswith("drop_") and key not in ("drop_own", "drop_state") or key in ("tx_fail", "other_addresses"))}
        if KINDS[name][2] == "AH" and wrong.get("drop_replay") == 1:
            del wrong["drop_replay"]  # the peer rose while our advert was on its way, with the same number
        t.check(stats["rx"] and not wrong, f"{router.name} has heard adverts of {name} and counts no error: {stats}")


def play(t, better, worse):
    names = {Vipd: "vipd", Keepalived: "keepalived"}
    with Scene(t) as scene:
        t.part(f"{names[better]} is active beside {names[worse]}")
        a = scene.router(f"{names[better]}-150", better, instances(150, 1, 2), start=True, extra=["2001:db8::1/64"])
        # its host is there before the peer is started: nobody's neighbour entry of it is a failed one
        b = scene.router(f"{names[worse]}-100", worse, instances(100, 2, 1), extra=["2001:db8::2/64"])
        wait_all(a, "ACTIVE")
        b.director.start()
        wait_all(b, "BACKUP")
        time.sleep(max(pair.down(i) for i in b.director.instances) + 0.2)
        risen = [line.text for line in b.daemon.find("Entering MASTER STATE|to=ACTIVE")]
        t.equal(risen, [], f"{b.name} hears {a.name}")
        check_adverts(t, scene, a, time.monotonic())

        t.part(f"{names[better]} stops, and returns")
        t.equal(a.director.stop(), 0, f"exit status of {a.name}")
        wait_all(b, "ACTIVE")
        check_adverts(t, scene, b, time.monotonic())
        seen = b.daemon.mark()
        a.director.start()
        wait_all(a, "ACTIVE")
        wait_all(b, "BACKUP", seen)
        for vip in vips_of(a.director.instances):
            wait_until(lambda: scene.owners.now(vip) == {a.name}, PATIENCE, f"only {a.name} holds {vip}")
        check_adverts(t, scene, a, time.monotonic())
        for router in b, a:
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")
            check_vipd(t, router)


def vipd_is_better(t):
    play(t, Vipd, Keepalived)


def keepalived_is_better(t):
    play(t, Keepalived, Vipd)


pair.run_parts("netns-keepalived-vmac", [vipd_is_better, keepalived_is_better])
