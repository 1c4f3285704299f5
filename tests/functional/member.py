# A member of a chat over several lives of its node, all on one data directory.
import sqlite3
import time

import history
from history import Life, Shown
from lanchat import Node
from runner import check, check_equal, within


class Member:
    """Says lines that are told apart by their texts: name.life.number."""

    def __init__(self, chat, name, **options):
        self.name, self._chat, self._options = name, chat, options
        self.home = options.pop("home", None) or chat.home()
        self.node: Node
        self.said = []  # by the life that is
        self._past = []
        self._lives_count = 0
        self.begin()

    def begin(self):
        self.node = self._chat.node(self.name, home=self.home, **self._options)
        self.said = []
        self._lives_count += 1
        return self

    def say(self, count=1, ask=False):
        """The texts, which the node has been given but may not yet have read. `ask`: it is to tell
        which of them are on its disk."""
        first = len(self.said) + 1
        texts = [f"{self.name}.{self._lives_count}.{n}" for n in range(first, first + count)]
        self.said += texts
        for text in texts:
            self.node.say(text, **({"ref": text} if ask else {}))
        return texts

    def acknowledged(self):
        """Those that the node has told to be on its disk."""
        return [thing["ref"] for thing in self.node.of_type("ack")]

    def kill(self):
        self.node.kill()
        self.node.wait_exit(within(5))
        self._end()

    def stop(self):
        self.node.stop()
        self._end()

    def _end(self):
        self._past.append(Life(self.said, self.shown(), self.kept()))

    def shown(self):
        return [Shown(message.text, message.history) for message in self.node.messages]

    def kept(self):
        """The texts in the store of the node that ended last, in order of the transcript."""
        return [line.text for line in history.kept(self.home)]

    def wait_for(self, texts, seconds):
        self.node.wait(f"to show {len(texts)} lines", lambda: not self.lacks(texts), seconds)

    def lives(self):
        """Of a member whose node was stopped."""
        return self._past

    def lacks(self, texts):
        """Those that this member has neither shown in this life nor kept in an earlier one."""
        return set(texts).difference((m.text for m in list(self.node.messages)),
                                     *(life.kept for life in self._past))


def wait_for_all(members, seconds):
    """Until everybody has what everybody needs to have, and what anybody shows now."""
    def lacking():
        needed = {text for member in members for life in member.lives() for text in life.kept}
        needed.update(*(member.said for member in members))
        needed.update(m.text for member in members for m in list(member.node.messages))
        return {member.name: len(lack) for member in members if (lack := member.lacks(needed))}

    deadline = time.monotonic() + seconds
    while lack := lacking():
        check_equal(lack if time.monotonic() > deadline else {}, {},
                    f"lines lacking after {seconds:.0f} s")
        time.sleep(0.1)


def check_history(members):
    """Stops all and judges what they showed and kept over all their lives."""
    for member in members:
        member.stop()
    lives = {member.name: member.lives() for member in members}
    faults = history.faults_of(lives, {name: own[-1].kept for name, own in lives.items()})
    check_equal([str(fault) for fault in faults[:8]], [], f"{len(faults)} faults, the first")
    check_no_forks(member.node for member in members)


def wait_same_stores(members, seconds):
    def kept(member):
        try:
            return history.kept(member.home)
        except (sqlite3.DatabaseError, ValueError):
            return None  # copied in the middle of a checkpoint, or not yet mended

    def counts():
        stores = [kept(member) for member in members]
        return None if stores[0] and all(s == stores[0] for s in stores) else \
            {m.name: len(s or []) for m, s in zip(members, stores)}

    deadline = time.monotonic() + seconds
    while (differing := counts()) and time.monotonic() < deadline:
        time.sleep(0.1)
    check_equal(differing, None, f"lines of the stores after {seconds:.0f} s")


def stop_and_compare(members):
    """Whatever befell their data directories, all end with the same lines."""
    for member in members:
        member.node.stop()
    wanted = history.kept(members[0].home)
    places = {(line.device, line.epoch, line.seq) for line in wanted}
    check_equal(len(places), len(wanted), f"places of the lines of {members[0].name}")
    for member in members[1:]:
        lines = history.kept(member.home)
        check(lines == wanted, f"{member.name} has {len(lines)} lines, {members[0].name} "
                               f"{len(wanted)}, {len(set(lines) ^ set(wanted))} in one only")
    check_no_forks(member.node for member in members)


def check_no_forks(nodes):
    for node in nodes:
        check_equal(node.of_type("forked"), [], f"forks told by {node}")


def wait_mesh(members, seconds):
    for member in members:
        node = member.node
        node.wait("links with all others",
                  lambda node=node: len(set(node.linked())) >= len(members) - 1, seconds)
