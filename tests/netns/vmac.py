#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtual MAC address: adverts, announcements and ARP answers bear it, takeover moves it, keepalived with use_vmac
and vipd hear each other, and what was made and set is taken back.
"""

import json
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Keepalived, Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene  # noqa: E402
from proc import wait_until  # noqa: E402
from wire import Advert, Garp  # noqa: E402

VIP = "10.9.0.100"
USE = "use_vmac = true;"
MAC = "00:00:5e:00:01:33"  # VRID 51


def web(prio, vmac=True):
    return instance("web", 51, prio, [VIP + "/24"], advert_ms=100, vipd=USE if vmac else "",
                    keepalived="use_vmac" if vmac else "")


def settings(ns):
    """What is set on eth0 and what lies on it."""
    with ns.entered():
        values = {}
        for name in ("arp_ignore", "arp_filter"):
            with open(f"/proc/sys/net/ipv4/conf/eth0/{name}", encoding="ascii") as file:
                values[name] = file.read().strip()
    made = json.loads(ns.run("ip", "-j", "-d", "link", "show", "type", "macvlan").stdout or "[]")
    return values, [one for one in made if one]


def arp_answers(client):
    """The hardware addresses that answer a question for the VIP, within a quarter of a second of the first."""
    own = bytes.fromhex(client.mac("eth0").replace(":", ""))
    question = (b"\xff" * 6 + own + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) + own
                + socket.inet_aton("10.9.0.50") + bytes(6) + socket.inet_aton(VIP))
    answers = set()
    with client.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as wire:
        wire.bind(("eth0", 0x0806))
        wire.send(question)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            wire.settimeout(max(0.001, end - time.monotonic()))
            try:
                frame = wire.recv(100)
            except TimeoutError:
                break
            if frame[20:22] == b"\x00\x02" and frame[28:32] == socket.inet_aton(VIP):
                answers.add(":".join(f"{byte:02x}" for byte in frame[22:28]))
                end = min(end, time.monotonic() + 0.25)
    return answers


def play(t, first, second):
    names = {Vipd: "vipd", Keepalived: "keepalived"}
    t.part(f"{names[first]} is active, {names[second]} takes over and gives back")
    with Scene(t) as scene:
        client = scene.host("client", "10.9.0.50/24")
        a = scene.router(f"{names[first]}-150", first, [web(150)], start=True)
        before = {"arp_ignore": "0", "arp_filter": "0"}
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        b = scene.router(f"{names[second]}-100", second, [web(100)], start=True)
        b.director.wait_state("web", "BACKUP", PATIENCE)
        time.sleep(1)
        t.check(not b.daemon.find("to=ACTIVE|Entering MASTER"), f"{b.name} hears {a.name}")
        moment = time.monotonic()
        heard = scene.wire.wait(Advert, PATIENCE, since=moment, count=3, vrid=51)
        t.equal({(e.mac, e.src) for e in heard}, {(MAC, a.ip)}, "adverts: hardware address and source (V1, V104)")
        t.equal(arp_answers(client), {MAC}, "answers to ARP for the virtual address (V104)")
        if first is Vipd:
            t.equal([one["inet6_addr_gen_mode"] for one in settings(a.ns)[1]], ["none"], "no address of its own (V107)")
        t.equal(client.run("ping", "-c", "1", "-W", "2", a.ip, check=False).returncode, 0,
                "the router's own address answers")

        moment = time.monotonic()
        a.director.stop()
        b.director.wait_state("web", "ACTIVE", PATIENCE)
        scene.wire.wait(Garp, PATIENCE, since=moment, count=3, address=VIP, mac=MAC)
        t.equal(arp_answers(client), {MAC}, "answers to ARP after the takeover")
        if first is Vipd:
            t.equal(settings(a.ns), (before, []), "what the stopped vipd leaves on eth0")

        seen = b.daemon.mark()
        a.director.start()
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        b.director.wait_state("web", "BACKUP", PATIENCE, seen)
        scene.owners.wait(VIP, {a.name})
        b.director.stop()
        a.director.stop()


def repairs(t):
    t.part("what others do to the interface is mended")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [web(150)], start=True)
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        for command in ("link del vrrp.51", "link set vrrp.51 down"):
            seen = a.daemon.mark()
            a.ns.ip(command)
            if "del" in command:  # what is only down may be up again before VRRP has looked
                a.director.wait_state("web", "FAULT", PATIENCE, seen)
                a.director.wait_state("web", "ACTIVE", PATIENCE, seen)
            wait_until(lambda: [one for one in settings(a.ns)[1] if "UP" in one["flags"]], PATIENCE,
                       f"the interface is there and up after: {command}")
            scene.owners.wait(VIP, {"r1"})
            t.check(True, f"mended: {command}")
        t.part("what a killed vipd has left is taken over, or removed")
        a.director.kill()
        t.equal(len(settings(a.ns)[1]), 1, "the killed vipd's interface is there")
        a.director.start()
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        t.check(not a.daemon.find("vmac.(add|del)"), "the interface is taken over as it is")
        a.director.kill()
        a.director.instances[0]["vipd"] = ""
        a.director.start()
        a.daemon.wait_for(r"vmac\.del iface=vrrp\.51", PATIENCE)
        wait_until(lambda: settings(a.ns) == ({"arp_ignore": "0", "arp_filter": "0"}, []), PATIENCE,
                   "eth0 has what it had before the first vipd")
        t.check(True, "settings of eth0 are those of before")
        t.part("a reload makes it, a reload removes it")
        a.director.instances[0]["vipd"] = USE
        seen = a.daemon.mark()
        a.director.reload()
        a.daemon.wait_for(r"vmac\.add .*iface=vrrp\.51", PATIENCE, seen)
        a.director.wait_state("web", "ACTIVE", PATIENCE, seen)
        scene.owners.wait(VIP, {"r1"})
        a.director.instances[0]["vipd"] = ""
        seen = a.daemon.mark()
        a.director.reload()
        a.daemon.wait_for(r"vmac\.del iface=vrrp\.51", PATIENCE, seen)
        scene.owners.wait(VIP, {"r1"})
        t.equal(a.director.stop(), 0, "exit status")
        t.equal(settings(a.ns), ({"arp_ignore": "0", "arp_filter": "0"}, []), "at the end")


def no_accept(t):
    t.part("no_accept: packets to the address are dropped, ARP is answered")
    for vmac in ("", USE):
        with Scene(t) as scene:
            client = scene.host("client", "10.9.0.50/24")
            one = web(150)
            one["vipd"] = vmac + " no_accept = true;"
            a = scene.router("r1", Vipd, [one], start=True)
            a.director.wait_state("web", "ACTIVE", PATIENCE)
            scene.owners.wait(VIP, {"r1"})
            kind = "with" if vmac else "without"
            t.equal(arp_answers(client), {MAC if vmac else a.mac}, f"answers to ARP, {kind} virtual MAC")
            t.check(client.run("ping", "-c", "1", "-W", "1", VIP, check=False).returncode != 0,
                    f"no answer from the virtual address, {kind} virtual MAC")
            t.equal(client.run("ping", "-c", "1", "-W", "2", a.ip, check=False).returncode, 0,
                    "the router's own address answers")
            seen = a.daemon.mark()
            one["vipd"] = vmac
            a.director.reload()
            a.daemon.wait_for(r"conf\.applied", PATIENCE, seen)
            t.equal(client.run("ping", "-c", "1", "-W", "2", VIP, check=False).returncode, 0,
                    "after a reload without no_accept the virtual address answers")
            t.check(not a.daemon.find("accept.fail"), "nftables took all of it")
            t.equal(a.director.stop(), 0, "exit status")
            t.equal(a.ns.run("nft", "list", "ruleset").stdout.strip(), "", "no table is left")


with pair.suite("vmac") as test:
    play(test, Vipd, Vipd)
    play(test, Vipd, Keepalived)
    play(test, Keepalived, Vipd)
    repairs(test)
    no_accept(test)
