#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine that is too busy, and a vipd that was stopped for ten seconds: no healthy server is called dead for it, and
dead ones are found all the same afterwards.

Hundreds of addresses of one nginx are checked every second with time limits below that. nginx hangs up on a client that
says nothing for two seconds, as one does that is stopped in the middle of its checks.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from netns import Net  # noqa: E402
from proc import Daemon, wait_until  # noqa: E402
from suite import suite  # noqa: E402

VIPD = os.path.abspath(os.environ.get("VIPD", "build/vipd"))
SERVERS = 250  # of each kind of check
BUSY, STOPPED, PATIENCE = 5, 10, 60  # seconds
CHECKS = {
    "tcp": 'type = "tcp";',
    "http": 'type = "http"; host = "www.example.org";',
    "kept": 'type = "http"; http_protocol = "1.1"; keepalive = true; expect = { text = "well"; };',
}
NGINX = """\
daemon off;
pid {folder}/pid;
worker_processes 1;
events {{ worker_connections 8192; }}
http {{
  access_log off; client_header_timeout 2s; keepalive_timeout 2s; keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 80 backlog=8192; location / {{ return 200 "all is well"; }} }}
}}
"""


def config():
    services = [f'  {{ name = "{name}"; address = "10.99.0.{n}"; port = 80;\n'
                f'    checks = ( {{ {check} interval = 1; fast_interval = "300ms"; timeout = "500ms"; fall = 1; rise = 1; }} );\n'
                f'    real_servers = ( "127.20.{n}.[1-{SERVERS}]:80" ); }}'
                for n, (name, check) in enumerate(CHECKS.items(), 1)]
    return "workers = { check_threads = 2; };\nvirtual_servers = (\n" + ",\n".join(services) + "\n);\n"


def weigh(pid, nice):
    """The weight of a session as a whole against the others of the machine."""
    with open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as file:
        file.write(str(nice))


class Busy:
    """Programs that keep all processors busy, with more weight than vipd; they end by themselves too."""

    def __init__(self, vipd, others):
        weigh(vipd, 19)
        for pid in others:
            weigh(pid, -10)
        self.hogs = [subprocess.Popen(["timeout", "30", "sh", "-c", "while :; do :; done"], start_new_session=True)
                     for _ in range(2 * os.cpu_count())]

    def end(self):
        for hog in self.hogs:
            os.killpg(hog.pid, signal.SIGKILL)
            hog.wait()


def verdicts(vipd, since=0):
    """How many changes of verdict the log tells, with those that it only counts."""
    return len(vipd.find(r" server\.check ", since)) + \
        sum(int(line.match[1]) for line in vipd.find(r"log\.more id=server\.check count=(\d+)", since))


def checks_made(vipd):
    """How many checks vipd has started so far, and how late they were."""
    mark = vipd.mark()
    vipd.send(signal.SIGUSR1)
    line = vipd.wait_for(r"vipd\.lateness checks=(\d+) .*max_us=(\d+)", PATIENCE, mark)
    return int(line.match[1]), int(line.match[2]) / 1e6


def rounds(vipd, count):
    """Waits until every server was checked that many times more."""
    done = 0
    def enough():
        nonlocal done
        done += checks_made(vipd)[0]
        return done >= count * SERVERS * len(CHECKS)
    wait_until(enough, PATIENCE, f"{count} rounds of checks", step=0.3)


def nothing_happened(t, vipd, mark, when):
    false = vipd.find(r"verdict=down", mark)
    t.check(not false and verdicts(vipd, mark) == 0, f"{when}: no verdict has changed" + (f", but: {false[0].text}" if false else ""))


def busy(t, vipd, others):
    t.part("busy")
    mark = vipd.mark()
    checks_made(vipd)
    hogs = Busy(vipd.pid, others)
    try:
        time.sleep(BUSY)
        stopped(t, vipd, "stopped on a busy machine")
        count, late = checks_made(vipd)
        t.note(f"{count} checks were made meanwhile, at most {late:.2f} s late")
    finally:
        hogs.end()
        weigh(vipd.pid, 0)
    rounds(vipd, 3)
    nothing_happened(t, vipd, mark, "busy, stopped and back")
    told = [line.match[1] for line in vipd.find(r"check\.local error=(\S+)", mark)]
    t.check(set(told) <= {"STALLED"}, f"checks that could not be made are told as such: {told}")


def stopped(t, vipd, when):
    mark = vipd.mark()
    vipd.send(signal.SIGSTOP)
    try:
        time.sleep(STOPPED)
    finally:
        vipd.send(signal.SIGCONT)
    wait_until(lambda: checks_made(vipd)[0] > 0, PATIENCE, "checks go on")
    nothing_happened(t, vipd, mark, when)


def often(t, vipd):
    """Short stops, around the time limits, at moments that differ."""
    t.part("stopped again and again")
    mark = vipd.mark()
    for n in range(12):
        vipd.send(signal.SIGSTOP)
        time.sleep(0.1 + 0.13 * n)
        vipd.send(signal.SIGCONT)
        time.sleep(0.2)
    rounds(vipd, 2)
    nothing_happened(t, vipd, mark, "after twelve short stops")


def main():
    folder = tempfile.mkdtemp(prefix="busy-", dir=os.environ.get("TMPDIR", "/tmp"))
    try:
        with suite("checks_busy") as t, Net() as net:
            ns = net.ns("busy")
            ns.sysctl({"net.core.somaxconn": 8192})
            for name, text in (("nginx.conf", NGINX.format(folder=folder)), ("vipd.conf", config())):
                with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                    file.write(text)
            with Daemon(["nginx", "-e", "stderr", "-c", f"{folder}/nginx.conf"], ns=ns, name="nginx") as nginx:
                wait_until(lambda: re.search(r":0050 \S+ 0A", ns.read("tcp")), 20, "nginx listens", step=0.02)
                with Daemon([VIPD, "-f", f"{folder}/vipd.conf", "--dataplane=memory", "--control=none"], ns=ns,
                            name="vipd") as vipd:
                    total = SERVERS * len(CHECKS)
                    wait_until(lambda: verdicts(vipd) >= total, PATIENCE, f"{total} first verdicts")
                    t.check(not vipd.find("verdict=down"), "all servers are up at first")
                    t.part("stopped")
                    stopped(t, vipd, "stopped at rest")
                    often(t, vipd)
                    busy(t, vipd, [nginx.pid])
                    t.part("the dead are found")
                    mark = vipd.mark()
                    nginx.kill()
                    wait_until(lambda: verdicts(vipd, mark) >= total, PATIENCE, f"{total} servers down")
                    t.check(True, "servers that die then are found")
                    t.equal(vipd.stop(timeout=20), 0, "vipd ends cleanly")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
