# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces for the system tests.

A namespace here has no name in the file system: it lives as long as this process holds its descriptor or a
program runs inside it, so nothing is left behind however the test ends. Sockets and programs get into it by
setns(2) in the calling thread: `with ns.entered(): socket.socket(...)`.

    with Net() as net:
        d1, d2 = net.ns("d1"), net.ns("d2")
        lan = net.lan("lan")
        lan.join(d1, "eth0", "10.0.0.1/24")
        lan.join(d2, "eth0", "10.0.0.2/24")
        d1.run("ping", "-c1", "10.0.0.2")
        lan.mute(d1, "eth0")      # frames are lost, the carrier stays
"""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import subprocess

CLONE_NEWNET = 0x40000000
SIOCGIFHWADDR, SIOCBRDELIF = 0x8927, 0x89A3
_libc = ctypes.CDLL(None, use_errno=True)


def _call(function, *args):
    if function(*args) != 0:
        err = ctypes.get_errno()
        raise OSError(err, f"{function.__name__}: {os.strerror(err)}")


def _open_own():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


class Netns:
    """One network namespace. Use Net.ns() to make one."""

    def __init__(self, name):
        self.name = name
        home = _open_own()
        try:
            _call(_libc.unshare, CLONE_NEWNET)
            try:
                self.fd = _open_own()
                if os.path.exists("/proc/sys/net/ipv6"):
                    _write_sysctl("net.ipv6.conf.default.accept_dad", 0)
            finally:
                _call(_libc.setns, home, CLONE_NEWNET)
        finally:
            os.close(home)
        self.ip("link set lo up")

    @property
    def path(self):
        """A path for `nsenter --net=` and `ip link set netns`, good while this process lives."""
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    @contextlib.contextmanager
    def entered(self):
        """Puts the calling thread into the namespace; what it opens or starts there stays there."""
        home = _open_own()
        try:
            _call(_libc.setns, self.fd, CLONE_NEWNET)
            try:
                yield self
            finally:
                _call(_libc.setns, home, CLONE_NEWNET)
        finally:
            os.close(home)

    def socket(self, family, kind, proto=0):
        with self.entered():
            return socket.socket(family, kind, proto)

    def popen(self, argv, **options):
        with self.entered():
            return subprocess.Popen(argv, **options)

    def run(self, *argv, check=True, timeout=30, stdin=None):
        """Runs a program to its end and returns its CompletedProcess, with text output."""
        with self.entered():
            return subprocess.run(argv, check=check, timeout=timeout, input=stdin, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def ip(self, *commands):
        """Runs any number of ip(8) commands, given without the leading word `ip`, in one program."""
        done = self.run("ip", "-batch", "-", check=False, stdin="\n".join(commands) + "\n")
        if done.returncode != 0:
            raise RuntimeError(f"ip in {self.name}: {done.stdout.strip()}\n  " + "\n  ".join(commands))

    def sysctl(self, values):
        """Writes sysctls, for example {"net.ipv4.ip_forward": 1}."""
        with self.entered():
            for key, value in values.items():
                _write_sysctl(key, value)

    def read(self, path):
        """Reads a file below /proc/net as the namespace sees it; `path` is relative to /proc/net."""
        with self.entered(), open(f"/proc/thread-self/net/{path}", encoding="ascii") as file:
            return file.read()

    def mac(self, device):
        """The hardware address of a device."""
        with self.socket(socket.AF_INET, socket.SOCK_DGRAM) as query:
            answer = fcntl.ioctl(query, SIOCGIFHWADDR, struct.pack("256s", device.encode()))
        return ":".join(f"{byte:02x}" for byte in answer[18:24])

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def _write_sysctl(key, value):
    with open("/proc/sys/" + key.replace(".", "/"), "w", encoding="ascii") as file:
        file.write(f"{value}\n")


class Lan:
    """A bridge in a namespace of its own; every join() is a cable to it."""

    def __init__(self, net, name):
        self.net = net
        self.ns = net.ns(name)
        self.ports = {}
        self.ns.ip("link add br0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0",
                   "link set br0 up promisc on")  # what goes from one port to another is seen on it too

    def join(self, ns, device, *addresses):
        """Plugs `ns` in as `device` and gives it the addresses (with prefix length)."""
        port = f"p{len(self.ports)}"
        self.ports[ns, device] = port
        self.net.veth(self.ns, port, ns, device)
        self.ns.ip(f"link set {port} master br0 up")
        ns.ip(f"link set {device} up", *(f"addr add {a} dev {device}" for a in addresses))

    def cut(self, ns, device):
        """Pulls the cable: the carrier of the device goes away."""
        self.ns.ip(f"link set {self.ports[ns, device]} down")

    def mute(self, ns, device):
        """Loses every frame in both directions, at once, while the carrier stays."""
        with self.ns.socket(socket.AF_INET, socket.SOCK_DGRAM) as control, self.ns.entered():
            port = socket.if_nametoindex(self.ports[ns, device])
            fcntl.ioctl(control, SIOCBRDELIF, struct.pack("16si20x", b"br0", port))

    def heal(self, ns, device):
        """Ends cut() and mute()."""
        self.ns.ip(f"link set {self.ports[ns, device]} master br0 up")


class Net:
    """All namespaces of one test; leaving the `with` block gives them back."""

    def __init__(self):
        self._spaces = []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def ns(self, name):
        self._spaces.append(Netns(name))
        return self._spaces[-1]

    def lan(self, name="lan"):
        return Lan(self, name)

    def veth(self, a, device_a, b, device_b):
        """A cable between two namespaces; both ends are still down."""
        a.ip(f"link add {device_a} type veth peer name {device_b} netns {b.path}")

    def close(self):
        while self._spaces:
            self._spaces.pop().close()
