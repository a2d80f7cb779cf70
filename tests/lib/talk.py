# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that last: servers that answer every line with their name, and clients that ask again and again.

    with Named(ns, "10.0.0.11", 80, "one"), Open(client, "10.0.0.100", 80) as c:
        assert c.name == "one"   # who took it
        assert c.ask() == "one"  # it still lives
"""

import contextlib
import socket
import socketserver
import struct
import threading


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            for _ in self.rfile:
                self.wfile.write(f"{self.server.name}\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128


class _Server6(_Server):
    address_family = socket.AF_INET6


class Named:
    """A server in a namespace that answers every line with its name, for as long as the client likes."""

    def __init__(self, ns, address, port, name):
        self.at, self.ns, self.name, self._server = (address, port), ns, name, None
        self.start()

    def start(self):
        with self.ns.entered():
            self._server = (_Server6 if ":" in self.at[0] else _Server)(self.at, _Handler)
        self._server.name = self.name
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def stop(self):
        """No new connections; open ones go on."""
        self._server.shutdown()
        self._server.server_close()


class Open:
    """A connection; name is the server that it reached."""

    def __init__(self, client, address, port, timeout=3):
        self.s = client.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        self.s.settimeout(timeout)
        self.s.connect((address, port))
        # ends at once, so that the kernel soon forgets it: ten seconds instead of two minutes
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.name = self.ask()

    def ask(self):
        """The name of the server, or what went wrong."""
        try:
            self.s.sendall(b"who\n")
            return self.s.recv(100).decode().strip() or "closed"
        except OSError as error:
            return str(error)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.s.close()


def names(client, address, port, count=2):
    """Who answers so many new connections."""
    found = set()
    for _ in range(count):
        try:
            with Open(client, address, port) as one:
                found.add(one.name)
        except OSError as error:
            found.add(str(error))
    return found
