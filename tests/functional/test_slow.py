# Slow and deaf: who does not read costs the others nothing, and is told apart from who does.
import json
import os
import subprocess
import threading
import time

from lanchat import Chat, check_chat_works, check_memory
from process import forget_peak, memory_mib, peak_mib
from runner import (check, check_equal, full, main, never, note, percentile, test,
                    within)

NAMES = ["alice", "bob", "carol", "dave", "erin"]
LINES_PER_S = 200


class Talker(threading.Thread):
    """Says numbered lines at a steady pace and remembers when."""

    def __init__(self, node, lines_per_s=LINES_PER_S):
        super().__init__(daemon=True)
        self._node, self._pace, self._over = node, 1 / lines_per_s, threading.Event()
        self.said = []
        self.start()

    def run(self):
        due = time.monotonic()
        while not self._over.wait(max(0, due - time.monotonic())):
            self.said.append(time.monotonic())
            self._node.say(f"{len(self.said) - 1} " + "x" * 90)
            due += self._pace

    def stop(self):
        self._over.set()
        self.join()
        return len(self.said)


def _numbers(node):
    return [int(text.split()[0]) for text in node.heard() if text[0].isdigit()]


def _delays(talker, node, begin, end):
    """Seconds from the saying to the hearing of the lines said in a span of time."""
    delays = []
    for message in list(node.messages):
        if not message.own and message.text[0].isdigit():
            said = talker.said[int(message.text.split()[0])]
            if begin <= said < end:
                delays.append(message.at - said)
    return delays


@test
def a_frozen_peer_among_five_costs_the_others_nothing():
    calm, frozen_for = 3.0, full(60.0, 14.0)
    with Chat(ports=5) as chat:
        nodes = [chat.node(name) for name in NAMES]
        alice, bob, carol, dave, erin = nodes
        chat.wait_mesh(nodes, within(5))
        talker = Talker(alice)
        time.sleep(calm)
        start = time.monotonic()
        before = memory_mib(alice.pid)
        forget_peak(alice.pid)

        erin.freeze()
        time.sleep(frozen_for)
        end = time.monotonic()
        count = talker.stop()

        # It is still frozen: whoever waited for it would not have heard all by now.
        for node in (bob, carol, dave):
            node.wait_heard(count, within(5))
            check_equal(_numbers(node) == list(range(count)), True, f"lines in order at {node}")
            usual = percentile(_delays(talker, node, start - calm, start), .99)
            during = percentile(_delays(talker, node, start, end), .99)
            note(f"{node}: p99 delay {usual * 1000:.1f} ms before, {during * 1000:.1f} ms during")
        peak = peak_mib(alice.pid)
        erin.thaw()
        check_memory(alice, before + 24, peak)
        note(f"memory of the author {before:.0f} -> {peak:.0f} MiB")
        _check_account(alice, erin, count)


def _check_account(author, slow, count):
    """Whatever it missed while it was frozen it gets when it is back, in order and once."""
    author.wait_linked(4, within(5))
    slow.wait_linked(4, within(5))
    author.say("all is said")
    slow.wait_text("all is said")
    slow.wait_heard(count + 1, within(10))
    check_equal(_numbers(slow) == list(range(count)), True, "lines in order at the slow one")
    later = sum(message.history for message in slow.messages)
    note(f"the frozen one heard all {count} lines, {later} of them as history")
    check_equal(author.of_type("undelivered"), [], "reports")


@test
def a_frozen_peer_that_never_wakes_hears_all_in_its_next_life():
    with Chat(ports=3) as chat:
        alice, bob, carol = [chat.node(name) for name in NAMES[:3]]
        chat.wait_mesh()
        carol.freeze()
        for i in range(100):
            alice.say(f"line {i}")
        alice.wait_down("carol", within(20))
        check_equal(bob.wait_heard(100), [f"line {i}" for i in range(100)], "lines at bob")
        carol.kill()

        carol = chat.node("carol", home=carol.home)

        carol.wait_heard(100)
        check_equal(carol.in_order(), [f"line {i}" for i in range(100)], "lines at carol")


def _flood(node, lines, size=100):
    text = "y" * (size - 8)
    data = "".join(json.dumps({"type": "send", "text": f"{i:07} {text}"}) + "\n"
                   for i in range(lines))
    return node.feed(data.encode())


@test
def a_stdout_nobody_reads_stops_nobody():
    lines = full(400_000, 150_000)
    read_end, write_end = os.pipe()
    with Chat(ports=3) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        deaf = chat.node("deaf", stdout=write_end)
        os.close(write_end)
        alice.wait_linked(2)
        bob.wait_linked(2)

        _flood(alice, lines)

        got = bob.wait_heard(lines, within(60))
        check_equal([int(t[:7]) for t in got] == list(range(lines)), True, "lines at bob")
        deaf.say("I still speak")
        bob.wait_text("I still speak")
        check_memory(deaf, 128, peak_mib(deaf.pid))
        check_memory(alice, 128, peak_mib(alice.pid))
        note(f"memory: deaf {peak_mib(deaf.pid):.0f} MiB, author {peak_mib(alice.pid):.0f} MiB")
        deaf.stop()
    os.close(read_end)


@test
def a_closed_stdout_stops_nobody():
    for mode in ("json", "plain"):
        with Chat(ports=3) as chat:
            alice, bob = chat.node("alice"), chat.node("bob")
            read_end, write_end = os.pipe()
            mute = chat.node("mute", mode=mode, stdout=write_end)
            os.close(write_end)
            alice.wait_linked(2)
            bob.wait_linked(2)
            os.close(read_end)

            for i in range(1000):
                alice.say(f"line {i}")
            bob.wait_heard(1000)
            mute.say("still here")

            bob.wait_text("still here")
            check(mute.alive(), "it ended when its stdout was closed")
            check_chat_works([alice, bob])


@test
def a_pipe_into_head_is_no_failure():
    with Chat(ports=2) as chat:
        alice = chat.node("alice")
        reader = chat.node("reader", mode="plain", stdout=subprocess.PIPE)
        alice.wait_linked(1)
        alice.say("one")
        reader.wait_line("alice: one")
        # The thread that reads holds the pipe; it is closed under it as `head` would.
        os.dup2(os.open(os.devnull, os.O_RDONLY), reader.popen.stdout.fileno())

        for i in range(2000):
            alice.say(f"line {i}")

        never("an end", lambda: not reader.alive(), 0.5)


@test
def a_thousand_lines_for_a_peer_that_reads_slowly_all_arrive():
    with Chat(ports=3) as chat:
        alice, bob, slow = [chat.node(name) for name in ("alice", "bob", "slow")]
        chat.wait_mesh()
        talker = Talker(alice)
        for _ in range(full(40, 8)):
            slow.freeze()
            time.sleep(0.3)
            slow.thaw()
            time.sleep(0.1)
        count = talker.stop()

        for node in (bob, slow):
            node.wait_heard(count, within(5))
            check_equal(_numbers(node) == list(range(count)), True, f"lines at {node}")
        check_equal(alice.of_type("undelivered"), [], "reports")
        check_equal([n.peers("down") for n in (alice, bob, slow)], [[], [], []], "down events")


@test
def memory_stays_flat_over_many_lines():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        marks = []
        for round_ in range(4):
            _flood(alice, full(100_000, 40_000))
            bob.wait_heard(full(100_000, 40_000) * (round_ + 1), within(60))
            marks.append((memory_mib(alice.pid), memory_mib(bob.pid)))

        note("memory after each round: " + ", ".join(f"{a:.0f}/{b:.0f} MiB" for a, b in marks))
        check_memory(alice, marks[0][0] + 16, marks[-1][0])
        check_memory(bob, marks[0][1] + 16, marks[-1][1])


main()
