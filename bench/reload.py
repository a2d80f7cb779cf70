#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What reloads delay: checks of 37,298 servers in 2,284 services, and adverts, seen from outside.

    bench/reload.py [--services 2284] [--servers 37298] [--interval 20] [--every 2] [--length 60] [--only vipd]

Each program first runs at rest, then gets a SIGHUP every two seconds for a minute, with one weight changed each
time. The first packet of each check and each advert is taken from the wire with the kernel's time stamp. vipd
works on its table in memory, keepalived with ipvs_stub.c. bench/README.md says more.
"""

import argparse
import bisect
import collections
import ctypes
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "lib"))

from director import Keepalived, Vipd, instance, server, service, tcp  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon, Missing, group_cpu, group_peak_rss, group_pids, wait_until  # noqa: E402

BUILD = pathlib.Path("build/bench")
START_LIMIT, ADVERT_MS = 150, 10  # seconds; keepalived takes minutes on a busy machine
SO_TIMESTAMPNS, SO_ATTACH_FILTER, SO_RCVBUFFORCE, TCP_DEFER_ACCEPT = 35, 26, 33, 9
SOL_PACKET, PACKET_STATISTICS, PACKET_IGNORE_OUTGOING = 263, 6, 23
ETH_P_IP, SYN, VRRP = 0x0800, "syn", "vrrp"

FILTERS = {  # on a socket that begins at the IP header: TCP with SYN and without ACK; VRRP
    SYN: [(0x30, 0, 0, 9), (0x15, 0, 4, 6), (0x30, 0, 0, 33), (0x54, 0, 0, 0x12), (0x15, 0, 1, 2),
          (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)],
    VRRP: [(0x30, 0, 0, 9), (0x15, 0, 1, 112), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)],
}


class Capture:
    """(time.monotonic() of the kernel's stamp, destination) of all packets of a kind that come in at a device."""

    def __init__(self, ns, device, kind):
        self.seen = []
        program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in FILTERS[kind]))
        self._socket = ns.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                                struct.pack("HP", len(FILTERS[kind]), ctypes.addressof(program)))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self._socket.settimeout(0.1)
        self._offset = min((time.monotonic_ns() - before, time.time_ns() - before) for before in
                           (time.monotonic_ns() for _ in range(100)))[1]
        self._socket.bind((device, ETH_P_IP))
        self._open = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while self._open:
            try:
                data, control, _, _ = self._socket.recvmsg(20, 64)
            except TimeoutError:
                continue
            seconds, nanoseconds = struct.unpack("ll", control[0][2][:16])
            self.seen.append(((seconds * 10**9 + nanoseconds - self._offset) / 1e9, data[16:20]))

    def close(self):
        """Ends it; packets that were lost for want of memory make the figures worthless."""
        self._open = False
        self._reader.join()
        lost = struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
        self._socket.close()
        if lost:
            sys.exit(f"the capture lost {lost} packets")


class Beat:
    """When the machine, or one of its processors, stood still (beat.c)."""

    def __init__(self):
        self._out = tempfile.TemporaryFile("w+", encoding="ascii")
        self._program = subprocess.Popen([BUILD / "beat"], stdin=subprocess.PIPE, stdout=self._out)

    def close(self):
        """Ends it and returns the spans, in order, none of them twice."""
        self._program.communicate()
        spans = []
        self._out.seek(0)
        for since, to in sorted(tuple(map(float, line.split())) for line in self._out):
            if spans and since <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(to, spans[-1][1]))
            else:
                spans.append((since, to))
        return spans


def stood_still(spans, begin, end):
    """Seconds of [begin, end] that are in the spans."""
    total, at = 0.0, max(0, bisect.bisect(spans, (begin,)) - 1)
    while at < len(spans) and spans[at][0] < end:
        total += max(0.0, min(end, spans[at][1]) - max(begin, spans[at][0]))
        at += 1
    return total


def by_grid(times, period):
    """(moment, lateness): vipd's checks and adverts lie on a grid, whose place the earliest of all shows."""
    offsets = [(t - times[0] + period / 2) % period - period / 2 for t in times]
    first = min(offsets)
    return [(t, offset - first) for t, offset in zip(times, offsets)]


def by_moving_grid(times, period):
    """As by_grid(), for a grid that begins anew behind an event that was late by a period or more: its place is
    what nine of ten in the same second keep to or are behind."""
    late, part = [], times[:1]
    for before, t in zip(times, [*times[1:], float("inf")]):
        if t - before < 1.9 * period and len(part) < 1 / period:
            part.append(t)
            continue
        offsets = [offset for _, offset in by_grid(part, period)]
        first = sorted(offsets)[len(offsets) // 10]
        late += [(at, max(0.0, offset - first)) for at, offset in zip(part, offsets)]
        if t - before >= 1.9 * period and t < float("inf"):
            late.append((t, t - before - period))
        part = [t]
    return late


def by_gap(times, period):
    """(moment, how much later than a period after the one before)."""
    return [(t, max(0.0, t - before - period)) for before, t in zip(times, times[1:])]


def skips(times, period):
    return [t for before, t in zip(times, times[1:]) if t - before > 1.5 * period]


def shape(given):
    """Services of nearly equal size, each server with a check of its own."""
    least, more = divmod(given.servers, given.services)
    check = tcp(interval=given.interval, timeout_ms=2000, fall=3)
    for s in range(given.services):
        yield service(f"10.1.{s >> 8}.{s & 255}", 80,
                      [server(f"10.{16 + (s >> 8)}.{s & 255}.{n + 1}", 80, checks=[check])
                       for n in range(least + (s < more))])


class Target:
    """All servers: every address of 10.0.0.0/8 is the namespace's own, and one process takes what connects. It is
    not even woken when nothing but a reset follows (TCP_DEFER_ACCEPT), as with vipd."""

    def __init__(self, ns):
        ns.ip("route add local 10.0.0.0/8 dev lo")
        listener = ns.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 5)
        listener.bind(("0.0.0.0", 80))
        listener.listen(4096)
        self.pid = os.fork()
        if self.pid == 0:
            while True:
                listener.accept()[0].close()
        listener.close()

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def prepare(director):
    """Both configurations, one weight apart."""
    paths = []
    for weight in (1, 2):
        director.services[0]["servers"][0]["weight"] = weight
        director.write()
        paths.append(director.conf + str(weight))
        os.rename(director.conf, paths[-1])
    os.link(paths[0], director.conf)
    return paths


def put(director, path):
    os.link(path, director.conf + ".new")
    os.rename(director.conf + ".new", director.conf)


def reload_often(director, daemon, paths, given):
    """Signals at fixed times, whether the program is done with the last one or not; returns when."""
    begin, moments = time.monotonic(), []
    for n in range(given.length // given.every):
        time.sleep(max(0.0, begin + n * given.every - time.monotonic()))
        put(director, paths[(n + 1) % 2])
        moments.append(time.monotonic())
        daemon.send(signal.SIGHUP)
    time.sleep(max(0.0, begin + given.length - time.monotonic()))
    return moments


def tell_inside(daemon, what):
    """vipd's own view since it was last asked."""
    mark = daemon.mark()
    daemon.send(signal.SIGUSR1)
    daemon.wait_for(r"vipd\.lateness adverts", 10, mark)
    for line in daemon.find(r"vipd\.lateness (.*)", mark):
        if what:
            print(f"  vipd's own, {what}: {line.match[1]}")


def run(name, given):
    """One life of a program: {phase: (begin, end)}, what was captured and when the machine stood still."""
    with Net() as net:
        own, peer = net.ns("director"), net.ns("peer")
        net.veth(own, "eth0", peer, "eth0")
        own.ip("addr add 192.168.77.1/24 dev eth0", "link set eth0 up")
        peer.ip("addr add 192.168.77.2/24 dev eth0", "link set eth0 up")
        program, options, env = {"vipd": (Vipd, ["--dataplane=memory"], None),
                                 "keepalived": (Keepalived, [], {"LD_PRELOAD": str((BUILD / "ipvs_stub.so").resolve()),
                                                                 "PATH": os.environ["PATH"]})}[name]
        vip = instance("i", 51, prio=150, addresses=["192.168.77.100/24"], advert_ms=ADVERT_MS)
        with program(own, name, instances=[vip], services=shape(given), options=options, start=False) as director:
            paths = prepare(director)
            target = Target(own)
            checks, adverts, beat = Capture(own, "lo", SYN), Capture(peer, "eth0", VRRP), Beat()
            with Daemon(director.argv(), ns=own, name=name, env=env) as daemon:
                phases = live(name, director, daemon, paths, checks, given)
            target.close()
            checks.close()
            adverts.close()
            return phases, checks.seen, adverts.seen, beat.close()


def prefer(pid, nice):
    """Gives a program, which has a session of its own, more weight than what else runs on the machine; within the
    program all stays as it is."""
    try:
        with open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as file:
            file.write(str(nice))
    except OSError as error:
        print(f"no more weight than other programs: {error}")


def live(name, director, daemon, paths, checks, given):
    prefer(daemon.pid, given.nice)
    begin = time.monotonic()
    try:
        wait_until(lambda: len({to for _, to in list(checks.seen)}) >= given.servers, START_LIMIT,
                   "every server checked once", step=0.5)
        print(f"{name}: every server checked once after {time.monotonic() - begin:.1f} s", flush=True)
    except Missing:
        print(f"{name}: {len({to for _, to in checks.seen})} servers were checked in {START_LIMIT} s", flush=True)
    time.sleep(given.interval)  # the first checks come closer together than the later ones
    if name == "vipd":
        tell_inside(daemon, None)
    cpu, rest = group_cpu(daemon.pid), time.monotonic()
    time.sleep(given.rest)
    if name == "vipd":
        tell_inside(daemon, "at rest")
    cpu_rest, reloads = group_cpu(daemon.pid), time.monotonic()
    moments = reload_often(director, daemon, paths, given)
    end = time.monotonic()
    if name == "vipd":
        tell_inside(daemon, "during reloads")
        applied = [line.time for line in daemon.find(r" conf\.applied ")]
        took = sorted(t - at for t, at in zip(applied, moments))
        print(f"  {len(applied)} of {len(moments)} reloads applied, in {took[len(took) // 2]:.2f} s (median), "
              f"{took[-1]:.2f} s at most")
    print(f"  processor time: {(cpu_rest - cpu) / (reloads - rest) * 100:.0f}% at rest, "
          f"{(group_cpu(daemon.pid) - cpu_rest) / (end - reloads) * 100:.0f}% during reloads; peak memory "
          f"{group_peak_rss(daemon.pid) / 1e6:.0f} MB in {len(group_pids(daemon.pid))} processes", flush=True)
    return {"at rest": (rest, reloads), "during reloads": (reloads, end)}


def quantiles(late):
    late = sorted(late)
    return [late[min(len(late) - 1, int(len(late) * q))] * 1e3 for q in (0.5, 0.99, 0.999)] + [late[-1] * 1e3]


def row(title, late):
    cells = "".join(f"{ms:12,.3f}" for ms in quantiles(late)) if late else "      none"
    print(f"  {title:42}{len(late):9,}{cells}")


def show(name, given, phases, checks, adverts, spans):
    lateness = by_grid if name == "vipd" else by_gap
    of = collections.defaultdict(list)
    for moment, to in checks:
        of[to].append(moment)
    since = phases["at rest"][0]
    times = [[t for t in sorted(all_of) if t >= since] for all_of in of.values()]
    late_checks = [late for one in times if one for late in lateness(one, given.interval)]
    skipped = [t for one in times for t in skips(one, given.interval)]
    advert_times = sorted(t for t, _ in adverts if t >= since)
    late_adverts = (by_moving_grid if name == "vipd" else by_gap)(advert_times, ADVERT_MS / 1e3)
    everything = sorted(t for t, _ in checks)
    print(f"\n{name}, ms late                                      number         p50         p99       p99.9"
          "         max")
    for phase, (begin, end) in phases.items():
        for what, all_late in (("checks", late_checks), ("adverts", late_adverts)):
            late = [(t, value) for t, value in all_late if begin <= t < end]
            row(f"{what}, {phase}", [value for _, value in late])
            row("    less what the machine stood still",
                [value - (stood_still(spans, t - value, t) if value > 1e-3 else 0) for t, value in late])
        inside = [t for t in everything if begin <= t < end]
        silence = max(b - a for a, b in zip([begin, *inside], [*inside, end]))
        still = [to - at for at, to in spans if begin <= at < end]
        print(f"  {phase}: longest time without any check {silence * 1e3:,.1f} ms; checks skipped "
              f"{sum(begin <= t < end for t in skipped)}; adverts skipped "
              f"{sum(begin <= t < end for t in skips(advert_times, ADVERT_MS / 1e3))}; the machine stood still "
              f"{len(still)} times, {sum(still) * 1e3:,.0f} ms in all, {max(still, default=0) * 1e3:.1f} ms at most")


def build():
    flags = subprocess.run(["pkg-config", "--cflags", "libnl-3.0"], check=True, stdout=subprocess.PIPE, text=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-pthread", "-o", BUILD / "beat", HERE / "beat.c"], check=True)
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", *flags.stdout.split(), "-o", BUILD / "ipvs_stub.so",
                    HERE / "ipvs_stub.c"], check=True)


def main():
    options = argparse.ArgumentParser(description="What reloads delay in vipd and in keepalived.")
    options.add_argument("--services", type=int, default=2284)
    options.add_argument("--servers", type=int, default=37298, help="in all")
    options.add_argument("--interval", type=int, default=20, help="seconds between two checks of a server")
    options.add_argument("--every", type=int, default=2, help="seconds between two reloads")
    options.add_argument("--length", type=int, default=60, help="seconds of reloads")
    options.add_argument("--rest", type=int, default=40, help="seconds at rest before")
    options.add_argument("--nice", type=int, default=-10, help="of both programs as a whole")
    options.add_argument("--only", choices=["vipd", "keepalived"])
    given = options.parse_args()
    build()
    print(f"{given.servers:,} servers in {given.services:,} services, a check every {given.interval} s "
          f"({given.servers / given.interval:,.0f} a second), an advert every {ADVERT_MS} ms, a reload every "
          f"{given.every} s; load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} processors", flush=True)
    for name in [given.only] if given.only else ["keepalived", "vipd"]:
        show(name, given, *run(name, given))
    print(f"\nload average after: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
