#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses, routes and rules in the kernel: every word of their lines, beside keepalived's result for the same words;
what others take away comes back; nothing is left behind.
"""

import json
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402, F401  (the program to test is the first argument)
from director import Vipd  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon, wait_until  # noqa: E402
from suite import suite  # noqa: E402

PATIENCE = 10
MARK = "112"

# what both are given, each in its own words; {...} is for the one, the other has its own below
KEEPALIVED = """
static_ipaddress {
  10.9.1.1/24 dev eth0 label eth0:s
  2001:db8:9::1/64 dev eth0
}
static_routes {
  10.77.0.0/16 via 10.9.0.254 dev eth0 mtu 1400 advmss 1300 rtt 300ms realms 3/4
  10.78.0.0/16 dev eth0 scope link metric 77 table 100
  blackhole 10.79.0.0/16
  2001:db8:77::/48 via fe80::1 dev eth0 pref high
  10.80.0.0/16 nexthop via 10.9.0.253 dev eth0 weight 3 nexthop via 10.9.0.252 dev eth0
}
static_rules {
  from 10.9.5.0/24 table 100 priority 500
  to 10.9.6.0/24 fwmark 0x10/0xff table 100 priority 501 suppress_prefixlength 0
  from all iif eth0 blackhole priority 502
}
vrrp_instance web {
  interface eth0
  virtual_router_id 51
  priority 200
  version 3
  advert_int 0.1
  virtual_ipaddress {
    10.9.0.100/24 brd + label eth0:v
    10.9.0.101/32 peer 10.9.7.1
    10.9.0.102 noprefixroute
    10.9.3.103/24 scope link
    10.9.0.104/24 brd -
  }
  virtual_ipaddress_excluded {
    2001:db8:9::100/64
    2001:db8:9::101/64 -nodad
    2001:db8:9::102/64 home mngtmpaddr
    2001:db8:9::103
    fe80::100/64
    2001:db8:9::104/64 noprefixroute
    10.9.0.105/32
  }
  virtual_routes {
    10.81.0.0/16 via 10.9.0.254 src 10.9.0.100 window 4000 initcwnd 20 initrwnd 30 hoplimit 9 quickack 1
    10.82.0.0/16 via 10.9.0.250 dev eth0 onlink mtu lock 1300 rto_min 400ms cwnd lock 12 ssthresh 13 reordering 5
    unreachable 10.83.0.0/16 metric 5
    prohibit 2001:db8:83::/48
    throw 10.84.0.0/16 table 200
    default via 10.9.0.254 dev eth0 table 201
    2001:db8:85::/48 dev eth0 metric 33
    10.86.0.0/16 dev eth0 protocol 99 tos 16
  }
  virtual_rules {
    from 10.9.8.0/24 table 101
    not from 10.9.9.0/24 table 1000 priority 600
    from 2001:db8:9::/64 table 101 priority 601
    from 10.9.10.0/24 sport 80-90 dport 1000-2000 ipproto tcp table 101 priority 602
    to 10.9.11.0/24 oif eth0 uidrange 5-10 table 101 priority 603
    from 10.9.12.0/24 goto 32000 priority 604
    from 10.9.13.0/24 tos 16 realms 5/6 table 101 priority 605
    from 10.9.14.0/24 unreachable priority 606
    from 10.9.15.0/24 prohibit priority 607
    from 10.9.16.0/24 table 101 suppress_ifgroup 7 protocol 77 priority 608
    from 10.9.17.0/24 l3mdev priority 609
    from 10.9.18.0/24 nop priority 610
  }
}
"""

VIPD = """

  static_ipaddress = ( { address = "10.9.1.1/24"; dev = "eth0"; label = "eth0:s"; },
                       { address = "2001:db8:9::1/64"; dev = "eth0"; } );
  static_routes = (
    { to = "10.77.0.0/16"; via = "10.9.0.254"; dev = "eth0"; mtu = 1400; advmss = 1300; rtt = "300ms"; realms = "3/4"; },
    { to = "10.78.0.0/16"; dev = "eth0"; scope = "link"; metric = 77; table = "100"; },
    { to = "10.79.0.0/16"; type = "blackhole"; },
    { to = "2001:db8:77::/48"; via = "fe80::1"; dev = "eth0"; pref = "high"; },
    { to = "10.80.0.0/16"; nexthops = ( { via = "10.9.0.253"; dev = "eth0"; weight = 3; },
                                        { via = "10.9.0.252"; dev = "eth0"; } ); } );
  static_rules = (
    { from = "10.9.5.0/24"; table = "100"; priority = 500; },
    { to = "10.9.6.0/24"; fwmark = "0x10/0xff"; table = "100"; priority = 501; suppress_prefixlength = 0; },
    { iif = "eth0"; action = "blackhole"; priority = 502; } );

vrrp_instances = ( {
  name = "web"; interface = "eth0"; virtual_router_id = 51; priority = 200; version = 3; advert_int = "100ms";
  virtual_ipaddress = (
    { address = "10.9.0.100/24"; brd = "+"; label = "eth0:v"; },
    { address = "10.9.0.101/32"; peer = "10.9.7.1"; },
    { address = "10.9.0.102"; noprefixroute = true; },
    { address = "10.9.3.103/24"; scope = "link"; },
    { address = "10.9.0.104/24"; brd = "-"; } );
  virtual_ipaddress_excluded = (
    { address = "2001:db8:9::100/64"; },
    { address = "2001:db8:9::101/64"; dad = true; },
    { address = "2001:db8:9::102/64"; home = true; mngtmpaddr = true; },
    { address = "2001:db8:9::103"; },
    { address = "fe80::100/64"; },
    { address = "2001:db8:9::104/64"; noprefixroute = true; },
    { address = "10.9.0.105/32"; } );
  virtual_routes = (
    { to = "10.81.0.0/16"; via = "10.9.0.254"; src = "10.9.0.100"; window = 4000; initcwnd = 20; initrwnd = 30;
      hoplimit = 9; quickack = true; },
    { to = "10.82.0.0/16"; via = "10.9.0.250"; dev = "eth0"; onlink = true; mtu = 1300; mtu_lock = true;
      rto_min = "400ms"; cwnd = 12; lock = ( "cwnd" ); ssthresh = 13; reordering = 5; },
    { to = "10.83.0.0/16"; type = "unreachable"; metric = 5; },
    { to = "2001:db8:83::/48"; type = "prohibit"; },
    { to = "10.84.0.0/16"; type = "throw"; table = "200"; },
    { to = "default"; via = "10.9.0.254"; dev = "eth0"; table = "201"; },
    { to = "2001:db8:85::/48"; dev = "eth0"; metric = 33; },
    { to = "10.86.0.0/16"; dev = "eth0"; protocol = "99"; tos = "0x10"; } );
  virtual_rules = (
    { from = "10.9.8.0/24"; table = "101"; },
    { not = true; from = "10.9.9.0/24"; table = "1000"; priority = 600; },
    { from = "2001:db8:9::/64"; table = "101"; priority = 601; },
    { from = "10.9.10.0/24"; sport = "80-90"; dport = "1000-2000"; ipproto = "tcp"; table = "101"; priority = 602; },
    { to = "10.9.11.0/24"; oif = "eth0"; uidrange = "5-10"; table = "101"; priority = 603; },
    { from = "10.9.12.0/24"; goto = 32000; priority = 604; },
    { from = "10.9.13.0/24"; tos = "0x10"; realms = "5/6"; table = "101"; priority = 605; },
    { from = "10.9.14.0/24"; action = "unreachable"; priority = 606; },
    { from = "10.9.15.0/24"; action = "prohibit"; priority = 607; },
    { from = "10.9.16.0/24"; table = "101"; suppress_ifgroup = 7; protocol = "77"; priority = 608; },
    { from = "10.9.17.0/24"; l3mdev = true; priority = 609; },
    { from = "10.9.18.0/24"; action = "nop"; priority = 610; } );
} );
"""


class Place:
    """A namespace with eth0 and one address of its own."""

    def __init__(self, net, name):
        self.ns, other = net.ns(name), net.ns(name + "-peer")
        net.veth(self.ns, "eth0", other, "eth0")
        other.ip("link set eth0 up")
        # the same hardware address everywhere, so that what the kernel makes of it is the same too
        self.ns.ip("link set eth0 address 02:00:00:00:00:07", "link set eth0 up", "addr add 10.9.0.1/24 dev eth0")
        wait_until(lambda: "tentative" not in self.ns.run("ip", "addr").stdout, PATIENCE, "own addresses are settled")
        self.empty = self.look()

    def look(self):
        """What is there, as sets of texts; without what tells the two programs apart."""
        def read(*args):
            return json.loads(self.ns.run("ip", "-j", "-d", "-N", *args).stdout or "[]")

        addresses = set()
        for link in read("addr", "show", "dev", "eth0"):
            for a in link.get("addr_info", []):
                a.pop("protocol", None)
                if "preferred_life_time" in a and not a.get("dynamic"):
                    a.pop("tentative", None)
                addresses.add(json.dumps(a, sort_keys=True))
        routes, rules = set(), set()
        for family in ("-4", "-6"):
            for r in read(family, "route", "show", "table", "all"):
                if r.get("table") in ("255", "local") or "cache" in r:
                    continue
                r.pop("protocol", None)
                r.pop("flags", None)
                for hop in r.get("nexthops", []):
                    hop.pop("flags", None)
                routes.add(family + json.dumps(r, sort_keys=True))
            for r in read(family, "rule", "show"):
                r.pop("protocol", None)
                rules.add(family + json.dumps(r, sort_keys=True))
        return {"addresses": addresses, "routes": routes, "rules": rules}


def wait_for_all(place, wanted_n, what):
    def ready():
        seen = place.look()
        return seen if {k: len(v) for k, v in seen.items()} == wanted_n else None
    return wait_until(ready, PATIENCE, what, step=0.05)


def counts(seen):
    return {key: len(value) for key, value in seen.items()}


def run_keepalived(place, folder):
    conf = os.path.join(folder, "keepalived.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write("global_defs {\n  vrrp_version 3\n}\n" + KEEPALIVED)
    return Daemon(["keepalived", "--dont-fork", "--log-console", "--vrrp", f"--use-file={conf}",
                   f"--pid={folder}/pid", f"--vrrp_pid={folder}/vrrp_pid"], ns=place.ns, name="keepalived")


def run_vipd(place, folder, text=VIPD):
    conf = os.path.join(folder, "vipd.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write(text)
    return Daemon([Vipd.program, "-f", conf], ns=place.ns, name="vipd")


def stable(place, daemon, state):
    """What is there once the instance is active and nothing has changed for a while."""
    daemon.wait_for(state, PATIENCE)
    last, same = None, 0
    end = time.monotonic() + PATIENCE
    while same < 3 and time.monotonic() < end:
        now = place.look()
        same, last = (same + 1 if now == last else 0), now
        time.sleep(0.1)
    return last


def words(t, net, folder):
    t.part("every word, beside keepalived")
    theirs, ours = Place(net, "keepalived"), Place(net, "vipd")
    with run_keepalived(theirs, folder) as other, run_vipd(ours, folder) as vipd:
        reference = stable(theirs, other, "Entering MASTER STATE")
        seen = stable(ours, vipd, "to=ACTIVE")
        for kind in ("addresses", "routes", "rules"):
            missing, more = reference[kind] - seen[kind], seen[kind] - reference[kind]
            t.check(not missing, f"{kind} that keepalived has and vipd has not: {sorted(missing)}")
            t.check(not more, f"{kind} that vipd has and keepalived has not: {sorted(more)}")
            t.note(f"{kind}: {len(seen[kind])}")
        t.check(not vipd.find(r" error "), f"no error: {[line.text for line in vipd.find(' error ')]}")
        other.stop()
        repair(t, ours, vipd, seen)
        t.part("a clean stop leaves nothing")
        t.equal(vipd.stop(), 0, "exit status")
        left = ours.look()
        t.equal(left, ours.empty, "what is left")


def repair(t, place, vipd, seen):
    t.part("what others take away comes back")
    for command in ("addr del 10.9.0.105/32 dev eth0", "addr del 2001:db8:9::103/128 dev eth0",
                    "addr del 10.9.0.101 peer 10.9.7.1 dev eth0", "route del 10.81.0.0/16", "route del 10.79.0.0/16",
                    "-6 route del prohibit 2001:db8:83::/48", "route del 10.80.0.0/16", "rule del priority 602",
                    "rule del priority 500", "-6 rule del priority 601", "addr del 10.9.1.1/24 dev eth0"):
        place.ns.run("ip", *command.split())
        wait_until(lambda: place.look() == seen, PATIENCE, f"all is back after: {command}", step=0.02)
        t.check(True, f"comes back: {command}")
    t.part("what others change is made anew")
    place.ns.run("ip", "route", "change", "10.77.0.0/16", "via", "10.9.0.254", "dev", "eth0", "proto", MARK, "mtu", "1200")
    wait_until(lambda: place.look() == seen, PATIENCE, "a changed route is mended", step=0.02)
    t.part("the interface goes down and up")
    since = vipd.mark()
    place.ns.ip("link set eth0 down")
    vipd.wait_for("to=FAULT", PATIENCE, since)
    place.ns.ip("link set eth0 up")
    vipd.wait_for("to=ACTIVE", PATIENCE, since)
    wait_until(lambda: place.look() == seen, PATIENCE, "all is back", step=0.05)
    t.check(True, "all is back after the interface was down")


def killed(t, net, folder):
    t.part("what a killed vipd has left is removed by the next one, and no more")
    place = Place(net, "killed")
    place.ns.ip("route add 10.99.0.0/16 via 10.9.0.254", "rule add from 10.99.0.0/16 table 99 priority 99")
    before = place.look()
    with run_vipd(place, folder) as vipd:
        stable(place, vipd, "to=ACTIVE")
        vipd.kill()
    t.check(counts(place.look()) != counts(before), "a killed vipd changes nothing in the kernel")
    text = 'vrrp_instances = ( { name = "web"; interface = "eth0"; virtual_router_id = 51; priority = 1; advert_int = 5;\n' \
           '  virtual_ipaddress = ( "10.9.0.200/24" ); } );\n'
    with run_vipd(place, folder, text) as vipd:
        vipd.wait_for("to=BACKUP", PATIENCE)

        def clean():
            # a route of a protocol that only the old configuration named bears no mark of ours
            now = place.look()
            now["routes"] = {r for r in now["routes"] if "10.86." not in r}
            now["rules"] = {r for r in now["rules"] if '"priority": 608' not in r}
            return now == before
        try:
            wait_until(clean, PATIENCE / 4, "all of it is gone", step=0.05)
        except AssertionError:
            now = place.look()
            t.note(f"too many: {[now[k] - before[k] for k in now]} missing {[before[k] - now[k] for k in now]}")
            raise
        t.check(True, "addresses, routes and rules with our mark are gone, others are there")


with suite("kernel") as test, Net() as test_net, tempfile.TemporaryDirectory() as test_folder:
    words(test, test_net, test_folder)
    killed(test, test_net, test_folder)
