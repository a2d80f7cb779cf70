#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Events to a webhook: what arrives, once each and in order; and a receiver that refuses, redirects, drops, hangs,
answers 500 or is not there: it gets them later or they are counted, and nothing else waits for it."""

import http.server
import json
import os
import signal
import socket
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from netns import Net  # noqa: E402
from proc import Daemon, Missing, wait_until  # noqa: E402
from suite import suite  # noqa: E402

VIPD = sys.argv[1] if len(sys.argv) > 1 else "build/vipd"
PATIENCE = 20


class Receiver:
    """An HTTP server; `mode` is a status, "drop" or "hang". requests: (mode, path, headers, body)."""

    def __init__(self, ns):
        self.mode, self.requests, self.free = 200, [], threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mode = receiver.mode
                receiver.requests.append((mode, self.path, dict(self.headers), json.loads(body)))
                if mode == "hang":
                    receiver.free.wait()
                if mode in ("hang", "drop"):
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(mode)
                self.send_header("Location", "http://127.0.0.1:8090/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                receiver.requests.append(("GET", self.path, {}, {"events": []}))

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *args):
                pass
        with ns.entered():
            self.server = Server(("127.0.0.1", 8090), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self, mode=200):
        return [e for r in self.requests if r[0] == mode for e in r[3]["events"]]

    def wait(self, condition, what):
        try:
            return wait_until(lambda: condition(self), PATIENCE, what)
        except Missing as missing:  # what came meanwhile is the clue
            raise Missing(f"{missing}: {[(r[0], r[3]) for r in self.requests[-6:]]}") from missing

    def close(self):
        self.free.set()
        self.server.shutdown()
        self.server.server_close()


def main():
    with suite("webhook") as t, Net() as net:
        ns = net.ns("webhook")
        folder = tempfile.mkdtemp(prefix="webhook-", dir=os.environ.get("TMPDIR", "/tmp"))
        path, tracked = folder + "/vipd.conf", folder + "/tracked"
        def write(name, text):
            with open(name, "w", encoding="ascii") as file:
                file.write(text)

        def configure(timeout):
            write(path, 'global_defs = { router_id = "lb1"; webhook = { url = "http://127.0.0.1:8090/in?a=b"; '
                  f'token = "secret"; headers = [ "X-Of: test" ]; timeout = {timeout}; }}; }};\n'
                  f'track_files = ( {{ name = "t"; file = "{tracked}"; weight = 0; }} );\n'
                  'virtual_servers = ( { name = "www"; address = "192.0.2.100"; port = 80; '
                  'checks = ( { type = "file"; track_file = "t"; } ); real_servers = ( "10.0.0.1" ); } );\n')
        write(tracked, "0\n")
        configure(PATIENCE)  # whatever the machine does, a request that was taken is not sent again
        receiver = Receiver(ns)
        with Daemon([VIPD, "-f", path, "--dataplane=memory", "--control=none", "--state=none"], ns=ns) as vipd:
            vipd.wait_for("vipd.ready", PATIENCE)
            state = {"up": True}

            def flip():
                """The server and with it the service change, and the log says so whatever the receiver does."""
                mark, state["up"] = vipd.mark(), not state["up"]
                write(tracked + ".new", "0\n" if state["up"] else "1\n")
                os.rename(tracked + ".new", tracked)
                vipd.wait_for("server.up" if state["up"] else "server.down", PATIENCE, mark)

            def reload(timeout):
                mark = vipd.mark()
                configure(timeout)
                vipd.send(signal.SIGHUP)
                vipd.wait_for("conf.applied", PATIENCE, mark)

            def seen(mode=200):
                return [(e["kind"], e["to"]) for e in receiver.events(mode) if e["what"] in ("state", "quorum")]

            def both(to):
                return [("server", to), ("service", to)]
            # A receiver changes its mind only when both have arrived: what is under way is tried again until it
            # is taken, and what comes later waits behind it.
            t.part("what arrives")
            receiver.wait(lambda r: seen() == both("up"), "the first state")
            flip()
            receiver.wait(lambda r: seen() == both("up") + both("down"), "a change")
            _, where, headers, body = receiver.requests[0]
            t.equal((where, headers["Content-Type"], headers["Authorization"], headers["X-Of"], body["router"], body["dropped"]),
                    ("/in?a=b", "application/json", "Bearer secret", "test", "lb1", 0), "path, headers, router")

            for mode in (500, "drop", "hang"):
                t.part(f"a receiver that answers {mode}: it gets the same later")
                had, mark = seen(), vipd.mark()
                if mode == "hang":
                    reload(1)
                receiver.mode = mode
                flip()
                receiver.wait(lambda r, m=mode: seen(m), "a try")
                flip()  # not delayed, though the receiver may hang
                vipd.wait_for("webhook.fail", PATIENCE, mark)
                if mode == "hang":
                    reload(PATIENCE)
                receiver.mode = 200
                receiver.free.set()
                want = had + both("up" if had[-1][1] == "down" else "down") + both(had[-1][1])
                receiver.wait(lambda r, w=want: len(seen()) >= len(w), "all")
                t.equal(seen(), want, f"{mode}: all, once, in order")
                t.check(not vipd.find("webhook.dropped", mark), f"{mode}: nothing was given up")

            for mode in (400, 302):
                t.part(f"a receiver that answers {mode}: given up at once, counted")
                receiver.mode, mark, had = mode, vipd.mark(), seen()
                flip()
                vipd.wait_for('webhook.dropped why="refused"', PATIENCE, mark)
                receiver.mode = 200
                flip()
                receiver.wait(lambda r, h=had: len(seen()) > len(h) + 1 and seen()[-2:] == h[-2:], "those behind it")
                t.check(("server", "up" if had[-1][1] == "down" else "down") not in seen()[len(had):],
                        f"{mode}: what was refused is not sent again")
                t.check(receiver.requests[-1][3]["dropped"] > 0, "and the receiver is told how many were dropped")
            t.equal([r for r in receiver.requests if r[0] == "GET"], [], "a redirect is not followed")

            t.part("a receiver that is not there does not hold up the stop")
            receiver.close()
            flip()
            vipd.wait_for("webhook.fail", PATIENCE)
            t.equal(vipd.stop(timeout=20), 0, "it stops well")
            vipd.wait_for('webhook.dropped why="vipd stops"', PATIENCE)
        for url in ("file:///etc/passwd", "ftp://127.0.0.1/x"):
            write(path, f'global_defs = {{ webhook = {{ url = "{url}"; headers = [ "none" ]; }}; }};\n')
            with Daemon([VIPD, "--check", "-f", path], ns=ns) as check:
                t.equal(check.wait(PATIENCE), 2, f"{url} is refused")
                t.equal(len(check.find("error: webhook: ")), 2, "with a line for each error")


if __name__ == "__main__":
    main()
