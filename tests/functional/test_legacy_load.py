# Originals under load: what they say by the thousand is kept and paced like everybody's.
import json

from lanchat import Chat, check_chat_works, check_memory, run
from legacy import LegacyPeer, available_kinds
from process import memory_mib
from runner import check, check_equal, full, main, note, test

HANG = 120  # no promise: whoever needs longer hangs
GROWTH_MIB = 16


def _talk(ports=3):
    return Chat(ports=ports, ip="127.0.0.1")


def _written(node):
    """Bytes that the process has given to the disk, from its beginning on."""
    with open(f"/proc/{node.pid}/io", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def _linked_original(chat, kind, *nodes):
    peer = chat.adopt(LegacyPeer(kind, f"{chat.ip}:{chat.last_port}")).wait_listening()
    for node in nodes:
        peer.wait_known(node.address, HANG)
        node.wait_linked(len(nodes), HANG)
    return peer


def _held(node):
    return json.loads(run("status", "--json", home=node.home).stdout)["lines"]


@test
def a_paste_of_an_original_is_kept_whole_and_costs_the_disk_little():
    count = full(20_000, 5_000)
    for kind in available_kinds():
        with _talk() as chat:
            alice, bob = chat.node("alice"), chat.node("bob")
            peer = _linked_original(chat, kind, alice, bob)
            text = "a line of about a hundred bytes, as they are pasted from a file of some: "
            before = _written(alice)

            peer.paste(text, count)

            for node in (alice, bob):
                node.wait_heard(count, HANG, peer.address)
                check(node.heard(peer.address) == [f"{text}{n}" for n in range(count)],
                      "not all lines, or not in order")
            alice.wait("all on the disk", lambda: _held(alice) == count, HANG)
            bytes_a_line = (_written(alice) - before) / count
            heard = [m.at for m in alice.messages]  # each after it was kept
            note(f"{kind}: {bytes_a_line:.0f} bytes of disk and "
                 f"{1e6 * (heard[-1] - heard[0]) / count:.0f} µs a line")
            check(bytes_a_line < 1_024, f"{bytes_a_line:.0f} bytes written for each line")


@test
def lines_between_lanchat_nodes_do_not_wait_for_the_paste_of_an_original():
    count = 20_000
    for kind in available_kinds():
        with _talk() as chat:
            alice, bob = chat.node("alice"), chat.node("bob")
            peer = _linked_original(chat, kind, alice, bob)

            peer.paste("a line of a long paste ", count)
            alice.wait_heard(100, HANG, peer.address)
            bob.say("not behind all of that", ref="1")
            alice.wait_text("not behind all of that", HANG)

            texts = [m.text for m in alice.messages]
            check(len(texts) < count, "the line came behind the whole paste")
            alice.wait_heard(count, HANG, peer.address)
            bob.wait_event("ack", lambda e: e["type"] == "ack", HANG)
            check_chat_works([alice, bob])


@test
def an_original_whose_input_has_ended_is_paced_by_the_disk():
    """It says its last line as fast as it can, for ever."""
    for kind in available_kinds():
        with _talk() as chat:
            alice = chat.node("alice")
            peer = _linked_original(chat, kind, alice)

            peer.paste("hi")
            alice.wait_heard(5_000, HANG, peer.address)
            early = memory_mib(alice.pid)
            alice.wait_heard(full(100_000, 30_000), HANG, peer.address)
            check_memory(alice, early + GROWTH_MIB, memory_mib(alice.pid))
            bob = chat.node("bob")
            bob.wait_linked(2, HANG)
            alice.wait("bob", lambda: len(alice.linked()) == 2, HANG)
            bob.say("still a chat")
            alice.wait_text("still a chat", HANG)

            peer.kill()
            alice.wait_event("down", lambda e: e.get("event") == "down", HANG)

            # What the disk has not taken by then is what may be on its way at most.
            heard = len(alice.heard())
            held = _held(alice)
            check(heard - held <= 6_000, f"{heard - held} of {heard} lines not on the disk")
            alice.wait("all on the disk", lambda: _held(alice) == len(alice.heard()), HANG)


@test
def lines_of_nothing_cost_nothing():
    """An original that was never told anything and whose input has ended says those."""
    for kind in available_kinds():
        with _talk() as chat:
            alice, bob = chat.node("alice"), chat.node("bob")
            peer = _linked_original(chat, kind, alice, bob)
            written, memory = _written(alice), memory_mib(alice.pid)

            peer.paste("")
            for n in range(full(300, 60)):
                alice.say(f"a {n}")
                bob.wait_text(f"a {n}", HANG)
                bob.say(f"b {n}")
                alice.wait_text(f"b {n}", HANG)

            check_equal([alice.heard(peer.address), bob.heard(peer.address)], [[], []], "lines")
            check_memory(alice, memory + GROWTH_MIB, memory_mib(alice.pid))
            said = _held(alice)
            check_equal(said, 2 * full(300, 60), "lines on the disk")
            note(f"{kind}: {(_written(alice) - written) / said:.0f} bytes of disk a line of others")
            peer.kill()
            for node in (alice, bob):
                node.wait_event("down", lambda e: e.get("event") == "down", HANG)


main()
