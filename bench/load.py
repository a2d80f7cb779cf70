#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long vipd and keepalived take to read the same large configuration, and how much memory.

    bench/load.py [--services 1000] [--servers 100] [--runs 5]

`vipd --check` beside `keepalived -t` on the same content, run in turn. bench/README.md says more.
"""

import argparse
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "lib"))

from netns import Net  # noqa: E402
from proc import Daemon  # noqa: E402

VIPD = os.environ.get("VIPD", "build/vipd")
LIMIT = 60      # seconds for one run of a program; keepalived takes half of it for the single service
PER_OCTET = 250  # addresses of a range


def servers_of(service, count):
    """The addresses of a service's servers: in ranges of the last octet."""
    blocks = -(-count // PER_OCTET)
    for n in range(count):
        block = service * blocks + n // PER_OCTET
        yield f"10.{16 + (block >> 8)}.{block & 255}", n % PER_OCTET + 1


def address_of(service):
    return f"10.1.{service >> 8}.{service & 255}"


def keepalived(services, servers):
    for s in range(services):
        yield f"virtual_server {address_of(s)} 80 {{\n delay_loop 60\n lvs_sched rr\n lvs_method DR\n protocol TCP\n"
        for net, host in servers_of(s, servers):
            yield (f" real_server {net}.{host} 80 {{\n  weight 1\n  TCP_CHECK {{\n   connect_timeout 3\n   retry 2\n"
                   "   delay_before_retry 1\n  }\n }\n")
        yield "}\n"


def long_form(services, servers, weight=1):
    """Nothing shared: each server a group with all its settings and its check."""
    yield "virtual_servers = (\n"
    for s in range(services):
        yield (f'{{ name = "s{s}"; address = "{address_of(s)}"; port = 80; protocol = "tcp"; lvs_sched = "rr";'
               ' lvs_method = "DR";\n  real_servers = (\n')
        yield ",\n".join(f'    {{ address = "{net}.{host}"; port = 80; weight = {weight if host == 1 else 1};\n'
                         '      checks = ( { type = "tcp"; interval = 60; timeout = 3; rise = 1; fall = 3; } ); }'
                         for net, host in servers_of(s, servers))
        yield "\n  ); }" + (",\n" if s < services - 1 else "\n);\n")


def templated(services, servers_text):
    yield ('templates = {\n  check = { t = { type = "tcp"; interval = 60; timeout = 3; rise = 1; fall = 3; }; };\n'
           '  virtual_server = { w = { port = 80; protocol = "tcp"; lvs_sched = "rr"; lvs_method = "DR";'
           ' checks = [ "t" ]; }; };\n};\nvirtual_servers = (\n')
    yield ",\n".join(f'{{ use = "w"; name = "s{s}"; address = "{address_of(s)}";\n  real_servers = ('
                     + servers_text(s) + "); }" for s in range(services))
    yield "\n);\n"


def short_texts(services, servers):
    """A template, and each server a short text."""
    return templated(services, lambda s: ",\n".join(f'"{net}.{host}:80 weight=1"'
                                                    for net, host in servers_of(s, servers)))


def ranges(services, servers):
    """A template, and the servers of a service as ranges."""
    def text(s):
        last = {}
        for net, host in servers_of(s, servers):
            last[net] = host
        return ", ".join(f'"{net}.[1-{host}]:80 weight=1"' for net, host in last.items())
    return templated(services, text)


@dataclass
class Run:
    wall: float  # seconds
    cpu: float   # user + system, seconds
    peak: float  # MB


def run(argv):
    """One run to its end, or None when it took longer than LIMIT."""
    begin = time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as program:
        while True:
            pid, status, usage = os.wait4(program.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - begin > LIMIT:
                program.kill()
                return None
            time.sleep(0.001)
        program.returncode = os.waitstatus_to_exitcode(status)
        if program.returncode:
            sys.exit(f"{' '.join(argv)} ended with status {program.returncode}")
    return Run(time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3)


def write(folder, name, parts):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.writelines(parts)
    return path


def median(runs):
    """The median of each figure; None when a run was cut off."""
    if None in runs:
        return None
    return Run(*(statistics.median(getattr(run, key) for run in runs) for key in ("wall", "cpu", "peak")))


def side_by_side(columns, runs):
    """{name: argv} -> {name: median}, the programs in turn."""
    seen = {name: [] for name in columns}
    for _ in range(runs):
        for name, argv in columns.items():
            seen[name].append(run(argv))
    return {name: median(of) for name, of in seen.items()}


def cells(result, servers):
    if result is None:
        return f"{f'more than {LIMIT} s':>38}"
    return f"{result.wall:8.2f} s{result.cpu:8.2f} s{result.wall / servers * 1e6:8.1f} us{result.peak:7.0f} MB"


def show(title, result, servers, base=None):
    ratio = f"{result.wall / base.wall:7.2f}{result.cpu / base.cpu:7.2f}" if base and result else ""
    print(f"{title:34}{cells(result, servers)}{ratio}", flush=True)


def compare(folder, given):
    services, servers, total = given.services, given.servers, given.services * given.servers
    ka = write(folder, "keepalived", keepalived(services, servers))
    columns = {"keepalived -t": ["keepalived", "-t", "-f", ka]}
    for name, form in (("long form", long_form), ("short texts", short_texts), ("ranges", ranges)):
        path = write(folder, form.__name__, form(services, servers))
        columns[f"vipd --check, {name}"] = [VIPD, "--check", "-f", path]
    results = side_by_side(columns, given.runs)
    print(f"\n{services:,} services x {servers} servers, median of {given.runs}\n")
    print(f"{'':34}{'wall':>10}{'cpu':>10}{'a server':>11}{'peak':>10}{'wall':>7}{'cpu':>7}  of keepalived's")
    for name, result in results.items():
        show(name, result, total, results["keepalived -t"])


def one_service(folder, given):
    """The same number of servers in one service and in many."""
    total, runs = given.services * given.servers // 2, min(given.runs, 3)
    print(f"\n{total:,} servers, median of {runs} (keepalived with one service: 1 run, at most {LIMIT} s)\n")
    for program, form, argv in (("keepalived -t", keepalived, ["keepalived", "-t", "-f"]),
                                ("vipd --check", long_form, [VIPD, "--check", "-f"])):
        shapes = {f"{program}, {s:,} x {n:,}": [*argv, write(folder, f"{form.__name__}{s}", form(s, n))]
                  for s, n in ((given.services, given.servers // 2), (1, total))}
        if program.startswith("vipd"):
            results = side_by_side(shapes, runs)
        else:
            results = {name: median([run(argv) for _ in range(runs if i == 0 else 1)])
                       for i, (name, argv) in enumerate(shapes.items())}
        base = None
        for name, result in results.items():
            show(name, result, total, base)
            base = result


def peak_now(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict((key, int(kb) / 1e3) for key, kb in re.findall(r"(VmHWM|VmRSS):\s+(\d+) kB", file.read()))


def reload_memory(folder, given):
    """A running vipd in an empty namespace, where no check reaches anything; one weight of each service changes."""
    shape = given.services, given.servers
    path = write(folder, "running", long_form(*shape))
    with Net() as net, Daemon([VIPD, "-f", path, "--dataplane=memory"], ns=net.ns("empty")) as vipd:
        vipd.wait_for(r" vipd\.ready ", LIMIT)
        start = peak_now(vipd.pid)
        with open(f"/proc/{vipd.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")  # the peak counts anew
        before = peak_now(vipd.pid)
        write(folder, "running", long_form(*shape, weight=2))
        vipd.send(signal.SIGHUP)
        vipd.wait_for(r" conf\.applied ", LIMIT)
        during = peak_now(vipd.pid)
        vipd.stop(timeout=LIMIT)
    print(f"\nvipd running: peak of the start {start['VmHWM']:.0f} MB, then {before['VmRSS']:.0f} MB; "
          f"peak of a reload (two snapshots and the tree) {during['VmHWM']:.0f} MB")


def main():
    options = argparse.ArgumentParser(description="vipd and keepalived reading the same configuration.")
    options.add_argument("--services", type=int, default=1000)
    options.add_argument("--servers", type=int, default=100, help="servers of each service")
    options.add_argument("--runs", type=int, default=5)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        print(f"load average before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} processors")
        compare(folder, given)
        one_service(folder, given)
        reload_memory(folder, given)
        print(f"load average after: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
