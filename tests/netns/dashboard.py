#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The dashboard for Grafana and the alerts for Prometheus ask for nothing that vipd does not offer."""

import itertools
import json
import os
import pathlib
import re
import sys

from prometheus_client import parser

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from director import Vipd, instance, server, service, tcp  # noqa: E402
from pair import PATIENCE, Scene  # noqa: E402
from proc import wait_until  # noqa: E402

ETC = pathlib.Path(__file__).resolve().parents[2] / "etc"
PORT = 9165
SCRAPED = {"job", "instance", "exported_instance"}  # Prometheus gives these


def scrape(scene):
    """The names of all samples, each with its labels."""
    router = scene.router("r1", Vipd, [instance("web", 51, 100, ["10.9.0.100/24"], advert_ms=100)],
                          options=["--dataplane=memory"])
    d = router.director
    d.services = [service("10.9.0.100", 80, [server("127.0.0.1", 9)], name="www", method="NAT",
                          checks=[tcp(interval=1, timeout_ms=500)])]
    d.more = f'metrics = {{ listen = [ "127.0.0.1:{PORT}" ]; }};\n'
    d.start()
    d.wait_state("web", "ACTIVE", PATIENCE)
    text = wait_until(lambda: router.ns.run("curl", "-sf", f"http://127.0.0.1:{PORT}/metrics", check=False).stdout,
                      PATIENCE, "metrics")
    names = {}
    for family in parser.text_string_to_metric_families(text):
        for sample in family.samples:
            names.setdefault(sample.name, set()).update(sample.labels)
    t_status = d.stop()
    return names, t_status


def expressions(board):
    """Title and expression of each query, with its legend."""
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"], target["legendFormat"]


def check_expr(t, names, title, expr, legend=""):
    used = re.findall(r"\b(?:vipd_\w+|up)\b", re.sub(r'"[^"]*"', '""', expr))
    unknown = [name for name in used if name not in names]
    known = set().union(*(names.get(name, set()) for name in used)) | SCRAPED
    asked = set(re.findall(r"(\w+)\s*=~?\"", expr)) | set(re.findall(r"{{\s*(?:\$labels\.)?(\w+)\s*}}", legend))
    for group in re.findall(r"\b(?:by|on|group_left)\s*\(([^)]*)\)", expr):
        asked |= set(re.findall(r"\w+", group))
    t.check(used and not unknown and asked <= known,
            f"{title}: {sorted(set(used))} {unknown or ''} {sorted(asked - known) or ''}".rstrip())


def check_board(t, names):
    t.part("the dashboard")
    board = json.loads((ETC / "grafana/vipd.json").read_text(encoding="ascii"))
    for title, expr, legend in expressions(board):
        check_expr(t, names, title, expr, legend)
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            name, label = re.fullmatch(r"label_values\((\w+)(?:\{.*\})?, (\w+)\)", variable["definition"]).groups()
            t.check(label in names[name] | SCRAPED, f"variable {variable['name']}: {label} of {name}")
    panels = board["panels"]
    t.equal(len({panel["id"] for panel in panels}), len(panels), "each panel has a number of its own")
    at = [panel["gridPos"] for panel in panels]
    clash = [(a, b) for a, b in itertools.combinations(at, 2)
             if a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]]
    t.check(not clash and all(p["x"] + p["w"] <= 24 for p in at), f"no panel lies on another {clash}")
    rows = [panel["title"] for panel in panels if panel["type"] == "row"]
    t.equal(rows, ["Overview", "VRRP", "Services", "Servers", "Checks", "Writer and threads"], "rows")


def check_alerts(t, names):
    t.part("the alerts")
    text = (ETC / "prometheus/vipd.yml").read_text(encoding="ascii")
    alerts = re.findall(r"- alert: (\w+)\n(.*?)(?=\n\n|\Z)", text, re.S)
    t.equal(len(alerts), text.count("alert:"), f"{len(alerts)} alerts")
    t.equal(len({name for name, _ in alerts}), len(alerts), "each has a name of its own")
    for name, body in alerts:
        check_expr(t, names, name, re.search(r"expr: (.*)", body)[1], body)
        t.check("severity: " in body and "summary: " in body, f"{name}: severity and summary")


def main(t):
    with Scene(t) as scene:
        names, status = scrape(scene)
        t.equal(status, 0, "exit status")
    names["up"] = {"job", "instance"}  # Prometheus makes it
    check_board(t, names)
    check_alerts(t, names)


pair.run_parts("netns-dashboard", [main])
