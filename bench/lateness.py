#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How late adverts are while everything else happens at once: 1,000 addresses are added, 1,000 link events arrive,
scripts time out and a configuration of 37,298 servers is reloaded; vipd and keepalived in turn, seen on the wire.

    bench/lateness.py [--servers 37298] [--services 2284] [--length 20] [--only vipd]

bench/README.md says what is measured.
"""

import argparse
import os
import pathlib
import signal
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "lib"))

from director import Keepalived, Vipd, instance  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon, wait_until  # noqa: E402
from reload import BUILD, Beat, build, prefer, prepare, put, row, shape, stood_still  # noqa: E402
from tap import Tap  # noqa: E402
from takeover import web  # noqa: E402

START_LIMIT, SCRIPTS, EVENTS, ADDRESSES = 120, 20, 1000, 1000
RATES = {"1 s": (1000, 200), "10 ms": (10, 1)}  # interval in ms, instances


class Loaded:
    """The configuration beside the measured instances, in the words of both programs."""

    @staticmethod
    def vipd():
        scripts = ",\n".join(f'  {{ name = "s{n}"; command = ( "/bin/sleep", "60" ); interval = 1; timeout = 1; weight = 1;'
                             f' user = "root"; }}' for n in range(SCRIPTS))
        return f"vrrp_scripts = (\n{scripts}\n);\n"

    @staticmethod
    def keepalived():
        return "".join(f'vrrp_script s{n} {{\n  script "/bin/sleep 60"\n  interval 1\n  timeout 1\n  weight 1\n}}\n'
                       for n in range(SCRIPTS))


def measured(interval_ms, count):
    tracked = ", ".join(f'{{ name = "s{n}"; }}' for n in range(SCRIPTS))
    lines = "\n".join(f"    s{n}" for n in range(SCRIPTS))
    words = dict(vipd=f"track_script = ( {tracked} );", keepalived=f"  track_script {{\n{lines}\n  }}")
    return [instance(f"m{n}", 1 + n, 150, [f"192.168.78.{1 + n}/32"], advert_ms=interval_ms, **words)
            for n in range(count)]


def by_gap(adverts, interval):
    """(moment, lateness) of each advert: how much longer than the interval it came behind the one before."""
    last, late = {}, []
    for advert in adverts:
        if advert.vrid in last:
            late.append((advert.time, max(0.0, advert.time - last[advert.vrid] - interval)))
        last[advert.vrid] = advert.time
    return late


def flap(ns, seconds):
    """EVENTS changes of a link, evenly."""
    for _ in range(10):
        begin = time.monotonic()
        ns.ip(*["link set flap0 up", "link set flap0 down"] * (EVENTS // 20))
        time.sleep(max(0.0, begin + seconds / 10 - time.monotonic()))


def disturb(own, director, daemon, paths, partner, length):
    """All of it, for `length` seconds. Returns what was done."""
    flapper = threading.Thread(target=flap, args=(own, length / 2))
    begin, reloads = time.monotonic(), 0
    flapper.start()
    for second in range(0, length - 2, 3):
        time.sleep(max(0.0, begin + second - time.monotonic()))
        put(director, paths[(reloads + 1) % 2])
        daemon.send(signal.SIGHUP)
        reloads += 1
        if second == 3:
            partner.kill()  # the address holder of the instance with many
    time.sleep(max(0.0, begin + length - time.monotonic()))
    flapper.join()
    return reloads


def tell_inside(daemon):
    """vipd's own view since it was last asked; nothing of another program."""
    mark = daemon.mark()
    daemon.send(signal.SIGUSR1)
    return daemon.wait_for(r"vipd\.lateness adverts=(.*)", 10, mark).match[1]


def wait_active(tap, count):
    heard = set()

    def all_heard():
        heard.update(advert.vrid for advert in tap.read()[0])
        return len(heard) >= count
    wait_until(all_heard, START_LIMIT, f"adverts of {count} instances", step=0.2)


def holds_many(ns):
    return ns.run("ip", "-4", "-o", "addr", "show", "dev", "eth0", check=False).stdout.count("\n") >= ADDRESSES


def life(name, rate, given):
    interval_ms, count = RATES[rate]
    program, options, env = {"vipd": (Vipd, ["--dataplane=memory"], None),
                             "keepalived": (Keepalived, [], {"LD_PRELOAD": str((BUILD / "ipvs_stub.so").resolve()),
                                                             "PATH": os.environ["PATH"]})}[name]
    with Net() as net:
        lan, own, other = net.lan("lan"), net.ns("director"), net.ns("partner")
        lan.join(own, "eth0", "192.168.77.1/16")
        lan.join(other, "eth0", "192.168.77.2/16")
        own.ip("link add flap0 type bridge")
        many = web(100, ADDRESSES)
        many.update(vrid=250)
        few = web(200, 1)
        few.update(vrid=250)
        own_instances = measured(interval_ms, count) + [many]
        services = list(shape(given))
        for one in services:
            for server in one["servers"]:
                server["checks"] = []
        with Vipd(other, "partner", instances=[few]) as partner, \
                program(own, name, instances=own_instances, services=services, options=options, start=False) as director, \
                Tap(lan.ns, lan.ports[own, "eth0"]) as tap:
            director.more = getattr(Loaded, name)()
            partner.wait_state("web", "ACTIVE", 20)
            paths = prepare(director)
            with Daemon(director.argv(), ns=own, name=name, env=env) as daemon:
                prefer(daemon.pid, given.nice)
                director.daemon = daemon
                wait_active(tap, count)
                time.sleep(2)
                inside, beat = {}, Beat()
                if name == "vipd":
                    tell_inside(daemon)
                rest = time.monotonic()
                time.sleep(given.rest)
                if name == "vipd":
                    inside["at rest"] = tell_inside(daemon)
                busy = time.monotonic()
                reloads = disturb(own, director, daemon, paths, partner, given.length)
                if name == "vipd":
                    inside["disturbed"] = tell_inside(daemon)
                end = time.monotonic()
                wait_until(lambda: holds_many(own), 60, "the addresses of the other instance", step=0.5)
                adverts = [a for a in tap.read()[0] if a.vrid != 250]
                spans = beat.close()
                applied = len(daemon.find(r" conf\.applied ")) if name == "vipd" else None
    show(name, rate, by_gap(adverts, interval_ms / 1e3), {"at rest": (rest, busy), "disturbed": (busy, end)}, spans)
    for phase, text in inside.items():
        print(f"    vipd's own, {phase}: {text}")
    print(f"    {reloads} reloads{f', {applied} applied' if applied is not None else ''}", flush=True)


def show(name, rate, all_late, phases, spans):
    for phase, (begin, end) in phases.items():
        late = [(t, value) for t, value in all_late if begin <= t < end]
        row(f"{name}, an advert every {rate}, {phase}", [value for _, value in late])
        row("    less what the machine stood still",
            [value - (stood_still(spans, t - value, t) if value > 0.0005 else 0) for t, value in late])


def main():
    options = argparse.ArgumentParser(description="How late adverts are while everything else happens.")
    options.add_argument("--services", type=int, default=2284)
    options.add_argument("--servers", type=int, default=37298, help="in all")
    options.add_argument("--length", type=int, default=20, help="seconds of disturbance")
    options.add_argument("--rest", type=int, default=10, help="seconds at rest before")
    options.add_argument("--nice", type=int, default=-10, help="of both programs as a whole")
    options.add_argument("--only", choices=["vipd", "keepalived"])
    given = options.parse_args()
    given.interval = 20
    build()
    print(f"{given.servers:,} servers in {given.services:,} services; {ADDRESSES:,} addresses, {EVENTS:,} link events, "
          f"{SCRIPTS} scripts that time out, a reload every 3 s; load average {os.getloadavg()[0]:.2f} on "
          f"{os.cpu_count()} processors\n\n  {'ms late':42}   number         p50         p99       p99.9         max",
          flush=True)
    for rate in RATES:
        for name in [given.only] if given.only else ["keepalived", "vipd"]:
            life(name, rate, given)


if __name__ == "__main__":
    main()
