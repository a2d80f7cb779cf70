# SPDX-License-Identifier: GPL-2.0-or-later
"""One test program's bookkeeping: checks go to a log, one line per program to stdout, the rest is exit status.

    with suite("failover") as t:
        t.part("the active director dies")
        t.check(took < limit, f"takeover took {took:.0f} ms, at most {limit:.0f}")

The block ends the program with status 1 if a check failed, an exception came out of it, or nothing was checked.
Logs go to the folder named by VIPD_TEST_LOGS, or build/test-logs.
"""

import os
import sys
import time
import traceback


class suite:
    def __init__(self, name):
        self.name = name
        self.failed = []
        self.passed = 0
        folder = os.environ.get("VIPD_TEST_LOGS", "build/test-logs")
        os.makedirs(folder, exist_ok=True)
        self.path = os.path.join(folder, name + ".log")
        self._log = open(self.path, "w", encoding="utf-8", buffering=1)
        self._start = time.monotonic()

    def __enter__(self):
        return self

    def note(self, text):
        """Writes a line that is no check."""
        print(f"{time.monotonic() - self._start:8.3f}  {text}", file=self._log)

    def part(self, title):
        """Starts a named part of the suite."""
        self.note(f"== {title}")

    def check(self, condition, text):
        """Records one check and returns whether it held."""
        if condition:
            self.passed += 1
        else:
            self.failed.append(text)
        self.note(("ok    " if condition else "FAIL  ") + text)
        return bool(condition)

    def equal(self, got, wanted, text):
        """check() of equality that shows both sides when they differ."""
        same = got == wanted
        return self.check(same, text if same else f"{text}: got {got!r}, wanted {wanted!r}")

    def __exit__(self, kind, error, trace):
        if error is not None and not isinstance(error, KeyboardInterrupt):
            self.note("".join(traceback.format_exception(kind, error, trace)).rstrip())
            self.failed.append(f"{kind.__name__}: {error}")
        if self.passed == 0 and not self.failed:
            self.failed.append("nothing was checked")
        took = time.monotonic() - self._start
        if self.failed:
            print(f"FAIL {self.name}: {len(self.failed)} of {len(self.failed) + self.passed} checks "
                  f"({took:.1f} s), log {self.path}")
            for text in self.failed:
                print("     " + text.replace("\n", "\n     "))
        else:
            print(f"ok   {self.name}: {self.passed} checks ({took:.1f} s)")
        sys.stdout.flush()
        self._log.close()
        if isinstance(error, KeyboardInterrupt):
            return False
        if self.failed:
            sys.exit(1)
        return True
