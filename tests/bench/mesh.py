# From the first exec until every process has every other as a peer.
import json
import os
import selectors
import time

from workers import Company, Failed, Lan, Lanchats, check_steady, has_program


def start_to_mesh(count, sizes):
    """Seconds of each run: embedded nodes, and lanchat processes if there are any."""
    found = {"nodes": [], "lanchat": []}
    for _ in range(sizes.repetitions):
        found["nodes"].append(_nodes(count))
        if has_program("lanchat"):
            found["lanchat"].append(_lanchats(count))
    return found


def _nodes(count):
    lan = Lan(count)
    with Company() as company:
        began = time.monotonic_ns()
        for i in range(count):
            company.start("bench_node", name=f"node{i}", **{"await": count - 1}, **lan.options)
        for node in company.workers:
            node.hear("ready")
        ended = max(node.hear("linked", 60)["t"] for node in company.workers)
        check_steady(company)
    return (ended - began) * 1e-9


def _lanchats(count):
    """Their events carry no time: it is taken when we read them."""
    with Lanchats(count, "--json", "--linger", "inf") as chat:
        began = time.monotonic()
        processes = chat.start()
        missing = {process.stdout.fileno(): count - 1 for process in processes}
        unread = dict.fromkeys(missing, b"")
        selector = selectors.DefaultSelector()
        for descriptor in missing:
            selector.register(descriptor, selectors.EVENT_READ)
        while any(missing.values()):
            ready = selector.select(60)
            if not ready:
                raise Failed(f"{count} lanchat processes: no mesh, peers missing {missing}")
            for key, _ in ready:
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    raise Failed("a lanchat process ended while it looked for peers")
                *lines, unread[key.fd] = (unread[key.fd] + chunk).split(b"\n")
                missing[key.fd] -= sum(map(_step, lines))
        ended = time.monotonic()
        selector.close()
    return ended - began


def _step(line):
    event = json.loads(line)
    if event["type"] != "peer":
        return 0
    return 1 if event["event"] == "up" else -1
