#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vipctl status, show, explain, events, monitor and what sets servers by hand: what is told is what is, also after a
reload and with 100,000 servers."""

import json
import os
import select
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance, server, service, tcp  # noqa: E402
from pair import PATIENCE, Scene  # noqa: E402
from proc import wait_until  # noqa: E402
from web import Web  # noqa: E402

VIP = "10.9.0.100"
VIPCTL = os.path.join(os.path.dirname(os.path.abspath(Vipd.program)), "vipctl")
MANY = 100000
LIST_S = 2.0          # all of them listed, when nothing else runs
IDLE = 40             # clients that never read
IDLE_MB = 1           # memory that one of them may take
RELOAD_MB = 300       # and a second configuration of that size
STALL_S = 30.0        # and at the worst, beside others


class Asker:
    """vipctl beside one router."""

    def __init__(self, router):
        self.director = router.director

    def run(self, *args):
        return subprocess.run([VIPCTL, "--control", self.director.control, *args], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)

    def lines(self, *args):
        """The objects of `show ... --json`, and the last line."""
        all_ = [json.loads(text) for text in self.run("show", *args, "--json").stdout.splitlines()]
        return [next(iter(o.values())) for o in all_[:-1]], all_[-1] if all_ else {}  # none: it is not there yet

    def one(self, *args):
        objects, _ = self.lines(*args)
        assert len(objects) == 1, objects
        return objects[0]

    def state(self, name):
        found, _ = self.lines("servers", name)
        return [o["state"] for o in found]


def small(t):
    t.part("what is, is told")
    with Scene(t) as scene:
        low = scene.router("r1", Vipd, [instance("web", 51, 100, [VIP + "/24"], advert_ms=100)],
                           options=["--dataplane=memory"])
        high = scene.router("r2", Vipd, [instance("web", 51, 200, [VIP + "/24"], advert_ms=100)],
                            options=["--dataplane=memory"])
        ask = Asker(low)
        with Web(low.ns, "127.0.0.1", 8080) as web:
            check = tcp(interval=1, timeout_ms=500)
            low.director.services = [
                service(VIP, 80, [server("127.0.0.1", 8080, 7), server("127.0.0.1", 8081, 3)], name="www",
                        method="NAT", checks=[check]),
                service(VIP, 81, [server("127.0.0.1", 9, 1)], name="dead", method="NAT", checks=[check])]
            low.director.instances.append(instance("lost", 52, 100, ["10.9.0.101/24"], device="nosuch0"))
            low.director.start()
            low.director.wait_state("web", "ACTIVE", PATIENCE)
            wait_until(lambda: ask.state("127.0.0.1:8080") == ["up"] and ask.state("127.0.0.1:9") == ["down"], PATIENCE,
                       "verdicts are shown")
            one = ask.one("vrrp", "web")
            t.equal((one["state"], one["priority"], one["has_addresses"], one["peer"]), ("ACTIVE", 100, True, None),
                    "the active instance")
            t.check(0 <= time.time() - one["since"] < PATIENCE, f"since when: {one['since']}")
            one = ask.one("vrrp", "lost")
            t.equal((one["state"], one["fault"]), ("FAULT", "no_interface"), "an instance without interface")
            one = ask.one("services", "www")
            t.equal((one["quorum"], one["up_weight"], one["total_weight"], one["servers"]["up"],
                     one["servers"]["down"]), ("up", 7, 10, 1, 1), "a service")
            one = ask.one("servers", "*:8081")
            t.equal((one["state"], one["table"], one["reason"], one["service"]), ("down", "out", "L4CON", "www"),
                    "a server that is down")
            t.equal([o["server"] for o in ask.lines("checks", "--service", "w*")[0]],
                    ["127.0.0.1:8080", "127.0.0.1:8081"], "checks of a service")
            t.check("traffic" not in ask.one("servers", "*:8081") and "traffic" not in ask.one("services", "www")
                    and ask.one("servers", "*:8080", "--traffic")["traffic"]["active"] == 0
                    and "connections_s" in ask.one("services", "www", "--traffic")["traffic"], "traffic only when it is asked for")
            objects, last = ask.lines("servers", "--max", "1")
            t.equal((len(objects), last["matches"]), (1, 3), "--max")
            ran = ask.run("show", "servers", "10.*")
            t.check(ran.returncode == 1 and "nothing matches" in ran.stderr, f"nothing matches: {ran}")
            ran = ask.run("status", "--strict")
            t.check(ran.returncode == 5 and "instance lost is in FAULT" in ran.stdout
                    and "service dead has no quorum" in ran.stdout and "server 127.0.0.1:8081 of www is down" in ran.stdout
                    and "\033" not in ran.stdout, f"status: {ran}")
            ran = ask.run("show", "config")
            t.check(ran.returncode == 0 and 'name = "www"' in ran.stdout, f"config: {ran}")
            names = [o["name"] for o in ask.lines("threads")[0]]
            t.check(names[0] == "vipd" and "vipd-vrrp" in names and "vipd-ipvs" in names, f"threads: {names}")

            t.part("news and reloads")
            high.director.start()
            high.director.wait_state("web", "ACTIVE", PATIENCE)
            wait_until(lambda: ask.one("vrrp", "web")["state"] == "BACKUP", PATIENCE, "the loser is BACKUP")
            one = ask.one("vrrp", "web")
            t.equal((one["peer"]["address"], one["peer"]["priority"], one["has_addresses"]), (high.ip, 200, False),
                    "who was heard")
            web.stop()
            wait_until(lambda: ask.state("127.0.0.1:8080") == ["down"], PATIENCE, "a server that died is down")
            before = ask.one("servers", "*:8081")["since"]
            low.director.services[0]["servers"].append(server("127.0.0.1", 8082, 1))
            low.director.write()
            t.equal(ask.run("reload", "--wait").returncode, 0, "reload")
            t.equal(abs(ask.one("servers", "*:8081")["since"] - before) < 0.001, True, "since when, over a reload")
            t.equal(ask.one("servers", "*:8081")["reason"], "L4CON", "why, over a reload")
            one = ask.one("vrrp", "web")
            t.equal((one["state"], one["peer"]["address"]), ("BACKUP", high.ip), "the instance, over a reload")
            t.equal(ask.one("services", "www")["servers"]["total"], 3, "the new server is there")


def by_hand(t):
    t.part("what is set by hand")
    with Scene(t) as scene:
        router = scene.router("r1", Vipd, [instance("web", 51, 100, [VIP + "/24"], advert_ms=100)])
        d, ask = router.director, Asker(router)
        d.options = ["--dataplane=memory", "--state=" + os.path.join(d.folder, "state")]
        with Web(router.ns, "127.0.0.1", 8080), Web(router.ns, "127.0.0.2", 8080):
            d.services = [service(VIP, 80, [server("127.0.0.1", 8080, 7), server("127.0.0.2", 8080, 3)], name="www",
                                  method="NAT", checks=[tcp(interval=1, timeout_ms=500)])]
            d.start()
            wait_until(lambda: ask.state("127.0.0.*") == ["up", "up"], PATIENCE, "both are up")
            with subprocess.Popen([VIPCTL, "--control", d.control, "monitor", "--json"], stdout=subprocess.PIPE,
                                  text=True) as monitor:
                # it listens from here on: what it is told first is what has been
                wait_until(lambda: ask.run("events", "--max", "1").returncode == 0, PATIENCE, "events are told")
                ran = ask.run("show", "servers", "--state", "nonsense")
                t.check(ran.returncode == 1 and "state must be" in ran.stderr, f"no state: {ran}")
                ran = ask.run("drain", "127.0.0.1:8080", "--reason", "\033[31mred")
                t.check(ran.returncode == 1 and "control characters" in ran.stderr, f"what a terminal obeys is no reason: {ran}")
                ran = ask.run("drain", "127.0.0.1:8080", "--for", "30m", "--reason", "a new disk")
                t.equal((ran.returncode, ran.stdout), (0, "drain: 1 server\n"), f"drain: {ran.stderr}")
                told = None
                while told is None or told.get("to") != "drain":
                    told = json.loads(monitor.stdout.readline())["event"]
                t.equal((told["server"], told["what"], told["from"]), ("127.0.0.1:8080", "admin", "ready"),
                        "monitor tells it")
                monitor.terminate()
            wait_until(lambda: ask.state("127.0.0.1:8080") == ["drain"], PATIENCE, "it drains")
            t.equal(ask.one("servers", "127.0.0.1:8080")["table"], "weight_0", "and has weight 0")
            ran = ask.run("explain", "127.0.0.1")
            t.check("set by hand: drain" in ran.stdout and "because: a new disk" in ran.stdout
                    and "L4OK" in ran.stdout, f"explain: {ran}")
            t.check("instance web is " in ask.run("explain", "web").stdout, "explain an instance")
            t.equal(ask.run("weight", "127.0.0.2", "9").returncode, 0, "weight")
            wait_until(lambda: ask.one("servers", "127.0.0.2*")["weight"] == 9, PATIENCE, "another weight")
            for args in (("drain", "9.9.9.9"), ("weight", "127.0.0.2", "-1"), ("weight", "127.0.0.2"),
                         ("maint", "127.0.0.2", "--for", "soon"), ("explain", "nobody")):
                t.equal(ask.run(*args).returncode, 1, " ".join(args))
            os.chmod(d.folder, 0o755)
            os.chmod(d.control, 0o666)
            ran = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", VIPCTL, "--control",
                                  d.control, "maint", "127.0.0.2"], capture_output=True, text=True, check=False)
            t.check(ran.returncode == 1 and "permission denied" in ran.stderr, f"nobody may not: {ran}")

            t.part("over a reload and a restart")
            t.equal(ask.run("reload", "--wait").returncode, 0, "reload")
            t.equal(ask.state("127.0.0.1:8080"), ["drain"], "it still drains")
            t.equal(d.stop(), 0, "exit status")
            d.start()
            wait_until(lambda: os.path.exists(d.control) and ask.state("127.0.0.1:8080") == ["drain"], PATIENCE,
                       "and with the next vipd")
            t.equal(ask.one("servers", "127.0.0.2*")["configured_weight"], 3, "the configured weight is told")
            wait_until(lambda: ask.one("servers", "127.0.0.2*")["weight"] == 9, PATIENCE, "the other weight too")
            for args in (("ready", "127.0.0.1"), ("weight", "127.0.0.2", "auto")):
                t.equal(ask.run(*args).returncode, 0, " ".join(args))
            wait_until(lambda: ask.state("127.0.0.*") == ["up", "up"] and ask.one("servers", "127.0.0.2*")["weight"] == 3,
                       PATIENCE, "as configured again")
            ran = ask.run("events", "*127.0.0.1*")
            t.check(ran.returncode == 0 and "admin drain -> ready" in ran.stdout, f"events: {ran}")


def rss(pid):
    """Memory of a process in MB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS:")).split()[1]) / 1024


def many(t):
    t.part("100,000 servers")
    with Scene(t) as scene:
        router = scene.router("r1", Vipd, [instance("web", 51, 100, [VIP + "/24"], advert_ms=100)],
                              options=["--dataplane=memory"])
        router.director.more = "virtual_servers = (\n" + ",\n".join(
            f'{{ name = "s{k}"; address = "10.8.{k >> 8}.{k & 255}"; port = 80; real_servers = ( "10.7.{k}.[1-250]:80",'
            f' "10.6.{k}.[1-250]:80" ); }}' for k in range(MANY // 500)) + ");\n"
        router.director.text = lambda text=router.director.text: text().replace("virtual_servers = (\n\n);\n", "")
        router.director.start()
        router.director.wait_state("web", "ACTIVE", 60)
        ask, begin = Asker(router), time.monotonic()
        objects, last = ask.lines("servers")
        took = time.monotonic() - begin
        t.equal((len(objects), last["matches"]), (MANY, MANY), "all of them")
        t.check(took < STALL_S, f"listed in {took:.2f} s (aim: {LIST_S} s)")
        print(f"      {MANY} servers listed and read as JSON in {took:.2f} s")
        rows = ask.run("top", "--once", "--max", "5", "--sort", "name", "--reverse").stdout.splitlines()
        t.equal([row.split()[0] for row in rows[-5:]], [f"10.7.199.{n}:80" for n in range(250, 245, -1)],
                "top: the last five by name")

        t.part(f"{IDLE} clients that ask for all and do not read")
        before, idle = rss(router.daemon.pid), []
        for n in range(IDLE):
            s = socket.socket(socket.AF_UNIX)
            s.connect(router.director.control)
            s.sendall(b'{"verb":"monitor","max":4096}\n' if n % 4 == 0 else b'{"verb":"show_servers"}\n')
            idle.append(s)
        for s in idle[1::4] + idle[2::4] + idle[3::4]:
            wait_until(lambda s=s: select.select([s], [], [], 0)[0], PATIENCE, "each list begins to come")
        t.equal(ask.run("reload", "--wait").returncode, 0, "others are served")
        grown = rss(router.daemon.pid) - before
        for s in idle:
            s.close()
        # a reload holds the old configuration until nobody reads it any more; a whole list is 35 MB of text
        t.check(grown < IDLE_MB * IDLE + RELOAD_MB, f"memory grew by {grown:.0f} MB")
        gap, at = scene.largest_gap(src=router.ip, since=begin)
        scene.bound(gap, 0.2, at, at + gap, "largest gap between adverts of 100 ms meanwhile")


pair.run_parts("netns-show", [small, by_hand, many])
