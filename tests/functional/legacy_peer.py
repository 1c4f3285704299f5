# A peer of the original program, on grpcio: what lanchat must get along with, faults included.
"""    legacy_peer.py IP:PORT

Commands, one JSON object a line on stdin:
    {"do": "scan", "targets": ["ip:port", …]}   dial those not in the map, now and every second
    {"do": "rest"}                              dial no more
    {"do": "say", "text": …}                    send a line to everybody in the map
    {"do": "paste", "text": …, "count": n}      the same n times, with a number behind the text; no
                                                count: for ever, the text alone (stdin has ended)
Events, one JSON object a line on stdout: `listening`, `added`, `duplicate`, `refused`, `removed`
(with `peer`, `side`), and `frame` with the raw bytes (`base64`) of all that arrives; `first` marks
the greeting. What the peer does with its map is what the original does, livelock included."""
import base64
import itertools
import json
import os
import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc

PATH = "/message.Chat/NewNode"
OPTIONS = [("grpc.so_reuseport", 0), ("grpc.enable_http_proxy", 0),
           ("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", 4 << 20)]
END = None

_out = threading.Lock()


def tell(event, **more):
    with _out:
        print(json.dumps({"event": event, **more}), flush=True)


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def encode(text):
    data = text.encode()
    return b"\x0a" + varint(len(data)) + data


def decode(data):
    """The field msg, as the original's protobuf reads it; unknown fields are skipped."""
    text, at = b"", 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = number()
        kind = tag & 7
        if kind == 2:
            size = number()
            if tag >> 3 == 1:
                text = data[at:at + size]
            at += size
        elif kind == 0:
            number()
        else:
            at += 8 if kind == 1 else 4
    return text.decode()


class Entry:
    """A peer in the map, with the way to reach it."""

    def __init__(self, side):
        self.side = side
        self.outgoing = queue.Queue()

    def frames(self):
        return iter(self.outgoing.get, END)


class Peer:
    def __init__(self, address):
        self.address = address
        self._lock = threading.Lock()
        self._peers = {}
        self._targets = []

    def add(self, address, entry):
        with self._lock:
            if address in self._peers:
                return False
            self._peers[address] = entry
        tell("added", peer=address, side=entry.side)
        return True

    def remove(self, address, entry):
        with self._lock:
            if self._peers.get(address) is not entry:
                return
            del self._peers[address]
        tell("removed", peer=address, side=entry.side)

    def knows(self, address):
        with self._lock:
            return address in self._peers

    def say(self, text):
        with self._lock:
            for entry in self._peers.values():
                entry.outgoing.put(encode(text))

    def paste(self, text, count):
        """As fast as whoever is slowest takes them, as the original."""
        for n in itertools.count() if count is None else range(count):
            while any(entry.outgoing.qsize() > 1_000 for entry in list(self._peers.values())):
                time.sleep(0.001)
            self.say(text if count is None else f"{text}{n}")

    # The acceptor's side of NewNode.
    def accept(self, requests, _context):
        first = next(requests, None)
        if first is None:
            return
        address = decode(first)
        self._frame(address, "server", first, True)
        entry = Entry("server")
        if not self.add(address, entry):
            return
        entry.outgoing.put(encode("ok"))
        threading.Thread(target=self._listen, args=(address, entry, requests), daemon=True).start()
        yield from entry.frames()

    def _listen(self, address, entry, frames):
        try:
            for data in frames:
                self._frame(address, entry.side, data, False)
        except Exception as error:  # grpcio's servers raise a bare one when a stream breaks
            tell("broken", peer=address, side=entry.side, why=repr(error)[:200])
        self.remove(address, entry)
        entry.outgoing.put(END)

    # The dialler's side.
    def dial(self, address):
        entry = Entry("client")
        entry.outgoing.put(encode(self.address))
        channel = grpc.insecure_channel(address, options=OPTIONS)
        replies = channel.stream_stream(PATH)(entry.frames())
        try:
            first = next(replies, None)
        except grpc.RpcError as error:
            # Unlike the original we close what failed; its growing pile is tested elsewhere.
            entry.outgoing.put(END)
            channel.close()
            tell("failed", peer=address, why=str(error.code()))
            return
        if first is not None:
            self._frame(address, "client", first, True)
        if first is None or decode(first) != "ok":
            entry.outgoing.put(END)
            tell("refused", peer=address, side="client")
        elif not self.add(address, entry):
            # The half-close of a duplicate: the channel stays, as in the original.
            entry.outgoing.put(END)
            tell("duplicate", peer=address, side="client")
        else:
            threading.Thread(target=self._listen, args=(address, entry, replies),
                             daemon=True).start()

    def scan(self, targets):
        self._targets = targets

    def discover(self):
        """The original's loop: one target after the other, then a second of rest."""
        while True:
            for address in list(self._targets):
                if address != self.address and not self.knows(address):
                    self.dial(address)
            rested = time.monotonic() + 1
            targets = self._targets
            while time.monotonic() < rested and self._targets is targets:
                time.sleep(0.001)

    def _frame(self, address, side, data, first):
        tell("frame", peer=address, side=side, first=first,
             base64=base64.b64encode(data).decode())


def main():
    address = sys.argv[1]
    peer = Peer(address)
    server = grpc.server(ThreadPoolExecutor(64), options=OPTIONS)
    handler = grpc.stream_stream_rpc_method_handler(peer.accept)
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("message.Chat", {"NewNode": handler})])
    if not server.add_insecure_port(address):
        sys.exit(f"cannot bind {address}")
    server.start()
    threading.Thread(target=peer.discover, daemon=True).start()
    tell("listening", address=address)
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "scan":
            peer.scan(command["targets"])
        elif command["do"] == "rest":
            peer.scan([])
        elif command["do"] == "paste":
            threading.Thread(target=peer.paste, args=(command["text"], command.get("count")),
                             daemon=True).start()
        else:
            peer.say(command["text"])
    # The process simply dies, as the original does.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
