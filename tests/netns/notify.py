#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Notify scripts, FIFOs and mails of VRRP: byte for byte what keepalived does, in one scenario from one file; and what
vipd does when a script hangs, nobody reads a FIFO, or a relay does not answer."""

import json
import os
import stat
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from ears import Ears  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon, wait_until  # noqa: E402
from rogue import Rogue, packet  # noqa: E402
from suite import suite  # noqa: E402
from web import Web  # noqa: E402

VIPD = sys.argv[1] if len(sys.argv) > 1 else "build/vipd"
PATIENCE = 20

GLOBAL = """
global_defs {{
  router_id TESTER
  notification_email {{
    a@example.org
    b@example.org
  }}
  notification_email_from from@example.org
  smtp_server 127.0.0.1 2525
  smtp_alert
  vrrp_notify_priority_changes
  vrrp_version 3
  vrrp_notify_fifo {fifo}
  script_user root
}}
track_file tf {{
  file {folder}/tf
}}
"""

ONE = """
vrrp_instance one {{
  interface eth0
  state BACKUP
  virtual_router_id 51
  priority 100
  advert_int 0.2
  virtual_ipaddress {{
    10.9.0.51/24
  }}
  track_file {{
    tf weight 1
  }}
  notify_master {folder}/master
  notify_backup "{folder}/backup first 'second word'" nobody nogroup
  notify_fault {folder}/fault
  notify_stop {folder}/stop
  notify_deleted {folder}/deleted
  notify_master_rx_lower_pri {folder}/lower
  notify "{folder}/any own"
}}
vrrp_instance four {{
  interface eth0
  state BACKUP
  virtual_router_id 54
  priority 120
  advert_int 0.2
  virtual_ipaddress {{
    10.9.0.54/24
  }}
  smtp_alert no
  notify_fault {folder}/fault4
  notify {folder}/any
}}
"""

GROUP = """
vrrp_instance two {{
  interface eth0
  state BACKUP
  virtual_router_id 52
  priority 100
  advert_int 0.2
  virtual_ipaddress {{
    10.9.0.52/24
  }}
  notify {folder}/any
  notify_stop {folder}/stop
}}
vrrp_instance three {{
  interface eth1
  state BACKUP
  virtual_router_id 53
  priority 100
  advert_int 0.2
  virtual_ipaddress {{
    10.9.1.53/24
  }}
  notify {folder}/any
}}
vrrp_sync_group grp {{
  group {{
    two
    three
  }}
  notify_master {folder}/gmaster
  notify_backup {folder}/gbackup
  notify_fault {folder}/gfault
  notify_stop {folder}/gstop
  notify {folder}/gany
}}
"""

SCRIPTS = "master backup fault stop deleted lower any fault4 gmaster gbackup gfault gstop gany".split()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def network(net, name):
    """A router with two cables to a place where others may speak."""
    router, lan = net.ns(name), net.ns(name + "lan")
    for n in (0, 1):
        net.veth(router, f"eth{n}", lan, f"p{n}")
        router.ip(f"link set eth{n} up", f"addr add 10.9.{n}.1/24 dev eth{n}")
        lan.ip(f"link set p{n} up")
    lan.ip("addr add 10.9.0.66/24 dev p0")
    return router, lan


def scenario(net, name, argv):
    """The story, told by this program. Returns what was heard in each part."""
    router, lan = network(net, name)
    heard = {}
    with Ears(router) as ears:
        for script in SCRIPTS:
            ears.script(script)
        conf, tracked = os.path.join(ears.folder, "conf"), os.path.join(ears.folder, "tf")
        words = dict(folder=ears.folder, fifo=ears.fifo.path)
        write(tracked, "0\n")
        write(conf, (GLOBAL + ONE + GROUP).format(**words))
        rogue = Rogue(lan, "p0")
        with Daemon([*argv, conf], ns=router, name=name) as daemon:
            def part(title, **counts):
                ears.wait(f"{name}: {title}", timeout=PATIENCE, **counts)
                heard[title] = ears.take()

            part("start", scripts=14, lines=10, mails=8)
            write(tracked, "7\n")
            part("another priority", lines=1)
            rogue.send(packet(vrid=51, prio=3, addresses=("10.9.0.51",)))
            part("an advert of lower priority", scripts=1, lines=1)
            lan.ip("link set p0 down")
            part("fault", scripts=8, lines=5, mails=4)
            lan.ip("link set p0 up")
            part("the fault ends", scripts=14, lines=10, mails=8)
            write(conf, (GLOBAL + GROUP).format(**words))
            daemon.send(1)
            part("a reload removes two instances", scripts=3, lines=2, mails=1)
            status = daemon.stop()
            part("stop", scripts=5, lines=3)
        heard["status"] = status
        rogue.close()
    return heard


def is_mail_of_stop(mail):
    return b"Stopping" in mail


def compare(t, net):
    """keepalived ends before its mails about the stop are on the way; vipd's are not compared."""
    t.part("beside keepalived")
    ours = scenario(net, "vipd", [VIPD, "--control=none", "-f"])
    with tempfile.TemporaryDirectory() as folder:
        theirs = scenario(net, "ka", ["keepalived", "--dont-fork", "--log-console", "--vrrp", f"--pid={folder}/p",
                                      f"--vrrp_pid={folder}/v", "-f"])
    ours["stop"]["mails"] = [m for m in ours["stop"]["mails"] if not is_mail_of_stop(m)]
    for title in theirs:
        if title == "status":
            t.equal(ours[title], 0, "exit status of vipd")
            continue
        for what in ("scripts", "lines", "mails"):
            a = [x.replace(b"/ears-", b"") for x in ours[title][what]]
            t.equal(a, theirs[title][what], f"{title}: {what} as keepalived's")
            t.note(f"{title}: {len(a)} {what}: {a}")


VIPD_CONF = """
global_defs = {{ script_user = "root"; notify_timeout = {timeout}; {more} }};
vrrp_instances = (
  {{ name = "one"; interface = "eth0"; virtual_router_id = 51; version = 3; advert_int = "50ms"; priority = 100;
    virtual_ipaddress = ( "10.9.0.51/24" ); notify = [ "{folder}/{script}" ]; smtp_alert = {mail}; }}
);
"""


def conf_of(ears, script="any", timeout=60, mail="false", more=""):
    path = os.path.join(ears.folder, "conf")
    write(path, VIPD_CONF.format(folder=ears.folder, script=script, timeout=timeout, mail=mail, more=more))
    return [VIPD, "--control=none", "-f", path]


def swing(lan, daemon, count):
    """So many times into FAULT, BACKUP and ACTIVE."""
    for _ in range(count):
        since = daemon.mark()
        lan.ip("link set p0 down")
        daemon.wait_for(r"vrrp\.state inst=one .*to=FAULT", PATIENCE, since)
        lan.ip("link set p0 up")
        daemon.wait_for(r"vrrp\.state inst=one .*to=ACTIVE", PATIENCE, since)


def hanging_script(t, net):
    t.part("a script that never ends")
    router, lan = network(net, "hang")
    with Ears(router, relay=False) as ears:
        path = os.path.join(ears.folder, "any")
        write(path, f'#!/bin/bash\necho "begin $3" >> {ears.log}\n[ "$3" = BACKUP ] && sleep 1000\n'
                    f'echo "end $3" >> {ears.log}\n')
        os.chmod(path, 0o755)
        with Daemon(conf_of(ears, timeout=1), ns=router, name="hang") as daemon:
            daemon.wait_for(r"vrrp\.state inst=one .*to=ACTIVE", PATIENCE)
            ears.wait("the script of the next state", scripts=3)
            scripts, _, _ = ears.all()
            t.equal(scripts, [b"begin BACKUP", b"begin MASTER", b"end MASTER"], "the next one begins when its time is up")
            daemon.wait_for(r"notify\.script .*did not end in time", PATIENCE)
            t.equal(daemon.stop(), 0, "exit status")


def hooks(t, net):
    t.part("startup_script, shutdown_script")
    router, _ = network(net, "hooks")
    with Ears(router, relay=False) as ears:
        for name in ("before", "after", "any"):
            ears.script(name)
        hang = os.path.join(ears.folder, "hang")
        write(hang, "#!/bin/sh\nsleep 1000\n")
        os.chmod(hang, 0o755)
        more = f'startup_script = [ "{ears.folder}/before", "x" ]; shutdown_script = [ "{ears.folder}/after" ];'
        with Daemon(conf_of(ears, more=more), ns=router, name="hooks") as daemon:
            daemon.wait_for(r"vrrp\.state inst=one .*to=ACTIVE", PATIENCE)
            ears.wait("scripts", scripts=3)
            t.equal(daemon.stop(), 0, "exit status")
        scripts = ears.all()[0]
        t.equal((scripts[0], scripts[-1]), (b"before|0:0|none|x", b"after|0:0|none"), "they run first and last")
        more = f'startup_script = [ "{hang}" ]; startup_script_timeout = 1;'
        with Daemon(conf_of(ears, more=more), ns=router, name="hooks") as daemon:
            daemon.wait_for(r"notify\.script script=.*/hang error=\"did not end in time\"", PATIENCE)
            daemon.wait_for(r"vrrp\.state inst=one .*to=ACTIVE", PATIENCE)
            t.equal(daemon.stop(), 0, "one that hangs delays the start for no longer than its limit")


def fifos(t, net):
    t.part("FIFOs")
    router, lan = network(net, "fifo")
    with Ears(router, relay=False) as ears:
        path = os.path.join(ears.folder, "made")
        ears.script("any")
        reader = os.path.join(ears.folder, "reader")
        write(reader, f'#!/bin/sh\necho "reads $2" >> {ears.log}\nexec cat "$2" >> {ears.folder}/read\n')
        os.chmod(reader, 0o755)
        more = f'notify_fifo = {{ path = "{path}"; user = "nobody"; script = [ "{reader}", "x" ]; }};'
        env = {**os.environ, "LD_LIBRARY_PATH": "/nowhere"}
        with Daemon(conf_of(ears, more=more), ns=router, name="fifo", env=env) as daemon:
            daemon.wait_for(r"vrrp\.state inst=one .*to=ACTIVE", PATIENCE)
            ears.wait("reader and scripts", scripts=3)
            t.check(b"any|0:0|none|INSTANCE|one|MASTER|100" in ears.all()[0], "scripts do not inherit LD_LIBRARY_PATH")
            t.check(f"reads {path}".encode() in ears.all()[0], "the reader gets the path as last argument")
            status = os.stat(path)
            t.equal((stat.S_ISFIFO(status.st_mode), oct(status.st_mode & 0o777), status.st_uid), (True, "0o644", 65534),
                    "what was made, its mode and its owner")
            lines = ['INSTANCE "one" BACKUP 100', 'INSTANCE "one" MASTER 100']

            def read():
                return os.path.exists(ears.folder + "/read") and open(ears.folder + "/read").read().splitlines()
            t.equal(wait_until(lambda: read() == lines and read(), PATIENCE, "what the reader has read"), lines,
                    "the reader reads")
            t.equal(daemon.stop(), 0, "exit status")
            t.equal(read(), lines + ['INSTANCE "one" STOP 100'], "the reader has read the end of it, too")
        t.check(not os.path.exists(path), "the FIFO that was made is taken away at the end")


def json_events(t, net):
    t.part("events as JSON")
    router, lan = network(net, "json")
    with Ears(router, relay=False) as ears:
        ears.script("any")
        with Daemon(conf_of(ears, more=f'notify_fifo = {{ path = "{ears.fifo.path}"; format = "json"; }};'), ns=router,
                    name="json") as daemon:
            daemon.wait_for(r"vrrp\.state inst=one .*to=ACTIVE", PATIENCE)
            swing(lan, daemon, 1)
            ears.wait("the events", lines=5)
            events = [json.loads(line) for line in ears.fifo.lines]
            t.equal([(e["kind"], e["what"], e["name"], e["from"], e["to"], e["priority"]) for e in events],
                    [("instance", "state", "one", a, b, 100) for a, b in [("INIT", "BACKUP"), ("BACKUP", "ACTIVE"),
                     ("ACTIVE", "FAULT"), ("FAULT", "BACKUP"), ("BACKUP", "ACTIVE")]], "every change of state")
            t.equal(daemon.stop(), 0, "exit status")


def fifo_of_a_reload(t, net):
    t.part("a FIFO that a reload brings, and a script that can't be run")
    router, _ = network(net, "newfifo")
    with Ears(router, relay=False) as ears:
        ears.script("any")
        path = os.path.join(ears.folder, "new")
        argv = conf_of(ears)
        bad = VIPD_CONF.replace('notify = [', 'notify_backup = [ "no_such_program" ]; notify = [')
        write(argv[-1], bad.format(folder=ears.folder, script="any", timeout=60, mail="false", more=""))
        with Daemon(argv, ns=router, name="newfifo") as daemon:
            daemon.wait_for(r"vrrp\.state inst=one .*to=ACTIVE", PATIENCE)
            ears.wait("scripts beside one that has no whole path", scripts=2)
            t.equal(ears.all()[0], [f"any|0:0|none|INSTANCE|one|{s}|100".encode() for s in ("BACKUP", "MASTER")],
                    "a script that can't be run holds up none")
            conf_of(ears, more=f'notify_fifo = {{ path = "{path}"; }}; fifo_write_vrrp_states_on_reload = true;')
            os.mkfifo(path)  # so that it can be listened to; vipd does not know it before
            listener = os.open(path, os.O_RDWR | os.O_NONBLOCK)
            since = daemon.mark()
            daemon.send(1)
            daemon.wait_for(r"conf\.applied", PATIENCE, since)

            def read():
                try:
                    return os.read(listener, 4096)
                except BlockingIOError:
                    return b""
            t.equal(wait_until(read, PATIENCE, "a line in the new FIFO"), b'INSTANCE "one" MASTER 100\n',
                    "the events of the reload that brings it are written")
            os.close(listener)
            t.equal(daemon.stop(), 0, "exit status")


def unread_fifo(t, net):
    t.part("a FIFO that nobody reads")
    router, lan = network(net, "unread")
    with Ears(router, relay=False) as ears:
        path = os.path.join(ears.folder, "unread")
        write(os.path.join(ears.folder, "any"), "#!/bin/sh\n")
        os.mkfifo(path)
        held = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        os.set_blocking(held, False)
        try:  # full, but for vipd's own queue
            while True:
                os.write(held, b"x" * 4095 + b"\n")
        except BlockingIOError:
            pass
        with Daemon(conf_of(ears, more=f'notify_fifo = {{ path = "{path}"; }};'), ns=router, name="unread") as daemon:
            daemon.wait_for(r"vrrp\.state inst=one .*to=ACTIVE", PATIENCE)
            swing(lan, daemon, 3)
            got = b""

            def drain():
                nonlocal got
                try:
                    got += os.read(held, 65536)
                except BlockingIOError:
                    pass
                return got.count(b"INSTANCE") >= 11
            wait_until(drain, PATIENCE, "the lines that have waited")
            lines = [line for line in got.split(b"\n") if line.startswith(b"INSTANCE")]
            t.equal(lines, [f'INSTANCE "one" {s} 100'.encode() for s in ["BACKUP", "MASTER"] + ["FAULT", "BACKUP", "MASTER"] * 3],
                    "what waited comes, in order")
            t.equal(daemon.stop(), 0, "exit status")
        os.close(held)
        t.check(os.path.exists(path), "a FIFO that was there stays")


def parents():
    """pid -> (parent, name) of all processes."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        found[int(pid)] = int(text.rsplit(")", 1)[1].split()[1]), text[text.index("(") + 1:text.rindex(")")]
    return found


def helper_of(daemon):
    """The script helper: the one of that name that has no child of that name."""
    all_of = parents()

    def is_below(pid):
        while pid in all_of and pid != daemon.pid:
            pid = all_of[pid][0]
        return pid == daemon.pid
    ours = [pid for pid, (_, name) in all_of.items() if name.startswith("vipd-scr") and is_below(pid)]
    return next(pid for pid in ours if not any(all_of[other][0] == pid for other in ours))


def dead_helper(t, net):
    t.part("the script helper dies")
    router, _ = network(net, "dead")
    with Ears(router, relay=False) as ears:
        path, again = os.path.join(ears.folder, "any"), os.path.join(ears.folder, "again")
        write(path, f'#!/bin/sh\necho "begin $3" >> {ears.log}\n[ -e {again} ] || sleep 1000\necho "end $3" >> {ears.log}\n')
        os.chmod(path, 0o755)
        with Daemon(conf_of(ears), ns=router, name="dead") as daemon:
            daemon.wait_for(r"vrrp\.state inst=one .*to=ACTIVE", PATIENCE)
            ears.wait("the first script", scripts=1)
            write(again, "")
            os.kill(helper_of(daemon), 9)
            ears.wait("its second run, and the next one", scripts=5)
            t.equal(ears.all()[0], [b"begin BACKUP", b"begin BACKUP", b"end BACKUP", b"begin MASTER", b"end MASTER"],
                    "what it was running is run again, in order")
            t.equal(daemon.stop(), 0, "exit status")


SERVERS = """
virtual_servers = ( {{ name = "s"; address = "10.9.0.80"; port = 80;
  checks = ( {{ type = "tcp"; interval = "100ms"; timeout = "1s"; fall = 1; rise = 1; }} );
  real_servers = ( "127.0.0.1:8001", "127.0.0.1:8002", "127.0.0.1:8003", "127.0.0.1:8004" ); }} );
"""


def gathered_mails(t, net):
    t.part("many servers at once")
    router, _ = network(net, "many")
    with Ears(router) as ears:
        ears.script("any")
        more = MAIL + ' smtp_alert_window = 1; smtp_alert_rs = true; smtp_alert_checker = true;'
        argv = conf_of(ears, more=more)
        write(argv[-1], VIPD_CONF.format(folder=ears.folder, script="any", timeout=60, mail="false", more=more)
              + SERVERS.format())
        webs = [Web(router, "127.0.0.1", port) for port in range(8001, 8005)]
        with Daemon([*argv, "--dataplane=memory"], ns=router, name="many") as daemon:
            ears.wait("the service has quorum", mails=1)
            ears.take()
            for web in webs:
                web.stop()
            wait_until(lambda: len(daemon.find(r"server\.down")) == 4, PATIENCE, "all servers are down")

            def told():
                return b"".join(ears.all()[2][1:])
            wait_until(lambda: told().count(b"Realserver") == 4 and told().count(b"Virtualserver") == 1, PATIENCE,
                       "all five changes are mailed")
            mails = ears.take()["mails"]
            t.check(len(mails) <= 4, f"five changes in {len(mails)} mails")
            many = [m for m in mails if b"changes of servers and services\r\n" in m]
            t.check(many, "at least one of them has several")
            t.check(b"\r\n\r\nRealserver [127.0.0.1]:tcp:" in many[0], "a line for each")
            t.note(repr(mails))
            t.equal(daemon.stop(), 0, "exit status")


MAIL = ('notification_email = [ "a@example.org" ]; notification_email_from = "from@example.org"; router_id = "T"; '
        'smtp_server = "127.0.0.1:2525"; smtp_connect_timeout = 1;')


def bad_relays(t, net):
    t.part("a relay that hangs, drops or refuses")
    for mode in ("hang", "drop", "refuse"):
        router, lan = network(net, mode)
        with Ears(router) as ears:
            ears.relay.mode = mode
            ears.script("any")
            more = MAIL + f'notify_fifo = {{ path = "{ears.fifo.path}"; }};'
            with Daemon(conf_of(ears, mail="true", more=more), ns=router, name=mode) as daemon:
                daemon.wait_for(r"vrrp\.state inst=one .*to=ACTIVE", PATIENCE)
                wait_until(lambda: ears.relay.accepted, PATIENCE, "the relay is asked")
                moment = time.monotonic()
                swing(lan, daemon, 1)
                ears.wait("scripts and lines", scripts=5, lines=5)
                t.check(True, f"{mode}: scripts and FIFO lines come ({time.monotonic() - moment:.3f} s)")
                daemon.wait_for(r"mail\.fail relay=127\.0\.0\.1:2525", PATIENCE)
                t.check(len(daemon.find(r"mail\.fail")) == 1, f"{mode}: told once")
                t.equal(daemon.stop(timeout=20), 0, f"{mode}: exit status")


with suite("notify") as test:
    with Net() as network_all:
        compare(test, network_all)
        hanging_script(test, network_all)
        hooks(test, network_all)
        fifos(test, network_all)
        fifo_of_a_reload(test, network_all)
        unread_fifo(test, network_all)
        json_events(test, network_all)
        bad_relays(test, network_all)
        dead_helper(test, network_all)
        gathered_mails(test, network_all)
