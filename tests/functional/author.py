"""Somebody who signs lines of chat as a lanchat node does, with names and rooms no node would use.

Ed25519 is RFC 8032's own description, slow and for tests only: Debian's Python signs nothing."""
import hashlib
import struct

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _recover_x(y):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    return P - x if x & 1 else x


_Y = 4 * pow(5, P - 2, P) % P
_X = _recover_x(_Y)
BASE = (_X, _Y, 1, _X * _Y % P)


def _add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number, point):
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = _add(total, point)
        point, number = _add(point, point), number >> 1
    return total


def _packed(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _scalar(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def _hash(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def _varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number, data):
    """A length-delimited field of a protobuf message."""
    data = data.encode() if isinstance(data, str) else data
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


class Author:
    """One device and one log of it; the epoch is the instance of its process."""

    def __init__(self, instance, name):
        digest = hashlib.sha512(struct.pack("<Q", instance) * 4).digest()
        clamped = bytearray(digest[:32])
        clamped[0] &= 248
        clamped[31] = clamped[31] & 127 | 64
        self._secret, self._prefix = int.from_bytes(clamped, "little"), digest[32:]
        self.device = _packed(_times(self._secret, BASE))
        self.instance, self.name = instance, name
        self.seq, self.head = 0, bytes(32)

    def sign(self, data):
        r = _scalar(self._prefix, data) % ORDER
        point = _packed(_times(r, BASE))
        k = _scalar(point, self.device, data)
        return point + ((r + k * self._secret) % ORDER).to_bytes(32, "little")

    def run(self, text, room=""):
        """The next line of the log, as a run of one entry (message/log.proto)."""
        self.seq += 1
        epoch = struct.pack("<Q", self.instance)
        clock = struct.pack("<Q", (1_700_000_000_000 << 16) + self.seq)
        entry = (field(1, self.device) + b"\x11" + epoch + b"\x18" + _varint(self.seq) +
                 field(4, self.head) + b"\x29" + clock + (field(6, room) if room else b"") +
                 field(7, self.name) + field(8, text))
        self.head = _hash(self.head + _hash(entry))
        signed = (b"lanchat/run/1" + self.device + struct.pack(">QQ", self.instance, self.seq) +
                  self.head)
        return field(1, entry) + field(2, self.sign(signed))
