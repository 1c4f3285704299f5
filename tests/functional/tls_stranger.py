# Strangers who come over TLS, with a key of their own: they go as far as a test lets them.
"""Python's ssl tells nothing of RFC 9266, so OpenSSL itself is asked for the binding; without it
nobody could sign a hello."""
import ctypes
import hashlib
import os
import ssl
import struct
import threading
from functools import cache

import h2
from author import Author
from middle import contexts
from runner import Skip, check

ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")
OBJECT_HEAD_BYTES = 16 + 8  # of CPython: count, type; then a weak reference, then SSL*
INTRODUCTION_BYTES = 114
NOBODY = Author(1, "nobody")


@cache
def _own():
    """(context, certificate): one key for all strangers of a test, since making one takes time."""
    _, client, certificate = contexts()
    return client, certificate


def _fresh():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    return incoming, outgoing, _own()[0].wrap_bio(incoming, outgoing)


def client_hello():
    """The first flight of a handshake, as any client of TLS 1.3 would send it."""
    _, outgoing, tls = _fresh()
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def _key_name(certificate):
    at = certificate.find(ED25519_SPKI)
    check(at >= 0, "a certificate without an Ed25519 key")
    return hashlib.blake2b(certificate[at:at + 44], digest_size=32).digest()


def _binding(tls):
    try:
        library = ctypes.CDLL("libssl.so.3")
    except OSError as error:
        raise Skip(f"no OpenSSL to ask: {error}") from None
    # Python's own must be the same library, or the pointer means nothing to it.
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        loaded = {line.split()[-1] for line in maps if "libssl" in line}
    if len(loaded) != 1:
        raise Skip(f"Python has an OpenSSL of its own: {loaded}")
    pointer = ctypes.c_void_p.from_address(id(tls._sslobj) + OBJECT_HEAD_BYTES)
    out, label = ctypes.create_string_buffer(32), b"EXPORTER-Channel-Binding"
    done = library.SSL_export_keying_material(pointer, out, ctypes.c_size_t(32), label,
                                              ctypes.c_size_t(len(label)), None,
                                              ctypes.c_size_t(0), 0)
    check(done == 1, "OpenSSL exports nothing")
    return out.raw


class HandshakeStranger(h2.Stranger):
    """Has done the handshake and says what it is told to, inside TLS or (`send_raw`) outside."""

    def __init__(self, address, preface=False, source=None):
        self._lock = threading.Lock()  # an SSL object is for one thread at a time
        self._incoming, self._outgoing, self.tls = _fresh()
        super().__init__(address, preface, source)

    def _begin(self):
        self.socket.settimeout(5)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._hear()
        self._flush()
        self.socket.settimeout(None)

    def _flush(self):
        data = self._outgoing.read()
        if data:
            self.socket.sendall(data)

    def _hear(self):
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionResetError("hung up on")
        self._incoming.write(chunk)

    def hear_exactly(self, count):
        heard = b""
        while len(heard) < count:
            try:
                heard += self.tls.read(count - len(heard))
            except ssl.SSLWantReadError:
                self._hear()
        return heard

    def _take(self, chunk):
        with self._lock:
            self._incoming.write(chunk)
            try:
                while data := self.tls.read(65536):
                    super()._take(data)
            except ssl.SSLError:
                pass

    def send(self, data):
        with self._lock:
            self.tls.write(data)
            data = self._outgoing.read()
        return self.send_raw(data)

    def send_raw(self, data):
        return super().send(data)


class TlsStranger(HandshakeStranger):
    """Has come as far as anybody can in an open network: introduced, and speaking HTTP/2."""

    def __init__(self, address, preface=True, source=None, author=NOBODY):
        self.author = author
        super().__init__(address, preface, source)

    def _begin(self):
        super()._begin()
        presence = self.author.sign(b"lanchat/presence/1" + self._channel())
        self.tls.write(b"\x03o" + os.urandom(16) + self.author.device + presence)
        self._flush()
        answer = self.hear_exactly(INTRODUCTION_BYTES)
        check(answer[:2] == b"\x03o", f"introduction {answer!r}")

    def _channel(self):
        peer = self.tls.getpeercert(binary_form=True)
        return b"d" + _key_name(_own()[1]) + _key_name(peer) + _binding(self.tls)

    def signature(self, author):
        """What makes it a member: its device vouches for this connection."""
        number = struct.pack(">Q", author.instance)
        return author.sign(b"lanchat/hello/1" + self._channel() + struct.pack(">QQ", 3, 0) +
                           number + number + b"-" + bytes(8) + author.name.encode())
