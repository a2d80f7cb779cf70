#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What was set by hand holds in the kernel's table over a restart, until its end; and a scheduler whose module is missing:
told with its name, the other services go on, and its service comes when the module does.

Runs where the kernel has IPVS: tests/guest/boot -- tests/guest/state.py
"""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from director import Vipd  # noqa: E402
from ipvs import table  # noqa: E402
from netns import Net  # noqa: E402
from proc import wait_until  # noqa: E402
from suite import suite  # noqa: E402

MODPROBE = "/proc/sys/kernel/modprobe"  # the program that loads modules
CONF = """
virtual_servers = (
  { name = "www"; address = "10.0.0.100"; port = 80; lvs_sched = "rr"; lvs_method = "NAT";
    real_servers = ( "10.0.0.11:80 weight=5", "10.0.0.12:80 weight=5", "10.0.0.13:80 weight=5" ); },
  { name = "odd"; address = "10.0.0.100"; port = 81; lvs_sched = "%s"; lvs_method = "NAT";
    real_servers = ( "10.0.0.11:81" ); }
);
"""
HEAD = "vipd state 1\n"
WWW, ODD = "tcp 10.0.0.100:80", "tcp 10.0.0.100:81"


class Written(Vipd):
    sched = "rr"

    def text(self):
        return CONF % self.sched


def line(part, value, base, number, until=0):
    return f"{part}\t{value}\t{base}\t{until}\t0\twww\t10.0.0.{number} 80\tby a test\n"


def weights(ns):
    return {server: weight for server, (_, weight) in table(ns).get(WWW, {}).items()}


def by_hand(t, ns, daemon, path):
    soon = int(time.time()) + 8
    with open(path, "w", encoding="ascii") as file:
        file.write(HEAD + line("state", "maint", "ready", 11, soon) + line("weight", "7", "5", 12)
                   + line("state", "drain", "ready", 13))
    for what in ("after a start", "after a kill"):
        daemon.start()
        daemon.daemon.wait_for(r"admin\.read .*servers=3", 20)
        daemon.daemon.wait_for(r"vipd\.ready", 20)
        if time.time() < soon - 1:
            t.equal(weights(ns), {"10.0.0.12:80": 7}, f"out, another weight, and not let in: {what}")
        daemon.kill()
    daemon.start()
    daemon.daemon.wait_for(r"vipd\.ready", 20)
    wait_until(lambda: weights(ns) == {"10.0.0.11:80": 5, "10.0.0.12:80": 7}, 90, "the end of maintenance")
    daemon.reload()
    daemon.daemon.wait_for(r"conf\.reload|conf\.applied", 20)
    t.equal(weights(ns), {"10.0.0.11:80": 5, "10.0.0.12:80": 7}, "after a reload")
    with open(path, encoding="ascii") as file:
        text = file.read()
    t.check("10.0.0.11" not in text and "10.0.0.12" in text and "by a test" in text, "the file has what still holds")
    t.equal(daemon.stop(), 0, "exit status")


def missing_module(t, ns, daemon):
    with open(MODPROBE, encoding="ascii") as file:
        program = file.read()
    subprocess.run(["modprobe", "-d", "/run/kernel", "-r", "ip_vs_ovf"], check=True)
    with open(MODPROBE, "w", encoding="ascii") as file:
        file.write("/bin/false")
    daemon.sched = "ovf"
    daemon.start()
    said = daemon.daemon.wait_for(r"ipvs\.fail vs=odd .*the kernel has no scheduler ovf.*modprobe ip_vs_ovf", 20)
    daemon.daemon.wait_for(r"vipd\.ready", 20)
    t.check(said, "the missing module is named")
    t.check(WWW in table(ns) and ODD not in table(ns), "the other service is there")
    with open(MODPROBE, "w", encoding="ascii") as file:
        file.write(program)
    wait_until(lambda: ODD in table(ns) and table(ns)[ODD], 60, "the service with its module")
    t.equal(daemon.stop(), 0, "exit status")


def main():
    with suite("guest-state") as t, Net() as net:
        ns = net.ns("director")
        ns.ip("link set lo up", "addr add 10.0.0.1/24 dev lo")
        daemon = Written(ns, "state", start=False)
        path = os.path.join(daemon.folder, "lib", "state")
        os.mkdir(os.path.dirname(path))
        daemon.options.append(f"--state={path}")
        with daemon:
            by_hand(t, ns, daemon, path)
            missing_module(t, ns, daemon)


if __name__ == "__main__":
    main()
