# A talk, line by line: what it takes on disk, and how soon somebody who missed it has it.
import os
import time

from workers import Company, Failed, Folder, Lan, check_steady, nodes, status_kib

INDEXED_WITHIN_S = 6  # by who has nothing else to do
CATCH_UP_WITHIN_S = 120


def talk(sizes):
    """{"talk", "flood": [bytes a line on disk], "seconds", "mib": [of each catching up]}."""
    found = {"talk": [], "flood": [], "seconds": [], "mib": []}
    with Folder() as folder, Company() as company:
        lan = Lan(3)
        _, dialler = nodes(company, 2, folder=folder, lan=lan, each=[{"answer": 1}, {}])
        dialler.ask("echoed", "echo", sizes.talk_lines // 2, 0, 0, 0, seconds=300)
        time.sleep(INDEXED_WITHIN_S)
        found["talk"].append(_bytes_in(os.path.join(folder, "0")) / sizes.talk_lines)
        for number in range(sizes.repetitions):
            seconds, mib = _catch_up(lan, os.path.join(folder, f"late{number}"), sizes.talk_lines)
            found["seconds"].append(seconds)
            found["mib"].append(mib)
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


def _bytes_in(folder):
    """Of the history itself: what its log of writes takes is bounded, and taken over at the end."""
    return os.path.getsize(os.path.join(folder, "history.db"))
