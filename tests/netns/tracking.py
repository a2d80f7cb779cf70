#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What instances track, beside Debian's keepalived: the same scripts and files, and the priority that each says on the
wire. Then what only vipd is asked: scripts that can't be run, a helper that dies, reloads, processes, sources that vanish.

Both programs run on one link with the same instances under other numbers, so that each is active alone: an advert's
priority is the effective one, and an instance in FAULT is silent.
"""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Keepalived, Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene, ms  # noqa: E402
from proc import Missing, group_pids, wait_until  # noqa: E402
from wire import Advert  # noqa: E402

APART = 100       # keepalived's virtual router ids are greater by this
QUIET = 0.45      # seconds: more than a down timer of the instances here
FAULT = None      # what priority_of() says of a silent one
INTERVAL = 0.25   # seconds between two runs of a script


def script(folder, name, text):
    """An executable file of root's alone."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n" + text + "\n")
    os.chmod(path, stat.S_IRWXU)
    return path


def write(path, text):
    """As a file that is there whole or not at all."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(path + ".new", path)


class Keeper(Keepalived):
    """keepalived knows only scripts and files that stand before the instances that track them."""

    def text(self):
        more, self.more = self.more, ""
        head, end, rest = super().text().partition("\n}\n")
        self.more = more
        return head + end + more + rest


# ---- both languages from one table

def scripts_text(kind, scripts):
    """scripts: name -> (command, {word: value})"""
    if kind is Vipd:
        def one(name, command, words):
            more = " ".join(f"{key} = {str(value).lower()};" for key, value in words.items())
            return f'{{ name = "{name}"; command = [ "{command}" ]; interval = {INTERVAL}; {more} }}'
        return "vrrp_scripts = ( " + ", ".join(one(n, *s) for n, s in scripts.items()) + " );\n"

    def other(name, command, words):
        words = dict(words)
        turn = " reverse" if words.pop("reverse", False) else ""
        if "weight" in words:
            words["weight"] = f"{words['weight']}{turn}"
        more = "\n".join(f"  {key} {'' if value is True else value}" for key, value in words.items())
        return f'vrrp_script {name} {{\n  script "{command}"\n  interval {INTERVAL}\n{more}\n}}\n'
    return "".join(other(n, *s) for n, s in scripts.items())


def files_text(kind, files):
    if kind is Vipd:
        return ("track_files = ( "
                + ", ".join(f'{{ name = "{n}"; file = "{p}"; weight = {w}; }}' for n, (p, w) in files.items()) + " );\n")
    return "".join(f"track_file {n} {{\n  file {p}\n  weight {w}\n}}\n" for n, (p, w) in files.items())


def uses(kind, what, lines):
    """The block track_script or track_file; lines: (name, weight or None, is_reverse)."""
    if not lines:
        return ""
    if kind is Vipd:
        def one(name, weight, is_reverse):
            more = "" if weight is None else f" weight = {weight};" + (" reverse = true;" if is_reverse else "")
            return f'{{ name = "{name}";{more} }}'
        return f"{what} = ( " + ", ".join(one(*line) for line in lines) + " );"

    def other(name, weight, is_reverse):
        return f"    {name}" + ("" if weight is None else f" weight {weight}" + (" reverse" if is_reverse else ""))
    return f"  {what} {{\n" + "\n".join(other(*line) for line in lines) + "\n  }"


def groups_text(kind, groups):
    """groups: name -> (members, track_script lines, keeps weights)"""
    if kind is Vipd:
        return "vrrp_sync_groups = ( " + ", ".join(
            f'{{ name = "{name}"; group = [ ' + ", ".join(f'"{m}"' for m in members) + " ]; "
            + uses(kind, "track_script", lines) + (" sync_group_tracking_weight = true;" if keeps else "") + " }"
            for name, (members, lines, keeps) in groups.items()) + " );\n"
    return "".join(f"vrrp_sync_group {name} {{\n  group {{\n" + "".join(f"    {m}\n" for m in members) + "  }\n"
                   + uses(kind, "track_script", lines) + ("\n  sync_group_tracking_weight" if keeps else "") + "\n}\n"
                   for name, (members, lines, keeps) in groups.items())


# name, base priority, track_script, track_file, then the priority with: all well; the script failing; the file at 20;
# the file at -300
ROWS = [
    ("plus",      100, [("plus", None, False)], [], 110, 100, 110, 110),
    ("minus",     100, [("minus", None, False)], [], 100, 90, 100, 100),
    ("plus-r",    100, [("plus", 10, True)], [], 90, 100, 90, 90),
    ("minus-r",   100, [("plus", -10, True)], [], 100, 110, 100, 100),
    ("must",      100, [("must", None, False)], [], 100, FAULT, 100, 100),
    ("own",       100, [("must", 30, False)], [], 130, 100, 130, 130),
    ("none",      100, [("plus", 0, False)], [], 100, FAULT, 100, 100),
    ("top",       200, [("plus", 253, False)], [], 254, 200, 254, 254),
    ("bottom",    100, [("plus", -253, False)], [], 100, 1, 100, 100),
    ("sum",       100, [("plus", None, False), ("minus", -20, False)], [], 110, 80, 110, 110),
    ("file",      100, [], [("n", None, False)], 100, 100, 120, FAULT),
    ("file-2",    100, [], [("n", -2, False)], 100, 100, 60, 254),
    ("file-r",    100, [], [("n", 1, True)], 100, 100, 80, 254),
    ("file-0",    100, [], [("n", 0, False)], 100, 100, FAULT, FAULT),
    ("in-a",      100, [("plus", None, False)], [], 100, FAULT, 100, 100),    # the weight is dropped; in-b takes it along
    ("in-b",      100, [("must", None, False)], [], 100, FAULT, 100, 100),
    ("keep-a",    100, [("plus", None, False)], [], 110, 100, 110, 110),
    ("keep-b",    100, [], [], 100, 100, 100, 100),
    ("of-a",      100, [], [], 120, 100, 120, 120),
    ("of-b",      150, [("plus", 5, False)], [], 170, 150, 170, 170),
]
GROUPS = {"in": (["in-a", "in-b"], [], False), "keep": (["keep-a", "keep-b"], [], True),
          "of": (["of-a", "of-b"], [("plus", 20, False)], False)}
STEPS = ["all is well", "the script fails", "the file has 20", "the file has -300"]


def instances(kind):
    found = []
    for n, (name, prio, scripts, files, *_) in enumerate(ROWS):
        words = {k: uses(k, "track_script", scripts) + "\n" + uses(k, "track_file", files) for k in (Vipd, Keeper)}
        number = n + 1 + (0 if kind is Vipd else APART)
        found.append(instance(name, number, prio, [f"10.9.{1 if kind is Vipd else 2}.{n + 1}/32"],
                              vipd=words[Vipd], keepalived=words[Keeper]))
    return found


def priority_of(scene, router, vrid):
    """Of its adverts in the last moment: the only one, FAULT when it is silent, or a set while it changes."""
    prios = {a.prio for a in scene.wire.adverts(since=time.monotonic() - QUIET, mac=router.mac, vrid=vrid)}
    return prios.pop() if len(prios) == 1 else prios or FAULT


def beside_keepalived(t):
    t.part("the same scripts and files: the same priorities on the wire")
    with Scene(t) as scene:
        v = scene.router("v", Vipd, instances(Vipd))
        k = scene.router("k", Keeper, instances(Keepalived))
        folder = v.director.folder
        bad, number = os.path.join(folder, "bad"), os.path.join(folder, "number")
        command = script(folder, "well", f"test ! -e {bad}")
        write(number, "0\n")
        for router in (v, k):
            kind = type(router.director)
            router.director.more = (scripts_text(kind, {"plus": (command, dict(weight=10)),
                                                        "minus": (command, dict(weight=-10)),
                                                        "must": (command, {})})
                                    + files_text(kind, {"n": (number, 1)}) + groups_text(kind, GROUPS))
            router.director.start()
        deeds = [lambda: None, lambda: write(bad, ""), lambda: (os.unlink(bad), write(number, "20\n")),
                 lambda: write(number, "-300\n")]
        for step, (what, deed) in enumerate(zip(STEPS, deeds)):
            deed()
            for router, apart in ((v, 0), (k, APART)):
                def wrong():
                    return {row[0]: (got, row[4 + step]) for n, row in enumerate(ROWS)
                            if (got := priority_of(scene, router, n + 1 + apart)) != row[4 + step]}
                try:
                    wait_until(lambda: not wrong(), PATIENCE, "")
                except Missing:
                    pass  # told below
                left = wrong()
                t.check(not left, f"{what}: {len(ROWS)} priorities of {router.name}, as the table has them"
                        + (f"; not these (got, wanted): {left}" if left else ""))
        for router in (v, k):
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")


# ---- scripts by themselves

class Told:
    """A script that notes each run and ends with the status that stands in a file."""

    def __init__(self, folder, name, status):
        self.log, self.status = os.path.join(folder, name + ".log"), os.path.join(folder, name + ".status")
        self.say(status)
        write(self.log, "")
        self.path = script(folder, name, f"read status <{self.status}\necho $status >>{self.log}\nexit $status")

    def say(self, status):
        write(self.status, f"{status}\n")

    def runs(self):
        with open(self.log, encoding="ascii") as file:
            return file.read().split()


def kind_of(router):
    return type(router.director)


def first_after(scene, router, vrid, prio, moment):
    """The moment of its first advert with this priority."""
    return scene.wire.wait(Advert, PATIENCE, since=moment, mac=router.mac, vrid=vrid, prio=prio)[0].time


def rise_and_fall(t):
    t.part("rise and fall: as many results in a row as keepalived wants")
    with Scene(t) as scene:
        routers = []
        for kind, vrid in ((Vipd, 1), (Keeper, 101)):
            words = uses(kind, "track_script", [("told", None, False)])
            routers.append(scene.router(kind.__name__.lower(), kind,
                                        [instance("web", vrid, 100, [f"10.9.{vrid}.1/32"], vipd=words,
                                                  keepalived=words)]))
        for router, vrid in zip(routers, (1, 101)):
            folder = router.director.folder
            told = Told(os.path.dirname(folder), f"told-{os.getpid()}-{vrid}", 0)
            router.director.more = scripts_text(type(router.director),
                                                {"told": (told.path, dict(weight=10, rise=3, fall=4))})
            router.director.start()
            wait_prio(scene, router, vrid, 110)
            for status, wanted, prio in ((1, 4, 100), (0, 3, 110)):
                before, moment = len(told.runs()), time.monotonic()
                told.say(status)
                first_after(scene, router, vrid, prio, moment)
                seen = [run for run in told.runs()[before:] if run == str(status)]
                # one more may have begun before the advert left
                t.check(len(seen) in (wanted, wanted + 1),
                        f"{router.name}: {len(seen)} results {status} in a row, {wanted} are asked for")
            os.rename(told.path, told.path + "-gone")
            time.sleep(5 * (1 if kind_of(router) is Keeper else INTERVAL))  # it has whole seconds
            t.equal(priority_of(scene, router, vrid), 110, f"{router.name}: one that can't be run any more counts as before")
            for path in (told.path + "-gone", told.log, told.status):
                os.unlink(path)


def beginnings(t):
    """Before the first result an instance that needs it does not begin; init_fail; a time limit; a signal; another user."""
    t.part("how scripts begin and end")
    with Scene(t) as scene:
        names = ["slow", "init", "hangs", "killed", "user", "group", "missing"]
        a = scene.router("a", Vipd, [instance(n, i + 1, 100, [f"10.9.1.{i + 1}/32"],
                                              vipd=uses(Vipd, "track_script", [(n, None, False)]))
                                     for i, n in enumerate(names)])
        folder = a.director.folder
        os.chmod(folder, 0o755)
        gate, missing = os.path.join(folder, "gate"), os.path.join(folder, "missing")
        told = Told(folder, "init", 0)
        paths = {"slow": script(folder, "slow", f"while ! test -e {gate}; do sleep 0.05; done"),
                 "hangs": script(folder, "hangs", f"echo $$ >{folder}/hangs.pid; trap '' TERM; while :; do sleep 1; done"),
                 "killed": script(folder, "killed", "kill -SEGV $$"),
                 "user": script(folder, "user", 'test "$(id -u) $(id -G)" = "65534 65534"'),
                 "group": script(folder, "group", 'test "$(id -u) $(id -g)" = "65534 1"')}
        for path in paths.values():
            os.chmod(path, 0o755)
        a.director.more = scripts_text(Vipd, {
            "slow": (paths["slow"], dict(timeout=20)), "init": (told.path, dict(init_fail=True, rise=4)),
            "hangs": (paths["hangs"], dict(timeout=0.3)), "killed": (paths["killed"], {}),
            "user": (paths["user"], dict(user='"nobody"')),
            "group": (paths["group"], dict(user='"nobody"', group='"daemon"')), "missing": (missing, {})})
        a.director.start()
        a.director.wait_state("user", "ACTIVE", PATIENCE)
        a.director.wait_state("group", "ACTIVE", PATIENCE)
        a.director.wait_state("hangs", "FAULT", PATIENCE)
        a.daemon.wait_for(r"track\.result script=hangs up=0 result=timeout", PATIENCE)
        a.director.wait_state("killed", "FAULT", PATIENCE)
        a.daemon.wait_for(r"track\.result script=killed up=0 result=signal:11", PATIENCE)
        a.director.wait_state("init", "FAULT", PATIENCE)
        a.director.wait_state("init", "ACTIVE", PATIENCE)
        t.check(len(told.runs()) >= 4, f"init_fail: up after {len(told.runs())} successes, rise is 4")
        a.daemon.wait_for(r'track\.script script=missing error="No such file or directory" counts_as=unknown', PATIENCE)
        for name in ("slow", "missing"):
            t.check(not a.daemon.find(rf"vrrp\.state inst={name} "), f"{name}: nothing begins, and nobody is told of a fault")
        write(gate, "")
        a.director.wait_state("slow", "ACTIVE", PATIENCE)

        t.part("one that can be run at last; one that can't any more keeps its result, told once")
        told.say(0)
        shutil.copy(told.path, missing)
        a.director.wait_state("missing", "ACTIVE", PATIENCE)
        seen = a.daemon.mark()
        os.rename(missing, missing + "-gone")
        a.daemon.wait_for(r"track\.script script=missing .* counts_as=up", PATIENCE, seen)
        time.sleep(4 * INTERVAL)
        t.equal(len(a.daemon.find(r"track\.script script=missing", seen)), 1, "lines about it")
        scene.check_quiet(a, seen, names, "a script that can't be run any more")
        os.rename(missing + "-gone", missing)

        t.part("the helper is killed: what runs dies with it, the results stay, and scripts run again")
        seen, before = a.daemon.mark(), len(told.runs())
        helper = [pid for pid in group_pids(a.daemon.pid) if comm(pid) == "vipd-scripts"]
        t.equal(len(helper), 1, "processes called vipd-scripts")
        with open(os.path.join(folder, "hangs.pid"), encoding="ascii") as file:
            hanging = file.read().strip()
        os.kill(helper[0], signal.SIGKILL)
        a.daemon.wait_for(r"warning scripts\.lost", PATIENCE, seen)
        wait_until(lambda: not os.path.exists(f"/proc/{hanging}"), PATIENCE, "the script that hangs is dead")
        wait_until(lambda: len(told.runs()) > before + 3, PATIENCE, "scripts run again")
        told.say(1)
        a.director.wait_state("init", "FAULT", PATIENCE, seen)
        told.say(0)
        a.director.wait_state("init", "ACTIVE", PATIENCE, seen)
        scene.check_quiet(a, seen, ["slow", "user", "group", "hangs", "killed"], "the helper's death")
        t.equal(a.director.stop(), 0, "exit status")
        wait_until(lambda: not group_pids(a.daemon.pid), PATIENCE, "no process is left behind")


def apart(t):
    t.part("first runs are a little apart, and an instance begins when all are known")
    names = [f"s{i}" for i in range(40)]
    with Scene(t) as scene:
        a = scene.router("a", Vipd, [])
        path = script(a.director.folder, "begin", 'touch "$1"')
        marks = [os.path.join(a.director.folder, name) for name in names]
        a.director.instances = [instance("x", 1, 100, ["10.9.1.1/32"],
                                         vipd="track_script = [ " + ", ".join(f'"{n}"' for n in names) + " ];")]
        a.director.more = "vrrp_scripts = ( " + ", ".join(
            f'{{ name = "{name}"; command = [ "{path}", "{mark}" ]; interval = 60; }}'
            for name, mark in zip(names, marks)) + " );\n"
        a.director.start()
        a.director.wait_state("x", "BACKUP", PATIENCE)
        began = sorted(os.stat(mark).st_mtime for mark in marks)
        t.check(began[-1] - began[0] > 0.1, f"all begin within {ms(began[-1] - began[0])}, not at once")
        t.equal(a.director.stop(), 0, "exit status")


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def reloads(t):
    t.part("reloads: what an unchanged script said stays; weights count at once; a new command counts when it has run")
    with Scene(t) as scene:
        a = scene.router("a", Vipd, [instance("x", 1, 100, ["10.9.1.1/32"], vipd='track_script = [ "s" ];'),
                                     instance("y", 2, 100, ["10.9.1.2/32"], vipd='track_script = [ "u" ];')])
        told = Told(a.director.folder, "told", 0)
        other = Told(a.director.folder, "other", 0)
        gate = os.path.join(a.director.folder, "gate")
        slow = script(a.director.folder, "slow", f"while ! test -e {gate}; do sleep 0.05; done; exit 1")

        def turn(text, fields=None):
            seen = a.daemon.mark()
            a.director.more = text
            for inst, words in (fields or {}).items():
                a.director.instances[inst]["vipd"] = words
            a.director.reload()
            a.daemon.wait_for(r"conf\.applied", PATIENCE, seen)

        long = dict(weight=10, interval=3600)

        def text(**scripts):
            return scripts_text(Vipd, scripts).replace(f" interval = {INTERVAL};", "")
        a.director.more = text(s=(told.path, long), u=(other.path, dict(interval=3600)))
        a.director.start()
        wait_prio(scene, a, 1, 110)
        a.director.wait_state("y", "ACTIVE", PATIENCE)
        seen = a.daemon.mark()

        turn(text(s=(told.path, dict(long, weight=30)), u=(other.path, dict(interval=3600))))
        wait_prio(scene, a, 1, 130)
        turn(text(s=(told.path, dict(long, weight=30)), u=(other.path, dict(interval=3600)), new=(told.path, long)),
             {0: 'track_script = [ "new", "s" ];'})
        wait_prio(scene, a, 1, 140)
        t.equal(len(told.runs()), 2, "runs: one for each script, none for a reload")
        turn(text(s=(slow, dict(long, weight=30, timeout=20)), u=(other.path, dict(interval=3600)), new=(told.path, long)))
        time.sleep(QUIET)
        wait_prio(scene, a, 1, 140)
        write(gate, "")
        wait_prio(scene, a, 1, 110)
        turn(text(u=(other.path, dict(interval=3600)), new=(told.path, long)), {0: 'track_script = [ "new" ];'})
        wait_prio(scene, a, 1, 110)
        turn(text(u=(other.path, dict(interval=3600))), {0: ""})
        wait_prio(scene, a, 1, 100)
        scene.check_quiet(a, seen, ["x", "y"], "six reloads")
        t.equal(len(other.runs()), 1, "runs of the script that no reload has touched")
        turn(text(u=(other.path, dict(interval=INTERVAL))))
        wait_until(lambda: len(other.runs()) > 3, PATIENCE, "a shorter interval counts from now on")
        t.equal(a.director.stop(), 0, "exit status")


# ---- processes

def program(folder, name):
    """A copy of sleep under another name."""
    path = os.path.join(folder, name)
    shutil.copy("/bin/sleep", path)
    return path


class Some:
    """Processes of this test."""

    def __init__(self):
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for one in self.running:
            one.kill()
            one.wait()

    def start(self, *argv):
        self.running.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL))
        return self.running[-1]

    def end(self, one):
        self.running.remove(one)
        one.kill()
        one.wait()


PROCESSES = """track_processes = (
  {{ name = "one"; process = "{comm}"; weight = 10; }},
  {{ name = "two"; process = "{comm}"; quorum = 2; quorum_max = 3; weight = 20; }},
  {{ name = "args"; process = [ "{path}", "1001" ]; weight = 40; }},
  {{ name = "first"; process = [ "{path}", "10" ]; param_match = "initial"; weight = 80; }},
  {{ name = "must"; process = "{must}"; terminate_delay = "700ms"; }},
  {{ name = "none"; process = "{none}"; quorum_max = 0; }}
);
"""


def wait_prio(scene, router, vrid, prio, patience=PATIENCE):
    wait_until(lambda: priority_of(scene, router, vrid) == prio, patience,
               f"priority {prio} of {vrid} (it is {priority_of(scene, router, vrid)})")
    scene.t.check(True, f"{vrid} of {router.name} has priority {prio}")


def processes(t):
    t.part("processes: number, parameters, delays, as they begin, fork and end")
    names = ["one", "two", "args", "first", "must"]
    with Scene(t) as scene, Some() as some:
        words = "track_process = [ " + ", ".join(f'"{n}"' for n in names) + " ];"
        a = scene.router("a", Vipd, [instance("web", 1, 50, ["10.9.0.100/24"], vipd=words),
                                     instance("off", 2, 50, ["10.9.0.101/24"], vipd='track_process = [ "none" ];')])
        path, must = program(a.director.folder, "trk-counted"), program(a.director.folder, "trk-must")
        a.director.more = PROCESSES.format(comm="trk-counted", path=path, must="trk-must", none="trk-none")
        stays = some.start(must, "1000")
        a.director.start()
        wait_prio(scene, a, 1, 50)
        wait_prio(scene, a, 2, 50)
        forbidden = some.start(program(a.director.folder, "trk-none"), "1000")
        a.director.wait_state("off", "FAULT", PATIENCE)
        some.end(forbidden)
        wait_prio(scene, a, 2, 50)
        first = some.start(path, "1000")
        wait_prio(scene, a, 1, 50 + 10 + 80)
        second = some.start(path, "1001")
        wait_prio(scene, a, 1, 50 + 10 + 20 + 40 + 80)
        others = [some.start(path, "2000") for _ in range(2)]
        wait_prio(scene, a, 1, 50 + 10 + 40 + 80)      # too many for quorum_max
        some.end(others[0])
        wait_prio(scene, a, 1, 50 + 10 + 20 + 40 + 80)
        for one in (first, others[1]):
            some.end(one)
        wait_prio(scene, a, 1, 50 + 10 + 40 + 80)
        some.end(second)
        wait_prio(scene, a, 1, 50)

        t.part("a process that is back within terminate_delay was never away; beyond it, FAULT")
        seen, moment = a.daemon.mark(), time.monotonic()
        some.end(stays)
        stays = some.start(must, "1000")
        time.sleep(1.2)
        scene.check_quiet(a, seen, ["web"], "back in time")
        moment = time.monotonic()
        some.end(stays)
        fault = a.director.wait_state("web", "FAULT", PATIENCE, seen)
        t.check(fault.time - moment > 0.65, f"FAULT after {ms(fault.time - moment)}, terminate_delay is 700 ms")
        some.start(must, "1000")
        a.director.wait_state("web", "ACTIVE", PATIENCE, seen)

        t.part("a child is what its parent is until it is another program")
        shell, pipe = os.path.join(a.director.folder, "trk-counted"), os.path.join(a.director.folder, "pipe")
        os.unlink(shell)
        shutil.copy("/bin/sh", shell)
        os.mkfifo(pipe)
        group = subprocess.Popen([shell, "-c", f"(read x <>{pipe}) & (exec sleep 1000) & wait"], start_new_session=True)
        wait_prio(scene, a, 1, 50 + 10 + 20)
        os.killpg(group.pid, signal.SIGKILL)
        group.wait()
        wait_prio(scene, a, 1, 50)

        t.part("a reload that leaves a process alone leaves its result alone")
        seen = a.daemon.mark()
        a.director.more = a.director.more.replace("weight = 10;", "weight = 30;")
        a.director.reload()
        a.daemon.wait_for(r"conf\.applied", PATIENCE, seen)
        one = some.start(program(a.director.folder, "trk-counted"), "5")
        wait_prio(scene, a, 1, 50 + 30)
        some.end(one)
        wait_prio(scene, a, 1, 50)
        scene.check_quiet(a, seen, ["web"], "reload")
        t.note("events: " + ("none" if a.daemon.find(r"track\.processes") else "of the kernel"))
        t.equal(a.director.stop(), 0, "exit status")


class Spaced(Keeper):
    """keepalived that goes into the namespace by itself: the kernel tells it of processes only where it begins."""

    def __init__(self, ns, *args, **more):
        super().__init__(ns, *args, **more)
        self.space = f"trk-{os.getpid()}"
        self.path = f"/run/netns/{self.space}"
        os.makedirs("/run/netns", exist_ok=True)
        with open(self.path, "w", encoding="ascii"):
            pass
        subprocess.run(["mount", "--bind", ns.path, self.path], check=True)
        self.ns = None

    def __exit__(self, *exc):
        super().__exit__(*exc)
        subprocess.run(["umount", self.path], check=True)
        os.unlink(self.path)

    def text(self):
        return f"net_namespace {self.space}\n" + super().text()


class Reader(Vipd):
    """vipd that reads keepalived's own configuration."""

    def text(self):
        other = object.__new__(Keeper)
        other.__dict__.update(self.__dict__)
        return Keeper.text(other)


# name, statements of its vrrp_track_process, then what it adds while there run: none; PATH 1000; that and PATH 1001; these
# two and two PATH 2000
PROCESS_ROWS = [
    ("name",    "process {comm}\n weight 10", 0, 10, 10, 10),
    ("quorum",  "process {comm}\n quorum 2\n quorum_max 3\n weight 20", 0, 0, 20, 0),
    ("reverse", "process {comm}\n weight 10 reverse", 0, -10, -10, -10),
    ("minus",   "process {comm}\n weight -10", -10, 0, 0, 0),
    ("must",    "process {comm}\n weight 0", FAULT, 0, 0, 0),
    ("none",    "process {comm}\n quorum_max 0\n weight 0", 0, FAULT, FAULT, FAULT),
    ("never",   "process {comm}\n weight 0 reverse", 0, FAULT, FAULT, FAULT),
    ("path",    "process {path}\n weight 10", 0, 0, 0, 0),
    ("full",    "process {path}\n full_command\n weight 10", 0, 10, 10, 10),
    ("exact",   "process {path} 1001\n weight 10", 0, 0, 10, 10),
    ("initial", "process {path} 10\n param_match initial\n quorum 2\n weight 10", 0, 0, 10, 10),
    ("partial", "process {path} 1000\n param_match partial\n weight 10", 0, 10, 10, 10),
    ("short",   "process {path} 10\n param_match partial\n weight 10", 0, 0, 0, 0),
    ("bare",    "process {path}\n param_match\n weight 10", 0, 0, 0, 0),
]


def processes_beside_keepalived(t):
    t.part("the same processes, and one configuration for both: the same priorities on the wire")
    with Scene(t) as scene, Some() as some:
        routers = []
        for kind, apart in ((Reader, 0), (Spaced, APART)):
            found = [instance(row[0], n + 1 + apart, 100, [f"10.9.{apart + 1}.{n + 1}/32"],
                              keepalived=f"  track_process {{\n    {row[0]}\n  }}") for n, row in enumerate(PROCESS_ROWS)]
            routers.append(scene.router(kind.__name__.lower(), kind, found))
        folder = routers[0].director.folder
        path = program(folder, "trk-both")
        for router in routers:
            router.director.more = "".join(
                f"vrrp_track_process {name} {{\n {words.format(comm='trk-both', path=path)}\n}}\n"
                for name, words, *_ in PROCESS_ROWS)
            router.director.start()
        for step, starts in enumerate(([], ["1000"], ["1001"], ["2000", "2000"])):
            for one in starts:
                some.start(path, one)
            for router, apart in zip(routers, (0, APART)):
                def wrong():
                    wanted = [(row[0], n, row[2 + step]) for n, row in enumerate(PROCESS_ROWS)]
                    wanted = [(name, n, FAULT if add is FAULT else 100 + add) for name, n, add in wanted]
                    return {name: (got, prio) for name, n, prio in wanted
                            if (got := priority_of(scene, router, n + 1 + apart)) != prio}
                try:
                    wait_until(lambda: not wrong(), PATIENCE, "")
                except Missing:
                    pass  # told below
                left = wrong()
                t.check(not left, f"step {step}: {len(PROCESS_ROWS)} priorities of {router.name}, as the table has them"
                        + (f"; not these (got, wanted): {left}" if left else ""))
        for router in routers:
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")


# ---- many processes

STORM = "i=0; while [ $i -lt {n} ]; do /bin/true; i=$((i+1)); done"


def threads_cpu(pid):
    """Seconds of processor time of each of its threads so far, by name."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii") as file:
            head, _, rest = file.read().rpartition(")")
        fields = rest.split()
        found[head.partition("(")[2]] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def lateness(router):
    """Of the adverts since the last time: the line's text."""
    seen = router.daemon.mark()
    router.daemon.send(signal.SIGUSR1)
    return router.daemon.wait_for(r"vipd\.lateness adverts=(\d+) .*max_us=(\d+)", PATIENCE, seen)


def storm(t):
    t.part("thousands of short processes: adverts of 10 ms leave on time, and the count is right")
    n, at_once = 1500, 2
    with Scene(t) as scene, Some() as some:
        a = scene.router("a", Vipd, [instance("web", 1, 50, ["10.9.0.100/24"], advert_ms=10,
                                              vipd='track_process = [ "one" ];')])
        path = program(a.director.folder, "trk-counted")
        a.director.more = 'track_processes = ( { name = "one"; process = "trk-counted"; weight = 10; } );\n'
        a.director.start()
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        lateness(a)
        time.sleep(2)
        calm = lateness(a)
        before, begin = threads_cpu(a.daemon.pid), time.monotonic()
        shells = [subprocess.Popen(["/bin/sh", "-c", STORM.format(n=n)]) for _ in range(at_once)]
        one = some.start(path, "1000")
        wait_prio(scene, a, 1, 60)
        some.end(one)
        wait_prio(scene, a, 1, 50)
        for shell in shells:
            shell.wait()
        end = time.monotonic()
        after, busy = threads_cpu(a.daemon.pid), lateness(a)
        still = scene.stalls.between(begin, end)
        worst = pair.gaps(scene.wire.adverts(since=begin, mac=a.mac, vrid=1))[0][0]
        t.note(f"{n * at_once} processes in {end - begin:.1f} s; processor time of vipd-track "
               f"{after['vipd-track'] - before['vipd-track']:.2f} s, of vipd-vrrp "
               f"{after['vipd-vrrp'] - before['vipd-vrrp']:.2f} s; the machine stood still for {ms(still)}")
        t.note(f"at rest: {calm.text}")
        t.note(f"in the storm: {busy.text}")
        t.note(f"largest gap between adverts on the wire {ms(worst)}")
        t.check(int(busy.match[2]) / 1e6 < 0.030 + still, f"no advert later than three intervals: {busy.match[2]} us")
        t.check(not a.daemon.find(r"vrrp\.state inst=web .*from=ACTIVE"), "it stays active")

        t.part("events are lost while vipd stands still: all are counted again")
        if a.daemon.find(r"track\.processes"):
            t.note("no events here")
            return
        seen = a.daemon.mark()
        a.daemon.send(signal.SIGSTOP)
        two = some.start(path, "1000")
        subprocess.run(["/bin/sh", "-c", STORM.format(n=3000)], check=True)
        a.daemon.send(signal.SIGCONT)
        a.daemon.wait_for(r"track\.overrun", PATIENCE, seen)
        wait_prio(scene, a, 1, 60)
        some.end(two)
        wait_prio(scene, a, 1, 50)
        t.equal(a.director.stop(), 0, "exit status")


class Boxed(Vipd):
    """vipd in a process namespace of its own, which the kernel does not tell of processes."""

    def argv(self):
        return ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *super().argv()]


def no_events(t):
    t.part("without the kernel's events: told once, and counted every second")
    with Scene(t) as scene, Some() as some:
        a = scene.router("a", Boxed, [instance("web", 1, 50, ["10.9.0.100/24"], vipd='track_process = [ "one" ];')])
        path = program(a.director.folder, "trk-boxed")
        a.director.more = 'track_processes = ( { name = "one"; process = "trk-boxed"; weight = 10; } );\n'
        a.director.start()
        wait_prio(scene, a, 1, 50)
        a.daemon.wait_for(r'warning track\.processes error="Connection refused" every_ms=1000', PATIENCE)
        vipd = [pid for pid in group_pids(a.daemon.pid) if comm(pid) == "vipd"]
        some.start(path, "1000")  # outside: none of its business
        inside = some.start("nsenter", "-t", str(vipd[0]), "-p", "-m", path, "1000")
        wait_prio(scene, a, 1, 60)
        subprocess.run(["pkill", "-P", str(inside.pid)], check=True)
        wait_prio(scene, a, 1, 50)
        t.equal(len(a.daemon.find(r"track\.processes")), 1, "lines about it")
        os.kill(vipd[0], signal.SIGTERM)
        t.equal(a.daemon.wait(PATIENCE), 0, "exit status")


# ---- sources

def sources(t):
    t.part("track_src_ip: FAULT while the source is on no interface")
    with Scene(t) as scene:
        words = 'mcast_src_ip = "10.9.0.77";'
        a = scene.router("a", Vipd, [
            instance("x", 1, 100, ["10.9.1.1/32"], vipd=words + " track_src_ip = true;"),
            instance("y", 2, 100, ["10.9.1.2/32"], vipd=words),
            instance("z", 3, 100, ["10.9.1.3/32"], vipd="track_src_ip = true;"),
            instance("six", 4, 100, ["fe80::100/64"], vipd='mcast_src_ip = "fe80::77"; track_src_ip = true;')])
        a.director.start()
        for name in ("y", "z"):  # without track_src_ip, or without a source of its own, nothing is tracked
            a.director.wait_state(name, "ACTIVE", PATIENCE)
        a.director.wait_state("x", "FAULT", PATIENCE)
        a.director.wait_state("six", "FAULT", PATIENCE)
        t.check(a.daemon.find(r"vrrp\.state inst=x .*why=no_source"), "it says why")
        seen = a.daemon.mark()
        a.ns.ip("addr add 10.9.0.77/32 dev lo")
        a.director.wait_state("x", "ACTIVE", PATIENCE, seen)
        scene.wire.wait(Advert, PATIENCE, mac=a.mac, vrid=1, src="10.9.0.77")
        a.ns.ip("addr add fe80::77/64 dev lo")
        time.sleep(0.5)
        t.check(not a.daemon.find(r"inst=six .*to=(BACKUP|ACTIVE)", seen), "a link-local one on another interface is none")
        a.ns.ip("addr add fe80::77/64 dev eth0 nodad")
        a.director.wait_state("six", "ACTIVE", PATIENCE, seen)
        seen = a.daemon.mark()
        a.ns.ip("addr add 10.9.0.77/32 dev eth0", "addr del 10.9.0.77/32 dev lo")
        time.sleep(0.5)
        scene.check_quiet(a, seen, ["x", "y", "z", "six"], "the source moves to another interface")
        moment = time.monotonic()
        a.ns.ip("addr del 10.9.0.77/32 dev eth0", "addr del fe80::77/64 dev eth0")
        fault = a.director.wait_state("x", "FAULT", PATIENCE, seen)
        a.director.wait_state("six", "FAULT", PATIENCE, seen)
        t.note(f"FAULT after {ms(fault.time - moment)}")
        scene.check_quiet(a, seen, ["y", "z"], "the source is gone")
        seen = a.daemon.mark()
        a.director.instances[0]["vipd"] = words
        a.director.reload()
        a.director.wait_state("x", "ACTIVE", PATIENCE, seen)
        t.equal(a.director.stop(), 0, "exit status")


pair.run_parts("netns-tracking", [beside_keepalived, rise_and_fall, beginnings, apart, reloads, processes,
                                   processes_beside_keepalived, storm, no_events, sources])
