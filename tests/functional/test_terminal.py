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


def _type(screen, *lines):
    for line in lines:
        screen.type(line)
        screen.keys("Enter")


@test
def a_line_for_one_goes_to_nobody_where_its_name_may_be_that_of_several():
    with Chat(ports=6) as chat, _session(chat) as screen:
        anna, *marias = [chat.node(name) for name in ("Anna", "Anna Maria", "Anna Maria")]
        for node in (anna, *marias):
            node.wait_linked(3)
        screen.wait("all three", lambda rows: sum("joined" in row for row in rows) >= 3)

        _type(screen, "/msg Anna Maria the password is 1234")
        for node in marias:
            screen.wait_row(node.id[:4])
        screen.wait_row("may be any of:")
        _type(screen, f"/msg {marias[0].id[:12]} for you", "/msg Anna for the other", "for all")

        for node, direct in ((anna, ["for the other"]), (marias[0], ["for you"]), (marias[1], [])):
            want = sorted([*direct, "for all"])
            check_equal(sorted(node.wait_heard(len(want))), want, f"heard by {node.id}")
        screen.wait_row("said to Anna ")


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

        alice.wait("the guest", lambda: any("I am guest 0" in line for line in alice.out), within(3))
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


def _alone_with_bob(chat, *flags):
    """A person on a raw terminal, and bob; both know each other."""
    terminal = Pty(_argv(chat, "person", *flags),
                   environment(chat.home(), TERM="xterm-256color"))
    bob = chat.node("bob", keep_objects=True)
    bob.wait_linked(1)
    terminal.wait("bob", b"bob")
    return terminal, bob


@test
def a_paste_whose_end_was_lost_is_left_with_control_c_or_by_waiting():
    for way_out in (b"\x03", b"\x04", None):
        with Chat(ports=3) as chat:
            terminal, bob = _alone_with_bob(chat)
            with terminal:
                terminal.type(b"\x1b[200~hello")
                terminal.wait("the paste", b"hello")
                if way_out:
                    terminal.type(way_out)
                    terminal.type(b"\x15")  # the line begins anew
                    terminal.type(b"/quit\r")
                else:
                    never("anything said", bob.heard, 2)
                    terminal.type(b"\x15/quit\r")

                check_equal(terminal.wait_exit(within(6)), 0, f"exit code after {way_out!r}")
                check("/quit" not in bob.heard(), f"said: {bob.heard()}")


@test
def a_pasted_line_is_said_whole_or_refused_with_words():
    with Chat(ports=3) as chat:
        terminal, bob = _alone_with_bob(chat)
        with terminal:
            # Behind the first one Enter is pressed, the second one brings its own line end.
            terminal.type(b"\x1b[200~" + b"x" * 70_000 + b"\x1b[201~")
            terminal.type(b"\r")
            terminal.wait("a refusal", b"a line of more than 65536 bytes was not sent", within(20))
            terminal.type(b"\x15")
            terminal.type(b"\x1b[200~" + b"y" * 70_000 + b"\nafter it\n\x1b[201~")
            terminal.wait("another refusal", b"the up key brings it back", within(20))
            terminal.type(b"\x1b[200~" + b"z" * 65_536 + b"\n\x1b[201~")

            check_equal([len(text) for text in bob.wait_heard(2, within(20))], [8, 65_536], "lines")


@test
def what_was_pasted_is_text_also_when_it_is_recalled():
    with Chat(ports=3) as chat:
        terminal, bob = _alone_with_bob(chat)
        with terminal:
            terminal.type(b"\x1b[200~/home/x/tool\x1b[201~")
            terminal.type(b"\r")
            bob.wait_heard(1)
            terminal.type(b"\x1b[200~/quit now\x1b[201~")
            terminal.type(b"\r")
            terminal.type(b"\x1b[A\r")
            check_equal(bob.wait_heard(3), ["/home/x/tool", "/quit now", "/quit now"], "lines")

            # The command is typed, what it says is pasted: it stays a command until Enter.
            terminal.type(f"/msg {bob.id[:16]} ".encode())
            terminal.type(b"\x1b[200~for you\n\x1b[201~")
            terminal.type(b"\r")
            bob.wait_heard(4)
            check_equal([o["text"] for o in bob.objects if o.get("direct")], ["for you"], "direct")


@test
def what_may_be_a_command_stays_in_the_editor():
    with Chat(ports=3) as chat, _session(chat) as screen:
        bob = chat.node("bob")
        _together(chat, screen, bob)
        for line in (" /msg bob SECRET", "\u00a0/msg bob SECRET", "\uff0fmsg bob SECRET",
                     "/mgs bob SECRET", "/home/x/tool"):
            _type(screen, line)
            screen.wait_row("not said")
            screen.wait("the line in the editor",
                        lambda rows, line=line: any(row.startswith(f"> {line}") for row in rows))
            screen.keys("C-u")
            screen.keys("C-l")
            screen.wait("an empty screen", lambda rows: not any("not said" in r for r in rows))
        _type(screen, "/MSG bob for you", "for all")

        # What is for one goes in a log of its own, once it is on the disk.
        check_equal(sorted(bob.wait_heard(2)), ["for all", "for you"], "lines")


@test
def lines_above_stay_when_the_window_is_made_narrower():
    with Chat(ports=3) as chat, _session(chat) as screen:
        bob = chat.node("bob")
        _together(chat, screen, bob)
        for i in range(5):
            bob.say(f"line {i}")
        screen.wait_row("bob: line 4")
        screen.type("x" * 70)
        screen.wait_row("x" * 70)

        for columns in (60, 45, 30):
            screen.resize(columns, 24)
            bob.say(f"at {columns}")
            screen.wait_row(f"bob: at {columns}")

        check_equal([row for row in screen.history() if row.startswith("bob: line")],
                    [f"bob: line {i}" for i in range(5)], "lines")


main()
