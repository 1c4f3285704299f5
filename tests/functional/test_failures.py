# Failures: who dies, freezes or is cut off is missed soon, and is back soon.
import signal
import time

from lanchat import Chat, check_chat_works, check_one_link_per_pair
from network import Lan, need_namespaces
from process import descriptors
from runner import check, check_equal, eventually, full, main, never, note, test, within

NAMES = ["alice", "bob", "carol"]


def _three(chat):
    nodes = [chat.node(name) for name in NAMES]
    chat.wait_mesh(nodes)
    return nodes


def _check_down(witnesses, name, reasons, since, seconds):
    for witness in witnesses:
        at, event = witness.wait_down(name, seconds + 1)
        check(at - since <= seconds, f"{witness} saw {name} go after {at - since:.2f} s, "
                                     f"promised are {seconds:.1f} s")
        check(event["reason"] in reasons, f"reason {event['reason']}, want one of {reasons}")


def _links_since(node, count, start):
    """Waits for peers up and returns how long that took."""
    node.wait_linked(count, within(10))
    return node.events[-1][0] - start


@test
def a_hangup_is_a_goodbye_unless_it_was_to_be_ignored():
    with Chat(ports=3) as chat:
        bob = chat.node("bob")
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does; it is inherited
        try:
            carol = chat.node("carol")
        finally:
            signal.signal(signal.SIGHUP, before)
        alice = chat.node("alice")
        chat.wait_mesh()

        carol.signal(signal.SIGHUP)
        alice.signal(signal.SIGHUP)

        check_equal(alice.wait_exit(within(6)), 0, "exit code")
        check_equal(bob.wait_down("alice", within(5))[1]["reason"], "left", "reason")
        carol.say("still here")
        bob.wait_text("still here")


@test
def a_killed_node_is_reported_within_a_second():
    for _ in range(full(20, 4)):
        with Chat(ports=3) as chat:
            alice, bob, carol = _three(chat)

            killed = time.monotonic()
            carol.kill()

            _check_down([alice, bob], "carol", ["lost"], killed, within(1))
            check_chat_works([alice, bob])


@test
def a_killed_node_started_again_on_its_port_is_back_within_2_s():
    for _ in range(full(20, 4)):
        with Chat(ports=3) as chat:
            alice, bob, carol = _three(chat)
            address = carol.address
            carol.kill()
            began = time.monotonic()

            carol = chat.node("carol")

            took = _links_since(carol, 2, began)
            check_equal(carol.address, address, "address")
            check(took <= within(2), f"back after {took:.2f} s, promised are 2 s")
            check_chat_works([alice, bob, carol])
            check_one_link_per_pair([alice, bob, carol])
            check_equal([len(n.peers("up")) for n in (alice, bob)], [3, 3], "up events")


@test
def a_killed_node_started_again_on_another_port_is_back_within_2_s():
    for _ in range(full(20, 4)):
        with Chat(ports=6) as chat:
            alice, bob, carol = _three(chat)
            old = carol.address
            carol.kill()
            began = time.monotonic()

            carol = chat.node("carol", ports=f"{chat.first_port + 3}-{chat.last_port}")
            took = _links_since(alice, 2, began)

            bob.wait_linked(2, within(3))
            check(carol.address != old, "it took its old port")
            check(took <= within(2), f"back after {took:.2f} s, promised are 2 s")
            check_chat_works([alice, bob, carol])
            for node in (alice, bob):
                check(old not in node.linked(), f"{node} still knows the old address")


@test
def a_node_started_again_is_not_told_again_what_it_has_heard():
    """But for what was not yet on its disk when it was killed."""
    with Chat(ports=3) as chat:
        alice, bob, carol = _three(chat)
        for i in range(20):
            alice.say(f"line {i}")
        carol.wait_heard(20)
        time.sleep(1)
        carol.kill()
        alice.say("while you were away")

        carol = chat.node("carol", home=carol.home)

        check_chat_works([alice, bob, carol])
        alice.say("new")
        carol.wait_text("new")
        check_equal([t for t in carol.heard("alice") if t.startswith("line")], [], "old lines")
        missed = [m for m in carol.messages if m.text == "while you were away"]
        check_equal([m.history for m in missed], [True], "the line it missed is history, once")


@test
def a_node_whose_range_shrinks_to_what_others_cannot_scan_comes_back_by_dialling():
    with Chat(ports=3) as chat, Chat(ports=1, ip=chat.ip) as elsewhere:
        alice, bob, carol = _three(chat)
        carol.kill()

        carol = chat.node("carol", "--peer", alice.address, "--peer", bob.address,
                          ports=elsewhere.range)

        for node in (alice, bob, carol):
            node.wait_linked(2, within(5))
        check_chat_works([alice, bob, carol])


@test
def sigterm_and_sigint_are_a_goodbye_at_once():
    for number in (signal.SIGTERM, signal.SIGINT):
        for mode in ("json", "plain"):
            with Chat(ports=3) as chat:
                alice, bob = chat.node("alice"), chat.node("bob")
                carol = chat.node("carol", mode=mode)
                for node in (alice, bob):
                    node.wait_linked(2)

                asked = time.monotonic()
                carol.signal(number)

                _check_down([alice, bob], "carol", ["left"], asked, within(0.5))
                check_equal(carol.wait_exit(within(5)), 0, f"exit code ({mode}, {number})")
                if mode == "json":
                    check_equal(carol.events[-1][1]["type"], "bye", "last words")


@test
def a_goodbye_does_not_wait_for_a_frozen_peer():
    with Chat(ports=3) as chat:
        alice, bob, carol = _three(chat)
        bob.freeze()

        asked = time.monotonic()
        carol.signal(signal.SIGTERM)

        _check_down([alice], "carol", ["left"], asked, within(1))
        check_equal(carol.wait_exit(within(5)), 0, "exit code")
        bob.thaw()
        check_chat_works([alice, bob])


@test
def end_of_input_with_a_frozen_peer_ends_within_the_linger_time():
    with Chat(ports=3) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        carol = chat.node("carol", mode="plain", linger="2")
        for node in (alice, bob):
            node.wait_linked(2)
        bob.freeze()

        carol.write(b"last words\n")
        carol.end_input()

        check_equal(carol.wait_exit(2 + within(5)), 0, "exit code")
        alice.wait_text("last words")
        bob.thaw()


def _cut_lan(lan, chat):
    nodes = [chat.node(name, ip=host.ip, namespace=host.namespace)
             for name, host in zip(NAMES, lan.hosts)]
    chat.wait_mesh(nodes, within(10))
    return nodes


@test
def a_cut_cable_is_noticed_within_15_s_and_heals_within_5_s():
    need_namespaces()
    for _ in range(full(5, 1)):
        with Lan(3) as lan, Chat(ports=2, cidr=lan.cidr) as chat:
            alice, bob, carol = _cut_lan(lan, chat)

            cut = time.monotonic()
            lan.hosts[2].cut()
            alice.say("carol, are you there?")

            _check_down([alice, bob], "carol", ["lost"], cut, within(15))
            for name in ("alice", "bob"):
                _check_down([carol], name, ["lost"], cut, within(15))
            check_chat_works([alice, bob])
            healed = time.monotonic()
            lan.hosts[2].heal()
            for node in (alice, bob, carol):
                took = _links_since(node, 2, healed)
                check(took <= within(5), f"{node} healed after {took:.2f} s, promised are 5 s")
            check_chat_works([alice, bob, carol])
            check_one_link_per_pair([alice, bob, carol])


@test
def a_network_that_flaps_leaves_one_link_per_pair():
    need_namespaces()
    with Lan(3) as lan, Chat(ports=2, cidr=lan.cidr) as chat:
        nodes = _cut_lan(lan, chat)
        before = [descriptors(node.pid) for node in nodes]

        for _ in range(full(50, 4)):
            lan.hosts[2].cut()
            time.sleep(1)
            lan.hosts[2].heal()
            time.sleep(1)

        for node in nodes:
            node.wait_linked(2, within(15))
        check_chat_works(nodes)
        check_one_link_per_pair(nodes)
        eventually("descriptors given back", lambda: all(
            descriptors(n.pid) <= b + 4 for n, b in zip(nodes, before)), within(10))


@test
def a_frozen_peer_that_wakes_up_is_in_the_chat_again():
    with Chat(ports=3) as chat:
        alice, bob, carol = _three(chat)

        frozen = time.monotonic()
        carol.freeze()
        _check_down([alice, bob], "carol", ["lost"], frozen, within(15))
        carol.thaw()

        for node in (alice, bob, carol):
            node.wait_linked(2, within(5))
        check_chat_works([alice, bob, carol])
        check_one_link_per_pair([alice, bob, carol])


@test
def a_short_freeze_costs_nothing():
    with Chat(ports=3) as chat:
        alice, bob, carol = _three(chat)
        carol.freeze()
        for i in range(50):
            alice.say(f"line {i}")
        time.sleep(1.5)

        carol.thaw()

        check_equal(carol.wait_heard(50), [f"line {i}" for i in range(50)], "lines")
        check_equal([n.peers("down") for n in (alice, bob, carol)], [[], [], []], "down events")


@test
def nodes_that_come_and_go_leave_nothing_behind():
    with Chat(ports=4) as chat:
        alice, bob, carol = _three(chat)
        first = descriptors(alice.pid)

        for i in range(full(100, 10)):
            guest = chat.node("guest")
            guest.wait_linked(3)
            guest.kill() if i % 2 else guest.stop()
            alice.wait_linked(2, within(3))

        eventually("descriptors given back", lambda: descriptors(alice.pid) <= first + 2,
                   within(10))
        never("trouble among those who stayed", lambda: any(
            p["name"] != "guest" for n in (alice, bob, carol) for p in n.peers("down")), 0.3)
        check_chat_works([alice, bob, carol])
        note(f"descriptors {first} -> {descriptors(alice.pid)}")


main()
