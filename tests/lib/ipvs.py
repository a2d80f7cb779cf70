# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's IPVS table as plain dictionaries.

    table(ns)  ->  {"tcp 10.0.0.100:80": {"10.0.0.11:80": ("DR", 1)}}
    heads(ns)  ->  {"tcp 10.0.0.100:80": "rr -p 50"}

`ns` is a Netns, or None for the namespace of the caller. table() reads a file; heads() asks ipvsadm, which alone
tells the time of persistence in seconds.
"""

import socket
import struct
import subprocess

from proc import Missing, wait_until

FORWARD = {"Masq": "NAT", "Route": "DR", "Tunnel": "TUN", "Local": "LOCAL", "Bypass": "BYPASS"}
PROTOCOL = {"-t": "tcp", "-u": "udp", "-f": "fwmark"}


def read(ns=None):
    """The text of /proc/net/ip_vs."""
    if ns:
        return ns.read("ip_vs")
    with open("/proc/thread-self/net/ip_vs", encoding="ascii") as file:
        return file.read()


def _end(word):
    """ "0A000064:0050" -> "10.0.0.100:80"; IPv6 stands in brackets already."""
    address, _, port = word.rpartition(":")
    if not address.startswith("["):
        address = socket.inet_ntoa(struct.pack("!I", int(address, 16)))
    return f"{address}:{int(port, 16)}"


def _service(words):
    return f"fwmark {int(words[1], 16)}" if words[0] == "FWM" else f"{words[0].lower()} {_end(words[1])}"


def parse(text):
    """The table from the text of /proc/net/ip_vs."""
    services, dests = {}, None
    for line in text.splitlines()[3:]:
        words = line.split()
        if words[0] == "->":
            dests[_end(words[1])] = (FORWARD.get(words[2], words[2]), int(words[3]))
        else:
            dests = services.setdefault(_service(words), {})
    return services


def table(ns=None):
    return parse(read(ns))


def heads(ns=None):
    """Scheduler and options of every service, as ipvsadm would take them."""
    run = ns.run if ns else lambda *argv: subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True)
    lines = (line.split() for line in run("ipvsadm", "-Sn").stdout.splitlines())
    return {f"{PROTOCOL[words[1]]} {words[2]}": " ".join(words[4:]) for words in lines if words[0] == "-A"}


def available(ns=None):
    """Whether the running kernel has IPVS."""
    try:
        read(ns)
    except FileNotFoundError:
        return False
    return True


def wait_table(ns, wanted, timeout=30):
    """Waits until the table is as wanted; raises Missing with what differs."""
    try:
        wait_until(lambda: table(ns) == wanted, timeout, "the wanted table")
    except Missing:
        raise Missing(f"after {timeout} s the table is not as wanted:\n{difference(table(ns), wanted)}") from None


def difference(got, wanted, most=20):
    """What only one side has: `+` too much, `-` missing."""
    def lines(services):
        return {f"{service} {dest} {value}" for service, dests in services.items()
                for dest, value in (dests or {"(no servers)": ""}).items()}
    differ = sorted([f"+ {line}" for line in lines(got) - lines(wanted)]
                    + [f"- {line}" for line in lines(wanted) - lines(got)])
    return "\n".join(differ[:most] + ([f"and {len(differ) - most} more"] if len(differ) > most else []))


def show(services):
    """The table as a few readable lines."""
    lines = []
    for service, dests in sorted(services.items()):
        lines.append(service)
        lines += [f"  {dest:<21} {method:<4} weight {weight}" for dest, (method, weight) in sorted(dests.items())]
    return "\n".join(lines) or "(empty)"
