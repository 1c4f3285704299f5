# Floods of 100-byte lines from one sender to one and to ten receivers.
from contextlib import contextmanager

from brokers import EncryptedNats
from workers import Company, Failed, check_steady, nodes

BATCH = 655  # lines in 64 KiB


@contextmanager
def _served(program, receivers):
    with Company() as company:
        sinks = [company.start(program, role="sink") for _ in range(receivers)]
        ports = ",".join(str(sink.hear("ready")["port"]) for sink in sinks)
        sender = company.start(program, role="dial", to=ports)
        sender.hear("ready")
        yield sender, sinks


@contextmanager
def _node(receivers):
    with Company() as company:
        sender, *sinks = nodes(company, receivers + 1)
        yield sender, sinks
        check_steady(company)


@contextmanager
def _nats(receivers):
    with EncryptedNats() as server, Company() as company:
        client = {"tls": 1, **server.address}
        sinks = [company.start("bench_nats", role="sink", **client) for _ in range(receivers)]
        sender = company.start("bench_nats", role="flood", **client)
        for one in (*sinks, sender):
            one.hear("ready")
        yield sender, sinks


# Each way: how it is set up, lines a write, lines in all to each receiver (1 and 10 of them).
WAYS = {
    "tcp batched": (lambda n: _served("bench_tcp", n), BATCH, {1: 4_000_000, 10: 400_000}),
    "grpc batched": (lambda n: _served("bench_stream", n), BATCH, {1: 2_000_000, 10: 200_000}),
    "lanchat": (_node, None, {1: 400_000, 10: 150_000}),
    "nats": (_nats, None, {1: 400_000, 10: 150_000}),
    "tcp unbatched": (lambda n: _served("bench_tcp", n), 1, {1: 300_000, 10: 50_000}),
    "grpc unbatched": (lambda n: _served("bench_stream", n), 1, {1: 100_000, 10: 20_000}),
}

GROWTH = (1, 2, 4, 10, 30)
GROWTH_DELIVERIES = 1_000_000


def throughput(sizes, receivers):
    """Deliveries per second of every way, repetitions in turns."""
    ways = {way: how for way, how in WAYS.items() if way != "nats" or not EncryptedNats.missing()}
    found = {way: [] for way in ways}
    for _ in range(sizes.repetitions):
        for way, (setting, at_once, counts) in ways.items():
            count = max(1000, int(counts[receivers] * sizes.share))
            with setting(receivers) as (sender, sinks):
                found[way].append(_flood(sender, sinks, count, at_once))
    return found


def growth(sizes):
    """Deliveries per second by how many receive, in memory."""
    found = {}
    for receivers in GROWTH:
        for _ in range(sizes.repetitions):
            with _node(receivers) as (sender, sinks):
                count = max(1000, int(GROWTH_DELIVERIES / receivers * sizes.share))
                found.setdefault(receivers, []).append(_flood(sender, sinks, count, None))
    return found


def _flood(sender, sinks, count, at_once):
    sender.tell("say", count, *([at_once] if at_once else []))
    began = sender.hear("said", 120)["t0"]
    ended = began
    for sink in sinks:
        heard = sink.hear("heard", 60)
        if heard["count"] != count or heard["misplaced"]:
            raise Failed(f"{sink.name}: {heard} instead of {count} lines in order")
        ended = max(ended, heard["t"])
    return count * len(sinks) / ((ended - began) * 1e-9)
