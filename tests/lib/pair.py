# SPDX-License-Identifier: GPL-2.0-or-later
"""Routers on one bridge, everything they say, and who holds which address: the scene of the namespace tests.

    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [instance(...)])       # 10.9.0.1
        b = scene.router("r2", Keepalived, [instance(...)]) # 10.9.0.2
        moment = time.monotonic()
        scene.die(a)
        scene.check_takeover(a, b, inst, since=moment)

A suite takes the program to test from its first argument; without one it is build/vipd.
"""

import contextlib
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

if len(sys.argv) > 1:
    os.environ["VIPD"] = sys.argv[1]

from director import Vipd  # noqa: E402, F401
from netns import Net  # noqa: E402
from proc import Missing, wait_until  # noqa: E402
from stall import Stalls  # noqa: E402
from suite import suite  # noqa: E402
from wire import Advert, AddressList, Garp, Sniffer  # noqa: E402

PATIENCE = 15         # seconds until something that must come is given up
GRACE = 0.100         # seconds that a takeover may take beyond the RFC's time
MOVE = 0.020          # an address may look held twice for this long while it moves from one to the other


def ms(seconds):
    return f"{seconds * 1000:.1f} ms"


def skew(inst):
    """Skew_Time in seconds."""
    unit = 1.0 if inst["version"] == 2 else inst["advert_ms"] / 1000
    return (256 - inst["prio"]) / 256 * unit


def down(inst):
    """Active_Down_Interval in seconds."""
    return 3 * inst["advert_ms"] / 1000 + skew(inst)


class Owners:
    """Samples the addresses of all namespaces all the time.

    Two passes bound one moment, as in wire.Holders: a namespace counts when both saw the address there.
    """

    def __init__(self, step=0.005):
        self.samples = 0
        self._step = step
        self._lists = []
        self._changes = {}  # address -> [(moment, frozenset of names)]
        self._lock = threading.Lock()
        self._open = True
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def add(self, ns):
        with self._lock:
            self._lists.append(AddressList(ns))

    def start(self):
        self._thread.start()

    def close(self):
        self._open = False
        self._thread.join()
        for one in self._lists:
            one.close()

    def _pass(self):
        return {(address, one.name) for one in self._lists for address, _, _ in one.read()}

    def _watch(self):
        before = set()
        while self._open:
            moment = time.monotonic()
            with self._lock:
                after = self._pass()
            both = {}
            for address, name in before & after:
                both.setdefault(address, set()).add(name)
            for address in both.keys() | self._changes.keys():
                names = frozenset(both.get(address, ()))
                history = self._changes.setdefault(address, [])
                if not history or history[-1][1] != names:
                    history.append((moment, names))
            before = after
            self.samples += 1
            time.sleep(self._step)

    def spans(self, address):
        """(from, to, names) without gaps; the last one ends now."""
        changes = list(self._changes.get(address, ()))
        ends = [moment for moment, _ in changes[1:]] + [time.monotonic()]
        return [(moment, end, names) for (moment, names), end in zip(changes, ends)]

    def now(self, address):
        spans = self.spans(address)
        return spans[-1][2] if spans else frozenset()

    def wait(self, address, names, timeout=PATIENCE):
        """Waits until exactly these hold it; for two samples, so that an older sample does not count."""
        names, seen = frozenset(names), self.samples
        wait_until(lambda: self.samples > seen + 2 and self.now(address) == names, timeout,
                   f"{sorted(names)} hold {address} (it is {sorted(self.now(address))})")

    def doubles(self, address, cuts):
        """[(length, from, names)] of the times when more than one held it, without those within `cuts`."""
        found = []
        for start, end, names in self.spans(address):
            if len(names) > 1:
                for since, to in cuts:
                    if since <= start < to:
                        start = min(to, end)
                if end > start:
                    found.append((end - start, start, sorted(names)))
        return found


class Router:
    """A director program in its namespace, with the address that it sends from."""

    def __init__(self, name, ns, ip, director):
        self.name, self.ns, self.ip, self.director = name, ns, ip, director
        self._mac = ns.mac("eth0")

    @property
    def daemon(self):
        return self.director.daemon

    @property
    def mac(self):
        """Of eth0; what it was when there is none now."""
        try:
            self._mac = self.ns.mac("eth0")
        except OSError:
            pass
        return self._mac


class Scene:
    def __init__(self, t, listen=True):
        self.t = t
        self._listen = listen  # False: no `wire`, for floods
        self.cuts = []    # (from, to): times in which two may hold an address
        self.routers = []
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        self.net = self._stack.enter_context(Net())
        self.lan = self.net.lan("lan")
        self.wire = self._stack.enter_context(Sniffer(self.lan.ns, "br0")) if self._listen else None
        self.stalls = self._stack.enter_context(Stalls())
        self.owners = Owners()
        self.owners.start()
        self._stack.callback(self.owners.close)
        return self

    def __exit__(self, kind, *exc):
        if kind is not None:
            for router in self.routers:
                if router.daemon:
                    self.t.note(f"-- last lines of {router.name}:\n{router.daemon.tail(40)}")
        self._stack.close()

    def host(self, name, *addresses):
        """A namespace on the bridge, watched by no sampler."""
        ns = self.net.ns(name)
        self.lan.join(ns, "eth0", *addresses)
        return ns

    def router(self, name, kind, instances, start=False, options=(), extra=()):
        ip = f"10.9.0.{len(self.routers) + 1}"
        ns = self.host(name, f"{ip}/24", *extra)
        director = self._stack.enter_context(kind(ns, name, instances=instances, options=options, start=False))
        self.routers.append(Router(name, ns, ip, director))
        self.owners.add(ns)
        if start:
            director.start()
        return self.routers[-1]

    def ear(self, router):
        """A Sniffer that hears what this router alone sends."""
        port = self.lan.ports[router.ns, "eth0"]
        return self._stack.enter_context(Sniffer(self.lan.ns, port, incoming=True))

    # ---- deeds

    def die(self, router):
        """The machine dies: the program is killed, its cable is dead. Its kernel keeps the addresses."""
        self.cuts.append((time.monotonic(), float("inf")))
        self.lan.mute(router.ns, "eth0")
        router.director.kill()

    def come_back(self, router, vips):
        """The machine that died is back, with what its kernel kept; the cut ends when the addresses have left it."""
        self.lan.heal(router.ns, "eth0")
        router.director.start()
        wait_until(lambda: all(router.name not in self.owners.now(v) for v in vips), PATIENCE,
                   f"{router.name} takes away the addresses that were left behind")
        self.end_cut()

    def end_cut(self):
        self.cuts[-1] = (self.cuts[-1][0], time.monotonic())

    # ---- checks

    def bound(self, took, limit, begin, end, what):
        """A time must be at most `limit`; what the machine itself stood still meanwhile does not count."""
        still = self.stalls.between(begin, end)
        more = f" (and {ms(still)} in which the machine stood still)" if still else ""
        self.t.check(took <= limit + still, f"{what}: {ms(took)}, at most {ms(limit)}{more}")

    def check_takeover(self, dead, new, inst, since):
        """From the last advert of the dead one on the wire to the first one of the new. Returns seconds."""
        first = self.wire.wait(Advert, PATIENCE, since=since, mac=new.mac, vrid=inst["vrid"])[0]
        last = [a for a in self.wire.adverts(mac=dead.mac, vrid=inst["vrid"]) if a.time < first.time][-1]
        took, limit = first.time - last.time, down(inst)
        what = f"{inst['name']}: {new.name} takes over from the dead {dead.name}"
        self.bound(took, limit + GRACE, last.time, first.time, what)
        self.t.check(took >= limit - 0.003, f"{what} not before {ms(limit)}: {ms(took)}")
        return took

    def check_resigned(self, old, new, inst, since):
        """Clean stop: priority 0, then within Skew_Time the other. Returns seconds."""
        last = self.wire.wait(Advert, PATIENCE, since=since, mac=old.mac, vrid=inst["vrid"], prio=0)[0]
        first = self.wire.wait(Advert, PATIENCE, since=last.time, mac=new.mac, vrid=inst["vrid"])[0]
        took = first.time - last.time
        what = f"{inst['name']}: {new.name} follows {old.name}, which resigned"
        self.bound(took, skew(inst) + GRACE, last.time, first.time, what)
        self.t.check(took >= skew(inst) - 0.003, f"{what}, not before Skew_Time {ms(skew(inst))}: {ms(took)}")
        return took

    def check_garp(self, new, inst, since, repeat=5):
        """`repeat` frames for each address, each byte right, none before the first advert (G1, G3, G10)."""
        first = self.wire.wait(Advert, PATIENCE, since=since, src=new.ip, vrid=inst["vrid"])[0]
        for address in vips_of([inst]):
            name = f"{inst['name']}: gratuitous ARP of {new.name} for {address}"
            try:
                self.wire.wait(Garp, 2, since=since, count=repeat, address=address, mac=new.mac)
            except Missing:
                pass  # told below
            time.sleep(0.05)
            sent = [g for g in self.wire.garps(since=since, address=address, mac=new.mac) if g.time < first.time + 4]
            late = [g for g in self.wire.garps(since=first.time + MOVE, address=address) if g.mac != new.mac]
            self.t.equal(len(sent), repeat, f"{name}: frames")
            self.t.check(all(g.frame[:42] == garp_bytes(new.mac, address) for g in sent), f"{name}: bytes")
            self.t.check(bool(sent) and sent[0].time > first.time, f"{name}: after the first advert")
            self.t.check(not late, f"{name}: nobody else's any more (G4)")

    def check_single(self, vips, move=MOVE):
        """One holder of each address at any sampled moment except during a cut, or for `move` while it moves."""
        for vip in vips:
            doubles = self.owners.doubles(vip, self.cuts)
            for length, start, names in doubles:
                self.t.note(f"{vip} held by {names} for {ms(length)} at {start - self.t._start:.3f}")
            long = [(length, names) for length, start, names in doubles
                    if length > move + self.stalls.between(start - MOVE, start + length)]
            self.t.check(not long, f"{vip}: one holder at every sampled moment outside cuts {long or ''}".rstrip())
        self.t.check(self.owners.samples > 100, f"{self.owners.samples} samples of who holds what")

    def largest_gap(self, **which):
        """The largest gap between these adverts, and when it began; waits until there are two."""
        wait_until(lambda: len(self.wire.adverts(**which)) > 1, PATIENCE, "two adverts")
        return gaps(self.wire.adverts(**which))[0]

    def check_quiet(self, router, since, names, what):
        """None of these instances changed its state since that line of the log."""
        moved = [line.text for name in names for line in router.daemon.find(rf"vrrp\.state inst={name} ", since)]
        self.t.check(not moved, f"{what}: no transition of {', '.join(names)} on {router.name}"
                     + (f": {len(moved)}, first {moved[0]}" if moved else ""))


def vips_of(instances):
    return [address.split()[0].split("/")[0] for inst in instances for address in inst["addresses"]]


def garp_bytes(mac, address):
    """What a gratuitous ARP must look like (vector of the protocol notes)."""
    own, ip = bytes.fromhex(mac.replace(":", "")), bytes(map(int, address.split(".")))
    return b"\xff" * 6 + own + bytes.fromhex("0806" "0001" "0800" "06" "04" "0001") + own + ip + b"\xff" * 6 + ip


def vrrp_stats(daemon, name):
    """The counters of vrrp.stats as a dictionary."""
    line = daemon.wait_for(rf"vrrp\.stats inst={name} (.*)", 5)
    return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line.match[1])}


def gaps(adverts):
    """Seconds between neighbouring adverts, as (gap, moment), largest first."""
    times = sorted(a.time for a in adverts)
    return sorted(((b - a, a) for a, b in zip(times, times[1:])), reverse=True)


def tshark(frames):
    """What an independent decoder says of frames: a list of dictionaries, or None where there is no tshark."""
    fields = ["ip.ttl", "ip.dsfield", "ip.checksum.status", "vrrp.version", "vrrp.type", "vrrp.virt_rtr_id",
              "vrrp.prio", "vrrp.addr_count", "vrrp.adver_int", "vrrp.short_adver_int", "vrrp.checksum.status",
              "vrrp.ip_addr", "vrrp.ipv6_addr", "ipv6.hlim", "_ws.malformed"]
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(pcap(frames))
        file.flush()
        argv = ["tshark", "-r", file.name, "-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=|"]
        try:
            done = subprocess.run(argv + [word for f in fields for word in ("-e", f)], check=True, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        except FileNotFoundError:
            return None
    return [dict(zip(fields, line.split("|"))) for line in done.stdout.splitlines()]


def pcap(frames):
    """A capture file of Ethernet frames."""
    head = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return head + b"".join(struct.pack("=IIII", n, 0, len(f), len(f)) + f for n, f in enumerate(frames))


def run_parts(name, parts):
    """Runs the parts (or those named after the program) as one suite; one that breaks off does not hide the others."""
    with suite(name) as t:
        for part in parts:
            if len(sys.argv) > 2 and part.__name__ not in sys.argv[2:]:
                continue
            try:
                part(t)
            except Exception as error:  # told as a failed check
                t.note(traceback.format_exc().rstrip())
                t.check(False, f"{part.__name__} breaks off: {error}")
