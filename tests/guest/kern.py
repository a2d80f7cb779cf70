#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tests of the seam to the IPVS table (tests/unit/test_kern.c), over the running kernel's table.

Runs where the kernel has IPVS: tests/guest/boot -- tests/guest/kern.py
"""

import os
import sys

PROGRAM = "build/release/tests/unit/test_kern"


def main():
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"{PROGRAM} is missing: build it first (make check).")
    os.execv(PROGRAM, [PROGRAM, "--kernel"])


if __name__ == "__main__":
    main()
