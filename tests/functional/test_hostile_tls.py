# Hostile input inside and around TLS: before admission, after it, and from a member.
import collections
import multiprocessing
import os
import random
import socket
import struct
import time
from functools import partial

import h2
from author import Author, field
from isolation import free_ports
from lanchat import check_chat_works
from runner import check, check_equal, full, main, note, test, within
from siege import (CLOSED_WITHIN_S, check_hung_up_on, check_never_a_peer, check_peers_cut_for,
                   check_strangers_cut_for, siege)
from tls_stranger import HandshakeStranger, TlsStranger, client_hello

FLOODER, KNOWN = "127.0.0.2", "127.0.0.3"
HELLOS_MAX, FLOOD_S = 200_000, full(20, 8)

MALLORY = Author(random.getrandbits(64) | 1, "mallory")


def _calls(address):
    stranger = TlsStranger(address)
    stranger.open_stream()
    return stranger


def _joins(under):
    stranger = TlsStranger(under.target, author=MALLORY)
    stranger.join(under.free_address(), MALLORY)
    stranger.say_raw(field(2, b"\x78\x00"))  # nothing received so far: the last word of a greeting
    return stranger


@test
def an_admitted_stranger_that_takes_more_than_a_greeting_needs_is_cut():
    with siege() as under:
        check_strangers_cut_for(h2.offences(is_member=False), _calls, under)
        under.check_survived("strangers inside TLS who take too much")


@test
def a_member_that_takes_more_than_a_member_needs_is_cut():
    nonsense = h2.frame(h2.DATA, 0, 1, h2.grpc(os.urandom(400))) * 4
    with siege() as under:
        check_peers_cut_for({**h2.offences(is_member=True), "nonsense": nonsense}, _joins, under)
        under.check_survived("members who take too much")


def _says(kind, *parts):
    def begin(address):
        stranger = kind(address)
        for part in parts:
            stranger.send(part)
        return stranger

    return begin


def _raw(data):
    def begin(address):
        stranger = HandshakeStranger(address)
        stranger.send_raw(data)
        return stranger

    return begin


AFTER_HANDSHAKE = {
    "garbage records": _raw(os.urandom(4096)),
    "zeros": _raw(bytes(65536)),
    "records of 16 KiB of garbage": _raw((b"\x17\x03\x03\x40\x11" + os.urandom(16401)) * 4),
    "a record that is too long": _raw(b"\x17\x03\x03\xff\xff" + os.urandom(70_000)),
    "alerts": _raw(b"\x15\x03\x03\x00\x02\x01\x00" * 100),
    "plain HTTP/2": _raw(h2.PREFACE),
    "nonsense for an introduction": _says(HandshakeStranger, b"\xff" * 114),
    "an introduction to another network": _says(HandshakeStranger, b"\x03c" + bytes(112)),
    "another version": _says(HandshakeStranger, b"\x01o" + bytes(112)),
    "HTTP/2 without an introduction": _says(HandshakeStranger, h2.PREFACE),
    "a mebibyte before admission": _says(HandshakeStranger, b"\xff" * (1 << 20)),
    "TLS inside TLS": _says(TlsStranger, b"\x16\x03\x01\x00\xc8\x01"),
    "HTTP/1.1 after admission": _says(partial(TlsStranger, preface=False), b"GET / HTTP/1.1\r\nHost: l\r\n\r\n"),
    "a hello that is not signed": lambda address: _unsigned(address, "127.0.0.1:4565"),
}


def _unsigned(address, claimed):
    stranger = TlsStranger(address, author=MALLORY)
    stranger.open_stream()
    stranger.say_raw(h2.hello(claimed, MALLORY, bytes(64)))
    return stranger


def _greets_as_an_original(address):
    stranger = TlsStranger(address)
    stranger.greet("127.0.0.1:4565")
    return stranger


@test
def nonsense_after_the_handshake_is_hung_up_on_and_never_a_peer():
    with siege() as under:
        strangers = {name: begin(under.target) for name, begin in
                     {**AFTER_HANDSHAKE, "an original": _greets_as_an_original}.items()}
        check_hung_up_on(strangers)
        check_never_a_peer(under.nodes)
        under.check_survived("nonsense inside TLS")


@test
def another_version_is_told_once_however_often_it_comes():
    with siege() as under:
        for _ in range(3):
            with AFTER_HANDSHAKE["another version"](under.target) as stranger:
                check(stranger.wait_closed(within(CLOSED_WITHIN_S + 1)), "still open")
        told = under.alice.of_type("other_version")
        check_equal([event["address"] for event in told], ["127.0.0.1"], "who was told of")
        check_never_a_peer(under.nodes)
        check_chat_works(under.nodes)


@test
def a_hello_of_another_connection_is_worth_nothing():
    with siege() as under:
        with TlsStranger(under.target, author=MALLORY) as first, \
                TlsStranger(under.target, author=MALLORY) as second:
            signature = first.signature(MALLORY)
            second.open_stream()
            second.say_raw(h2.hello(under.free_address(), MALLORY, signature))
            check(second.wait_closed(within(CLOSED_WITHIN_S + 1)), "still open")
        check_never_a_peer(under.nodes)
        under.check_survived("a stolen hello")


@test
def a_handshake_or_admission_that_stops_is_closed_within_5_s():
    hello = client_hello()

    plain = partial(_says, partial(h2.Stranger, preface=False))

    stalls = {
        "half a ClientHello": plain(hello[:len(hello) // 2]),
        "a ClientHello and nothing more": plain(hello),
        "a record that never ends": plain(b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc", bytes(8000)),
        "a handshake and nothing more": HandshakeStranger,
        "half an introduction": _says(HandshakeStranger, b"\x01o" + bytes(20)),
        "an introduction and no HTTP/2": partial(TlsStranger, preface=False),
        "HTTP/2 and no greeting": TlsStranger,
    }
    with siege() as under:
        strangers = {name: begin(under.target) for name, begin in stalls.items()}
        for name, stranger in strangers.items():
            left = stranger.opened + within(CLOSED_WITHIN_S + 0.8) - time.monotonic()
            check(stranger.wait_closed(max(0.1, left)), f"{name}: open after 5 s")
            stranger.close()
        check_never_a_peer(under.nodes)
        under.check_survived("handshakes that stop")


@test
def a_handshake_byte_by_byte_is_closed_within_5_s():
    hello = client_hello()
    with siege() as under:
        with h2.Stranger(under.target, preface=False) as slow:
            for at in range(len(hello)):
                if slow.closed_at or not slow.send(hello[at:at + 1]):
                    break
                time.sleep(0.1)
            check(slow.wait_closed(1), "still open")
            took = slow.closed_at - slow.opened
            check(took <= within(CLOSED_WITHIN_S + 0.8), f"closed after {took:.1f} s")
        under.check_survived("a slow handshake")


def _flood_hellos(address, seconds, told):
    """Connects as often as it goes, each time with the same ClientHello; a few stay open."""
    ip, port = address.rsplit(":", 1)
    hello, held, sent, end = client_hello(), collections.deque(), 0, time.monotonic() + seconds
    while time.monotonic() < end and sent < HELLOS_MAX:
        guest = socket.socket()
        guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        guest.settimeout(0.2)
        try:
            guest.bind((FLOODER, 0))
            guest.connect((ip, int(port)))
            guest.send(hello)
            sent += 1
        except OSError:
            guest.close()
            continue
        held.append(guest)
        if len(held) > 500:
            held.popleft().close()
    told.put(sent)


@test
def a_flood_of_hellos_keeps_no_known_peer_out():
    with siege() as under:
        port = free_ports(KNOWN, 1)
        start = partial(under.chat.node, "dave", "--peer", under.target, ip=KNOWN,
                        cidr=f"{KNOWN}/32", ports=f"{port}-{port}",
                        env={"LANCHAT_DISCOVERY_SCAN": "false"})
        known = start()
        known.wait_linked(1)
        known.stop()
        told = multiprocessing.Queue()
        flooder = multiprocessing.Process(target=_flood_hellos, daemon=True,
                                          args=(under.target, FLOOD_S, told))
        flooder.start()
        times = []
        while flooder.is_alive():
            began = time.monotonic()
            again = start(home=known.home)
            again.wait_linked(1, within(CLOSED_WITHIN_S))
            times.append(time.monotonic() - began)
            check_chat_works(under.nodes)
            again.stop()
            flooder.join(0.2)
        hellos = told.get(timeout=5)
        note(f"{hellos / FLOOD_S:.0f} ClientHellos a second; the known peer was linked after "
             f"{', '.join(f'{t:.2f}' for t in times)} s")
        check(hellos > 100, f"only {hellos} ClientHellos: no flood")
        under.alice.wait_linked(2, within(10))
        for node in under.nodes:
            under.forget(node)
        check_equal(under.alice.linked().count(f"{KNOWN}:{port}"), 0, "links of the known peer")
        under.check_survived("a flood of ClientHellos")


main()
