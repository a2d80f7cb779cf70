#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every word about services, read back by ipvsadm: families, marks, groups, flags, engines, tunnels, thresholds; what
happens at restart, stop, drift, and when IPVS itself goes away.

Runs where the kernel has IPVS: tests/guest/boot -- tests/guest/words.py
"""

import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import ipvs  # noqa: E402
from director import Vipd  # noqa: E402
from netns import Net  # noqa: E402
from proc import wait_until  # noqa: E402
from suite import suite  # noqa: E402
from web import Web  # noqa: E402


class Written(Vipd):
    """vipd with a configuration that stands here as it is."""

    def __init__(self, ns, name, conf, **options):
        self.conf_text = conf
        super().__init__(ns, name, **options)

    def text(self):
        return self.conf_text


WORDS = """
virtual_server_groups = (
  { name = "g"; addresses = ( "10.3.0.[1-2]:80", { address = "10.3.1.0/30"; port = 81; },
                              { address = "fd00:3::/127"; port = 82; }, { fwmark = 9; } ); }
);
virtual_servers = (
  { name = "six"; address = "fd00::1"; port = 80; lvs_sched = "wrr"; persistence_timeout = 60;
    persistence_granularity = 64;
    real_servers = ( "[fd00::11]:80 weight=3", { address = "fd00::12"; port = 80; lvs_method = "DR"; } ); },
  { name = "sctp"; address = "10.0.0.1"; port = 2905; protocol = "sctp"; lvs_sched = "sh";
    lvs_flags = [ "sh-port", "sh-fallback" ]; real_servers = ( "10.0.0.11:2905" ); },
  { name = "mark4"; fwmark = 5; lvs_method = "DR"; lvs_sched = "mh"; lvs_flags = [ "mh-port" ];
    real_servers = ( "10.0.0.11", "10.0.0.12" ); },
  { name = "mark6"; fwmark = 5; ip_family = "inet6"; lvs_method = "TUN"; real_servers = ( "fd00::11" ); },
  { name = "all-ports"; address = "10.0.0.2"; port = 0; persistence_timeout = 90;
    persistence_granularity = "255.255.255.0"; real_servers = ( "10.0.0.11:0" ); },
  { name = "sip"; address = "10.0.0.3"; port = 5060; protocol = "udp"; persistence_timeout = 30;
    persistence_engine = "sip"; real_servers = ( "10.0.0.11:5060" ); },
  { name = "ops"; address = "10.0.0.4"; port = 53; protocol = "udp"; ops = true; lvs_sched = "rr";
    lvs_flags = [ "flag-3" ]; real_servers = ( { address = "10.0.0.11"; port = 53; uthreshold = 100; lthreshold = 90; } ); },
  { name = "tunnels"; address = "10.0.0.5"; port = 80; lvs_method = "TUN"; lvs_sched = "lc";
    tunnel = { type = "gue"; port = 6080; csum = "csum"; };
    real_servers = ( "10.0.0.11:80", { address = "10.0.0.12"; port = 80; tunnel = { type = "gre"; csum = "csum"; }; },
      { address = "10.0.0.13"; port = 80; tunnel = { type = "ipip"; }; },
      { address = "10.0.0.14"; port = 80; tunnel = { type = "gue"; port = 6081; csum = "remcsum"; }; },
      { address = "fd00::15"; port = 80; tunnel = { type = "ipip"; }; } ); },
  { name = "group"; virtual_server_group = "g"; lvs_method = "TUN"; lvs_sched = "rr"; real_servers = ( "10.0.0.11" ); }
);
"""


def rules(ns):
    """What ipvsadm says would restore the table, sorted."""
    return sorted(line.strip() for line in ns.run("ipvsadm", "-Sn").stdout.splitlines())


EXPECTED = """
-A --sctp-service 10.0.0.1:2905 -s sh -b sh-fallback,sh-port
-A -f 5 -6 -s wlc
-A -f 5 -s mh -b mh-port
-A -f 9 -s rr
-A -t 10.0.0.2:0 -s wlc -p 90 -M 255.255.255.0
-A -t 10.0.0.5:80 -s lc
-A -t 10.3.0.1:80 -s rr
-A -t 10.3.0.2:80 -s rr
-A -t 10.3.1.0:81 -s rr
-A -t 10.3.1.1:81 -s rr
-A -t 10.3.1.2:81 -s rr
-A -t 10.3.1.3:81 -s rr
-A -t [fd00:3::1]:82 -s rr
-A -t [fd00:3::]:82 -s rr
-A -t [fd00::1]:80 -s wrr -p 60 -M 64
-A -u 10.0.0.3:5060 -s wlc -p 30 --pe sip
-A -u 10.0.0.4:53 -s rr -o -b flag-3
-a --sctp-service 10.0.0.1:2905 -r 10.0.0.11:2905 -m -w 1
-a -f 5 -6 -r [fd00::11]:0 -i -w 1 --tun-type ipip
-a -f 5 -r 10.0.0.11:0 -g -w 1
-a -f 5 -r 10.0.0.12:0 -g -w 1
-a -f 9 -r 10.0.0.11:0 -i -w 1 --tun-type ipip
-a -t 10.0.0.2:0 -r 10.0.0.11:0 -m -w 1
-a -t 10.0.0.5:80 -r 10.0.0.11:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum
-a -t 10.0.0.5:80 -r 10.0.0.12:80 -i -w 1 --tun-type gre --tun-csum
-a -t 10.0.0.5:80 -r 10.0.0.13:80 -i -w 1 --tun-type ipip
-a -t 10.0.0.5:80 -r 10.0.0.14:80 -i -w 1 --tun-type gue --tun-port 6081 --tun-remcsum
-a -t 10.0.0.5:80 -r [fd00::15]:80 -i -w 1 --tun-type ipip
-a -t 10.3.0.1:80 -r 10.0.0.11:80 -i -w 1 --tun-type ipip
-a -t 10.3.0.2:80 -r 10.0.0.11:80 -i -w 1 --tun-type ipip
-a -t 10.3.1.0:81 -r 10.0.0.11:81 -i -w 1 --tun-type ipip
-a -t 10.3.1.1:81 -r 10.0.0.11:81 -i -w 1 --tun-type ipip
-a -t 10.3.1.2:81 -r 10.0.0.11:81 -i -w 1 --tun-type ipip
-a -t 10.3.1.3:81 -r 10.0.0.11:81 -i -w 1 --tun-type ipip
-a -t [fd00:3::1]:82 -r 10.0.0.11:82 -i -w 1 --tun-type ipip
-a -t [fd00:3::]:82 -r 10.0.0.11:82 -i -w 1 --tun-type ipip
-a -t [fd00::1]:80 -r [fd00::11]:80 -m -w 3
-a -t [fd00::1]:80 -r [fd00::12]:80 -g -w 1
-a -u 10.0.0.3:5060 -r 10.0.0.11:5060 -m -w 1
-a -u 10.0.0.4:53 -r 10.0.0.11:53 -m -w 1
"""


def network(net):
    """A director with addresses of both families, and web servers behind it."""
    ns, web = net.ns("director"), net.ns("web")
    net.veth(ns, "eth0", web, "eth0")
    ns.ip("link set eth0 up", "addr add 10.0.0.254/8 dev eth0", "addr add fd00::fe/16 dev eth0 nodad")
    web.ip("link set eth0 up", *(f"addr add 10.0.0.{n}/8 dev eth0" for n in range(11, 15)))
    return ns, web


def words(t):
    """Each word comes back from ipvsadm; a restart sends nothing; a stop leaves nothing."""
    with Net() as net:
        ns, _ = network(net)
        with Written(ns, "words", WORDS) as director:
            director.daemon.wait_for(r"ipvs\.synced", 20)
            t.equal(rules(ns), EXPECTED.strip().splitlines(), "ipvsadm says every word")
            limits = ns.run("ipvsadm", "-Ln", "--thresholds").stdout
            t.check(re.search(r"10\.0\.0\.11:53 +100 +90 ", limits), "thresholds")

            t.part("restart")
            director.kill()
            director.conf_text = "global_defs = { on_stop = \"keep\"; };\n" + WORDS
            director.start()
            adopt = director.daemon.wait_for(r"ipvs\.adopt .*changes=(\d+)", 20)
            t.equal(adopt.match.group(1), "0", "a restart finds nothing to do")
            director.daemon.wait_for(r"vipd\.ready", 20)
            t.equal(director.stop(), 0, "exit status of a stop that keeps the table")
            t.equal(director.daemon.find(r"ipvs_requests_total=(\d+)"), [], "no request was sent")
            t.equal(rules(ns), EXPECTED.strip().splitlines(), "on_stop = keep leaves the table")

            t.part("stop")
            director.conf_text = WORDS
            director.start()
            director.daemon.wait_for(r"vipd\.ready", 20)
            t.equal(director.stop(), 0, "exit status of a clean stop")
            t.equal(rules(ns), [], "a clean stop leaves nothing, of any family or mark")


SORRY = """
virtual_servers = (
  {{ name = "web"; address = "10.0.0.1"; port = 80; quorum = 2; lvs_method = "NAT"; sorry_server = "10.0.0.14:8000";
    checks = ( {{ type = "tcp"; interval = "200ms"; timeout = "150ms"; fall = 1; }} ); {more}
    real_servers = ( "10.0.0.[11-13]:80" ); }}
);
"""


def table(*servers, sorry=False):
    dests = {f"10.0.0.{n}:80": ("NAT", 1) for n in servers}
    return {"tcp 10.0.0.1:80": {**dests, **({"10.0.0.14:8000": ("NAT", 1)} if sorry else {})}}


def quorum(t):
    """Quorum is lost and gained; the sorry server comes and goes."""
    with Net() as net:
        ns, web = network(net)
        webs = {n: Web(web, f"10.0.0.{n}") for n in (11, 12, 13)}
        with Written(ns, "quorum", SORRY.format(more="")) as director:
            ipvs.wait_table(ns, table(11, 12, 13))
            webs[11].stop()
            ipvs.wait_table(ns, table(12, 13))
            webs[12].stop()
            ipvs.wait_table(ns, table(sorry=True))
            t.check(True, "below quorum the sorry server has the service for itself")
            t.equal(len(director.daemon.find(r"service\.quorum_lost vs=web weight=1 of=3 quorum=2")), 1, "one line says it")
            director.kill()
            director.start()
            webs[12].start()
            ipvs.wait_table(ns, table(12, 13))
            t.check(True, "with quorum it is gone again, also after a restart in between")
            t.equal(director.daemon.find(r"ipvs\.(fail|repair)"), [], "nothing failed")
            webs[11].start()
            ipvs.wait_table(ns, table(11, 12, 13))
            t.equal(director.stop(), 0, "exit status")
        for one in webs.values():
            one.stop()


DRIFT = """
global_defs = {{ drift = {{ interval = 1; mode = "{mode}"; }}; ownership = "{ownership}"; }};
virtual_servers = (
  {{ name = "a"; address = "10.0.0.1"; port = 80; real_servers = ( "10.0.0.[11-14]:80" ); }},
  {{ name = "b"; fwmark = 3; lvs_sched = "rr"; real_servers = ( "10.0.0.11:80" ); }}
);
"""


def drift(t):
    """What others do to the table is seen within the interval, and mended or told."""
    with Net() as net:
        ns, _ = network(net)
        with Written(ns, "drift", DRIFT.format(mode="repair", ownership="shared")) as director:
            director.daemon.wait_for(r"ipvs\.synced", 20)
            right = rules(ns)
            for hand in (["-C"], ["-e", "-t", "10.0.0.1:80", "-r", "10.0.0.12:80", "-m", "-w", "9"],
                         ["-d", "-f", "3", "-r", "10.0.0.11:80"], ["-E", "-t", "10.0.0.1:80", "-s", "sh"],
                         ["-a", "-t", "10.0.0.1:80", "-r", "10.0.0.99:80", "-m"]):
                ns.run("ipvsadm", *hand)
                wait_until(lambda: rules(ns) == right, 10, f"repair after {hand}", step=0.1)
            t.check(True, "cleared, edited, deleted, added: everything is back")
            ns.run("ipvsadm", "-A", "-t", "10.9.9.9:99", "-s", "rr")
            ns.run("ipvsadm", "-C")
            ns.run("ipvsadm", "-A", "-t", "10.9.9.9:99", "-s", "rr")
            wait_until(lambda: len(rules(ns)) == len(right) + 1, 10, "repair beside a foreign service", step=0.1)
            t.check("-A -t 10.9.9.9:99 -s rr" in rules(ns), "a foreign service is left alone")

            director.conf_text = DRIFT.format(mode="report", ownership="shared")
            director.reload()
            director.daemon.wait_for(r"conf\.applied", 10)
            ns.run("ipvsadm", "-d", "-t", "10.0.0.1:80", "-r", "10.0.0.12:80")
            director.daemon.wait_for(r"ipvs\.drift entries=1", 10)
            t.equal(len(rules(ns)), len(right), "mode report: told, not mended")

            mark = director.daemon.mark()
            director.conf_text = DRIFT.format(mode="repair", ownership="strict")
            director.reload()
            director.daemon.wait_for(r"conf\.applied", 10, mark)
            wait_until(lambda: rules(ns) == right, 10, "strict ownership", step=0.1)
            t.check(True, "ownership strict: the foreign service is gone, ours are whole")
            t.equal(director.stop(), 0, "exit status")


def module(t):
    """IPVS is unloaded under a running vipd and loaded again."""
    with Net() as net:
        ns, _ = network(net)
        with Written(ns, "module", DRIFT.format(mode="repair", ownership="shared")) as director:
            director.daemon.wait_for(r"ipvs\.synced", 20)
            right = rules(ns)
            with open("/proc/sys/kernel/modprobe", "r+", encoding="ascii") as file:
                was = file.read()
                file.seek(0)
                file.write("/bin/false\n")
            with open("/proc/modules", encoding="ascii") as file:
                parts = [line.split()[0] for line in file if line.startswith("ip_vs_")]
            director.daemon.send(signal.SIGSTOP)  # it would put its services back, which hold the module
            ns.run("ipvsadm", "-C")
            subprocess.run(["rmmod", *parts, "ip_vs"], check=True)
            director.daemon.send(signal.SIGCONT)
            director.daemon.wait_for(r"ipvs\.gone", 20)
            t.check(director.daemon.alive(), "vipd goes on without IPVS, and says that it is gone")
            with open("/proc/sys/kernel/modprobe", "w", encoding="ascii") as file:
                file.write(was)
            subprocess.run(["modprobe", "-d", "/run/kernel", "-a", "ip_vs", *parts], check=True)
            director.daemon.wait_for(r"ipvs\.back", 20)
            wait_until(lambda: rules(ns) == right, 20, "the table", step=0.1)
            t.check(True, "with the module the table is back")
            t.equal(director.stop(), 0, "exit status")


MANY = """
virtual_servers = (
  {{ name = "many"; address = "10.0.0.1"; port = 80; lvs_sched = "{sched}"; {more}
    real_servers = ( "10.[1-2].[0-99].[1-250]:80" ); }}
);
"""
MANY_N = 2 * 100 * 250


def dest_count(ns):
    return sum(" -> " in line for line in ns.read("ip_vs").splitlines()[3:])


def many(t):
    """50,000 servers in one service: built, adopted without a request, removed."""
    with Net() as net:
        ns, _ = network(net)
        with Written(ns, "many", MANY.format(sched="rr", more="")) as director:
            synced = director.daemon.wait_for(r"ipvs\.synced .*requests=(\d+)", 200)
            t.equal(int(synced.match.group(1)), MANY_N + 1, "one request for each server and one for the service")
            print(f"{MANY_N} servers in one service: {1000 * (synced.time - director.daemon.started):.0f} ms from start")
            t.equal(dest_count(ns), MANY_N, "all are in the table")
            director.kill()
            director.conf_text = "global_defs = { on_stop = \"keep\"; };\n" + MANY.format(sched="rr", more="")
            director.start()
            adopt = director.daemon.wait_for(r"ipvs\.adopt .*changes=(\d+)", 60)
            print(f"restart: adopted {1000 * (adopt.time - director.daemon.started):.0f} ms after start")
            t.equal(adopt.match.group(1), "0", "a restart finds nothing to do")
            director.daemon.wait_for(r"vipd\.ready", 60)
            t.equal(director.stop(timeout=60), 0, "exit status")
            t.equal(director.daemon.find(r"ipvs_requests_total=(\d+)"), [], "no request was sent")
            director.conf_text = MANY.format(sched="rr", more="")
            director.start()
            director.daemon.wait_for(r"vipd\.ready", 60)
            begin = time.monotonic()
            director.daemon.send(signal.SIGTERM)
            removed = director.daemon.wait_for(r"ipvs\.removed services=1", 60)
            print(f"stop: table empty {1000 * (removed.time - begin):.0f} ms after the signal")
            t.equal(director.daemon.wait(60), 0, "exit status")
            t.equal(dest_count(ns), 0, "nothing is left")


def main():
    with suite("guest-words") as t:
        words(t)
        quorum(t)
        drift(t)
        module(t)
        many(t)


if __name__ == "__main__":
    main()
