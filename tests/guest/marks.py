#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Services with several addresses as one entry by mark (nftables_ipvs): connections to each address in both families,
over a reload and a kill; and where nftables can't do it, as it is with the kernel of the guest, an entry for each
address. What the table of nftables does to packets is in tests/netns/marks.py.

Runs where the kernel has IPVS: tests/guest/boot -- tests/guest/marks.py
"""

import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import traffic  # noqa: E402
from netns import Net  # noqa: E402
from proc import wait_until  # noqa: E402
from suite import suite  # noqa: E402
from web import Web  # noqa: E402

VIPS = {4: ["10.0.0.100", "10.0.0.101", "10.0.0.102"], 6: ["fd00::100", "fd00::101"]}
SERVERS = ("10.0.0.11", "10.0.0.12"), ("fd00::11", "fd00::12")

MODPROBE = "/proc/sys/kernel/modprobe"  # the program that loads modules
CONF = """
global_defs = {{ nftables_ipvs = "{table}"; nftables_ipvs_start_fwmark = 1000; {more} }};
virtual_servers = (
  {{ name = "four"; addresses = ( {four} ); lvs_sched = "rr"; lvs_method = "{method}"; real_servers = ( {servers4} ); }},
  {{ name = "six"; addresses = ( {six} ); lvs_sched = "rr"; lvs_method = "{method}"; real_servers = ( {servers6} ); }},
  {{ name = "plain"; address = "10.0.0.100"; port = 83; lvs_sched = "rr"; lvs_method = "NAT";
     real_servers = ( "10.0.0.11:83" ); }}
);
"""


def conf(port, method, four=3, table="marks", more=""):
    def listed(addresses):
        return ", ".join(f'"{traffic.host(a)}:{port}"' for a in addresses)
    return CONF.format(table=table, more=more, method=method, four=listed(VIPS[4][:four]), six=listed(VIPS[6]),
                       servers4=listed(SERVERS[0]), servers6=listed(SERVERS[1]))


def kernel(ns):
    """The services of the kernel: marks are one word."""
    lines = [line.split() for line in ns.run("ipvsadm", "-Sn").stdout.splitlines() if line.startswith("-A")]
    return sorted("mark" if words[1] == "-f" else words[2] for words in lines)


def names(client, address, port):
    try:
        return {traffic.ask(client, address, port), traffic.ask(client, address, port)}
    except OSError as error:
        return f"{address}: {error}"


def tables(ns):
    return ns.run("nft", "list", "tables").stdout.split()


def reach(t, client, port, what, four=3):
    for address in VIPS[4][:four] + VIPS[6]:
        t.equal(names(client, address, port), {"server11", "server12"}, f"{what}: {address}")


def without_nftables(t, client, daemon):
    """A kernel that has no nftables: an entry for each address, as without the setting."""
    t.check(not os.path.exists("/sys/module/nf_tables"), "nobody has loaded nf_tables yet")
    with open(MODPROBE, encoding="ascii") as file:
        program = file.read()
    with open(MODPROBE, "w", encoding="ascii") as file:
        file.write("/bin/false")
    daemon.start()
    daemon.daemon.wait_for(r"ipvs\.marks op=set", 20)
    daemon.daemon.wait_for(r"vipd\.ready", 20)
    t.equal(len(kernel(daemon.ns)), 6, "an entry for each address")
    reach(t, client, 81, "without nftables")
    t.equal(daemon.stop(), 0, "exit status")
    with open(MODPROBE, "w", encoding="ascii") as file:
        file.write(program)


def without_families(t, client, daemon):
    """User-Mode Linux of Debian: nftables is there, but can't have a table of IP."""
    daemon.start()
    daemon.daemon.wait_for(r"ipvs\.marks op=set", 20)
    daemon.daemon.wait_for(r"ipvs\.synced", 20)
    t.equal(len(kernel(daemon.ns)), 6, "an entry for each address")
    reach(t, client, 81, "without tables of nftables")
    daemon.conf_text = conf(82, "DR", four=2)
    daemon.reload()
    wait_until(lambda: daemon.ns.run("ipvsadm", "-Sn").stdout.count("-r") == 9 and
               "10.0.0.101:81" not in kernel(daemon.ns), 20, "the reload")
    reach(t, client, 82, "DR, without tables of nftables", four=2)
    t.equal(daemon.stop(), 0, "exit status")
    t.equal(kernel(daemon.ns), [], "a stop leaves nothing")


def with_marks(t, client, daemon):
    daemon.start()
    daemon.daemon.wait_for(r"vipd\.ready", 20)
    t.equal(kernel(daemon.ns), ["10.0.0.100:83", "mark", "mark"], "one entry for all addresses of a family")
    reach(t, client, 81, "NAT")
    t.equal(traffic.ask(client, "10.0.0.100", 83), "server11", "another service at the same address")
    with client.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.settimeout(5)
        s.connect(("10.0.0.101", 81))
        daemon.conf_text = conf(81, "NAT", four=2)
        daemon.reload()
        wait_until(lambda: "10.0.0.102" not in daemon.ns.run("nft", "list", "ruleset").stdout, 20, "the address to leave")
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        t.check(s.recv(100).startswith(b"HTTP/1.0 200"), "an open connection goes on when an address leaves")
    reach(t, client, 81, "after a reload", four=2)
    t.equal(kernel(daemon.ns), ["10.0.0.100:83", "mark", "mark"], "the marks are the same")
    t.check(isinstance(names(client, "10.0.0.102", 81), str), "an address that has left is no service")
    daemon.kill()
    daemon.start()
    adopt = daemon.daemon.wait_for(r"ipvs\.adopt .*changes=(\d+)", 20)
    t.equal(adopt.match.group(1), "0", "a killed vipd's marks are those of the next")
    t.equal(daemon.stop(), 0, "exit status")
    t.equal([kernel(daemon.ns), tables(daemon.ns)], [[], []], "a stop leaves nothing")


def marks(t, client, director, servers):
    webs = []
    for ns, number in zip(servers, (11, 12)):
        own = [f"10.0.0.{number}", f"fd00::{number}"]
        webs += [Web(ns, at, 81, name=f"server{number}") for at in own]
        webs += [Web(ns, at, 82, name=f"server{number}") for at in VIPS[4] + VIPS[6]]
    webs.append(Web(servers[0], "10.0.0.11", 83, name="server11"))
    daemon = traffic.Written(director, "marks", start=False)
    daemon.conf_text = conf(81, "NAT")
    with daemon:
        without_nftables(t, client, daemon)
        probe = director.run("nft", "add table inet probe; delete table inet probe", check=False)
        (without_families if probe.returncode else with_marks)(t, client, daemon)
    for web in webs:
        web.stop()


def main():
    subprocess.run(["modprobe", "-d", "/run/kernel", "-a", *traffic.MODULES], check=False)
    with suite("guest-marks") as t, Net() as net:
        client, director, servers = traffic.build(net)
        for ns in (director, *servers):
            device = "eth0" if ns is director else "lo"
            for address in VIPS[4][1:]:
                ns.ip(f"addr add {address}/32 dev {device}")
            ns.ip(f"addr add fd00::101/128 dev {device} nodad")
        marks(t, client, director, servers)


if __name__ == "__main__":
    main()
