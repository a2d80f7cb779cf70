# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames of one device, kept by the kernel until they are asked for: a reader would take processor time from what is
measured.

    with Tap(lan.ns, lan.ports[ns, "eth0"]) as tap:
        ...
        adverts, garps = tap.read()
"""

import socket
import struct
import sys
import time

from wire import (PACKET_IGNORE_OUTGOING, SO_ATTACH_FILTER, SO_TIMESTAMPNS, SOL_PACKET, ETH_P_ALL, Advert, Garp,
                  packet_filter, parse)

SO_RCVBUFFORCE, PACKET_STATISTICS = 33, 6
BUFFER = 1 << 30  # bytes that may be kept; only what is used is memory


class Tap:
    """Adverts and gratuitous ARPs that come in at a device; on a port of a bridge: what one router sends."""

    def __init__(self, ns, device):
        self._socket = ns.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, packet_filter())
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self._socket.setblocking(False)
        # the best of many, so that it is right to a microsecond
        self._offset = min((time.monotonic_ns() - before, time.time_ns() - before) for before in
                           (time.monotonic_ns() for _ in range(100)))[1]
        self._socket.bind((device, ETH_P_ALL))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self._socket.close()

    def _events(self):
        while True:
            try:
                frame, control, _, _ = self._socket.recvmsg(2048, 64)
            except BlockingIOError:
                return
            seconds, nanoseconds = struct.unpack("ll", control[0][2][:16])
            yield parse(frame, (seconds * 10**9 + nanoseconds - self._offset) / 1e9)

    def read(self):
        """(adverts, gratuitous ARPs) since the last read(), in order. A frame that was lost ends the program: the
        figures would be worthless."""
        events = [event for event in self._events() if event]
        lost = struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
        if lost:
            sys.exit(f"the tap lost {lost} frames")
        return [e for e in events if isinstance(e, Advert)], [e for e in events if isinstance(e, Garp)]
