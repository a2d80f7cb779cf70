#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Announcements on the wire: bursts, refreshes, bursts after adverts of lower priority, paces (G3 to G8)."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene  # noqa: E402
from proc import wait_until  # noqa: E402
from wire import Garp  # noqa: E402

VIPS = ["10.9.0.100", "10.9.0.101"]


def web(prio, words=""):
    return instance("web", 51, prio, [f"{v}/32" for v in VIPS], advert_ms=100, vipd=words)


class OneFolder(Vipd):
    """vipd with words of global_defs."""
    HEAD = ""

    def text(self):
        return self.HEAD + super().text()


def bursts(t):
    t.part("bursts and refreshes")
    words = "garp_master_repeat = 3; garp_master_delay = 1; garp_master_refresh = 1; garp_master_refresh_repeat = 2;"
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [web(150, words)], start=True)
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        heard = [scene.wire.wait(Garp, PATIENCE, count=10, address=v, mac=a.mac) for v in VIPS]
        for vip, frames in zip(VIPS, heard):
            at = [frame.time - frames[0].time for frame in frames]
            t.check(at[2] < 0.1 and 0.9 < at[3] < 1.3 and at[5] - at[3] < 0.1,
                    f"{vip}: 3 frames at once, 3 after a second (G3): {[f'{x:.2f}' for x in at]}")
            t.check(1.9 < at[6] < 2.4 and at[7] - at[6] < 0.1 and 2.9 < at[8] < 3.5,
                    f"{vip}: 2 frames every second from then on (G6)")
        a.director.stop()
        moment = time.monotonic()
        time.sleep(1.5)
        t.equal(scene.wire.garps(since=moment + 0.05, mac=a.mac), [], "nothing after the end (G4)")


def lower_priority(t):
    t.part("a burst after adverts of lower priority (G7)")
    words = "garp_master_delay = 0; garp_lower_prio_repeat = 2; garp_lower_prio_delay = 0;"
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [web(150, words)], start=True)
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        # it sends ten adverts where the better one sends one, so that it is heard before it yields
        b = scene.router("r2", Vipd, [dict(web(100), advert_ms=10)], start=True)
        # it may have become active before the first of those came; then it yields to it
        b.daemon.wait_for(r"vrrp\.peer inst=web .*differs=interval", PATIENCE)
        wait_until(lambda: "to=BACKUP" in b.daemon.find(r"vrrp\.state inst=web ")[-1].text, PATIENCE, "r2 is backup")
        seen = b.daemon.mark()
        scene.cuts.append((time.monotonic(), float("inf")))
        scene.lan.mute(b.ns, "eth0")
        b.director.wait_state("web", "ACTIVE", PATIENCE, seen)
        moment = time.monotonic()
        seen = b.daemon.mark()
        scene.lan.heal(b.ns, "eth0")
        b.director.wait_state("web", "BACKUP", PATIENCE, seen)
        for vip in VIPS:
            scene.wire.wait(Garp, PATIENCE, since=moment, count=2, address=vip, mac=a.mac)
        time.sleep(0.5)
        for vip in VIPS:
            t.equal(len(scene.wire.garps(since=moment, address=vip, mac=a.mac)), 2, f"{vip}: frames of the better one")
        scene.end_cut()
        a.director.stop()
        b.director.stop()


def paces(t):
    t.part("vrrp_garp_interval, vrrp_min_garp")
    with Scene(t) as scene:
        OneFolder.HEAD = 'global_defs = { vrrp_garp_interval = "100ms"; };\n'
        a = scene.router("r1", OneFolder, [web(150)], start=True)
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        frames = scene.wire.wait(Garp, PATIENCE, count=10, mac=a.mac)
        gaps = [later.time - one.time for one, later in zip(frames, frames[1:])]
        t.check(min(gaps) > 0.095, f"shortest gap of an interface that has an interval of 100 ms (G5): {min(gaps):.3f}")
        t.equal([frame.address for frame in frames[:4]], VIPS * 2, "the addresses take turns")
        a.director.stop()
    with Scene(t) as scene:
        OneFolder.HEAD = "global_defs = { vrrp_min_garp = true; };\n"
        a = scene.router("r1", OneFolder, [web(150)], start=True)
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        moment = time.monotonic()
        for vip in VIPS:
            scene.wire.wait(Garp, PATIENCE, address=vip, mac=a.mac)
        time.sleep(5.5)
        t.equal(len(scene.wire.garps(since=moment - 1, mac=a.mac)), len(VIPS), "frames with vrrp_min_garp")
        a.director.stop()


with pair.suite("garp") as test:
    bursts(test)
    lower_priority(test)
    paces(test)
