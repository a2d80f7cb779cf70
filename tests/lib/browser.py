# SPDX-License-Identifier: GPL-2.0-or-later
"""A page in headless Chromium, driven over a pair of pipes by the DevTools protocol.

    with Browser(ns) as browser:
        page = browser.page("http://127.0.0.1:9165/", width=1280, height=800)
        page.wait("document.title === 'x'", 15)      # an expression that becomes true
        page.run("document.querySelector('th').click()")
        page.shot("/tmp/x.png")

`ns` is a Netns or None. Chromium runs in it, so a page at its loopback is reached; it asks nobody else. What a page says on
its console as an error, and every exception in it, is kept in page.errors.
"""

import base64
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading

from proc import Missing

OPTIONS = ["--headless", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-sync",
           "--disable-features=OptimizationHints,MediaRouter", "--hide-scrollbars", "--mute-audio", "--no-default-browser-check",
           "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--force-color-profile=srgb"]
COME_UP = 60  # seconds until the first answer, on a machine that is busy


def _high(fd):
    """The same, out of the way of 3 and 4."""
    high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(fd)
    return high


class Browser:
    def __init__(self, ns=None, program="chromium"):
        self._folder = tempfile.mkdtemp(prefix="chromium-", dir=os.environ.get("TMPDIR", "/tmp"))
        to_read, self._to = map(_high, os.pipe())
        self._from, to_write = map(_high, os.pipe())
        # the browser reads descriptor 3 and writes 4; the shell puts them there
        argv = ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "bash", "setpriv", "--pdeathsig", "KILL", "--", program,
                *OPTIONS, f"--user-data-dir={self._folder}", "about:blank"]
        start = ns.popen if ns else subprocess.Popen
        env = dict(os.environ, HOME=self._folder, DBUS_SESSION_BUS_ADDRESS="/dev/null")
        self._said = open(os.path.join(self._folder, "said"), "wb")
        self._popen = start(argv, env=env, pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said,
                            start_new_session=True)
        os.close(to_read)
        os.close(to_write)
        self._number = 0
        self._answers = {}
        self._news = threading.Condition()
        self._pages = {}
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()
        self.call("Browser.getVersion", timeout=COME_UP)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        try:
            os.killpg(self._popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._popen.wait()
        os.close(self._to)
        self._said.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self):
        data = b""
        while True:
            try:
                more = os.read(self._from, 1 << 20)
            except OSError:
                more = b""
            if not more:
                break
            data += more
            *whole, data = data.split(b"\0")
            for text in whole:
                self._take(json.loads(text))
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _take(self, message):
        with self._news:
            if "id" in message:
                self._answers[message["id"]] = message
            elif message.get("sessionId") in self._pages:
                self._pages[message["sessionId"]].take(message)
            self._news.notify_all()

    def call(self, method, session=None, timeout=30, **params):
        """One command; returns its result."""
        with self._news:
            self._number += 1
            number = self._number
        request = {"id": number, "method": method, "params": params}
        if session:
            request["sessionId"] = session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data):]
        with self._news:
            if not self._news.wait_for(lambda: number in self._answers or self._ended, timeout) or number not in self._answers:
                raise Missing(f"chromium did not answer {method} within {timeout} s{' (it ended)' if self._ended else ''}")
            answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def page(self, url, width=1280, height=800, phone=False, dark=False):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log"):
            page.call(domain + ".enable")
        page.look(width, height, phone, dark)
        page.call("Page.navigate", url=url)
        return page


class Page:
    def __init__(self, browser, session):
        self._browser, self._session = browser, session
        self.errors = []

    def call(self, method, timeout=60, **params):
        return self._browser.call(method, self._session, timeout, **params)

    def take(self, message):
        """The reader's."""
        what, params = message["method"], message["params"]
        if what == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif what == "Log.entryAdded" and params["entry"]["level"] == "error" and params["entry"]["source"] != "network":
            self.errors.append(params["entry"]["text"])

    def look(self, width, height, phone=False, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def run(self, expression, timeout=60):
        """The value of an expression, which may be a promise."""
        done = self.call("Runtime.evaluate", timeout=timeout, expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise RuntimeError(f"{expression}: {done['exceptionDetails'].get('exception', {}).get('description')}")
        return done["result"].get("value")

    def wait(self, expression, timeout=15):
        """Waits in the page until the expression is true, and returns its value."""
        value = self.run(f"""new Promise((done) => {{
            const end = Date.now() + {timeout * 1000};
            const look = () => {{ let v; try {{ v = ({expression}); }} catch (e) {{ v = false; }}
              if (v || Date.now() > end) done(v); else setTimeout(look, 20); }};
            look(); }})""", timeout + 60)
        if not value:
            raise Missing(f"not within {timeout} s: {expression}\n    the page: {self.run('document.body.innerText')[:600]!r}\n    its errors: {self.errors}")
        return value

    def reload(self):
        self.call("Page.reload")

    def shot(self, path):
        """A picture: png or webp, as the path ends."""
        kind = os.path.splitext(path)[1][1:]
        more = {"quality": 25} if kind == "webp" else {}
        data = base64.b64decode(self.call("Page.captureScreenshot", format=kind, **more)["data"])
        with open(path, "wb") as file:
            file.write(data)
