#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vipd on a kernel without IPVS: one clear sentence and status 1, never half of its job.

It unloads the IPVS of the guest; started anywhere else, it boots one for itself.
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import ipvs  # noqa: E402
from director import Vipd, instance, server, service  # noqa: E402
from netns import Net  # noqa: E402
from suite import suite  # noqa: E402
from wire import Holders  # noqa: E402


def unload():
    """Takes IPVS out of the kernel and keeps it from loading itself again."""
    with open("/proc/sys/kernel/modprobe", "w", encoding="ascii") as file:
        file.write("/bin/false\n")
    with open("/proc/modules", encoding="ascii") as file:
        parts = [line.split()[0] for line in file if line.startswith("ip_vs_")]
    subprocess.run(["rmmod", *parts, "ip_vs"], check=True)


def in_guest():
    with open("/proc/cmdline", encoding="ascii") as file:
        return "vipd_dir=" in file.read()


def main():
    with suite("guest-no-ipvs") as t, Net() as net:
        unload()
        t.check(not ipvs.available(), "the kernel has no IPVS now")
        ns = net.ns("director")
        ns.ip("link add eth0 type dummy", "link set eth0 up", "addr add 10.0.0.1/24 dev eth0")
        web = instance("web", 51, 150, ["10.0.0.100/24"])
        www = service("10.0.0.100", 80, [server("10.0.0.11", 80)])
        with Vipd(ns, "none", [web], [www]) as director:
            t.equal(director.daemon.wait(10), 1, "vipd with a virtual server ends with status 1")
            complaints = director.daemon.find(r"(?i)ipvs|ip_vs")
            t.equal(len(complaints), 1, "one line says why")
            t.check(any("modprobe ip_vs" in line.text for line in complaints), "the line says what to do")
        with Holders("10.0.0.100", [ns]) as holders:
            t.equal(holders.now(), set(), "it holds no address afterwards")


if __name__ == "__main__":
    if not in_guest():
        boot = os.path.join(HERE, "boot")
        os.execv(boot, [boot, "--", sys.executable, os.path.abspath(__file__)])
    main()
