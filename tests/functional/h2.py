# Raw HTTP/2 against our own nodes on loopback: just enough to say what no proper library would.
import socket
import struct
import threading
import time

from author import field

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATH = "/message.Chat/NewNode"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING = range(7)
WINDOW_UPDATE, CONTINUATION = 8, 9
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
    words = (b"\x08\x03" + field(2, author.device) + b"\x19" + number + field(4, author.name) +
             (field(6, signature) if signature else b"") + b"\x71" + number)
    return field(1, address) + field(2, field(1, words))


def line(author, text, room=""):
    """A frame of a lanchat node: one line, and nothing received so far."""
    return field(2, field(3, author.run(text, room)) + b"\x78\x00")


def grpc(payload, compressed=0, declared=None):
    return struct.pack(">BI", compressed, len(payload) if declared is None else declared) + payload


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


# What takes more than was granted, each in a few KiB: (name, bytes), where the first call of the
# connection is stream 1.
def offences(is_member, message_bytes_max=256 << 10):
    """What nobody may do on a connection whose call has begun, whether it has greeted or not."""
    block = headers()
    begins = frame(HEADERS, 0, 3, block)
    many = 300 if is_member else 50
    calls_max = 4 if is_member else 1
    longest = message_bytes_max if is_member else 4096
    return {
        "one call more": b"".join(frame(HEADERS, END_HEADERS, 3 + 2 * i, block)
                                  for i in range(calls_max)),
        "a reset of a call that never was": frame(RST_STREAM, 0, 3, struct.pack(">I", 8)),
        "five resets": frame(RST_STREAM, 0, 1, struct.pack(">I", 8)) * 5,
        "twenty pings without data": frame(PING, 0, 0, b"\0" * 8) * 20,
        "twenty settings": frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 100)) * 20,
        "headers that go on": begins + frame(CONTINUATION, 0, 3, literal("a", "B" * 1000)) * 4,
        "headers that are interrupted": begins + frame(PING, 0, 0, b"\0" * 8),
        "windows without data": frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)) * many,
        "priorities": frame(PRIORITY, 0, 5, struct.pack(">IB", 0, 1)) * many,
        "frames of an unknown kind": frame(0xAB, 0, 0, b"?") * many,
        "frames without data": frame(DATA, 0, 1) * many,
        "a promise": frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2)),
        "a message that is too long": frame(DATA, 0, 1, grpc(b"", declared=longest + 1)),
        "a length of 4 GiB": frame(DATA, 0, 1, grpc(b"", declared=(1 << 32) - 1)),
        "a compressed message": frame(DATA, 0, 1, grpc(b"x" * 10, compressed=1)),
        "data of another call": frame(DATA, 0, 5, grpc(b"x")),
    }
