#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vipd and keepalived side by side on a real IPVS table, each in a fresh guest.

    bench/table.py [--services 100] [--servers 100] [--runs 3] [--prefer-host]

Start -> complete table; reload with every weight changed -> complete; stop -> empty; entries left behind; processor
time and memory of each. No checks are configured, so all servers are up. bench/floor.c is the third column: what the
kernel itself takes for the same table. Figures are medians of the runs. bench/README.md says more.
"""

import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "lib"))

from director import Keepalived, Vipd, server, service  # noqa: E402
from proc import group_cpu, group_peak_rss, wait_until  # noqa: E402
from watch import Watch  # noqa: E402

PROGRAMS = {"keepalived": Keepalived, "vipd": Vipd}
FLOOR = pathlib.Path("build/bench/floor")
LIMIT = 300  # seconds for a step

ROWS = [  # key, what it is, unit, how the unit prints
    ("start", "start -> complete table", "ms", "{:,.0f}"),
    ("reload", "reload, every weight -> complete", "ms", "{:,.0f}"),
    ("stop", "stop -> empty table", "ms", "{:,.1f}"),
    ("exit", "stop -> process gone", "ms", "{:,.0f}"),
    ("left", "entries left behind", "", "{:,.0f}"),
    ("cpu", "processor time, start + reload", "ms", "{:,.0f}"),
    ("rss", "peak memory", "MB", "{:,.1f}"),
    ("watch", "(processor time of the watcher)", "ms", "{:,.0f}"),
]


def wanted(services, servers, weight):
    """The same table that floor.c writes."""
    def number(base, n):
        return f"10.{base}.{n >> 8}.{n & 255}"
    return [service(number(1, i), 80, [server(number(2, j), 80, weight) for j in range(1, servers + 1)])
            for i in range(1, services + 1)]


def measure(name, services, servers):
    """One life of a program, in this kernel; returns the figures."""
    with PROGRAMS[name](None, name, services=wanted(services, servers, 1), start=False) as director:
        director.write()
        watch = Watch([(s["address"], s["port"]) for s in director.services], servers)
        with open(os.path.join(director.folder, "log"), "wb") as log:
            begin = time.monotonic()
            program = subprocess.Popen(director.argv(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True)
        figures = {"start": since(begin, watch.until_all(1, LIMIT))}

        director.services = wanted(services, servers, 2)
        director.write()
        begin = time.monotonic()
        program.send_signal(signal.SIGHUP)
        figures["reload"] = since(begin, watch.until_all(2, LIMIT))
        figures["cpu"] = group_cpu(program.pid) * 1e3
        figures["rss"] = group_peak_rss(program.pid) / 1e6

        begin = time.monotonic()
        program.send_signal(signal.SIGTERM)
        end = End(program)
        figures["stop"] = since(begin, watch.until_empty(LIMIT, end))
        wait_until(end, LIMIT, "the program's end")
        figures["exit"] = since(begin, end.moment)
        figures["left"] = watch.left()
        figures["watch"] = watch.cost * 1e3
    return figures


def since(begin, moment):
    return None if moment is None else (moment - begin) * 1e3


class End:
    """Says whether a program has ended, and keeps when."""

    def __init__(self, program):
        self.program, self.moment = program, None

    def __call__(self):
        if self.moment is None and self.program.poll() is not None:
            self.moment = time.monotonic()
        return self.moment is not None


def measure_floor(services, servers):
    done = subprocess.run([FLOOR, str(services), str(servers)], check=True, stdout=subprocess.PIPE, text=True)
    start, reload, stop, cpu = map(float, done.stdout.split())
    return {"start": start, "reload": reload, "stop": stop, "left": Watch.left(), "cpu": cpu}


def inside(given):
    """In the guest: one program, its figures as a line of JSON."""
    name = given.inside
    take = measure_floor if name == "floor" else lambda *shape: measure(name, *shape)
    print(json.dumps(take(given.services, given.servers)), flush=True)


def run_guest(name, given):
    """A fresh guest for one program; its figures."""
    boot = [HERE.parent / "tests" / "guest" / "boot", "--time", str(4 * LIMIT), "--mem", "1024M"]
    boot += ["--prefer-host"] if given.prefer_host else []
    argv = [*boot, "--", HERE / "table.py", "--inside", name, "--services", str(given.services),
            "--servers", str(given.servers)]
    done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{name} failed in the guest:\n{done.stdout}")
    return json.loads(done.stdout.splitlines()[-1])


def build_floor():
    source = HERE / "floor.c"
    if not FLOOR.exists() or FLOOR.stat().st_mtime < source.stat().st_mtime:
        FLOOR.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-O2", "-o", FLOOR, source], check=True)


def median(runs, key):
    values = [run.get(key) for run in runs]
    return None if None in values else statistics.median(values)


def cell(name, value, unit, form):
    if value is not None:
        return form.format(value) + f" {unit}".rstrip()
    return "" if name == "floor" else "never"


def show(results, given):
    print(f"\n{given.services} services x {given.servers} servers, {given.services * given.servers:,} entries; "
          f"median of {given.runs}\n")
    print(f"{'':34}{'keepalived':>14}{'vipd':>14}{'ratio':>10}{'kernel alone':>16}")
    for key, title, unit, form in ROWS:
        values = {name: median(runs, key) for name, runs in results.items()}
        ka, vipd, floor = (cell(name, value, unit, form) for name, value in values.items())
        both = values["keepalived"] and values["vipd"] and key != "watch"
        ratio = f"{values['keepalived'] / values['vipd']:,.1f}" if both else ""
        print(f"{title:34}{ka:>14}{vipd:>14}{ratio:>10}{floor:>16}")


def main():
    options = argparse.ArgumentParser(description="vipd and keepalived side by side on a real IPVS table.")
    options.add_argument("--services", type=int, default=100)
    options.add_argument("--servers", type=int, default=100, help="servers of each service")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--prefer-host", action="store_true", help="on the host's kernel if it has IPVS")
    options.add_argument("--inside", choices=[*PROGRAMS, "floor"], help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.inside:
        inside(given)
        return
    build_floor()
    results = {name: [] for name in [*PROGRAMS, "floor"]}
    for _ in range(given.runs):
        for name, runs in results.items():
            runs.append(run_guest(name, given))
            print(f"{name}: {json.dumps(runs[-1])}", flush=True)
    show(results, given)


if __name__ == "__main__":
    main()
