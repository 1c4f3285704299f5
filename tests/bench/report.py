# What a whole run leaves in the tree: RESULTS.md with every row, the picture, README's few figures.
import os
import re
from dataclasses import dataclass

from picture import picture
from table import format_number, markdown

HERE = os.path.dirname(os.path.abspath(__file__))
README = os.path.join(os.path.dirname(os.path.dirname(HERE)), "README.md")
MARK = re.compile(r"(<!-- tests/bench begins -->\n).*(<!-- tests/bench ends -->)", re.S)


@dataclass(frozen=True)
class Figure:
    title: str
    low_is_good: bool
    ours: str  # the row of lanchat
    peers: tuple  # (what README calls it, its row) of whoever it is compared with


FIGURES = (
    Figure("Echo of a line, median", True, "echo p50: lanchat, embedded nodes",
           (("bare gRPC stream", "echo p50: bare gRPC stream"), ("raw TCP", "echo p50: raw TCP"))),
    Figure("Lines delivered a second to ten receivers", False,
           "1→10 deliveries/s: lanchat, embedded nodes",
           (("bare gRPC, a line a message", "1→10 deliveries/s: bare gRPC, a line a message"),
            ("bare gRPC, 64 KiB messages", "1→10 deliveries/s: bare gRPC, 64 KiB messages"))),
    Figure("Durable lines a second", False,
           "1→1 durable lines/s: lanchat, each line answered once it is flushed",
           (("NATS JetStream, flushed",
             "1→1 durable lines/s: NATS JetStream, flushed before it is answered"),
            ("NATS JetStream, not flushed",
             "1→1 durable lines/s: NATS JetStream as it comes (answered, not flushed)"),
            ("mosquitto, saved each turn",
             "1→1 durable lines/s: mosquitto QoS 1, saved after each turn"))),
    Figure("One line in 1 000 found among a million", True,
           "1000000 lines stored: `search` for one line in 1 000",
           (("grep of the same file", "`grep` of the same file"),)),
    Figure("30 processes started until all are linked", True,
           "start to mesh of 30: lanchat processes", ()),
)

HEADS = ("A chat", "Lines that survive, beside brokers", "What is lost to kill -9")


def _bars(figure, medians):
    """(name, median, its unit) of lanchat and of each peer that was measured."""
    ways = (("lanchat", figure.ours), *figure.peers)
    return [(name, *medians[row]) for name, row in ways if row in medians]


def _few(bars):
    rows = []
    for figure, ((_, value, unit), *peers) in zip(FIGURES, bars):
        others = ", ".join(f"{name} {format_number(one)}{of}" for name, one, of in peers)
        rows.append((figure.title, format_number(value) + unit, others))
    return markdown(("what", "lanchat", "beside it"), "-:-", rows)


def write(conditions, tables):
    """`conditions`: the machine and its load. `tables`: of the chat, of the disk, of losses."""
    text = "\n\n".join(f"## {head}\n\n{table}" for head, table in zip(HEADS, tables))
    with open(os.path.join(HERE, "RESULTS.md"), "w", encoding="utf-8") as results:
        results.write(f"# What tests/bench/run.sh --write measured last\n\n{conditions}\n\n{text}\n")
    chat, disk, _ = tables
    bars = [_bars(figure, chat.medians | disk.medians) for figure in FIGURES]
    groups = [(one.title, one.low_is_good, found) for one, found in zip(FIGURES, bars)]
    with open(os.path.join(HERE, "results.svg"), "w", encoding="utf-8") as drawing:
        drawing.write(picture(groups))
    with open(README, encoding="utf-8") as readme:
        before = readme.read()
    few = f"{conditions}\n\n{_few(bars)}\n"
    with open(README, "w", encoding="utf-8") as readme:
        readme.write(MARK.sub(lambda found: found[1] + few + found[2], before))
