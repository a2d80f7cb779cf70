#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What very many instances cost: processor share of the active and of the backup router, and memory, of vipd and of
keepalived; an advert every second, over 16 interfaces.

    bench/instances.py [--sizes 250 1000 4000] [--length 10] [--only vipd]

bench/README.md says what is measured.
"""

import argparse
import os
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "lib"))

from director import Keepalived, Vipd, instance  # noqa: E402
from netns import Net  # noqa: E402
from proc import group_peak_rss, group_pids, wait_until  # noqa: E402

PROGRAMS = {"vipd": Vipd, "keepalived": Keepalived}
INTERFACES = 16
START_LIMIT = 60


def instances(count, prio):
    return [instance(f"i{n}", 1 + n // INTERFACES, prio, [f"10.{100 + n % INTERFACES}.1.{1 + n // INTERFACES}/32"],
                     advert_ms=1000, device=f"eth{n % INTERFACES}") for n in range(count)]


def held(ns):
    """How many virtual addresses it has."""
    return ns.run("ip", "-4", "-o", "addr", "show", check=False).stdout.count("/32 ")


def cpu(group):
    """Seconds that all threads of a process group were on a processor, to the nanosecond."""
    total = 0
    for pid in group_pids(group):
        for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(path.read_text(encoding="ascii").split()[0])
    return total / 1e9


def life(program, count, length):
    """{what: figure} of two routers."""
    with Net() as net:
        routers = [net.ns("active"), net.ns("backup")]
        for n in range(INTERFACES):
            net.veth(routers[0], f"eth{n}", routers[1], f"eth{n}")
            for number, ns in enumerate(routers):
                ns.ip(f"addr add 10.{100 + n}.0.{1 + number}/16 dev eth{n}", f"link set eth{n} up")
        kind = PROGRAMS[program]
        with kind(routers[0], "active", instances=instances(count, 150)) as active:
            wait_until(lambda: held(routers[0]) == count, START_LIMIT, "all addresses on the active", step=0.5)
            with kind(routers[1], "backup", instances=instances(count, 100)) as backup:
                time.sleep(8)  # the start, and the second announcement
                groups = [active.daemon.pid, backup.daemon.pid]
                before, begin = [cpu(g) for g in groups], time.monotonic()
                time.sleep(length)
                took = time.monotonic() - begin
                shares = [(cpu(g) - was) / took * 100 for g, was in zip(groups, before)]
                wrong = count - held(routers[0]), held(routers[1])
                if wrong != (0, 0):
                    print(f"  {program}: {wrong[0]} addresses missing on the active, {wrong[1]} on the backup")
                return {"active": shares[0], "backup": shares[1], "memory": group_peak_rss(groups[0]) / 1e6}


def main():
    options = argparse.ArgumentParser(description="What very many instances cost.")
    options.add_argument("--sizes", type=int, nargs="+", default=[250, 1000, 4000])
    options.add_argument("--length", type=int, default=10, help="seconds of measurement")
    options.add_argument("--only", choices=PROGRAMS)
    given = options.parse_args()
    print(f"an advert every second, {INTERFACES} interfaces; load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} "
          f"processors\n\n{'':24}{'active %':>12}{'backup %':>12}{'memory MB':>12}{'KB each more':>14}", flush=True)
    for program in [given.only] if given.only else PROGRAMS:
        least = None
        for count in given.sizes:
            one = life(program, count, given.length)
            more = "" if least is None else f"{(one['memory'] - least[1]) * 1e3 / (count - least[0]):14.1f}"
            least = least or (count, one["memory"])
            print(f"{program:12}{count:12,}{one['active']:12.2f}{one['backup']:12.2f}{one['memory']:12.1f}{more}",
                  flush=True)


if __name__ == "__main__":
    main()
