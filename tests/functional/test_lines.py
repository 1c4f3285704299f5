# Lines: everything said is heard by everybody, exactly once, in order, byte for byte.
import os
import subprocess

from lanchat import PROGRAM, Chat, check_chat_works, environment, run
from runner import FULL, check, check_equal, full, main, never, note, test, within

NAMES = ["alice", "bob", "carol", "dave", "erin"]
LINE_MAX = 65536

STRANGE = [
    "plain words with  two blanks", "  leading and trailing  ", "tab\tin\tbetween", "\t",
    "emoji 👩‍👩‍👧 🏳️‍🌈 ☕️", "日本語 и кириллица", "e\u0301 combining", "/quit", "/msg bob hi", "//x",
    "ok", "\\n \\t %s %n {}", '{"type":"send","text":"no"}', "127.0.0.1:4565", "x: y: z",
    "a" * 1000, "x", "\u00a0", "\ufffd",
]


def _plain_listener(chat, name):
    return chat.node(name, mode="plain")


def _wait_plain_lines(node, prefix, lines, seconds=None):
    """A plain listener's lines of one author, in order."""
    want = [f"{prefix}: {line}" for line in lines]
    node.wait(f"{len(want)} lines", lambda: len(node.out) >= len(want), seconds or within(10))
    check_equal(node.out, want, f"lines at {node}")


@test
def a_hundred_thousand_lines_piped_into_one_of_five_reach_the_others_once_and_in_order():
    count = full(100_000, 20_000)
    with Chat(ports=5) as chat:
        speaker = chat.node("alice", mode="plain")
        listeners = [chat.node(name) for name in NAMES[1:]]
        for listener in listeners:
            listener.wait_linked(4)

        speaker.feed("".join(f"{i}\n" for i in range(1, count + 1)).encode())

        want = [str(i) for i in range(1, count + 1)]
        for listener in listeners:
            listener.wait_heard(count, within(60), author="alice")
        slowest = max(l.messages[-1].at for l in listeners)
        note(f"{count} lines to 4 peers in {slowest - listeners[0].messages[0].at:.2f} s")
        for listener in listeners:
            check_equal(listener.heard() == want, True, f"order and count at {listener}")
        never("an echo", lambda: any(len(l.messages) > count for l in listeners), 0.5)


@test
def seq_piped_into_a_node_that_then_leaves_arrives_whole():
    count = full(100_000, 20_000)
    with Chat(ports=3) as chat:
        listeners = [chat.node(name) for name in ("bob", "carol")]
        for listener in listeners:
            listener.wait_linked(1)

        speaker = chat.node("alice", mode="plain", linger="30")
        speaker.feed("".join(f"{i}\n" for i in range(1, count + 1)).encode(), close=True)
        code = speaker.wait_exit(within(60))

        check_equal(code, 0, "exit code")
        want = [str(i) for i in range(1, count + 1)]
        for listener in listeners:
            check_equal(listener.wait_heard(count) == want, True, f"all in order at {listener}")


@test
def everybody_may_talk_at_once():
    count = full(20_000, 3_000)
    with Chat(ports=5) as chat:
        nodes = [chat.node(name) for name in NAMES]
        chat.wait_mesh()

        for node in nodes:
            lines = [f'{{"type":"send","text":"{node} {i}"}}\n' for i in range(count)]
            node.feed("".join(lines).encode())

        for node in nodes:
            for other in nodes:
                if other is not node:
                    got = node.wait_heard(count, within(60), author=other.name)
                    want = [f"{other} {i}" for i in range(count)]
                    check_equal(got == want, True, f"lines of {other} in order at {node}")


@test
def lines_of_any_kind_arrive_byte_for_byte_in_json():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        texts = [*STRANGE, "two\nlines", "\x1b[31mred", "nul \0 inside", "del \x7f"]

        for text in texts:
            alice.say(text)

        check_equal(bob.wait_heard(len(texts)), texts, "texts")
        alice.wait("its own lines", lambda: sum(m.own for m in alice.messages) == len(texts),
                   within(5))
        check_equal([m.text for m in alice.messages if m.own], texts, "own texts")


@test
def lines_of_any_kind_arrive_in_plain_mode():
    with Chat(ports=3) as chat:
        alice = chat.node("alice", mode="plain")
        bob, carol = chat.node("bob"), _plain_listener(chat, "carol")
        bob.wait_linked(2)
        carol.wait("alice", lambda: any("alice" in line for line in carol.err), within(5))

        for text in STRANGE:
            alice.say(text)

        check_equal(bob.wait_heard(len(STRANGE)), STRANGE, "texts in JSON")
        # The no-break space and U+FFFD may be drawn; tabs and joiners stay.
        _wait_plain_lines(carol, "alice", STRANGE)


@test
def a_line_of_65536_bytes_passes_and_one_more_is_refused():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice", mode="plain"), chat.node("bob")
        bob.wait_linked(1)
        longest, longest_wide = "x" * LINE_MAX, "é" * (LINE_MAX // 2)

        for text in (longest, "y" * (LINE_MAX + 1), longest_wide, "after"):
            alice.say(text)

        check_equal(bob.wait_heard(3), [longest, longest_wide, "after"], "lines that passed")
        alice.wait("a refusal", lambda: any("65536" in line.replace(" ", "") for line in alice.err),
                   within(2))


@test
def a_line_of_many_megabytes_is_refused_without_keeping_it():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice", mode="plain"), chat.node("bob")
        bob.wait_linked(1)

        alice.feed(b"z" * (32 << 20) + b"\nafter\n")

        check_equal(bob.wait_heard(1, within(10)), ["after"], "lines")


@test
def empty_lines_publish_nothing():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice", mode="plain"), chat.node("bob")
        bob.wait_linked(1)

        alice.write(b"\n\none\n\n\ntwo\n\n")

        check_equal(bob.wait_heard(2), ["one", "two"], "lines")
        never("a third line", lambda: len(bob.messages) > 2, 0.3)


@test
def lines_that_end_in_crlf_lose_only_the_line_end():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice", mode="plain"), chat.node("bob")
        bob.wait_linked(1)

        alice.write(b"one\r\ntwo\r\n\r\nthree\n")

        check_equal([t.rstrip("\r") for t in bob.wait_heard(3)][:2], ["one", "two"], "lines")


@test
def invalid_utf8_is_replaced():
    cases = {
        b"\xff\xfe": "\ufffd\ufffd", b"a\xc3": "a\ufffd", b"\xc0\xafb": "\ufffd\ufffdb",
        b"\xed\xa0\x80": "\ufffd\ufffd\ufffd", b"\xf0\x9f\x98": "\ufffd",
        b"ok \xe2\x82\xac": "ok €", b"\x80": "\ufffd",
    }
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice", mode="plain"), chat.node("bob")
        bob.wait_linked(1)

        for raw in cases:
            alice.write(raw + b"\n")

        check_equal(bob.wait_heard(len(cases)), list(cases.values()), "texts")


@test
def a_last_line_without_newline_is_said():
    with Chat(ports=2) as chat:
        bob = chat.node("bob")
        bob.wait_ready()

        alice = chat.node("alice", mode="plain", linger="5")
        alice.write(b"first\nlast")
        alice.end_input()

        check_equal(alice.wait_exit(within(8)), 0, "exit code")
        check_equal(bob.wait_heard(2), ["first", "last"], "lines")


@test
def printf_into_lanchat_reaches_a_running_chat():
    with Chat(ports=4) as chat:
        bob, carol = chat.node("bob"), chat.node("carol")
        chat.wait_mesh()
        for round_ in range(full(50, 5)):
            command = ["bash", "-c", f"printf 'hi {round_}\\n' | \"$@\"", "sh", PROGRAM, "-n",
                       "passer-by", "--ip", chat.ip, "--cidr", chat.cidr, "--ports", chat.range]

            done = subprocess.run(command, env=environment(chat.home()), capture_output=True,
                                  timeout=within(10), check=False, stdin=subprocess.DEVNULL)

            check_equal(done.returncode, 0, f"exit code ({done.stderr.decode()})")
            # A newcomer is shown what was said before it came, and nothing else was said.
            earlier = [f"passer-by: hi {i}" for i in range(round_)]
            check_equal(done.stdout.decode().splitlines(), earlier, "stdout")
            for node in (bob, carol):
                node.wait_text(f"hi {round_}")
        for node in (bob, carol):
            check_equal(node.heard("passer-by"), [f"hi {i}" for i in range(full(50, 5))],
                        f"lines at {node}")
        check_chat_works([bob, carol])


@test
def a_lone_node_at_the_end_of_its_input_leaves():
    with Chat(ports=2) as chat:
        alone = chat.node("alice", mode="plain", linger="1")
        alone.write(b"anybody?\n")
        alone.end_input()

        check_equal(alone.wait_exit(within(8)), 0, "exit code")


@test
def lines_said_before_the_first_peer_reach_who_links_in_time():
    with Chat(ports=2) as chat:
        alice = chat.node("alice", mode="plain", linger="20")
        alice.write(b"early bird\n")
        alice.end_input()
        bob = chat.node("bob")

        check_equal(bob.wait_heard(1, within(10)), ["early bird"], "lines")
        check_equal(alice.wait_exit(within(10)), 0, "exit code")


@test
def incoming_lines_appear_as_name_colon_text():
    with Chat(ports=3) as chat:
        alice, bob = chat.node("alice"), _plain_listener(chat, "bob")
        alice.wait_linked(1)

        alice.say("hello there")
        alice.say("in a room", room="ops")
        alice.say("back")

        bob.wait("three lines", lambda: len(bob.out) >= 3, within(5))
        want = ["alice: hello there", "alice@ops: in a room", "alice: back"]
        check_equal(bob.out, want, "stdout")
        check(all("alice" not in line or ":" not in line or "hello" not in line
                  for line in bob.err), "lines of chat belong to stdout only")


@test
def a_byte_order_mark_before_plain_input_is_not_said():
    with Chat(ports=2) as chat:
        bob = chat.node("bob")
        bob.wait_ready()
        alice = chat.node("alice", mode="plain")
        bob.wait_linked(1)
        alice.write(b"\xef\xbb\xbffirst\n\xef\xbb\xbfsecond\n")
        check_equal(bob.wait_heard(2), ["first", "\ufeffsecond"], "lines")
        result = run("send", "-", home=alice.home, stdin=b"\xef\xbb\xbfthird\n")
        check_equal(result.returncode, 0, result.stderr)
        bob.wait_text("third")


@test
def a_chat_with_its_input_closed_from_the_start_stays_quiet():
    with Chat(ports=3) as chat:
        bob = chat.node("bob")
        with open(os.devnull, "rb") as nothing:
            silent = chat.node("silent", mode="plain", stdin=nothing, linger="inf")
        bob.wait_linked(1)

        never("a line out of nothing", lambda: bob.messages, 1.0 if not FULL else 5.0)
        check(silent.alive(), "with --linger inf it stays")


main()
