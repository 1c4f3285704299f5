# Drives the peers of the original protocol, and judges every byte lanchat sends them.
import base64
import json
import os
import shutil

from lanchat import HERE, SOURCE, environment
from process import Process
from runner import Skip, check, check_equal, within

SYSTEM_PYTHON = "/usr/bin/python3"


def _modules():
    return os.environ.get("LANCHAT_NODE_MODULES",
                          os.path.join(SOURCE, "build", "legacy-peer", "node_modules"))


def _python_argv():
    probe = f'{SYSTEM_PYTHON} -c "import grpc" 2>/dev/null'
    if os.system(probe) != 0:
        raise Skip("python3-grpcio is not installed")
    return [SYSTEM_PYTHON, os.path.join(HERE, "legacy_peer.py")]


def _node_argv():
    if not shutil.which("node"):
        raise Skip("node is not installed")
    if not os.path.isdir(os.path.join(_modules(), "@grpc", "grpc-js")):
        raise Skip("@grpc/grpc-js is not installed (tests/run.sh does it)")
    return ["node", os.path.join(HERE, "legacy_peer.mjs")]


KINDS = {"grpcio": _python_argv, "grpc-js": _node_argv}


def available_kinds():
    """The gRPC implementations that are here; at least one, or the test is skipped."""
    kinds, reasons = [], []
    for kind, argv in KINDS.items():
        try:
            argv()
            kinds.append(kind)
        except Skip as skip:
            reasons.append(str(skip))
    if not kinds:
        raise Skip("; ".join(reasons))
    return kinds


class LegacyPeer(Process):
    def __init__(self, kind, address, **options):
        self.kind, self.address, self.events = kind, address, []
        env = environment("/nonexistent", LANCHAT_NODE_MODULES=_modules())
        super().__init__([*KINDS[kind](), address], env=env, **options)
        self.expected_codes = {0, -9, -15}

    def take_out(self, lines, now):
        self.events.extend((now, json.loads(line)) for line in lines)

    def of(self, kind, peer=None):
        return [e for _, e in self.events
                if e["event"] == kind and (peer is None or e["peer"] == peer)]

    def wait_listening(self):
        self.wait("listening", lambda: self.of("listening"), 60)
        return self

    def scan(self, *addresses):
        self.do({"do": "scan", "targets": list(addresses)})

    def rest(self):
        self.do({"do": "rest"})

    def say(self, text):
        self.do({"do": "say", "text": text})

    def paste(self, text, count=None):
        """Lines `text` with the numbers from 0 on; without a count the text alone, for ever."""
        self.do({"do": "paste", "text": text} | ({} if count is None else {"count": count}))

    def do(self, command):
        self.write(json.dumps(command).encode() + b"\n")

    def knows(self, peer):
        """How many entries the map holds for an address: the original has 0 or 1."""
        return len(self.of("added", peer)) - len(self.of("removed", peer))

    def wait_known(self, peer, seconds=None):
        self.wait(f"{peer} in the map", lambda: self.knows(peer) == 1, seconds or within(5))

    def wait_forgotten(self, peer, seconds=None):
        self.wait(f"{peer} gone from the map", lambda: self.knows(peer) == 0,
                  seconds or within(5))

    def frames(self, peer=None):
        return [(e, base64.b64decode(e["base64"])) for e in self.of("frame", peer)]

    def heard(self, peer=None):
        return [text_of(data) for event, data in self.frames(peer) if not event["first"]]

    def wait_heard(self, text, seconds=None):
        self.wait(f"to hear {text!r}", lambda: text in self.heard(), seconds or within(5))

    def check_frames(self):
        """Nothing arrived that an original would not understand or would print as nonsense."""
        check(self.frames(), f"{self} received no frame at all")
        for event, data in self.frames():
            fields = fields_of(data)
            what = f"frame {data[:60]!r} at {self}"
            check(1 in fields, f"{what} has no msg")
            greeting_of_dialler = event["first"] and event["side"] == "server"
            if not greeting_of_dialler:
                check_equal(sorted(fields), [1], f"fields of {what}")
            if event["first"] and event["side"] == "client":
                check_equal(fields[1], b"ok", f"answer in {what}")
            text = fields[1].decode()  # raises on what Go's protobuf would refuse
            check(text != "" and "\n" not in text and "\r" not in text, f"bad text in {what}")

    def __str__(self):
        return f"{self.kind} peer {self.address}"


def fields_of(data):
    """The length-delimited fields of a protobuf message, by number."""
    fields, at = {}, 0
    while at < len(data):
        number, kind = data[at] >> 3, data[at] & 7
        check(kind == 2 and data[at] < 128, f"unexpected tag {data[at]} in {data[:60]!r}")
        at, size, shift = at + 1, 0, 0
        while True:
            size |= (data[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 128:
                break
        fields[number] = data[at:at + size]
        at += size
    return fields


def text_of(data):
    return fields_of(data).get(1, b"").decode(errors="replace")
