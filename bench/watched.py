#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How late checks and adverts of a vipd with 100,000 servers are while somebody watches it: `vipctl top` on a terminal
and a scrape of /metrics, both every second; in turns with nobody watching.

    bench/watched.py [--servers 100000] [--length 15] [--turns 2]

bench/README.md says what is measured.
"""

import argparse
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "lib"))

from director import Vipd, instance  # noqa: E402
from netns import Net  # noqa: E402
from proc import wait_until  # noqa: E402
from vipctl import VIPCTL, Ran  # noqa: E402

START_LIMIT, SERVICE_N, SCRAPE = 60, 500, "127.0.0.1:9165"


def conf(servers):
    """Checks once a minute at addresses of this machine where nobody listens: each is refused at once."""
    services = ",\n".join(
        f'  {{ name = "s{k}"; address = "10.8.{k >> 8}.{k & 255}"; port = 80; lvs_method = "NAT"; checks = '
        f'( {{ type = "tcp"; interval = 60; timeout = 5; }} );\n    real_servers = ( "127.7.{k}.[1-250]:9", '
        f'"127.6.{k}.[1-250]:9" ); }}' for k in range(servers // SERVICE_N))
    return f'metrics = {{ listen = [ "{SCRAPE}" ]; }};\nvirtual_servers = (\n{services}\n);\n'


class Watchers:
    """top on a terminal of its own, and a scraper."""

    def __init__(self, ns, control):
        self.ns, self.over, self.pages, self.scrapes, self.slowest = ns, threading.Event(), 0, 0, 0.0
        self.master, slave = pty.openpty()
        self.top = subprocess.Popen([VIPCTL, "-s", control, "top", "--every", "1"], stdin=slave, stdout=slave,
                                    stderr=slave, start_new_session=True, env={**os.environ, "TERM": "xterm"})
        os.close(slave)
        self.threads = [threading.Thread(target=fn) for fn in (self._look, self._scrape)]
        for thread in self.threads:
            thread.start()

    def _look(self):
        try:
            while data := os.read(self.master, 65536):
                self.pages += data.count(b"\033[J")
        except OSError:
            pass  # the other end is closed

    def _scrape(self):
        while not self.over.wait(1):
            begin = time.monotonic()
            self.ns.run("curl", "-sf", "-o", "/dev/null", f"http://{SCRAPE}/metrics")
            self.scrapes, self.slowest = self.scrapes + 1, max(self.slowest, time.monotonic() - begin)

    def end(self):
        self.over.set()
        self.top.send_signal(signal.SIGTERM)
        self.top.wait(10)
        for thread in self.threads:
            thread.join(10)
        os.close(self.master)


def turn(director, ns, is_watched, length):
    """One turn; what vipd says of its lateness in it."""
    daemon = director.daemon
    seen = daemon.mark()
    daemon.send(signal.SIGUSR1)  # what was before does not count
    wait_until(lambda: len(daemon.find(r" p999_us=", seen)) >= 2, 10, "vipd tells how late it was")
    seen, cpu, watchers = daemon.mark(), daemon.cpu(), Watchers(ns, director.control) if is_watched else None
    time.sleep(length)
    cpu = (daemon.cpu() - cpu) / length
    if watchers:
        watchers.end()
    daemon.send(signal.SIGUSR1)
    wait_until(lambda: len(daemon.find(r" p999_us=", seen)) >= 2, 10, "vipd tells how late it was")
    print(f"{'watched' if is_watched else 'alone':8} processor {cpu * 100:.1f} %"
          + (f", {watchers.pages} pages, {watchers.scrapes} scrapes, the slowest {watchers.slowest * 1000:.0f} ms"
             if watchers else ""))
    for line in daemon.find(r" p999_us=", seen):
        print("         " + re.sub(r"^\S+ \w+ ", "", line.text))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--servers", type=int, default=100000)
    parser.add_argument("--length", type=int, default=15)
    parser.add_argument("--turns", type=int, default=2)
    args = parser.parse_args()
    with Net() as net:
        lan, ns = net.lan("lan"), net.ns("r1")
        lan.join(ns, "eth0", "10.9.0.1/24")
        with Vipd(ns, "r1", [instance("web", 51, 100, ["10.9.0.100/24"], advert_ms=100)],
                  options=["--dataplane=memory", "--state=none"], start=False) as director:
            director.text = lambda text=director.text: text().replace("virtual_servers = (\n\n);\n", "") + conf(args.servers)
            director.start()
            director.wait_state("web", "ACTIVE", START_LIMIT)
            wait_until(lambda: Ran("-s", director.control, "status").status == 0, START_LIMIT, "vipctl is answered")
            begin = time.monotonic()
            Ran("-s", director.control, "show", "servers", "--json")
            print(f"vipctl show servers, {args.servers} of them: {time.monotonic() - begin:.2f} s")
            time.sleep(args.length)  # first checks are over
            for _ in range(args.turns):
                turn(director, ns, False, args.length)
                turn(director, ns, True, args.length)
            director.stop()


main()
