# A chat of three of which one is attacked, and what must be true of it then.
import threading
import time
from contextlib import contextmanager

import h2
from lanchat import Chat, check_chat_works, check_memory
from process import forget_peak, peak_mib
from runner import check, check_equal, full, note, within

MEMORY_MAX_MIB = 256
CLOSED_WITHIN_S = 5
FLOOD_S = full(8, 3)


class Siege:
    """A chat of three in which alice is attacked, and its health during the attack."""

    def __init__(self, chat, **alice_options):
        self.chat = chat
        self.alice = chat.node("alice", **alice_options)
        self.alice.wait_ready()
        self.friends = [chat.node("bob"), chat.node("carol")]
        chat.wait_mesh()
        self.target = self.alice.address
        forget_peak(self.alice.pid)

    @property
    def nodes(self):
        return [self.alice, *self.friends]

    def free_address(self):
        return f"{self.chat.ip}:{self.chat.last_port}"

    def check_survived(self, what):
        peak = peak_mib(self.alice.pid)
        note(f"{what}: memory at most {peak:.0f} MiB")
        check_memory(self.alice, MEMORY_MAX_MIB, peak)
        check_chat_works(self.nodes)
        check_equal([n.peers("down") for n in self.nodes], [[], [], []], "links lost")
        self.check_newcomer()

    def check_newcomer(self):
        newcomer = self.chat.node("dave")
        newcomer.wait_linked(3, within(2))
        check_chat_works([*self.nodes, newcomer])
        newcomer.stop()
        for node in self.nodes:
            node.wait_linked(2)
            self.forget(node)

    @staticmethod
    def forget(node):
        """The newcomer's coming and going is no news for later checks."""
        with node.changed:
            node.events[:] = [e for e in node.events if e[1].get("peer", {}).get("name") != "dave"]


@contextmanager
def siege(**alice_options):
    with Chat(ports=8) as chat:
        yield Siege(chat, **alice_options)


def check_never_a_peer(nodes):
    for node in nodes:
        names = {peer["name"] for peer in node.peers("up")}
        check(names <= {"alice", "bob", "carol"}, f"{node} took a stranger for a peer: {names}")


def check_hung_up_on(strangers):
    for name, stranger in strangers.items():
        check(stranger.wait_closed(CLOSED_WITHIN_S + 1), f"{name}: still open")
        stranger.close()


def attack(name, chunks, kind=h2.Stranger, greet=None):
    """Lets a stranger of that kind flood alice; with `greet(stranger, under)` it is a peer then."""
    with siege() as under:
        with kind(under.target) as stranger:
            if greet:
                greet(stranger, under)
                under.alice.wait_linked(3)
            began = time.monotonic()
            attacker = threading.Thread(target=h2.flood, daemon=True,
                                        args=(stranger, chunks, FLOOD_S))
            attacker.start()
            while attacker.is_alive():
                check_chat_works(under.nodes)
                attacker.join(0.1)
            took = time.monotonic() - began
            cut = "cut" if stranger.wait_closed(0.2) else "not cut"
            note(f"{name}: {stranger.sent / 1e6:.2f} MB in {took:.1f} s, {cut}")
        if greet:
            under.alice.wait_linked(2)
            friends = {"alice", "bob", "carol"}
            for node in under.nodes:
                with node.changed:
                    node.events[:] = [e for e in node.events if e[1].get("peer", {}).get(
                        "name", "alice") in friends]
        else:
            check_never_a_peer(under.nodes)
        under.check_survived(name)
