# What a node costs: probes per second, memory for each link, processor time when nothing is said.
import glob
import time
from contextlib import contextmanager

from workers import Company, Failed, check_steady, free_ports, nodes, private_subnet

LINKS = 100  # members that one "more" brings


def scan(sizes):
    """Per repetition: (probes/s of discovery, of bare connects, seconds for a /24 x 5)."""
    found = []
    for _ in range(sizes.repetitions):
        first = free_ports("0.0.0.0", 5)
        large = {"cidr": f"127.{64 + len(found)}.16.0/20", "ports": f"{first}-{first + 4}"}
        count = (2 ** 12 - 2) * 5
        sweep = _sweep(count, large)
        bare = _sweep(count, large, bare=1)
        small = _sweep(254 * 5, {**large, "cidr": private_subnet() + ".0/24"})
        found.append((count / sweep, count / bare, small))
    return found


def _sweep(count, arguments, **more):
    with Company() as company:
        swept = company.start("bench_scan", **arguments, **more).hear("swept", 60)
    # An address that answers is asked its other ports at once; a few are then asked twice.
    if not count <= swept["refused"] <= count * 1.01:
        raise Failed(f"a scan of {arguments}: {swept} instead of {count} refused")
    return (swept["t"] - swept["t0"]) * 1e-9


def memory(sizes):
    """{(role, tls): [growth]}: KiB for each link, (of the first 100, of the second 100)."""
    found = {(role, tls): [] for tls in (1, 0) for role in ("dialling", "accepting")}
    for _ in range(sizes.repetitions):
        for (role, tls), growth in found.items():
            growth.append(_memory(role, tls))
    return found


@contextmanager
def _crowd(role, tls):
    """A node and members that it is to link with: (company, node, members)."""
    subnet = private_subnet()
    port = free_ports("0.0.0.0", 1)
    node_ip = f"{subnet}.250"
    with Company() as company:
        node = company.start("bench_node", ip=node_ip, cidr=f"{subnet}.0/24", tls=tls,
                             ports=f"{port}-{port}", scan=int(role == "dialling"))
        node.hear("ready")
        members = company.start("bench_links", subnet=subnet, port=port, tls=tls,
                                role="accept" if role == "dialling" else "dial",
                                to=f"{node_ip}:{port}")
        members.hear("ready")
        yield node, members
        stats = node.ask("stats", "stats")
        if stats["downs"]:
            raise Failed(f"links, {role}: {stats}")


def _memory(role, tls):
    with _crowd(role, tls) as (node, members):
        sizes = [_settled_rss(node)]
        for step in (1, 2):
            members.ask("open", "more", seconds=60)
            node.ask("linked", "await", step * LINKS, seconds=60)
            sizes.append(_settled_rss(node))
    return (sizes[1] - sizes[0]) / LINKS, (sizes[2] - sizes[1]) / LINKS


def set_up(sizes):
    """{tls: [links a second]}: members dial one node, 16 at a time, until all are greeted."""
    found = {1: [], 0: []}
    for _ in range(sizes.repetitions):
        for tls, rates in found.items():
            with _crowd("accepting", tls) as (node, members):
                began = members.ask("open", "more", seconds=60)["t"]
                node.tell("await", LINKS)
                rates.append(LINKS / (node.hear("linked", 60)["t"] - began) * 1e9)
    return found


def _settled_rss(node, seconds=10):
    """Until it has not moved for a second."""
    size, since = node.rss_kib(), time.monotonic()
    deadline = since + seconds
    while time.monotonic() < min(since + 1, deadline):
        time.sleep(0.1)
        now = node.rss_kib()
        if now != size:
            size, since = now, time.monotonic()
    return size


def idle(sizes):
    """Percent of a processor of one node with 30 peers, and of each of the peers."""
    with Company() as company:
        everybody = nodes(company, 31)
        time.sleep(sizes.idle_calm)
        before = [cpu_ns(node.pid) for node in everybody]
        began = time.monotonic_ns()
        time.sleep(sizes.idle_seconds)
        passed = time.monotonic_ns() - began
        after = [cpu_ns(node.pid) for node in everybody]
        check_steady(company)
    return [100 * (b - a) / passed for a, b in zip(before, after)]


def cpu_ns(pid):
    """Of all its threads; finer than the ticks of /proc/PID/stat."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path, encoding="ascii") as schedstat:
            total += int(schedstat.read().split()[0])
    return total
