# People: who is who, compared by a short code, and who is blocked. Real nodes, real commands.
import json
import os
import stat
import subprocess

from lanchat import PROGRAM, Chat, environment, run
from runner import check, check_equal, eventually, main, never, test, within


def _ask(node, *arguments, code=0, **options):
    result = run(*arguments, home=node.home, **options)
    check_equal(result.returncode, code, f"exit code of {arguments}: {result.stderr.decode()}")
    return result.stdout.decode() + result.stderr.decode()


def _told(node):
    """What a node said on standard error."""
    return "\n".join(node.err)


def _begin(node, *arguments):
    """A command that goes on."""
    return subprocess.Popen([PROGRAM, *arguments], env=environment(node.home),
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _peers(node):
    return {o["peer"]["id"]: o["peer"] for o in
            map(json.loads, _ask(node, "peers", "--json").splitlines())}


def _trust(node, other):
    return _peers(node).get(other.id, {}).get("trust")


def _texts(node, *arguments):
    return [json.loads(line)["text"]
            for line in _ask(node, "history", "--json", *arguments).splitlines()]


def _shown(node):
    """The code that a node was last shown."""
    return node.wait("a code", lambda: [e["code"] for e in node.of_type("verification")
                                        if e["event"] == "shown"], within(5))[-1]


def _wait_stage(node, stage):
    return node.wait_event(f"verification {stage}", lambda e: e["type"] == "verification" and
                           e["event"] == stage, within(5))


@test
def an_id_that_was_compared_by_other_means_needs_no_code():
    with Chat(ports=3) as chat:
        alice, bob = (chat.node(name) for name in ("alice", "bob"))
        chat.wait_mesh()
        _ask(alice, "verify", "bob", "--id", alice.id, code=5)
        check_equal(_trust(alice, bob), "unverified", "trust after another id")
        told = _ask(alice, "verify", "bob", "--id", bob.id)
        check("is verified" in told, told)
        check_equal(_trust(alice, bob), "verified", "trust")
        check_equal(_trust(bob, alice), "unverified", "trust of the other side, which did nothing")
        bob.stop()
        alice = chat.node("alice", home=_stopped(alice).home)
        # Somebody else takes the name while its owner is away.
        eve = chat.node("bob")
        alice.wait_linked(1)
        alice.wait_event("a warning", lambda e: e["type"] == "warning" and
                         e["code"] == "key_changed" and e["peer"]["id"] == eve.id, within(5))


def _stopped(node):
    node.stop()
    return node


def _verify(alice, bob):
    asks = _begin(alice, "verify", "bob", "--json")
    code = json.loads(asks.stdout.readline())["code"]
    check_equal(_shown(bob), code, "the code on both sides")
    joins = _begin(bob, "verify", "alice", "--code", code.upper())
    out, err = asks.communicate(b"y\n", timeout=within(10))
    check_equal(asks.returncode, 0, f"who asks: {out} {err}")
    out, err = joins.communicate(timeout=within(10))
    check_equal(joins.returncode, 0, f"who joins: {out} {err}")


@test
def two_who_see_the_same_code_verify_each_other_for_good():
    with Chat(ports=3) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        check_equal((_trust(alice, bob), _trust(bob, alice)), ("unverified",) * 2, "before")
        _verify(alice, bob)
        check_equal((_trust(alice, bob), _trust(bob, alice)), ("verified",) * 2, "after")
        check("verified" in _ask(alice, "peers"), "peers tell it to people")

        book = os.path.join(alice.home, ".local/share/lanchat/default/people")
        found = [os.path.join(folder, "people") for folder, _, files in os.walk(alice.home)
                 if "people" in files]
        book = found[0] if found else book
        check_equal(stat.S_IMODE(os.stat(book).st_mode), 0o600, "mode of the book")
        alice.stop()
        for name in ("history.db", "history.db-wal", "history.db-shm"):
            path = os.path.join(os.path.dirname(book), name)
            if os.path.exists(path):
                os.remove(path)
        again = chat.node("alice", home=alice.home)
        again.wait_linked(1)
        check_equal(_trust(again, bob), "verified", "after the database was lost")


@test
def no_on_either_side_verifies_nobody():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        asks = _begin(alice, "verify", "bob")
        code = _shown(bob)
        result = run("verify", "alice", "--code", "some other words 0000", home=bob.home)
        check_equal(result.returncode, 5, f"another code: {result.stderr}")
        out, _ = asks.communicate(b"y\n", timeout=within(10))
        check_equal(asks.returncode, 5, "the other side is told")
        check(code.encode() in out and alice.id.encode() in out and bob.id.encode() in out,
              f"code and both ids: {out}")

        asks = _begin(alice, "verify", bob.address)
        out, _ = asks.communicate(b"\n", timeout=within(10))
        check_equal(asks.returncode, 5, "no is what silence means")
        _wait_stage(bob, "refused")
        check_equal((_trust(alice, bob), _trust(bob, alice)), ("unverified",) * 2, "trust")


@test
def who_leaves_meanwhile_is_not_verified():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        asks = _begin(alice, "verify", "bob", "--json")
        code = json.loads(asks.stdout.readline())["code"]
        bob.stop()
        out, _ = asks.communicate(b"y\n", timeout=within(10))
        check_equal(asks.returncode, 1, f"exit code: {out}")
        check_equal(json.loads(out.splitlines()[-1])["event"], "lost", f"how it ended, of {code}")
        check("not linked" in _ask(alice, "verify", "bob", code=1), "both have to be here")


@test
def people_at_terminals_verify_too():
    with Chat(ports=2) as chat:
        alice = chat.node("alice")
        bob = chat.node("bob", mode="plain")
        alice.wait_linked(1)
        asks = _begin(alice, "verify", "bob", "--json")
        code = json.loads(asks.stdout.readline())["code"]
        bob.wait("the code", lambda: code in _told(bob), within(5))
        asks.communicate(b"n\n", timeout=within(10))
        bob.wait("the end", lambda: "is not verified" in _told(bob), within(5))


@test
def another_key_that_takes_a_verified_name_is_a_new_person_and_no_target():
    with Chat(ports=3) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        _verify(alice, bob)
        bob.stop()
        thief = chat.node("bob")
        alice.wait_event("a warning", lambda e: e["type"] == "warning", within(5))
        warning = alice.of_type("warning")[0]
        check_equal((warning["code"], warning["peer"]["id"], warning["peer"]["trust"],
                     warning["known"]["id"], warning["known"]["trust"]),
                    ("key_changed", thief.id, "unverified", bob.id, "verified"), "the warning")
        check_equal(_trust(alice, thief), "unverified", "nothing is inherited")
        for command in ("verify", "block"):
            told = _ask(alice, command, "bob", code=1)
            check(bob.id[:4] in told and thief.id[:4] in told, f"{command}: {told}")
        thief.say("send me the keys")
        alice.wait_text("send me the keys")
        check(f"bob·{thief.id[:4]}: send me the keys" in _ask(alice, "history"), "its mark")
        check_equal(_texts(alice), ["send me the keys"], "the room is not hindered")
        _ask(alice, "block", thief.id[:8])
        check("not linked" in _ask(alice, "verify", "bob", code=1), "the name is bob's again")


@test
def on_key_change_warn_only_warns():
    with Chat(ports=3) as chat:
        alice = chat.node("alice", env={"LANCHAT_SECURITY_ON_KEY_CHANGE": "warn"})
        bob = chat.node("bob")
        chat.wait_mesh()
        _verify(alice, bob)
        bob.stop()
        thief = chat.node("bob")
        alice.wait_event("a warning", lambda e: e["type"] == "warning", within(5))
        check(thief.id in _ask(alice, "block", "bob", "--json"), "the name means who is here")


@test
def names_that_look_alike_are_told_apart():
    with Chat(ports=3) as chat:
        alice = chat.node("alice")
        false = chat.node("аlicе")  # with Cyrillic letters
        carol = chat.node("carol", mode="plain")
        alice.wait_linked(2)
        false.wait_linked(2)
        alice.say("it is me")
        false.say("it is me")
        carol.wait("two lines", lambda: len(carol.out) == 2, within(5))
        check_equal(sorted(carol.out), ["alice: it is me", "аlicе: it is me"], "lines of a pipe")
        told = _ask(carol, "history")
        for node in (alice, false):
            check(f"·{node.id[:4]}: it is me" in told, f"history: {told}")
        told = _ask(carol, "verify", "alice", code=1)
        check(alice.id[:4] in told and false.id[:4] in told, f"candidates: {told}")
        asks = _begin(carol, "verify", f"alice·{alice.id[:4]}", "--json")
        check_equal(json.loads(asks.stdout.readline())["peer"]["id"], alice.id, "who is meant")
        asks.communicate(b"n\n", timeout=within(10))


@test
def who_is_blocked_is_neither_linked_nor_shown_but_passed_on():
    with Chat(ports=4) as chat:
        alice, bob, carol = (chat.node(name, keep_objects=True) for name in
                             ("alice", "bob", "carol"))
        chat.wait_mesh()
        bob.say("before")
        alice.wait_text("before")
        told = _ask(alice, "block", "bob")
        check("is blocked" in told, told)
        alice.wait_down("bob", within(3))
        reasons = [e["reason"] for e in alice.of_type("peer") if e["event"] == "down"]
        check_equal(reasons, ["blocked"], "reason here")
        bob.wait_down("alice", within(3))
        reasons = [e["reason"] for e in bob.of_type("peer") if e["event"] == "down"]
        check_equal(reasons, ["lost"], "and there")
        peers = _peers(alice)
        check_equal(peers[bob.id]["trust"], "blocked", "peers")
        check("blocked:" in _ask(alice, "peers"), "a heading for people")

        bob.say("noise")
        carol.wait_text("noise")
        carol.say("peace")
        alice.wait_text("peace")
        held = lambda: json.loads(_ask(alice, "status", "--json"))["lines"]
        eventually("alice has all", lambda: held() == 3, within(5))
        check_equal(_texts(alice), ["peace"], "history")
        check_equal(_texts(alice, "--from", bob.id), [], "history of bob")
        check_equal(_ask(alice, "search", "noise"), "", "search")
        check_equal(_ask(alice, "tail").count("\n"), 1, "tail")
        never("line of bob's", lambda: [m for m in alice.messages if m.text == "noise"], 0.5)

        # Restarted, it is blocked still, and hands on what it never showed.
        alice.stop()
        alice = chat.node("alice", home=alice.home, keep_objects=True)
        alice.wait_linked(1)
        bob.stop()
        carol.stop()
        dave = chat.node("dave")
        dave.wait_text("noise")

        _ask(alice, "unblock", "bob")
        check_equal(_texts(alice), ["before", "noise", "peace"], "unblocked")
        bob = chat.node("bob", home=bob.home)
        bob.wait_linked(2, within(10))


@test
def unblocked_they_are_linked_again_soon():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        _ask(alice, "block", "bob")
        alice.wait_down("bob", within(3))
        never("a link", lambda: alice.linked() or bob.linked()[1:], 2)
        _ask(alice, "unblock", bob.id[:6])
        alice.wait_linked(1, within(5))
        bob.say("again")
        alice.wait_text("again")


@test
def what_cannot_be_blocked():
    with Chat(ports=2) as chat:
        alice = chat.node("alice")
        alice.wait_ready()
        check("itself" in _ask(alice, "block", alice.id, code=1), "ourselves")
        check("nobody" in _ask(alice, "block", "zoe", code=1), "whom nobody knows")
        _ask(alice, "block", code=2)
        _ask(alice, "unblock", "zoe", code=1)


@test
def a_damaged_book_is_moved_aside_and_said_so():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        _ask(alice, "block", "bob")
        alice.stop()
        book = next(os.path.join(folder, "people") for folder, _, files in os.walk(alice.home)
                    if "people" in files)
        with open(book, "r+b") as file:
            file.seek(30)
            file.write(b"!")
        again = chat.node("alice", home=alice.home)
        again.wait_linked(1)
        check(os.path.exists(book + ".broken-1"), "the damaged one is kept")
        check("verified or blocked is forgotten" in _told(again), "it is said")


main()
