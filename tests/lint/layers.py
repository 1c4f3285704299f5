#!/usr/bin/env python3
"""Keeps the rooms in order: who may include whom, what the pure rooms may not touch, and sizes."""
import pathlib
import re
import sys

# A face and a service speak to the node through its port, know neither each other nor its body, and
# share what is listed here.
PORT = {"message", "config", "controller/events.hpp", "node/port.hpp", "node/values.hpp",
        "app/cursor.hpp", "app/on_event.hpp", "app/recipient.hpp"}
# Room -> rooms and single headers that it may include. A room always may include itself; the top of
# app, which starts everything, may include everything.
MAY_INCLUDE = {
    "message": set(),
    "config": {"message"},
    # The room wires its parts; each sees what all share, and none of the others.
    "controller/roster": {"message", "controller shared"},
    "controller/talk": {"message", "controller shared"},
    "controller/sync": {"message", "controller shared"},
    "controller/letters": {"message", "controller shared"},
    "controller shared": {"message"},
    "controller": {"message", "controller shared", "controller/roster", "controller/talk",
                   "controller/sync", "controller/letters"},
    "discover": {"message", "config"},
    "node/link": {"message", "config"},
    "node/store": {"message"},
    "node/keep": {"message", "controller", "controller shared", "discover", "node/link"},
    "node": {"message", "config", "controller", "controller shared", "discover", "node/keep",
             "node/link", "node/store"},
    "app/streams": {"message", "node/link/unique_fd.hpp"},
    "app/terminal": {"message", "config", "app/streams"},
    "app/faces": PORT | {"controller/find_person.hpp", "app/streams", "app/terminal"},
    "app/services": PORT | {"node/store"},
    "app/commands": {"message", "config", "controller/events.hpp", "node", "node/keep", "node/store",
                     "node/link/unique_fd.hpp", "discover/call.hpp", "discover/interfaces.hpp",
                     "app/cursor.hpp", "app/profile.hpp", "app/faces", "app/services",
                     "app/streams"},
    "app": {"message", "config", "controller", "controller shared", "discover", "node",
            "node/keep", "node/link", "node/store", "app/commands", "app/faces", "app/services",
            "app/streams", "app/terminal"},
}
# What stands at the top of controller/ and is no wiring: values that all parts share.
SHARED = re.compile(r"controller/(arriving|draft|events|facts|find_person|people|peers|room_io|timed_map"
                    r"|timers|wall_time)\.[hc]pp$")
# The tests of a part include no other part: tests/unit/controller_<part>_*.
PART_TEST = re.compile(r"tests/unit/controller_(roster|talk|sync|letters)_\w+\.[hc]pp$")

# Third-party headers -> where they may appear (folders or files).
THIRD_PARTY = {
    # app/help.cpp takes nothing but version numbers from them.
    r"grpc|grpcpp": ("node/link", "app/services/api", "app/help.cpp"),
    r"google/protobuf|.*\.pb\.h$": ("message/wire.cpp", "message/wire_parts.hpp",
                                     "message/wire_run.hpp", "message/entry.cpp",
                                     "message/entry_v1.cpp", "app/services/api", "app/help.cpp"),
    r"sodium": ("message",),
    r"sqlite3": ("node/store",),
    r"asio": ("discover", "node", "app"),
    r"nlohmann": ("config", "app"),
    r"CLI/": ("app",),
    r"spdlog": ("node", "app"),
    r"utf8proc": ("message", "node/store", "app"),
    r"doctest": ("tests",),
}
CLI_FILES_MAX = 1

PURE = ("message/", "controller/")
IMPURE = re.compile(
    r"<(thread|mutex|shared_mutex|atomic|future|condition_variable|random|filesystem|fstream"
    r"|iostream|unordered_map|unordered_set|ctime|unistd\.h|sys/[a-z]+\.h)>"
    r"|_clock::now|\bs?rand\(|random_device|\btime\((NULL|nullptr|0)\)|unordered_(map|set)\b")
# The one structure that several threads look at (architecture.md 3), and the one that aborts.
ALLOWED_IMPURE = {
    "controller/roster/peer_map.hpp": {"shared_mutex"},
    "controller/roster/peer_map.cpp": {"shared_mutex", "mutex"},
}
FILE_LINES_MAX, FUNCTION_LINES_MAX, COLUMNS_MAX = 500, 70, 100
NOT_A_FUNCTION = ("inline constexpr", "namespace", "class", "struct", "enum", "union", "extern", "#", "//", "}")


def room_of(path):
    if SHARED.match(path):
        return "controller shared"
    if part := PART_TEST.match(path):
        return f"controller/{part[1]}"
    rooms = [room for room in MAY_INCLUDE if path == room or path.startswith(room + "/")]
    return max(rooms, key=len, default=None)


def check_lines(path, lines):
    if not lines or not lines[0].startswith("//"):
        yield 1, "the first line is a comment that says why the file exists"
    if len(lines) > FILE_LINES_MAX:
        yield FILE_LINES_MAX, f"file exceeds {FILE_LINES_MAX} lines"
    for n, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield n, f"line exceeds {COLUMNS_MAX} columns"


def check_functions(lines):
    """Functions end with a brace in the column where their first line begins."""
    start = indent = None
    for n, line in enumerate(lines, 1):
        text = line.strip()
        column = len(line) - len(line.lstrip())
        opens = text.endswith("{") and "(" in "".join(lines[max(0, n - 4):n])
        if start is None and opens and column <= 4 and not text.startswith(NOT_A_FUNCTION):
            start, indent = n, column
        elif start is not None and text.startswith("}") and column <= indent:
            if n - start - 1 > FUNCTION_LINES_MAX:
                yield start, f"function exceeds {FUNCTION_LINES_MAX} lines"
            start = None


def check_includes(path, room, lines):
    for n, line in enumerate(lines, 1):
        found = re.match(r'#include ["<]([^">]+)[">]', line)
        if not found:
            continue
        included = found[1]
        other = room_of(included) if "/" in included else None
        if room and other and other != room and not {other, included} & MAY_INCLUDE[room]:
            if not included.endswith(".pb.h"):
                yield n, f"{room} may not include {included}"
        for library, places in THIRD_PARTY.items():
            if room and re.match(library, included) and not any(
                    path == place or path.startswith(place + "/") for place in places):
                yield n, f"<{included}> is for {' and '.join(places)} only"


def check_purity(path, room, lines):
    if not path.startswith(PURE):
        return
    for n, line in enumerate(lines, 1):
        found = IMPURE.search(line.split("//")[0])
        if found and found[1] not in ALLOWED_IMPURE.get(path, set()):
            yield n, f"{room} is pure: no I/O, clock, thread, randomness or unordered iteration"


def check(path):
    room = room_of(path.as_posix())
    lines = path.read_text().splitlines()
    yield from check_lines(path, lines)
    yield from check_functions(lines)
    yield from check_includes(path.as_posix(), room, lines)
    yield from check_purity(path.as_posix(), room, lines)


def sources(root):
    for folder in ("message", "config", "controller", "discover", "node", "app", "tests",
                   "examples"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".hpp", ".cpp", ".h") and "node_modules" not in path.parts:
                yield path.relative_to(root)


def main():
    found = cli_files = 0
    for path in sources(pathlib.Path(".")):
        for n, why in check(path):
            print(f"{path}:{n}: {why}")
            found += 1
        cli_files += path.parts[0] == "app" and "<CLI/" in path.read_text()
    if cli_files > CLI_FILES_MAX:
        print(f"app: CLI11 is for {CLI_FILES_MAX} file, not {cli_files}: it costs seconds to compile")
        found += 1
    sys.exit(found > 0)


if __name__ == "__main__":
    main()
