# Closed networks: who knows the passphrase is in, everybody else hears nothing.
import os
import time

from lanchat import PROGRAM, Chat, check_chat_works, environment, run
from legacy import LegacyPeer, available_kinds
from runner import FULL, check, check_equal, eventually, main, never, test, within
from terminal import Tmux

RIGHT, WRONG = "four words make friends", "four words make enemies"


def _file(chat, phrase, mode=0o600):
    path = os.path.join(chat.home(), "passphrase")
    with open(path, "w", encoding="utf-8") as file:
        file.write(phrase + "\n")
    os.chmod(path, mode)
    return path


def _flags(chat, phrase):
    return ["--passphrase-file", _file(chat, phrase)]


def _start(chat, *flags, home=None):
    """A start that should be refused."""
    return run("--json", "--ip", chat.ip, "--cidr", chat.cidr, "--ports", chat.range, *flags,
               home=home)


def _others(node):
    return [thing["address"] for thing in node.of_type("other_network")]


@test
def who_knows_the_passphrase_chats():
    with Chat(ports=4) as chat:
        nodes = [chat.node(name, *_flags(chat, RIGHT)) for name in ("alice", "bob", "carol")]
        chat.wait_mesh()

        check_chat_works(nodes)

        check_equal({p["encrypted"] for node in nodes for p in node.peers("up")}, {True},
                    "encrypted")
        for node in nodes:
            check_equal(_others(node), [], f"other networks seen by {node}")
            check(all(RIGHT not in line for line in node.err), f"{node} tells the passphrase")


@test
def a_passphrase_is_the_same_however_it_was_typed():
    """é in one code point or in two; a line that ends as on Windows."""
    with Chat(ports=2) as chat:
        nodes = [chat.node("alice", *_flags(chat, "caf\u00e9 with four words")),
                 chat.node("bob", *_flags(chat, "cafe\u0301 with four words\r"))]
        chat.wait_mesh()
        check_chat_works(nodes)


@test
def a_wrong_passphrase_is_told_once_per_peer_and_sees_nothing():
    with Chat(ports=4) as chat:
        alice, bob = (chat.node(name, *_flags(chat, RIGHT)) for name in ("alice", "bob"))
        chat.wait_mesh()
        wrong = chat.node("wrong", *_flags(chat, WRONG))
        plain = chat.node("plain", *_flags(chat, WRONG + "!"), mode="plain")

        friends = sorted([alice.address, bob.address])
        wrong.wait("all three others", lambda: len(_others(wrong)) == 3, within(5))
        check(set(friends) <= set(_others(wrong)), f"told of {_others(wrong)}")
        for address in friends:
            plain.wait(f"a word on {address}", lambda address=address: any(
                address in line and "another network" in line for line in plain.err), within(5))
        alice.say("among friends")
        bob.wait_text("among friends")
        never("something seen, or said twice",
              lambda: wrong.linked() or wrong.messages or len(_others(wrong)) > 3 or plain.out, 6.0)
        check(wrong.alive() and plain.alive(), "a stranger has ended")
        check_equal([n.peers("down") for n in (alice, bob)], [[], []], "links lost")
        check_chat_works([alice, bob])


@test
def open_and_closed_networks_do_not_meet():
    with Chat(ports=4) as chat:
        inside = [chat.node(name, *_flags(chat, RIGHT)) for name in ("alice", "bob")]
        outside = [chat.node(name) for name in ("carol", "dave")]
        for node in inside + outside:
            node.wait_linked(1)

        check_chat_works(inside)
        check_chat_works(outside)

        for node in inside + outside:
            node.wait("both others", lambda node=node: len(_others(node)) == 2, within(5))
            check_equal(len(node.peers("up")), 1, f"peers of {node}")


@test
def what_somebody_said_who_is_gone_reaches_a_member_that_never_met_it():
    with Chat(ports=3) as chat:
        bob, carol = (chat.node(name, *_flags(chat, RIGHT)) for name in ("bob", "carol"))
        chat.wait_mesh()
        lines = [f"of carol {i}" for i in range(3)]
        for line in lines:
            carol.say(line)
        bob.wait_heard(3)
        carol.stop()

        alice = chat.node("alice", *_flags(chat, RIGHT))

        alice.wait_heard(3, within(10))
        check_equal(alice.in_order(), lines, "lines at alice")
        check_equal({m.author for m in alice.messages}, {"carol"}, "authors at alice")
        # Those who name others show nothing of it, nor keep it as a line.
        check_chat_works([alice, bob])
        texts = [m.text for m in alice.messages]
        check(all(texts), f"empty lines at alice: {texts}")


@test
def two_closed_networks_share_the_port_range():
    with Chat(ports=6) as chat:
        ours = [chat.node(f"our{i}", *_flags(chat, RIGHT)) for i in range(3)]
        theirs = [chat.node(f"their{i}", *_flags(chat, WRONG)) for i in range(3)]
        for node in ours + theirs:
            node.wait_linked(2)

        check_chat_works(ours)
        check_chat_works(theirs)

        for here, there in ((ours, "their"), (theirs, "our")):
            for node in here:
                names = {p["name"] for p in node.peers("up")} | {m.author for m in node.messages}
                check(not any(name.startswith(there) for name in names), f"{node} met {names}")


@test
def a_lone_peer_with_another_passphrase_is_exit_5():
    with Chat(ports=1) as there, Chat(ports=1, ip=there.ip) as here:
        alice = there.node("alice", *_flags(there, RIGHT))
        address = alice.address
        for flags in (_flags(here, WRONG), []):
            done = _start(here, "--peer", address, "--linger", "inf", *flags)

            check_equal(done.returncode, 5, f"exit code ({done.stdout} {done.stderr})")
            check(address.encode() in done.stdout, f"stdout {done.stdout}")
            check_equal(done.stdout.count(b'"other_network"'), 1, f"times told: {done.stdout}")
            check(b'"reason":"refused"' in done.stdout.splitlines()[-1], f"bye: {done.stdout}")


@test
def a_passphrase_file_that_will_not_do_is_exit_2_and_named():
    with Chat(ports=1) as chat:
        cases = {
            "readable by all": (_file(chat, RIGHT, 0o644), "600"),
            "readable by a group": (_file(chat, RIGHT, 0o640), "600"),
            "too short": (_file(chat, "11 letters."), "too short"),
            "empty": (_file(chat, ""), "too short"),
            "two lines": (_file(chat, RIGHT + "\n" + WRONG), "one line"),
            "too long": (_file(chat, "x" * 5000), "too long"),
            "a directory": (chat.home(), "read"),
            "missing": (os.path.join(chat.home(), "nothing"), "no passphrase file"),
        }
        for name, (path, why) in cases.items():
            done = _start(chat, "--passphrase-file", path)

            told = done.stderr.decode()
            check_equal(done.returncode, 2, f"exit code of {name} ({told})")
            check(path in told and why in told, f"{name}: {told}")
            check(RIGHT not in told and WRONG not in told, f"{name}: the passphrase is told")
            check_equal(done.stdout, b"", f"stdout of {name}")


@test
def an_original_peer_stays_outside_a_closed_network():
    for kind in available_kinds():
        with Chat(ports=3) as chat:
            peer = chat.adopt(LegacyPeer(kind, f"{chat.ip}:{chat.last_port}")).wait_listening()
            nodes = [chat.node(name, *_flags(chat, RIGHT)) for name in ("alice", "bob")]
            for node in nodes:
                node.wait_linked(1)
            peer.scan(*(node.address for node in nodes))

            check_chat_works(nodes)

            never("a word for an original",
                  lambda: peer.frames() or any(len(n.linked()) > 1 for n in nodes), 3.0)


@test
def a_data_directory_belongs_to_one_network():
    with Chat(ports=2) as chat:
        right, wrong = _flags(chat, RIGHT), _flags(chat, WRONG)
        opened, closed = chat.home(), chat.home()
        for home, flags in ((opened, []), (closed, right)):
            node = chat.node("alice", *flags, home=home)
            node.wait_ready()
            node.stop()
        for home, flags, whose in ((opened, right, "open"), (closed, wrong, "another passphrase"),
                                   (closed, [], "another passphrase")):
            done = _start(chat, *flags, home=home)

            told = done.stderr.decode()
            check_equal(done.returncode, 2, f"exit code with {flags} ({told})")
            check("-P" in told and whose in told, f"stderr with {flags}: {told}")
        for home, flags in ((opened, ["-P", "friends", *right]), (closed, right), (opened, [])):
            node = chat.node("alice", *flags, home=home)
            node.wait_ready()
            node.stop()


@test
def guesses_are_paced_and_keep_nobody_out_who_knows():
    """Everybody guesses once, from an address of its own; a second apart, but for the first."""
    crowd = 50 if FULL else 10
    with Chat(ports=3) as chat:
        alice, bob = (chat.node(name, *_flags(chat, RIGHT), "--no-beacon")
                      for name in ("alice", "bob"))
        chat.wait_mesh()
        network, host = chat.ip.rsplit(".", 1)
        began = time.monotonic()
        guessers = []
        for i in range(crowd):
            there = f"{network}.{(int(host) + i) % 254 + 1}"
            guessers.append(chat.node(f"guesser{i}", *_flags(chat, f"{WRONG} {i}"), "--no-beacon",
                                      "--cidr", there + "/32", ip=there))
        eventually("the first guesses", lambda: _guesses(guessers, alice), within(10))

        carol = chat.node("carol", *_flags(chat, RIGHT), "--no-beacon")

        carol.wait_linked(2, within(5))
        check_chat_works([alice, bob, carol])
        for node in (alice, bob):
            eventually(f"{crowd} guesses", lambda node=node: _guesses(guessers, node) == crowd,
                       within(10) + crowd)
            check_equal(len(node.peers("up")), 2, f"peers of {node}")
            took = time.monotonic() - began
            check(took > crowd - 5, f"{crowd} guesses took {took:.1f} s")


def _guesses(guessers, node):
    """How many of them were refused by that node."""
    return sum(node.address in _others(guesser) for guesser in guessers)



@test
def a_passphrase_is_typed_unseen():
    with Chat(ports=3) as chat:
        alice = chat.node("alice", *_flags(chat, RIGHT))
        argv = [PROGRAM, "-n", "typist", "--ip", chat.ip, "--cidr", chat.cidr, "--ports",
                chat.range, "--passphrase-file", "-"]
        with Tmux(argv, environment(chat.home())) as screen:
            screen.wait_row("Passphrase:")
            screen.type(RIGHT)
            screen.keys("Enter")
            alice.wait_linked(1)
            screen.wait_row("alice")
            check(not any("friends" in row for row in screen.history()), "the passphrase is shown")
            alice.say("welcome")
            screen.wait_row("alice: welcome")
        refused = _start(chat, "--passphrase-file", "-", home=chat.home())
        check_equal(refused.returncode, 2, "exit code where nobody can be asked")


@test
def who_is_asked_for_the_passphrase_may_leave():
    with Chat(ports=1) as chat:
        argv = [PROGRAM, "--ip", chat.ip, "--cidr", chat.cidr, "--ports", chat.range,
                "--passphrase-file", "-"]
        for keys in (["C-c"], ["C-\\"], ["C-d"], ["C-z", "Enter"]):
            with Tmux(argv, environment(chat.home())) as screen:
                screen.wait_row("Passphrase:")
                if keys != ["C-d"]:
                    screen.type("half of it")
                screen.keys(*keys)
                eventually(f"an end after {keys}", lambda: screen.exit_code() is not None,
                           within(5))
                check_equal(screen.exit_code(), 2, f"exit code after {keys}")
                screen.wait_row("no passphrase was typed")


@test
def systemd_may_bring_the_passphrase():
    with Chat(ports=3) as chat:
        folder = chat.home()
        path = os.path.join(folder, "lanchat.passphrase")
        with open(path, "w", encoding="utf-8") as file:
            file.write(RIGHT + "\n")
        os.chmod(path, 0o400)
        nodes = [chat.node("alice", *_flags(chat, RIGHT)),
                 chat.node("service", env={"CREDENTIALS_DIRECTORY": folder})]
        chat.wait_mesh()
        check_chat_works(nodes)


@test
def an_invitation_makes_a_network():
    with Chat(ports=2) as chat:
        path = os.path.join(chat.home(), "made")
        made = run("invite", path, "--words", "6")
        phrase = made.stdout.decode().strip()
        check_equal((made.returncode, len(phrase.split("-"))), (0, 6), "words")
        check_equal(os.stat(path).st_mode & 0o777, 0o600, "who may read it")
        check_equal(run("invite", path).returncode, 1, "exit code of a file that is there")
        check_equal(run("invite", "--words", "3").returncode, 2, "exit code of too few words")
        nodes = [chat.node("alice", "--passphrase-file", path),
                 chat.node("bob", *_flags(chat, phrase))]
        chat.wait_mesh()
        check_chat_works(nodes)


@test
def what_is_guessed_first_is_no_passphrase():
    with Chat(ports=1) as chat:
        for weak in ("password1234", "qwertyuiop12", "too short"):
            refused = _start(chat, *_flags(chat, weak))
            check_equal(refused.returncode, 2, f"exit code of {weak}")
            check(b"invite" in refused.stderr, f"no help: {refused.stderr!r}")


main()
