# Raw HTTP/2 against our own nodes on loopback: just enough to say what no proper library would.
import socket
import struct
import threading
import time
import zlib

from author import field

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATH = "/message.Chat/NewNode"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(
        ">I", stream) + payload


def _hpack_integer(value, bits):
    top = (1 << bits) - 1
    if value < top:
        return bytes([value])
    out, value = [top], value - top
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def literal(name, value):
    """A header as HPACK literal without indexing."""
    name, value = name.encode(), value.encode()
    return b"\0" + _hpack_integer(len(name), 7) + name + _hpack_integer(len(value), 7) + value


def huge_literal(declared):
    """A header whose value is said to be longer than will ever come."""
    return b"\0" + _hpack_integer(1, 7) + b"a" + _hpack_integer(declared, 7)


def headers(path=PATH, *extra):
    pairs = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "l"),
             ("content-type", "application/grpc"), ("te", "trailers"), *extra]
    return b"".join(literal(name, value) for name, value in pairs)


def _varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def message(text):
    """A NodeRequest with that msg."""
    data = text.encode() if isinstance(text, str) else text
    return b"\x0a" + _varint(len(data)) + data


def hello(address, author, signature=b""):
    """The first frame of a lanchat node, with whatever name."""
    number = struct.pack("<Q", author.instance)
    words = (b"\x08\x01" + field(2, author.device) + b"\x19" + number + field(4, author.name) +
             (field(6, signature) if signature else b"") + b"\x71" + number)
    return field(1, address) + field(2, field(1, words))


def line(author, text, room=""):
    """A frame of a lanchat node: one line, and nothing received so far."""
    return field(2, field(3, author.run(text, room)) + b"\x78\x00")


def grpc(payload, compressed=0, declared=None):
    return struct.pack(">BI", compressed, len(payload) if declared is None else declared) + payload


def gzip_bomb(mebibytes):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = b"\0" * (1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(mebibytes)) + packer.flush()


class Stranger:
    """A TCP connection to a node; what comes back is read and counted by a thread."""

    def __init__(self, address, preface=True, source=None):
        ip, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((ip, int(port)), timeout=5,
                                               source_address=source and (source, 0))
        self.socket.settimeout(None)
        # After a cut the kernel may hold what we send back for minutes.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 1, 0))
        self.received = bytearray()
        self.opened = time.monotonic()
        self.closed_at = None
        self.sent = 0
        self._begin()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if preface:
            self.send(PREFACE + frame(SETTINGS, 0, 0))

    def _begin(self):
        """Overridden: what comes before HTTP/2."""

    def _take(self, chunk):
        self.received += chunk
        del self.received[:-65536]

    def _read(self):
        try:
            while chunk := self.socket.recv(65536):
                self._take(chunk)
        except OSError:
            pass
        self.closed_at = time.monotonic()

    def send(self, data):
        """False once the node has hung up, or takes no more."""
        try:
            self.socket.sendall(data)
            self.sent += len(data)
            return True
        except OSError:
            return False

    def open_stream(self, stream=1, *extra):
        return self.send(frame(HEADERS, END_HEADERS, stream, headers(PATH, *extra)))

    def greet(self, address, stream=1):
        """Becomes a peer of the original protocol, as far as a node can tell."""
        self.open_stream(stream)
        self.send(frame(DATA, 0, stream, grpc(message(address))))

    def join(self, address, author):
        """Becomes a lanchat peer."""
        self.open_stream()
        self.say_raw(hello(address, author, self.signature(author)))

    def signature(self, _author):
        """Overridden: of the hello; there is none on a plain connection."""
        return b""

    def say_raw(self, payload, stream=1):
        self.send(frame(DATA, 0, stream, grpc(payload)))

    def wait_closed(self, seconds):
        """Whether the node hung up in time."""
        self._reader.join(seconds)
        return self.closed_at is not None

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def flood(stranger, chunks, seconds, bytes_max=400 << 20):
    """Sends until the node hangs up, the time is over or the bytes are spent."""
    end = time.monotonic() + seconds
    for chunk in chunks:
        if time.monotonic() > end or stranger.sent > bytes_max or not stranger.send(chunk):
            return


def rapid_reset(first=1, per_chunk=50):
    block = headers()
    stream = first
    while True:
        yield b"".join(frame(HEADERS, END_HEADERS | END_STREAM, stream + 2 * i, block) +
                       frame(RST_STREAM, 0, stream + 2 * i, struct.pack(">I", 8))
                       for i in range(per_chunk))
        stream += 2 * per_chunk


def continuation(stream=1):
    yield frame(HEADERS, 0, stream, headers())
    block = frame(CONTINUATION, 0, stream, literal("a", "B" * 3000) * 5)
    while True:
        yield block


def huge_header(stream=1):
    yield frame(HEADERS, 0, stream, headers() + huge_literal(1 << 30))
    block = frame(CONTINUATION, 0, stream, b"B" * 16000)
    while True:
        yield block


def settings_or_pings(kind):
    payload = b"\0" * 8 if kind == PING else struct.pack(">HI", 3, 100)
    while True:
        yield frame(kind, 0, 0, payload) * 200


def empty_data(stream=1):
    while True:
        yield frame(DATA, 0, stream) * 200


def idle_streams():
    stream, block = 1, headers()
    while True:
        yield b"".join(frame(HEADERS, END_HEADERS, stream + 2 * i, block) for i in range(50))
        stream += 100
