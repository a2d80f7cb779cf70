#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures of the status page, by headless Chromium: `make screenshots` writes them to build/screenshots.

A vipd in a namespace of its own checks 10, 1,000 and 10,000 servers of which some are down, some in maintenance; the
page is taken light and dark, wide and on a phone. etc/screenshots has a few of them.
"""

import os
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from browser import Browser  # noqa: E402
from director import Vipd  # noqa: E402
from netns import Net  # noqa: E402
from proc import wait_until  # noqa: E402

FOLDER = "build/screenshots"
PORT = 9165
PATIENCE = 60
LOOKS = [("wide-light", 1600, 900, False, False), ("wide-dark", 1600, 900, False, True), ("phone-light", 400, 800, True, False),
         ("phone-dark", 400, 800, True, True)]
HEAD = """
global_defs = { router_id = "lb1.example.net"; };
metrics = { listen = [ "127.0.0.1:%d" ]; };
vrrp_instances = (
  { name = "edge"; interface = "eth0"; virtual_router_id = 51; priority = 150; advert_int = "1s"; virtual_ipaddress = ( "192.0.2.100/24" ); },
  { name = "mail"; interface = "eth0"; virtual_router_id = 52; priority = 100; advert_int = "1s"; virtual_ipaddress = ( "192.0.2.101/24" ); }
%s);
templates = { check = { base = { type = "tcp"; interval = 2; timeout = 1; rise = 1; fall = 2; }; }; };
"""
LOST = """,  { name = "storage"; interface = "eth9"; virtual_router_id = 53; priority = 100; virtual_ipaddress = ( "192.0.2.102/24" ); }
"""
NAMES = ["www", "shop", "api", "login", "mail", "search", "images", "cart", "stock", "news", "maps", "pay"]


class Written(Vipd):
    """`shape`: services, servers in each, and whether things are broken."""

    shape = (1, 1, False)

    def text(self):
        services, servers, is_broken = self.shape
        lines = []
        for i in range(services):
            name = NAMES[i] if services <= len(NAMES) else f"{NAMES[i % len(NAMES)]}-{i:03d}"
            ends = []
            for k in range(servers):
                is_down = is_broken and (i == 1 or (i * servers + k) % 37 == 5)
                ends.append(f'"127.{1 + i // 250}.{i % 250}.{k + 1}:{8081 if is_down else 8080} weight={10 + k % 3 * 5}"')
            lines.append(f'  {{ name = "{name}"; address = "192.0.2.100"; port = {1000 + i}; protocol = "tcp"; lvs_sched = "wlc"; lvs_method = "NAT";'
                         f' checks = ( "base" ); real_servers = ( {", ".join(ends)} ); }}')
        return HEAD % (PORT, LOST if is_broken and services > 2 else "") + "virtual_servers = (\n" + ",\n".join(lines) + "\n);\n"


def serve(ns):
    """Takes every connection to port 8080 and ends it."""
    listener = ns.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", 8080))
    listener.listen(4096)

    def run():
        while True:
            try:
                listener.accept()[0].close()
            except OSError:
                return
    threading.Thread(target=run, daemon=True).start()


def control(director, *args):
    vipctl = os.path.join(os.path.dirname(os.path.abspath(Vipd.program)), "vipctl")
    return subprocess.run([vipctl, "--control", director.control, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=60, check=False)


def one_size(ns, browser, name, shape):
    with Written(ns, "shots", options=["--dataplane=memory", "--state=none"], start=False) as director:
        director.shape = shape
        director.start()
        director.daemon.wait_for(r"vipd\.ready", PATIENCE)
        director.wait_state("edge", "ACTIVE", PATIENCE)
        wait_until(lambda: "unknown" not in control(director, "show", "servers", "--state", "unknown", "--max", "1", "--json").stdout
                   or '"matches":0' in control(director, "show", "servers", "--state", "unknown", "--max", "1", "--json").stdout,
                   PATIENCE, "verdicts", step=0.2)
        if shape[2]:
            control(director, "maint", "127.1.0.2:8080", "--reason", "new disk")
            control(director, "drain", "127.1.0.3:8080", "--reason", "update")
        for look, width, height, phone, dark in LOOKS:
            page = browser.page(f"http://127.0.0.1:{PORT}/", width, height, phone, dark)
            page.wait("document.body.dataset.loads > 1 && document.body.dataset.how === 'live'", PATIENCE)
            for kind in ("png", "webp"):
                page.shot(os.path.join(FOLDER, f"{name}-{look}.{kind}"))
            assert not page.errors, page.errors
        director.stop()


def main():
    os.makedirs(FOLDER, exist_ok=True)
    with Net() as net:
        ns = net.ns("shots")
        net.lan("lan").join(ns, "eth0", "192.0.2.1/24")
        serve(ns)
        with Browser(ns) as browser:
            for name, shape in (("10", (2, 5, True)), ("10-well", (2, 5, False)), ("1000", (100, 10, True)), ("10000", (200, 50, True))):
                one_size(ns, browser, name, shape)
    print(f"pictures are in {FOLDER}")


main()
