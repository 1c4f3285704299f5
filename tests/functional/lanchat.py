# The harness: real lanchat processes in private folders, and what they said.
"""    with Chat(ports=5) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        alice.say("hi")
        bob.wait_texts(1)

Every chat has a loopback address of its own, so that tests do not meet. At its end each node must
leave cleanly; a crash, a sanitizer's report or a node that does not stop fails the test."""
import glob
import ipaddress
import itertools
import json
import os
import random
import shutil
import subprocess
import tempfile
from collections import Counter
from typing import NamedTuple

from isolation import environment, free_ports, private_subnet
from process import Gate, Process, connections_between
from runner import SANITIZED, Failed, Skip, check, check_equal, eventually, within

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))


def _program(variable, name):
    if variable in os.environ:
        return os.environ[variable]
    built = glob.glob(os.path.join(SOURCE, "build", "*", name))
    return max(built, key=os.path.getmtime, default="")


PROGRAM = _program("LANCHAT_BIN", "lanchat")
ECHO_BOT = _program("LANCHAT_ECHO_BOT", "examples/echo_bot")
TAP_SWITCH = _program("LANCHAT_TAPSWITCH", "tests/functional/tapswitch")
IMPOSTOR = _program("LANCHAT_IMPOSTOR", "tests/functional/impostor")


class Message(NamedTuple):
    at: float
    author: str
    text: str
    room: str
    own: bool
    history: bool
    address: str
    order: str


def need_program():
    if not os.access(PROGRAM, os.X_OK):
        raise Skip("lanchat is not built")


def run(*arguments, home=None, stdin=b"", seconds=60, env=None, namespace=None):
    """Runs lanchat to its end, for commands and refusals."""
    need_program()
    with tempfile.TemporaryDirectory(prefix="lanchat-test-") as fresh:
        prefix = ["ip", "netns", "exec", namespace] if namespace else []
        return subprocess.run([*prefix, PROGRAM, *arguments], input=stdin, capture_output=True,
                              timeout=seconds, check=False,
                              env=environment(home or fresh, **(env or {})))


class Node(Process):
    """One lanchat. In JSON mode `messages` and `events` hold what it told; in plain mode `out`."""

    def __init__(self, name, argv, *, mode, keep_objects=False, **options):
        self.name, self.mode, self.keep_objects = name, mode, keep_objects
        self.messages, self.events, self.objects, self.out = [], [], [], []
        self.counts = Counter()  # lines heard, by author
        super().__init__(argv, **options)

    def take_out(self, lines, now):
        if self.mode != "json":
            self.out.extend(line.decode(errors="surrogateescape") for line in lines)
            return
        for line in lines:
            thing = json.loads(line)
            if self.keep_objects:
                self.objects.append(thing)
            if thing["type"] == "message":
                author = thing["from"]
                self.messages.append(Message(now, author["name"], thing["text"], thing["room"],
                                             thing.get("own", False), thing["history"],
                                             author["address"], thing["order"]))
                if not thing.get("own"):
                    self.counts[author["name"]] += 1
            else:
                self.events.append((now, thing))

    def of_type(self, kind):
        return [thing for _, thing in self.events if thing["type"] == kind]

    def peers(self, event):
        return [thing["peer"] for thing in self.of_type("peer") if thing["event"] == event]

    def linked(self):
        """Addresses of the peers that are up now."""
        here = []
        for _, thing in self.events:
            if thing["type"] == "moved":
                here[here.index(thing["before"])] = thing["peer"]["address"]
            elif thing["type"] == "peer" and thing["event"] == "up":
                here.append(thing["peer"]["address"])
            elif thing["type"] == "peer":
                here.remove(thing["peer"]["address"])
        return here

    def wait_ready(self, seconds=None):
        # The line comes once; later reads find it at the front.
        ready = self.wait("ready", lambda: self.of_type("ready"), seconds or within(5))
        return ready[0]

    @property
    def address(self):
        return self.wait_ready()["address"]

    @property
    def id(self):
        return self.wait_ready()["id"]

    def wait_linked(self, count, seconds=None):
        return self.wait(f"{count} peers up", lambda: len(self.linked()) == count,
                         seconds or within(5))

    def wait_event(self, what, predicate, seconds):
        """Waits for an event (not a message); returns (time, object)."""
        return self.wait(what, lambda: next((e for e in self.events if predicate(e[1])), None),
                         seconds)

    def wait_down(self, peer, seconds):
        return self.wait_event(f"{peer} down", lambda e: e["type"] == "peer" and
                               e["event"] == "down" and e["peer"]["name"] == peer, seconds)

    def heard(self, author=None):
        """Texts of others in order of arrival."""
        return [m.text for m in self.messages
                if not m.own and (author is None or m.author == author)]

    def in_order(self):
        """Texts of others as `history` sorts them: of what was missed the newest come first."""
        return [m.text for m in sorted(self.messages, key=lambda m: m.order) if not m.own]

    def wait_heard(self, count, seconds=None, author=None):
        """Waits for that many lines of others (or of `author`); returns their texts."""
        self.wait(f"{count} lines heard",
                  lambda: (self.counts[author] if author else self.counts.total()) >= count,
                  seconds or within(5))
        return self.heard(author)

    def wait_text(self, text, seconds=None):
        return self.wait(f"to hear {text!r}",
                         lambda: next((m for m in self.messages if m.text == text), None),
                         seconds or within(5))

    def wait_line(self, text, seconds=None):
        """A line of plain output."""
        return self.wait(f"line {text!r}", lambda: text in self.out, seconds or within(5))

    def say(self, text, **more):
        if self.mode == "json":
            self.send({"type": "send", "text": text, **more})
        else:
            self.write(text.encode(errors="surrogateescape") + b"\n")

    def send(self, thing):
        self.write(json.dumps(thing, ensure_ascii=False).encode() + b"\n")

    def tail(self):
        told = [f"     {self}: {json.dumps(thing, ensure_ascii=False)[:160]}"
                for _, thing in self.events[-6:]]
        return "\n".join([super().tail(), *told])

    def __str__(self):
        return self.name


class Chat:
    """Some nodes that are to meet: an address, a port range, a folder for each."""

    def __init__(self, ports=5, ip=None, cidr=None, first_port=None):
        need_program()
        self.ip = ip or f"{private_subnet()}.{random.randrange(1, 255)}"
        self.cidr = cidr or f"{self.ip}/32"
        self.first_port = first_port or free_ports(self.ip, ports)
        self.last_port = self.first_port + ports - 1
        self.folder = tempfile.mkdtemp(prefix="lanchat-test-")
        self.processes = []
        self._homes = itertools.count(1)

    def __enter__(self):
        return self

    @property
    def range(self):
        return f"{self.first_port}-{self.last_port}"

    def home(self):
        path = os.path.join(self.folder, f"home{next(self._homes)}")
        os.makedirs(path)
        return path

    def config(self, **settings):
        """The flags that give a node these settings."""
        path = os.path.join(self.folder, f"config{next(self._homes)}.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        return "-c", path

    def node(self, name, *flags, mode="json", home=None, ip=None, cidr=None, ports=None,
             linger="inf", env=None, program=None, **options):
        home = home or self.home()
        argv = [program or PROGRAM, f"--{mode}", "--name", name, "--ip", self.ip if ip is None else ip,
                "--cidr", cidr or self.cidr, "--ports", ports or self.range,
                "--linger", linger, *flags]
        node = Node(name, argv, mode=mode, env=environment(home, **(env or {})), **options)
        node.home = home
        self.processes.append(node)
        return node

    def adopt(self, process):
        """Another process that ends with this chat."""
        self.processes.append(process)
        return process

    def together(self, names, **options):
        """Starts nodes at one instant; returns them and that instant."""
        gate = Gate()
        nodes = [self.node(name, gate=gate, **options) for name in names]
        return nodes, gate.open()

    def nodes(self):
        return [p for p in self.processes if isinstance(p, Node) and p.alive()]

    def wait_mesh(self, nodes=None, seconds=None):
        nodes = nodes or self.nodes()
        for node in nodes:
            node.wait_linked(len(nodes) - 1, seconds)

    def __exit__(self, kind, _error, _trace):
        try:
            self._end(clean=kind is None)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, clean):
        live = [p for p in self.processes if p.alive()]
        for process in live:
            process.thaw()
            process.popen.terminate() if clean else process.popen.kill()
        faults = [fault for p in self.processes if (fault := self._last_words(p, clean))]
        faults += [self._report(path) for path in
                   glob.glob(os.path.join(self.folder, "**", "sanitizer.*"), recursive=True)]
        if faults:
            raise Failed("\n".join(faults))

    def _last_words(self, process, clean):
        try:
            code = process.popen.wait(within(6))
        except subprocess.TimeoutExpired:
            process.popen.kill()
            process.popen.wait()
            return f"{process}: did not stop within 5 s of SIGTERM"
        if clean and code not in process.expected_codes:
            return f"{process}: exit code {code}\n{process.tail()}"
        return None

    @staticmethod
    def _report(path):
        with open(path, encoding="utf-8", errors="replace") as report:
            return report.read()[:6000]


def check_one_link_per_pair(nodes):
    """One TCP connection for each pair, once losers of simultaneous dials have gone."""
    def surplus():
        return {f"{a}-{b}": n for a, b in itertools.combinations(nodes, 2)
                if (n := connections_between(a.pid, b.pid)) != 1}

    try:
        eventually("one connection per pair", lambda: not surplus(), within(2))
    except Failed:
        raise Failed(f"connections per pair that are not 1: {surplus()}") from None


def check_never_flapped(nodes):
    """Every peer came up once and never went down."""
    for node in nodes:
        check_equal(node.peers("down"), [], f"down events at {node}")
        ups = sorted(peer["name"] for peer in node.peers("up"))
        check_equal(ups, sorted(n.name for n in nodes if n is not node), f"up events at {node}")


def check_chat_works(nodes, word=None):
    """Each of the nodes says a line, and every other hears it exactly once."""
    word = word or f"word-{random.randrange(10**9)}"
    # Each end learns of a link a moment before or after the other, and a line is for who is here.
    addresses = {node.address for node in nodes}
    for node in nodes:
        node.wait("links to all others", lambda node=node:
                  addresses - {node.address} <= set(node.linked()), within(5))
    for node in nodes:
        node.say(f"{word} of {node}")
    for node in nodes:
        others = {f"{word} of {other}" for other in nodes if other is not node}
        for text in others:
            node.wait_text(text)
        heard = [t for t in node.heard() if t in others]
        check_equal(sorted(heard), sorted(others), f"lines at {node}")


def check_memory(node, limit_mib, peak):
    """A bound on memory; a sanitizer's shadow and quarantine make it meaningless."""
    if not SANITIZED:
        check(peak <= limit_mib, f"{node} took {peak:.0f} MiB, at most {limit_mib} are allowed")


def ip_after(ip, steps):
    return str(ipaddress.IPv4Address(ip) + steps)
