#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings of the daemon as a whole and of the kernel around it: which processors and priorities its threads have, the
namespace that it runs in, and switches of the kernel that it sets and puts back.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance  # noqa: E402
from netns import Net  # noqa: E402
from pair import PATIENCE  # noqa: E402
from proc import wait_until  # noqa: E402

IGMP = "ipv4/igmp_link_local_mcast_reports"
PROMOTE = "ipv4/conf/eth0/promote_secondaries"


def switch(ns, name):
    with ns.entered(), open(f"/proc/sys/net/{name}", encoding="ascii") as file:
        return file.read().strip()


def one(ns, vipd=""):
    return instance("web", 51, 150, ["10.9.0.100/24", "10.9.0.101/24"], advert_ms=10, vipd=vipd)


def link(net):
    own, peer = net.ns("own"), net.ns("peer")
    net.veth(own, "eth0", peer, "eth0")
    peer.ip("link set eth0 up")
    own.ip("addr add 10.9.0.1/24 dev eth0", "link set eth0 up")
    own.sysctl({"net.ipv4.conf.eth0.promote_secondaries": 0})
    return own


def threads(pid):
    """{name: (scheduling priority as in stat, nice, processors)}"""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii") as file:
            name, _, rest = file.read().partition("(")[2].rpartition(")")
        fields = rest.split()
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as file:
            cpus = next(line.split()[1] for line in file if line.startswith("Cpus_allowed_list"))
        found[name] = int(fields[37]), int(fields[16]), cpus
    return found


def places(t):
    t.part("threads run when and where the configuration says")
    last = max(os.sched_getaffinity(0))
    for text, vrrp, check in [
            ("", (50, 0), (0, 0)),
            ("vrrp_rt_priority = 33; checker_priority = 4;", (33, 0), (0, 4)),
            ("vrrp_rt_priority = 0; vrrp_priority = -7; checker_rt_priority = 2;", (0, -7), (2, 0))]:
        with Net() as net, Vipd(link(net), "place", start=False) as vipd:
            where = f'vrrp_cpu_affinity = [ "{last}" ]; checker_cpu_affinity = [ "{last}-{last}" ];' if text else ""
            vipd.more = f"workers = {{ {text} {where} }};\n"
            vipd.start()
            vipd.daemon.wait_for("vipd.ready", PATIENCE)
            seen = threads(vipd.daemon.pid)
            t.equal(seen["vipd-vrrp"][:2], vrrp, f"real-time priority and nice value of the VRRP thread: {text or 'default'}")
            t.equal(seen["vipd-check-0"][:2], check, f"of a check thread: {text or 'default'}")
            t.equal(seen["vipd-reflector"][:2], (0, 0), "of another thread")
            if text:
                t.equal((seen["vipd-vrrp"][2], seen["vipd-check-0"][2]), (str(last), str(last)), "processors")
            t.check(not vipd.daemon.find("role.realtime"), "nothing was refused")
            t.equal(vipd.stop(), 0, "exit status")
    t.part("a processor that is not there is told, and the thread runs all the same")
    with Net() as net, Vipd(link(net), "place", start=False) as vipd:
        vipd.more = 'workers = { vrrp_cpu_affinity = [ "1023" ]; };\n'
        vipd.start()
        vipd.daemon.wait_for(r"role\.realtime role=vipd-vrrp what=cpus", PATIENCE)
        vipd.daemon.wait_for("vipd.ready", PATIENCE)
        t.equal(vipd.stop(), 0, "exit status")


def switches(t):
    t.part("switches of the kernel are set, follow a reload and an interface that comes back, and are put back")
    with Net() as net:
        own = link(net)
        with Vipd(own, "own", instances=[one(own, "promote_secondaries = true;")], start=False) as vipd:
            vipd.more = "global_defs = { disable_local_igmp = true; };\n"
            vipd.start()
            vipd.wait_state("web", "ACTIVE", PATIENCE)
            t.equal((switch(own, IGMP), switch(own, PROMOTE)), ("0", "1"), "both are set")
            own.ip("link del eth0")
            vipd.wait_state("web", "FAULT", PATIENCE)
            own.ip("link add eth0 type veth peer name other", "addr add 10.9.0.1/24 dev eth0", "link set other up",
                   "link set eth0 up")
            wait_until(lambda: switch(own, PROMOTE) == "1", PATIENCE, "the new interface has it too")
            vipd.instances = [one(own)]
            vipd.reload()
            wait_until(lambda: switch(own, PROMOTE) == "0", PATIENCE, "it is put back when it is not asked for any more")
            t.equal(switch(own, IGMP), "0", "the other one stays")
            t.equal(vipd.stop(), 0, "exit status")
            t.equal((switch(own, IGMP), switch(own, PROMOTE)), ("1", "0"), "both are as they were")
    with Net() as net:
        own = link(net)
        own.sysctl({"net.ipv4.conf.eth0.promote_secondaries": 1})
        with Vipd(own, "own", instances=[one(own, "promote_secondaries = true;")]) as vipd:
            vipd.wait_state("web", "ACTIVE", PATIENCE)
            t.equal(vipd.stop(), 0, "exit status")
            t.equal(switch(own, PROMOTE), "1", "what was set before stays set")


def namespace(t):
    t.part("net_namespace: vipd and its script helper go there")
    name = f"vipd-test-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        inside = ["ip", "-n", name]
        subprocess.run([*inside, "link", "add", "eth0", "type", "veth", "peer", "name", "other"], check=True)
        subprocess.run([*inside, "addr", "add", "10.9.0.1/24", "dev", "eth0"], check=True)
        for device in "eth0", "other":
            subprocess.run([*inside, "link", "set", device, "up"], check=True)
        with Net() as net, Vipd(net.ns("outside"), "own", instances=[one(None)], start=False) as vipd:
            vipd.more = f'global_defs = {{ net_namespace = "{name}"; }};\n'
            vipd.start()
            vipd.wait_state("web", "ACTIVE", PATIENCE)
            held = lambda: subprocess.run([*inside, "-4", "addr"], check=True, text=True, stdout=subprocess.PIPE).stdout  # noqa: E731
            wait_until(lambda: "10.9.0.101/24" in held(), PATIENCE, "the addresses are there")
            there = os.stat(f"/run/netns/{name}").st_ino
            with open(f"/proc/{vipd.daemon.pid}/task/{vipd.daemon.pid}/children", encoding="ascii") as file:
                helpers = file.read().split()
            for pid in [str(vipd.daemon.pid), *helpers]:
                t.equal(os.stat(f"/proc/{pid}/ns/net").st_ino, there, f"process {pid} is in it")
            t.equal(len(helpers), 1, "there is one script helper")
            t.equal(vipd.stop(), 0, "exit status")
            t.check("10.9.0.101" not in held(), "the addresses are gone")
            vipd.more = 'global_defs = { net_namespace = "no-such-place"; };\n'
            vipd.start()
            vipd.daemon.wait_for("can't enter the network namespace no-such-place", PATIENCE)
            t.equal(vipd.daemon.wait(PATIENCE), 1, "exit status without it")
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


pair.run_parts("netns-settings", [places, switches, namespace])
