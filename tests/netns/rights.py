#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vipd as an ordinary user with the capabilities of its unit: nothing is lost, scripts get none of them."""

import contextlib
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd  # noqa: E402
from netns import Net  # noqa: E402
from pair import PATIENCE  # noqa: E402
from proc import Daemon, director_of, wait_until  # noqa: E402

USER, SCRIPTS = 5, 1  # games and daemon, who are in every Debian
DIRECTOR = ["NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE", "SYS_NICE", "IPC_LOCK"]  # the five
HELPER = ["SETUID", "SETGID", "KILL"]
NUMBER = {"KILL": 5, "SETGID": 6, "SETUID": 7, "NET_BIND_SERVICE": 10, "NET_ADMIN": 12, "NET_RAW": 13, "IPC_LOCK": 14,
          "SYS_NICE": 23}

CONF = """
global_defs = {{ script_user = "daemon"; notify_fifo = {{ path = "{folder}/events"; }}; vrrp_startup_delay = 0; }};
vrrp_instances = (
  {{ name = "four"; interface = "eth0"; version = 3; virtual_router_id = 51; priority = 150; advert_int = "100ms";
     use_vmac = true; virtual_ipaddress = ( "10.9.0.100/24" ); notify = [ "{folder}/tell", "notify" ]; }},
  {{ name = "six"; interface = "eth0"; version = 3; virtual_router_id = 52; advert_int = "100ms";
     virtual_ipaddress = ( "fe80::99/64" ); }}
);
virtual_servers = (
  {{ name = "www"; address = "10.9.0.100"; port = 80; lvs_sched = "rr"; lvs_method = "DR";
     checks = ( {{ type = "ping"; interval = 1; timeout = 1; }}, {{ type = "tcp"; interval = 1; bind_port = 999; }},
                {{ type = "script"; command = [ "{folder}/tell", "check" ]; interval = 1; timeout = 1; }},
                {{ type = "script"; command = [ "{folder}/tell", "own" ]; user = "games"; interval = 1; timeout = 1; }},
                {{ type = "script"; command = [ "{folder}/hang" ]; interval = 60; timeout = 1; }} );
     real_servers = ( {{ address = "10.9.0.1"; port = 80; }} ); }}
);
"""

# who it is, in one line, written whole
TELL = """#!/bin/sh
{ echo "$1 $(id -u):$(id -g):$(id -G)"; grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status; } | tr '\\n' ' ' >%(out)s/$1.$$
mv %(out)s/$1.$$ %(out)s/$1
"""
HANG = """#!/bin/sh
trap '' TERM
echo $$ >%(out)s/hung.$$
mv %(out)s/hung.$$ %(out)s/hung
while :; do sleep 1; done
"""


def write(path, text, mode):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, mode)


@contextlib.contextmanager
def house():
    """A folder of the user, with the program, the configuration and scripts; and its out/, for all to write."""
    with tempfile.TemporaryDirectory(prefix="rights-") as folder:
        out = os.path.join(folder, "out")
        os.mkdir(out)
        os.chmod(out, 0o777)
        shutil.copy(Vipd.program, os.path.join(folder, "vipd"))
        write(os.path.join(folder, "conf"), CONF.format(folder=folder), 0o644)
        write(os.path.join(folder, "tell"), TELL % {"out": out}, 0o755)
        write(os.path.join(folder, "hang"), HANG % {"out": out}, 0o755)
        os.chown(folder, USER, USER)
        os.chmod(folder, 0o755)
        yield folder


def start(ns, folder, caps):
    names = ",".join(["-all", *(f"+{cap.lower()}" for cap in caps)])
    return Daemon(["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", f"--inh-caps={names}",
                   f"--ambient-caps={names}", f"--bounding-set={names}", "--no-new-privs", "--",
                   os.path.join(folder, "vipd"), "--dataplane=memory", "-f", os.path.join(folder, "conf"),
                   f"--control={folder}/sock", f"--state={folder}/state",
                   f"--handover={folder}/handover"], ns=ns)


def mask(caps):
    return sum(1 << NUMBER[cap] for cap in caps)


def sets_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return {key: int(value, 16) for key, value in re.findall(r"^Cap(\w+):\s+(\w+)", file.read(), re.M)}


def read(path):
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except FileNotFoundError:
        return None


def with_all(t):
    t.part("with the capabilities of the unit")
    with Net() as net, house() as folder:
        ns = net.ns("rights")
        net.lan().join(ns, "eth0", "10.9.0.1/24")
        ns.ip("link set lo up")
        with start(ns, folder, DIRECTOR + HELPER) as daemon:
            daemon.wait_for(r"vrrp\.state inst=four .*to=ACTIVE", PATIENCE)
            daemon.wait_for(r"vrrp\.state inst=six .*to=ACTIVE", PATIENCE)
            daemon.wait_for(r"vip\.add inst=four ", PATIENCE)
            daemon.wait_for(r"vip\.add inst=six ", PATIENCE)
            daemon.wait_for(r"server\.check .*check=ping .*verdict=up", PATIENCE)
            said = wait_until(lambda: read(f"{folder}/out/check"), PATIENCE, "a check's script")
            own = wait_until(lambda: read(f"{folder}/out/own"), PATIENCE, "a script of vipd's own user")
            told = wait_until(lambda: read(f"{folder}/out/notify"), PATIENCE, "a script of an event")
            hung = int(wait_until(lambda: read(f"{folder}/out/hung"), PATIENCE, "a script that hangs"))
            none = " ".join(f"Cap{which}:\t{0:016x}" for which in ("Inh", "Prm", "Eff", "Amb"))
            for who, text, uid in (("check", said, SCRIPTS), ("notify", told, SCRIPTS)):
                t.equal(text.strip(), f"{who} {uid}:{uid}:{uid} {none}", f"the script of {who} runs as its user, with nothing")
            t.check(re.match(rf"own {USER}:\S+ ", own) and own.strip().endswith(none),
                    f"vipd's own user has nothing of vipd's in a script: {own}")
            pid = director_of(daemon.pid)
            threads = os.listdir(f"/proc/{pid}/task")
            odd = {sets_of(f"{pid}/task/{tid}")["Prm"] for tid in threads} - {mask(DIRECTOR)}
            t.check(len(threads) > 5 and not odd, f"every thread of {len(threads)} has the five: {[hex(x) for x in odd]}")
            wait_until(lambda: not os.path.exists(f"/proc/{hung}"), PATIENCE, "the script that hangs is ended")
            t.check(True, "a script of another user is ended when its time is up")
            bad = [line.text for line in daemon.lines if re.search(
                r"vipd\.rights|check\.local|notify\.script|fifo\.fail|role\.|ermi(tted|ssion)", line.text)]
            t.check(not bad, f"nothing is lost {bad}")
            t.equal(daemon.stop(), 0, "exit status")


def without(t):
    t.part("without one of them")
    with Net() as net, house() as folder:
        ns = net.ns("rights")
        net.lan().join(ns, "eth0", "10.9.0.1/24")
        for cap, lost in (("SETUID", "scripts"), ("SETGID", "scripts"), ("KILL", "scripts"),
                          ("NET_BIND_SERVICE", "ports")):
            for name in os.listdir(f"{folder}/out"):
                os.unlink(f"{folder}/out/{name}")
            with start(ns, folder, [c for c in DIRECTOR + HELPER if c != cap]) as daemon:
                daemon.wait_for(r"vipd\.start ", PATIENCE)
                daemon.wait_for(rf"check\.local error=(EPERM|EACCES) .*check={'script' if lost == 'scripts' else 'tcp'}",
                                PATIENCE)
                told = [line.text for line in daemon.lines if " vipd.rights " in line.text]
                t.check(len(told) == 1 and f"missing=CAP_{cap} " in told[0] and lost in told[0],
                        f"{cap}: one line says it: {told}")
                t.check(lost != "scripts" or not os.path.exists(f"{folder}/out/check"),
                        f"{cap}: no script runs as somebody else, or without an end")
                t.equal(daemon.stop(), 0, "exit status")
        for cap in ("NET_ADMIN", "NET_RAW"):
            with start(ns, folder, [c for c in DIRECTOR + HELPER if c != cap]) as daemon:
                t.equal(daemon.wait(PATIENCE), 1, f"{cap}: exit status")
                told = [line.text for line in daemon.lines if line.text.startswith("vipd: no permission: ")]
                t.check(len(told) == 1 and f"CAP_{cap}," in told[0], f"{cap}: one line says it: {told}")


pair.run_parts("netns-rights", [with_all, without])
