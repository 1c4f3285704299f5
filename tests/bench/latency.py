# Echo latency, in a row and after silence.
import json
import os
import select
import time
from contextlib import contextmanager

from table import p50, p99
from workers import Company, Failed, Lanchats, check_steady, has_program, nodes

MICRO = 1e-3  # of nanoseconds


@contextmanager
def tcp_pair():
    with Company() as company:
        yield _served(company, "bench_tcp"), company


@contextmanager
def stream_pair():
    with Company() as company:
        yield _served(company, "bench_stream"), company


@contextmanager
def node_pair():
    with Company() as company:
        _, dialler = nodes(company, 2, answer=1)
        yield dialler, company
        check_steady(company)


def _served(company, program):
    port = company.start(program, role="echo").hear("ready")["port"]
    dialler = company.start(program, role="dial", to=port)
    dialler.hear("ready")
    return dialler


def pair_of(**options):
    @contextmanager
    def pair():
        with Company() as company:
            _, dialler = nodes(company, 2, each=[{"answer": 1, **options}, options])
            yield dialler, company
            check_steady(company)
    return pair


PAIRS = {"tcp": tcp_pair, "grpc": stream_pair, "lanchat": node_pair}
ECHO_PAIRS = {**PAIRS, "glimpse": pair_of(glimpse=1), "plain": pair_of(tls=0)}


def echo(sizes):
    """For every way its repetitions, taken in turns: [(p50, p99), …] in microseconds."""
    found = {way: [] for way in ECHO_PAIRS}
    if has_program("lanchat"):
        found["pipes"] = []
    for _ in range(sizes.repetitions):
        for way, pair in ECHO_PAIRS.items():
            with pair() as (dialler, _):
                heard = dialler.ask("echoed", "echo", sizes.echoes, sizes.echoes // 10, 0, 0)
            found[way].append(percentiles(heard["ns"]))
        if "pipes" in found:
            found["pipes"].append(percentiles(_pipe_echo(sizes.echoes)))
    return found


def percentiles(nanoseconds):
    return p50(nanoseconds) * MICRO, p99(nanoseconds) * MICRO


def _pipe_echo(count):
    """Two lanchat processes, each with a small program at its pipes."""
    read_end, write_end = os.pipe()
    with Lanchats(2, "--plain") as chat, os.fdopen(read_end, "rb") as reports:
        chat.start()
        chat.help(0)
        chat.help(1, report=write_end, count=count, warmup=count // 10)
        os.close(write_end)
        if not select.select([reports], [], [], 60)[0]:
            raise Failed("lanchat over pipes: no answer within 60 s")
        heard = reports.readline()
    if not heard:
        raise Failed("lanchat over pipes: the echo broke off")
    return json.loads(heard)["ns"]


def silence(sizes):
    """All ways at once, a few pairs of each: every sample in microseconds."""
    found = {way: [] for way in (*PAIRS, "glimpse")}
    shows_first = [{"answer": 1, "glimpse": 1}, {"glimpse": 1}]
    with Company() as company:
        diallers = []
        for _ in range(sizes.silent_pairs):
            diallers.append(("tcp", _served(company, "bench_tcp")))
            diallers.append(("grpc", _served(company, "bench_stream")))
            diallers.append(("lanchat", nodes(company, 2, answer=1)[1]))
            diallers.append(("glimpse", nodes(company, 2, each=shows_first)[1]))
        for _, dialler in diallers:
            dialler.tell("echo", sizes.silent_echoes, 1, 1000, 2000)
        deadline = time.monotonic() + (sizes.silent_echoes + 1) * 2 + 30
        for way, dialler in diallers:
            heard = dialler.hear("echoed", deadline - time.monotonic())
            found[way] += [ns * MICRO for ns in heard["ns"]]
    return found
