#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Notify scripts, FIFO lines and mails of servers and quorum: byte for byte what keepalived does, in one scenario from
one file. keepalived checks servers only where the kernel has IPVS: tests/guest/boot -- tests/guest/notify.py
"""

import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from ears import Ears  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon  # noqa: E402
from suite import suite  # noqa: E402
from web import Web  # noqa: E402

VIPD = sys.argv[1] if len(sys.argv) > 1 else "build/vipd"
PATIENCE = 60

HEAD = """
global_defs {{
  router_id TESTER
  notification_email {{
    a@example.org
  }}
  notification_email_from from@example.org
  smtp_server 127.0.0.1 2525
  smtp_alert
  lvs_notify_fifo {fifo}
  script_user root
}}
"""

# long limits: a busy machine must not look like a dead server; refusals come at once
TCP = "TCP_CHECK {{\n connect_timeout 30\n retry 0\n delay_before_retry 1\n {} }}\n"
HTTP = "HTTP_GET {{\n url {{\n path /\n status_code 200\n }}\n connect_timeout 30\n retry 0\n delay_before_retry 1\n }}\n"
MISC = 'MISC_CHECK {{\n misc_path "/usr/bin/test -e {folder}/good"\n misc_timeout 30\n }}\n'


def server(port, check, own=""):
    return (f"real_server 127.0.0.1 {port} {{{{\n weight 1\n notify_up {{folder}}/up\n"
            f" notify_down \"{{folder}}/down x\"\n{own}\n" + check.replace("{}", "") + " }}\n")


FIRST = """
virtual_server 10.9.9.9 80 {{
  lvs_sched rr
  lvs_method NAT
  protocol TCP
  delay_loop 1
  quorum 3
  quorum_up {folder}/quorum_up
  quorum_down "{folder}/quorum_down a"
  omega
"""

GROUP = """
virtual_server_group grp {{
  10.9.9.10 80
  10.9.9.11 80
}}
virtual_server group grp {{
  lvs_sched rr
  lvs_method NAT
  protocol TCP
  delay_loop 1
  quorum_down {folder}/quorum_down
  real_server 127.0.0.1 8001 {{
    weight 1
    smtp_alert no
""" + TCP.replace("{}", "") + "  }}\n}}\n"

MARK = """
virtual_server fwmark 7 {{
  lvs_sched rr
  lvs_method NAT
  delay_loop 1
  real_server 127.0.0.1 0 {{
    weight 1
""" + TCP.replace("{}", "connect_port 8001") + """  }}
  real_server 127.0.0.2 0 {{
    weight 1
""" + TCP.replace("{}", "connect_port 8009") + "  }}\n}}\n"

ALL = (HEAD + FIRST + server(8001, TCP) + server(8002, HTTP) + server(8003, TCP, "alpha") + server(8004, MISC) + "}}\n"
       + GROUP + MARK)
LESS = HEAD + FIRST + server(8001, TCP) + server(8002, HTTP) + server(8004, MISC) + "}}\n" + GROUP


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def scenario(net, name, argv):
    """The story, told by this program. Returns what was heard in each part."""
    router = net.ns(name)
    webs = {port: Web(router, "127.0.0.1", port) for port in (8001, 8002, 8003)}
    heard = {}
    with Ears(router) as ears:
        for script in ("up", "down", "quorum_up", "quorum_down"):
            ears.script(script)
        good, conf = os.path.join(ears.folder, "good"), os.path.join(ears.folder, "conf")
        words = dict(folder=ears.folder, fifo=ears.fifo.path)
        write(good, "")
        write(conf, ALL.format(**words))
        with Daemon([*argv, conf], ns=router, name=name) as daemon:
            def part(title, **counts):
                ears.wait(f"{name}: {title}", timeout=PATIENCE, **counts)
                heard[title] = ears.take()

            # three services, the server with alpha, and one that is down; see is_compared()
            part("start", scripts=2, lines=5, mails=6 if name == "ka" else 5)
            os.unlink(good)
            part("a script fails", scripts=1, lines=1, mails=1)
            write(good, "")
            part("it passes", scripts=1, lines=1, mails=1)
            webs[8002].stop()
            part("HTTP fails", scripts=1, lines=1, mails=1)
            webs[8003].stop()
            part("quorum is lost", scripts=2, lines=2, mails=2)
            webs[8002] = Web(router, "127.0.0.1", 8002)
            part("quorum is gained", scripts=2, lines=2, mails=2)
            webs[8003] = Web(router, "127.0.0.1", 8003)
            part("all are up", scripts=1, lines=1, mails=1)
            webs[8001].stop()
            part("three services have lost a server", scripts=2, lines=5, mails=4)
            webs[8001] = Web(router, "127.0.0.1", 8001)
            part("it comes back", scripts=1, lines=5, mails=4)
            write(conf, LESS.format(**words))
            daemon.send(1)
            part("a reload removes a server and a service", scripts=1, lines=3, mails=3)
            heard["status"] = daemon.stop(timeout=30)
            part("stop", scripts=4 if name == "vipd" else 0, lines=4)
    for web in webs.values():
        web.stop()
    return heard


def plain(mail):
    """At the start, keepalived counts servers that no check has looked at, vipd does not; a script's first success is
    mailed by keepalived only."""
    return re.sub(rb"(Starting with quorum up .* <= )\d+ <=", rb"\1N <=", mail)


def is_compared(title, mail):
    """keepalived ends before its mails about the stop are on the way, and its scripts of the stop end with it."""
    return title != "stop" and not (title == "start" and b"MISC CHECK" in mail)


with suite("notify-servers") as test:
    with Net() as network:
        ours = scenario(network, "vipd", [VIPD, "--control=none", "-f"])
        with tempfile.TemporaryDirectory() as run:
            theirs = scenario(network, "ka", ["keepalived", "--dont-fork", "--log-console", "--check",
                                              f"--pid={run}/p", f"--checkers_pid={run}/c", "-f"])
        test.equal(ours.pop("status"), 0, "exit status of vipd")
        theirs.pop("status")
        test.equal([s.split(b"|")[0] for s in ours["stop"]["scripts"]], [b"down"] * 3 + [b"quorum_down"],
                   "scripts of the stop (omega)")
        theirs["stop"]["scripts"] = ours["stop"]["scripts"]
        for part_title, wanted in theirs.items():
            for what in ("scripts", "lines", "mails"):
                # keepalived ends each line of servers with a NUL byte after the newline, vipd does not
                a = [x.replace(b"\0", b"") for x in ours[part_title][what]]
                b = [x.replace(b"\0", b"") for x in wanted[what]]
                if what == "mails":
                    a, b = (sorted(plain(m) for m in mails if is_compared(part_title, m)) for mails in (a, b))
                test.equal(a, b, f"{part_title}: {what} as keepalived's")
                test.note(f"{part_title}: {len(a)} {what}: {a}")
