# A start with a long history: how soon it is ready, answers, and what it takes.
import os
import random
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass

from isolation import environment
from latency import MICRO
from table import p50
from talk import INDEXED_WITHIN_S, caught_up
from workers import Company, Failed, Folder, Lan, find_program, status_kib

WORDS = ("lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor "
         "invidunt labore dolore magna aliquyam erat voluptua vero accusam justo duo").split()
RARE_EVERY = 1_000  # lines
ROWS = ("ready", "tail", "search", "behind", "command", "grep")
PASSED_ON_CALM_S = 20  # until the index of whoever was given all has it too
FLOODED = 50_000


def indexed(sizes):
    """(lines a second, microseconds of processor time a line) of the index of words."""
    found = []
    for _ in range(sizes.repetitions):
        with Folder() as folder, Company() as company:
            words = os.path.join(folder, "words")
            with open(words, "w", encoding="utf-8") as file:
                file.write(" ".join(random.Random(1).choices(WORDS, k=10_000)))
            told = company.start("bench_index", data=folder, words=words,
                                 lines=sizes.talk_lines).hear("indexed", 60)
            found.append((told["lines"] / told["ns"] * 1e9, told["cpu"] / told["lines"] * MICRO))
    return found


@dataclass
class Stored:
    """What a long history costs."""

    ms: dict  # {row: [ms]}
    memory: list  # MiB at most, of each start
    mib: float  # of the store
    passed_on: tuple  # to a node that has nothing: (seconds, MiB above its start)
    times: dict  # {what two nodes with that history do: as much of what those without take}


def stored(sizes):
    with Folder() as home:
        lan = Lan(1)
        _say(home, lan, sizes.stored_lines)
        database = os.path.join(home, "history.db")
        found, memory = {row: [] for row in ROWS}, []
        with _node(home, lan):
            found["behind"].append(_answer(_search(home), home, 50))
            time.sleep(INDEXED_WITHIN_S)
        for _ in range(sizes.repetitions):
            began = time.monotonic()
            with _node(home, lan) as node:
                found["ready"].append(_ms_since(began))
                _measure_answers(home, database, found)
                memory.append(status_kib(node.pid, "VmHWM") / 1024)
        size = os.path.getsize(database) / 2 ** 20
        passed_on, times = _pairs(home, sizes)
        return Stored(found, memory, size, passed_on, times)


def _pairs(home, sizes):
    with Folder() as folder:
        passed_on, full = _pair(home, os.path.join(folder, "full"), sizes, sizes.stored_lines)
        _, empty = _pair(os.path.join(folder, "one"), os.path.join(folder, "two"), sizes, 0)
    return passed_on, {what: full[what] / empty[what] for what in full}


def _pair(one, two, sizes, lines):
    """Of two nodes, of which the second has missed all lines of the first."""
    with Company() as company:
        lan = Lan(2)
        for home in (one, two):
            os.makedirs(home, exist_ok=True)
        writer = company.start("bench_node", name="writer", data=one, answer=1, **lan.options)
        writer.hear("ready")
        late = company.start("bench_node", name="late", data=two, **{"await": 1}, **lan.options)
        late.hear("ready")
        passed_on = caught_up(late, lines)
        if lines:
            time.sleep(PASSED_ON_CALM_S)
        heard = late.ask("echoed", "echo", sizes.echoes, sizes.echoes // 10, 0, 0)["ns"]
        began = time.monotonic()
        writer.ask("stored", "store", FLOODED, "last", os.devnull, seconds=60)
        return passed_on, {"echo p50": p50(heard), "durable flood": time.monotonic() - began}


@contextmanager
def _node(home, lan):
    node = _start(home, lan, "--linger", "inf")
    try:
        if b'"ready"' not in node.stdout.readline():
            raise Failed("a node that does not start with its history")
        yield node
    finally:
        node.terminate()
        node.wait(10)
        node.stdin.close()
        node.stdout.close()


def _search(home):
    return [find_program("lanchat"), "search", "-d", home, "-n", "50", "zebra"]


def _say(home, lan, count):
    """Lines of 100 bytes of changing words, and a rare one now and then."""
    chance = random.Random(1)
    node = _start(home, lan, "--linger", "0", plain=True)
    for begin in range(0, count, RARE_EVERY):
        lines = [" ".join(chance.choices(WORDS, k=15))[:90] + f" {n}"
                 for n in range(begin, min(count, begin + RARE_EVERY))]
        lines[0] = "zebra " + lines[0]
        node.stdin.write("".join(line + "\n" for line in lines).encode())
    node.stdin.close()
    if node.wait(600) != 0:
        raise Failed(f"the history could not be said: exit code {node.returncode}")
    node.stdout.close()


def _start(home, lan, *flags, plain=False):
    return subprocess.Popen(
        [find_program("lanchat"), "--plain" if plain else "--json", *flags, "--name", "writer",
         "--ip", lan.ip, "--cidr", lan.options["cidr"], "--ports", lan.options["ports"],
         "-d", home, "-q"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=environment(home))


def _measure_answers(home, database, found):
    lanchat = find_program("lanchat")
    ways = {"tail": ([lanchat, "tail", "-d", home, "-n", "50"], 50),
            "search": (_search(home), 50), "command": ([lanchat, "--version"], 1),
            "grep": (["grep", "-c", "zebra", database], 1)}
    for way, (command, lines) in ways.items():
        found[way].append(_answer(command, home, lines))


def _answer(command, home, lines):
    """Milliseconds until it has told that many lines."""
    began = time.monotonic()
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            env=environment(home), check=False).stdout
    if answer.count(b"\n") < lines:
        raise Failed(f"{command}: {len(answer.splitlines())} lines instead of {lines}")
    return _ms_since(began)


def _ms_since(began):
    return (time.monotonic() - began) * 1000
