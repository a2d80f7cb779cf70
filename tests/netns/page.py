#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The status page in headless Chromium: what is broken stands first, filter, sort, pages, what a server's row tells, what
changes is shown by itself, and the page finds a vipd that was restarted."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import pair  # noqa: E402
from browser import Browser  # noqa: E402
from director import Vipd, instance, server, service, tcp  # noqa: E402
from pair import Scene  # noqa: E402
from web import Web  # noqa: E402

VIP = "10.9.0.100"
PORT = 9165
PATIENCE = 30         # seconds; the machine may be busy, and Chromium is large
MANY = 60             # servers: more than a page of them
HELPERS = """
window.rows = (id) => [...document.querySelectorAll("#" + id + " tbody tr.row")].map((tr) => [...tr.cells].map((td) => td.innerText.trim()));
window.names = (id) => rows(id).map((cells) => cells[1]);
window.put = (id, name, text) => { const el = document.querySelector("#" + id + " [data-set=" + name + "]"); el.value = text;
  el.dispatchEvent(new Event("input")); };
window.sortBy = (id, title) => [...document.querySelectorAll("#" + id + " th")].find((th) => th.textContent === title).click();
true
"""


class Shown:
    """The page, with what tests ask of it."""

    def __init__(self, t, page):
        self.t, self.page = t, page

    def ready(self):
        self.page.wait("document.body.dataset.how === 'live' && document.body.dataset.loads > 0", PATIENCE)
        self.page.run(HELPERS)

    def until(self, expression, text):
        """A check that it becomes true."""
        self.t.check(self.page.wait(expression, PATIENCE), text)


def first_look(t, shown):
    shown.until("document.getElementById('verdict').innerText === '1 service without quorum \u00b7 3 servers down'", "what is broken, in a sentence")
    shown.until("document.title === '(4) lb1'", "and in the title")
    shown.until("names('services')[0] === 'dead' && names('services')[1] === 'www'", "services: the broken one first, then the one with a server down")
    shown.until("rows('servers').slice(0, 3).every((r) => r[0] === 'down') && rows('servers')[3][0] === 'up'", "servers: those that are down first")
    shown.until("rows('servers')[0][4] === 'L4CON'", "with the reason")
    shown.until("document.querySelector('#servers svg.spark path.down').getAttribute('d').length > 5 && "
                "[...document.querySelectorAll('#servers svg.spark path.up')].some((p) => p.getAttribute('d').length > 5)", "and the last results")
    shown.until("document.querySelector('#vrrp tbody tr').innerText.startsWith('ACTIVE')", "the instance")
    shown.until("[...document.querySelectorAll('#events li')].some((li) => /dead quorum down/.test(li.innerText))", "events")


def filters(t, shown):
    shown.page.run("put('servers', 'match', '0.0.2:')")
    shown.until("names('servers').join() === '127.0.0.2:9'", "a part of the address")
    shown.page.run("put('servers', 'match', '127.0.0.?:9')")
    shown.until("names('servers').length === 3", "a pattern")
    shown.page.run("put('servers', 'match', ''); ")
    shown.page.run("put('servers', 'service', 'many')")
    shown.until(f"document.querySelector('#servers .pages').innerText.includes('of {MANY}')", "a service")
    shown.t.check(shown.page.run("location.hash.includes('servers.service=many')"), "the address says so")
    shown.page.run("put('servers', 'state', 'down')")
    shown.until("document.querySelector('#servers tbody').innerText === 'nothing fits what is asked for'", "nothing fits")
    shown.page.run("put('servers', 'state', '')")
    shown.until("names('servers').length === 50", "a page of them")
    shown.page.run("sortBy('servers', 'server')")
    shown.until("names('servers')[0] === '127.0.1.1:8080'", "sorted by address, as a number")
    shown.page.run("document.querySelector('#servers .pages [aria-label=\"next page\"]').click()")
    shown.until("names('servers')[0] === '127.0.1.51:8080' && names('servers').length === 10", "the next page")
    shown.page.run("sortBy('servers', 'server')")
    shown.until(f"names('servers')[0] === '127.0.1.{MANY}:8080'", "the other way, from the first page on")
    shown.t.check(shown.page.run("document.querySelector('#servers th[aria-sort]').getAttribute('aria-sort')") == "descending", "and the head says so")
    shown.page.reload()
    shown.page.wait("!window.rows && document.readyState === 'complete'", PATIENCE)
    shown.ready()
    shown.until(f"names('servers')[0] === '127.0.1.{MANY}:8080'", "the same after the page was read again")
    shown.page.run("put('servers', 'service', '')")
    shown.page.run("sortBy('servers', 'server')")
    shown.until("rows('servers')[0][0] === 'down'", "trouble first again")
    shown.page.run("[...document.querySelectorAll('#services tbody tr')].find((tr) => tr.cells[1].innerText === 'www').click()")
    shown.until("names('servers').length === 2", "a service's servers, by a click")
    shown.page.run("document.querySelector('#servers tbody tr.row').click()")
    shown.until("/tcp down, .*L4CON/.test(document.querySelector('#servers tr.more').innerText)", "a server explained")
    shown.page.run("document.querySelector('#servers tbody tr.row').click(); put('servers', 'service', '')")
    shown.until("names('servers').length === 50 && !document.querySelector('tr.more')", "and all again")


def changes(t, shown, web):
    web.stop()
    shown.until("rows('servers').some((r) => r[0] === 'down' && r[1] === '127.0.0.1:8080')", "a server falls, and the page shows it by itself")
    shown.until("/2 services without quorum/.test(document.getElementById('verdict').innerText)", "the verdict too")
    web.start()
    shown.until("rows('servers').every((r) => r[1] !== '127.0.0.1:8080' || r[0] === 'up')", "and that it is back")
    t.equal(shown.page.run("document.body.dataset.how"), "live", "all of it by messages")


def restart(t, shown, director):
    director.kill()
    shown.until("document.body.dataset.how === 'lost' && !document.getElementById('lost').hidden", "vipd is gone: the page says so")
    shown.t.check(shown.page.run("rows('servers').length > 0"), "and keeps what it knew")
    director.start()
    shown.until("document.body.dataset.how === 'live' && document.getElementById('lost').hidden", "vipd is back: the page found it")
    shown.until("rows('servers')[0][0] === 'down' && names('servers').length === 50", "with its servers")


def main(t):
    with Scene(t, listen=False) as scene:
        router = scene.router("r1", Vipd, [instance("web", 51, 100, [VIP + "/24"], advert_ms=100)], options=["--dataplane=memory", "--state=none"])
        ns, d, check = router.ns, router.director, tcp(interval=1, timeout_ms=900)
        d.services = [service(VIP, 80, [server("127.0.0.1", 8080, 7), server("127.0.0.1", 9, 3)], name="www", method="NAT", checks=[check]),
                      service(VIP, 81, [server("127.0.0.2", 9, 1), server("127.0.0.3", 9, 1)], name="dead", method="NAT", checks=[check]),
                      service(VIP, 82, [server(f"127.0.1.{i + 1}", 8080, 1, checks=[]) for i in range(MANY)], name="many", method="NAT")]
        d.more = f'metrics = {{ listen = [ "127.0.0.1:{PORT}" ]; }};\nglobal_defs = {{ router_id = "lb1"; }};\n'
        with Web(ns, "127.0.0.1", 8080) as web, Browser(ns) as browser:
            d.start()
            d.wait_state("web", "ACTIVE", PATIENCE)
            shown = Shown(t, browser.page(f"http://127.0.0.1:{PORT}/"))
            shown.ready()
            for title, part, args in (("what is broken comes first", first_look, ()), ("filter, sort, pages", filters, ()),
                                      ("live", changes, (web,)), ("vipd is killed and started again", restart, (d,))):
                t.part(title)
                part(t, shown, *args)
            t.equal(shown.page.errors, [], "no error in the page")
            t.equal(d.stop(), 0, "exit status, with a client that listens")


pair.run_parts("netns-page", [main])
