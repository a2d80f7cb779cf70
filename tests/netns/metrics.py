#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The HTTP endpoint: metrics in both formats as a real parser reads them, the exporters' names, JSON, the page, and
clients that behave badly."""

import json
import os
import resource
import socket
import sys
import time

from prometheus_client import parser
from prometheus_client.openmetrics import parser as open_parser

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance, server, service, tcp  # noqa: E402
from pair import PATIENCE, Scene  # noqa: E402
from proc import wait_until  # noqa: E402
from web import Web  # noqa: E402

VIP = "10.9.0.100"
PORT = 9165
CROWD = 200           # connections that say nothing
SLOW = 40             # more than one address may have
# names in the exporters' dashboards; the parser adds _total where it is missing
ASKED = ["keepalived_up", "keepalived_exporter_build_info", "keepalived_script_status", "keepalived_script_state", "keepalived_vrrp_state"]
ASKED += ["keepalived_" + n + "_total" for n in (
    "gratuitous_arp_delay", "advertisements_received", "advertisements_sent", "become_master", "release_master", "packet_length_errors",
    "advertisements_interval_errors", "ip_ttl_errors", "invalid_type_received", "address_list_errors", "authentication_invalid",
    "authentication_mismatch", "authentication_failure", "priority_zero_received", "priority_zero_sent")]
ASKED += ["keepalived_vrrp_" + n for n in (
    "advert_rcvd", "advert_sent", "become_master", "release_master", "packet_len_err", "advert_interval_err", "ip_ttl_err",
    "invalid_type_rcvd", "addr_list_err", "invalid_authtype", "authtype_mismatch", "auth_failure", "pri_zero_rcvd", "pri_zero_sent")]
ASKED += [f"keepalived_lvs_{o}_{n}" for o in ("vip", "rs") for n in ("in_packets", "out_packets", "in_bytes", "out_bytes", "conn")]
GAP = 0.13            # largest gap between adverts of 100 ms


def silence(ns):
    """Connections that say nothing. One that vipd has closed before it was whole counts as well."""
    made = []
    for _ in range(CROWD):
        try:
            made.append(connect(ns))
        except ConnectionError:
            pass
        except OSError:
            break  # the queue is full: there are enough of them
    return made


def connect(ns, timeout=5):
    s = ns.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.settimeout(timeout)
    s.connect(("127.0.0.1", PORT))
    return s


def ask(ns, request):
    """Status, header text and body of one request on its own connection."""
    with connect(ns) as s:
        s.sendall(request)
        data = b""
        while True:
            more = s.recv(65536)
            if not more:
                break
            data += more
    head, _, body = data.partition(b"\r\n\r\n")
    if b"chunked" in head:
        whole, rest = b"", body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            n = int(size, 16)
            whole, rest = whole + rest[:n], rest[n + 2:]
            if not n:
                break
        body = whole
    return int(head.split()[1]), head.decode("latin-1"), body.decode("utf-8")


def get(ns, path, accept="*/*"):
    return ask(ns, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\nConnection: close\r\n\r\n".encode())


def value(families, metric, **labels):
    found = [s.value for f in families for s in f.samples
             if s.name == metric and all(s.labels.get(k) == v for k, v in labels.items())]
    assert len(found) == 1, (metric, labels, found)
    return found[0]


def check_metrics(t, ns):
    status, head, text = get(ns, "/metrics")
    t.check(status == 200 and "text/plain; version=0.0.4" in head, f"head: {head}")
    families = list(parser.text_string_to_metric_families(text))
    names = [f.name for f in families]
    t.equal(len(names), len(set(names)), "each family stands once")
    t.equal(value(families, "vipd_vrrp_instance_state", instance="web"), 2.0, "the active instance")
    t.equal(value(families, "vipd_virtual_server_weight", vs="www"), 7.0, "weight of a service")
    t.equal((value(families, "vipd_real_server_up", real_server="127.0.0.1:8080"),
             value(families, "vipd_real_server_up", real_server="127.0.0.1:8081")), (1.0, 0.0), "servers")
    t.check(value(families, "vipd_vrrp_instance_adverts_sent_total", instance="web") > 0, "adverts sent")
    t.equal(value(families, "keepalived_vrrp_state", iname="web", ip_address=VIP + "/24"), 2.0, "as mehdy names it")
    t.check(value(families, "keepalived_advertisements_sent_total", iname="web", vrid="51") > 0, "its counters")
    t.check(value(families, "keepalived_vrrp_advert_sent_total", name="web", state="MASTER") > 0, "as gen2brain names it (the parser adds _total)")

    t.equal(value(families, "vipd_real_server_active_connections", real_server="127.0.0.1:8080"), 0.0, "what the kernel counts of a server")
    have = {s.name for f in families for s in f.samples}
    missing = [n for n in ASKED if n not in have and n + "_total" not in have]
    t.equal(missing, [], "what the dashboards ask for")

    status, head, text = get(ns, "/metrics", "application/openmetrics-text; version=1.0.0")
    t.check("application/openmetrics-text; version=1.0.0" in head and text.endswith("# EOF\n"), f"OpenMetrics: {head}")
    families = list(open_parser.text_string_to_metric_families(text))
    t.equal(value(families, "vipd_real_server_up", real_server="127.0.0.1:8080"), 1.0, "OpenMetrics: a server")
    families = list(parser.text_string_to_metric_families(get(ns, "/metrics?vs=d*")[2]))
    t.check(not any(s.labels.get("vs") == "www" for f in families for s in f.samples)
            and value(families, "vipd_virtual_server_up", vs="dead") == 0.0, "services that were not asked for")


def check_api(t, ns):
    status, head, text = get(ns, "/api/servers?state=down&service=w*")
    told = json.loads(text)
    t.check(status == 200 and "application/json" in head, f"head: {head}")
    t.equal(([o["real_server"]["name"] for o in told["items"]], told["matches"], told["status"]),
            (["127.0.0.1:8081"], 1, 0), "servers")
    told = json.loads(get(ns, "/api/status")[2])
    t.equal((told["items"], told["virtual_servers"]["down"], told["vrrp_instances"]["ACTIVE"]), ([], 1, 1), "status")
    for path in ("servers?first=-5", "servers?max=abc", "explain", "explain?match=nobody", "services?match=" + "a*" * 9):
        status, _, text = get(ns, "/api/" + path)
        t.equal((status, json.loads(text)["status"]), (400, 1), path)
    t.equal(get(ns, "/api/explain?match=127.0.0.1:8081")[0], 200, "explain")
    for path in ("vrrp", "services", "checks", "threads", "counters"):
        t.check(json.loads(get(ns, "/api/" + path)[2])["matches"] > 0, path)
    status, head, text = get(ns, "/")
    t.check(status == 200 and "text/html" in head and "Content-Security-Policy: default-src 'none'" in head
            and text.rstrip().endswith("</html>") and "http://" not in text and "https://" not in text,
            "the page, which needs nothing from elsewhere")


def status_or_0(ns):
    try:
        return get(ns, "/api/status")[0]
    except (OSError, IndexError, ValueError):
        return 0


def check_bad(t, ns):
    for path in ("/api/config", "/../etc/passwd", "/%2e%2e/etc/passwd", "//", "/metrics/", "/api"):
        t.equal(get(ns, path)[0], 404, path)
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        request = f"{method} /api/servers HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        t.equal(ask(ns, request)[0], 405, method)
    for what, request in (("garbage", b"\x00\xff" * 4096 + b"\r\n\r\n"),
                          ("a header without end", b"GET / HTTP/1.1\r\nX: " + b"a" * 100000)):
        try:
            status = ask(ns, request)[0]
        except (OSError, IndexError, ValueError):
            status = 0
        t.check(status == 0 or 400 <= status < 600, f"{what}: {status}")
    silent = silence(ns)
    half = silent[0] if silent else connect(ns)
    try:
        half.sendall(b"GET /metr")
    except OSError:
        pass
    for s in silent:
        s.close()
    wait_until(lambda: status_or_0(ns) == 200, PATIENCE, "others are served again")


def is_judged(ns):
    try:
        return json.loads(get(ns, "/api/status")[2])["real_servers"]["unknown"] == 0
    except (OSError, IndexError, ValueError):
        return False


def check_bodies(t, ns):
    """Who announces a body and does not send it keeps no place: it is refused at once."""
    slow = []
    for i in range(SLOW):
        slow.append(connect(ns, timeout=PATIENCE))
        kind = b"Transfer-Encoding: chunked" if i % 2 else b"Content-Length: 100000"
        slow[-1].sendall(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n" + kind + b"\r\n\r\n")
        try:
            said = slow[-1].recv(12)
        except OSError as e:
            said = str(e)
        if said != b"HTTP/1.1 413":
            t.equal(said, b"HTTP/1.1 413", f"a body is refused ({i})")
            break
    wait_until(lambda: status_or_0(ns) == 200, PATIENCE, "beside clients that send a body slowly, one that asks is answered")
    for s in slow:
        s.close()


def check_crowd(t, ns, pid):
    """Silent clients that stay make room; without descriptors nobody is taken, and after it all is as before."""
    silent = silence(ns)
    wait_until(lambda: status_or_0(ns) == 200, PATIENCE, "beside clients that stay and say nothing, one that asks is answered")
    for s in silent:
        s.close()
    wait_until(lambda: status_or_0(ns) == 200, PATIENCE, "and when they have gone")
    used = len(os.listdir(f"/proc/{pid}/fd"))
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (min(used, 3), limits[1]))
    with connect(ns, timeout=0.5) as s:  # the kernel takes it, vipd can't
        s.sendall(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        try:
            t.check(not s.recv(1), "no descriptor, no answer")
        except OSError:
            t.check(True, "no descriptor, no answer yet")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        s.settimeout(PATIENCE)
        t.check(s.recv(12).startswith(b"HTTP/1.1 200"), "the same client is answered when there is one again")


def main(t):
    t.part("the endpoint")
    with Scene(t) as scene:
        router = scene.router("r1", Vipd, [instance("web", 51, 100, [VIP + "/24"], advert_ms=100)],
                              options=["--dataplane=memory"])
        ns, d = router.ns, router.director
        with Web(ns, "127.0.0.1", 8080):
            check = tcp(interval=1, timeout_ms=500)
            d.services = [service(VIP, 80, [server("127.0.0.1", 8080, 7), server("127.0.0.1", 8081, 3)], name="www",
                                  method="NAT", checks=[check]),
                          service(VIP, 81, [server("127.0.0.1", 9, 1)], name="dead", method="NAT", checks=[check])]
            d.more = f'metrics = {{ listen = [ "127.0.0.1:{PORT}", "10.254.254.254:1" ]; compat = [ "mehdy", "gen2brain" ]; }};\nvrrp_scripts = ( {{ name = "ok"; command = "/bin/true"; interval = 1; }} );\n'
            d.start()
            d.wait_state("web", "ACTIVE", PATIENCE)
            t.check(bool(router.daemon.find(r"warning http\.fail listen=10\.254\.254\.254:1 ")), "an address that can't be had")
            wait_until(lambda: is_judged(ns), PATIENCE, "verdicts")
            begin = time.monotonic()
            check_metrics(t, ns)
            check_api(t, ns)
            t.part("clients that behave badly")
            check_bad(t, ns)
            check_bodies(t, ns)
            check_crowd(t, ns, json.loads(get(ns, "/api/status")[2])["pid"])
            gap, at = scene.largest_gap(src=router.ip, since=begin)
            scene.bound(gap, GAP, at, at + gap, "largest gap between adverts meanwhile")
            t.equal(d.stop(), 0, "exit status")


pair.run_parts("netns-metrics", [main])
