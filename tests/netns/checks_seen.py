#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What checks have seen of servers, and what is written of these in the configuration, where an operator looks for it:
vipctl, metrics and log. Against nginx and redis with TLS, and a server whose certificate has long ended."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from certs import Authority  # noqa: E402
from checks import PATIENCE, VIPD, Servers, listening, silent, tls_context  # noqa: E402
from netns import Net  # noqa: E402
from proc import Daemon, wait_until  # noqa: E402
from suite import suite  # noqa: E402

VIPCTL = os.path.join(os.path.dirname(VIPD), "vipctl")
DAY = 86400
OLD_END = 1580515200  # 2020-02-01
FAR, FAR_END = "20991231235959Z", 4102444799

NGINX = """\
daemon off;
pid {folder}/pid;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  ssl_certificate {pem}; ssl_certificate_key {pem};
  server {{ listen 8443 ssl http2; location / {{ return 200 "all is well"; }} }}
}}
"""
CONF = """\
metrics = {{ listen = [ "127.0.0.1:9165" ]; }};
templates = {{ check = {{
  often = {{ interval = "200ms"; timeout = 2; rise = 1; fall = 1; }};
  web = {{ use = "often"; type = "https"; host = "www.example.org";
          tls = {{ ca = "{ca}"; verify = "chain+name"; alpn = [ "h2", "http/1.1" ]; warn_days_left = 31; }}; }};
}}; }};
virtual_servers = (
  {{ name = "web"; address = "10.99.0.1"; port = 443; checks = [ "web" ];
     real_servers = ( {{ address = "127.0.0.1"; port = 8443; zone = "east"; comment = "row 7, \\"old\\" one"; }} ); }},
  {{ name = "twin"; address = "10.99.0.2"; port = 443; checks = [ "web" ];
     real_servers = ( {{ address = "127.0.0.1"; port = 8443; }} ); }},
  {{ name = "redis"; address = "10.99.0.3"; port = 6380;
     checks = ( {{ use = "often"; type = "expect"; tls = {{ ca = "{ca}"; verify = "chain"; warn_days_left = 3650; }};
                  dialog = ( {{ send = "PING\\r\\n"; }}, {{ expect = "+PONG"; }} ); }} );
     real_servers = ( {{ address = "127.0.0.1"; port = 6380; }} ); }},
  {{ name = "old"; address = "10.99.0.4"; port = 80;
     checks = ( {{ use = "often"; type = "tcp"; tls = {{ warn_days_left = 7; }}; }} );
     real_servers = ( {{ address = "127.0.0.1"; port = {old}; weight = {weight}; }} ); }},
  {{ name = "plain"; address = "10.99.0.5"; port = 80; checks = ( {{ use = "often"; type = "tcp"; }} );
     real_servers = ( {{ address = "127.0.0.1"; port = {plain}; }} ); }}
);
"""


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def start(ns, folder, ca):
    """nginx and redis."""
    os.chmod(folder, 0o755)
    nginx = write(folder, "nginx.conf", NGINX.format(folder=folder, pem=ca.issue("web", "DNS:www.example.org", days=30)))
    pem = ca.issue("redis", "DNS:redis", not_before="20200101000000Z", not_after=FAR)
    daemons = [Daemon(["nginx", "-e", "stderr", "-c", nginx], ns=ns, name="nginx"),
               Daemon(["redis-server", "--port", "0", "--tls-port", "6380", "--bind", "127.0.0.1", "--save", "", "--dir", folder,
                       "--tls-cert-file", pem, "--tls-key-file", pem, "--tls-ca-cert-file", ca.cert,
                       "--tls-auth-clients", "no"], ns=ns, name="redis")]
    for port in (8443, 6380):
        wait_until(listening(ns, port), 20, f"{port} is there", step=0.02)
    return daemons


class Vipd:
    def __init__(self, ns, folder, conf):
        self.ns, self.socket = ns, os.path.join(folder, "sock")
        self.daemon = Daemon([VIPD, "-f", conf, "--dataplane=memory", f"--control={self.socket}"], ns=ns, name="vipd")

    def ctl(self, *args):
        return subprocess.run([VIPCTL, "--control", self.socket, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True, timeout=60, check=False).stdout

    def objects(self, what):
        return {o["service"]: o for o in (next(iter(json.loads(line).values()))
                                          for line in self.ctl("show", what, "--json").splitlines()[:-1])}

    def metrics(self):
        with self.ns.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.connect(("127.0.0.1", 9165))
            s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            data = b""
            while more := s.recv(65536):
                data += more
        return data.decode("utf-8")


def shown(t, vipd, web_end):
    """The same facts everywhere."""
    ends = {name: o.get("certificate_ends") for name, o in vipd.objects("checks").items()}
    t.equal(ends, {"web": web_end, "twin": web_end, "redis": FAR_END, "old": OLD_END, "plain": None},
            "show checks: when certificates end")
    t.equal({name: o.get("alpn") for name, o in vipd.objects("checks").items()},
            {"web": "h2", "twin": "h2", "redis": None, "old": None, "plain": None}, "show checks: protocols")
    found = dict(re.findall(r'vipd_check_certificate_end_timestamp_seconds\{vs="(\w+)",[^}]*\} (\S+)', vipd.metrics()))
    t.equal({name: int(float(value)) for name, value in found.items()}, {name: end for name, end in ends.items() if end},
            "metrics: the same ends")
    servers = vipd.objects("servers")
    t.equal({name: (o.get("zone"), o.get("comment")) for name, o in servers.items() if "zone" in o or "comment" in o},
            {"web": ("east", 'row 7, "old" one')}, "show servers: zone and comment")


def told(t, vipd):
    text = vipd.ctl("explain", "127.0.0.1:8443")
    t.check(re.search(r"its certificate is good for 29d\d+h more, they speak h2 \(ALPN\)", text)
            and "zone: east" in text and 'comment: row 7, "old" one' in text, f"explain: {text}")
    t.check(re.search(r"its certificate has ended \d+d\d+h ago", vipd.ctl("explain", "127.0.0.1", "--service", "old")),
            "explain: a certificate that has ended")
    t.check(re.search(r"CERT +ALPN(.|\n)* 29d\d+h +h2\n(.|\n)* over ", vipd.ctl("show", "checks")), "show checks, as a table")


def main():
    folder, daemons = tempfile.mkdtemp(prefix="seen-", dir=os.environ.get("TMPDIR", "/tmp")), []
    try:
        with suite("checks_seen") as t, Net() as net:
            ns = net.ns("seen")
            servers, ca = Servers(ns), Authority(folder)
            daemons += start(ns, folder, ca)
            end = subprocess.run(["openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601", "-in",
                                  os.path.join(folder, "web.crt")], check=True, stdout=subprocess.PIPE, text=True).stdout
            web_end = int(subprocess.run(["date", "-u", "+%s", "-d", end.strip().partition("=")[2]], check=True,
                                         stdout=subprocess.PIPE, text=True).stdout)
            t.check(0 < time.time() + 30 * DAY - web_end < 600, "a certificate of thirty days")
            gone = ca.issue("gone", "DNS:old", not_before="20200101000000Z", not_after="20200201000000Z")
            more = dict(folder=folder, ca=ca.cert, old=servers.tcp(silent, tls_context(gone)), plain=servers.tcp(silent))
            conf = write(folder, "vipd.conf", CONF.format(weight=1, **more))
            vipd = Vipd(ns, folder, conf)
            daemons.append(vipd.daemon)
            t.part("what was seen")
            vipd.daemon.wait_for(r" vipd\.ready ", PATIENCE)
            wait_until(lambda: len([o for o in vipd.objects("checks").values() if o["health"] == "up"]) == 5, PATIENCE,
                       "all are up", step=0.05)
            shown(t, vipd, web_end)
            told(t, vipd)
            t.part("after a reload")
            write(folder, "vipd.conf", CONF.format(weight=2, **more))
            vipd.ctl("reload", "--wait")
            shown(t, vipd, web_end)
            t.part("warnings")
            warned = [(line.match[1], line.match[2]) for line in vipd.daemon.find(r"tls\.expires vs=(\w+) .*days=(-?\d+)")]
            t.check([row for row in warned if row[0] != "old"] in ([("web", "29")], [("web", "30")]), f"of the one that ends within 31 days: {warned}")
            days = [int(days) for name, days in warned if name == "old"]
            t.check(len(days) == 1 and days[0] < -2000, f"of the one that has ended: {days}")
            t.equal(vipd.daemon.stop(), 0, "vipd ends cleanly")
    finally:
        for daemon in daemons:
            daemon.kill()
        shutil.rmtree(folder, ignore_errors=True)


main()
