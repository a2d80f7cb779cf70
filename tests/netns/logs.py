#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the log goes (standard error, syslog, the journal, with daemons of the test's own), how much of it, what its
lines mean; and the file mode mask and the paths of scripts."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from netns import Net  # noqa: E402
from proc import Daemon, director_of, wait_until  # noqa: E402
from suite import suite  # noqa: E402

VIPD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/vipd")
PATIENCE = 20
SPACE = uuid.UUID("0a3c3f0e-6b0f-5d5c-9d55-7669706420a1")

# a /dev and a /run of its own, in which the two daemons are links to the test's sockets
ELSEWHERE = """
set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/journal
ln -s "$1/journal" /run/systemd/journal/socket
mount -t tmpfs none /dev
for d in "null 3" "full 7" "urandom 9"; do mknod -m 666 /dev/${d% *} c 1 ${d#* }; done
ln -s "$1/syslog" /dev/log
if [ "$2" = journal ]; then export JOURNAL_STREAM="$(stat -L -c %d:%i /proc/self/fd/2)"; fi
shift 2
exec "$@"
"""


class Hearer:
    """A daemon that takes datagrams; it may stop reading."""

    def __init__(self, ns, path, reads=True):
        self.got = []
        self._socket = ns.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self.path = path
        if reads:
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                return
            if not data:
                return
            self.got.append(data.decode())

    def wait_for(self, regex, since=0):
        return wait_until(lambda: next((m for m in map(re.compile(regex, re.S).search, self.got[since:]) if m), None),
                          PATIENCE, f"/{regex}/ in {self.path}: {self.got[-5:]}")

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        os.unlink(self.path)


def conf(more="", servers=1, check=""):
    rs = ", ".join(f'"127.0.0.{n + 1}"' for n in range(servers))
    return (f'{more}\nvirtual_servers = ( {{ name = "www"; address = "192.0.2.100"; port = 80; checks = ( {{ type = "tcp"; '
            f'interval = "50ms"; timeout = "50ms"; fall = 1; {check} }} ); real_servers = ( {rs} ); }} );\n')


class Bed:
    def __init__(self, t, net):
        self.t = t
        self.ns = net.ns("logs")
        self.ns.ip("link set lo up")
        self.folder = tempfile.mkdtemp(prefix="logs-", dir=os.environ.get("TMPDIR", "/tmp"))
        os.chmod(self.folder, 0o755)
        self.conf = os.path.join(self.folder, "vipd.conf")

    def write(self, text):
        with open(self.conf, "w", encoding="ascii") as file:
            file.write(text)

    def vipd(self, *options, stderr="", plain=False):
        argv = [VIPD, "-f", self.conf, "--dataplane=memory", "--control=none", "--state=none", *options]
        if not plain:
            argv = ["unshare", "-m", "sh", "-c", ELSEWHERE, "sh", self.folder, stderr, *argv]
        return Daemon(argv, ns=self.ns, name="vipd")

    def hearers(self, reads=True):
        return Hearer(self.ns, self.folder + "/syslog", reads), Hearer(self.ns, self.folder + "/journal")


def targets(bed):
    t = bed.t
    bed.write(conf())
    syslog, journal = bed.hearers()
    t.part("the journal, when standard error leads there")
    with bed.vipd("-S", "2", stderr="journal") as vipd:
        down = journal.wait_for(r"^MESSAGE=server\.down .*").group(0)
        journal.wait_for("MESSAGE=vipd.ready")
        t.equal(vipd.stop(), 0, "it stops well")
        t.equal(vipd.lines, [], "standard error has nothing")
    journal.wait_for("MESSAGE=vipd.stopped")
    fields = dict(line.split("=", 1) for line in down.splitlines())
    t.equal({k: fields.get(k) for k in ("PRIORITY", "SYSLOG_IDENTIFIER", "SYSLOG_FACILITY", "MESSAGE_ID", "VIPD_EVENT",
                                        "VIPD_SERVICE", "VIPD_SERVER", "VIPD_REASON")},
            {"PRIORITY": "4", "SYSLOG_IDENTIFIER": "vipd", "SYSLOG_FACILITY": "18",
             "MESSAGE_ID": uuid.uuid5(SPACE, "server.down").hex, "VIPD_EVENT": "server.down", "VIPD_SERVICE": "www",
             "VIPD_SERVER": "127.0.0.1:80", "VIPD_REASON": "L4CON"}, "a line has fields")
    t.equal(syslog.got, [], "syslog has nothing")

    t.part("syslog, by -S; standard error too, by -l; not, by -G")
    mark = len(journal.got)
    with bed.vipd("--log-facility=local1", "-l", "-n") as vipd:
        vipd.wait_for(r"Z warning server\.down vs=www rs=127\.0\.0\.1:80", PATIENCE)
        head = syslog.wait_for(r"^<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d vipd\[(\d+)\]: server\.down vs=www rs=127")
        t.equal((head.group(1), int(head.group(2))), ("140", director_of(vipd.pid)), "facility, severity and process")
        vipd.wait_for("vipd.ready", PATIENCE)
        t.equal(vipd.stop(), 0, "it stops well")
    syslog.wait_for("vipd.stopped")
    mark_syslog = len(syslog.got)
    with bed.vipd("-S", "1", "-G") as vipd:
        vipd.wait_for("vipd.ready", PATIENCE)
        t.equal(vipd.stop(), 0, "it stops well")
    t.equal((len(syslog.got), len(journal.got)), (mark_syslog, mark), "with -G neither daemon has anything")
    bed.write(conf('log = { target = "syslog"; };'))
    with bed.vipd() as vipd:
        syslog.wait_for("<30>.*vipd.ready", mark_syslog)
        t.equal(vipd.stop(), 0, "it stops well")
        t.equal(vipd.lines, [], "standard error has nothing")
    syslog.close()

    t.part("no daemon there: standard error; one that is stuck: dropped and counted")
    with bed.vipd() as vipd:
        vipd.wait_for("vipd.ready", PATIENCE)
        t.equal(vipd.stop(), 0, "it stops well")
    bed.ns.sysctl({"net.unix.max_dgram_qlen": 4})
    syslog = Hearer(bed.ns, bed.folder + "/syslog", reads=False)
    bed.write(conf('log = { target = "syslog"; check_failures = "all"; };', servers=8))
    with bed.vipd("-l") as vipd:
        vipd.wait_for(r"log\.lost count=\d+ to=syslog", PATIENCE)
        vipd.wait_for("vipd.ready", PATIENCE)
        t.equal(vipd.stop(), 0, "it stops well though syslog is stuck")
        vipd.wait_for("vipd.stopped", PATIENCE)
    syslog.close()
    journal.close()


def levels(bed):
    t = bed.t
    t.part("levels and failed checks, over reloads")
    bed.write(conf())
    with bed.vipd(plain=True) as vipd:
        vipd.wait_for("server.check vs=www .* verdict=down", PATIENCE)
        vipd.wait_for("server.down vs=www rs=127.0.0.1:80", PATIENCE)
        vipd.wait_for("vipd.ready", PATIENCE)
        t.equal(vipd.find("check.fail"), [], "first: what changes nothing is not logged")

        def reload(text, until):
            bed.write(text)
            mark = vipd.mark()
            vipd.send(1)
            vipd.wait_for(until, PATIENCE, mark)
            return mark
        reload(conf('log = { check_failures = "all"; };'), "check.fail vs=www rs=127.0.0.1:80")
        mark = reload(conf('log = { check_failures = "none"; };', servers=2), "server.down vs=www rs=127.0.0.2:80")
        t.equal(vipd.find(r"server.check .*rs=127.0.0.2:80", mark), [], "none: a failed check is not logged")
        reload(conf('log = { check_failures = "none"; };', servers=2, check="log_all_failures = true;"),
               "check.fail vs=www rs=127.0.0.2:80")
        mark = reload(conf('log = { level = "warning"; };', servers=3), "server.down vs=www rs=127.0.0.3:80")
        mark = reload(conf(servers=3), r"conf.applied gen=6")
        t.check(not vipd.find("conf.applied gen=5"), "warning: less important lines are not logged")
        t.equal(vipd.stop(), 0, "it stops well")
    with bed.vipd("--log-detail", plain=True) as vipd:
        vipd.wait_for("vipd.ready", PATIENCE)
        t.equal(vipd.stop(), 0, "-D: it stops well")


def explain(bed):
    t = bed.t
    t.part("what lines mean")

    def run(*argv):
        p = subprocess.run([VIPD, *argv], capture_output=True, text=True, timeout=PATIENCE, check=False)
        return p.returncode, p.stdout, p.stderr
    status, out, err = run("--explain", "server.down")
    t.check(status == 0 and not err and "takes no new traffic" in out and uuid.uuid5(SPACE, "server.down").hex in out,
            "an id is explained")
    status, out, err = run("--explain", "sever.down")
    t.check(status == 1 and not out and "server.down" in err, "an unknown one leads to the nearest")
    status, out, err = run("--explain", "vip.*")
    t.equal((status, re.findall(r"(?m)^(\S+) \(", out)), (0, ["vip.add", "vip.del", "vip.lost", "vip.fail"]), "a pattern")
    status, out, err = run("--explain")
    t.check(status == 0 and len(out.splitlines()) > 90 and not err, "all are listed")
    for argv in (["-S", "8"], ["-u", "0778"], ["-u", "1000"], ["-u", ""]):
        status, out, err = run(*argv)
        t.check(status == 1 and "vipd: --" in err, f"{argv} is refused with a sentence")


def scripts(bed):
    t = bed.t
    t.part("file mode mask and paths of scripts")
    real, link = bed.folder + "/real", bed.folder + "/link"
    os.mkdir(real)
    os.symlink(real, link)
    with open(real + "/one", "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\necho "$(umask) $0" > {bed.folder}/said\n')
    os.chmod(real + "/one", 0o755)
    os.symlink("one", real + "/name")
    cases = (
        ("", (), "0027", real),
        ('umask = "0002"; use_symlink_paths = true;', (), "0002", link),
        ('umask = "0002";', ("-u", "077"), "0077", real),
    )
    for settings, options, mask, folder in cases:
        bed.write(conf(f'global_defs = {{ {settings} script_user = "root"; startup_script = [ "{link}/name" ]; }};'))
        with bed.vipd(*options, plain=True) as vipd:
            vipd.wait_for("vipd.ready", PATIENCE)
            with open(bed.folder + "/said", encoding="ascii") as file:
                t.equal(file.read().split(), [mask, folder + "/name"], f"{settings} {options}")
            with open(f"/proc/{vipd.pid}/status", encoding="ascii") as file:
                t.equal(re.search(r"Umask:\s*(\d+)", file.read()).group(1), mask, "vipd's own mask")
            t.equal(vipd.stop(), 0, "it stops well")


def main():
    with suite("logs") as t, Net() as net:
        bed = Bed(t, net)
        targets(bed)
        levels(bed)
        explain(bed)
        scripts(bed)


if __name__ == "__main__":
    main()
