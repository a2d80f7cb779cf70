# SPDX-License-Identifier: GPL-2.0-or-later
"""Web servers to be balanced and checked.

`Nginx` is the real program in a namespace of its own; `Web` is a thread of this process for tests that need many
servers and start no programs. Both answer every GET with their name.
"""

import http.server
import os
import signal
import socket
import threading

from proc import Daemon, wait_until

NGINX_CONF = """\
daemon off;
pid {folder}/pid;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen {port}; location / {{ return 200 "{name}"; }} }}
}}
"""


class Nginx:
    """nginx on all addresses of a namespace; `folder` is its own."""

    def __init__(self, ns, name, folder, port=80):
        self.ns, self.name = ns, name
        os.makedirs(folder)
        self.conf = os.path.join(folder, "nginx.conf")
        with open(self.conf, "w", encoding="ascii") as file:
            file.write(NGINX_CONF.format(folder=folder, port=port, name=name))
        self.hex_port = f"{port:04X}"
        self.start()

    def start(self):
        """Returns at once; wait_listening() waits."""
        self.daemon = Daemon(["nginx", "-e", "stderr", "-c", self.conf], ns=self.ns, name=self.name)

    def wait_listening(self, timeout=20):
        wait_until(lambda: f":{self.hex_port} 00000000:0000 0A" in self.ns.read("tcp"), timeout,
                   f"{self.name} listens", step=0.02)

    def stop(self):
        self.daemon.stop(signal.SIGTERM)


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.server.answer.encode("ascii")
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self):  # without the look-up of the host's name
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, *_):  # a checker that hangs up early is no news
        pass


class _Server6(_Server):
    address_family = socket.AF_INET6


class Web:
    """An HTTP server at an address of a namespace; set `status` to make it answer something else than 200."""

    def __init__(self, ns, address, port=80, name=None):
        self.ns, self.address, self.port, self.name = ns, address, port, name or address
        self._server = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def start(self):
        with self.ns.entered():
            self._server = (_Server6 if ":" in self.address else _Server)((self.address, self.port), _Answer)
        self._server.answer, self._server.status = self.name, 200
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer_with(self, status):
        self._server.status = status

    def stop(self):
        """From now on connections are refused."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
