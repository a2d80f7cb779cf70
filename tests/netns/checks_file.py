#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks by file, from the file to the verdict: no VRRP instance is configured, files come, change and go."""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from netns import Net  # noqa: E402
from proc import Daemon  # noqa: E402
from suite import suite  # noqa: E402

VIPD = os.path.abspath(os.environ.get("VIPD", "build/vipd"))
PATIENCE = 30

CONF = """\
track_files = (
  {{ name = "load"; file = "{folder}/load"; weight = 0; }},
  {{ name = "gone"; file = "{folder}/sub/gone"; weight = 0; reverse = true; }} );
virtual_servers = (
  {{ name = "plain"; address = "10.99.0.1"; port = 80; checks = ( {{ type = "file"; track_file = "load"; }} );
     real_servers = ( {{ address = "10.99.1.1"; }} ); }},
  {{ name = "reverse"; address = "10.99.0.2"; port = 80;
     checks = ( {{ type = "file"; track_file = "load"; weight = 0; reverse = true; }} );
     real_servers = ( {{ address = "10.99.1.1"; }} ); }},
  {{ name = "inherits"; address = "10.99.0.3"; port = 80; checks = ( {{ type = "file"; track_file = "gone"; }} );
     real_servers = ( {{ address = "10.99.1.1"; }} ); }},
  {{ name = "heavy"; address = "10.99.0.4"; port = 80;
     checks = ( {{ type = "file"; track_file = "load"; weight = 2147483647; reverse = true; }} );
     real_servers = ( {{ address = "10.99.1.1"; }} ); }} );
"""


def write(path, text):
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(path + ".new", path)


def main():
    folder = tempfile.mkdtemp(prefix="checks-file-", dir=os.environ.get("TMPDIR", "/tmp"))
    conf, load = os.path.join(folder, "vipd.conf"), os.path.join(folder, "load")
    try:
        with suite("checks_file") as t, Net() as net:
            ns = net.ns("checks_file")
            with open(conf, "w", encoding="ascii") as file:
                file.write(CONF.format(folder=folder))
            write(load, "0\n")
            with Daemon([VIPD, "-f", conf, "--dataplane=memory"], ns=ns, name="vipd") as vipd:
                def comes(since, **verdicts):
                    for name, verdict in verdicts.items():
                        line = vipd.wait_for(rf"server\.check vs={name} .*verdict=", PATIENCE, since).text
                        t.check(f"verdict={verdict}" in line, f"{name} is {verdict}: {line}")

                t.part("at the start")
                comes(0, plain="up", reverse="down", inherits="down", heavy="up")
                t.part("a file that changes")
                mark = vipd.mark()
                write(load, "7\n")
                comes(mark, plain="down", reverse="up", heavy="down")
                t.part("a file that comes and goes")
                mark = vipd.mark()
                os.mkdir(os.path.join(folder, "sub"))
                write(os.path.join(folder, "sub", "gone"), "1\n")
                comes(mark, inherits="up")
                mark = vipd.mark()
                os.unlink(os.path.join(folder, "sub", "gone"))
                os.unlink(load)
                comes(mark, inherits="down", plain="up", heavy="up")
                t.equal(vipd.stop(), 0, "vipd ends cleanly")
                t.equal(len(vipd.find("not made yet")), 0, "no word of checks that are not made")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
