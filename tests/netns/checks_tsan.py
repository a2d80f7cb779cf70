#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A reload every 100 ms while checks of every kind run: no data race (vipd built with the thread sanitizer), no check
lost, no verdict that the servers gave no reason for.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from certs import Authority  # noqa: E402
from checks import Servers, http, page, reset, silent, tls_context, until  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon  # noqa: E402
from suite import suite  # noqa: E402

VIPD = os.path.abspath("build/tsan/vipd")
EVERY, LENGTH, PATIENCE = 0.1, 10, 60


def keeps(conn):
    while until(conn, b"\r\n\r\n"):
        conn.sendall(page())


def config(variant, good, bad, ca):
    """Two files that differ in nearly everything which may differ while checks go on."""
    odd = variant % 2
    times = f'interval = "{300 + 200 * odd}ms"; fast_interval = "100ms"; timeout = {5 + odd}; rise = 1; fall = {1 + odd};'
    tls = f'host = "www.example.org"; tls = {{ ca = "{ca}"; verify = "chain+name"; }};'
    kinds = {
        "tcp": 'type = "tcp";',
        "http": 'type = "http"; expect = { regex = "is (\\\\w+)"; };',
        "kept": 'type = "http"; http_protocol = "1.1"; keepalive = true; expect = { text = "well"; };',
        "tls": f'type = "https"; {tls}',
        "tls-kept": f'type = "https"; http_protocol = "1.1"; keepalive = true; {tls}',
        "expect": 'type = "expect"; dialog = ( { send = "GET / HTTP/1.0\\r\\n\\r\\n"; }, { expect = "200 OK"; } );',
        "udp": 'type = "udp"; require_reply = true; connect_ip = "127.0.0.1";',
        "ping": 'type = "ping";',
        "script": 'type = "script"; user = "root"; command = [ "/bin/true" ]; dynamic_weight = true;',
    }
    services = []
    for n, (name, check) in enumerate(kinds.items(), 1):
        port = good[name]
        servers = [f'{{ address = "127.0.1.{i}"; port = {port}; weight = {1 + odd * i}; }}' for i in range(1, 6 + odd)]
        for copy in range(2):  # the same checks twice: made once
            services.append(f'{{ name = "{name}-{copy}"; address = "10.9.{copy}.{n}"; port = 80; quorum = {1 + odd};\n'
                            f' checks = ( {{ {check} {times} }} ); real_servers = ( {", ".join(servers)} ); }}')
    if odd:
        services.append(f'{{ name = "comes-and-goes"; address = "10.9.9.9"; port = 80; checks = ( {{ type = "tcp"; {times} }} );'
                        f' real_servers = ( "127.0.2.[1-50]:{good["tcp"]}" ); }}')
    services += [f'{{ name = "bad-{n}"; address = "10.9.8.{n + 1}"; port = 80; checks = ( {{ type = "http"; interval = "500ms";'
                 f' timeout = "{400 + odd}ms"; }} ); real_servers = ( "127.0.0.1:{port}" ); }}' for n, port in enumerate(bad)]
    if odd:
        services.reverse()
    return "workers = { check_threads = 2; };\nvirtual_servers = (\n" + ",\n".join(services) + "\n);\n"


def put(path, text):
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(path + ".new", path)


def good_servers(servers, ca):
    """Listeners on all addresses: {kind: port}."""
    everywhere = dict(address="0.0.0.0", listen=256)
    tls = tls_context(ca.issue("server", "DNS:www.example.org"))
    plain, secure = servers.tcp(keeps, **everywhere), servers.tcp(keeps, tls, **everywhere)
    return {"tcp": plain, "http": servers.tcp(http(page()), **everywhere), "kept": plain, "tls": secure, "tls-kept": secure,
            "expect": plain, "udp": servers.udp(lambda q: q), "ping": 80, "script": 80}


def main():
    built = subprocess.run(["make", f"-j{os.cpu_count()}", "MODE=tsan", "build/tsan/vipd"], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, check=False)
    if built.returncode:
        sys.exit(f"vipd can't be built with the thread sanitizer:\n{built.stdout[-2000:]}")
    folder = tempfile.mkdtemp(prefix="tsan-", dir=os.environ.get("TMPDIR", "/tmp"))
    path, env = os.path.join(folder, "vipd.conf"), dict(os.environ)
    env["TSAN_OPTIONS"] = f"suppressions={os.path.abspath('tests/tsan.supp')} exitcode=66"
    try:
        with suite("checks_tsan") as t, Net() as net:
            ns = net.ns("tsan")
            servers, ca = Servers(ns), Authority(folder)
            good, bad = good_servers(servers, ca), [servers.nobody(), servers.tcp(silent), servers.tcp(reset)]
            status = ["200 OK"]
            bad.append(servers.tcp(http(lambda request: page(status=status[0]))))
            texts = [config(variant, good, bad, ca.cert) for variant in range(2)]
            put(path, texts[0])
            with Daemon([VIPD, "-f", path, "--dataplane=memory", "--control=none"], ns=ns, name="vipd", env=env) as vipd:
                vipd.wait_for(r" vipd\.ready ", PATIENCE)
                begin, count = time.monotonic(), 0
                while time.monotonic() < begin + LENGTH:
                    count += 1
                    put(path, texts[count % 2])
                    vipd.send(signal.SIGHUP)
                    time.sleep(max(0.0, begin + count * EVERY - time.monotonic()))
                mark = vipd.mark()
                put(path, texts[0])
                vipd.send(signal.SIGHUP)
                vipd.wait_for(r"conf\.applied", PATIENCE, mark)
                applied = len(vipd.find(r"conf\.applied"))
                t.check(applied >= 1, f"{applied} of {count} reloads were seen in full by all roles")
                vipd.send(signal.SIGUSR1)
                line = vipd.wait_for(r"vipd\.lateness checks=(\d+)", PATIENCE, mark)
                t.check(int(line.match[1]) > 500, f"{line.match[1]} checks were made")
                down = [line.text for line in vipd.find(r"server\.check vs=(?!bad)\S+ .*verdict=down")]
                t.check(not down, f"no good server was called dead: {down[:1]}")
                status[0] = "503 Busy"
                vipd.wait_for(r"server\.check vs=bad-3 .*verdict=down", PATIENCE, mark)
                t.check(True, "one that turns bad is found")
                t.equal(vipd.stop(timeout=60), 0, "vipd ends cleanly")
                races = vipd.find("WARNING: ThreadSanitizer")
                t.check(not races, "no data race" + ("" if not races else ":\n" + text_after(vipd, "WARNING: ThreadSanitizer")))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def text_after(daemon, word):
    lines = [line.text for line in daemon.lines]
    first = next(i for i, text in enumerate(lines) if re.search(word, text))
    return "\n".join(lines[first:first + 60])


if __name__ == "__main__":
    main()
