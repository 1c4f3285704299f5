# From the first exec until every process has every other as a peer.
import time

from crowd import seconds_until_linked
from workers import Company, Lan, check_steady, has_program


def start_to_mesh(count, sizes):
    """Seconds of each run: embedded nodes, and lanchat processes if there are any."""
    found = {"nodes": [], "lanchat": []}
    for _ in range(sizes.repetitions):
        found["nodes"].append(_nodes(count))
        if has_program("lanchat"):
            found["lanchat"].append(seconds_until_linked(count))
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
