# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon under test: started (in a namespace), heard line by line, waited for, stopped.

Every line of its stderr and stdout is kept with the monotonic time of its arrival. Tests wait for a line or for
the exit, never for a fixed time. A daemon dies with the test that started it (PR_SET_PDEATHSIG), and it leads a
process group of its own, so that it can be ended with its children, by id.

    with Daemon(["build/vipd", "-f", conf], ns=d1) as vipd:
        line = vipd.wait_for(r"vrrp.state .* to=ACTIVE", 5)
        assert vipd.stop() == 0
"""

import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    time: float  # time.monotonic() when it was read
    text: str
    match: re.Match = None


class Missing(AssertionError):
    """What was waited for did not come."""


def wait_until(condition, timeout, what, step=0.005):
    """Calls `condition` until it returns something true, and returns that; raises Missing at the time limit."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Missing(f"not within {timeout} s: {what}")
        time.sleep(step)


def is_vipd(argv):
    """Does this start a vipd that runs, and not a look at a file?"""
    return os.path.basename(argv[0]) == "vipd" and "-f" in argv and "--check" not in argv


class Daemon:
    """A running program; `ns` is a Netns or None for the namespace of the test.

    A vipd runs without a watchdog, so that `pid` is the process that does the work and SIGKILL is its end, unless
    `watchdog` is asked for.
    """

    def __init__(self, argv, ns=None, name=None, env=None, watchdog=False):
        if is_vipd(argv) and not watchdog:
            argv = [*argv, "--no-watchdog"]
        self.name = name or os.path.basename(argv[0])
        self.lines = []
        self.status = None  # exit status, or minus the signal that ended it
        self.rusage = None  # of the program and all children it waited for, once it has ended
        self._news = threading.Condition()
        start = ns.popen if ns else subprocess.Popen
        self.started = time.monotonic()
        self._popen = start(["setpriv", "--pdeathsig", "KILL", "--", *argv], env=env, text=True, errors="replace",
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            start_new_session=True)
        self.pid = self._popen.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.kill()

    def _read(self):
        for text in self._popen.stdout:
            with self._news:
                self.lines.append(Line(time.monotonic(), text.rstrip("\n")))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def mark(self):
        """The number of lines so far: the `since` of a later wait_for()."""
        with self._news:
            return len(self.lines)

    def find(self, regex, since=0):
        """All lines so far that match, oldest first."""
        with self._news:
            lines = self.lines[since:]
        hits = ((line, re.search(regex, line.text)) for line in lines)
        return [Line(line.time, line.text, match) for line, match in hits if match]

    def wait_for(self, regex, timeout, since=0):
        """The first line from `since` on that matches; raises Missing at the time limit or when output ends."""
        end = time.monotonic() + timeout
        while True:
            seen = self.mark()
            ended = not self._reader.is_alive()
            hits = self.find(regex, since)
            if hits:
                return hits[0]
            left = end - time.monotonic()
            if ended or left <= 0:
                why = "it ended" if ended else f"not within {timeout} s"
                raise Missing(f"{self.name} never said /{regex}/: {why}; its last lines:\n" + self.tail())
            with self._news:
                self._news.wait_for(lambda: len(self.lines) > seen or not self._reader.is_alive(), min(left, 0.5))

    def tail(self, count=15):
        with self._news:
            return "\n".join("    " + line.text for line in self.lines[-count:])

    def send(self, number):
        """Sends a signal to the program alone."""
        if self.status is None:
            os.kill(self.pid, number)

    def wait(self, timeout):
        """Waits for the exit and returns the status; minus the signal's number if one ended it."""
        if self.status is None:
            wait_until(self._reap, timeout, f"exit of {self.name} (pid {self.pid})", step=0.002)
            self._reader.join(5)
        return self.status

    def _reap(self):
        pid, status, rusage = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return False
        self.status, self.rusage = os.waitstatus_to_exitcode(status), rusage
        self._popen.returncode = self.status
        return True

    def stop(self, number=signal.SIGTERM, timeout=10):
        self.send(number)
        return self.wait(timeout)

    def kill(self):
        """SIGKILL to the program and all its children at once; does nothing when it has ended."""
        if self.status is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.wait(10)

    def alive(self):
        return self.status is None and not self._reap()

    def cpu(self):
        """User + system seconds of all its processes so far, or in all once it has ended."""
        if self.rusage:
            return self.rusage.ru_utime + self.rusage.ru_stime
        return group_cpu(self.pid)

    def peak_rss(self):
        """Sum of the peak resident sizes of its running processes, in bytes."""
        return group_peak_rss(self.pid)


def group_pids(group):
    """All processes of a process group."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            stat = _stat_of(entry)
            if stat and int(stat[2]) == group:
                found.append(int(entry))
    return found


def group_cpu(group):
    """User + system seconds of a group's running processes so far."""
    return sum(_cpu_of(pid) for pid in group_pids(group))


def group_peak_rss(group):
    """Sum of the peak resident sizes of a group's running processes, in bytes."""
    return sum(_peak_of(pid) for pid in group_pids(group))


def _stat_of(pid):
    """The fields of /proc/PID/stat after the name (state is first), or None if it has gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def _cpu_of(pid):
    stat = _stat_of(pid)
    return sum(int(ticks) for ticks in stat[11:15]) / os.sysconf("SC_CLK_TCK") if stat else 0.0


def _peak_of(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            sizes = re.search(r"VmHWM:\s+(\d+) kB", file.read())
    except OSError:
        return 0
    return int(sizes[1]) * 1024 if sizes else 0


def director_of(pid):
    """The child of a vipd that does the work: the one with threads."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return int(max(file.read().split(), key=lambda child: len(os.listdir(f"/proc/{child}/task"))))
