#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vipd against a real IPVS table: after start, failure, recovery, reload, kill, stop; every method and scheduler.

Runs where the kernel has IPVS: tests/guest/boot -- tests/guest/table.py
"""

import copy
import os
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import ipvs  # noqa: E402
from director import Vipd, http, server, service, table_of, tcp  # noqa: E402
from netns import Net  # noqa: E402
from proc import wait_until  # noqa: E402
from suite import suite  # noqa: E402
from web import Web  # noqa: E402

VIP = "10.0.0.100"
WEB = [f"10.0.0.{n}" for n in range(11, 15)]
SCHEDULERS = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf"]
FOREIGN = {"tcp 10.0.0.200:99": {"10.0.0.201:99": ("NAT", 7)}, "fwmark 5": {"10.0.0.202:0": ("DR", 3)}}


def place(net):
    """A director's namespace and one that has the addresses of all web servers."""
    director, web = net.ns("director"), net.ns("web")
    net.veth(director, "eth0", web, "eth0")
    director.ip("link set eth0 up", "addr add 10.0.0.1/24 dev eth0", f"addr add {VIP}/32 dev lo")
    web.ip("link set eth0 up", *(f"addr add {a}/24 dev eth0" for a in WEB), "addr add 10.0.0.10/24 dev eth0")
    return director, web


def mixed():
    """Services of both protocols and all methods; the first is checked by HTTP, the second by TCP, the rest not."""
    return [
        service(VIP, 80, [server(a, 80) for a in WEB], checks=[http()]),
        service(VIP, 81, [server(a, 80, weight=n) for n, a in enumerate(WEB, 1)], sched="wrr", method="NAT",
                inhibit=True, checks=[tcp()]),
        service(VIP, 53, [server(a, 53, weight=2) for a in WEB[:2]], protocol="udp", sched="lc", method="NAT"),
        service(VIP, 82, [server("192.0.2.1", 82, weight=9)], sched="sh", method="TUN", persistence=50),
    ]


def without(table, key, dest):
    """The table after the server has failed and left."""
    table = copy.deepcopy(table)
    del table[key][dest]
    return table


def life(t):
    """Start, failure, recovery, reload and stop, with foreign services beside."""
    with Net() as net:
        director, web = place(net)
        webs = [Web(web, a) for a in WEB]
        director.run("ipvsadm", "-R", stdin="-A -t 10.0.0.200:99 -s rr\n-a -t 10.0.0.200:99 -r 10.0.0.201:99 -m -w 7\n"
                                            "-A -f 5 -s wlc -p 60\n-a -f 5 -r 10.0.0.202:0 -g -w 3\n")
        t.equal(ipvs.table(director), FOREIGN, "the foreign services stand before the start")
        services = mixed()
        full = {**table_of(services), **FOREIGN}
        with Vipd(director, "table", services=services) as daemon:
            t.part("start")
            ipvs.wait_table(director, full)
            t.check(True, "after start the table has every server that is up")
            heads = ipvs.heads(director)
            t.equal({key: heads[key] for key in table_of(services)},
                    {f"tcp {VIP}:80": "rr", f"tcp {VIP}:81": "wrr", f"udp {VIP}:53": "lc", f"tcp {VIP}:82": "sh -p 50"},
                    "schedulers and persistence")

            t.part("a server fails and recovers")
            webs[1].answer_with(500)
            ipvs.wait_table(director, without(full, f"tcp {VIP}:80", f"{WEB[1]}:80"))
            t.check(True, "a server that answers 500 leaves the service that is checked by HTTP, and only that")
            webs[1].stop()
            weak = without(full, f"tcp {VIP}:80", f"{WEB[1]}:80")
            weak[f"tcp {VIP}:81"][f"{WEB[1]}:80"] = ("NAT", 0)
            ipvs.wait_table(director, weak)
            t.check(True, "with inhibit_on_failure a server that is gone has weight 0")
            webs[1].start()
            ipvs.wait_table(director, full)
            t.check(True, "a server that recovers is back with its weight")

            t.part("reload")
            daemon.services = reloaded(services)
            daemon.reload()
            full = {**table_of(daemon.services), **FOREIGN}
            ipvs.wait_table(director, full)
            t.check(True, "after a reload: weight changed, server added, server gone, service added, service gone")
            t.equal(ipvs.heads(director)[f"tcp {VIP}:80"], "wlc -p 20", "a reload changes scheduler and persistence")

            t.part("stop")
            t.equal(daemon.stop(), 0, "exit status of a clean stop")
            t.equal(ipvs.table(director), FOREIGN, "a clean stop leaves the foreign services and nothing else")
            t.equal(ipvs.heads(director)["fwmark 5"], "wlc -p 60", "a foreign service keeps its settings")
        for one in webs:
            one.stop()


def reloaded(services):
    """The same configuration, edited."""
    services = copy.deepcopy(services)
    services[0].update(sched="wlc", persistence=20)
    services[0]["servers"][0]["weight"] = 5
    services[1]["servers"].pop()
    services[1]["servers"].append(server("10.0.0.10", 80, weight=3, checks=[]))
    services[2] = service(VIP, 54, [server(WEB[0], 53)], protocol="udp", method="NAT")
    return services


class Seen:
    """Every different table that a namespace had while the block ran, as far as quick reading shows."""

    def __init__(self, ns):
        self.ns, self.tables, self._open = ns, [], True
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._open = False
        self._thread.join()

    def _read(self):
        while self._open:
            now = ipvs.table(self.ns)
            if now not in self.tables:
                self.tables.append(now)
            time.sleep(0.005)


def others(table, address):
    """The table without any entry for that server."""
    return {key: {dest: value for dest, value in dests.items() if not dest.startswith(address + ":")}
            for key, dests in table.items()}


def connections(ns, key):
    """How many connections the kernel has counted for a TCP service since the service was made."""
    for line in ns.run("ipvsadm", "-Ln", "--stats", "--exact").stdout.splitlines():
        words = line.split()
        if words[:2] == key.upper().split():
            return int(words[2])
    return None


def knock(ns, address, port):
    """One connection attempt; that no answer comes is no matter."""
    with ns.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
        caller.setblocking(False)
        caller.connect_ex((address, port))


def killed(t):
    """SIGKILL leaves the table; the next start adopts it."""
    with Net() as net:
        director, web = place(net)
        webs = [Web(web, a) for a in WEB]
        services = mixed()
        full, counted = table_of(services), f"tcp {VIP}:81"
        with Vipd(director, "table", services=services) as daemon:
            ipvs.wait_table(director, full)
            knock(web, VIP, 81)
            wait_until(lambda: connections(director, counted) == 1, 5, "the kernel counts a connection")
            daemon.kill()
            t.equal(ipvs.table(director), full, "a killed director leaves the table as it is")

            t.part("start again")
            with Seen(director) as seen:
                daemon.start()
                adopt = daemon.daemon.wait_for(r"ipvs\.adopt services=(\d+) dests=(\d+) foreign=0 changes=(\d+)", 10)
                t.equal(adopt.match.groups(), ("4", "11", "0"), "the table is adopted whole, without an operation")
                webs[0].stop()
                failed = without(full, f"tcp {VIP}:80", f"{WEB[0]}:80")
                failed[counted][f"{WEB[0]}:80"] = ("NAT", 0)
                ipvs.wait_table(director, failed)
                webs[0].start()
                ipvs.wait_table(director, full)
            t.check(True, "after the restart health is followed again")
            t.check(all(others(table, WEB[0]) == others(full, WEB[0]) for table in seen.tables),
                    "nothing but the server that failed was touched meanwhile")
            t.equal(connections(director, counted), 1, "the service is the same: the kernel's counter went on")
            t.equal(daemon.stop(), 0, "exit status of a clean stop")
            t.equal(ipvs.table(director), {}, "what was adopted is removed at the stop too")
        for one in webs:
            one.stop()


def watched(t):
    """The director is killed again and again under its watchdog: not one request goes to the kernel, and what is known
    of servers stays known."""
    with Net() as net:
        director, web = place(net)
        webs = [Web(web, a) for a in WEB]
        services = mixed()
        full, counted = table_of(services), f"tcp {VIP}:81"
        with Vipd(director, "table", services=services, options=["--handover=none", "--state=none"],
                  start=False) as daemon:
            daemon.watchdog = True
            daemon.start()
            ipvs.wait_table(director, full)
            webs[0].stop()
            failed = without(full, f"tcp {VIP}:80", f"{WEB[0]}:80")
            failed[counted][f"{WEB[0]}:80"] = ("NAT", 0)
            ipvs.wait_table(director, failed)
            with Seen(director) as seen:
                for n in range(5):
                    since = daemon.daemon.mark()
                    pid = subprocess.run(["pgrep", "-P", str(daemon.daemon.pid), "-x", "vipd"], check=True, text=True,
                                         stdout=subprocess.PIPE).stdout.split()[0]
                    os.kill(int(pid), signal.SIGKILL)
                    resumed = daemon.daemon.wait_for(r"vipd\.resumed .*checks=(\d+)", 20, since)
                    adopt = daemon.daemon.wait_for(r"ipvs\.adopt .*foreign=0 changes=(\d+)", 20, since)
                    daemon.daemon.wait_for(r"vipd\.ready", 20, since)
                    t.check(adopt.match[1] == "0" and resumed.match[1] != "0",
                            f"kill {n}: {resumed.match[1]} checks are known, {adopt.match[1]} operations")
                    knock(web, VIP, 81)
            t.check(all(table == failed for table in seen.tables), f"{len(seen.tables)} table at all looks: nothing was touched")
            webs[0].start()
            ipvs.wait_table(director, full)
            t.equal(daemon.stop(), 0, "exit status of a clean stop")
            t.equal(ipvs.table(director), {}, "what was adopted is removed at the stop too")
        for one in webs:
            one.stop()


def schedulers(t):
    """Every scheduler by its name."""
    with Net() as net:
        director, _ = place(net)
        services = [service(VIP, 1000 + n, [server(a, 1000 + n) for a in WEB], sched=name)
                    for n, name in enumerate(SCHEDULERS)]
        with Vipd(director, "table", services=services) as daemon:
            ipvs.wait_table(director, table_of(services))
            t.equal(ipvs.heads(director), {f"tcp {VIP}:{1000 + n}": name for n, name in enumerate(SCHEDULERS)},
                    "all schedulers")
            t.equal(daemon.stop(), 0, "exit status of a clean stop")
            t.equal(ipvs.table(director), {}, "a clean stop leaves nothing")


def main():
    with suite("guest-table") as t:
        life(t)
        killed(t)
        watched(t)
        schedulers(t)


if __name__ == "__main__":
    main()
