# A chat of three of which one is attacked, and what must be true of it then.
from contextlib import contextmanager

from lanchat import Chat, check_chat_works, check_memory
from process import forget_peak, peak_mib
from runner import check, check_equal, note, within

MEMORY_MAX_MIB = 96
CLOSED_WITHIN_S = 5


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
        check(stranger.wait_closed(within(CLOSED_WITHIN_S + 1)), f"{name}: still open")
        stranger.close()


def check_strangers_cut_for(offences, begin, under):
    """Each of them ends the connection that `begin` makes, before its time to greet is over."""
    for name, data in offences.items():
        with begin(under.target) as older, begin(under.target) as stranger:
            stranger.send(data)
            check(stranger.wait_closed(within(10)), f"{name}: not cut")
            check(older.closed_at is None or older.closed_at > stranger.closed_at,
                  f"{name}: not cut before an older stranger that says nothing")
    check_chat_works(under.nodes)
    check_never_a_peer(under.nodes)


def check_peers_cut_for(offences, join, under):
    """Each of them ends the connection of a peer, which `join` makes of a stranger."""
    for name, data in offences.items():
        with join(under) as peer:
            under.alice.wait_linked(3)
            check(peer.closed_at is None, f"{name}: cut before")
            peer.send(data)
            check(peer.wait_closed(within(10)), f"{name}: not cut")
        under.alice.wait_linked(2)
    check_chat_works(under.nodes)
    friends = {"alice", "bob", "carol"}
    for node in under.nodes:
        with node.changed:
            node.events[:] = [e for e in node.events if e[1].get("peer", {}).get(
                "name", "alice") in friends]
