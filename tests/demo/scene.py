# SPDX-License-Identifier: GPL-2.0-or-later
"""The cast of the demo: network, web servers, directors and client."""

import collections

import ipvs
from director import Vipd, http, instance, server, service, table_of
from netns import Net
from proc import Daemon, wait_until
from web import Nginx
from wire import Holders, Sniffer

VIP, VRID, ADVERT_MS = "10.0.0.100", 51, 100
DIRECTORS = {"d1": ("10.0.0.1", 150), "d2": ("10.0.0.2", 100)}  # address, priority
WEB = {f"web{n}": f"10.0.0.{10 + n}" for n in range(1, 5)}
CHECK = http("/", interval=1, timeout_ms=500)
PATIENCE = 30   # seconds for a step that has no bound of its own
GIVE_UP = 0.9   # seconds after which the client calls a request failed
LATE = 0.5      # seconds by which a line of the client may be read late

Request = collections.namedtuple("Request", "start end server ok")


class Scene:
    """Everything on one bridge. The directors are made, but not started."""

    def __init__(self, folder):
        self.net = Net()
        self.lan = self.net.lan()
        self.client = Client(self._host("client", "10.0.0.10"))
        self.web = {name: self._web_server(name, address, folder) for name, address in WEB.items()}
        services = [service(VIP, 80, [server(a, 80) for a in WEB.values()], name="www", checks=[CHECK])]
        self.full = table_of(services)
        self.directors = {}
        for name, (address, priority) in DIRECTORS.items():
            web = instance("web", VRID, priority, [f"{VIP}/24"], ADVERT_MS)
            self.directors[name] = Vipd(self._host(name, address), name, [web], services, start=False)
        self.wire = Sniffer(self.lan.ns, "br0")
        for web in self.web.values():
            web.wait_listening()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.wire.close()
        for name, one in self.directors.items():
            if kind and one.daemon:
                print(f"The last that {name} said:\n{one.daemon.tail()}", flush=True)
            one.__exit__()
        self.net.close()

    def _host(self, name, address):
        ns = self.net.ns(name)
        self.lan.join(ns, "eth0", f"{address}/24")
        return ns

    def _web_server(self, name, address, folder):
        """Direct routing: a web server has the virtual address too, but must not answer ARP for it."""
        ns = self._host(name, address)
        ns.sysctl({"net.ipv4.conf.all.arp_ignore": 1, "net.ipv4.conf.all.arp_announce": 2})
        ns.ip(f"addr add {VIP}/32 dev lo")
        return Nginx(ns, name, f"{folder}/{name}")

    def tables(self):
        return [ipvs.table(one.ns) for one in self.directors.values()]

    def holders(self):
        with Holders(VIP, [one.ns for one in self.directors.values()]) as holders:
            return holders.now()

    def wait_full(self):
        wait_until(lambda: self.tables() == [self.full] * 2, PATIENCE, "all web servers in both tables")

    def wait_holder(self, name):
        wait_until(lambda: self.holders() == {name}, PATIENCE, f"{name} alone holds {VIP}")


class Client:
    """curl, one request after another, each on a connection of its own."""

    def __init__(self, ns):
        self.ns = ns
        self.daemon = None

    @staticmethod
    def _argv(count, *options):
        return ["curl", "-sN", "-H", "Connection: close", "-w", r"|%{http_code}|%{time_total}\n", *options,
                f"http://{VIP}/?[1-{count}]"]

    def burst(self, count):
        """That many requests as fast as they go; returns how many each server answered."""
        done = self.ns.run(*self._argv(count, "--max-time", "5"), timeout=count * 5 + 10, check=False)
        answers = (line.split("|") for line in done.stdout.splitlines())
        return collections.Counter(name for name, code, _ in answers if code == "200")

    def begin(self):
        """Goes on asking, 50 times a second at most, until end(); returns after the first answers."""
        self.daemon = Daemon(self._argv(1000000, "--rate", "50/s", "--max-time", str(GIVE_UP)), ns=self.ns)
        wait_until(lambda: len(self.requests()) >= 10, PATIENCE, "the client's first requests", step=0.05)

    def end(self):
        self.daemon.kill()

    def requests(self):
        """All requests so far. `start` may seem later than it was, by LATE at most."""
        found = []
        for line in self.daemon.find(r"^(.*)\|(\d+)\|([\d.]+)$"):
            name, code, took = line.match.groups()
            found.append(Request(line.time - float(took), line.time, name, code == "200"))
        return found

    def around(self, begin, moment, count=50):
        """(requests under way between `begin` and `moment`, the next `count`), which it waits for."""
        def after():
            fresh = [r for r in self.requests() if r.start > moment + LATE]
            return fresh if len(fresh) >= count else None
        fresh = wait_until(after, PATIENCE, f"{count} more requests of the client", step=0.05)
        return [r for r in self.requests() if r.end > begin and r.start <= moment + LATE], fresh
