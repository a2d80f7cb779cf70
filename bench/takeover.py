#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Takeover of 1,000 addresses with an advert every 10 ms, and hand-back to a router of higher priority: vipd and
keepalived in turn, in namespaces, seen from the bridge.

    bench/takeover.py [--addresses 1000] [--many 20000] [--runs 3]

bench/README.md says what is measured.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "lib"))

from director import Keepalived, Vipd, instance  # noqa: E402
from netns import Net  # noqa: E402
from proc import wait_until  # noqa: E402
from reload import Beat, build, stood_still  # noqa: E402
from tap import Tap  # noqa: E402

ADVERT = 0.010
PROGRAMS = {"vipd": Vipd, "keepalived": Keepalived}
FLOOR = "build/release/bench/addr_floor"
MOVE_LIMIT = 120  # seconds until the last address must have been announced


def web(prio, count):
    """One address in the adverts and `count` - 1 that are not."""
    more = [f"10.{1 + (n >> 8)}.{n & 255}.1/32" for n in range(count - 1)]
    listed = ", ".join(f'"{address}"' for address in more)
    lines = "\n".join(f"    {address}" for address in more)
    return instance("web", 51, prio, ["192.168.77.100/24"], advert_ms=int(ADVERT * 1000),
                    vipd=f"virtual_ipaddress_excluded = ( {listed} );" if more else "",
                    keepalived=f"  garp_master_delay 5\n  virtual_ipaddress_excluded {{\n{lines}\n  }}")


class Bench:
    """A bridge with routers on it, and a tap on the cable of each."""

    def __init__(self, net):
        self.net, self.lan, self.taps, self.routers = net, net.lan("lan"), {}, []

    def router(self, kind, prio, count):
        number = len(self.routers) + 1
        ns = self.net.ns(f"r{number}")
        self.lan.join(ns, "eth0", f"192.168.77.{number}/24")
        router = kind(ns, ns.name, instances=[web(prio, count)], start=False)
        self.taps[router] = Tap(self.lan.ns, self.lan.ports[ns, "eth0"])
        self.routers.append(router)
        return router

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for router in self.routers:
            router.__exit__(*exc)
            self.taps[router].__exit__()


def announced(garps):
    """When each address was announced first, in order."""
    first = {}
    for g in garps:
        first.setdefault(g.address, g.time)
    return sorted(first.values())


def overdue(adverts, spans):
    """(the longest that an advert was late, the same without what the machine stood still)."""
    late = [(b.time - a.time - ADVERT, a.time, b.time) for a, b in zip(adverts, adverts[1:])]
    return (max(value for value, _, _ in late),
            max(value - stood_still(spans, begin + ADVERT, end) if value > 0.001 else value
                for value, begin, end in late))


def wait_announced(tap, count, adverts, garps):
    """Reads the tap until every address was announced."""
    def complete():
        more_adverts, more_garps = tap.read()
        adverts.extend(more_adverts)
        garps.extend(more_garps)
        return len({g.address for g in garps}) >= count
    time.sleep(0.3)  # so that reading does not disturb
    wait_until(complete, MOVE_LIMIT, f"{count} addresses announced", step=0.3)
    time.sleep(0.7)
    complete()


def take_over(program, count):
    """The active one dies; milliseconds of what the other does."""
    with Net() as net, Bench(net) as bench:
        dying = bench.router(Vipd, 200, 1)
        router = bench.router(PROGRAMS[program], 100, count)
        dying.start()
        dying.wait_state("web", "ACTIVE", 20)
        router.start()
        router.wait_state("web", "BACKUP", 20)
        time.sleep(1)
        bench.taps[router].read()
        beat, adverts, garps = Beat(), [], []
        bench.lan.mute(dying.ns, "eth0")
        dying.kill()
        wait_announced(bench.taps[router], count, adverts, garps)
        spans = beat.close()
    first, times = adverts[0].time, announced(garps)
    late, late_less = overdue(adverts, spans)
    return {"first advert -> first address announced": times[0] - first,
            "first advert -> last address announced": times[-1] - first,
            "advert late at most, meanwhile": late,
            "    less what the machine stood still": late_less}


def transitions(router, mark, to):
    return len(router.daemon.find(router.STATE_LINE.format(name="web", state=router.WORDS.get(to, to)), mark))


def hand_back(program, count):
    """A router of higher priority comes."""
    with Net() as net, Bench(net) as bench:
        low, high = (bench.router(PROGRAMS[program], prio, count) for prio in (100, 150))
        low.start()
        low.wait_state("web", "ACTIVE", 20)
        wait_announced(bench.taps[low], count, [], [])
        mark, beat, adverts, garps = low.daemon.mark(), Beat(), [], []
        high.start()
        high.wait_state("web", "ACTIVE", 20)
        wait_announced(bench.taps[high], count, adverts, garps)
        time.sleep(6)  # the second burst of announcements is in it
        adverts += bench.taps[high].read()[0]
        old = [a.time for a in bench.taps[low].read()[0]]
        spans = beat.close()
        first = adverts[0].time
        ups, downs = transitions(high, 0, "ACTIVE"), transitions(low, mark, "BACKUP")
        backs = transitions(high, 0, "BACKUP") - 1, transitions(low, mark, "ACTIVE")
    both = max(0.0, max(old) - first)
    late, late_less = overdue(adverts, spans)
    return {"hand-back: two actives": both,
            "    less what the machine stood still ": both - stood_still(spans, first, first + both),
            "advert late at most, at hand-back": late,
            "    less what the machine stood still  ": late_less,
            "transitions that must be (2)": ups + downs,
            "transitions that must not be (0)": sum(max(0, n) for n in backs)}


def floor(count):
    """What the kernel needs to add them."""
    with Net() as net:
        own, peer = net.ns("own"), net.ns("peer")
        net.veth(own, "eth0", peer, "eth0")
        own.ip("link set eth0 up", "addr add 192.168.77.1/24 dev eth0")
        peer.ip("link set eth0 up")
        return float(own.run(FLOOR, "eth0", str(count)).stdout.split()[0]) / 1e3


def table(runs):
    """{program: [result of each run]} as rows: median and worst."""
    print(f"\n{'ms: median and worst':44}" + "".join(f"{program:>20}" for program in runs))
    for key in next(iter(runs.values()))[0]:
        cells = ""
        for results in runs.values():
            values = [one[key] for one in results]
            cells += (f"{min(values):10.0f}{max(values):10.0f}" if "transitions" in key else
                      f"{statistics.median(values) * 1e3:10.1f}{max(values) * 1e3:10.1f}")
        print(f"{key.rstrip():44}{cells}", flush=True)


def main():
    options = argparse.ArgumentParser(description="Takeover and hand-back of very many addresses.")
    options.add_argument("--addresses", type=int, default=1000)
    options.add_argument("--many", type=int, default=20000, help="vipd alone beside the kernel alone; 0: not")
    options.add_argument("--runs", type=int, default=3)
    given = options.parse_args()
    build()
    subprocess.run(["make", "-s", FLOOR], check=True)
    print(f"{given.addresses:,} addresses, an advert every {ADVERT * 1000:.0f} ms, {given.runs} runs; load average "
          f"{os.getloadavg()[0]:.2f} on {os.cpu_count()} processors", flush=True)
    for deed in take_over, hand_back:
        runs = {program: [] for program in PROGRAMS}
        for _ in range(given.runs):
            for program, results in runs.items():
                results.append(deed(program, given.addresses))
        table(runs)
    print(f"\nthe kernel alone, {given.addresses:,} addresses added: {floor(given.addresses) * 1e3:.1f} ms")
    if given.many:
        alone, all_of = floor(given.many), take_over("vipd", given.many)
        last = all_of["first advert -> last address announced"]
        print(f"{given.many:,} addresses: vipd has announced the last after {last:.2f} s, an advert was late by "
              f"{all_of['advert late at most, meanwhile'] * 1e3:.1f} ms at most; the kernel alone {alone:.2f} s")


if __name__ == "__main__":
    main()
