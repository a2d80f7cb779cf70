#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Static addresses, routes and rules with a track_group, and interfaces that virtual routes and rules need.

What somebody takes away is put back, and nobody hears of it. What can't be put back, or is on an interface that is
down, is a FAULT of the instances of its group, as in keepalived, and of no others.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene, ms  # noqa: E402
from proc import wait_until  # noqa: E402

STATICS = """
static_ipaddress = ( "10.7.0.1/24 dev dev0 track_group G", "2001:db8:7::1/64 dev dev0 track_group G",
                     "10.7.9.1/24 dev dev1" );
static_routes = ( { to = "10.8.0.0/16"; dev = "dev0"; table = 77; track_group = "G"; } );
static_rules = ( { from = "10.8.0.0/16"; iif = "dev0"; table = 77; priority = 7; track_group = "G"; } );
track_groups = ( { name = "G"; group = [ "in" ]; } );
"""
KINDS = {  # what it is: how it is shown, what shows it, how it is taken away
    "the address": (["addr", "show", "dev", "dev0"], "10.7.0.1/24", "addr del 10.7.0.1/24 dev dev0"),
    "the address of IPv6": (["addr", "show", "dev", "dev0"], "2001:db8:7::1/64",
                            "addr del 2001:db8:7::1/64 dev dev0"),
    "the route": (["route", "show", "table", "77"], "10.8.0.0/16", "route del 10.8.0.0/16 dev dev0 table 77"),
    "the rule": (["rule"], "10.8.0.0/16", "rule del priority 7"),
}


def shows(ns, kind):
    words, text, _ = KINDS[kind]
    return text in ns.run("ip", *words).stdout


def wait_whole(ns):
    for kind in KINDS:
        wait_until(lambda kind=kind: shows(ns, kind), PATIENCE, f"{kind} is there")


def add_devs(ns):
    ns.ip("link add dev0 type veth peer name dev1", "link set dev0 up", "link set dev1 up")


def states(router, since):
    return router.daemon.find(r"vrrp\.state ", since)


def groups(t):
    t.part("track_group: what is missing and can't be put back is a FAULT of the group's instances")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [instance("in", 1, 150, ["10.9.1.1/32"]), instance("out", 2, 150, ["10.9.1.2/32"])])
        a.director.more = STATICS
        a.director.start()
        fault = a.director.wait_state("in", "FAULT", PATIENCE)  # its interface is still to come
        t.check("why=track_group" in fault.text, "it says why")
        a.director.wait_state("out", "ACTIVE", PATIENCE)
        seen = a.daemon.mark()
        add_devs(a.ns)
        a.director.wait_state("in", "ACTIVE", PATIENCE, seen)
        wait_whole(a.ns)

        seen = a.daemon.mark()
        for kind, (_, _, words) in KINDS.items():
            a.ns.ip(words)
            wait_until(lambda kind=kind: shows(a.ns, kind), PATIENCE, f"{kind} is back")
        wait_whole(a.ns)

        t.check(not states(a, seen), "what is taken away is put back without a transition")
        for what, off, on in (("its interface is down", "link set dev0 down", "link set dev0 up"),
                              ("its interface is gone", "link del dev0", None)):
            seen = a.daemon.mark()
            moment = time.monotonic()
            a.ns.ip(off)
            line = a.director.wait_state("in", "FAULT", PATIENCE, seen)
            t.note(f"{what}: FAULT after {ms(line.time - moment)}")
            if on:
                a.ns.ip(on)
            else:
                add_devs(a.ns)
            a.director.wait_state("in", "ACTIVE", PATIENCE, seen)
            wait_whole(a.ns)
            t.check(not a.daemon.find(r"vrrp\.state inst=out ", seen), f"{what}: others stay")

        seen = a.daemon.mark()
        a.ns.sysctl({"net.ipv6.conf.dev0.disable_ipv6": 1})  # the address goes, and adding it is refused
        a.director.wait_state("in", "FAULT", PATIENCE, seen)
        t.check(shows(a.ns, "the address") and shows(a.ns, "the route"), "the others are in place")
        a.ns.sysctl({"net.ipv6.conf.dev0.disable_ipv6": 0})
        a.director.wait_state("in", "ACTIVE", PATIENCE, seen)
        wait_whole(a.ns)

        t.part("reloads: a group comes while something is missing, changes its members, and goes")
        a.director.more = STATICS.replace('"in"', '"in", "out"')
        a.ns.ip("link set dev0 down")
        a.director.wait_state("in", "FAULT", PATIENCE, seen)
        seen = a.daemon.mark()
        a.director.reload()
        a.director.wait_state("out", "FAULT", PATIENCE, seen)
        a.director.more = STATICS.replace(" track_group G", "").replace(' track_group = "G";', "")
        seen = a.daemon.mark()
        a.director.reload()
        for name in "in", "out":
            a.director.wait_state(name, "ACTIVE", PATIENCE, seen)
        a.director.more = STATICS
        seen = a.daemon.mark()
        a.director.reload()
        a.director.wait_state("in", "FAULT", PATIENCE, seen)
        a.ns.ip("link set dev0 up")
        a.director.wait_state("in", "ACTIVE", PATIENCE, seen)
        t.check(not a.daemon.find(r"vrrp\.state inst=out ", seen), "the one that is not in it stays")
        t.equal(a.director.stop(), 0, "exit status")


def devices(t):
    t.part("an instance is in FAULT while an interface of its routes and rules is down, unless they say no_track")
    route = '{{ to = "10.8.0.0/16"; dev = "dev0"; table = {}; {} }}'
    hops = '{ to = "10.8.0.0/16"; table = 82; nexthops = ( { dev = "dev0"; }, { dev = "eth0"; } ); }'
    rule = '{{ from = "10.8.0.0/16"; iif = "dev0"; table = 77; priority = {}; {} }}'
    with Scene(t) as scene:
        words = {"r": f'virtual_routes = ( {route.format(80, "")} );',
                 "h": f"virtual_routes = ( {hops} );",
                 "u": f'virtual_rules = ( {rule.format(80, "")} );',
                 "no": f'virtual_routes = ( {route.format(81, "no_track = true;")} );'
                       f' virtual_rules = ( {rule.format(81, "no_track = true;")} );'}
        a = scene.router("r1", Vipd, [instance(name, i + 1, 150, [f"10.9.1.{i + 1}/32"], vipd=more)
                                      for i, (name, more) in enumerate(words.items())])
        add_devs(a.ns)
        a.director.start()
        for name in words:
            a.director.wait_state(name, "ACTIVE", PATIENCE)
        seen = a.daemon.mark()
        a.ns.ip("link set dev0 down")
        for name in "r", "h", "u":
            line = a.director.wait_state(name, "FAULT", PATIENCE, seen)
            t.check("why=track_interface" in line.text, f"{name} says why")
        a.ns.ip("link set dev0 up")
        for name in "r", "h", "u":
            a.director.wait_state(name, "ACTIVE", PATIENCE, seen)
        t.check(not a.daemon.find(r"vrrp\.state inst=no ", seen), "no_track: no transition")
        t.equal(a.director.stop(), 0, "exit status")


pair.run_parts("netns-statics", [groups, devices])
