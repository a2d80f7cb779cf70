#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What health checks cost, and how soon and how surely they find out.

    bench/checks.py scale [--servers 100000] [--length 120] [--kind tcp] [--kind http]
    bench/checks.py cpu [--length 8] [--only TLS]

`scale`: very many servers on addresses of their own in 127.0.0.0/8, then a tenth of them dies at once. `cpu`:
processor time per check of vipd beside keepalived and the least program that can do it. bench/README.md says more.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests" / "lib"), str(HERE)]

import reload as capture  # noqa: E402
from certs import Authority  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon, Missing, group_cpu, wait_until  # noqa: E402

VIPD = os.path.abspath(os.environ.get("VIPD", "build/vipd"))
BUILD = pathlib.Path("build/bench")
PER_SERVICE, FIRST_BLOCK = 250, 16  # servers are 127.(16 + n).m.1 to .250, a service each
INTERVAL, FAST, FALL, TIMEOUT = 6, 1, 3, 2
PATIENCE = 60
PORT = {"tcp": 80, "http": 81}
MEMORY_GOAL = 0.45  # KB a server


def build():
    BUILD.mkdir(parents=True, exist_ok=True)
    flags = subprocess.run(["pkg-config", "--cflags", "libnl-3.0"], check=True, stdout=subprocess.PIPE, text=True)
    for name in ("crowd", "bare"):
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", BUILD / name, HERE / f"{name}.c"], check=True)
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", *flags.stdout.split(), "-o", BUILD / "ipvs_stub.so",
                    HERE / "ipvs_stub.c"], check=True)


def address(server):
    block, host = divmod(server, PER_SERVICE)
    return f"127.{FIRST_BLOCK + (block >> 8)}.{block & 255}.{host + 1}"


def vipd_conf(servers, check, workers=2):
    """All servers as ranges, with one check."""
    services = []
    for first in range(0, servers, PER_SERVICE):
        block, count = first // PER_SERVICE, min(PER_SERVICE, servers - first)
        net = address(first).rpartition(".")[0]
        services.append(f'  {{ name = "s{block}"; address = "10.1.{block >> 8}.{block & 255}"; port = 80; checks = [ "c" ];'
                        f' real_servers = ( "{net}.[1-{count}]:80" ); }}')
    return (f"workers = {{ check_threads = {workers}; }};\ntemplates = {{ check = {{ c = {{ {check} }}; }}; }};\n"
            "virtual_servers = (\n" + ",\n".join(services) + "\n);\n")


def keepalived_conf(servers, check):
    yield "global_defs {\n script_user root\n}\n"
    for first in range(0, servers, PER_SERVICE):
        block = first // PER_SERVICE
        yield (f"virtual_server 10.1.{block >> 8}.{block & 255} 80 {{\n delay_loop 1\n lvs_sched rr\n lvs_method DR\n"
               " protocol TCP\n")
        for server in range(first, min(servers, first + PER_SERVICE)):
            yield f" real_server {address(server)} 80 {{\n  weight 1\n  {check}\n }}\n"
        yield "}\n"


def write(folder, name, parts):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.writelines(parts)
    return path


def status_kb(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"{key}:\s+(\d+) kB", file.read())[1])


def sockets_in(ns, what):
    """A number of /proc/net/sockstat: "tw" or "inuse"."""
    return int(re.search(rf"^TCP: .*\b{what} (\d+)", ns.read("sockstat"), re.M)[1])


def connects(ns):
    """Connections that programs of the namespace have begun."""
    names, values = re.findall(r"^Tcp: (.*)$", ns.read("snmp"), re.M)
    return int(values.split()[names.split().index("ActiveOpens")])


def verdicts(daemon, since=0):
    """How many changes of verdict the log tells from there on, those counted that it does not show."""
    more = sum(int(line.match[1]) for line in daemon.find(r"log\.more id=server\.check count=(\d+)", since))
    return len(daemon.find(r" server\.check ", since)) + more


def lateness(daemon):
    """vipd's own histogram of checks since it was last asked: its words, and how many checks."""
    mark = daemon.mark()
    daemon.send(10)  # SIGUSR1
    line = daemon.wait_for(r"vipd\.lateness (checks=(\d+) .*)", 10, mark)
    return line.match[1], int(line.match[2])


# ---- scale

def idle_kb(ns, folder):
    """Resident size of a vipd that has one service with nearly no server: what it takes in itself."""
    path = write(folder, "small.conf", vipd_conf(1, 'type = "tcp"; interval = 1;'))
    with Daemon([VIPD, "-f", path, "--dataplane=memory", "--control=none"], ns=ns, name="small") as vipd:
        vipd.wait_for(r" vipd\.ready ", PATIENCE)
        wait_until(lambda: verdicts(vipd) == 1, PATIENCE, "the first verdict")
        return status_kb(vipd.pid, "VmRSS")


class Deaths:
    """The moments of the first packets of checks to the servers that die."""

    def __init__(self, ns, last):
        # SYN without ACK, to 127.16.0.0 and on, up to `last` in the two octets of the middle
        capture.FILTERS["deaths"] = [(0x30, 0, 0, 9), (0x15, 0, 7, 6), (0x30, 0, 0, 33), (0x54, 0, 0, 0x12),
                                     (0x15, 0, 4, 2), (0x20, 0, 0, 16), (0x74, 0, 0, 8), (0x25, 1, 0, last >> 8),
                                     (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)]
        self.capture = capture.Capture(ns, "lo", "deaths")

    def close(self):
        self.capture.close()
        return sorted(self.capture.seen)


def last_block(servers):
    """The address of the last of them, as a number, without its last octet."""
    a, b, c, _ = map(int, address(servers - 1).split("."))
    return a << 24 | b << 16 | c << 8


def die(t, ns, vipd, kind, dying):
    """The first `dying` servers refuse from one moment on: how long until the last is known to be dead."""
    last = address(dying - 1)
    deaths, mark = Deaths(ns, last_block(dying)), vipd.mark()
    ns.run("nft", "-f", "-", stdin=f"table ip bench {{ chain dead {{ type filter hook input priority 0;\n"
           f"ip daddr {address(0)}-{last} tcp dport {PORT[kind]} reject with tcp reset\n}}\n}}\n")
    begin, bound = time.monotonic(), INTERVAL + FALL * FAST + 1
    try:
        wait_until(lambda: verdicts(vipd, mark) >= dying, 2 * bound + 10, f"{dying} verdicts", step=0.05)
    except Missing:
        pass
    time.sleep(2)  # one too many would come now
    seen, tries = {}, deaths.close()
    for moment, to in tries:
        if moment >= begin:
            seen.setdefault(to, []).append(moment)
    # kept connections are tried again at once: the first failure and the first packet are the same check
    ends = sorted(times[FALL - 1] - begin for times in seen.values() if len(times) >= FALL)
    found = verdicts(vipd, mark)
    downs = len(vipd.find(r" server\.check .*verdict=up", mark))
    print(f"  {dying:,} servers die: the last of {len(ends):,} verdicts after {ends[-1]:.2f} s (half of them after "
          f"{ends[len(ends) // 2]:.2f} s; bound {bound} s); verdicts in the log {found:,}", flush=True)
    t.check(len(ends) == dying and ends[-1] <= bound, f"{kind}: all {dying} found within {bound} s")
    t.check(found == dying and not downs, f"{kind}: {dying} verdicts and no other, got {found}")
    ns.run("nft", "flush", "ruleset")


class Findings:
    """What did not come out as promised."""

    def __init__(self):
        self.bad = []

    def check(self, good, text):
        if not good:
            self.bad.append(text)
            print(f"  NOT SO: {text}", flush=True)


def scale_one(t, kind, folder, given):
    check = (f'type = "{kind}"; interval = {INTERVAL}; fast_interval = {FAST}; fall = {FALL}; rise = 1; '
             f'timeout = {TIMEOUT}; port = {PORT[kind]};')
    if kind == "http":
        check += ' http_protocol = "1.1"; keepalive = true;'
    path = write(folder, f"{kind}.conf", vipd_conf(given.servers, check))
    with Net() as net:
        ns = net.ns("crowd")
        ns.sysctl({"net.core.somaxconn": 65535, "net.ipv4.tcp_max_syn_backlog": 65535})
        small = idle_kb(ns, folder)
        crowds = [Daemon([str(BUILD / "crowd"), str(PORT[kind]), kind], ns=ns, name="crowd") for _ in range(given.crowds)]
        for crowd in crowds:
            crowd.wait_for("ready", 10)
            capture.prefer(crowd.pid, given.nice)  # a server that waits for its turn is not what is measured
        with Daemon([VIPD, "-f", path, "--dataplane=memory", "--control=none"], ns=ns, name="vipd") as vipd:
            capture.prefer(vipd.pid, given.nice)
            begin = time.monotonic()
            vipd.wait_for(r" vipd\.ready ", PATIENCE)
            wait_until(lambda: verdicts(vipd) >= given.servers, PATIENCE, "a verdict on every server", step=0.1)
            print(f"{kind}: {given.servers:,} servers, each every {INTERVAL} s; a verdict on each after "
                  f"{time.monotonic() - begin:.1f} s", flush=True)
            t.check(not vipd.find(r"verdict=down"), f"{kind}: no false verdict at the start")
            time.sleep(INTERVAL)
            measure(t, ns, vipd, crowds, kind, small, given)
            die(t, ns, vipd, kind, given.servers // 10)
        for crowd in crowds:
            crowd.kill()


def measure(t, ns, vipd, crowds, kind, small, given):
    lateness(vipd)
    mark, opened = vipd.mark(), connects(ns)
    cpu, crowd_cpu, begin = group_cpu(vipd.pid), sum(c.cpu() for c in crowds), time.monotonic()
    time.sleep(given.length)
    took, cpu = time.monotonic() - begin, group_cpu(vipd.pid) - cpu
    crowd_cpu, opened = sum(c.cpu() for c in crowds) - crowd_cpu, connects(ns) - opened
    words, count = lateness(vipd)
    rss = status_kb(vipd.pid, "VmRSS")
    a_server = (rss - small) / given.servers
    false = verdicts(vipd, mark)
    print(f"  {words}\n  {count / took:,.0f} checks a second over {opened / took:,.0f} new connections; processor "
          f"{cpu / took * 100:.0f}% of one ({cpu / count * 1e6:.1f} us a check; the servers' side "
          f"{crowd_cpu / took * 100:.0f}%)\n"
          f"  resident {rss / 1024:.1f} MB, {small / 1024:.1f} MB of it with one server: {a_server:.3f} KB a server; "
          f"TCP sockets {sockets_in(ns, 'inuse'):,}, in TIME_WAIT {sockets_in(ns, 'tw')}; false verdicts {false}", flush=True)
    t.check(false == 0, f"{kind}: no false verdict")
    t.check(not vipd.find(r"check\.local", mark), f"{kind}: every check could be made")
    if kind == "tcp" and given.servers >= 50000:
        t.check(a_server <= MEMORY_GOAL, f"at most {MEMORY_GOAL} KB a server")


def scale(t, given):
    with tempfile.TemporaryDirectory(prefix="checks-") as folder:
        for kind in given.kind or ["tcp", "http"]:
            scale_one(t, kind, folder, given)


# ---- cpu

NGINX = """\
daemon off;
pid {folder}/nginx.pid;
worker_processes 1;
error_log stderr crit;
events {{ worker_connections 16384; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  ssl_certificate {pem}; ssl_certificate_key {pem};
  server {{ listen 8442 ssl backlog=65535; ssl_protocols TLSv1.2; ssl_session_tickets off; ssl_session_cache off;
            location / {{ return 200 ok; }} }}
  server {{ listen 8443 ssl backlog=65535; ssl_protocols TLSv1.3; ssl_session_tickets off; ssl_session_cache off;
            location / {{ return 200 ok; }} }}
  server {{ listen 9442 ssl backlog=65535; ssl_protocols TLSv1.2; location / {{ return 200 ok; }} }}
  server {{ listen 9443 ssl backlog=65535; ssl_protocols TLSv1.3; location / {{ return 200 ok; }} }}
}}
"""


def ka_check(kind, port):
    times = "connect_timeout 2\n   retry 2\n   delay_before_retry 1"
    if kind == "TCP_CHECK":
        return f"TCP_CHECK {{\n   connect_port {port}\n   {times}\n  }}"
    return f"{kind} {{\n   url {{\n    path /\n    status_code 200\n   }}\n   connect_port {port}\n   {times}\n  }}"


def vipd_check(kind, port, more=""):
    return (f'type = "{kind}"; interval = 1; fast_interval = 1; fall = 3; rise = 1; timeout = 1; port = {port}; '
            + more)


KEEP = 'http_protocol = "1.1"; keepalive = true;'
ROWS = [  # title, servers, {program: what it checks}, the row that its ratios are to
    ("TCP", 2000, {"bare": ("tcp", 80), "keepalived": ("TCP_CHECK", 80), "vipd": ("tcp", 80)}, None),
    ("TCP, 10,000 a second", 10000, {"bare": ("tcp", 80), "vipd": ("tcp", 80)}, None),
    ("HTTP, new connections", 2000, {"bare": ("http", 81), "keepalived": ("HTTP_GET", 81), "vipd": ("http", 81)}, None),
    ("HTTP, kept connections", 2000, {"vipd": ("http", 81, KEEP)}, "HTTP, new connections"),
    ("TLS 1.2, new", 200, {"keepalived": ("SSL_GET", 8442), "vipd": ("https", 8442)}, None),
    ("TLS 1.2, resumed", 200, {"vipd": ("https", 9442)}, "TLS 1.2, new"),
    ("TLS 1.2, kept", 200, {"vipd": ("https", 9442, KEEP)}, "TLS 1.2, new"),
    ("TLS 1.3, new", 200, {"keepalived": ("SSL_GET", 8443), "vipd": ("https", 8443)}, None),
    ("TLS 1.3, resumed", 200, {"vipd": ("https", 9443)}, "TLS 1.3, new"),
    ("TLS 1.3, kept", 200, {"vipd": ("https", 9443, KEEP)}, "TLS 1.3, new"),
]


def command(program, folder, servers, what):
    """The command line and the environment."""
    if program == "bare":
        # a run of addresses without the gaps of the others' blocks: it makes no difference to the kernel
        return [str(BUILD / "bare"), address(0), str(servers), str(what[1]), "1", what[0]], None
    if program == "vipd":
        # one thread, as the others have
        path = write(folder, "vipd.conf", vipd_conf(servers, vipd_check(*what), workers=1))
        return [VIPD, "-f", path, "--dataplane=memory", "--control=none"], None
    path = write(folder, "keepalived.conf", keepalived_conf(servers, ka_check(*what)))
    for left in pathlib.Path(folder).glob("*_pid"):  # of one that was killed: the next would not start
        left.unlink()
    pathlib.Path(folder, "pid").unlink(missing_ok=True)
    pids = [f"--{kind}pid={folder}/{kind}pid" if kind else f"--pid={folder}/pid" for kind in ("", "vrrp_", "checkers_")]
    return (["keepalived", "--dont-fork", "--log-console", "--check", f"--use-file={path}", *pids],
            {"LD_PRELOAD": str((BUILD / "ipvs_stub.so").resolve()), "PATH": os.environ["PATH"]})


class Lane:
    """A network with servers of every kind, and one program that checks them."""

    def __init__(self, net, program, folder):
        self.ns, self.program, self.folder = net.ns(program), program, os.path.join(folder, program)
        os.mkdir(self.folder)
        self.ns.sysctl({"net.core.somaxconn": 65535, "net.ipv4.tcp_max_syn_backlog": 65535})
        pem = Authority(self.folder).issue("server", "DNS:www.example.org")
        conf = write(self.folder, "nginx.conf", NGINX.format(folder=self.folder, pem=pem))
        self.servers = [Daemon([str(BUILD / "crowd"), "80", "tcp"], ns=self.ns),
                        Daemon([str(BUILD / "crowd"), "81", "http"], ns=self.ns),
                        Daemon(["nginx", "-e", "stderr", "-c", conf], ns=self.ns)]
        wait_until(lambda: all(f":{port:04X} " in self.ns.read("tcp") for port in (80, 81, 8442, 9443)), 20,
                   "servers listen")

    def close(self):
        for daemon in self.servers:
            daemon.kill()

    def start(self, servers, what):
        argv, env = command(self.program, self.folder, servers, what)
        self.what, self.count, self.before = what, servers, connects(self.ns)
        self.daemon = Daemon(argv, ns=self.ns, name=self.program, env=env)

    def has_begun(self):
        if self.program == "vipd":
            return verdicts(self.daemon) >= self.count
        return connects(self.ns) - self.before >= self.count

    def look(self):
        """Processor time, connections and checks so far."""
        checks = lateness(self.daemon)[1] if self.program == "vipd" else 0
        return self.daemon.cpu(), connects(self.ns), checks

    def end(self, t, first, last):
        """Microseconds of processor time per check between two looks."""
        failed = self.daemon.find(r"verdict=down|check\.local|failed|Error|timeout")
        self.daemon.kill()
        cpu, opened = last[0] - first[0], last[1] - first[1]
        count = last[2] if self.program == "vipd" else opened
        t.check(not failed, f"{self.program}, {self.what}: {failed[0].text if failed else ''}")
        t.check(len(self.what) < 3 or not opened, f"{self.program}, {self.what}: connections are kept, but {opened} were opened")
        return cpu / count * 1e6 if count else float("nan")


def measure_row(t, lanes, count, programs, given):
    """All programs of a row at the same time: what else the machine does is the same for each."""
    for name, what in programs.items():
        lanes[name].start(count, what)
    try:
        for name in programs:
            wait_until(lanes[name].has_begun, PATIENCE, f"{count} checks of {name}", step=0.1)
        time.sleep(3)
        first = {name: lanes[name].look() for name in programs}
        time.sleep(given.length)
        last = {name: lanes[name].look() for name in programs}
        return {name: lanes[name].end(t, first[name], last[name]) for name in programs}
    finally:
        for name in programs:
            lanes[name].daemon.kill()


def cpu(t, given):
    rows, lanes = {}, {}
    with tempfile.TemporaryDirectory(prefix="checks-") as folder, Net() as net:
        for name in ("bare", "keepalived", "vipd"):
            lanes[name] = Lane(net, name, folder)
        print(f"{'us of processor time per check':32}{'bare':>9}{'keepalived':>12}{'vipd':>9}{'to bare':>9}"
              f"{'to keepalived':>15}", flush=True)
        for title, count, programs, base in ROWS:
            if not given.only or given.only in title:
                rows[title] = measure_row(t, lanes, count, programs, given)
                show(t, title, {**rows.get(base, {}), **rows[title]}, rows[title])
        for lane in lanes.values():
            lane.close()


def show(t, title, known, row):
    def cell(name):
        return f"{row[name]:.1f}" if name in row else ""
    ratio = {name: row["vipd"] / known[name] for name in ("bare", "keepalived") if name in known}
    print(f"{title:32}{cell('bare'):>9}{cell('keepalived'):>12}{cell('vipd'):>9}"
          f"{format(ratio['bare'], '.2f') if 'bare' in ratio else '':>9}"
          f"{format(ratio['keepalived'], '.2f') if 'keepalived' in ratio else '':>15}", flush=True)
    if title.startswith("TCP"):
        t.check(ratio["bare"] <= 1.2, f"{title}: at most 1.2 of the bare loop, but {ratio['bare']:.2f}")
    if title == "TCP":
        t.check(ratio["keepalived"] <= 1, f"{title}: not above keepalived, but {ratio['keepalived']:.2f}")
    elif "TLS" in title and "keepalived" in ratio:
        t.check(ratio["keepalived"] <= 0.25, f"{title}: at most a quarter of keepalived, but {ratio['keepalived']:.2f}")


def main():
    options = argparse.ArgumentParser(description="What health checks cost, and how soon and how surely they find out.")
    parts = options.add_subparsers(dest="part", required=True)
    big = parts.add_parser("scale")
    big.add_argument("--servers", type=int, default=100000)
    big.add_argument("--length", type=float, default=120, help="seconds to measure")
    big.add_argument("--kind", action="append", choices=["tcp", "http"])
    big.add_argument("--crowds", type=int, default=2, help="processes that serve")
    big.add_argument("--nice", type=int, default=-10, help="of vipd and the servers, each as a whole")
    small = parts.add_parser("cpu")
    small.add_argument("--length", type=float, default=8, help="seconds to measure each")
    small.add_argument("--only", help="rows whose title has this word")
    given = options.parse_args()
    build()
    print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} processors", flush=True)
    t = Findings()
    {"scale": scale, "cpu": cpu}[given.part](t, given)
    print(f"load average after: {os.getloadavg()[0]:.2f}")
    sys.exit(1 if t.bad else 0)


if __name__ == "__main__":
    main()
