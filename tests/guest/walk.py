#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A random walk on a real IPVS table: reloads that change services, servers and all their words, servers that fail and
come back, admin states and weights of the configuration and of vipctl, strangers who edit, delete, add and clear, kills and stops of vipd. When calm returns, the
kernel's table must be, line by line of `ipvsadm -S -n`, what this program works out from its own configuration and the
health that it made.

Runs where the kernel has IPVS: tests/guest/boot -- tests/guest/walk.py [SEED [ROUNDS]]
"""

import contextlib
import ipaddress
import os
import random
import re
import select
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from director import Vipd  # noqa: E402
from netns import Net  # noqa: E402
from proc import Missing, wait_until  # noqa: E402
from suite import suite  # noqa: E402

SLOTS, NUMBERS, FOREIGN = 12, 24, 3
ROUNDS = 40
VIPCTL = os.path.join(os.path.dirname(os.path.abspath(Vipd.program)), "vipctl")
PORT = 20000   # server n is as healthy as port 20000 + n of the director's loopback
CALM = 30      # seconds until the table must be right

SCHEDULERS = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf"]
FLAGS = {"sh": ["sh-fallback", "sh-port"], "mh": ["mh-fallback", "mh-port"]}
PROTOCOL = {"tcp": "-t", "udp": "-u", "sctp": "--sctp-service"}
METHOD = {"NAT": "-m", "DR": "-g", "TUN": "-i"}


class Health:
    """Listeners on loopback: vipd's checks connect to them."""

    def __init__(self, ns):
        self.ns, self.up, self._poll, self._lock = ns, {}, select.epoll(), threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            self._poll.poll()
            with self._lock:
                for s in self.up.values():
                    with contextlib.suppress(BlockingIOError):
                        s.accept()[0].close()

    def set(self, number, is_up):
        with self._lock:
            if is_up and number not in self.up:
                s = self.up[number] = self.ns.socket(socket.AF_INET, socket.SOCK_STREAM)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(("127.0.0.1", PORT + number))
                s.listen(64)
                s.setblocking(False)
                self._poll.register(s.fileno(), select.EPOLLIN)
            elif not is_up and number in self.up:
                self.up.pop(number).close()


# ---------------------------------------------------------------------------- configurations

class Maker:
    """Random services. One service is a dictionary; text() and rules() say what it is to vipd and to ipvsadm."""

    def __init__(self, dice):
        self.dice = dice

    def service(self, slot):
        d = self.dice
        s = dict(slot=slot, six=d.random() < 0.3, protocol=d.choice(["tcp", "tcp", "udp", "sctp"]),
                 sched=d.choice(SCHEDULERS), kind=d.choice(["one", "one", "mark", "list", "group"]),
                 method=d.choice(list(METHOD)), quorum=d.randint(1, 12), inhibit=d.random() < 0.4,
                 alpha=d.random() < 0.3, panic=d.choice([0, 0, 0, 40, 100]), checked=d.random() < 0.85,
                 ramp=d.choice([0, 0, 1]), persistence=d.choice([0, 0, 30, 300]), pe="", ops=False, flags=[], sorry=None, tunnel=self.tunnel())
        names = FLAGS.get(s["sched"], ["flag-1", "flag-2", "flag-3"])
        s["flags"] = [f for f in names if d.random() < 0.2]
        s["mask"] = d.choice([0, 64, 96] if s["six"] else [0, 24, 16]) if s["persistence"] else 0
        s["ports"] = [d.choice([80, 443]) for _ in range(3)]
        if s["persistence"] and s["kind"] == "one" and d.random() < 0.3:
            s["ports"][0] = 0
        if s["protocol"] == "udp" and s["kind"] != "mark":
            s["ops"] = d.random() < 0.3
            s["pe"] = "sip" if s["persistence"] and not s["ops"] and d.random() < 0.3 else ""
        if d.random() < 0.5:
            s["sorry"] = dict(method=d.choice([s["method"], "NAT"]), inhibit=d.random() < 0.5, tunnel=self.tunnel())
        s["servers"] = {n: self.server(s) for n in d.sample(range(NUMBERS), d.randint(0, 10))}
        return s

    def tunnel(self):
        d = self.dice
        kind = d.choice(["ipip", "gue", "gre"])
        return dict(type=kind, port=d.choice([6080, 6081]) if kind == "gue" else 0,
                    csum=d.choice({"ipip": ["nocsum"], "gre": ["nocsum", "csum"],
                                   "gue": ["nocsum", "csum", "remcsum"]}[kind]))

    def server(self, service):
        d = self.dice
        method = service["method"] if d.random() < 0.8 else d.choice(list(METHOD))
        high = d.choice([0, 0, 0, 100])
        return dict(weight=d.choice([0, 1, 1, 2, 3, 9]), method=method, tunnel=self.tunnel(), high=high,
                    low=d.randint(0, high), port=d.choice([80, 8080]), admin=d.choice(["ready"] * 8 + ["drain", "maint"]),
                    six=service["six"] ^ (method == "TUN" and d.random() < 0.3))

    def change(self, services):
        """One operation on the configuration."""
        d, slot = self.dice, self.dice.randrange(SLOTS)
        s = services.get(slot)
        if s is None or d.random() < 0.15:
            services[slot] = self.service(slot)
        elif d.random() < 0.1:
            del services[slot]
        elif d.random() < 0.3:
            fresh = self.service(slot)
            for word in d.sample(["sched", "flags", "quorum", "inhibit", "panic", "sorry", "checked"], 2):
                s[word] = fresh[word]
            s["flags"] = fresh["flags"] if s["sched"] == fresh["sched"] else []
        elif s["servers"] and d.random() < 0.6:
            n = d.choice(list(s["servers"]))
            fresh = self.server(s)
            word = d.choice(["weight", "weight", "admin", "tunnel", "high", "gone"])
            if word == "gone":
                del s["servers"][n]
            elif word == "high":
                s["servers"][n].update(high=fresh["high"], low=fresh["low"])
            else:
                s["servers"][n][word] = fresh[word]
        else:
            s["servers"].setdefault(d.randrange(NUMBERS), self.server(s))


def server_address(number, six):
    return f"fd00:2::{number + 1:x}" if six else f"10.2.0.{number + 1}"


def sorry_address(s):
    return f"fd00:3::{s['slot'] + 1:x}" if s["six"] else f"10.3.0.{s['slot'] + 1}"


def addresses(s):
    """The service's (address, port); None as address: its mark."""
    slot, ports = s["slot"] + 1, s["ports"]
    if s["kind"] == "mark":
        return [(None, 0)]
    base = f"fd00:1::{slot:x}:" if s["six"] else f"10.1.{slot}."
    return [(f"{base}{k + 1}", ports[k]) for k in range(1 if s["kind"] == "one" else 3)]


def bracket(address):
    return f"[{address}]" if ":" in address else address


def tunnel_text(t):
    port = f"port = {t['port']}; " if t["port"] else ""
    csum = f'csum = "{t["csum"]}"; ' if t["type"] != "ipip" else ""
    return f'tunnel = {{ type = "{t["type"]}"; {port}{csum}}};'


def where_text(s):
    """(words of the service, a group beside it)"""
    at = addresses(s)
    if s["kind"] == "mark":
        return f'fwmark = {100 + s["slot"]}; ip_family = "{"inet6" if s["six"] else "inet"}";', ""
    if s["kind"] == "one":
        return f'address = "{at[0][0]}"; port = {at[0][1]};', ""
    listed = ", ".join(f'{{ address = "{a}"; port = {p}; }}' for a, p in at)
    if s["kind"] == "list":
        return f"addresses = ( {listed} );", ""
    return f'virtual_server_group = "g{s["slot"]}";', f'  {{ name = "g{s["slot"]}"; addresses = ( {listed} ); }}'


def server_text(s, number):
    r = s["servers"][number]
    checks = (f'checks = ( {{ type = "tcp"; connect_ip = "127.0.0.1"; port = {PORT + number}; interval = "250ms"; '
              'timeout = 3; rise = 1; fall = 1; } );') if s["checked"] else ""
    port = f"port = {r['port']}; " if r["method"] == "NAT" else ""
    wrap = tunnel_text(r["tunnel"]) if r["method"] == "TUN" else ""
    return (f'    {{ address = "{server_address(number, r["six"])}"; {port}weight = {r["weight"]}; '
            f'lvs_method = "{r["method"]}"; {wrap} uthreshold = {r["high"]}; lthreshold = {r["low"]}; '
            f'admin = "{r["admin"]}"; {checks} }}')


def service_text(s):
    def yes(word):
        return "true" if s[word] else "false"
    words = [where_text(s)[0], f'name = "s{s["slot"]}"; lvs_sched = "{s["sched"]}"; lvs_method = "{s["method"]}";',
             f'quorum = {s["quorum"]}; inhibit_on_failure = {yes("inhibit")}; alpha = {yes("alpha")}; ops = {yes("ops")};',
             f'panic_threshold_percent = {s["panic"]}; persistence_timeout = {s["persistence"]};',
             f'persistence_granularity = {s["mask"]}; slow_start = {{ window = {s["ramp"]}; }};']
    words += [f'protocol = "{s["protocol"]}";'] if s["kind"] != "mark" else []
    words += [tunnel_text(s["tunnel"])] if s["method"] == "TUN" else []
    words += [f'persistence_engine = "{s["pe"]}";'] if s["pe"] else []
    words += ["lvs_flags = [ " + ", ".join(f'"{f}"' for f in s["flags"]) + " ];"] if s["flags"] else []
    if s["sorry"]:
        y = s["sorry"]
        port = "port = 8000; " if y["method"] == "NAT" else ""
        wrap = tunnel_text(y["tunnel"]) if y["method"] == "TUN" else ""
        words += [f'sorry_server = {{ address = "{sorry_address(s)}"; {port}lvs_method = "{y["method"]}"; {wrap} '
                  f'inhibit = {"true" if y["inhibit"] else "false"}; }};']
    servers = ",\n".join(server_text(s, n) for n in s["servers"])
    return "  { " + "\n    ".join(words) + "\n    real_servers = (\n" + servers + "\n    ); }"


def conf_text(services, more):
    groups = [text for text in (where_text(s)[1] for s in services.values()) if text]
    return (f"global_defs = {{ drift = {{ interval = 1; }}; reload_max_removed_percent = 100; {more} }};\n"
            + "virtual_server_groups = (\n" + ",\n".join(groups) + "\n);\n"
            + "virtual_servers = (\n" + ",\n".join(map(service_text, services.values())) + "\n);\n")


# ---------------------------------------------------------------------------- what should be in the table

class Hand:
    """What vipctl has set: it counts until the configuration says something else of the server than then."""

    def __init__(self):
        self.set = {}  # (slot, address, port): {word: (value, what the configuration said)}

    @staticmethod
    def key(s, number):
        r = s["servers"][number]
        port = r["port"] if r["method"] == "NAT" else s["ports"][0] if s["kind"] == "one" else 0
        return s["slot"], server_address(number, r["six"]), port

    def put(self, s, number, word, value):
        said = s["servers"][number][word]
        words = self.set.setdefault(self.key(s, number), {})
        if value == said:
            words.pop(word, None)
        else:
            words[word] = (value, said)

    def adopt(self, services):
        """Another configuration counts. What is set for a server that is not in it waits."""
        for s in services.values():
            for n, r in s["servers"].items():
                words = self.set.get(self.key(s, n), {})
                for word in [w for w, (_, said) in words.items() if said != r[w]]:
                    del words[word]

    def get(self, s, number, word):
        words = self.set.get(self.key(s, number), {})
        return words[word][0] if word in words else s["servers"][number][word]


def places(s, up, hand):
    """{server's number or "sorry": weight} of what is in the table, once all checks have spoken."""
    healthy = {n for n in s["servers"] if not s["checked"] or n in up}
    weight = {n: hand.get(s, n, "weight") for n in s["servers"]}
    ready = {n for n in s["servers"] if hand.get(s, n, "admin") == "ready"}
    total = sum(r["weight"] for r in s["servers"].values())
    alive = sum(weight[n] for n in healthy & ready)
    has_quorum = alive >= max(min(s["quorum"], total), 1)
    is_sorry = bool(s["sorry"]) and not has_quorum
    is_panic = alive * 100 < total * s["panic"]
    found = {}
    for n in ready:
        if not is_sorry and (n in healthy or is_panic):
            found[n] = weight[n]
        elif s["inhibit"]:
            found[n] = 0
    if is_sorry or (s["sorry"] and s["sorry"]["inhibit"]):
        found["sorry"] = int(is_sorry)
    return found


def way(method, tunnel):
    """What ipvsadm says of how packets get there."""
    if method != "TUN":
        return METHOD[method], ""
    words = f" --tun-type {tunnel['type']}"
    words += f" --tun-port {tunnel['port']}" if tunnel["port"] else ""
    return METHOD[method], words + (f" --tun-{tunnel['csum']}" if tunnel["type"] != "ipip" else "")


def head(s):
    words = f"-s {s['sched']}"
    words += f" -p {s['persistence']}" if s["persistence"] else ""
    if s["mask"]:
        words += f" -M {s['mask']}" if s["six"] else f" -M {ipaddress.ip_network((0, s['mask'])).netmask}"
    words += f" --pe {s['pe']}" if s["pe"] else ""
    words += " -o" if s["ops"] else ""
    return words + (f" -b {','.join(s['flags'])}" if s["flags"] else "")


def key_of(s, address, port):
    if address is None:
        return f"-f {100 + s['slot']}" + (" -6" if s["six"] else "")
    return f"{PROTOCOL[s['protocol']]} {bracket(str(ipaddress.ip_address(address)))}:{port}"


def wanted(services, up, hand):
    """The lines of ipvsadm -S -n, and of each destination with limits: them."""
    lines, limits = [], {}
    for s in services.values():
        found = places(s, up, hand)
        for address, port in addresses(s):
            key = key_of(s, address, port)
            lines.append(f"-A {key} {head(s)}")
            for n, weight in found.items():
                r = s["sorry"] if n == "sorry" else s["servers"][n]
                to = sorry_address(s) if n == "sorry" else server_address(n, r["six"])
                to_port = (8000 if n == "sorry" else r["port"]) if r["method"] == "NAT" else port
                flag, wrap = way(r["method"], r["tunnel"])
                to = f"{bracket(str(ipaddress.ip_address(to)))}:{to_port}"
                lines.append(f"-a {key} -r {to} {flag} -w {weight}{wrap}")
                limits[key, to] = (r.get("high", 0), r.get("low", 0))
    return sorted(lines), limits


# ---------------------------------------------------------------------------- the kernel's table

def rules(ns):
    return sorted(line.strip() for line in ns.run("ipvsadm", "-Sn").stdout.splitlines())


def is_foreign(line):
    return " 10.9.0." in line or "-f 99" in line.split(" -r ")[0]


def limits_of(ns):
    """{(key, destination): (upper, lower)}"""
    found, key = {}, None
    for line in ns.run("ipvsadm", "-Ln", "--thresholds").stdout.splitlines()[3:]:
        w = line.split()
        if w[0] == "->":
            found[key, w[1]] = (int(w[2]), int(w[3]))
        else:
            key = (f"-f {w[1]}" + (" -6" if "IPv6" in w else "") if w[0] == "FWM"
                   else f"{PROTOCOL[w[0].lower()]} {w[1]}")
    return found


def edits(dice, lines, count):
    """Lines for ipvsadm -R that do mischief to the table as it is."""
    heads = [line.split(" -s ")[0][3:] for line in lines if line.startswith("-A") and not is_foreign(line)]
    dests = [line for line in lines if line.startswith("-a") and not is_foreign(line)]
    made = []
    for _ in range(count):
        what = dice.random()
        if what < 0.5 and dests:
            line = dice.choice(dests)
            made.append(line.replace("-a", "-e", 1).replace(" -w ", f" -w {dice.randint(0, 9)}"))
        elif what < 0.75 and dests:
            line = dests.pop(dice.randrange(len(dests)))
            made.append(re.sub(r" -[mgi] .*", "", line).replace("-a", "-d", 1))
        elif what < 0.85 and heads:
            key = dice.choice(heads)
            made.append(f"-a {key} -r {'[fd00:8::8]' if ':' in key.split(']')[0] and '[' in key or '-6' in key else '10.8.8.8'}"
                        f":{dice.randint(1, 9)} -m -w 3")
        elif what < 0.95 and heads:
            made.append(f"-E {dice.choice(heads)} -s {dice.choice(SCHEDULERS)}")
        elif heads:
            key = heads.pop(dice.randrange(len(heads)))
            dests = [line for line in dests if not line.startswith(f"-a {key} ")]
            made.append(f"-D {key}")
    return made


def foreign_lines(dice):
    """Services of somebody else."""
    lines = []
    for n in range(dice.randint(0, FOREIGN)):
        key = f"-f 99{n}" if n == 2 else f"-t 10.9.0.{n}:{dice.randint(80, 90)}"
        lines += [f"-A {key} -s {dice.choice(SCHEDULERS)}", f"-a {key} -r 10.9.0.200:0 -g -w {dice.randint(0, 9)}"]
    return lines


# ---------------------------------------------------------------------------- the walk

class Written(Vipd):
    conf_text = ""

    def text(self):
        return self.conf_text


class Walk:
    def __init__(self, t, net, seed):
        self.t, self.dice, self.ops = t, random.Random(seed), 0
        self.ns = net.ns("director")
        self.ns.ip("link add eth0 type dummy", "link set eth0 up", "addr add 10.1.0.1/8 dev eth0",
                   "addr add fd00::1/16 dev eth0 nodad")
        self.maker, self.health = Maker(self.dice), Health(self.ns)
        self.services = {n: self.maker.service(n) for n in range(SLOTS) if self.dice.random() < 0.7}
        self.foreign, self.more, self.hand = [], "", Hand()
        for n in range(NUMBERS):
            self.health.set(n, self.dice.random() < 0.7)
        self.director = Written(self.ns, "walk", start=False)
        self.director.options += [f"--state={self.director.folder}/state"]
        self.start()

    def start(self):
        self.director.conf_text = conf_text(self.services, self.more)
        self.director.start()
        self.director.daemon.wait_for(r"vipd\.ready", 30)

    def reload(self):
        for _ in range(self.dice.randint(1, 30)):
            self.maker.change(self.services)
            self.ops += 1
        self.more = self.dice.choice(["", 'on_stop = "keep";'])
        self.director.conf_text = conf_text(self.services, self.more)
        mark = self.director.daemon.mark()
        self.director.reload()
        line = self.director.daemon.wait_for(r"conf\.(applied|refused)", 20, mark)
        if line.match[1] == "refused":
            self.t.note(self.director.conf_text + self.director.daemon.tail())
            self.t.check(False, line.text)
        self.hand.adopt(self.services)

    def by_hand(self):
        """The administrator sets states and weights, and takes them back."""
        for _ in range(self.dice.randint(1, 6)):
            s = self.dice.choice(list(self.services.values()) or [None])
            if not s or not s["servers"]:
                continue
            n = self.dice.choice(list(s["servers"]))
            where = [bracket(server_address(n, s["servers"][n]["six"])), "--service", f"s{s['slot']}"]
            if self.dice.random() < 0.5:
                value = self.dice.choice(["ready", "drain", "maint"])
                words, word = [value, *where], "admin"
            else:
                value = self.dice.choice([0, 1, 2, 5, None])
                words, word = ["weight", where[0], "auto" if value is None else str(value), *where[1:]], "weight"
                value = s["servers"][n]["weight"] if value is None else value
            ran = self.ns.run(VIPCTL, f"--control={self.director.control}", *words, check=False)
            self.t.check(ran.returncode == 0, f"{words}: {ran.stdout}{ran.stderr}")
            self.hand.put(s, n, word, value)
            self.ops += 1

    def flap(self):
        for _ in range(self.dice.randint(1, 30)):
            self.health.set(self.dice.randrange(NUMBERS), self.dice.random() < 0.6)
            self.ops += 1

    def stranger(self):
        if self.dice.random() < 0.15:
            self.ns.run("ipvsadm", "-C")
            self.foreign = []
            self.ops += 1
        made = edits(self.dice, rules(self.ns), self.dice.randint(1, 20))
        self.ns.run("ipvsadm", "-R", check=False, stdin="\n".join(made) + "\n")
        self.ops += len(made)
        if self.dice.random() < 0.3:
            gone = [line.split(" -s ")[0].replace("-A", "-D", 1) for line in self.foreign if line.startswith("-A")]
            lines = foreign_lines(self.dice)
            self.ns.run("ipvsadm", "-R", stdin="\n".join(gone + lines) + "\n")
            self.foreign = [line for line in rules(self.ns) if is_foreign(line)]
            self.ops += len(gone) + len(lines)

    def again(self):
        """vipd is killed, or stops by on_stop, and starts again. What a reload has taken out of the configuration is
        gone by then: the next vipd could not know whose it was."""
        self.ops += 1
        ours = {key_of(s, *at) for s in self.services.values() for at in addresses(s)}
        wait_until(lambda: all(is_foreign(line) or line.split(" -s ")[0][3:] in ours
                               for line in rules(self.ns) if line.startswith("-A")), CALM, "services leave", step=0.1)
        if self.dice.random() < 0.5:
            self.director.kill()
        else:
            self.t.equal(self.director.stop(), 0, "exit status of a clean stop")
            left = rules(self.ns)
            if not self.more:
                self.t.equal(left, self.foreign, "a clean stop leaves what is not vipd's, as it was")
            self.t.check([line for line in left if is_foreign(line)] == self.foreign, "and nothing else of others")
        self.start()

    def calm(self, number):
        """The table becomes right, and is still so when vipd has looked again. A server that fails twice in two minutes
        stays with weight 0 for as long: such lines are let pass."""
        lines, limits = wanted(self.services, self.health.up, self.hand)
        lines = sorted(lines + self.foreign)
        held = {re.sub(r" -w \d+", " -w 0", line) for line in wanted(self.services, range(10000), self.hand)[0]}

        def table():
            return [line for line in rules(self.ns) if line in lines or line not in held]
        try:
            wait_until(lambda: table() == lines, CALM, "the table", step=0.1)
        except Missing:
            got = table()
            self.t.note(f"{self.director.conf_text}\n{self.director.daemon.tail(60)}\nup: {sorted(self.health.up)}")
            return self.t.check(False, f"round {number}: too much {[x for x in got if x not in lines]}, "
                                       f"missing {[x for x in lines if x not in got]}")
        got = {at: both for at, both in limits_of(self.ns).items() if at in limits}
        self.t.equal(table(), lines, f"round {number}: {len(lines)} lines, it stays right")
        return self.t.equal(got, limits, f"round {number}: thresholds")

    def round(self, number):
        for _ in range(self.dice.randint(2, 7)):
            self.dice.choice([self.reload, self.reload, self.flap, self.flap, self.stranger, self.stranger,
                              self.by_hand])()
        if self.dice.random() < 0.15:
            self.again()
        return self.calm(number)


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    with suite("guest-walk") as t, Net() as net:
        walk = Walk(t, net, seed)
        with walk.director:
            walk.calm("start")
            for number in range(rounds):
                if not walk.round(number):
                    break
            print(f"seed {seed}: {walk.ops} operations in {number + 1} rounds")
            t.equal(walk.director.stop(), 0, "exit status")


if __name__ == "__main__":
    main()
