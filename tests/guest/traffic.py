#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections through vipd's table: each forwarding method, in both families; one that goes on over a restart.

Runs where the kernel has IPVS: tests/guest/boot -- tests/guest/traffic.py
"""

import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from director import Vipd  # noqa: E402
from netns import Net  # noqa: E402
from suite import suite  # noqa: E402
from web import Web  # noqa: E402

WAYS = {  # port: method, tunnel
    81: ("NAT", ""), 82: ("DR", ""), 83: ("TUN", 'tunnel = { type = "ipip"; };'),
    84: ("TUN", 'tunnel = { type = "gue"; port = 6080; };'), 85: ("TUN", 'tunnel = { type = "gre"; };'),
}
FAMILIES = {  # client, director, service, servers
    4: ("10.0.0.1", "10.0.0.254", "10.0.0.100", ["10.0.0.11", "10.0.0.12"]),
    6: ("fd00::1", "fd00::254", "fd00::100", ["fd00::11", "fd00::12"]),
}
MODULES = ["ipip", "ip_gre", "fou", "ip6_tunnel", "ip6_gre", "fou6"]


class Written(Vipd):
    conf_text = ""

    def text(self):
        return self.conf_text


def host(address):
    return f"[{address}]" if ":" in address else address


def join(lan, net, name, four, six):
    ns = net.ns(name)
    lan.join(ns, "eth0", f"{four}/24")
    ns.ip(f"addr add {six}/64 dev eth0 nodad")
    return ns


def make_server(ns, number):
    """A server that takes packets of every method: the service's addresses are on lo, tunnels end here."""
    ns.sysctl({"net.ipv4.conf.all.arp_ignore": 1, "net.ipv4.conf.all.arp_announce": 2,
               "net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 0,
               "net.ipv4.conf.all.accept_redirects": 0, "net.ipv6.conf.eth0.accept_redirects": 0})
    # what was translated goes back through the director, all else straight to the client
    ns.ip("addr add 10.0.0.100/32 dev lo", "addr add fd00::100/128 dev lo nodad",
          f"rule add from 10.0.0.{number} table 7", "route add 10.0.0.1/32 via 10.0.0.254 dev eth0 table 7")
    ns.run("ip", "-6", "rule", "add", "from", f"fd00::{number}", "table", "7")
    ns.run("ip", "-6", "route", "add", "fd00::1/128", "via", "fd00::254", "dev", "eth0", "table", "7")
    ns.ip("link set tunl0 up", "link set gre0 up", "fou add port 6080 gue",
          f"link add six type ip6tnl mode any local fd00::{number} remote any", "link set six up",
          f"link add gre6 type ip6gre local fd00::{number} remote any", "link set gre6 up")
    ns.run("ip", "-6", "fou", "add", "port", "6080", "gue")
    for device in ("tunl0", "gre0"):
        ns.sysctl({f"net.ipv4.conf.{device}.rp_filter": 0})


def ask(client, address, port, timeout=3):
    """The name of the server that answers a new connection."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with client.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(timeout)
        s.connect((address, port))
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        data = b""
        while True:
            got = s.recv(4096)
            if not got:
                return data.rsplit(b"\r\n", 1)[-1].decode()
            data += got


def service(family, port, method, tunnel):
    _, _, vip, servers = FAMILIES[family]
    listed = ", ".join(f'"{host(a)}:{port}"' for a in servers)
    return (f'{{ name = "v{family}-{port}"; address = "{vip}"; port = {port}; lvs_sched = "rr"; '
            f'lvs_method = "{method}"; {tunnel} real_servers = ( {listed} ); }}')


def build(net):
    """client, director, two servers on one network; every packet of a NAT comes back through the director.

    The service's IPv6 address on the director is not preferred: it would be the source of what tunnels carry, and the
    servers, which have it too, would take nothing from themselves.
    """
    lan = net.lan()
    client = join(lan, net, "client", "10.0.0.1", "fd00::1")
    director = join(lan, net, "director", "10.0.0.254", "fd00::254")
    servers = [join(lan, net, f"server{n}", f"10.0.0.{n}", f"fd00::{n}") for n in (11, 12)]
    director.ip("addr add 10.0.0.100/32 dev eth0", "addr add fd00::100/128 dev eth0 nodad preferred_lft 0")
    director.sysctl({"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1,
                     "net.ipv4.conf.all.send_redirects": 0, "net.ipv4.conf.eth0.send_redirects": 0})
    for ns, number in zip(servers, (11, 12)):
        make_server(ns, number)
    return client, director, servers


def methods(t, client, director, servers):
    """A new connection by every method and family reaches both servers; an open one outlives a restart."""
    webs = []
    for ns, number in zip(servers, (11, 12)):
        for family, (_, _, vip, addresses) in FAMILIES.items():
            for port, (method, _) in WAYS.items():
                at = addresses[number - 11] if method == "NAT" else vip
                webs.append(Web(ns, at, port, name=f"server{number}"))
    daemon = Written(director, "traffic", start=False)
    daemon.conf_text = "virtual_servers = ( " + ",\n".join(
        service(family, port, *way) for family in FAMILIES for port, way in WAYS.items()) + " );\n"
    with daemon:
        daemon.start()
        daemon.daemon.wait_for(r"ipvs\.synced", 20)
        for family, (_, _, vip, _) in FAMILIES.items():
            for port, (method, tunnel) in WAYS.items():
                try:
                    names = {ask(client, vip, port), ask(client, vip, port)}
                except OSError as error:
                    names = str(error)
                t.equal(names, {"server11", "server12"}, f"IPv{family} {method} {tunnel or ''}")
        with client.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.settimeout(5)
            s.connect(("10.0.0.100", 81))
            daemon.kill()
            daemon.start()
            adopt = daemon.daemon.wait_for(r"ipvs\.adopt .*changes=(\d+)", 20)
            t.equal(adopt.match.group(1), "0", "a restart changes nothing")
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
            t.check(s.recv(100).startswith(b"HTTP/1.0 200"), "an open connection through NAT goes on after a restart")
        daemon.daemon.wait_for(r"vipd\.ready", 20)
        t.equal(daemon.stop(), 0, "exit status")
    for web in webs:
        web.stop()


def main():
    subprocess.run(["modprobe", "-d", "/run/kernel", "-a", *MODULES], check=False)
    with suite("guest-traffic") as t, Net() as net:
        client, director, servers = build(net)
        methods(t, client, director, servers)


if __name__ == "__main__":
    main()
