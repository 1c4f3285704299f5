# Many lanchat processes on one machine: how a line fares among them, and what one of them takes.
import json
import os
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass, field

from workers import Failed, Lanchats, status_kib

PAUSE_S = 0.25  # between two lines
CALM_S = 2  # from the last link to the first line
BUSY = "while True: pass"


@dataclass
class Crowd:
    """What was seen of all processes together."""

    linked: float = 0.0  # seconds from the first exec
    lost: int = 0  # links
    late: list = field(default_factory=list)  # ms from saying a line until all have shown it


def crowd(count, seconds, busy):
    """`busy`: as many other processes as there are processors take what they get."""
    with Lanchats(count, "--json", "--linger", "inf") as chat:
        watch = _Watch(chat)
        watch.until_linked()
        others = [subprocess.Popen([sys.executable, "-c", BUSY])
                  for _ in range(os.cpu_count() if busy else 0)]
        try:
            watch.talk(seconds)
        finally:
            for other in others:
                other.kill()
                other.wait()
        return watch.seen


class _Watch:
    """Starts them, and reads what they tell. Their events carry no time: it is taken here."""

    def __init__(self, chat):
        self.seen = Crowd()
        self._began = time.monotonic()
        self._processes = chat.start()
        self._links = 0
        self._unread = {process.stdout.fileno(): b"" for process in self._processes}
        self._said = {}  # number: when, and by how many it was shown
        self._selector = selectors.DefaultSelector()
        for descriptor in self._unread:
            self._selector.register(descriptor, selectors.EVENT_READ)

    def until_linked(self):
        count = len(self._processes)
        while self._links < count * (count - 1):
            if time.monotonic() - self._began > 120:
                raise Failed(f"{count} processes have {self._links} ends of links after 120 s")
            self._hear(1)
        self.seen.linked = time.monotonic() - self._began

    def talk(self, seconds):
        until = time.monotonic() + CALM_S + seconds
        following = time.monotonic() + CALM_S
        while time.monotonic() < until:
            self._hear(max(0, following - time.monotonic()))
            if time.monotonic() >= following:
                following += PAUSE_S
                self._say(len(self._said))
        deadline = time.monotonic() + 10
        while any(shown < len(self._processes) for _, shown in self._said.values()):
            if time.monotonic() > deadline:
                raise Failed("a line has not reached everybody within 10 s")
            self._hear(0.1)

    def _say(self, number):
        one = self._processes[number % len(self._processes)]
        self._said[number] = (time.monotonic(), 0)
        one.stdin.write((json.dumps({"type": "send", "text": f"line {number}"}) + "\n").encode())
        one.stdin.flush()

    def _hear(self, seconds):
        for key, _ in self._selector.select(seconds):
            chunk = os.read(key.fd, 1 << 16)
            if not chunk:
                raise Failed("a lanchat process ended")
            *lines, self._unread[key.fd] = (self._unread[key.fd] + chunk).split(b"\n")
            for line in lines:
                self._take(json.loads(line))

    def _take(self, event):
        if event["type"] == "peer":
            self._links += 1 if event["event"] == "up" else -1
            self.seen.lost += event["event"] == "down"
        elif event["type"] == "message":
            number = int(event["text"].split()[1])
            said, shown = self._said[number]
            self._said[number] = said, shown + 1
            if shown + 1 == len(self._processes):
                self.seen.late.append((time.monotonic() - said) * 1000)


def seconds_until_linked(count):
    """Seconds from the first exec until every process has told that all others are its peers."""
    with Lanchats(count, "--json", "--linger", "inf") as chat:
        watch = _Watch(chat)
        watch.until_linked()
        return watch.seen.linked


def footprint(peers):
    """KiB of a lanchat with so many peers: (all that is resident, of that its own)."""
    with Lanchats(peers + 1, "--json", "--linger", "inf") as chat:
        _Watch(chat).until_linked()
        time.sleep(CALM_S)
        pid = chat.processes[0].pid
        return status_kib(pid, "VmRSS"), status_kib(pid, "RssAnon")
