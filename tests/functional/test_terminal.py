# The terminal: what comes in never breaks what is being typed, and no text of others rules it.
import os
import re
import signal

import h2
from author import Author
from lanchat import PROGRAM, Chat, environment
from process import listens
from runner import check, check_equal, eventually, main, never, test, within
from terminal import Pty, Tmux


def _argv(chat, name, *flags):
    return [PROGRAM, "-n", name, "--ip", chat.ip, "--cidr", chat.cidr, "--ports", chat.range,
            *flags]


def _session(chat, name="person", *flags, **options):
    env = environment(chat.home(), **options.pop("env", {}))
    return Tmux(_argv(chat, name, *flags), env, **options)


def _together(chat, screen, bob):
    """The person's node and bob know each other."""
    bob.wait_linked(1)
    screen.wait_row("bob")


def _rows_with(screen, text):
    return [row for row in screen.screen() if text in row]


@test
def incoming_lines_do_not_break_the_line_being_typed():
    with Chat(ports=3) as chat, _session(chat) as screen:
        bob = chat.node("bob")
        _together(chat, screen, bob)
        screen.type("half a sent")
        screen.wait("the draft", lambda rows: "half a sent" in rows[-1] or
                    any(row.endswith("half a sent") for row in rows))

        for i in range(30):
            bob.say(f"interruption {i}")
        screen.wait_row("bob: interruption 29")

        drafts = _rows_with(screen, "half a sent")
        check_equal(len(drafts), 1, f"rows with the draft {screen.screen()}")
        check("interruption" not in drafts[0], f"mixed up: {drafts[0]!r}")
        screen.type("ence")
        screen.keys("Enter")
        bob.wait_text("half a sentence")
        said = [f"bob: interruption {i}" for i in range(30)]
        check_equal([r for r in screen.history() if "interruption" in r], said, "incoming lines")


@test
def the_cursor_stays_where_it_was():
    with Chat(ports=3) as chat, _session(chat) as screen:
        bob = chat.node("bob")
        _together(chat, screen, bob)
        screen.type("0123456789")
        screen.wait_row("0123456789")
        screen.keys("Left", "Left", "Left")
        x, _ = eventually("the cursor moved", lambda: screen.cursor(), within(1))

        bob.say("look out")
        screen.wait_row("bob: look out")
        screen.type("X")
        screen.keys("Enter")

        bob.wait_text("0123456X789")
        check(x > 0, "cursor at the left edge")


@test
def wide_and_joined_characters_are_edited_as_one():
    with Chat(ports=3) as chat, _session(chat) as screen:
        bob = chat.node("bob")
        _together(chat, screen, bob)

        screen.type("日本語x")
        screen.keys("BSpace", "BSpace")
        bob.say("你好世界")
        screen.wait_row("bob: 你好世界")
        screen.type("人")
        screen.keys("Enter")
        screen.type("ok 😀😀")
        screen.keys("BSpace", "Enter")

        bob.wait_text("日本人")
        bob.wait_text("ok 😀")


@test
def a_draft_longer_than_the_screen_is_wide_survives_incoming_lines():
    draft = "".join(f"word{i:03} " for i in range(30)).strip()
    with Chat(ports=3) as chat, _session(chat) as screen:
        bob = chat.node("bob")
        _together(chat, screen, bob)
        screen.type(draft)
        screen.wait("the draft", lambda rows: "word029" in "".join(rows))

        for i in range(5):
            bob.say(f"interruption {i}")
        screen.wait_row("bob: interruption 4")

        shown = "".join(screen.screen())
        check_equal([shown.count(f"word{i:03}") for i in range(30)], [1] * 30, "words on screen")
        screen.keys("Enter")
        bob.wait_text(draft)


@test
def a_resized_window_keeps_the_draft():
    with Chat(ports=3) as chat, _session(chat) as screen:
        bob = chat.node("bob")
        _together(chat, screen, bob)
        draft = "a draft of some forty columns, and more."
        screen.type(draft)
        screen.wait_row(draft)

        screen.resize(30, 20)
        bob.say("narrow")
        screen.wait_row("bob: narrow")
        screen.resize(100, 30)
        bob.say("wide")
        screen.wait_row("bob: wide")
        screen.keys("Enter")

        bob.wait_text(draft)


@test
def slash_commands_are_obeyed_and_double_slash_is_said():
    with Chat(ports=3) as chat, _session(chat) as screen:
        bob = chat.node("bob")
        _together(chat, screen, bob)

        screen.type("/help")
        screen.keys("Enter")
        screen.wait_row("/join")
        screen.type("/peers")
        screen.keys("Enter")
        screen.wait_row(bob.address)
        screen.type("/nonsense")
        screen.keys("Enter")
        screen.wait_row("unknown command")
        screen.type("/join ops")
        screen.keys("Enter")
        screen.type("in ops")
        screen.keys("Enter")
        screen.type("//etc/hosts")
        screen.keys("Enter")

        heard = bob.wait_text("/etc/hosts")
        check_equal(heard.room, "ops", "room")
        check_equal(bob.heard(), ["in ops", "/etc/hosts"], "what was said")
        screen.type("/quit")
        screen.keys("Enter")
        eventually("an end", lambda: screen.exit_code() is not None, within(5))
        check_equal(screen.exit_code(), 0, "exit code")


@test
def joins_and_leaves_are_shown_with_their_names():
    with Chat(ports=3) as chat, _session(chat) as screen:
        bob = chat.node("bob")
        _together(chat, screen, bob)
        bob.stop()

        screen.wait("bob left", lambda rows: sum("bob" in row for row in rows) >= 2)


@test
def control_d_and_control_c_leave_and_the_terminal_is_as_before():
    for keys in (b"\x04", b"\x03\x03", b"/quit\r"):
        with Chat(ports=3) as chat:
            bob = chat.node("bob")
            env = environment(chat.home(), TERM="xterm-256color")
            with Pty(_argv(chat, "person"), env) as terminal:
                terminal.wait("the peer", b"bob")
                bob.wait_linked(1)

                for key in ([keys] if keys.startswith(b"/") else [bytes([k]) for k in keys]):
                    terminal.type(key)

                check_equal(terminal.wait_exit(within(6)), 0, f"exit code after {keys!r}")
                check_equal(terminal.mode(), terminal.mode_before, f"terminal after {keys!r}")
                _, down = bob.wait_down("person", within(1))
                check_equal(down["reason"], "left", "reason")


@test
def a_hangup_or_a_sigterm_gives_the_terminal_back():
    with Chat(ports=3) as chat:
        env = environment(chat.home(), TERM="xterm-256color")
        bob = chat.node("bob")
        with Pty(["setpriv", "--", *_argv(chat, "person")], env) as terminal:
            terminal.wait("the peer", b"bob")
            bob.wait_linked(1)
            children = f"/proc/{terminal.popen.pid}/task/{terminal.popen.pid}/children"
            with open(children, encoding="ascii") as listed:
                inner = listed.read().split()
            terminal.type(b"half a line")
            terminal.wait("the draft", b"half a line")

            os.kill(int(inner[0]) if inner else terminal.popen.pid, signal.SIGTERM)

            check_equal(terminal.wait_exit(within(6)), 0, "exit code")
            check_equal(terminal.mode(), terminal.mode_before, "terminal")


HOSTILE_TEXTS = [
    "\x1b[2J\x1b[H", "\x1b]0;owned\x07", "\x1b]52;c;aGk=\x07", "\x1bP+q\x1b\\", "\x9b31m",
    "\x9d0;x\x9c", "\x1b[6n", "\x1b[?1049h", "\x07\x08\x08", "a\rb", "\x0e\x0f", "\x7f",
    "a\u202eb\u2066c",
    "\u200b\u200e\u061c", "a" + "\u0301" * 50, "\u2028x\u2029", "\U000e0041", "all\x1b[0m done",
]
# What the program itself may send: cursor movement, erasing, colours, bracketed paste.
OWN_SEQUENCES = re.compile(rb"\x1b\[[0-9;?]*[A-HJKPSTfhlmsu]|\x1b[78=>M]|\x1b\[[0-9;]*r")
OWN_MODES = re.compile(rb"\x1b\[\?(\d+)[hl]")


def _check_tame(seen, what):
    """Nothing that texts of others brought along reached the terminal."""
    rest = OWN_SEQUENCES.sub(b"", bytes(seen))
    where = rest.find(b"\x1b")
    check(where < 0, lambda: f"{what}: escape in {rest[max(0, where - 40):where + 40]}")
    modes = {int(mode) for mode in OWN_MODES.findall(bytes(seen))}
    check(modes <= {25, 2004, 7}, f"{what}: terminal modes {modes}")
    check(b"\x1b[6n" not in seen and b"\x1b]" not in seen, f"{what}: a query or a title")
    text = rest.decode(errors="strict")
    bad = {c for c in text if (c < " " and c not in "\n\r\t\b") or "\x7f" <= c <= "\x9f"
           or c in "\u202e\u2066\u200b\u200e\u061c\u2028\u2029\U000e0041"}
    check(not bad, f"{what}: characters {bad}")
    check("\u0301" * 5 not in text, f"{what}: a tower of combining marks")


HOSTILE_NAMES = ["\x1b[31mred", "a\u202eb", "tab\tbell\x07", "co:lon", "new\nline", "\x9b2J"]


BARE = {"LANCHAT_SECURITY_TLS": "false"}  # for those who are to meet guests: these speak no TLS


def _guest(chat, pid, number, name):
    """A lanchat peer that is none of ours: its name and room are what no node would send."""
    guest = h2.Stranger(eventually("it listens", lambda: listens(pid), within(5))[0])
    author = Author(1000 + number, name)
    guest.join(f"{chat.ip}:{chat.last_port - number}", author)
    guest.say_raw(h2.line(author, f"I am guest {number}", room=name))
    return guest


@test
def no_text_or_name_of_others_rules_the_terminal():
    with Chat(ports=12) as chat:
        env = environment(chat.home(), TERM="xterm-256color", **BARE)
        with Pty(_argv(chat, "person"), env, columns=200) as terminal:
            bob = chat.node("bob", env=BARE)
            bob.wait_linked(1)
            terminal.wait("bob", b"bob")
            for text in HOSTILE_TEXTS:
                bob.say(text)
                bob.say("room " + text, room=("r" + text)[:20])
            guests = [_guest(chat, terminal.popen.pid, i, name)
                      for i, name in enumerate(HOSTILE_NAMES)]
            for i, guest in enumerate(guests):
                terminal.wait(f"guest {i}", f"I am guest {i}".encode())
            for guest in guests:
                guest.close()
            bob.say("the end")
            terminal.wait("the end", b"the end")

            _check_tame(terminal.seen, "terminal")


@test
def plain_output_into_a_pipe_is_tame_too():
    with Chat(ports=3) as chat:
        alice, bob = chat.node("alice", mode="plain", env=BARE), chat.node("bob", env=BARE)
        bob.wait_linked(1)
        _guest(chat, alice.pid, 0, "g\x1b[31muest\n")
        for text in HOSTILE_TEXTS:
            bob.say(text)
        bob.say("the end")

        alice.wait("the end", lambda: any("the end" in line for line in alice.out), within(5))

        alice.wait("the guest", lambda: any("I am guest 0" in line for line in alice.out), 3)
        check_equal(len(alice.out), len(HOSTILE_TEXTS) + 2, "lines")
        output = "\n".join(alice.out + alice.err)
        check(not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066\u200e]", output),
              f"control characters in {output!r}")


@test
def colours_appear_on_a_terminal_and_go_with_no_color():
    for extra, wanted in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        with Chat(ports=3) as chat:
            env = environment(chat.home(), **{"TERM": "xterm-256color", **extra})
            with Pty(_argv(chat, "person"), env) as terminal:
                bob = chat.node("bob")
                bob.wait_linked(1)
                bob.say("colourful")
                terminal.wait("the line", b"colourful")

                coloured = re.search(rb"\x1b\[[0-9;]*[1-9][0-9;]*m", bytes(terminal.seen))
                check_equal(bool(coloured), wanted, f"colours with {extra}")


@test
def a_pipe_gets_no_colours_and_no_cursor_movement():
    with Chat(ports=3) as chat:
        alice = chat.node("alice", mode="plain", env={"TERM": "xterm-256color"})
        bob = chat.node("bob")
        bob.wait_linked(1)
        bob.say("plain")
        alice.wait_line("bob: plain")
        bob.stop()

        never("an escape", lambda: "\x1b" in "".join(alice.out + alice.err), 0.3)


@test
def a_dumb_terminal_still_chats():
    with Chat(ports=3) as chat:
        env = environment(chat.home(), TERM="dumb")
        with Pty(_argv(chat, "person"), env) as terminal:
            bob = chat.node("bob")
            bob.wait_linked(1)

            terminal.type(b"typed here\n")
            bob.wait_text("typed here")
            bob.say("said there")
            terminal.wait("the line", b"bob: said there")

            check(b"\x1b" not in terminal.seen, f"escapes in {bytes(terminal.seen)!r}")


@test
def a_pasted_block_is_said_line_by_line():
    with Chat(ports=3) as chat:
        env = environment(chat.home(), TERM="xterm-256color")
        with Pty(_argv(chat, "person"), env) as terminal:
            bob = chat.node("bob")
            bob.wait_linked(1)
            terminal.wait("bob", b"bob")

            terminal.type(b"\x1b[200~/quit\nsecond\nthird\x1b[201~")
            terminal.type(b"\r")

            check_equal(bob.wait_heard(3), ["/quit", "second", "third"], "lines")


main()
