# Direct messages: both ends have them once and in order, and nobody else has anything of them.
import json
import os
import random
import re

import history
from lanchat import Chat, Node, run
from legacy import LegacyPeer, available_kinds
from member import Member, check_no_forks
from runner import check, check_equal, full, main, note, test, within

LINES = full(10_000, 1_000)


class Correspondent(Member):
    """Says its lines to one device alone."""

    def __init__(self, chat, name, **options):
        self.to = ""
        super().__init__(chat, name, **options)

    def say(self, count=1):
        first = len(self.said) + 1
        texts = [f"{self.name}.{self._lives_count}.{n}" for n in range(first, first + count)]
        self.said += texts
        for text in texts:
            self.node.say(text, to=self.to)
        return texts

    def kept(self):
        return [line.text for line in history.letters(self.home)]


def _two(chat):
    alice, bob = Correspondent(chat, "alice"), Correspondent(chat, "bob")
    alice.to, bob.to = bob.node.id, alice.node.id
    return alice, bob


def _data_dir(home):
    return os.path.dirname(history.database(home))


def _holds(home, pattern):
    """Files below `home` in which the pattern is found."""
    found = []
    for folder, _, names in os.walk(home):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    if re.search(pattern, file.read()):
                        found.append(name)
    return found


def _settle(members):
    """Until each has all that the stores and the last lives of both name."""
    for member in members:
        needed = [text for other in members for life in other.lives() for text in life.kept]
        needed += [text for other in members for text in other.said]
        member.wait_for(needed, within(20))


@test
def direct_lines_survive_restarts_of_both_ends_and_nobody_else_has_them():
    seed = int(os.environ.get("LANCHAT_SEED", random.randrange(10**6)))
    note(f"LANCHAT_SEED={seed} repeats the choices")
    rng = random.Random(seed)
    with Chat(ports=8) as chat:
        others = [chat.node(name) for name in ("carol", "dave", "eve")]
        members = _two(chat)
        left, restarts = LINES, 0
        while left > 0:
            member = rng.choice(members)
            count = min(left, rng.randrange(1, 25))
            member.say(count)
            left -= count
            if rng.random() < 0.4:
                unlucky = rng.choice(members)
                unlucky.kill() if rng.random() < 0.5 else unlucky.stop()
                restarts += 1
                if rng.random() < 0.5:  # the other one goes on, and its lines wait
                    other = members[1 - members.index(unlucky)]
                    count = min(left, 20)
                    other.say(count)
                    left -= count
                unlucky.begin().node.wait_ready()
                if rng.random() < 0.5:
                    unlucky.node.wait_linked(4)
        _settle(members)
        for member in members:
            member.stop()
        for other in others:
            other.stop()

        note(f"{LINES} lines, {restarts} restarts")
        lives = {member.name: member.lives() for member in members}
        faults = history.faults_of(lives, {name: own[-1].kept for name, own in lives.items()})
        check_equal([str(fault) for fault in faults[:8]], [], f"{len(faults)} faults, the first")
        check_no_forks(member.node for member in members)
        said = rb"(alice|bob)\.[0-9]+\.[0-9]+"
        check(_holds(members[0].home, said), "the pattern finds what is there")
        for other in others:
            check_equal(_holds(other.home, said), [], f"files of {other} with direct lines")
            check_equal(other.messages, [], f"lines shown by {other}")


@test
def a_direct_line_waits_for_its_reader_and_is_delivered_once():
    with Chat(ports=4) as chat:
        alice, bob = _two(chat)
        alice.node.wait_linked(1)
        bob.say()  # so that its name is known when it is away
        alice.wait_for(bob.said, within(5))
        bob.stop()
        alice.node.wait_linked(0)
        asked = ["-d", _data_dir(alice.home)]

        late = run("send", "-t", "bob", "--wait", "1", "--timeout", "1", "alice.1.1", *asked)
        check_equal(late.returncode, 4, "exit code of a line whose reader is away")
        alice.said.append("alice.1.1")
        bob.begin()
        bob.wait_for(["alice.1.1"], within(10))
        now = run("send", "-t", "bob", "--wait", "1", "--timeout", "9", "--json", "alice.1.2",
                  *asked)
        alice.said.append("alice.1.2")

        check_equal(now.returncode, 0, "exit code of a line whose reader is here")
        delivery = json.loads(now.stdout.splitlines()[-1])
        check_equal((delivery["delivered"], delivery["of"]), (1, 1), "who has it")
        bob.wait_for(alice.said, within(5))
        check_equal([m.text for m in bob.node.messages], alice.said, "lines shown to bob")


@test
def each_end_reads_the_conversation_and_nothing_else_shows_it():
    with Chat(ports=4) as chat:
        alice, bob = _two(chat)
        alice.node.wait_linked(1)
        alice.node.say("for all")
        bob.wait_for(["for all"], within(5))
        alice.say()
        bob.wait_for(["alice.1.1"], within(5))
        bob.say()
        alice.wait_for(["bob.1.1"], within(5))
        for member, other in ((alice, bob), (bob, alice)):
            asked = ["-d", _data_dir(member.home)]

            def texts(*command, asked=asked):
                out = run(*command, "--json", *asked).stdout
                return [json.loads(line) for line in out.splitlines()]

            both = texts("history", "-t", other.name)
            check_equal([line["text"] for line in both], ["alice.1.1", "bob.1.1"], "conversation")
            check_equal([line["to"] for line in both],
                        [{"id": bob.node.id, "name": "bob"}, {"id": alice.node.id, "name": "alice"}],
                        "whom its lines are for")
            check(all(line["direct"] for line in both), "each line says that it is direct")
            check_equal([line["text"] for line in texts("history")], ["for all"], "history")
            check_equal([line["text"] for line in texts("tail")], ["for all"], "tail")
            check_equal([line["text"] for line in texts("search", "alice")], ["alice.1.1"], "search")
            exported = run("export", *asked).stdout.splitlines()
            check_equal(len(exported), 1, "runs exported")
            plain = run("history", "-t", other.name, *asked).stdout.decode()
            check("alice:direct" in plain and "bob:direct" in plain, f"plain text: {plain}")


@test
def who_cannot_be_meant_is_refused():
    kind = available_kinds()[0]
    with Chat(ports=6, ip="127.0.0.1") as chat:  # where packets of legacy peers come from
        alice, bob = _two(chat)
        twin = chat.node("bob")
        legacy = chat.adopt(LegacyPeer(kind, f"{chat.ip}:{chat.last_port}")).wait_listening()
        alice.node.wait_linked(3)
        asked = ["-d", _data_dir(alice.home)]

        def send(peer):
            done = run("send", "-t", peer, "text", *asked)
            return done.returncode, done.stderr.decode()

        code, why = send("bob")
        check_equal(code, 1, "exit code of an ambiguous name")
        for node in (bob.node, twin):
            check(node.id[:4] in why, f"{why} names {node.id}")
        check_equal(send("nobody")[0], 1, "exit code of an unknown name")
        check_equal(send(alice.node.id)[0], 1, "exit code of a line to oneself")
        check_equal(send(bob.node.id[:8])[0], 0, "exit code of the beginning of an id")
        code, why = send(legacy.address)
        check_equal(code, 5, "exit code of a legacy peer")
        check("legacy" in why, why)
        alice.node.say("x", to="nobody", ref="1")
        alice.node.wait_event("a refusal", lambda e: e["type"] == "error" and e["ref"] == "1",
                              within(5))


@test
def what_is_for_somebody_who_is_away_reaches_nobody_with_that_name():
    with Chat(ports=4) as chat:
        alice, bob = _two(chat)
        alice.node.wait_linked(1)
        place, bob_id = bob.node.address, bob.node.id
        alice.say()
        bob.wait_for(["alice.1.1"], within(5))
        bob.stop()
        asked = ["-d", _data_dir(alice.home)]
        waits = run("send", "-t", "bob", "alice.1.2", *asked)
        check_equal(waits.returncode, 0, "exit code of a line that waits")

        port = place.rpartition(":")[2]
        thief = chat.node("bob", ports=f"{port}-{port}")
        check_equal(thief.address, place, "the place of the one who is away")
        warning = alice.node.wait_event("a warning", lambda e: e["type"] == "warning", within(5))[1]
        check_equal((warning["peer"]["id"], warning["known"]["id"]), (thief.id, bob_id), "keys")
        refused = run("send", "-t", "bob", "for bob", *asked)
        check_equal(refused.returncode, 1, "exit code of a name that two keys have used")
        alice.node.say("for bob", to="bob", ref="1")
        alice.node.wait_event("a refusal", lambda e: e["type"] == "error" and e["ref"] == "1",
                              within(5))
        sent = run("send", "-t", bob_id[:12], "alice.1.3", *asked)
        check_equal(sent.returncode, 0, "exit code of a line to the key that is meant")
        alice.node.say("to all")
        thief.wait_text("to all", within(5))
        thief.stop()
        check_equal([m.text for m in thief.messages], ["to all"], "what the thief was told")
        bob.begin()
        bob.wait_for(["alice.1.2", "alice.1.3"], within(10))


@test
def without_encryption_there_are_no_direct_messages():
    with Chat(ports=4) as chat:
        config = os.path.join(chat.folder, "plain.json")
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"security": {"tls": False}}, file)
        alice, bob = (chat.node(name, "--config", config) for name in ("alice", "bob"))
        alice.wait_linked(1)
        alice.say("x", to=bob.id, ref="1")

        _, error = alice.wait_event("a refusal", lambda e: e["type"] == "error", within(5))
        check("encrypted" in error["message"], error["message"])


@test
def a_person_reads_direct_messages_as_such():
    with Chat(ports=4) as chat:
        reader: Node = chat.node("reader", mode="plain")
        alice = chat.node("alice")
        alice.wait_linked(1)
        alice.say("for all")
        alice.say("for you", to="reader")

        reader.wait_line("alice: for all")
        reader.wait_line("alice:direct: for you")


main()
