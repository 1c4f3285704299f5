# A start with a long history: how soon it is ready, answers, and what it takes.
import os
import random
import subprocess
import time
from contextlib import contextmanager

from isolation import environment
from workers import Failed, Folder, Lan, find_program, status_kib

WORDS = ("lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor "
         "invidunt labore dolore magna aliquyam erat voluptua vero accusam justo duo").split()
RARE_EVERY = 1_000  # lines
ROWS = ("ready", "tail", "search", "behind", "command", "grep")
INDEXED_WITHIN_S = 5  # of a flood, by who has nothing else to do


def stored(sizes):
    """({row: [ms]}, [MiB], size of the store in MiB)."""
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
        return found, memory, os.path.getsize(database) / 2 ** 20


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

