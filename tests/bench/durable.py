# Lines that survive: how many a second, how soon, and what is left of them after kill -9.
import os
import random
import time
from contextlib import contextmanager
from dataclasses import dataclass

from brokers import DefaultMosquitto, FlushedNats, Mosquitto, Nats
from costs import cpu_ns
from latency import MICRO, percentiles
from workers import Company, Failed, Folder, Lan, Worker, check_steady, nodes

COUNTLESS = 100_000_000  # more lines than can be said before the kill


# --- rates ----------------------------------------------------------------------------------------


@dataclass
class Setting:
    sender: Worker
    sinks: list
    processes: list
    words: list  # for the sender, after the number of lines


@contextmanager
def _lanchat(receivers, answers):
    with Folder() as folder, Company() as company:
        sender, *sinks = nodes(company, receivers + 1, folder=folder)
        yield Setting(sender, sinks, [sender, *sinks], [answers])
        check_steady(company)


@contextmanager
def _broker(kind, receivers):
    with kind() as server, Company() as company:
        sinks = [company.start(server.worker, role="subscribe", name=f"sink{number}",
                               **server.address) for number in range(receivers)]
        for sink in sinks:
            sink.hear("ready")
        sender = company.start(server.worker, role="publish", name="sender", **server.address)
        sender.hear("ready")
        yield Setting(sender, sinks, [sender, *sinks, server.popen], [])


# Each way: the broker, or how many answers the author of lanchat waits for; lines to be said.
WAYS = {
    "lanchat each": ("each", {1: 100_000, 4: 50_000}),
    "nats": (Nats, {1: 300_000, 4: 100_000}),
    "lanchat last": ("last", {1: 100_000, 4: 50_000}),
    "nats flushed": (FlushedNats, {1: 4_000, 4: 4_000}),
    "mosquitto": (Mosquitto, {1: 1_000, 4: 1_000}),
    "mosquitto default": (DefaultMosquitto, {1: 50_000, 4: 20_000}),
}


def skipped(way):
    """Why it is not measured here; empty if it is."""
    kind, _ = WAYS[way]
    return "" if isinstance(kind, str) else kind.missing()


@dataclass
class Rates:
    """Lines a second until something is true of all, and what a line costs; None: not measured."""

    heard: float  # answered and heard
    everywhere: float | None  # known to the author to be flushed everywhere
    cpu: float  # microseconds of processor time, of all processes together


def rates(sizes, receivers):
    """Flushes a second of the disk, and for every way its repetitions, taken in turns."""
    disk, found = [], {}
    for _ in range(sizes.repetitions):
        disk.append(1e9 / _mean(flushes(sizes.flush_seconds)))
        for way, (kind, counts) in WAYS.items():
            if skipped(way):
                continue
            count = int(counts[receivers] * sizes.share)
            ours = isinstance(kind, str)
            with (_lanchat(receivers, kind) if ours else _broker(kind, receivers)) as setting:
                found.setdefault(way, []).append(_flood(setting, count, ours))
    return disk, found


def _flood(setting, count, ours):
    before = _cpu(setting)
    setting.sender.tell("store", count, *setting.words)
    stored = setting.sender.hear("stored", 120)
    everywhere = setting.sender.hear("everywhere", 120) if ours else None
    ended = stored["t"]
    for sink in setting.sinks:
        heard = sink.hear("heard", 60)
        if heard["count"] != count or heard["misplaced"]:
            raise Failed(f"{sink.name}: {heard} instead of {count} lines in order")
        ended = max(ended, heard["t"])
    return Rates(_rate(count, stored["t0"], ended),
                 everywhere and _rate(count, stored["t0"], everywhere["t"]),
                 (_cpu(setting) - before) * MICRO / count)


def _cpu(setting):
    return sum(cpu_ns(process.pid) for process in setting.processes)


def _rate(count, began, ended):
    return count / ((ended - began) * 1e-9)


def flushes(seconds):
    """What the disk itself can do: nanoseconds of each fdatasync after a line was appended."""
    taken = []
    line = b"x" * 100
    with Folder() as folder, open(os.path.join(folder, "flushed"), "ab", buffering=0) as file:
        until = time.monotonic_ns() + seconds * 1e9
        while time.monotonic_ns() < until:
            began = time.monotonic_ns()
            file.write(line)
            os.fdatasync(file.fileno())
            taken.append(time.monotonic_ns() - began)
    return taken


def _mean(values):
    return sum(values) / len(values)


# --- latency --------------------------------------------------------------------------------------

ECHOES = {
    "memory": {},
    "disk": {"on_disk": True},
    "flushed": {"on_disk": True, "both": {"ids": 1}},
    "delivered": {"on_disk": True, "dialler": {"delivery": 1}, "answer": 0},
}


def echoes(sizes):
    """(p50, p99) in microseconds of each repetition: of a flush of the disk, and of each way."""
    found = {"fdatasync": [], **{way: [] for way in ECHOES}}
    for _ in range(sizes.repetitions):
        found["fdatasync"].append(percentiles(flushes(sizes.flush_seconds)))
        for way, how in ECHOES.items():
            found[way].append(_echo(sizes.flushed_echoes, **how))
    return found


def _echo(count, on_disk=False, both=None, dialler=None, answer=1):
    with Folder() as folder, Company() as company:
        told = [{"answer": answer, **(both or {})}, {**(both or {}), **(dialler or {})}]
        _, asking = nodes(company, 2, folder=folder if on_disk else None, each=told)
        heard = asking.ask("echoed", "echo", count, count // 10, 0, 0, seconds=120)
        check_steady(company)
    return percentiles(heard["ns"])


def signatures(sizes):
    """Microseconds a line, {lines in a run: [(to sign, to verify), …]}."""
    found = {}
    for _ in range(sizes.repetitions):
        with Company() as company:
            worker = company.start("bench_run", seconds=sizes.sign_seconds)
            for _ in range(3):
                told = worker.hear("run")
                found.setdefault(told["lines"], []).append(
                    (told["sign"] * MICRO, told["verify"] * MICRO))
    return found


# --- kill -9 --------------------------------------------------------------------------------------

KILLED = {"nats": Nats, "nats flushed": FlushedNats, "mosquitto": Mosquitto,
          "mosquitto default": DefaultMosquitto}


def losses(sizes):
    """Of each kill (lines answered, of these not there afterwards); a word if it was skipped."""
    found = {"lanchat": [], "lanchat elsewhere": []}
    for _ in range(sizes.kills):
        here, elsewhere = _kill_author()
        found["lanchat"].append(here)
        found["lanchat elsewhere"].append(elsewhere)
        for name, kind in KILLED.items():
            if why := kind.missing():
                found[name] = why
            else:
                found.setdefault(name, []).append(_kill_broker(kind))
    return found


def _some_time():
    time.sleep(random.uniform(0.5, 1.5))


def _kill_broker(kind):
    with kind() as server, Company() as company:
        with Company() as visitors:  # who is known to the broker, and away
            reader = {"name": "reader", **server.address}
            visitors.start(server.worker, role="subscribe", **reader).hear("ready")
        sender = company.start(server.worker, role="publish", name="sender", **server.address)
        sender.hear("ready")
        sender.tell("store", COUNTLESS)
        _some_time()
        server.kill()
        answered = _numbers(sender.ask("acknowledged", "acknowledged"))
        server.start()
        kept = company.start(server.worker, role="read", **reader).hear("kept", 120)
    return _judged(kind.program, answered, _numbers(kept))


def _kill_author():
    """What its author said was stored: in its own store, and in the other's once it is back."""
    with Folder() as folder:
        file = os.path.join(folder, "answered")
        lan = Lan(2)
        with Company() as company:
            author, other = nodes(company, 2, folder=folder, lan=lan)
            author.tell("store", COUNTLESS, "each", file)
            _some_time()
            author.popen.kill()
            author.popen.wait()
            with open(file, encoding="ascii") as answers:
                answered = set(range(int(answers.read())))
            kept = _history(folder, 0)
            nodes(company, 1, folder=folder, lan=lan, others=1)
            _wait_until_quiet(other)
        return (_judged("lanchat", answered, kept),
                _judged("lanchat", answered, _history(folder, 1)))


def _history(folder, number):
    with Company() as company:
        data = os.path.join(folder, str(number))
        return _numbers(company.start("bench_history", data=data).hear("kept", 60))


def _wait_until_quiet(node, seconds=1.5, at_most=60):
    """Nothing new has come for a while."""
    heard, since = None, time.monotonic()
    deadline = since + at_most
    while time.monotonic() < min(since + seconds, deadline):
        time.sleep(0.1)
        now = node.ask("stats", "stats")["heard"]
        if now != heard:
            heard, since = now, time.monotonic()


def _numbers(report):
    return {number for first, last in report["numbers"] for number in range(first, last + 1)}


def _judged(name, answered, kept):
    if not answered:
        raise Failed(f"{name}: answered nothing before it was killed")
    return len(answered), len(answered - kept)
