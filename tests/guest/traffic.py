#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections through vipd's table: each forwarding method, in both families; open ones that go on over a kill and a
restart; a server that drains, a sorry server.

Runs where the kernel has IPVS: tests/guest/boot -- tests/guest/traffic.py
"""

import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import ipvs  # noqa: E402
from director import Vipd  # noqa: E402
from netns import Net  # noqa: E402
from proc import wait_until  # noqa: E402
from suite import suite  # noqa: E402
from talk import Named, Open, names  # noqa: E402

WAYS = {  # port: method, tunnel
    81: ("NAT", ""), 82: ("DR", ""), 83: ("TUN", 'tunnel = { type = "ipip"; };'),
    84: ("TUN", 'tunnel = { type = "gue"; port = 6080; };'), 85: ("TUN", 'tunnel = { type = "gre"; };'),
    86: ("TUN", 'tunnel = { type = "gue"; port = 6080; csum = "csum"; };'),
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
    ns.ip("link set tunl0 up", "link set gre0 up", "link set ip6tnl0 up", "link set ip6gre0 up",
          "fou add port 6080 gue")
    ns.run("ip", "-6", "fou", "add", "port", "6080", "gue")
    for device in ("tunl0", "gre0"):
        ns.sysctl({f"net.ipv4.conf.{device}.rp_filter": 0})


def service(family, port, method, tunnel):
    _, _, vip, servers = FAMILIES[family]
    listed = ", ".join(f'"{host(a)}:{port}"' for a in servers)
    return (f'{{ name = "v{family}-{port}"; address = "{vip}"; port = {port}; lvs_sched = "rr"; '
            f'lvs_method = "{method}"; {tunnel} real_servers = ( {listed} ); }}')


def build(net):
    """client, director, two servers on one network; every packet of a NAT comes back through the director."""
    lan = net.lan()
    client = join(lan, net, "client", "10.0.0.1", "fd00::1")
    director = join(lan, net, "director", "10.0.0.254", "fd00::254")
    servers = [join(lan, net, f"server{n}", f"10.0.0.{n}", f"fd00::{n}") for n in (11, 12)]
    # deprecated: a tunnel's packets must not come from an address that the server has too
    director.ip("addr add 10.0.0.100/32 dev eth0", "addr add fd00::100/128 dev eth0 nodad preferred_lft 0")
    director.sysctl({"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1,
                     "net.ipv4.conf.all.send_redirects": 0, "net.ipv4.conf.eth0.send_redirects": 0})
    for ns, number in zip(servers, (11, 12)):
        make_server(ns, number)
    return client, director, servers


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


def ways(family):
    """Methods tried with a family. Over IPv6 the kernel takes no UDP without a checksum."""
    return {port: way for port, way in WAYS.items() if family == 4 or port != 84}


def start_webs(servers):
    """A server for every way, of the name of its namespace."""
    webs = []
    for ns, number in zip(servers, (11, 12)):
        for family, (_, _, vip, addresses) in FAMILIES.items():
            for port, (method, _) in ways(family).items():
                at = addresses[number - 11] if method == "NAT" else vip
                webs.append(Named(ns, at, port, name=f"server{number}"))
    return webs


def requests_of(director):
    """Requests that a vipd that has ended has sent to the kernel's table."""
    return [line.match[1] for line in director.daemon.find(r"ipvs_requests_total=(\d+)")]


def methods(t, client, director):
    """A new connection by every method and family reaches both servers; open ones outlive a kill and a restart."""
    daemon = Written(director, "traffic", start=False)
    daemon.conf_text = 'global_defs = { on_stop = "keep"; };\nvirtual_servers = ( ' + ",\n".join(
        service(family, port, *way) for family in FAMILIES for port, way in ways(family).items()) + " );\n"
    with daemon:
        daemon.start()
        daemon.daemon.wait_for(r"ipvs\.synced", 20)
        for family, (_, _, vip, _) in FAMILIES.items():
            for port, (method, tunnel) in ways(family).items():
                t.equal(names(client, vip, port), {"server11", "server12"}, f"IPv{family} {method} {tunnel or ''}")
        t.part("kill and restart")
        daemon.daemon.wait_for(r"vipd\.ready", 20)
        with Open(client, "10.0.0.100", 81) as nat, Open(client, "fd00::100", 81) as nat6, \
                Open(client, "10.0.0.100", 83) as tunnel:
            kept = {one: one.name for one in (nat, nat6, tunnel)}
            for how in ("kill", "stop"):
                daemon.kill() if how == "kill" else t.equal(daemon.stop(), 0, "exit status of a stop that keeps")
                t.equal([one.ask() for one in kept], list(kept.values()), f"{how}: connections go on without vipd")
                daemon.start()
                adopt = daemon.daemon.wait_for(r"ipvs\.adopt .*changes=(\d+)", 20)
                t.equal(adopt.match[1], "0", f"{how}: a start changes nothing")
                daemon.daemon.wait_for(r"vipd\.ready", 20)
                t.equal([one.ask() for one in kept], list(kept.values()), f"{how}: and with the next one")
            t.equal(daemon.stop(), 0, "exit status")
            t.equal(requests_of(daemon), [], "no request was sent")
    director.run("ipvsadm", "-C")


LEAVE = """
virtual_servers = (
  {{ name = "leave"; address = "10.0.0.100"; port = 81; lvs_sched = "rr"; lvs_method = "NAT";
    sorry_server = {{ address = "10.0.0.12"; port = 8000; }}; quorum = 1;
    checks = ( {{ type = "tcp"; interval = "200ms"; timeout = 2; rise = 1; fall = 1; }} );
    real_servers = ( {{ address = "10.0.0.11"; port = 81; admin = "{admin}"; }}{second} ); }}
);
"""
SECOND = ', { address = "10.0.0.12"; port = 81; }'


def leaving(t, client, director, servers):
    """A server drains: its connections go on, new ones go elsewhere. Quorum is lost: the sorry server answers."""
    webs = [Named(servers[0], "10.0.0.11", 81, name="server11"), Named(servers[1], "10.0.0.12", 81, name="server12")]
    sorry = Named(servers[1], "10.0.0.12", 8000, name="sorry")
    daemon = Written(director, "leave", start=False)
    daemon.conf_text = LEAVE.format(admin="ready", second="")
    with daemon:
        daemon.start()
        wait_until(lambda: names(client, "10.0.0.100", 81) == {"server11"}, 20, "server11 alone", step=0.1)
        with Open(client, "10.0.0.100", 81) as old:
            t.equal(old.name, "server11", "a connection begins")
            daemon.conf_text = LEAVE.format(admin="drain", second=SECOND)
            daemon.reload()
            wait_until(lambda: ipvs.table(director)["tcp 10.0.0.100:81"].get("10.0.0.11:81") == ("NAT", 0), 20,
                       "weight 0 of the server that drains")
            wait_until(lambda: names(client, "10.0.0.100", 81, 4) == {"server12"}, 20, "new ones elsewhere", step=0.1)
            t.check(True, "drain: new connections go elsewhere")
            t.equal(old.ask(), "server11", "drain: the old one goes on")
            t.equal(daemon.daemon.find(r"server\.drained"), [], "drain: it is not over")
        daemon.daemon.wait_for(r"server\.drained vs=leave rs=10\.0\.0\.11:81", 60)
        wait_until(lambda: ipvs.table(director)["tcp 10.0.0.100:81"].keys() == {"10.0.0.12:81"}, 20, "it leaves")
        t.check(True, "drain: without connections it leaves the table")
        webs[1].stop()
        wait_until(lambda: names(client, "10.0.0.100", 81) == {"sorry"}, 20, "the sorry server", step=0.1)
        t.check(True, "quorum lost: the sorry server answers")
        webs[1].start()
        wait_until(lambda: names(client, "10.0.0.100", 81) == {"server12"}, 20, "server12 again", step=0.1)
        t.check(True, "quorum gained: the server answers")
        daemon.daemon.wait_for(r"vipd\.ready", 20)
        t.equal(daemon.stop(), 0, "exit status")
        t.equal(ipvs.table(director), {}, "a clean stop leaves nothing")
    for web in [*webs, sorry]:
        web.stop()


def main():
    subprocess.run(["modprobe", "-d", "/run/kernel", "-a", *MODULES], check=False)
    with suite("guest-traffic") as t, Net() as net:
        client, director, servers = build(net)
        webs = start_webs(servers)
        methods(t, client, director)
        for web in webs:
            web.stop()
        leaving(t, client, director, servers)


if __name__ == "__main__":
    main()
