#!/usr/bin/env python3
# Runs every measurement once and prints Markdown tables. README.md says how to read it.
import argparse
import os
import platform
import resource
import sys
import time
from dataclasses import dataclass

import workers
from beside import beside
from brokers import EncryptedNats
from costs import idle, memory, scan, set_up
from crowd import crowd, footprint
from durable import echoes, losses, rates, signatures, skipped
from latency import echo, silence
from mesh import start_to_mesh
from report import write
from stored import indexed, stored
from table import Losses, Table, p50, p99
from talk import talk
from throughput import growth, throughput


@dataclass
class Sizes:
    repetitions: int = 5
    echoes: int = 5000
    silent_pairs: int = 2
    silent_echoes: int = 40
    share: float = 1.0  # of the lines of a flood
    idle_calm: float = 10
    idle_seconds: float = 30
    flushed_echoes: int = 1000
    flush_seconds: float = 1
    sign_seconds: float = 0.5
    kills: int = 5
    stored_lines: int = 1_000_000
    talk_lines: int = 100_000
    busy_seconds: int = 300


QUICK = Sizes(repetitions=2, echoes=1000, silent_echoes=6, share=0.2, idle_calm=5, idle_seconds=10,
              flushed_echoes=200, flush_seconds=0.3, sign_seconds=0.1, kills=1,
              stored_lines=100_000, talk_lines=10_000, busy_seconds=10)


def measure_echo(table, sizes):
    found = echo(sizes)
    names = {"tcp": "raw TCP", "grpc": "bare gRPC stream", "lanchat": "lanchat, embedded nodes",
             "glimpse": "lanchat, embedded nodes that show a line before it is proven",
             "plain": "lanchat, embedded nodes without TLS",
             "pipes": "lanchat, two processes on pipes"}
    for index, label in enumerate(("p50", "p99")):
        bare = [pair[index] for pair in found["grpc"]]
        for way, pairs in found.items():
            aim = {("lanchat", "p50"): ("< 2 × bare gRPC", 2),
                   ("glimpse", "p50"): ("≤ 2.5 × bare gRPC", 2.5)}.get((way, label))
            table.add(f"echo {label}: {names[way]}", [pair[index] for pair in pairs], "µs",
                      against=[bare], aim=aim, aim_is_ratio=True)
    dearer = [tls[0] / plain[0] for tls, plain in zip(found["lanchat"], found["plain"])]
    table.add("echo p50: with TLS ÷ without", dearer, "×", aim=("≤ 1.6 ×", 1.6))


def measure_silence(table, sizes):
    found = silence(sizes)
    names = {"tcp": "raw TCP", "grpc": "bare gRPC stream", "lanchat": "lanchat, embedded nodes",
             "glimpse": "lanchat, embedded nodes that show a line before it is proven"}
    for label, of in (("p50", p50), ("p99", p99), ("max", max)):
        for way, samples in found.items():
            value = of(samples)
            aim = ("p99 < 5 ms", 5000) if (way, label) == ("lanchat", "p99") else None
            what = f"echo after 1–2 s of silence {label} ({len(samples)} samples): {names[way]}"
            table.row(what, f"{value:.0f} µs", "", [f"{value / of(found['grpc']):.2f}"], aim, value)


def measure_throughput(table, sizes):
    names = {"tcp batched": "raw TCP, 64 KiB writes", "tcp unbatched": "raw TCP, a line a write",
             "grpc batched": "bare gRPC, 64 KiB messages",
             "grpc unbatched": "bare gRPC, a line a message", "lanchat": "lanchat, embedded nodes",
             "nats": "NATS core with TLS (nothing kept, nothing signed)"}
    if why := EncryptedNats.missing():
        table.skip(f"deliveries/s: {names['nats']}", why)
    for receivers in (1, 10):
        found = throughput(sizes, receivers)
        for way, rates in found.items():
            aim = ("≥ 1 M/s", 1e6) if (way, receivers) == ("lanchat", 10) else None
            table.add(f"1→{receivers} deliveries/s: {names[way]}", rates, "/s", low_is_good=False,
                      against=[found["grpc batched"]], aim=aim)


def measure_mesh(table, sizes):
    for count in (2, 5, 12, 30):
        for what, seconds in start_to_mesh(count, sizes).items():
            if not seconds:
                continue
            words = "embedded nodes" if what == "nodes" else "lanchat processes"
            table.add(f"start to mesh of {count}: {words}", seconds, "s",
                      aim=("≤ 3 s", 3.0) if count == 30 else None)


def measure_scan(table, sizes):
    ours, bare, small = zip(*scan(sizes))
    table.add("probes/s, refused on loopback: discovery", ours, "/s", low_is_good=False)
    table.add("probes/s, refused on loopback: bare connects", bare, "/s", low_is_good=False)
    table.add("sweep of a /24 × 5 ports on loopback", [s * 1000 for s in small], "ms")


def measure_memory(table, sizes):
    plain_aims = {"dialling": ("≤ 70 KiB", 70.0), "accepting": ("≤ 45 KiB", 45.0)}
    for (role, tls), growth in memory(sizes).items():
        aim = ("≤ 80 KiB", 80.0) if tls else plain_aims[role]
        what = f"memory a link, {role}{'' if tls else ', without TLS'}"
        table.add(f"{what}, first 100", [a for a, _ in growth], "KiB", aim=aim)
        table.add(f"{what}, next 100", [b for _, b in growth], "KiB", aim=aim)


def measure_links(table, sizes):
    for tls, rates in set_up(sizes).items():
        what = "with TLS" if tls else "without TLS"
        table.add(f"links set up a second at one node, 16 at a time: {what}", rates, "/s",
                  low_is_good=False, aim=("≥ 600 /s", 600.0) if tls else None)


def measure_idle(table, sizes):
    table.add(f"idle CPU with 30 peers, {sizes.idle_seconds:.0f} s (31 nodes)", idle(sizes), "%",
              aim=("≤ 0.1 %", 0.1))


DURABLE = {
    "lanchat each": "lanchat, each line answered once it is flushed",
    "lanchat last": "lanchat, the last line answered for all",
    "nats": "NATS JetStream as it comes (answered, not flushed)",
    "nats flushed": "NATS JetStream, flushed before it is answered",
    "mosquitto default": "mosquitto QoS 1 as it comes (answered, not saved)",
    "mosquitto": "mosquitto QoS 1, saved after each turn",
}


def measure_durable(table, sizes):
    for receivers in (1, 4):
        disk, found = rates(sizes, receivers)
        table.add("flushes/s of the disk itself, a line each", disk, "/s", low_is_good=False)
        add_rates(table, receivers, found, disk)
        costs = [one.cpu for one in found.get("nats", [])]
        for way in filter(found.get, DURABLE):
            table.add(f"1→{receivers} processor time a line, all processes: {DURABLE[way]}",
                      [one.cpu for one in found[way]], "µs", against=[costs])


def add_rates(table, receivers, found, disk):
    what = f"1→{receivers} durable lines/s"
    others = [one.heard for one in found.get("nats", [])]
    ahead = {"aim": ("ahead of JetStream", 1), "aim_is_ratio": True}
    for way, words in DURABLE.items():
        if way not in found:
            table.skip(f"{what}: {words}", skipped(way))
            continue
        how = {"low_is_good": False, "against": [others, disk]}
        aim = ahead if way.startswith("lanchat") else {}
        if (way, receivers) == ("lanchat each", 1):
            aim = {"aim": ("≥ 0.2 M/s", 2e5)}
        table.add(f"{what}: {words}", [one.heard for one in found[way]], "/s", **how, **aim)
        if way.startswith("lanchat"):
            table.add(f"{what}: … until its author knows them flushed everywhere",
                      [one.everywhere for one in found[way]], "/s", **how, **ahead)


def measure_flushed(table, sizes):
    found = echoes(sizes)
    names = {"fdatasync": "a flush of the disk itself, for comparison",
             "memory": "lanchat without a disk", "disk": "lanchat, answered before it is flushed",
             "flushed": "lanchat with --id, flushed on both sides before it leaves",
             "delivered": "lanchat, no answer but the news that it is flushed on both sides"}
    for index, label in enumerate(("p50", "p99")):
        disk = [pair[index] for pair in found["fdatasync"]]
        for way, words in names.items():
            table.add(f"echo {label}: {words}", [pair[index] for pair in found[way]], "µs",
                      against=[None, disk])


def measure_runs(table, sizes):
    for lines, costs in signatures(sizes).items():
        for doing, values in zip(("sign", "verify"), zip(*costs)):
            table.add(f"{doing} a line in runs of {lines}", values, "µs")


def measure_stored(table, sizes):
    rates, costs = zip(*indexed(sizes))
    table.add("the index of words, by who has time: lines/s", rates, "/s", low_is_good=False,
              aim=("≥ 0.1 M/s", 1e5))
    table.add("the index of words: processor time a line", costs, "µs")
    seen = stored(sizes)
    what = f"{sizes.stored_lines} lines stored"
    names = {"ready": (f"{what}: start until ready", ("≤ 1 s", 1000)),
             "tail": (f"{what}: `tail -n 50`", ("≤ 100 ms", 100)),
             "search": (f"{what}: `search` for one line in 1 000", ("≤ 50 ms", 50)),
             "behind": (f"{what}: the same, at once after they were said in a flood", None),
             "command": ("a command that asks nothing", None),
             "grep": ("`grep` of the same file", None)}
    for way, (words, aim) in names.items():
        table.add(words, seen.ms[way], "ms", aim=aim)
    table.add(f"{what}: memory at most", seen.memory, "MiB", aim=("≤ 100 MiB", 100))
    table.add(f"{what}: on disk", [seen.mib], "MiB")
    seconds, mib = seen.passed_on
    table.add(f"{what}: all passed on to a node that missed them", [seconds], "s",
              aim=("≤ 15 s", 15.0))
    table.add(f"{what}: memory of that node above its start, at most", [mib], "MiB",
              aim=("≤ 64 MiB", 64.0))
    for doing, times in seen.times.items():
        table.add(f"{what} at both: {doing} ÷ that of two with none", [times], "×",
                  aim=("≤ 1.2 ×", 1.2))


def measure_talk(table, sizes):
    found = talk(sizes)
    table.add("a line on disk, of a talk line by line", found["talk"], "bytes")
    table.add("… an hour later, its runs joined", found["rested"], "bytes",
              aim=("≤ 320 bytes", 320))
    table.add("… to join them, a line", found["join"], "µs")
    table.add("a line on disk, of a flood", found["flood"], "bytes", aim=("≤ 220 bytes", 220))
    what = f"{sizes.talk_lines} lines of a talk that were missed: "
    table.add(what + "from the links on until all are here", found["seconds"], "s",
              aim=("≤ 2 s", 2.0))
    table.add(what + "memory above that of the start, at most", found["mib"], "MiB",
              aim=("≤ 64 MiB", 64.0))


def measure_growth(table, sizes):
    for receivers, rates in growth(sizes).items():
        table.add(f"1→{receivers} deliveries/s, 1 000 000 in all", rates, "/s", low_is_good=False)


def measure_crowd(table, sizes):
    alone, own = footprint(0)
    many, many_own = footprint(29)
    table.add("memory of a process alone, resident", [alone / 1024], "MiB",
              aim=("≤ 24 MiB", 24.0))
    table.add("… of that its own", [own / 1024], "MiB", aim=("≤ 12 MiB", 12.0))
    table.add("… more of its own with 29 peers", [(many_own - own) / 1024], "MiB",
              aim=("≤ 5 MiB", 5.0))
    table.add("… more resident with 29 peers", [(many - alone) / 1024], "MiB")
    for count, seconds, busy in ((32, sizes.busy_seconds, True),
                                 (60, min(30, sizes.busy_seconds), False)):
        seen = crowd(count, seconds, busy)
        words = f"{count} processes" + (", all processors busy" if busy else "")
        table.add(f"{count} processes: start until all are linked", [seen.linked], "s",
                  aim=("≤ 2 s", 2.0) if busy else None)
        table.add(f"{words}: a line until all have shown it, p50", [p50(seen.late)], "ms")
        table.add(f"{words}: a line until all have shown it, p99", [p99(seen.late)], "ms",
                  aim=("≤ 60 ms", 60.0) if busy else None)
        table.add(f"{words}: links lost in {seconds} s", [seen.lost], "",
                  aim=("none", 0))


def measure_kills(table, sizes):
    rows = {
        "lanchat": ("lanchat: the author, its own store", "nothing"),
        "lanchat elsewhere": ("lanchat: the author, the store of another once it is back",
                              "nothing"),
        "nats": ("NATS JetStream as it comes: the server", "all of the last two minutes"),
        "nats flushed": ("NATS JetStream, flushed: the server", "nothing"),
        "mosquitto": ("mosquitto, saved after each turn: the server",
                      "what was answered after the last save"),
        "mosquitto default": ("mosquitto as it comes: the server", "all of the last half hour"),
    }
    for name, found in losses(sizes).items():
        words, in_power_cut = rows[name]
        if isinstance(found, str):
            table.skip(words, found)
        else:
            table.add(words, found, in_power_cut)


MEASUREMENTS = {"echo": measure_echo, "silence": measure_silence, "throughput": measure_throughput,
                "growth": measure_growth, "mesh": measure_mesh, "crowd": measure_crowd,
                "scan": measure_scan, "memory": measure_memory, "links": measure_links,
                "idle": measure_idle, "durable": measure_durable, "flushed": measure_flushed,
                "runs": measure_runs, "stored": measure_stored, "talk": measure_talk,
                "kills": measure_kills}
OF_DISK = {"durable", "flushed", "runs", "stored", "talk"}  # their rows are in a table of their own


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measures lanchat; see README.md.")
    parser.add_argument("--build", required=True, help="folder of a build that has the workers")
    parser.add_argument("--beside", metavar="FOLDER", help="another such build, to compare with")
    parser.add_argument("--quick", action="store_true", help="a few samples: does it run at all?")
    parser.add_argument("--write", action="store_true",
                        help="measure everything; RESULTS.md, results.svg and README's figures")
    parser.add_argument("--reps", type=int, help="repetitions (5)")
    parser.add_argument("what", nargs="*", help=" ".join(MEASUREMENTS) + " (all)")
    arguments = parser.parse_args()
    if arguments.write and (arguments.what or arguments.beside or arguments.quick):
        parser.error("--write is for a whole run of this build")
    unknown = set(arguments.what) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    return arguments


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        model = next((line.split(":")[1].strip() for line in cpuinfo
                      if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} × {model}, Linux {platform.release()}, data on {file_system()}"


def file_system():
    """Where what must survive lies while it is measured: in memory it would not."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        places = [line.split()[1:3] for line in mounts]
    above = [(len(path), kind) for path, kind in places
             if workers.BUILD.startswith(path.rstrip("/") + "/")]
    return max(above)[1]


def main():
    arguments = parse_arguments()
    workers.BUILD = os.path.abspath(arguments.build)
    sizes = QUICK if arguments.quick else Sizes()
    if arguments.reps:
        sizes.repetitions = arguments.reps
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if arguments.beside:
        return compare(arguments, sizes)
    chat, disk, lost = Table("bare gRPC"), Table("JetStream", "disk"), Losses()
    load = os.getloadavg()[0]
    for what in arguments.what or MEASUREMENTS:
        began = time.monotonic()
        try:
            MEASUREMENTS[what](
                disk if what in OF_DISK else lost if what == "kills" else chat, sizes)
        except (workers.Failed, workers.Skip) as failure:
            print(f"{what}: {failure}\n\n{_text(chat, disk, lost)}", file=sys.stderr)
            return 1
        print(f"{what}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    conditions = (f"{machine()}; load {load:.1f} before, {os.getloadavg()[0]:.1f} after; "
                  f"{sizes.repetitions} repetitions.")
    print(f"{conditions}\n\n{_text(chat, disk, lost)}")
    if arguments.write:
        write(conditions, (chat, disk, lost))
    return 0


def compare(arguments, sizes):
    names = [name for name in arguments.what or MEASUREMENTS if name != "kills"]
    load = os.getloadavg()[0]
    folders = [workers.BUILD, os.path.abspath(arguments.beside)]
    try:
        text, is_good = beside(MEASUREMENTS, names, folders, sizes)
    except (workers.Failed, workers.Skip) as failure:
        print(failure, file=sys.stderr)
        return 1
    print(f"{machine()}; load {load:.1f} before, {os.getloadavg()[0]:.1f} after.\n\n{text}")
    return 0 if is_good else 1


def _text(*tables):
    return "\n\n".join(str(table) for table in tables if table.rows)


if __name__ == "__main__":
    sys.exit(main())
