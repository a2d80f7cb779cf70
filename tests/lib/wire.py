# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said on a link, and who holds an address.

`Sniffer` hears VRRP adverts and gratuitous ARPs on one device of a namespace (on a Lan: its bridge, which hears
everybody), with the kernel's time stamps turned into time.monotonic(). `Holders` asks namespaces over netlink which
of them has an address. Neither starts a program.
"""

import ctypes
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

from proc import Missing

ETH_P_ALL, ETH_P_IP, ETH_P_ARP, ETH_P_IPV6 = 0x0003, 0x0800, 0x0806, 0x86DD
IPPROTO_VRRP, IPPROTO_AH = 112, 51
SO_ATTACH_FILTER, SO_TIMESTAMPNS = 26, 35
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
RTM_NEWADDR, RTM_GETADDR, NLMSG_DONE, NLMSG_ERROR = 20, 22, 3, 2
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
IFA_ADDRESS, IFA_LOCAL = 1, 2

# Classic BPF: keep ARP, IPv4 that carries VRRP or AH, IPv6 that carries VRRP.
_FILTER = [
    (0x28, 0, 0, 12),            # ldh [12]           ethertype
    (0x15, 7, 0, ETH_P_ARP),     # jeq ARP -> keep
    (0x15, 0, 2, ETH_P_IPV6),    # jne IPv6 -> next
    (0x30, 0, 0, 20),            # ldb [20]           next header
    (0x15, 4, 5, IPPROTO_VRRP),  # jeq VRRP -> keep, else drop
    (0x15, 0, 4, ETH_P_IP),      # jne IPv4 -> drop
    (0x30, 0, 0, 23),            # ldb [23]           protocol
    (0x15, 1, 0, IPPROTO_VRRP),  # jeq VRRP -> keep
    (0x15, 0, 1, IPPROTO_AH),    # jne AH -> drop
    (0x06, 0, 0, 0xFFFF),        # keep
    (0x06, 0, 0, 0),             # drop
]

_PROGRAM = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in _FILTER))


def packet_filter():
    """For SO_ATTACH_FILTER: lets ARP and adverts pass."""
    return struct.pack("HP", len(_FILTER), ctypes.addressof(_PROGRAM))


@dataclass(frozen=True)
class Advert:
    time: float        # time.monotonic()
    src: str
    dst: str
    mac: str           # source address of the frame
    ttl: int
    version: int
    kind: int          # 1 = advertisement
    vrid: int
    prio: int
    auth: int          # version 2: authentication type; version 3: 0
    interval: float    # ms
    addresses: tuple
    sum_ok: bool       # checksum right (version 3: with pseudo header)
    frame: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Garp:
    time: float
    address: str
    mac: str           # the sender's, as in the ARP message
    op: int            # 1 request, 2 reply
    frame: bytes = field(default=b"", repr=False)


def checksum(data):
    """The ones' complement sum of RFC 1071; 0 over data that contains its right checksum."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _mac(raw):
    return ":".join(f"{byte:02x}" for byte in raw)


def parse(frame, when):
    """An Advert, a Garp or None from an Ethernet frame."""
    if len(frame) < 42:
        return None
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == ETH_P_ARP:
        return _parse_arp(frame, when)
    if kind == ETH_P_IPV6:
        return _parse_advert6(frame, when)
    return _parse_advert(frame, when) if kind == ETH_P_IP else None


def _parse_arp(frame, when):
    op, sender, spa, _, tpa = struct.unpack_from("!H6s4s6s4s", frame, 20)
    return Garp(when, socket.inet_ntoa(spa), _mac(sender), op, frame) if spa == tpa else None


def _parse_advert(frame, when):
    head = (frame[14] & 15) * 4
    length = struct.unpack_from("!H", frame, 16)[0]
    ip, body = frame[14:14 + length], frame[14 + head:14 + length]
    proto = ip[9]
    if proto == IPPROTO_AH and len(body) >= 12:
        proto, body = body[0], body[(body[1] + 2) * 4:]
    if proto != IPPROTO_VRRP or len(body) < 8:
        return None
    version = body[0] >> 4
    summed = body
    if version == 3:
        summed = ip[12:20] + struct.pack("!BBH", 0, IPPROTO_VRRP, len(body)) + body
        auth, interval = 0, (struct.unpack_from("!H", body, 4)[0] & 0xFFF) * 10.0
    else:
        auth, interval = body[4], body[5] * 1000.0
    ends = range(8, min(8 + 4 * body[3], len(body) - 3), 4)
    return Advert(when, socket.inet_ntoa(ip[12:16]), socket.inet_ntoa(ip[16:20]), _mac(frame[6:12]), ip[8], version,
                  body[0] & 15, body[1], body[2], auth, interval,
                  tuple(socket.inet_ntoa(body[at:at + 4]) for at in ends), checksum(summed) == 0, frame)


def _parse_advert6(frame, when):
    length = struct.unpack_from("!H", frame, 18)[0]
    body = frame[54:54 + length]
    if frame[20] != IPPROTO_VRRP or len(body) < 8:
        return None
    summed = frame[22:54] + struct.pack("!IBBH", len(body), 0, 0, IPPROTO_VRRP) + body
    ends = range(8, min(8 + 16 * body[3], len(body) - 15), 16)
    return Advert(when, _ip6(frame[22:38]), _ip6(frame[38:54]), _mac(frame[6:12]), frame[21], body[0] >> 4,
                  body[0] & 15, body[1], body[2], 0, (struct.unpack_from("!H", body, 4)[0] & 0xFFF) * 10.0,
                  tuple(_ip6(body[at:at + 16]) for at in ends), checksum(summed) == 0, frame)


def _ip6(raw):
    return socket.inet_ntop(socket.AF_INET6, raw)


class Sniffer:
    """Collects adverts and gratuitous ARPs of one device, in a thread, until close().

    `incoming` leaves out what the device itself sends: on a port of a bridge, what one router alone says.
    """

    def __init__(self, ns, device, incoming=False):
        self.events = []
        self._news = threading.Condition()
        self._socket = ns.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, packet_filter())
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        if incoming:
            self._socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self._socket.bind((device, ETH_P_ALL))
        self._open = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        if self._open:
            self._open = False
            self._reader.join()
            self._socket.close()

    def _read(self):
        while self._open:
            if not select.select([self._socket], [], [], 0.1)[0]:
                continue
            frame, control, _, _ = self._socket.recvmsg(2048, 64)
            event = parse(frame, self._stamp(control))
            if event:
                with self._news:
                    self.events.append(event)
                    self._news.notify_all()

    @staticmethod
    def _stamp(control):
        for level, kind, data in control:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("ll", data[:16])
                return (seconds * 10**9 + nanoseconds - time.time_ns() + time.monotonic_ns()) / 1e9
        return time.monotonic()

    def _of(self, kind, since, wanted):
        with self._news:
            events = list(self.events)
        return [e for e in events if isinstance(e, kind) and e.time >= since
                and all(getattr(e, key) == value for key, value in wanted.items())]

    def adverts(self, since=0.0, **wanted):
        """Adverts from that moment on whose fields equal `wanted`, for example src="10.0.0.1", vrid=51."""
        return self._of(Advert, since, wanted)

    def garps(self, since=0.0, **wanted):
        return self._of(Garp, since, wanted)

    def wait(self, kind, timeout, since=0.0, count=1, **wanted):
        """Waits until `count` such events of class Advert or Garp were heard and returns them, or raises Missing."""
        end = time.monotonic() + timeout
        while True:
            seen = len(self.events)
            found = self._of(kind, since, wanted)
            if len(found) >= count:
                return found
            left = end - time.monotonic()
            if left <= 0:
                raise Missing(f"heard {len(found)} of {count} {kind.__name__} {wanted} within {timeout} s")
            with self._news:
                self._news.wait_for(lambda: len(self.events) > seen, left)


class AddressList:
    """The addresses of a namespace, by a netlink dump on a socket that stays open."""

    def __init__(self, ns):
        self.name = ns.name
        self._socket = ns.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, 0))

    def close(self):
        self._socket.close()

    def read(self):
        """A list of (address, prefix length, device index)."""
        body = struct.pack("BBBBi", socket.AF_UNSPEC, 0, 0, 0, 0)
        self._socket.send(struct.pack("IHHII", 16 + len(body), RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 0, 0) + body)
        found = []
        while True:
            data = self._socket.recv(1 << 16)
            at = 0
            while at < len(data):
                length, kind = struct.unpack_from("IH", data, at)
                if kind == NLMSG_DONE:
                    return found
                if kind == NLMSG_ERROR:
                    raise OSError(-struct.unpack_from("i", data, at + 16)[0], "RTM_GETADDR")
                if kind == RTM_NEWADDR:
                    family, prefix, _, _, index = struct.unpack_from("BBBBi", data, at + 16)
                    wanted = IFA_LOCAL if family == socket.AF_INET else IFA_ADDRESS
                    local = _attribute(data, at + 24, at + length, wanted)
                    if local:
                        found.append((socket.inet_ntop(family, local), prefix, index))
                at += (length + 3) & ~3


def _attribute(data, at, end, wanted):
    while at + 4 <= end:
        length, kind = struct.unpack_from("HH", data, at)
        if length < 4:
            break
        if kind == wanted:
            return data[at + 4:at + length]
        at += (length + 3) & ~3
    return None


class Holders:
    """Who holds an address among some namespaces: now, or every moment until close().

    Two passes bound one moment: a namespace counts when both passes saw the address there, so an address that
    moves between two questions never looks as if two had it.
    """

    def __init__(self, address, spaces):
        self.address = address
        self.changes = []  # (time.monotonic(), set of names), each time the set differs from the one before
        self.samples = 0
        self._lists = [AddressList(ns) for ns in spaces]
        self._open = False
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def _pass(self):
        return {one.name for one in self._lists if any(address == self.address for address, _, _ in one.read())}

    def now(self):
        """The set of names; only while watch() does not run."""
        return self._pass() & self._pass()

    def watch(self, step=0.002):
        """Samples in a thread from now on."""
        self._step, self._open = step, True
        self._thread.start()
        return self

    def _watch(self):
        before = self._pass()
        while self._open:
            moment = time.monotonic()
            after = self._pass()
            both, before = before & after, after
            self.samples += 1
            if not self.changes or self.changes[-1][1] != both:
                self.changes.append((moment, both))
            time.sleep(self._step)

    def spans(self):
        """(from, to, set of names) without gaps; the last one ends now."""
        changes = list(self.changes)
        ends = [moment for moment, _ in changes[1:]] + [time.monotonic()]
        return [(moment, end, held) for (moment, held), end in zip(changes, ends)]

    def first(self, names, since=0.0):
        """The first moment from `since` on at which exactly these held it, or None."""
        spans = self.spans()
        return next((max(start, since) for start, end, held in spans if held == set(names) and end > since), None)

    def most(self, since=0.0):
        """The largest number of holders at one sampled moment from then on."""
        return max((len(held) for _, end, held in self.spans() if end > since), default=0)

    def close(self):
        if self._open:
            self._open = False
            self._thread.join()
        for one in self._lists:
            one.close()
        self._lists = []
