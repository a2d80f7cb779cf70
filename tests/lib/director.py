# SPDX-License-Identifier: GPL-2.0-or-later
"""A director program in a namespace: vipd, or keepalived beside it, from the same description.

    web = instance("web", 51, prio=150, addresses=["10.0.0.100/24"], advert_ms=100)
    www = service("10.0.0.100", 80, [server("10.0.0.11", 80)], checks=[http("/")])
    with Vipd(d1, "d1", instances=[web], services=[www]) as director:
        director.wait_state("web", "ACTIVE", 5)

Both classes offer the same methods. The dictionaries below are the description; change one and call reload().
"""

import os
import shutil
import signal
import tempfile

from proc import Daemon


def instance(name, vrid, prio, addresses, advert_ms=100, version=3, device="eth0", nopreempt=False, vipd="",
             keepalived=""):
    """`vipd` and `keepalived` are further settings, each in its own words."""
    return dict(name=name, vrid=vrid, prio=prio, addresses=addresses, advert_ms=advert_ms, version=version,
                device=device, nopreempt=nopreempt, vipd=vipd, keepalived=keepalived)


def server(address, port, weight=1, checks=None):
    return dict(address=address, port=port, weight=weight, checks=checks)


def service(address, port, servers, name=None, protocol="tcp", sched="rr", method="DR", persistence=0, inhibit=False,
            checks=()):
    return dict(name=name or f"{protocol}-{address}-{port}", address=address, port=port, servers=servers,
                protocol=protocol, sched=sched, method=method, persistence=persistence, inhibit=inhibit,
                checks=list(checks))


def tcp(interval=1, timeout_ms=500, rise=1, fall=1, at=None):
    """`at`: (address, port) to connect to instead of the server's."""
    return dict(type="tcp", interval=interval, timeout_ms=timeout_ms, rise=rise, fall=fall, at=at)


def http(path="/", interval=1, timeout_ms=500, rise=1, fall=1):
    return dict(type="http", path=path, interval=interval, timeout_ms=timeout_ms, rise=rise, fall=fall)


def table_of(services):
    """The IPVS table that these services ask for when every server is up."""
    return {f"{s['protocol']} {s['address']}:{s['port']}":
            {f"{r['address']}:{r['port']}": (s["method"], r["weight"]) for r in s["servers"]} for s in services}


class Director:
    """What both programs share: a folder for the configuration, start, reload, stop."""

    STATE_LINE = None  # regular expression with {name} and {state}
    WORDS = {}         # the program's own words for states

    def __init__(self, ns, name, instances=(), services=(), options=(), start=True):
        self.ns, self.name = ns, name
        self.instances, self.services = list(instances), list(services)
        self.options = list(options)
        self.more = ""  # further text of the configuration, in the program's own words
        self.folder = tempfile.mkdtemp(prefix=f"{name}-", dir=os.environ.get("TMPDIR", "/tmp"))
        self.conf = os.path.join(self.folder, "conf")
        self.daemon = None
        self.watchdog = False  # vipd with its watchdog: a director that dies is followed by another one
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.daemon:
            self.daemon.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self):
        """All at once: the program may be reading the last one."""
        with open(self.conf + ".new", "w", encoding="ascii") as file:
            file.write(self.text())
        os.replace(self.conf + ".new", self.conf)

    def start(self):
        self.write()
        self.daemon = Daemon(self.argv(), ns=self.ns, name=self.name, watchdog=self.watchdog)
        return self

    def reload(self):
        """Writes the configuration anew and sends SIGHUP; does not wait."""
        self.write()
        self.daemon.send(signal.SIGHUP)

    def stop(self, timeout=10):
        """A clean stop; returns the exit status."""
        return self.daemon.stop(signal.SIGTERM, timeout)

    def kill(self):
        """SIGKILL to the program with all its processes."""
        self.daemon.kill()

    def wait_state(self, name, state, timeout, since=0):
        """Waits for the line that tells the instance's new state (ACTIVE, BACKUP, FAULT)."""
        line = self.STATE_LINE.format(name=name, state=self.WORDS.get(state, state))
        return self.daemon.wait_for(line, timeout, since)


class Vipd(Director):
    STATE_LINE = r"vrrp\.state inst={name} .*\bto={state}\b"
    program = os.environ.get("VIPD", "build/vipd")

    def argv(self):
        return [self.program, "-f", self.conf, f"--control={self.control}", *self.options]

    @property
    def control(self):
        return os.path.join(self.folder, "sock")

    def text(self):
        return (_group("vrrp_instances", map(_vipd_instance, self.instances))
                + _group("virtual_servers", map(_vipd_service, self.services)) + self.more)


def _group(name, items):
    return f"{name} = (\n" + ",\n".join(items) + "\n);\n"


def _vipd_instance(i):
    addresses = ", ".join(f'"{a}"' for a in i["addresses"])
    nopreempt = " nopreempt = true;" if i["nopreempt"] else ""
    return (f'  {{ name = "{i["name"]}"; interface = "{i["device"]}"; virtual_router_id = {i["vrid"]};'
            f' priority = {i["prio"]}; version = {i["version"]}; advert_int = "{i["advert_ms"]}ms";{nopreempt} {i["vipd"]}\n'
            f'    virtual_ipaddress = ( {addresses} ); }}')


def _vipd_checks(checks):
    def one(c):
        path = f' path = "{c["path"]}";' if c["type"] == "http" else ""
        path += f' connect_ip = "{c["at"][0]}"; port = {c["at"][1]};' if c.get("at") else ""
        return (f'{{ type = "{c["type"]}";{path} interval = {c["interval"]}; timeout = "{c["timeout_ms"]}ms";'
                f' rise = {c["rise"]}; fall = {c["fall"]}; }}')
    return "checks = ( " + ", ".join(map(one, checks)) + " );"


def _vipd_service(s):
    def one(r):
        own = " " + _vipd_checks(r["checks"]) if r["checks"] is not None else ""
        return f'      {{ address = "{r["address"]}"; port = {r["port"]}; weight = {r["weight"]};{own} }}'
    return (f'  {{ name = "{s["name"]}"; address = "{s["address"]}"; port = {s["port"]}; protocol = "{s["protocol"]}";'
            f' lvs_sched = "{s["sched"]}"; lvs_method = "{s["method"]}"; persistence_timeout = {s["persistence"]};'
            f' inhibit_on_failure = {"true" if s["inhibit"] else "false"};\n'
            + (f'    {_vipd_checks(s["checks"])}\n' if s["checks"] else "")
            + "    real_servers = (\n" + ",\n".join(map(one, s["servers"])) + "\n    ); }")


class Keepalived(Director):
    STATE_LINE = r"\({name}\) Entering {state} STATE"
    WORDS = {"ACTIVE": "MASTER"}

    def start(self):
        for left in os.listdir(self.folder):  # a killed keepalived leaves its pid files and would not start again
            os.unlink(os.path.join(self.folder, left))
        return super().start()

    def argv(self):
        own = [f"--{kind}pid={self.folder}/{kind}pid" if kind else f"--pid={self.folder}/pid"
               for kind in ("", "vrrp_", "checkers_")]
        jobs = [] if self.services else ["--vrrp"]
        jobs = jobs if self.instances else ["--check"]
        return ["keepalived", "--dont-fork", "--log-console", f"--use-file={self.conf}", *own, *jobs, *self.options]

    def text(self):
        head = "global_defs {\n  vrrp_garp_master_refresh 0\n  vrrp_version 3\n  script_user root\n}\n"
        return (head + "".join(map(_ka_instance, self.instances)) + "".join(map(_ka_service, self.services))
                + self.more)


def _ka_instance(i):
    addresses = "\n".join(f"    {a}" for a in i["addresses"])
    nopreempt = "  nopreempt\n" if i["nopreempt"] else ""
    return (f"vrrp_instance {i['name']} {{\n  version {i['version']}\n  state BACKUP\n  interface {i['device']}\n"
            f"  virtual_router_id {i['vrid']}\n  priority {i['prio']}\n"
            f"  advert_int {i['advert_ms'] / 1000:g}\n{nopreempt}{i['keepalived']}\n"
            f"  virtual_ipaddress {{\n{addresses}\n  }}\n}}\n")


def _ka_check(c):
    times = (f"connect_timeout {c['timeout_ms'] / 1000:g}\n delay_loop {c['interval']}\n delay_before_retry 0.1\n"
             f" retry {c['fall'] - 1}\n")
    times += f" connect_ip {c['at'][0]}\n connect_port {c['at'][1]}\n" if c.get("at") else ""
    if c["type"] == "tcp":
        return f"TCP_CHECK {{\n {times} }}\n"
    return f"HTTP_GET {{\n url {{\n path {c['path']}\n status_code 200\n }}\n {times} }}\n"


def _ka_service(s):
    def one(r):
        checks = s["checks"] if r["checks"] is None else r["checks"]
        return f"  real_server {r['address']} {r['port']} {{\n weight {r['weight']}\n {inhibit}" \
               + "".join(map(_ka_check, checks)) + "  }\n"
    inhibit = "inhibit_on_failure\n" if s["inhibit"] else ""
    persistence = f"  persistence_timeout {s['persistence']}\n" if s["persistence"] else ""
    return (f"virtual_server {s['address']} {s['port']} {{\n  protocol {s['protocol'].upper()}\n"
            f"  lvs_sched {s['sched']}\n  lvs_method {s['method']}\n  delay_loop 1\n{persistence}"
            + "".join(map(one, s["servers"])) + "}\n")
