#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What comes before what on the wire and in the kernel when an instance takes over and yields, and what a BACKUP does
not answer (V76, V99, V100, G2, G9, G10)."""

import os
import re
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene  # noqa: E402
from proc import wait_until  # noqa: E402
from wire import Advert, Garp  # noqa: E402

LATE = 0.03  # seconds; as in hostile.py
VIP, EVIP = "10.9.0.100", "2001:db8:9::100"
WORDS = f"""virtual_ipaddress_excluded = ( "{EVIP}/64" );
    virtual_routes = ( {{ to = "10.81.0.0/16"; via = "10.9.0.254"; }} );
    virtual_rules = ( {{ from = "10.9.8.0/24"; table = "101"; priority = 600; }} );"""


def web(prio):
    return instance("web", 51, prio, [VIP + "/24"], advert_ms=100, vipd=WORDS)


class Monitor:
    """What the kernel tells of addresses, routes and rules, in its order."""

    def __init__(self, ns):
        self.lines = []
        self.process = ns.popen(["ip", "-o", "monitor", "address", "route", "rule"], stdout=-1, text=True)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def place(self, pattern, since=0):
        """Of the first line from there on, or None."""
        for n, line in enumerate(self.lines[since:], since):
            if re.search(pattern, line):
                return n
        return None

    def wait(self, pattern, since=0):
        wait_until(lambda: self.place(pattern, since) is not None, PATIENCE, f"{pattern} of the kernel")
        return self.place(pattern, since)

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.thread.join()
        self.process.stdout.close()


class Frames:
    """Every frame that a host hears, as bytes, in order of arrival."""

    def __init__(self, ns):
        self.seen = []
        self.is_open = True
        self.wire = ns.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        self.wire.bind(("eth0", 0x0003))
        self.wire.settimeout(0.1)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while self.is_open:
            try:
                self.seen.append(self.wire.recv(2000))
            except TimeoutError:
                pass

    def close(self):
        self.is_open = False
        self.thread.join()
        self.wire.close()


def is_advert(frame):
    return frame[12:14] == b"\x08\x00" and frame[23] == 112


def is_garp(frame):
    return frame[12:14] == b"\x08\x06" and frame[28:32] == frame[38:42] == socket.inet_aton(VIP)


def is_na(frame):
    return (frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[54] == 136
            and frame[62:78] == socket.inet_pton(socket.AF_INET6, EVIP))


def asks(client, address, device="eth0"):
    """Who answers an ARP question for it: hardware addresses."""
    own = bytes.fromhex(client.mac(device).replace(":", ""))
    question = (b"\xff" * 6 + own + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) + own
                + socket.inet_aton("10.9.0.50") + bytes(6) + socket.inet_aton(address))
    answers = set()
    with client.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as wire:
        wire.bind((device, 0x0806))
        wire.send(question)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            wire.settimeout(max(0.001, end - time.monotonic()))
            try:
                frame = wire.recv(100)
            except TimeoutError:
                break
            if frame[20:22] == b"\x00\x02" and frame[28:32] == socket.inet_aton(address):
                answers.add(":".join(f"{byte:02x}" for byte in frame[22:28]))
    return answers


def check_taking(t, frames, lines, mac):
    """The wire's order, and the kernel's."""
    mine = [f for f in frames.seen if f[6:12] == bytes.fromhex(mac.replace(":", ""))]
    first = {what.__name__: next((n for n, f in enumerate(mine) if what(f)), None) for what in (is_advert, is_garp, is_na)}
    t.note(f"{first}")
    t.check(first["is_garp"] is not None and first["is_advert"] < first["is_garp"],
            "the advert is before the first announcement (V78, G10)")
    t.check(first["is_na"] is not None and first["is_advert"] < first["is_na"],
            "an excluded address of the other family is announced in its own way (G9)")
    na = mine[first["is_na"]]
    t.check(na[21] == 255 and na[6:12] == na[80:86], "its hop limit, and the hardware address in it (G2, V106)")
    t.check(all(f[6:12] == f[22:28] for f in mine if is_garp(f)), "the sender of ARP is the sender of the frame (G2)")
    address = lines.place(rf"inet {re.escape(VIP)}/24")
    t.check(address is not None and address < lines.place("10.81.0.0/16"), "addresses are before routes")


def taking_and_yielding(t):
    t.part("one takes over, is beaten, and yields")
    with Scene(t) as scene:
        client = scene.host("client", "10.9.0.50/24")
        frames = Frames(client)
        a = scene.router("r1", Vipd, [web(100)])
        lines = Monitor(a.ns)
        a.director.start()
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        scene.wire.wait(Garp, PATIENCE, count=3, address=VIP)
        lines.wait("10.81.0.0/16")
        lines.wait("600:.*10.9.8.0/24")
        wait_until(lambda: any(is_na(f) for f in frames.seen), PATIENCE, f"an announcement of {EVIP}")
        check_taking(t, frames, lines, a.mac)
        t.equal(asks(client, VIP), {a.mac}, "the active one answers")

        begin = len(lines.lines)
        moment = time.monotonic()
        b = scene.router("r2", Vipd, [web(150)], start=True)
        b.director.wait_state("web", "ACTIVE", PATIENCE)
        a.director.wait_state("web", "BACKUP", PATIENCE)
        rule = lines.wait("Deleted 600:", begin)
        route = lines.wait("Deleted 10.81.0.0/16", begin)
        address = lines.wait(rf"Deleted .*inet {re.escape(VIP)}/24", begin)
        t.check(max(rule, route) < address, f"rules and routes go before addresses (V99): {rule}, {route}, {address}")
        yielded = scene.wire.wait(Advert, PATIENCE, since=moment, mac=b.mac)[0].time
        t.equal(scene.wire.garps(since=yielded + 0.3, mac=a.mac), [], "who has yielded announces nothing (G4)")
        scene.owners.wait(VIP, {"r2"})
        t.equal(asks(client, VIP), {b.mac}, "only the active one answers (V76)")
        for router in (a, b):
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")
        t.equal(asks(client, VIP), set(), "nobody answers after the end")
        lines.close()
        frames.close()


def many(prio):
    return instance("many", 52, prio, ["10.9.1.1/32"], advert_ms=100, vipd="virtual_ipaddress_excluded = ( "
                    + ", ".join(f'"10.9.{2 + n // 250}.{1 + n % 250}/32"' for n in range(1000)) + " );")


def on_time(t):
    t.part("a thousand addresses come and go, and adverts leave on time")
    with Scene(t) as scene:
        fast = instance("fast", 53, 150, ["10.9.0.103/24"], advert_ms=100)
        a = scene.router("r1", Vipd, [fast, many(100)], start=True)
        a.director.wait_state("fast", "ACTIVE", PATIENCE)
        begin = time.monotonic()
        a.director.wait_state("many", "ACTIVE", PATIENCE)
        scene.wire.wait(Garp, PATIENCE, since=begin, address="10.9.5.250", mac=a.mac)
        seen = a.daemon.mark()
        b = scene.router("r2", Vipd, [many(150)], start=True)
        a.director.wait_state("many", "BACKUP", PATIENCE, seen)
        scene.wire.wait(Garp, PATIENCE, since=begin, address="10.9.5.250", mac=b.mac)
        gap, at = scene.largest_gap(since=begin, vrid=53, mac=a.mac)
        scene.bound(gap, 0.1 + LATE, at, at + gap, "largest gap between adverts meanwhile (V139)")
        for router in (a, b):
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")


with pair.suite("order") as test:
    taking_and_yielding(test)
    on_time(test)
