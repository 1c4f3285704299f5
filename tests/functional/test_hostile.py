# Hostile input: whatever arrives, the chat of three goes on, memory is bounded, newcomers get in.
import os
import resource
import socket
import struct
import threading
import time

import h2
from lanchat import Chat, check_chat_works
from process import descriptors
from runner import check, check_equal, eventually, full, main, note, test, within
from siege import (CLOSED_WITHIN_S, check_hung_up_on, check_never_a_peer, check_peers_cut_for,
                   check_strangers_cut_for, siege)

TLS_START = b"\x16\x03"
TLS_HELLO = bytes.fromhex("16030100c8010000c40303") + b"\x11" * 192

NONSENSE = {
    "random bytes": os.urandom(4096),
    "zeros": b"\0" * 65536,
    "HTTP/1.1": b"GET / HTTP/1.1\r\nHost: lanchat\r\n\r\n",
    "HTTP/1.1 upgrade": b"GET / HTTP/1.1\r\nHost: l\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "TLS hello": TLS_HELLO,
    "preface and garbage": h2.PREFACE + os.urandom(4096),
    "an endless line": b"A" * 300_000,
    "preface twice": h2.PREFACE * 2,
    "a frame of 16 MiB": h2.PREFACE + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
}


@test
def nonsense_is_hung_up_on_and_never_a_peer():
    with siege() as under:
        strangers = {name: h2.Stranger(under.target, preface=False) for name in NONSENSE}
        for name, data in NONSENSE.items():
            strangers[name].send(data)
        check_hung_up_on(strangers)
        check_never_a_peer(under.nodes)
        under.check_survived("nonsense")


@test
def a_greeting_that_does_not_come_is_closed_within_5_s():
    half = len(h2.PREFACE) // 2
    stalls = {
        "nothing at all": [b""], "half a preface": [h2.PREFACE[:half]],
        "one byte": [h2.PREFACE[:1]],
        "half a TLS hello": [TLS_HELLO[:40]], "TLS record header": [TLS_HELLO[:5]],
        "a preface in two slow parts": [h2.PREFACE[:half], h2.PREFACE[half:]],
        "preface without settings": [h2.PREFACE],
        "HTTP/2 without a stream": [h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0)],
        "a stream without a frame": [h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) + h2.frame(
            h2.HEADERS, h2.END_HEADERS, 1, h2.headers())],
        "half a first frame": [h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) + h2.frame(
            h2.HEADERS, h2.END_HEADERS, 1, h2.headers()) + h2.frame(
            h2.DATA, 0, 1, h2.grpc(b"\x0a\x0e", declared=16))],
    }
    with siege() as under:
        strangers = {name: h2.Stranger(under.target, preface=False) for name in stalls}
        for name, parts in stalls.items():
            strangers[name].send(parts[0])
        time.sleep(2.5)
        for name, parts in stalls.items():
            for part in parts[1:]:
                strangers[name].send(part)

        for name, stranger in strangers.items():
            left = stranger.opened + within(CLOSED_WITHIN_S + 0.6) - time.monotonic()
            check(stranger.wait_closed(max(0.1, left)), f"{name}: open after 5 s")
            note(f"{name}: closed after {stranger.closed_at - stranger.opened:.1f} s")
            stranger.close()

        check_never_a_peer(under.nodes)
        under.check_survived("slow greetings")


@test
def a_byte_now_and_then_does_not_keep_a_stranger_alive():
    with siege() as under:
        with h2.Stranger(under.target, preface=False) as dripping, \
                h2.Stranger(under.target) as pinging:
            for byte in (h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0)):
                dripping.send(bytes([byte]))
                pinging.send(h2.frame(h2.PING, 0, 0, b"\0" * 8))
                if dripping.closed_at and pinging.closed_at:
                    break
                time.sleep(0.5)

            for name, stranger in (("dripping", dripping), ("pinging", pinging)):
                check(stranger.closed_at is not None, f"{name}: still open")
                took = stranger.closed_at - stranger.opened
                check(took <= within(CLOSED_WITHIN_S + 0.8), f"{name}: closed after {took:.1f} s")
        under.check_survived("dripping")


@test
def thousands_of_idle_connections_keep_nobody_out():
    count = full(8000, 2000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(20_000, _hard_limit()), _hard_limit()))
    with siege() as under:
        strangers = []
        for _ in range(count):
            stranger = socket.socket()
            stranger.setblocking(False)
            stranger.connect_ex((under.chat.ip, int(under.target.rsplit(":", 1)[1])))
            strangers.append(stranger)
        under.check_survived(f"{count} idle connections held")
        for stranger in strangers:
            stranger.close()
        eventually("descriptors given back", lambda: descriptors(under.alice.pid) < 64, within(10))
        under.check_survived("all closed")


def _hard_limit():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


@test
def a_node_that_ran_out_of_descriptors_accepts_again_at_once():
    with siege(descriptors_max=128) as under:
        strangers = []
        for _ in range(300):
            stranger = socket.socket()
            stranger.setblocking(False)
            stranger.connect_ex((under.chat.ip, int(under.target.rsplit(":", 1)[1])))
            strangers.append(stranger)
        check_chat_works(under.nodes)
        time.sleep(1)
        check_chat_works(under.nodes)
        for stranger in strangers:
            stranger.close()

        under.check_survived("128 descriptors, 300 connections")


def _calls(address):
    stranger = h2.Stranger(address)
    stranger.open_stream()
    return stranger


def _joins(under):
    stranger = h2.Stranger(under.target)
    stranger.greet(under.free_address())
    return stranger


@test
def a_stranger_that_takes_more_than_a_greeting_needs_is_cut():
    with siege() as under:
        check_strangers_cut_for(h2.offences(is_member=False), _calls, under)
        under.check_survived("strangers who take too much")


@test
def an_original_that_takes_more_than_a_peer_needs_is_cut():
    with siege() as under:
        check_peers_cut_for(h2.offences(is_member=True, message_bytes_max=4 << 20), _joins, under)
        under.check_survived("originals who take too much")


@test
def a_peer_that_asks_how_we_are_stays_a_peer():
    with siege() as under:
        with _joins(under) as peer:
            under.alice.wait_linked(3)
            for stream in (3, 5):
                peer.send(h2.frame(h2.HEADERS, h2.END_HEADERS, stream,
                                   h2.headers("/grpc.health.v1.Health/Check")) +
                          h2.frame(h2.DATA, h2.END_STREAM, stream, h2.grpc(b"")))
                answer = h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, stream)[3:]
                eventually("an answer", lambda: answer in peer.received, within(10))
            time.sleep(2)  # a connection whose last call is over has one second
            check(peer.closed_at is None, "it was cut")
            under.alice.wait_linked(3)
            under.alice.say("still here?")
            eventually("the line", lambda: b"still here?" in peer.received, within(10))


@test
def who_is_cut_is_told_of_once():
    with siege() as under:
        for _ in range(30):
            with _calls(under.target) as stranger:
                stranger.send(h2.frame(h2.PING, 0, 0, b"\0" * 8) * 20)
                check(stranger.wait_closed(within(10)), "not cut")
        told = [line for line in under.alice.err if "cut off" in line]
        check_equal(len(told), 1, f"lines about strangers: {told}")


@test
def an_original_that_pings_for_each_line_is_never_cut():
    lines = full(2000, 300)
    ping = h2.frame(h2.PING, 0, 0, b"\0" * 8)
    window = h2.frame(h2.WINDOW_UPDATE, 0, 0, struct.pack(">I", 1))
    with siege() as under:
        with _joins(under) as original:
            under.alice.wait_linked(3)
            for i in range(lines):
                under.alice.say(f"line {i}")
                eventually("the line", lambda: f"line {i}".encode() in original.received
                           or original.closed_at, within(10))
                original.send(window + ping)
            check(original.closed_at is None, f"cut after {original.sent} bytes")
            under.alice.wait_linked(3)


@test
def a_length_of_a_gibibyte_reserves_nothing():
    with siege() as under:
        strangers = {}
        for declared in (1 << 30, (1 << 32) - 1, 300_000):
            strangers[declared] = h2.Stranger(under.target)
            strangers[declared].open_stream()
            strangers[declared].send(h2.frame(h2.DATA, 0, 1, h2.grpc(b"x" * 10_000,
                                                                    declared=declared)))
        check_hung_up_on(strangers)
        check_never_a_peer(under.nodes)
        under.check_survived("declared lengths")


BAD_GREETINGS = {
    "empty": "", "no address": "hello", "no port": "127.0.0.1", "port 0": "127.0.0.1:0",
    "port 70000": "127.0.0.1:70000", "a newline": "127.0.0.1:4565\n", "IPv6": "[::1]:4565",
    "a name": "localhost:4565", "blanks": " 127.0.0.1:4565", "leading zeros": "127.000.000.001:80",
    "a long text": "1" * 60_000,
    "an escape sequence": "127.0.0.1:4565\x1b[2J", "invalid UTF-8": b"\xff\xfe:1",
}


@test
def a_bad_greeting_is_never_a_peer():
    with siege() as under:
        strangers = {}
        for name, text in BAD_GREETINGS.items():
            strangers[name] = h2.Stranger(under.target)
            strangers[name].greet(text)
        noise = strangers["random bytes"] = h2.Stranger(under.target)
        noise.open_stream()
        noise.say_raw(os.urandom(500))
        check_hung_up_on(strangers)
        check_never_a_peer(under.nodes)
        under.check_survived("bad greetings")


@test
def nobody_takes_the_address_of_a_linked_peer():
    with siege() as under:
        bob = under.friends[0]
        for claimed in (bob.address, under.target):
            with h2.Stranger(under.target, source=under.chat.ip) as stranger:
                stranger.greet(claimed)
                eventually(f"a refusal of the claim of {claimed}", lambda stranger=stranger:
                           stranger.closed_at or b"grpc-status" in stranger.received,
                           within(CLOSED_WITHIN_S + 1))
        under.check_survived("stolen addresses")


@test
def joining_and_leaving_a_thousand_times_leaves_nothing_behind():
    with siege() as under:
        before = descriptors(under.alice.pid)
        for i in range(full(1000, 100)):
            with h2.Stranger(under.target) as stranger:
                stranger.greet(under.free_address())
                if i % 2:
                    eventually("an answer", lambda: b"\x0a\x02ok" in stranger.received or
                               stranger.closed_at, within(2))
        eventually("descriptors given back",
                   lambda: descriptors(under.alice.pid) <= before + 4, within(10))
        under.alice.wait_linked(2)
        check(not any(p["name"] != "dave" and not p["legacy"] for n in under.nodes
                      for p in n.peers("down")), "a friend was lost")
        check_chat_works(under.nodes)
        under.check_newcomer()


class StrangeService:
    """A TCP service in our range that is no chat, and a record of who bothered it."""

    def __init__(self, ip, port, banner):
        self._banner = banner
        self.visits = []
        self._listener = socket.create_server((ip, port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                guest, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._receive, args=(guest, time.monotonic()),
                             daemon=True).start()

    def _receive(self, guest, at):
        data = b""
        with guest:
            try:
                guest.sendall(self._banner)
                while chunk := guest.recv(4096):
                    data += chunk
            except OSError:
                pass
        self.visits.append((at, data))

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@test
def a_strange_service_in_the_range_is_left_alone_more_and_more():
    watched = full(60, 15)
    banners = (b"", b"220 mail ready\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with Chat(ports=5) as chat:
        services = {banner: StrangeService(chat.ip, chat.last_port - i, banner)
                    for i, banner in enumerate(banners)}
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        time.sleep(watched)
        for banner, service in services.items():
            service.close()
            _check_left_alone(banner, service.visits, watched)
        check_chat_works([alice, bob])
        check_equal((alice.linked(), bob.linked()), ([bob.address], [alice.address]), "peers")


def _check_left_alone(banner, visits, watched):
    # Two nodes knock with TLS; the back-off of each doubles from some seconds on.
    spoken = [data for _, data in visits if data]
    allowed = 2 * (watched.bit_length() + 1)
    note(f"banner {banner[:12]!r}: {len(visits)} visits, {len(spoken)} with bytes in {watched} s")
    check(visits, "it was never visited")
    check(len(spoken) <= allowed, f"{len(spoken)} probes in {watched} s")
    for data in spoken:
        check(data.startswith(TLS_START), f"a probe without TLS: {data[:40]!r}")


main()
