# SPDX-License-Identifier: GPL-2.0-or-later
"""What a director tells people: scripts that write down how they were called, a FIFO, and a mail relay.

    with Ears(ns) as ears:
        script = ears.script("master")            # a path for notify_master
        ...
        ears.wait("start", scripts=3, lines=3, mails=2)
        heard = ears.take()                       # {"scripts": [...], "lines": [...], "mails": [...]}
"""

import os
import re
import select
import shutil
import socket
import tempfile
import threading

from proc import Missing, wait_until

RECORDER = r"""#!/bin/bash
line="$(basename "$0")|$(id -u):$(id -g)|${LD_LIBRARY_PATH-none}"
for arg; do line="$line|$arg"; done
echo "$line" >> %s
"""


class Relay:
    """An SMTP relay that takes everything; `mode` makes it hang, refuse or drop."""

    def __init__(self, ns, port=2525):
        self.mails, self.dialogues, self.accepted = [], [], 0
        self.mode = "good"
        self._socket = ns.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(128)
        self._held = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.accepted += 1
            if self.mode == "hang":
                self._held.append(connection)
            elif self.mode == "drop":
                connection.close()
            else:
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self._talk(connection)
        except OSError:
            pass  # a client that hangs up is no news
        connection.close()

    def _talk(self, connection):
        stream = connection.makefile("rwb", 0)
        said, text = [], None
        stream.write(b"220 relay\r\n")
        for line in stream:
            if text is not None:
                if line == b".\r\n":
                    self.mails.append(text)
                    text = None
                    stream.write(b"250 taken\r\n")
                else:
                    text += line
                continue
            said.append(line)
            word = line.split()[0].upper()
            if word == b"RCPT" and self.mode == "refuse":
                stream.write(b"550 nobody here\r\n")
            elif word == b"DATA":
                text = b""
                stream.write(b"354 go on\r\n")
            elif word == b"QUIT":
                stream.write(b"221 bye\r\n")
                break
            else:
                stream.write(b"250 good\r\n")
        self.dialogues.append(said)

    def close(self):
        self._socket.close()
        for connection in self._held:
            connection.close()


class Fifo:
    """A reader of a FIFO; made here, so that no line comes before it."""

    def __init__(self, path):
        self.path, self.lines, self._rest = path, [], b""
        os.mkfifo(path)
        os.chmod(path, 0o666)
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._is_closed = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while not self._is_closed:
            if not select.select([self._fd], [], [], 0.1)[0]:
                continue
            self._rest += os.read(self._fd, 65536)
            *lines, self._rest = self._rest.split(b"\n")
            self.lines += lines

    def close(self):
        self._is_closed = True
        self._thread.join()
        os.close(self._fd)


class Ears:
    def __init__(self, ns, relay=True):
        self.folder = tempfile.mkdtemp(prefix="ears-", dir=os.environ.get("TMPDIR", "/tmp"))
        os.chmod(self.folder, 0o755)
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "wb"):
            os.chmod(self.log, 0o666)
        self.fifo = Fifo(os.path.join(self.folder, "fifo"))
        self.relay = Relay(ns) if relay else None
        self._seen = [0, 0, 0]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.fifo.close()
        if self.relay:
            self.relay.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def script(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            with open(path, "w", encoding="ascii") as file:
                file.write(RECORDER % self.log)
            os.chmod(path, 0o755)
        return path

    def all(self):
        with open(self.log, "rb") as file:
            scripts = file.read().split(b"\n")[:-1]
        mails = [re.sub(rb"(?m)^Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}\r$", b"Date: -\r", m)
                 for m in (self.relay.mails if self.relay else [])]
        return scripts, list(self.fifo.lines), mails

    def wait(self, what, scripts=0, lines=0, mails=0, timeout=20):
        """Waits for so many more of each since the last take()."""
        wanted = [seen + more for seen, more in zip(self._seen, (scripts, lines, mails))]

        def is_there():
            return all(len(got) >= n for got, n in zip(self.all(), wanted))
        try:
            wait_until(is_there, timeout, what, step=0.02)
        except Missing as missing:
            got = [len(got) - seen for got, seen in zip(self.all(), self._seen)]
            raise Missing(f"{missing}: {got} of {[scripts, lines, mails]} scripts, lines, mails; {self.take()}") from None

    def take(self):
        """What came since the last time; each sorted: only the order of one object's events counts."""
        now = self.all()
        news = [sorted(got[seen:]) for got, seen in zip(now, self._seen)]
        self._seen = [len(got) for got in now]
        return dict(zip(("scripts", "lines", "mails"), news))
