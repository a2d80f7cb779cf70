#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The IPVS table in another network namespace than vipd (net_namespace_ipvs): it is written, followed, adopted and
removed there and nowhere else, and checks are made from vipd's own.

Runs where the kernel has IPVS: tests/guest/boot -- tests/guest/netns.py
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from director import Vipd  # noqa: E402
from netns import Net  # noqa: E402
from proc import wait_until  # noqa: E402
from suite import suite  # noqa: E402
from web import Web  # noqa: E402

NAME = "vipd-table"
CONF = """
global_defs = {{ net_namespace_ipvs = "{name}"; }};
virtual_servers = (
  {{ name = "www"; address = "10.0.0.100"; port = 80; lvs_sched = "rr"; lvs_method = "NAT";
     checks = ( {{ type = "http"; path = "/"; interval = "100ms"; timeout = 1; rise = 1; fall = 1; }} );
     real_servers = ( "10.0.0.1:8080" ); }}
);
"""


class Written(Vipd):
    name_there = NAME

    def text(self):
        return CONF.format(name=self.name_there)


def there():
    return subprocess.run(["ip", "netns", "exec", NAME, "ipvsadm", "-Sn"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout.splitlines()


def main():
    with suite("guest-netns") as t, Net() as net:
        ns = net.ns("director")
        ns.ip("link set lo up", "addr add 10.0.0.1/32 dev lo")
        subprocess.run(["ip", "netns", "add", NAME], check=True)
        # a namespace without any address takes none for that of a server
        subprocess.run(["ip", "-n", NAME, "link", "set", "lo", "up"], check=True)
        daemon = Written(ns, "netns", start=False)
        with daemon:
            daemon.start()
            daemon.daemon.wait_for(r"vipd\.ready", 20)
            t.equal(there(), ["-A -t 10.0.0.100:80 -s rr"], "the service is there")
            web = Web(ns, "10.0.0.1", 8080, name="server")
            wait_until(lambda: len(there()) == 2, 20, "the server to be in the table")
            t.equal(ns.run("ipvsadm", "-Sn").stdout, "", "vipd's own namespace has no table")
            daemon.kill()
            daemon.start()
            adopt = daemon.daemon.wait_for(r"ipvs\.adopt .*changes=(\d+)", 20)
            t.equal(adopt.match.group(1), "0", "the next one adopts that table")
            web.stop()
            wait_until(lambda: len(there()) == 1, 20, "the server to leave the table")
            t.equal(daemon.stop(), 0, "exit status")
            t.equal(there(), [], "a stop leaves nothing")
            daemon.name_there = "nosuch"
            daemon.start()
            said = daemon.daemon.wait_for(r"can't enter the network namespace nosuch .*: No such file", 20)
            t.check(said, "a namespace that is not there is told")
        subprocess.run(["ip", "netns", "del", NAME], check=True)


if __name__ == "__main__":
    main()
