#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job, watched: two directors, four web servers and a client on one bridge.

    demo.py [VIPD]

Run by `make demo`, on a kernel that has IPVS (tests/guest/boot finds one). It tells a short story with times, checks
what it tells, and exits with 1 when something is off. Web servers are nginx, the client is curl; requests reach the
servers by direct routing, so answers do not pass a director.
"""

import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import ipvs  # noqa: E402
from director import Vipd  # noqa: E402
from proc import wait_until  # noqa: E402
from scene import ADVERT_MS, CHECK, DIRECTORS, GIVE_UP, PATIENCE, VIP, VRID, WEB, Scene  # noqa: E402
from stall import Stalls  # noqa: E402
from suite import suite  # noqa: E402
from wire import Advert, Garp, Holders  # noqa: E402

START = time.monotonic()


def tell(text):
    print(f"[{time.monotonic() - START:6.2f} s] {text}", flush=True)


def ms(seconds):
    return f"{seconds * 1000:.0f} ms"


def failed(requests):
    return f"{sum(not r.ok for r in requests)} of {len(requests)}"


class Story:
    """One method for each act, in order."""

    def __init__(self, t, scene, stalls):
        self.t, self.scene, self.stalls = t, scene, stalls
        self.d1, self.d2 = scene.directors["d1"], scene.directors["d2"]

    def expect(self, condition, text):
        if not self.t.check(condition, text):
            tell(f"OFF: it was expected that {text}.")

    def bound(self, begin, end, limit, what):
        """Checks a promised time; what the machine itself stood still meanwhile does not count."""
        still = self.stalls.between(begin, end)
        tell(f"Promised are at most {ms(limit)} {what}; it took {ms(end - begin)}"
             + (f", {ms(still)} of which this machine stood still." if still else "."))
        self.expect(end - begin <= limit + still, f"it takes at most {ms(limit)} {what}")

    def directors_start(self):
        tell(f"Two directors start, d1 with priority 150 and d2 with 100; adverts go out every {ADVERT_MS} ms.")
        self.d1.start()
        self.d2.start()
        self.scene.wait_holder("d1")
        tell(f"d1 is active: it alone holds {VIP}.")
        self.scene.wait_full()
        tell("The four web servers pass their checks; both directors have them in their tables.")

    def requests_are_spread(self):
        counts = self.scene.client.burst(100)
        tell("100 requests from the client: " + ", ".join(f"{name} {counts[name]}" for name in sorted(counts)) + ".")
        self.expect(counts == dict.fromkeys(WEB, 25), "each of the four servers answers 25 of 100 requests")

    def web_server_stops(self):
        server = f"{WEB['web3']}:80"
        tell("The client goes on asking, 50 times a second, and web3 is stopped.")
        begin = time.monotonic()
        self.scene.web["web3"].stop()
        wait_until(lambda: server not in ipvs.table(self.d1.ns)[f"tcp {VIP}:80"], PATIENCE, "web3 leaves the table",
                   step=0.002)
        gone = time.monotonic()
        meanwhile, after = self.scene.client.around(begin, gone)
        tell(f"web3 left the table after {ms(gone - begin)} (it is checked every second). "
             f"Failed meanwhile: {failed(meanwhile)} requests; afterwards: {failed(after)}.")
        self.bound(begin, gone, CHECK["interval"] + CHECK["timeout_ms"] / 1000 + 0.1,
                   "from the web server's stop to the table")
        self.expect(all(r.ok for r in after), "no request fails once the dead server has left the table")
        begin = time.monotonic()
        self.scene.web["web3"].start()
        self.scene.wait_full()
        tell(f"web3 is started and is back in both tables {ms(time.monotonic() - begin)} later.")

    def vipd_is_killed(self):
        tell("The vipd of d1 is killed (SIGKILL). Its kernel keeps the address and the table, and goes on balancing.")
        meanwhile = self.takeover(self.d1.kill)
        self.expect(sum(not r.ok for r in meanwhile) <= 1, "no request fails but the one that is under way at the move")
        self.expect(self.scene.holders() == {"d1", "d2"} and self.scene.tables() == [self.scene.full] * 2,
                    "a killed vipd leaves address and table in its kernel")

    def vipd_comes_back(self):
        tell("The vipd of d1 is started again.")
        begin = time.monotonic()
        self.d1.start()
        garp = self.scene.wire.wait(Garp, PATIENCE, since=begin, address=VIP, mac=self.d1.ns.mac("eth0"))[0]
        self.scene.wait_holder("d1")
        self.scene.wait_full()
        meanwhile, after = self.scene.client.around(begin, garp.time)
        tell(f"d1 found its table as it had left it, and is active again after {ms(garp.time - begin)}. "
             f"Failed meanwhile: {failed(meanwhile)} requests; afterwards: {failed(after)}.")
        self.expect(all(r.ok for r in after), "no request fails after the hand-back")

    def machine_dies(self):
        tell(f"Now the whole machine d1 dies: its cable is pulled. The client gives a request up after {ms(GIVE_UP)}.")
        self.takeover(self.d1_loses_power)
        self.expect(self.scene.holders() >= {"d2"}, f"d2 holds {VIP}")

    def d1_loses_power(self):
        self.scene.lan.mute(self.d1.ns, "eth0")
        self.d1.kill()

    def takeover(self, deed):
        """Does the deed to d1 and follows d2 until it has announced the address; returns the requests meanwhile."""
        wire, mac = self.scene.wire, self.d2.ns.mac("eth0")
        with Holders(VIP, [self.d2.ns]).watch() as holders:
            begin = time.monotonic()
            deed()
            garp = wire.wait(Garp, PATIENCE, since=begin, address=VIP, mac=mac)[0]
            held = wait_until(lambda: holders.first({"d2"}, begin), PATIENCE, f"d2 holds {VIP}")
        held = min(held, garp.time)  # the sampler sees it up to one sample late
        first = wire.wait(Advert, PATIENCE, since=begin, src=DIRECTORS["d2"][0], vrid=VRID)[0]
        last = wire.adverts(src=DIRECTORS["d1"][0], vrid=VRID)[-1]
        meanwhile, after = self.scene.client.around(begin, garp.time)
        tell(f"d2 held {VIP} {ms(held - begin)} later and announced it to everybody after {ms(garp.time - begin)}. "
             f"Failed meanwhile: {failed(meanwhile)} requests; afterwards: {failed(after)}.")
        skew = (256 - DIRECTORS["d2"][1]) * ADVERT_MS / 256
        self.bound(last.time, first.time, (3 * ADVERT_MS + skew + 100) / 1000,
                   "from d1's last advert on the wire to d2's first")
        self.expect(all(r.ok for r in after), "no request fails after the address was announced")
        return meanwhile

    def clean_stop(self):
        tell("The table of d2 at the end:")
        table = ipvs.table(self.d2.ns)
        print("\n".join("             " + line for line in ipvs.show(table).splitlines()), flush=True)
        self.expect(table == self.scene.full, "the table has all four servers with weight 1")
        begin = time.monotonic()
        status = self.d2.stop(PATIENCE)
        left = ipvs.table(self.d2.ns)
        tell(f"d2 is stopped cleanly (SIGTERM): done after {ms(time.monotonic() - begin)}, exit status {status}; "
             f"services left in its table: {len(left)}.")
        self.expect(status == 0, "a clean stop exits with status 0")
        self.expect(left == {}, "a clean stop leaves no table")
        self.expect("d2" not in self.scene.holders(), "a clean stop leaves no address")


def main():
    tell("A network is made: two directors, four web servers (nginx) and a client (curl) on one bridge.")
    with (suite("demo") as t, tempfile.TemporaryDirectory(prefix="demo-") as folder, Scene(folder) as scene,
          Stalls() as stalls):
        story = Story(t, scene, stalls)
        story.directors_start()
        story.requests_are_spread()
        scene.client.begin()
        story.web_server_stops()
        story.vipd_is_killed()
        story.vipd_comes_back()
        story.machine_dies()
        scene.client.end()
        story.clean_stop()


if __name__ == "__main__":
    Vipd.program = sys.argv[1] if len(sys.argv) > 1 else Vipd.program
    main()
