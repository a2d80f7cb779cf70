#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line, bad configurations, reloads, and standard error that is full, closed or not there."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance  # noqa: E402
from pair import PATIENCE, Scene, ms  # noqa: E402
from proc import Daemon, Missing, group_pids, wait_until  # noqa: E402
from wire import Advert  # noqa: E402

VIP = "10.9.0.100"
VIPD = os.path.abspath(Vipd.program)
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
RELOADS = 200
GROWTH = 512 * 1024  # bytes of resident memory that 200 reloads may cost

GOOD = '''vrrp_instances = (
  { name = "web"; interface = "eth0"; virtual_router_id = 51; virtual_ipaddress = ( "10.9.0.100/24" ); }
);
'''

# four mistakes, each on a line of its own
BAD = '''vrrp_instances = (
  { name = "a"; interface = "eth0"; virtual_router_id = 0; virtual_ipaddress = ( "10.9.0.1/24" ); },
  { name = "b"; interface = "eth0"; virtual_router_id = 2; prioriti = 3; virtual_ipaddress = ( "10.9.0.2/24" ); },
  { name = "c"; interface = "eth0"; virtual_router_id = 3; virtual_ipaddress = ( "10.9.0.300/24" ); },
  { name = "d"; interface = "eth0"; virtual_router_id = "four"; virtual_ipaddress = ( "10.9.0.4/24" ); }
);
'''


def web(prio=100, **more):
    return instance("web", 51, prio, [VIP + "/24"], advert_ms=100, **more)


class Ran:
    """vipd, run to its end."""

    def __init__(self, *args, before=(), program=VIPD):
        done = subprocess.run([*before, program, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=20, check=False)
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr


def command_line(t):
    t.part("command line")
    ran = Ran("--version")
    t.check(ran.status == 0 and re.fullmatch(r"vipd \d+\.\d+\S*\n", ran.out) and not ran.err,
            f"--version: {ran.out.strip()}")
    ran = Ran("--help")
    words = ["-f FILE", "--check", "--dataplane=kernel|memory", "--version", "Exit status"]
    t.check(ran.status == 0 and not ran.err and all(word in ran.out for word in words), "--help tells every option")
    for args, word in ((["--unknown"], "--unknown"), (["-x"], "x"), (["left", "over"], "left"), (["-f"], "-- 'f'"),
                       (["--dataplane=paper"], "paper"), (["--check", "more"], "more"), (["--format=xml"], "xml"),
                       (["--schema=yaml"], "yaml"), (["--node"], "node")):
        ran = Ran(*args)
        t.check(ran.status == 1 and not ran.out and word in ran.err and ran.err.count("\n") <= 2,
                f"{' '.join(args)}: status {ran.status}, {ran.err.strip()!r}")
    ran = Ran("--check", "--version", "--unknown")
    t.check(ran.status == 0, "--version wins over what comes after it")


def check_option(t):
    t.part("--check")
    with tempfile.TemporaryDirectory(prefix="conf-") as folder:
        os.chmod(folder, 0o755)
        good, bad = os.path.join(folder, "good"), os.path.join(folder, "bad")
        write(good, GOOD)
        write(bad, BAD)
        ran = Ran("--check", "-f", good)
        t.check(ran.status == 0 and "1 file, 1 instance, " in ran.out and "; 0 errors, 0 warnings" in ran.out,
                f"good: status {ran.status}, {ran.out.strip()}")
        ran = Ran("-c", "--file", good)
        t.equal(ran.status, 0, "the same in short and long options")
        ran = Ran("--check", "-f", bad)
        t.equal(ran.status, 2, "status of a bad one")
        *findings, summary = ran.out.splitlines(keepends=True)
        check_findings(t, "".join(findings), bad)
        t.equal(summary, f"{bad}: 1 file; 4 errors, 0 warnings, 0 notes; "
                         "rules of the whole configuration come after these\n", "summary of a bad one")
        ran = Ran("-f", bad)
        t.equal(ran.status, 2, "status without --check: it does not start")
        check_findings(t, ran.err, bad)
        check_strict(t, folder)
        write(bad, "vrrp_instances = (\n  { name = \"a\";\n")
        ran = Ran("--check", "-f", bad)
        t.check(ran.status == 2 and re.search(rf"^{re.escape(bad)}:\d+: error: .*syntax", ran.out, re.M),
                f"syntax error: status {ran.status}, {ran.out.strip()}")
        for what, path, before in (("missing", os.path.join(folder, "none"), []), ("a folder", folder, [])):
            for args in (["--check", "-f", path], ["-f", path]):
                ran = Ran(*args, before=before)
                told = ran.out + ran.err
                t.check(ran.status == 3 and told.startswith(path) and "error:" in told and told.count("\n") <= 2,
                        f"file is {what}: status {ran.status}, {told.strip()}")
        os.chmod(good, 0o600)
        own = for_nobody(folder)
        ran = Ran("--check", "-f", good, before=NOBODY, program=own)
        t.check(ran.status == 3 and "ermission" in ran.out, f"unreadable: status {ran.status}, {ran.out.strip()}")
        ran = Ran("--check", "-f", "/dev/null")
        t.check(ran.status in (0, 2), f"an empty file: status {ran.status}")


def check_strict(t, folder):
    """Warnings, and findings for machines."""
    path = os.path.join(folder, "warned")
    write(path, 'virtual_servers = ( { name = "w"; address = "10.9.0.1"; port = 80; } );\n')
    t.equal(Ran("--check", "-f", path).status, 0, "status with a warning")
    t.equal(Ran("--check", "--strict", "-f", path).status, 1, "status with a warning and --strict")
    told = json.loads(Ran("--check", "--format=json", "-f", path).out)
    t.equal((told["warnings"], told["virtual_servers"]), (1, 1), "counts as JSON")
    t.equal([(f["file"], f["line"], f["level"]) for f in told["findings"]], [(path, 1, "warning")], "findings as JSON")
    write(path, 'node_overrides = ( { node = "n2"; workers = { check_threads = 300; }; } );\ninclude = "more";\n')
    told = json.loads(Ran("--check", "--format=json", "-f", path).out)
    t.check(told["errors"] == 1 and "more can't be read" in told["findings"][0]["text"], "a missing include")
    os.mkdir(os.path.join(folder, "base"))
    write(os.path.join(folder, "base", "more"), "")
    ran = Ran("--check", "--base-dir", os.path.join(folder, "base"), "--node", "n2", "-f", path)
    t.check(ran.status == 2 and "0..256" in ran.out and "2 files;" in ran.out, f"--base-dir: {ran.out.strip()}")
    kinds = json.loads(Ran("--schema=json").out)["kinds"]
    t.check(any(kind["name"] == "virtual_servers" for kind in kinds), "--schema=json")


def check_findings(t, text, path):
    found = re.findall(rf"^{re.escape(path)}:(\d+): error: .+$", text, re.M)
    t.check({2, 3, 4, 5} <= set(map(int, found)), f"every mistake at once, each with its line: {found}")
    t.check("did you mean 'priority'" in text, "an unknown setting comes with the nearest known one")
    strange = [line for line in text.splitlines() if not re.match(r"\S+:(\d+:)? (error|warning|note): ", line)]
    t.check(not strange, f"nothing but findings {strange or ''}".rstrip())


def for_nobody(folder):
    """A copy of the program that everybody may run."""
    path = os.path.join(folder, "vipd")
    shutil.copy(VIPD, path)
    os.chmod(path, 0o755)
    return path


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def no_permission(t):
    t.part("without the rights that it needs")
    with Scene(t) as scene, tempfile.TemporaryDirectory(prefix="conf-") as folder:
        os.chmod(folder, 0o755)
        conf = os.path.join(folder, "conf")
        write(conf, GOOD)
        ns = scene.host("r1", "10.9.0.1/24")
        with Daemon([*NOBODY, for_nobody(folder), "-f", conf], ns=ns) as daemon:
            t.equal(daemon.wait(10), 1, "exit status as nobody")
            said = [line.text for line in daemon.lines]
            errors = [line for line in said if re.match(r"\S+Z error |vipd: ", line)]
            t.check(any(re.search("ermission|permitted", line) for line in errors),
                    f"it says that a right is missing: {errors}")
            t.check(len(errors) == 1 and re.search("root|CAP_NET", errors[0]),
                    f"in one sentence that says what to do ({len(errors)}): {errors}")


def second_program(t):
    t.part("a second vipd in the same network namespace")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [web()], start=True)
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        seen = a.daemon.mark()
        with Daemon([VIPD, "-f", a.director.conf, "--control=none"], ns=a.ns) as second:
            t.equal(second.wait(10), 1, "exit status")
            said = [line.text for line in second.lines]
            t.check(len(said) == 1 and str(a.daemon.pid) in said[0], f"one sentence, with the process: {said}")
        time.sleep(0.3)
        scene.check_quiet(a, seen, ["web"], "a second vipd")
        t.equal(scene.owners.now(VIP), {"r1"}, "holder")


def bad_reload(t):
    t.part("a bad reload keeps the generation that runs, and says so")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [web()], start=True)
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        begin, seen = time.monotonic(), a.daemon.mark()
        write(a.director.conf, BAD)
        a.daemon.send(signal.SIGHUP)
        refused = a.daemon.wait_for(r"error conf\.refused gen=(\d+)", 5, seen)
        t.equal(refused.match[1], "1", "generation that goes on")
        lines = [int(line.match[1]) for line in a.daemon.find(r"error conf\.error .*line=(\d+) ", seen)]
        t.check({2, 3, 4, 5} <= set(lines), f"the log has every mistake with its line: {lines}")

        for what, deed in (("syntax error", lambda: write(a.director.conf, "vrrp_instances = ( {")),
                           ("deleted file", lambda: os.unlink(a.director.conf))):
            seen = a.daemon.mark()
            deed()
            a.daemon.send(signal.SIGHUP)
            a.daemon.wait_for(r"error conf\.refused gen=1", 5, seen)
            t.check(bool(a.daemon.find(r"error conf\.error ", seen)), f"{what}: refused, and the reason is told")
        os.mkdir(a.director.conf)
        seen = a.daemon.mark()
        a.daemon.send(signal.SIGHUP)
        a.daemon.wait_for(r"error conf\.refused gen=1", 5, seen)
        os.rmdir(a.director.conf)

        t.part("a good one afterwards works")
        seen = a.daemon.mark()
        a.director.instances[0]["prio"] = 120
        a.director.reload()
        applied = a.daemon.wait_for(r"conf\.applied gen=(\d+) (.*)", 5, seen)
        t.equal(applied.match[1], "2", "generation")
        scene.wire.wait(Advert, 3, src=a.ip, prio=120)
        scene.check_quiet(a, a.daemon.find("to=ACTIVE") and seen, ["web"], "all of it")
        time.sleep(0.5)
        gap, at = scene.largest_gap(src=a.ip, since=begin)
        scene.bound(gap, 0.13, at, at + gap, "largest gap between adverts")
        t.equal(a.director.stop(), 0, "exit status")


def standard_error(t):
    for what, shell in (("full", "exec 2>/dev/full"), ("closed", "exec 2>&-"),
                        ("closed, with input and output too", "exec 0<&- 1>&- 2>&-")):
        t.part(f"standard error is {what}")
        with Scene(t) as scene:
            a = start_in_shell(scene, f'{shell}; exec "$0" "$@"')
            bad = descriptors(a.daemon.pid, {0, 1, 2} if "input" in what else {2})
            t.check(not bad, f"no descriptor of its own work is where standard error belongs {bad or ''}".rstrip())
            a.daemon.send(signal.SIGHUP)
            time.sleep(0.3)
            write(a.director.conf, BAD)
            a.daemon.send(signal.SIGHUP)
            time.sleep(0.5)
            t.check(a.daemon.alive(), "it lives through reloads")
            check_stop(scene, a, a.daemon.pid, lambda: a.daemon.wait(10))


def standard_error_is_a_pipe(t):
    for what, reader in (("that nobody reads any more", "true"), ("that nobody empties", "sleep 60")):
        t.part(f"standard error is a pipe {what}")
        with Scene(t) as scene:
            a = start_in_shell(scene, f'("$0" "$@"; echo $? >"$2.status") 2>&1 | exec {reader}')
            pid = next(pid for pid in group_pids(a.daemon.pid) if os.readlink(f"/proc/{pid}/exe").endswith("vipd"))
            write(a.director.conf, BAD)
            for _ in range(400):  # more than a pipe holds
                os.kill(pid, signal.SIGHUP)
                time.sleep(0.004)
            begin = time.monotonic()
            time.sleep(0.5)
            gap, at = scene.largest_gap(src=a.ip, since=begin)
            scene.bound(gap, 0.13, at, at + gap, "largest gap between adverts")
            check_stop(scene, a, pid, lambda: status_of(a))


def start_in_shell(scene, script):
    """vipd started by a shell that does something to its standard error; waits until it is active."""
    a = scene.router("r1", Vipd, [web()])
    a.director.write()
    a.director.daemon = Daemon(["sh", "-c", script, VIPD, "-f", a.director.conf,
                                f"--control={a.director.control}"], ns=a.ns, name="r1")
    scene.wire.wait(Advert, 5, src=a.ip)
    scene.owners.wait(VIP, {"r1"}, 5)
    return a


def status_of(router):
    """The exit status that the shell wrote down."""
    path = router.director.conf + ".status"

    def read():
        if not os.path.exists(path):
            return ""
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    return int(wait_until(read, 10, "vipd's end"))


def check_stop(scene, router, pid, status):
    moment = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    scene.wire.wait(Advert, 1, since=moment, src=router.ip, prio=0)
    wait_until(lambda: VIP not in router.ns.run("ip", "-4", "addr").stdout, 5, "the address is gone")
    try:
        scene.t.equal(status(), 0, "exit status of a clean stop")
    except Missing as missing:
        scene.t.check(False, f"a clean stop: {missing}")


def descriptors(pid, numbers):
    """What a process has at these numbers, when it is anything but nothing, a file or a device."""
    found = {}
    for number in numbers:
        try:
            target = os.readlink(f"/proc/{pid}/fd/{number}")
        except FileNotFoundError:
            continue
        if not target.startswith("/dev/"):
            found[number] = target
    return found


def killed_and_restarted(t):
    t.part("SIGKILL and restart: the address that was left behind")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [web()], start=True)
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        scene.owners.wait(VIP, {"r1"})
        a.director.kill()
        t.equal(scene.owners.now(VIP), {"r1"}, "holder after SIGKILL")
        a.director.start()
        a.director.wait_state("web", "BACKUP", 5)
        wait_until(lambda: not scene.owners.now(VIP), 0.25, "gone in BACKUP", 0.001)
        a.director.wait_state("web", "ACTIVE", 5)
        scene.owners.wait(VIP, {"r1"})
        t.equal(a.director.stop(), 0, "exit status")
        t.check(VIP not in a.ns.run("ip", "-4", "addr").stdout, "gone after a clean stop")

        t.part("SIGKILL and start without the interface: FAULT, then all is well once it is there")
        a.ns.ip("link set eth0 name gone0")
        a.director.start()
        a.director.wait_state("web", "FAULT", 5)
        a.ns.ip("link set gone0 down", "link set gone0 name eth0", "link set eth0 up")
        a.director.wait_state("web", "ACTIVE", 5)
        scene.owners.wait(VIP, {"r1"})
        t.equal(a.director.stop(), 0, "exit status")


def usage(pid):
    """Open descriptors and bytes of resident memory."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        resident = int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1]) * 1024
    return len(os.listdir(f"/proc/{pid}/fd")), resident


def many_reloads(t):
    t.part(f"{RELOADS} reloads in a row while an instance is active")
    with Scene(t) as scene:
        a = scene.router("r1", Vipd, [web(150)], start=True)
        a.director.wait_state("web", "ACTIVE", PATIENCE)
        b = scene.router("r2", Vipd, [web(100)], start=True)
        b.director.wait_state("web", "BACKUP", PATIENCE)
        scene.owners.wait(VIP, {"r1"})
        marks = {router.name: router.daemon.mark() for router in (a, b)}
        reload_often(a, b, 20)
        before = {router.name: usage(router.daemon.pid) for router in (a, b)}
        begin = time.monotonic()
        reload_often(a, b, RELOADS)
        time.sleep(1.2)
        for router in (a, b):
            router.director.reload()
            gen = int(router.daemon.wait_for(r"conf\.applied gen=(\d+)", 5, router.daemon.mark()).match[1])
            t.check(gen > RELOADS // 2, f"{router.name} is at generation {gen}")
            scene.check_quiet(router, marks[router.name], ["web"], f"{gen} reloads")
            fds, resident = usage(router.daemon.pid)
            old_fds, old_resident = before[router.name]
            t.check(fds <= old_fds, f"{router.name}: open descriptors {old_fds} -> {fds}")
            t.check(resident - old_resident < GROWTH,
                    f"{router.name}: resident memory {old_resident // 1024} -> {resident // 1024} kB")
        gap, at = scene.largest_gap(src=a.ip, since=begin)
        scene.bound(gap, 0.13, at, at + gap, "largest gap between adverts")
        t.note(f"largest gap {ms(gap)}")
        scene.check_single([VIP])
        for router in (a, b):
            t.equal(router.director.stop(), 0, f"exit status of {router.name}")


def reload_often(a, b, count):
    """Every time with something else: a garp setting that changes, an address that comes and goes."""
    for n in range(count):
        for router in (a, b):
            router.director.instances[0]["addresses"] = [VIP + "/24"] + (["10.9.0.101/32"] if n % 2 else [])
            router.director.reload()
        time.sleep(0.025)
    for router in (a, b):
        router.director.instances[0]["addresses"] = [VIP + "/24"]
        router.director.reload()


pair.run_parts("netns-config", [command_line, check_option, no_permission, second_program, bad_reload, standard_error,
                                standard_error_is_a_pipe, killed_and_restarted, many_reloads])
