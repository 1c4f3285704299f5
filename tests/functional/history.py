# What a chat said, showed and kept: judged from outside. And the store of a stopped node, read.
"""A history is, for each member, its lives: a life begins with a start on a data directory and ends
with a kill or a clean stop. A text is said once in the whole chat, so that it names its line."""
import hashlib
import os
import shutil
import sqlite3
import struct
import tempfile
from collections import Counter
from typing import NamedTuple


class Shown(NamedTuple):
    text: str
    history: bool = False


class Life(NamedTuple):
    said: list  # texts, in order
    shown: list  # of Shown, own lines too, in order
    kept: list  # texts in the store when it ended


class Fault(NamedTuple):
    kind: str  # lost, duplicate, inverted, diverged, phantom
    where: str
    what: str

    def __str__(self):
        return f"{self.kind} at {self.where}: {self.what}"


def faults_of(lives, transcripts):
    """All that is wrong. `lives` are the lives of each member, `transcripts` the texts that each
    holds at the end, in order of the transcript; all have ended cleanly."""
    place = {text: (name, number, at) for name, own in lives.items()
             for number, life in enumerate(own) for at, text in enumerate(life.said)}
    needed = _needed(lives)
    faults = []
    for name, own in lives.items():
        faults += _faults_of_store(name, transcripts[name], place, needed)
        faults += _faults_of_view(name, own, place, needed)
    first = min(transcripts)
    for name, transcript in transcripts.items():
        if transcript != transcripts[first]:
            faults.append(Fault("diverged", name, _difference(transcript, transcripts[first])))
    return faults


def _needed(lives):
    """What was on a disk when its node was killed, and all that the last lives said."""
    needed = {text for own in lives.values() for life in own for text in life.kept}
    return needed.union(*(own[-1].said for own in lives.values()))


def _faults_of_store(name, transcript, place, needed):
    faults = [Fault("lost", name, text) for text in sorted(needed - set(transcript))]
    faults += [Fault("duplicate", name, f"{text} is kept {count} times")
               for text, count in Counter(transcript).items() if count > 1]
    faults += _out_of_order(name, transcript, place, holes=True)
    return faults


def _faults_of_view(name, own, place, needed):
    faults = []
    seen, kept = set(), set()
    for life in own:
        texts = [line.text for line in life.shown]
        faults += [Fault("duplicate", name, f"{text} is shown {count} times in one life")
                   for text, count in Counter(texts).items() if count > 1]
        faults += [Fault("duplicate", name, f"{line.text} is shown again{why}")
                   for line in life.shown if (why := _repeated(line, seen, kept))]
        # What was missed comes newest first; only what is said now comes in order.
        live = [line.text for line in life.shown if not line.history]
        faults += _out_of_order(name, live, place, holes=False)
        faults += [Fault("phantom", name, line.text) for line in life.shown
                   if line.history and line.text not in place]
        seen |= set(texts)
        kept |= set(life.kept)
    # What a killed process had on its disk may have been on its way to the screen.
    on_the_way = {text for life in own[:-1] for text in life.kept}
    return faults + [Fault("lost", name, f"{text} is never shown")
                     for text in sorted(needed - seen - on_the_way)]


def _repeated(line, seen, kept):
    """A life shows what an earlier one showed only if that could not keep it, and says so."""
    if line.text in kept:
        return ", though it was kept"
    return ", not as history" if line.text in seen and not line.history else ""


def _out_of_order(name, texts, place, holes):
    """Each life of an author is one log: its lines come in the order in which it said them."""
    faults, reached = [], {}
    for text in texts:
        if text not in place:
            faults.append(Fault("phantom", name, text))
            continue
        author, life, at = place[text]
        before = reached.get((author, life), -1)
        if at < before:
            faults.append(Fault("inverted", name, f"{text} comes late"))
        elif holes and at > before + 1:
            faults.append(Fault("lost", name, f"{at - before - 1} lines before {text}"))
        reached[author, life] = max(before, at)
    return faults


def _difference(one, other):
    at = next((i for i, pair in enumerate(zip(one, other)) if pair[0] != pair[1]),
              min(len(one), len(other)))
    return f"line {at} of {len(one)} is {one[at:at + 1]}, elsewhere {other[at:at + 1]}"


# --- the store -----------------------------------------------------------------------------------


class Kept(NamedTuple):
    """A line of a store; they sort as the transcript does."""
    clock: int
    device: bytes
    epoch: int
    seq: int
    text: str


def database(home):
    """Where the node with this home keeps its history; nothing if it has none."""
    found = [os.path.join(folder, "history.db") for folder, _, names in os.walk(home)
             if "history.db" in names]
    return found[0] if found else None


def kept(home):
    """The lines of a stopped or killed node in order of the transcript, without what is said to one
    device alone. Raises ValueError for a line that its chain of hashes does not name."""
    return sorted(line for line, to in _lines(home) if not to)


def letters(home):
    """As `kept`, but what is said to one device alone, and nothing else."""
    return sorted(line for line, to in _lines(home) if to)


def _lines(home):
    source = database(home)
    if source is None:
        return []
    # Opening it would finish what a killed node has begun: that is for the node's next life.
    with tempfile.TemporaryDirectory(prefix="lanchat-test-") as folder:
        for part in ("", "-wal"):
            if os.path.exists(source + part):
                shutil.copy(source + part, os.path.join(folder, "copy.db" + part))
        copy = sqlite3.connect(os.path.join(folder, "copy.db"))
        try:
            stretches = copy.execute(
                "SELECT run, seq, lines FROM line WHERE run IS NOT NULL").fetchall()
            runs = {run: _run(*row) for run, *row in copy.execute(
                "SELECT run, first, last, head, shared, entries, bodies FROM run")}
        finally:
            copy.close()
    try:
        return [runs[run][seq + n] for run, seq, lines in stretches for n in range(lines)]
    except KeyError as error:
        raise ValueError(f"a line is in no run: {error}") from None


def _run(first, last, head, shared, entries, bodies):
    """The lines of a run by their numbers, each with whom it is for alone."""
    version, device, epoch, number, before, reader = _shared(shared)
    if version != 3:
        raise ValueError(f"the run {first}-{last} is of version {version}")
    if number != first:
        raise ValueError(f"the run {first}-{last} is of {number}")
    lines = {}
    for (size, signed, entry), body in zip(_signed(entries[:-8]), _unpacked(bodies), strict=True):
        if body and (len(body), _hash(b"lanchat/body/3", body)) != (size, signed):
            raise ValueError(f"the body of {number} is not what was signed")
        fields, said = _fields(entry), _fields(body[16:])
        lines[number] = (
            Kept(fields[1], device, epoch, number, said.get(1, b"").decode()), reader)
        if number == 1:
            before = _hash(b"lanchat/log/3",
                           device + struct.pack(">Q", epoch) + (reader or bytes(32)))
        before = _hash(b"lanchat/entry/3", before + struct.pack(">Q", number) + signed +
                       struct.pack(">Q", size) + entry)
        number += 1
    if number != last + 1 or before != head:
        raise ValueError(f"the run {first}-{last} is not what was signed")
    return lines


def _shared(packed):
    """Version, device, epoch, first number, head before it, for whom alone: message/run.hpp."""
    version, packed = packed[0], packed[1:]
    device, (epoch, first) = packed[:32], struct.unpack_from(">QQ", packed, 32)
    at = 48 if first == 1 else 80
    return version, device, epoch, first, packed[48:at] or bytes(32), packed[at:] or None


def _hash(purpose, data):
    return hashlib.blake2b(data, digest_size=32, person=purpose).digest()


def _unpacked(packed):
    parts, at = [], 0
    while at < len(packed):
        size, = struct.unpack_from("<I", packed, at)
        parts.append(packed[at + 4:at + 4 + size])
        at += 4 + size
    return parts


def _signed(packed):
    """Size and hash of each body, and the entry that signs them."""
    parts, at = [], 0
    while at < len(packed):
        signed, body_size = packed[at:at + 32], int.from_bytes(packed[at + 32:at + 40], "big")
        size = int.from_bytes(packed[at + 40:at + 44], "little")
        parts.append((body_size, signed, packed[at + 44:at + 44 + size]))
        at += 44 + size
    return parts


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _fields(data):
    """What a message of message/log.proto holds, by number."""
    fields, at = {}, 0
    while at < len(data):
        tag, at = _varint(data, at)
        if tag & 7 == 0:
            fields[tag >> 3], at = _varint(data, at)
        elif tag & 7 == 1:
            fields[tag >> 3], = struct.unpack_from("<Q", data, at)
            at += 8
        else:
            size, at = _varint(data, at)
            fields[tag >> 3] = data[at:at + size]
            at += size
    return fields
