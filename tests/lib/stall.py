# SPDX-License-Identifier: GPL-2.0-or-later
"""How long the machine itself stood still.

A bound in milliseconds is the product's promise, but a busy host may stop a guest, one of its processors, or this whole
process, for longer. A process of its own has a thread of the highest real-time priority on each processor, which sleeps
in short steps; what a step takes too long, nobody on that processor could have used. Tests that check a bound add what
stood still within it, and say so.

    with Stalls() as stalls:
        ...
        t.check(took <= limit + stalls.between(begin, end), ...)
"""

import os
import subprocess
import sys
import threading
import time

STEP = 0.005    # seconds
IGNORE = 0.010  # what is shorter is the clock's and the interpreter's own grain
SETTLE = 0.020  # until a gap that has just ended was told


class Stalls:
    def __init__(self):
        self._gaps = []  # (from, to) of what stood still, on any processor
        self._watcher = None
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        argv = [sys.executable, os.path.abspath(__file__)]
        self._watcher = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._reader.start()
        return self

    def __exit__(self, *exc):
        self._watcher.stdin.close()  # tells it to end
        self._watcher.wait()
        self._reader.join()
        self._watcher.stdout.close()

    def _read(self):
        for line in self._watcher.stdout:
            since, to = map(float, line.split())
            self._gaps.append((since, to))

    def between(self, begin, end):
        """Seconds between two moments in which the machine, or one of its processors, stood still."""
        time.sleep(SETTLE)
        total, done = 0.0, begin
        for since, to in sorted(self._gaps):
            since, to = max(since, done), min(to, end)
            if to > since:
                total, done = total + to - since, to
        return total


def _beat(cpu):
    os.sched_setaffinity(0, {cpu})
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(os.sched_get_priority_max(os.SCHED_RR)))
    due = time.monotonic() + STEP
    while True:
        time.sleep(max(0.0, due - time.monotonic()))
        now = time.monotonic()
        if now - due > IGNORE:
            os.write(1, f"{due:.6f} {now:.6f}\n".encode())
        due = now + STEP


if __name__ == "__main__":
    for number in os.sched_getaffinity(0):
        threading.Thread(target=_beat, args=(number,), daemon=True).start()
    sys.stdin.read()  # until the test ends, however it ends
    os._exit(0)
