# SPDX-License-Identifier: GPL-2.0-or-later
"""vipctl run to its end.

    ran = Ran("--control", path, "status", "--json")
    assert ran.status == 0 and ran.json()[-1]["status"] == 0
"""

import json
import os
import subprocess

from director import Vipd

VIPCTL = os.path.join(os.path.dirname(os.path.abspath(Vipd.program)), "vipctl")


class Ran:
    def __init__(self, *args, before=(), timeout=60, env=None):
        done = subprocess.run([*before, VIPCTL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=timeout, check=False,
                              env={**os.environ, **(env or {})})
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __str__(self):
        return f"status {self.status}, {self.out.strip()!r} {self.err.strip()!r}"

    def json(self):
        return [json.loads(line) for line in self.out.splitlines()]
