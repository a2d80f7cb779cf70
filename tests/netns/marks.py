#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The nftables table of nftables_ipvs: each packet to a service with several addresses has its service's mark when it
comes to where IPVS stands, from other machines and from the director itself, in both families; all others have none;
and the table changes with a reload and goes with vipd.
"""

import os
import re
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from director import Vipd  # noqa: E402
from netns import Net  # noqa: E402
from proc import wait_until  # noqa: E402
from suite import suite  # noqa: E402

CONF = """
global_defs = {{ nftables_ipvs = "marks"; nftables_ipvs_start_fwmark = 1000; }};
virtual_servers = (
  {{ name = "four"; addresses = ( {four} ); protocol = "udp"; lvs_method = "TUN"; real_servers = ( "10.9.0.77:53" ); }},
  {{ name = "six"; addresses = ( {{ address = "fd00:9::100/127"; port = 53; }} ); protocol = "udp"; lvs_method = "TUN";
     real_servers = ( "10.9.0.77:53" ); }},
  {{ name = "plain"; address = "10.9.0.100"; port = 54; protocol = "udp"; lvs_method = "TUN";
     real_servers = ( "10.9.0.77:54" ); }}
);
"""
FOUR = '"10.9.0.[100-101]:53", { address = "10.9.0.104/30"; port = 53; }'
MARKED = ["10.9.0.100", "10.9.0.101", "10.9.0.104", "10.9.0.107"]

# who sees packets after vipd's table: one counter for packets without a mark, one for each mark
SEE = """
table inet see {{
  counter plain {{ }}
  counter four {{ }}
  counter six {{ }}
  chain input {{ type filter hook input priority 98; {rules} }}
  chain output {{ type filter hook output priority -98; oifname "lo" {match} {rules} }}
}}
"""


class Written(Vipd):
    conf_text = ""

    def text(self):
        return self.conf_text


def listed(ns):
    """The mark of each element, by what nft calls it; nothing without a table."""
    text = ns.run("nft", "list", "ruleset").stdout
    return {f"{address} {port}": int(mark, 16)
            for address, port, mark in re.findall(r"([0-9a-f.:/]+) \. udp \. (\d+) : (0x[0-9a-f]+)", text)}


def watch(ns, four, six):
    match = "meta l4proto udp"
    rules = (f'{match} meta mark 0 counter name "plain"; {match} meta mark {four} counter name "four"; '
             f'{match} meta mark {six} counter name "six";')
    ns.run("nft", "-f", "-", stdin=SEE.format(rules=rules, match=match).replace('oifname "lo" meta l4proto udp', ""))


def counts(ns):
    """Packets since the last call."""
    text = ns.run("nft", "reset", "counters", "table", "inet", "see").stdout
    return {name: int(n) for name, n in re.findall(r"counter (\w+) \{\s*packets (\d+)", text)}


def send(ns, address, port):
    with ns.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"hello", (address, port))


def seen(ns, director, address, port, packets=1):
    """Which counter has seen a packet that was sent; the wire may take a moment."""
    counts(director)
    send(ns, address, port)
    total = {"plain": 0, "four": 0, "six": 0}

    def arrived():
        for name, n in counts(director).items():
            total[name] += n
        return sum(total.values()) >= packets
    wait_until(arrived, 10, f"a packet to {address}:{port}")
    return {name for name, n in total.items() if n}


def elsewhere(t, director, daemon):
    """Packets come to where the IPVS table is (net_namespace_ipvs), so the marks are there."""
    name = f"vipd-marks-{os.getpid()}"

    def tables():
        return subprocess.run(["ip", "netns", "exec", name, "nft", "list", "tables"], check=True,
                              stdout=subprocess.PIPE, text=True).stdout.split()
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        daemon.conf_text = CONF.format(four=FOUR).replace("nftables_ipvs =", f'net_namespace_ipvs = "{name}"; nftables_ipvs =')
        daemon.start()
        daemon.daemon.wait_for(r"vipd\.ready", 20)
        t.equal([tables(), listed(director)], [["table", "inet", "marks"], {}], "the table is in the other namespace")
        t.equal(daemon.stop(), 0, "exit status")
        t.equal(tables(), [], "and goes from there")
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def main():
    with suite("netns-marks") as t, Net() as net:
        lan = net.lan()
        client, director = net.ns("client"), net.ns("director")
        for ns, number in ((client, 1), (director, 2)):
            lan.join(ns, "eth0", f"10.9.0.{number}/24")
            ns.ip(f"addr add fd00:9::{number}/64 dev eth0 nodad")
        for address in MARKED:
            director.ip(f"addr add {address}/32 dev eth0")
        for address in ("fd00:9::100", "fd00:9::101"):
            director.ip(f"addr add {address}/128 dev eth0 nodad")
        daemon = Written(director, "marks", options=["--dataplane=memory", "--state=none"], start=False)
        daemon.conf_text = CONF.format(four=FOUR)
        with daemon:
            daemon.start()
            daemon.daemon.wait_for(r"vipd\.ready", 20)
            marks = listed(director)
            four = marks.get("10.9.0.100 53")
            six = next((mark for key, mark in marks.items() if key.startswith("fd00")), None)
            t.check(four and six and four != six and min(four, six) >= 1000, f"each service has its mark: {marks}")
            watch(director, four, six)
            for address in MARKED:
                t.equal(seen(client, director, address, 53), {"four"}, f"a packet to {address}")
            for address in ("fd00:9::100", "fd00:9::101"):
                t.equal(seen(client, director, address, 53), {"six"}, f"a packet to {address}")
            t.equal(seen(client, director, "10.9.0.100", 54), {"plain"}, "another port")
            t.equal(seen(client, director, "10.9.0.2", 53), {"plain"}, "another address")
            # it is seen where it leaves and, on lo, where it comes in
            t.equal(seen(director, director, "10.9.0.101", 53, packets=2), {"four"}, "from the director itself")

            daemon.conf_text = CONF.format(four='"10.9.0.[100-102]:53"')
            daemon.reload()
            wait_until(lambda: "10.9.0.102 53" in listed(director), 10, "the reload")
            t.equal(listed(director).get("10.9.0.100 53"), four, "the mark is the same")
            t.equal(seen(client, director, "10.9.0.104", 53), {"plain"}, "an address that has left")
            daemon.kill()
            t.equal(listed(director).get("10.9.0.100 53"), four, "a killed vipd leaves its table")
            daemon.start()
            daemon.daemon.wait_for(r"vipd\.ready", 20)
            t.equal(listed(director).get("10.9.0.102 53"), four, "the next one has the same marks")
            t.equal(daemon.stop(), 0, "exit status")
            t.equal(listed(director), {}, "a stop takes the table away")
            elsewhere(t, director, daemon)


if __name__ == "__main__":
    main()
