# All packets of a namespace, as anybody on the wire sees them, and what can be read in them.
import base64
import ctypes
import os
import re
import socket
import struct
import threading

from runner import check

CLONE_NEWNET, ETH_P_ALL, OUTGOING = 0x40000000, 0x0003, 4
IPV4, TCP, SYN = 0x0800, 6, 2


def _socket_in(namespace):
    """A socket belongs to the namespace its thread was in when it was made."""
    made = []

    def make():
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{namespace}", "rb") as file:
            if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                made.append(OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno())))
                return
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        packets.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        made.append(packets)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


class Capture:
    """From now on, every packet that comes in at any interface of the namespace."""

    def __init__(self, namespace):
        self._socket = _socket_in(namespace)
        self._socket.settimeout(0.3)
        self._frames, self._stopping = [], False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            try:
                frame, about = self._socket.recvfrom(1 << 17)
            except TimeoutError:
                if self._stopping:
                    return
                continue
            if about[2] != OUTGOING:  # the same packet again on its way out
                self._frames.append(frame)

    def stop(self):
        self._stopping = True
        self._reader.join()
        # struct tpacket_stats: packets, of them dropped.
        _, dropped = struct.unpack("II", self._socket.getsockopt(263, 6, 8))
        self._socket.close()
        check(dropped == 0, f"{dropped} packets were missed")
        return self

    @property
    def frames(self):
        return list(self._frames)

    def streams(self):
        """The bytes of each direction of each TCP connection, in order: {(from, to): bytes}."""
        streams = {}
        for frame in self._frames:
            segment = _tcp(frame)
            if segment:
                ends, seq, flags, payload = segment
                if flags & SYN:
                    streams[(*ends, seq)] = (seq + 1, {})
                key = next((k for k in reversed(streams) if k[:2] == ends), None)
                if key and payload:
                    start, parts = streams[key]
                    at = (seq - start) % 2**32
                    parts[at] = max(parts.get(at, b""), payload, key=len)  # sent again, or more
        return {key: _joined(key, parts) for key, (_, parts) in streams.items()}

    def haystacks(self):
        return [*self.frames, *self.streams().values()]


def _tcp(frame):
    if struct.unpack_from(">H", frame, 12)[0] != IPV4 or frame[23] != TCP:
        return None
    packet = frame[14:]
    size, at = struct.unpack_from(">H", packet, 2)[0], (packet[0] & 15) * 4
    packet = packet[:size] if size else packet  # short frames are padded
    source, to, seq = struct.unpack_from(">HHI", packet, at)
    ends = (socket.inet_ntoa(packet[12:16]) + f":{source}", socket.inet_ntoa(packet[16:20]) +
            f":{to}")
    return ends, seq, packet[at + 13], packet[at + (packet[at + 12] >> 4) * 4:]


def _joined(key, parts):
    whole = bytearray()
    for at in sorted(parts):
        # A hole would hide what spans it.
        check(at <= len(whole), f"a hole in the stream {key} at {len(whole)}")
        whole[at:at + len(parts[at])] = parts[at]
    return bytes(whole)


def _base64_forms(secret):
    """What the bytes look like inside base64, wherever they begin in it."""
    for lead in range(3):
        coded = base64.b64encode(b"\0" * lead + secret + b"\0" * 2)
        begin, end = (lead * 8 + 5) // 6, (lead + len(secret)) * 8 // 6
        yield coded[begin:end]
        yield coded[begin:end].replace(b"+", b"-").replace(b"/", b"_")


def forms(secret):
    """The bytes themselves, in UTF-16, in hexadecimal, in base64: {how: pattern}."""
    found = {"plain": secret, "hex": secret.hex().encode()}
    try:
        found["UTF-16"] = secret.decode().encode("utf-16-le")
    except UnicodeDecodeError:
        pass
    for number, form in enumerate(dict.fromkeys(_base64_forms(secret))):
        found[f"base64 {number}"] = form
    return found


def found_in(haystacks, secrets):
    """Which secrets can be read, and how: {(name, how)}. Upper and lower case are the same."""
    patterns = {(name, how): re.compile(re.escape(form), re.IGNORECASE)
                for name, secret in secrets.items()
                for how, form in forms(secret).items()}
    return {what for what, pattern in patterns.items()
            if any(pattern.search(haystack) for haystack in haystacks)}
