# An impostor: a real node with a key of its own that shows another node's instance and name.
import os

import history
from lanchat import IMPOSTOR, Chat
from runner import Skip, check, check_equal, main, test, within

PHRASE = "four words make friends"


def _flags(chat, closed):
    if not closed:
        return []
    path = os.path.join(chat.home(), "passphrase")
    with open(path, "w", encoding="utf-8") as file:
        file.write(PHRASE + "\n")
    os.chmod(path, 0o600)
    return ["--passphrase-file", path]


def _here(node):
    """The ids of the peers that are up now."""
    here = []
    for thing in node.of_type("peer"):
        identity = thing["peer"]["id"]
        here.append(identity) if thing["event"] == "up" else here.remove(identity)
    return sorted(here)


def _wait_here(node, *others):
    ids = sorted(other.id for other in others)
    node.wait(f"peers {[str(other) for other in others]}", lambda: _here(node) == ids, within(30))


def _texts(node):
    return [message.text for message in node.messages]


def _beset(chat, flags):
    """alice and bob are linked; mallory shows the instance and the name of bob."""
    if not os.access(IMPOSTOR, os.X_OK):
        raise Skip("the impostor is not built")
    alice, bob = chat.node("alice", *flags), chat.node("bob", *flags)
    chat.wait_mesh()
    bob.say("mine")
    alice.wait_text("mine")
    instance = next(line.epoch for line in history.kept(alice.home) if line.text == "mine")
    mallory = chat.node("bob", *flags, program=IMPOSTOR,
                        env={"LANCHAT_TEST_INSTANCE": str(instance)})
    mallory.wait_ready()
    return alice, bob, mallory


def _delivered(node, ref):
    acks = [thing["id"] for thing in node.of_type("ack") if thing["ref"] == ref]
    return [thing["delivered"] for thing in node.of_type("delivery") if thing["id"] in acks]


def _check_letters(alice, bob, mallory):
    alice.say("for bob alone", to=bob.id, ref="one")
    bob.wait_text("for bob alone")
    alice.wait("word of it from bob", lambda: 1 in _delivered(alice, "one"), within(10))
    alice.say("for all")
    mallory.wait_text("for all")
    check("for bob alone" not in _texts(mallory), "mallory heard what is for bob alone")


@test
def a_foreign_instance_is_another_peer_in_open_and_closed_networks():
    for closed in (False, True):
        with Chat(ports=4) as chat:
            alice, bob, mallory = _beset(chat, _flags(chat, closed))
            _wait_here(alice, bob, mallory)
            _wait_here(bob, alice, mallory)

            _check_letters(alice, bob, mallory)

            check_equal(alice.peers("down"), [], "who went at alice")
            check_equal(bob.peers("down"), [], "who went at bob")


@test
def whoever_comes_first_has_its_own_place_only():
    with Chat(ports=5) as chat:
        alice, bob, mallory = _beset(chat, [])
        _wait_here(alice, bob, mallory)
        bob.freeze()
        carol = chat.node("carol")
        carol.wait("mallory", lambda: mallory.id in _here(carol), within(20))
        bob.thaw()
        _wait_here(carol, alice, bob, mallory)

        _check_letters(carol, bob, mallory)


@test
def what_waits_for_one_who_is_away_does_not_go_to_who_shows_its_instance():
    with Chat(ports=4) as chat:
        alice, bob, mallory = _beset(chat, [])
        _wait_here(alice, bob, mallory)
        identity = bob.id
        bob.kill()
        bob.wait_exit(within(5))
        _wait_here(alice, mallory)

        alice.say("waits for bob", to=identity, ref="two")
        alice.say("for the others")
        mallory.wait_text("for the others")
        mallory.freeze()  # and comes back over another link, where all is told again
        alice.wait("mallory down", lambda: _here(alice) == [], within(30))
        mallory.thaw()
        _wait_here(alice, mallory)
        alice.say("again")
        mallory.wait_text("again")
        check("waits for bob" not in _texts(mallory), "mallory heard what is for bob alone")
        check(not any(_delivered(alice, "two")), "mallory acknowledged it")

        back = chat.node("bob", home=bob.home)
        back.wait_text("waits for bob", within(20))
        alice.wait("word of it from bob", lambda: 1 in _delivered(alice, "two"), within(10))


main()
