# A talk, line by line: what it takes on disk, and how soon somebody who missed it has it.
import os
import sqlite3
import time
from contextlib import closing

from latency import MICRO
from workers import Company, Failed, Folder, Lan, check_steady, nodes, status_kib

INDEXED_WITHIN_S = 6  # by who has nothing else to do
CATCH_UP_WITHIN_S = 120


def talk(sizes):
    """{"talk", "rested", "flood": [bytes a line on disk], "seconds", "mib": [of each catching up],
    "join": [microseconds a line]}."""
    found = {"talk": [], "rested": [], "flood": [], "seconds": [], "mib": [], "join": []}
    with Folder() as folder:
        first = os.path.join(folder, "0")
        with Company() as company:
            lan = Lan(3)
            _, dialler = nodes(company, 2, folder=folder, lan=lan, each=[{"answer": 1}, {}])
            dialler.ask("echoed", "echo", sizes.talk_lines // 2, 0, 0, 0, seconds=300)
            time.sleep(INDEXED_WITHIN_S)
            found["talk"].append(_bytes_in(first) / sizes.talk_lines)
            for number in range(sizes.repetitions):
                late = os.path.join(folder, f"late{number}")
                seconds, mib = _catch_up(lan, late, sizes.talk_lines)
                found["seconds"].append(seconds)
                found["mib"].append(mib)
        ns, size = _joined(first)
        found["rested"].append(size / sizes.talk_lines)
        found["join"].append(ns / sizes.talk_lines * MICRO)
    found["flood"].append(_flood(sizes.talk_lines))
    return found


def _catch_up(lan, folder, lines):
    os.mkdir(folder)
    with Company() as company:
        late = company.start("bench_node", name="late", data=folder, **{"await": 2}, **lan.options)
        late.hear("ready")
        found = caught_up(late, lines)
        check_steady(company)
        return found


def caught_up(late, lines):
    """Seconds from the links on, and MiB above what the node takes now that it is ready."""
    before = status_kib(late.pid, "VmRSS")
    began = late.hear("linked")["t"]
    while late.ask("stats", "stats")["heard"] < lines:
        if time.monotonic_ns() - began > CATCH_UP_WITHIN_S * 1e9:
            raise Failed(f"{lines} missed lines are not caught up in {CATCH_UP_WITHIN_S} s")
        time.sleep(0.01)
    seconds = (time.monotonic_ns() - began) * 1e-9
    return seconds, (status_kib(late.pid, "VmHWM") - before) / 1024


def _flood(lines):
    with Folder() as folder, Company() as company:
        sender, sink = nodes(company, 2, folder=folder)
        sender.ask("said", "say", lines, seconds=60)
        sink.hear("heard", 60)
        time.sleep(INDEXED_WITHIN_S)
        return _bytes_in(os.path.join(folder, "0")) / lines


def _joined(folder):
    """Nanoseconds until the runs of a history are joined, and the bytes that it takes then. What that
    leaves free in its file is for what is said later."""
    with Company() as company:
        joined = company.start("bench_history", data=folder, join=1).hear("joined", 120)
    with closing(sqlite3.connect(os.path.join(folder, "history.db"))) as history:
        pages, free, size = (history.execute(f"PRAGMA {what}").fetchone()[0]
                             for what in ("page_count", "freelist_count", "page_size"))
    return joined["ns"], (pages - free) * size


def _bytes_in(folder):
    """Of the history itself: what its log of writes takes is bounded, and taken over at the end."""
    return os.path.getsize(os.path.join(folder, "history.db"))
