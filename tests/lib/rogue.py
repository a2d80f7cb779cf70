# SPDX-License-Identifier: GPL-2.0-or-later
"""Adverts as no router should send them, and a program that sends them fast.

    packet(vrid=3, prio=255, total=...)   one IPv4 packet with its header, every field to be had
    Rogue(ns).send(packet, count)         a few of them, at once
    flood(ns, packets, rate, seconds)     a process that sends them in turn, so many a second (returns Daemon)
"""

import os
import socket
import struct
import sys
import time

from proc import Daemon
from wire import IPPROTO_VRRP, checksum

GROUP = "224.0.0.18"


def packet(src="10.9.0.66", dst=GROUP, ttl=255, version=3, kind=1, vrid=51, prio=255, addresses=("10.9.0.100",),
           count=None, interval=10, auth=0, bad_sum=False, pseudo=True, cut=None, tail=b"", options=b""):
    """`interval` in the unit of the version; `count` is what the advert claims; `cut` ends the message there."""
    addrs = b"".join(map(socket.inet_aton, addresses))
    count = len(addresses) if count is None else count
    middle = bytes([auth, interval & 0xFF]) if version == 2 else struct.pack("!H", interval)
    head = bytes([version << 4 | kind, vrid, prio, count]) + middle
    body = addrs + (b"\0" * 8 if version == 2 else b"") + tail
    summed = head + b"\0\0" + body
    if version != 2 and pseudo:
        front = struct.pack("!BBH", 0, IPPROTO_VRRP, len(summed))
        summed = socket.inet_aton(src) + socket.inet_aton(dst) + front + summed
    message = head + struct.pack("!H", checksum(summed) ^ (0x0101 if bad_sum else 0)) + body
    message = message[:cut]
    ihl = 5 + len(options) // 4
    return struct.pack("!BBHHHBBH4s4s", 0x40 | ihl, 0xC0, ihl * 4 + len(message), 1, 0, ttl, IPPROTO_VRRP, 0,
                       socket.inet_aton(src), socket.inet_aton(dst)) + options + message


class Rogue:
    """A raw socket of a namespace that sends whole packets."""

    def __init__(self, ns, device="eth0"):
        self._socket = ns.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())

    def send(self, data, count=1):
        for _ in range(count):
            self._socket.sendto(data, (socket.inet_ntoa(data[16:20]), 0))

    def close(self):
        self._socket.close()


def flood(ns, packets, rate, seconds):
    words = [data.hex() for data in packets]
    return Daemon([sys.executable, os.path.abspath(__file__), str(rate), str(seconds), *words], ns=ns, name="flood")


def _main():
    rate, seconds = int(sys.argv[1]), float(sys.argv[2])
    packets = [bytes.fromhex(word) for word in sys.argv[3:]]
    out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    out.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
    start, sent, late = time.monotonic(), 0, 0
    while (now := time.monotonic() - start) < seconds:
        due = int(now * rate) - sent
        late = max(late, due)
        for _ in range(due):
            data = packets[sent % len(packets)]
            try:
                out.sendto(data, (socket.inet_ntoa(data[16:20]), 0))
            except OSError:
                pass  # ENOBUFS: the queue is full
            sent += 1
        time.sleep(0.001)
    print(f"sent={sent} burst={late}")


if __name__ == "__main__":
    _main()
