# A man in the middle with keys of his own: he gets into no network, and nothing is said through him.
import os
from contextlib import contextmanager

from isolation import private_subnet
from lanchat import Chat, check_chat_works
from middle import Middle
from process import connections_between
from runner import check, check_equal, eventually, full, main, never, note, test, within

PHRASE = "four words make friends"
TRIES, TRIES_AT_ONCE = full(1000, 20), 50  # a node keeps at most 64 strangers
TEXTS = ["the tide is high", "the bridge is down"]


def _passphrase(chat):
    path = os.path.join(chat.home(), "passphrase")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(PHRASE + "\n")
    return ["--passphrase-file", path]


class Separated:
    """alice and bob, whose only way to each other is the middle, and carol, whom both know. Each
    try is an address of its own: a node comes back to one that failed later and later."""

    def __init__(self, chat, closed, tries, keys=True):
        self.chat, self._closed = chat, closed
        self.bob = self._node("bob", 0)
        self.carol = self._node("carol", 1, self.bob.address)
        subnet = private_subnet()
        self.addresses = [f"{subnet}.{host}" for host in range(1, tries + 1)]
        self.middle = Middle(self.addresses, chat.last_port, self.bob.address, keys)
        try:
            self.alice = self._node("alice", 2, self.carol.address,
                                    *(f"{ip}:{chat.last_port}" for ip in self.addresses))
        except BaseException:
            self.middle.__exit__()
            raise

    def _node(self, name, number, *peers):
        port = self.chat.first_port + number
        flags = _passphrase(self.chat) if self._closed else []
        flags += [word for peer in peers for word in ("--peer", peer)]
        node = self.chat.node(name, *flags, ports=f"{port}-{port}",
                              env={"LANCHAT_DISCOVERY_SCAN": "false"})
        node.wait_ready()
        return node

    @property
    def nodes(self):
        return [self.alice, self.bob, self.carol]


@contextmanager
def _separated(closed, tries, keys=True):
    with Chat(ports=4) as chat:
        separated = Separated(chat, closed, tries, keys)
        with separated.middle:
            yield separated


def _check_chat_goes_on(apart):
    """Alice and bob hear each other, once, by way of carol."""
    apart.alice.wait_linked(1, within(10))
    apart.bob.wait_linked(1, within(10))
    apart.carol.wait_linked(2, within(10))
    for node, other, text in zip((apart.alice, apart.bob), (apart.bob, apart.alice), TEXTS):
        node.say(text)
        other.wait_text(text, within(10))
        apart.carol.wait_text(text, within(10))
    check_chat_works([apart.alice, apart.carol])
    check_chat_works([apart.bob, apart.carol])
    for node in apart.nodes:
        heard = node.heard()
        check_equal(len(heard), len(set(heard)), f"lines that {node} heard twice")


def _check_nobody_came_in(apart):
    links = {str(node): [peer["name"] for peer in node.peers("up")] for node in apart.nodes}
    check_equal({name: sorted(peers) for name, peers in links.items()},
                {"alice": ["carol"], "bob": ["carol"], "carol": ["alice", "bob"]}, "links")
    check_equal([n.peers("down") for n in apart.nodes], [[], [], []], "links lost")
    check_equal(connections_between(apart.alice.pid, apart.bob.pid), 0, "ways past the middle")
    read = b"".join(apart.middle.read())
    for secret in (*TEXTS, PHRASE, "word-"):
        check(secret.encode() not in read, f"the middle reads {secret!r}")
    return read


def _try_all(closed):
    """Lets the middle try, and counts; every address of it is one try."""
    left = TRIES
    while left > 0:
        tries = min(left, TRIES_AT_ONCE)
        left -= tries
        with _separated(closed, tries) as apart:
            _check_chat_goes_on(apart)
            eventually(f"{tries} tries", lambda: len(apart.middle.was_at()) == tries,
                       within(60 + tries * 2))
            never("somebody more", lambda: len(apart.alice.peers("up")) > 1 or
                  len(apart.bob.peers("up")) > 1, 1.0)
            _check_nobody_came_in(apart)
            _check_chat_goes_on_still(apart)
            yield apart


def _check_chat_goes_on_still(apart):
    check_chat_works([apart.alice, apart.carol])
    check_chat_works([apart.bob, apart.carol])


@test
def a_closed_network_admits_no_man_in_the_middle():
    tries = 0
    for apart in _try_all(closed=True):
        tries += len(apart.middle.was_at())
        for passage in apart.middle.passages:
            # One introduction, signed for another connection: the acceptor hangs up on it.
            check(len(passage.said) <= 114 and not passage.answered,
                  f"more was said: {len(passage.said)}, {len(passage.answered)}")
    note(f"admitted 0 of {tries}")
    check_equal(tries, TRIES, "tries")


@test
def an_open_network_links_nobody_through_a_man_in_the_middle():
    tries = 0
    for apart in _try_all(closed=False):
        tries += len(apart.middle.was_at())
    note(f"linked 0 of {tries}")
    check_equal(tries, TRIES, "tries")


@test
def the_same_middle_without_keys_of_its_own_is_a_cable():
    """So that the two tests above can fail."""
    for closed in (True, False):
        with _separated(closed, 1, keys=False) as apart:
            for node in apart.nodes:
                node.wait_linked(2, within(10))
            check_chat_works([apart.alice, apart.carol])
            apart.alice.say(TEXTS[0])
            apart.bob.wait_text(TEXTS[0])
            read = b"".join(apart.middle.read())
            check(len(read) > 1000 and TEXTS[0].encode() not in read, "the cable reads along")


main()
