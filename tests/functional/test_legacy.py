# The original protocol: peers of other gRPC implementations chat with us in every role.
import json
import random
import time

from lanchat import Chat, check_chat_works, run
from legacy import LegacyPeer, available_kinds
from network import Lan, SlowLan, need_namespaces
from process import Gate, listens
from runner import check, check_equal, eventually, full, main, never, note, test, within


def _chat(ports):
    """On the one loopback address that packets of other programs come from."""
    return Chat(ports=ports, ip="127.0.0.1")


def _legacy(chat, kind, port, **options):
    address = f"{options.pop('ip', chat.ip)}:{port}"
    return chat.adopt(LegacyPeer(kind, address, **options)).wait_listening()


def _check_talk(node, peer, rounds=3):
    """Lines pass both ways, each exactly once."""
    for i in range(rounds):
        word = f"{random.randrange(10**9)} 😀 {i}"
        node.say(f"from us {word}")
        peer.say(f"from them {word}")
        peer.wait_heard(f"from us {word}")
        node.wait_text(f"from them {word}")
        check_equal(peer.heard().count(f"from us {word}"), 1, "copies at the peer")
        check_equal(node.heard().count(f"from them {word}"), 1, "copies at the node")


def _check_seen_as_legacy(node, peer):
    up = [p for p in node.peers("up") if p["address"] == peer.address]
    check_equal(len(up), 1, f"up events for {peer}: {up}")
    check_equal((up[0]["legacy"], up[0]["id"], up[0]["name"]), (True, "", peer.address), "peer")


@test
def an_original_peer_that_dials_us_chats_both_ways():
    for kind in available_kinds():
        # The peer's port is outside our range, so that only it can dial.
        with _chat(1) as chat, _chat(1) as elsewhere:
            node = chat.node("alice")
            peer = _legacy(chat, kind, elsewhere.first_port)
            peer.scan(node.address)

            peer.wait_known(node.address)
            node.wait_linked(1)

            _check_seen_as_legacy(node, peer)
            _check_talk(node, peer)
            check_equal({e["side"] for e in peer.of("added")}, {"client"}, "who dialled")
            peer.check_frames()


@test
def an_original_peer_that_we_dial_chats_both_ways():
    for kind in available_kinds():
        with _chat(2) as chat:
            peer = _legacy(chat, kind, chat.last_port)
            node = chat.node("alice")

            node.wait_linked(1)
            peer.wait_known(node.address)

            _check_seen_as_legacy(node, peer)
            _check_talk(node, peer)
            check_equal({e["side"] for e in peer.of("added")}, {"server"}, "who dialled")
            peer.check_frames()


def _dial_both_ways(chat, kind, node_at=None, peer_at=None, later=0.0):
    """Starts a node while a peer listens, and lets the peer dial `later` than the node listens."""
    node_options = {"ip": node_at.ip, "namespace": node_at.namespace} if node_at else {}
    peer_options = {"ip": peer_at.ip, "namespace": peer_at.namespace} if peer_at else {}
    peer = _legacy(chat, kind, chat.last_port, **peer_options)
    gate = Gate()
    node = chat.node("alice", gate=gate, **node_options)
    gate.open()
    address = f"{node_options.get('ip', chat.ip)}:{chat.first_port}"
    eventually("our node listens", lambda: address in listens(node.pid), within(5))
    time.sleep(later)
    peer.scan(address)
    return node, peer


def _check_settled(node, peer):
    node.wait_linked(1, within(8))
    peer.wait_known(node.address, within(8))
    _check_talk(node, peer, rounds=1)
    # The original dials again each second whom it does not know: two rounds without a change.
    changes = len(peer.of("added")) + len(node.events)
    never("another link", lambda: len(peer.of("added")) + len(node.events) != changes, 1.3)
    check_equal(peer.knows(node.address), 1, "entries in the peer's map")
    _check_seen_as_legacy(node, peer)
    check_equal(node.peers("down"), [], "down events")
    _check_talk(node, peer, rounds=1)
    peer.check_frames()


def _was_crossed(peer):
    return bool(peer.of("duplicate") or peer.of("refused"))


@test
def simultaneous_dials_with_an_original_peer_end_in_one_good_link():
    kinds, crossed, rounds = available_kinds(), 0, full(200, 8)
    for i in range(rounds):
        with _chat(2) as chat:
            node, peer = _dial_both_ways(chat, kinds[i % len(kinds)])
            _check_settled(node, peer)
            crossed += _was_crossed(peer)
    note(f"{rounds} starts, {crossed} with dials that crossed")


@test
def simultaneous_dials_with_an_original_peer_over_a_slow_network_end_in_one_good_link():
    need_namespaces()
    kinds, crossed, rounds = available_kinds(), 0, full(50, 6)
    for i in range(rounds):
        with SlowLan(2, delay_ms=5) as lan, Chat(ports=2, cidr=lan.cidr) as chat:
            # Our plain dial follows one with TLS, which takes some round trips to fail.
            node, peer = _dial_both_ways(chat, kinds[i % len(kinds)], *lan.hosts,
                                         later=0.015 * (i % 6))
            _check_settled(node, peer)
            crossed += _was_crossed(peer)
    note(f"{rounds} starts, {crossed} with dials that crossed")
    check(crossed > 0, "no dials crossed: this run proves nothing")


@test
def an_original_peer_leaves_and_comes_back():
    for kind in available_kinds():
        with _chat(2) as chat:
            node = chat.node("alice")
            for visit in range(full(10, 3)):
                peer = _legacy(chat, kind, chat.last_port)
                if visit % 2:
                    peer.scan(node.address)
                node.wait_linked(1, within(8))
                peer.wait_known(node.address, within(8))
                _check_talk(node, peer, rounds=1)
                peer.check_frames()

                peer.kill()

                node.wait_linked(0, within(2))
            check_equal(len(node.peers("up")), full(10, 3), "up events")
            check_equal(len(node.peers("down")), full(10, 3), "down events")


@test
def we_leave_and_come_back_to_an_original_peer():
    for kind in available_kinds():
        with _chat(2) as chat:
            peer = _legacy(chat, kind, chat.last_port)
            for stop in ("kill", "stop"):
                node = chat.node("alice")
                node.wait_linked(1)
                peer.wait_known(node.address)
                _check_talk(node, peer, rounds=1)
                address = node.address

                getattr(node, stop)()

                peer.wait_forgotten(address, within(2))
            peer.check_frames()


@test
def a_chat_of_ours_and_theirs_is_one_chat():
    kinds = available_kinds()
    with _chat(6) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        peers = [_legacy(chat, kinds[i % len(kinds)], chat.last_port - i) for i in range(2)]
        everyone = [alice.address, bob.address, *[p.address for p in peers]]
        # One after the other: two originals that dial each other at once may refuse each other.
        for peer in peers:
            peer.scan(*everyone)
            for address in everyone:
                if address != peer.address:
                    peer.wait_known(address, within(8))
        for node in (alice, bob):
            node.wait_linked(3, within(8))

        alice.say("one for all")
        peers[0].say("all for one")

        bob.wait_text("one for all")
        for peer in peers:
            peer.wait_heard("one for all")
        for listener in (alice, bob):
            heard = listener.wait_text("all for one")
            check_equal((heard.author, heard.address), (peers[0].address,) * 2, "author")
        peers[1].wait_heard("all for one")
        never("a relayed copy", lambda: any(
            who.heard().count(text) > 1 for who in (alice, bob, *peers)
            for text in ("one for all", "all for one")), 0.5)
        for peer in peers:
            peer.check_frames()
        check_chat_works([alice, bob])


@test
def an_original_peer_gets_every_line_in_order_and_whole():
    count = full(20_000, 3_000)
    for kind in available_kinds():
        with _chat(2) as chat:
            peer = _legacy(chat, kind, chat.last_port)
            node = chat.node("alice")
            peer.wait_known(node.address)
            node.wait_linked(1)
            longest = "x" * 65536

            node.feed("".join(f'{{"type":"send","text":"{i}"}}\n' for i in range(count)).encode())
            node.feed(f'{{"type":"send","text":"{longest}"}}\n'.encode()).join(within(30))

            peer.wait_heard(longest, within(60))
            check_equal([t for t in peer.heard() if t != longest] == [str(i) for i in range(count)],
                        True, "lines in order")
            peer.check_frames()


@test
def nothing_an_original_could_misread_is_sent_to_it():
    texts = ["", "two\nlines", "ends with newline\n", "\n", "\r\n", "nul \0 tab \t", "ok",
             "127.0.0.1:4565", "last"]
    for kind in available_kinds():
        with _chat(3) as chat:
            peer = _legacy(chat, kind, chat.last_port)
            node, bob = chat.node("alice"), chat.node("bob")
            peer.wait_known(node.address)
            node.wait_linked(2)
            bob.wait_linked(2)

            for text in texts:
                node.say(text)

            peer.wait_heard("last")
            # Pings, acknowledgements and goodbyes would come now.
            never("more frames than lines", lambda: len(peer.heard()) > 2 * len(texts), 5.0)
            bob.stop()
            peer.check_frames()


def _found(node, *arguments):
    shown = run(*arguments, "--json", home=node.home)
    check_equal(shown.returncode, 0, f"exit code of {arguments}: {shown.stderr}")
    return [json.loads(line)["text"] for line in shown.stdout.splitlines()]


@test
def lines_of_an_original_are_found_by_its_address_here_or_gone():
    for kind in available_kinds():
        with _chat(2) as chat:
            peer = _legacy(chat, kind, chat.last_port)
            node = chat.node("alice")
            peer.wait_known(node.address)
            node.wait_linked(1)
            node.say("lunch, says alice")
            peer.wait_heard("lunch, says alice")
            for text in ("lunch from afar", "tea from afar"):
                peer.say(text)
                node.wait_text(text)

            for _ in ("here", "gone"):
                check_equal(_found(node, "history", "--from", peer.address),
                            ["lunch from afar", "tea from afar"], "history")
                check_equal(_found(node, "search", "lunch", "--from", peer.address),
                            ["lunch from afar"], "search")
                check_equal(_found(node, "history", "--from", "alice"), ["lunch, says alice"],
                            "history of alice")
                peer.kill()
                node.wait_linked(0, within(30))

            stranger = run("history", "--from", f"{chat.ip}:1", home=node.home)
            check_equal(stranger.returncode, 1, "exit code for who never said anything")


@test
def a_line_of_an_original_that_is_too_long_is_told_of_and_ends_no_link():
    for kind in available_kinds():
        with _chat(3) as chat:
            peer = _legacy(chat, kind, chat.last_port)
            node, plain = chat.node("alice"), chat.node("bob", mode="plain")
            node.wait_linked(2, within(30))
            peer.wait("two in the map", lambda: len(peer.of("added")) >= 2, within(30))

            longest = "x" * 65_536
            for text in ("before", longest, longest + "y", "z" * 262_130, "z" * 262_144,
                         "z" * (4 * 1024 * 1024 - 6), "behind"):
                peer.say(text)

            node.wait_text("behind", within(60))
            check_equal(list(node.heard(peer.address)), ["before", longest, "behind"], "lines")
            told = lambda: sum(
                e["lines"] for e in node.of_type("undelivered")
                if e["reason"] == "too_long" and e["peer"]["address"] == peer.address)
            node.wait("to be told of four", lambda: told() == 4, within(30))
            plain.wait("a line", lambda: any("behind" in line for line in plain.out), within(60))
            plain.wait("a note", lambda: any("longer than 65536 bytes" in e for e in plain.err),
                       within(30))
            check_equal(node.peers("down"), [], "down events")
            _check_talk(node, peer, rounds=1)


@test
def an_original_that_freezes_is_lost_and_one_that_is_idle_stays():
    for kind in available_kinds():
        with _chat(3) as chat:
            frozen = _legacy(chat, kind, chat.last_port)
            idle = _legacy(chat, kind, chat.last_port - 1)
            node = chat.node("alice")
            node.wait_linked(2, within(30))
            node.say("hello")
            frozen.wait_heard("hello", within(30))
            idle.wait_heard("hello", within(30))

            frozen.freeze()

            _, lost = node.wait_event("down", lambda e: e.get("event") == "down", within(60))
            check_equal((lost["peer"]["address"], lost["reason"]), (frozen.address, "lost"), "down")
            frozen.kill()
            # It is asked some times more.
            never("another down", lambda: len(node.peers("down")) > 1, 10.0)
            _check_talk(node, idle, rounds=1)
            check_equal({e["side"] for e in idle.of("added")}, {"server"}, "who dialled")


@test
def no_legacy_refuses_plain_peers():
    for kind in available_kinds():
        with _chat(3) as chat:
            strict, bob = chat.node("strict", "--no-legacy"), chat.node("bob")
            strict.wait_linked(1)
            peer = _legacy(chat, kind, chat.last_port)
            peer.scan(strict.address, bob.address)

            bob.wait_linked(2, within(8))

            never("a legacy peer at the strict node",
                  lambda: any(p["legacy"] for p in strict.peers("up")), 2.5)
            peer.say("can you hear me")
            bob.wait_text("can you hear me")
            check_equal(strict.heard(), [], "lines at the strict node")


@test
def control_characters_of_an_original_peer_do_not_reach_plain_output():
    kind = available_kinds()[0]
    with _chat(2) as chat:
        node = chat.node("alice", mode="plain")
        peer = _legacy(chat, kind, chat.last_port)
        node.wait("the peer", lambda: any(peer.address in line for line in node.err), within(5))

        peer.say("red \x1b[31m and\nnext line\x07")

        node.wait("a line", lambda: node.out, within(5))
        never("a second line or a control character",
              lambda: len(node.out) > 1 or any(c in node.out[0] for c in "\x1b\x07"), 0.3)


@test
def an_original_peer_is_known_by_where_it_is_not_by_what_it_claims():
    """Else one host could take the address of another and keep its owner out."""
    need_namespaces()
    kind = available_kinds()[0]
    with Lan(3) as lan, Chat(ports=2, cidr=lan.cidr) as chat:
        ours, theirs, third = lan.hosts
        node = chat.node("alice", ip=ours.ip, namespace=ours.namespace)
        node.wait_ready()
        theirs.run("ip", "address", "add", f"{third.ip}/32", "dev", "lo")
        liar = chat.adopt(LegacyPeer(kind, f"{third.ip}:{chat.last_port}",
                                     namespace=theirs.namespace))

        liar.wait_listening().scan(node.address)

        liar.wait("an answer", lambda: liar.of("refused") or liar.of("added"), within(8))
        never("the claimed address", lambda: any(
            p["address"].startswith(third.ip + ":") for p in node.peers("up")), 1.0)


main()
