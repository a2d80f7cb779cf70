#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vipd and keepalived side by side on a real IPVS table, each in a fresh guest.

    bench/table.py [--shape 100|500|2284|one|each] [--runs 3] [--only vipd|alone] [--cap 100] [--prefer-host]

Start -> complete table; reload with every weight changed -> complete; every tenth server dies -> all of them out; stop
-> empty; entries left behind; requests; processor time and memory of each. Beside them bench/floor.c, what the kernel
itself takes for the same table, and bench/writer.c, what vipd's writer takes without the rest of vipd. Figures are
medians of the runs; with --only alone, of the latter two and nothing else, the least. bench/README.md says more.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "lib"))

from director import Keepalived, Vipd, server, service, tcp  # noqa: E402
from proc import Missing, group_cpu, group_peak_rss, wait_until  # noqa: E402
from watch import Watch  # noqa: E402

SHAPES = {  # services, servers in all
    "100": (100, 10000), "500": (500, 50000), "2284": (2284, 37298), "one": (1, 50000), "each": (10000, 10000),
}
PROGRAMS = {"keepalived": Keepalived, "vipd": Vipd}
ALONE = {"floor": "build/bench/floor", "writer": "build/release/bench/writer"}
LISTENER = ("127.0.0.1", 7999)  # what every tenth server's check connects to
EVERY = 10
INTERVAL = 5                    # seconds between checks of a server
OVER = "over"                   # in place of a figure: the step was not done within the cap

ROWS = [  # key, what it is, unit, how the unit prints
    ("start", "start -> complete table", "ms", "{:,.0f}"),
    ("start_plan", "  before its first request", "ms", "{:,.1f}"),
    ("reload", "reload, every weight -> complete", "ms", "{:,.0f}"),
    ("reload_plan", "  before its first request", "ms", "{:,.1f}"),
    ("down", "every tenth dies -> all out", "ms", "{:,.1f}"),
    ("heard", "  first verdict -> all out", "ms", "{:,.1f}"),
    ("stop", "stop -> empty table", "ms", "{:,.1f}"),
    ("exit", "stop -> process gone", "ms", "{:,.0f}"),
    ("left", "entries left behind", "", "{:,.0f}"),
    ("requests", "requests", "", "{:,.0f}"),
    ("sends", "  in so many sends", "", "{:,.0f}"),
    ("cpu", "processor time", "ms", "{:,.0f}"),
    ("rss", "peak memory", "MB", "{:,.1f}"),
    ("watch", "(processor time of the watcher)", "ms", "{:,.0f}"),
]


def number(base, n):
    return f"10.{base}.{n >> 8}.{n & 255}"


def counts(services, servers):
    """How many servers each service has: as even as can be."""
    return [servers * i // services - servers * (i - 1) // services for i in range(1, services + 1)]


def wanted(shape, weight, checks=()):
    """The same table that floor.c and writer.c write."""
    return [service(number(1, i), 80, [server(number(2, j), 80, weight, checks if j % EVERY == 0 else [])
                                       for j in range(1, n + 1)]) for i, n in enumerate(counts(*shape), 1)]


def of(shape, without=0):
    """What the watcher waits for."""
    return {(number(1, i), 80): n - (n // without if without else 0) for i, n in enumerate(counts(*shape), 1)}


class Listener:
    """Takes every connection until it is closed."""

    def __init__(self):
        self._socket = socket.create_server(LISTENER, backlog=4096)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                self._socket.accept()[0].close()
            except OSError:
                return

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class Life:
    """One life of a program, in this kernel."""

    def __init__(self, name, shape, cap):
        self.name, self.shape, self.cap = name, shape, cap
        self.watch, self.figures = Watch(), {}

    def run(self):
        with PROGRAMS[self.name](None, self.name, services=wanted(self.shape, 1), start=False) as director:
            self.director, self.log = director, os.path.join(director.folder, "log")
            director.write()
            with open(self.log, "wb") as log:
                begin = time.monotonic()
                self.program = subprocess.Popen(director.argv(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                start_new_session=True)
            self.take("start", begin, self.watch.until_all(of(self.shape), 1, self.cap))
            self.reload("reload", wanted(self.shape, 2), 2)
            if self.figures["reload"] != OVER:
                self.die()
                time.sleep(1)  # vipd says what it has done when half a second was quiet
            self.figures["cpu"] = group_cpu(self.program.pid) * 1e3
            self.figures["rss"] = group_peak_rss(self.program.pid) / 1e6
            self.stop()
            self.figures["watch"] = self.watch.cost * 1e3
            if self.name == "vipd":
                self.read_log()
        return self.figures

    def take(self, key, begin, moment):
        self.figures[key] = OVER if moment is None else (moment - begin) * 1e3

    def reload(self, key, services, weight):
        self.director.services = services
        self.director.write()
        begin = time.monotonic()
        self.program.send_signal(signal.SIGHUP)
        self.take(key, begin, self.watch.until_all(of(self.shape), weight, self.cap))

    def die(self):
        """Every tenth server gets a check, and time to pass it; then they die."""
        listener = Listener()
        begin = time.monotonic()
        self.reload("checked", wanted(self.shape, 2, [tcp(interval=INTERVAL, timeout_ms=1000, at=LISTENER)]), 2)
        time.sleep(self.figures["reload"] / 1e3 * 1.2 + 2 * INTERVAL)
        if time.monotonic() > begin + self.cap:
            listener.close()
            return
        begin = time.monotonic()
        listener.close()
        self.take("down", begin, self.watch.until_all(of(self.shape, EVERY), 2, self.cap))

    def stop(self):
        begin = time.monotonic()
        self.program.send_signal(signal.SIGTERM)
        end = End(self.program)
        moment = self.watch.until_empty(self.cap, end)
        self.figures["stop"] = None if moment is None else (moment - begin) * 1e3
        try:
            wait_until(end, self.cap, "the program's end")
            self.figures["exit"] = (end.moment - begin) * 1e3
        except Missing:
            self.figures["exit"] = OVER
            os.killpg(self.program.pid, signal.SIGKILL)
            self.program.wait()
        self.figures["left"] = self.watch.left()

    def read_log(self):
        with open(self.log, encoding="ascii", errors="replace") as file:
            text = file.read()
        for key in ("requests", "sends"):
            found = re.search(rf"ipvs_{key}_total=(\d+)", text)
            self.figures[key] = int(found[1]) if found else 0
        down, synced = moments(text, "server.down"), moments(text, "ipvs.synced")
        if down and synced and synced[-1] > down[0]:
            # the line is written when nothing came for half a second
            self.figures["heard"] = (synced[-1] - down[0]) * 1e3 - 500


def moments(text, event):
    """Seconds of the day at which the event was logged."""
    found = re.findall(rf"T(\d+):(\d+):([\d.]+)Z \S+ {re.escape(event)} ", text)
    return [int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in found]


class End:
    """Says whether a program has ended, and keeps when."""

    def __init__(self, program):
        self.program, self.moment = program, None

    def __call__(self):
        if self.moment is None and self.program.poll() is not None:
            self.moment = time.monotonic()
        return self.moment is not None


def alone(name, shape):
    """floor and writer: one line of numbers."""
    done = subprocess.run([ALONE[name], *map(str, shape)], check=True, stdout=subprocess.PIPE, text=True)
    n = list(map(float, done.stdout.split()))
    figures = dict(zip(("start", "reload", "down", "stop", "cpu"), n), left=Watch.left())
    if name == "writer":
        figures.update(start_plan=n[5], reload_plan=n[6], requests=n[7], sends=n[8])
    return figures


def inside(given, shape):
    """In the guest: one program, its figures as a line of JSON."""
    name = given.inside
    print(json.dumps(alone(name, shape) if name in ALONE else Life(name, shape, given.cap).run()), flush=True)


def run_guest(name, given):
    """A fresh guest for one program; its figures."""
    boot = [HERE.parent / "tests" / "guest" / "boot", "--time", str(6 * given.cap + 60), "--mem", "1536M"]
    boot += ["--prefer-host"] if given.prefer_host else []
    argv = [*boot, "--", HERE / "table.py", "--inside", name, "--shape", given.shape, "--cap", str(given.cap)]
    done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{name} failed in the guest:\n{done.stdout}")
    return json.loads(done.stdout.splitlines()[-1])


def build():
    floor = pathlib.Path(ALONE["floor"])
    source = HERE / "floor.c"
    if not floor.exists() or floor.stat().st_mtime < source.stat().st_mtime:
        floor.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-O2", "-o", floor, source], check=True)
    subprocess.run(["make", "-s", ALONE["writer"]], check=True, stdout=subprocess.DEVNULL)


def sum_up(runs, key, given):
    """The median; of what nothing but the machine can make longer the least."""
    values = [run.get(key) for run in runs]
    if OVER in values:
        return OVER
    if None in values:
        return None
    return min(values) if given.only == "alone" else statistics.median(values)


def cell(key, name, value, given):
    unit, form = next((unit, form) for k, _, unit, form in ROWS if k == key)
    if value == OVER:
        return f"over {given.cap} s"
    if value is not None:
        return form.format(value) + f" {unit}".rstrip()
    return "never" if key == "stop" and name in PROGRAMS else ""


def ratio(a, b):
    return f"{a / b:,.1f}" if isinstance(a, float) and isinstance(b, float) and b else ""


def show(results, given):
    services, servers = SHAPES[given.shape]
    what = "least" if given.only == "alone" else "median"
    print(f"\n{services:,} services, {servers:,} servers; {what} of {given.runs}\n")
    print(f"{'':34}" + (f"{'keepalived':>14}" if "keepalived" in results else "") +
          (f"{'vipd':>14}{'ratio':>8}" if "vipd" in results else "") +
          f"{'writer alone':>14}{'kernel alone':>14}{'ratio':>8}")
    for key, title, _, _ in ROWS:
        values = {name: sum_up(runs, key, given) for name, runs in results.items()}
        cells = {name: f"{cell(key, name, value, given):>14}" for name, value in values.items()}
        if all(value is None for value in values.values()):
            continue
        side = ratio(values.get("keepalived"), values.get("vipd")) if key != "watch" else ""
        floor = ratio(values["writer"], values["floor"])
        vipd = f"{cells['vipd']}{side:>8}" if "vipd" in cells else ""
        line = f"{title:34}{cells.get('keepalived', '')}{vipd}{cells['writer']}{cells['floor']}{floor:>8}"
        print(line.rstrip())


def main():
    options = argparse.ArgumentParser(description="vipd and keepalived side by side on a real IPVS table.")
    options.add_argument("--shape", choices=SHAPES, default="100")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--only", choices=["vipd", "alone"], help="without keepalived; without vipd too")
    options.add_argument("--cap", type=int, default=100, help="seconds for each step (default %(default)s)")
    options.add_argument("--prefer-host", action="store_true", help="on the host's kernel if it has IPVS")
    options.add_argument("--inside", choices=[*PROGRAMS, *ALONE], help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.inside:
        inside(given, SHAPES[given.shape])
        return
    build()
    left_out = {"vipd": ["keepalived"], "alone": PROGRAMS}.get(given.only, [])
    names = [name for name in [*PROGRAMS, *ALONE] if name not in left_out]
    results = {name: [] for name in names}
    for _ in range(given.runs):
        for name, runs in results.items():
            runs.append(run_guest(name, given))
            print(f"{name}: {json.dumps(runs[-1])}", flush=True)
    show(results, given)


if __name__ == "__main__":
    main()
