# SPDX-License-Identifier: GPL-2.0-or-later
"""Tells when the bench's table is complete, at little cost to the processor it shares with the program measured.

It asks the kernel for the servers of one service at a time (a netlink dump): the last, the first and the middle one of
the configuration. Only when these are right it reads the whole table once. The moment that
counts is the one before that reading. The longer it waits the rarer it looks, so that a figure is right to 5 ms or
3 per cent. What watching costs is counted and reported beside the results.
"""

import itertools
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "lib"))

import ipvs  # noqa: E402

GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 0x10, 3, 1, 2
IPVS_CMD_NEW_DEST, IPVS_CMD_GET_DEST = 5, 8
SERVICE, AF, PROTOCOL, ADDR, PORT = 1, 1, 2, 3, 4
DEST, WEIGHT = 2, 4
NETLINK_GENERIC, NLM_F_REQUEST, NLM_F_DUMP, NLMSG_ERROR, NLMSG_DONE = 16, 1, 0x300, 2, 3
PRECISION = 0.03  # a pause between two looks is at least this share of the time waited so far


def _attribute(kind, data):
    return (struct.pack("HH", 4 + len(data), kind) + data).ljust((4 + len(data) + 3) & ~3, b"\0")


def _attributes(data, at, end):
    """(kind, from, to) of every attribute there."""
    while at + 4 <= end:
        length, kind = struct.unpack_from("HH", data, at)
        yield kind & 0x3FFF, at + 4, at + length
        at += (length + 3) & ~3


class Watch:
    """Watches the services of a bench."""

    def __init__(self):
        self.cost = 0.0  # processor seconds of looking, within the times measured
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self._socket.bind((0, 0))
        self._family = self._family_id()

    def _ask(self, family, flags, command, attributes):
        head = struct.pack("IHHIIBBH", 20 + len(attributes), family, NLM_F_REQUEST | flags, 0, 0, command, 1, 0)
        self._socket.send(head + attributes)

    def _messages(self):
        """(type, data, from, to) of the messages in the next datagram."""
        data = self._socket.recv(1 << 16)
        at = 0
        while at < len(data):
            length, kind = struct.unpack_from("IH", data, at)
            yield kind, data, at + 20, at + length
            at += (length + 3) & ~3

    def _family_id(self):
        self._ask(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, _attribute(CTRL_ATTR_FAMILY_NAME, b"IPVS\0"))
        kind, data, at, end = next(self._messages())
        if kind == NLMSG_ERROR:
            raise OSError("no IPVS in this kernel")
        return next(struct.unpack_from("H", data, a)[0] for kind, a, _ in _attributes(data, at, end)
                    if kind == CTRL_ATTR_FAMILY_ID)

    def weights(self, address, port):
        """The weights of all servers of one service; empty when there is no such service."""
        self._ask(self._family, NLM_F_DUMP, IPVS_CMD_GET_DEST, _attribute(SERVICE, b"".join([
            _attribute(AF, struct.pack("H", socket.AF_INET)),
            _attribute(PROTOCOL, struct.pack("H", socket.IPPROTO_TCP)),
            _attribute(ADDR, socket.inet_aton(address).ljust(16, b"\0")),
            _attribute(PORT, struct.pack("!H", port))])))
        found = []
        while True:
            for kind, data, at, end in self._messages():
                if kind in (NLMSG_DONE, NLMSG_ERROR):
                    return found
                for _, a, e in _attributes(data, at, end):
                    found.append(next(struct.unpack_from("i", data, w)[0] for kind, w, _ in _attributes(data, a, e)
                                      if kind == WEIGHT))

    def _all(self, servers, weight):
        keys = list(servers)
        for address, port in {keys[-1], keys[0], keys[len(keys) // 2]}:
            if self.weights(address, port) != [weight] * servers[address, port]:
                return False
        table = ipvs.table()
        return sum(map(len, table.values())) == sum(servers.values()) and all(
            w == weight for _, w in itertools.chain.from_iterable(dests.values() for dests in table.values()))

    def until_all(self, servers, weight, limit):
        """Waits until each service, {(address, port): how many}, has so many servers, all with that weight, and returns
        the moment; None after `limit` seconds."""
        return self._until(lambda: self._all(servers, weight), 0.005, limit)

    def until_empty(self, limit, ended):
        """Waits until the table is empty and returns the moment; None after `limit` seconds or once `ended()`."""
        return self._until(self._empty, 0.001, limit, ended)

    def _until(self, condition, shortest, limit, ended=lambda: False):
        begin, cpu = time.monotonic(), time.process_time()
        while True:
            over = ended()  # asked first: what was done before the end is seen
            moment, spent = time.monotonic(), time.process_time() - cpu
            found = condition()
            if found or over or moment > begin + limit:
                self.cost += spent
                return moment if found else None
            time.sleep(max(shortest, (time.monotonic() - begin) * PRECISION))

    @staticmethod
    def _empty():
        """Whether nothing follows the three lines of the head; they can come alone in the first read."""
        with open("/proc/thread-self/net/ip_vs", "rb", buffering=0) as file:
            return file.read(1024).count(b"\n") == 3 and file.read(1024) == b""

    @staticmethod
    def left():
        """Servers in the table now."""
        return sum(map(len, ipvs.table().values()))
