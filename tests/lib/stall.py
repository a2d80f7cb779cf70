# SPDX-License-Identifier: GPL-2.0-or-later
"""How long the machine itself stood still.

A bound in milliseconds is the product's promise, but a busy host may stop a guest, or this whole process, for longer.
A thread of the highest real-time priority sleeps in short steps; what a step takes too long, nobody on this machine
could have used. Tests that check a bound add what stood still within it, and say so.

    with Stalls() as stalls:
        ...
        t.check(took <= limit + stalls.between(begin, end), ...)
"""

import os
import threading
import time

STEP = 0.005    # seconds
IGNORE = 0.010  # what is shorter is the clock's and the interpreter's own grain


class Stalls:
    def __init__(self):
        self._gaps = []  # (from, to) of what stood still
        self._open = True
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._open = False
        self._thread.join()

    def _beat(self):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(os.sched_get_priority_max(os.SCHED_RR)))
        due = time.monotonic() + STEP
        while self._open:
            time.sleep(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            if now - due > IGNORE:
                self._gaps.append((due, now))
            due = now + STEP

    def between(self, begin, end):
        """Seconds between two moments in which the machine stood still."""
        return sum(max(0.0, min(to, end) - max(since, begin)) for since, to in list(self._gaps))
