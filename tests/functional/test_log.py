# The log: what was said is at every node once and in order, through kills, freezes and cuts.
import contextlib
import os
import random
import time

from lanchat import Chat
from member import Member, check_history, wait_for_all, wait_mesh
from network import Lan, need_namespaces
from runner import check, check_equal, full, main, note, percentile, test, within

NAMES = ["alice", "bob", "carol", "dave", "erin"]


class Trouble:
    """Something bad that happens to one member, and its end some time later."""

    def __init__(self, rng, now, member, host):
        kinds = ["kill", "freeze"] + ["cut"] * bool(host)
        self.kind, self.member, self._host = rng.choice(kinds), member, host
        # After some 8 s of silence a link is given up.
        self.until = now + rng.uniform(0.1, full(15, 2))
        {"kill": member.kill, "freeze": member.node.freeze,
         "cut": host and host.cut}[self.kind]()

    def end(self):
        {"kill": self.member.begin, "freeze": self.member.node.thaw,
         "cut": self._host and self._host.heal}[self.kind]()


def _five(stack):
    """Five members: each on a host of its own if there may be networks, else on loopback."""
    if os.geteuid() != 0:
        chat = stack.enter_context(Chat(ports=8))
        return {Member(chat, name): None for name in NAMES}
    need_namespaces()
    lan = stack.enter_context(Lan(5))
    chat = stack.enter_context(Chat(ports=2, cidr=lan.cidr))
    return {Member(chat, name, ip=host.ip, namespace=host.namespace): host
            for name, host in zip(NAMES, lan.hosts)}


def _say_in_trouble(hosts, rng, count, seconds):
    """`count` lines of all members over the time, while up to two of them are in trouble."""
    began, said, counts, troubles = time.monotonic(), 0, {}, []
    while said < count or time.monotonic() < began + seconds:
        now = time.monotonic()
        for trouble in [t for t in troubles if t.until <= now]:
            trouble.end()
            troubles.remove(trouble)
        troubled = {trouble.member for trouble in troubles}
        if len(troubled) < 2 and rng.random() < 0.05 and now < began + seconds:
            member = rng.choice([m for m in hosts if m not in troubled])
            troubles.append(Trouble(rng, now, member, hosts[member]))
            counts[troubles[-1].kind] = counts.get(troubles[-1].kind, 0) + 1
        due = int(count * min(1, (now - began) / seconds)) - said
        for _ in range(due):
            running = [m for m in hosts if m.node.alive()]
            rng.choice(running).say()
            said += 1
        time.sleep(0.02)
    for trouble in troubles:
        trouble.end()
    return counts


@test
def nothing_is_lost_or_doubled_while_nodes_are_killed_frozen_and_cut_off():
    seed = int(os.environ.get("LANCHAT_SEED", random.randrange(10**6)))
    note(f"LANCHAT_SEED={seed} repeats the choices")
    with contextlib.ExitStack() as stack:
        hosts = _five(stack)
        members = list(hosts)
        wait_mesh(members, within(15))

        counts = _say_in_trouble(hosts, random.Random(seed), full(20_000, 3_000), full(60, 8))

        healed = time.monotonic()
        wait_mesh(members, within(20))
        wait_for_all(members, within(full(60, 30)))
        note(f"{counts}; all have all {time.monotonic() - healed:.1f} s after healing")
        check_history(members)


@test
def who_was_away_gets_what_it_missed_while_the_chat_goes_on():
    count = full(100_000, 20_000)
    with Chat(ports=4) as chat:
        alice, bob, carol = (Member(chat, name) for name in ("alice", "bob", "carol"))
        wait_mesh([alice, bob, carol], within(5))
        alice.say()
        carol.node.wait_text(alice.said[0])
        carol.stop()
        alice.say(count)
        bob.node.wait_heard(count + 1, within(60))

        back = time.monotonic()
        carol.begin()
        while carol.lacks(alice.said) and time.monotonic() < back + within(60):
            alice.say(10)
            time.sleep(0.1)

        wait_for_all([alice, bob, carol], within(10))
        late = next(m.at for m in carol.node.messages if m.text == alice.said[count])
        note(f"{count} missed lines after {late - back:.2f} s")
        missed = set(alice.said[1:count + 1])
        marks = [m.history for m in carol.node.messages if m.text in missed]
        check_equal((len(marks), all(marks)), (count, True), "missed lines, all marked as history")
        check_history([alice, bob, carol])


@test
def who_is_new_sees_the_newest_lines_first_and_then_all_of_them():
    count = full(100_000, 20_000)
    with Chat(ports=4) as chat:
        alice, bob = members = [Member(chat, name) for name in ("alice", "bob")]
        wait_mesh(members, within(5))
        said = alice.say(count)
        bob.node.wait_heard(count, within(60))
        alice.kill()  # what it said is a log of the past then

        began = time.monotonic()
        carol = Member(chat, "carol")
        carol.node.wait_text(said[-1], within(20))
        shown = [m.text for m in list(carol.node.messages)]
        newest = next(m.at for m in list(carol.node.messages) if m.text == said[-1])
        note(f"the newest line {newest - began:.2f} s after the start, "
             f"{shown.index(said[-1])} lines before it")
        check(shown.index(said[-1]) < 1_000, f"{shown.index(said[-1])} lines before the newest")

        alice.begin()
        wait_for_all([alice, bob, carol], within(60))
        check_equal(all(m.history for m in carol.node.messages), True, "all of it is history")
        check_history([alice, bob, carol])


@test
def those_who_cannot_reach_each_other_hear_each_other_through_a_third():
    need_namespaces()
    with Lan(3) as lan, Chat(ports=2, cidr=lan.cidr) as chat:
        left, _, right = lan.hosts
        left.nft(f"""table inet apart {{
            chain in {{ type filter hook input priority -10; ip saddr {right.ip} drop; }}
            chain out {{ type filter hook output priority -10; ip daddr {right.ip} drop; }}
        }}""")
        alice, bob, carol = members = [
            Member(chat, name, ip=host.ip, namespace=host.namespace)
            for name, host in zip(NAMES, lan.hosts)]
        for member, count in zip(members, (1, 2, 1)):
            member.node.wait_linked(count, within(10))

        said = {}
        for _ in range(full(2_000, 200)):
            for member in (alice, carol):
                said[member.say()[0]] = time.monotonic()
            time.sleep(0.02)

        wait_for_all(members, within(10))
        check_equal([len(m.node.linked()) for m in (alice, carol)], [1, 1], "links of the ends")
        delays = [m.at - said[m.text] for member in (alice, carol)
                  for m in member.node.messages if not m.own]
        check_equal(len(delays), len(said), "lines heard at the other end")
        note(f"delay p50 {percentile(delays, 0.5) * 1000:.0f} ms, "
             f"p99 {percentile(delays, 0.99) * 1000:.0f} ms")
        check_history(members)


def _check_ids_name_one_line(chat):
    """No sequence number of a log is used twice, by any life of any node."""
    texts = {}
    for node in chat.processes:
        for thing in node.objects:
            if thing["type"] == "message":
                text = texts.setdefault(thing["id"], thing["text"])
                check_equal(thing["text"], text, f"text of {thing['id']}")


@test
def a_second_life_that_is_cut_short_again_and_again_loses_nothing_and_repeats_nothing():
    with Chat(ports=4) as chat:
        bob, alice = (Member(chat, name, keep_objects=True) for name in ("bob", "alice"))
        rng = random.Random()
        acknowledged = 0
        for cycle in range(full(200, 15)):
            wait_mesh([alice, bob], within(5))
            lines_end = time.monotonic() + rng.uniform(0.2, 0.6)
            while time.monotonic() < lines_end:
                alice.say(rng.randrange(1, 30), ask=True)
                time.sleep(rng.uniform(0, 0.02))
            alice.kill()

            acknowledged += len(alice.acknowledged())
            lost = set(alice.acknowledged()).difference(alice.lives()[-1].kept)
            check_equal(sorted(lost)[:5], [], f"acknowledged and lost in cycle {cycle}")
            alice.begin()

        check(acknowledged > 0, "nothing was acknowledged: this run proves nothing")
        wait_mesh([alice, bob], within(5))
        alice.say()
        wait_for_all([alice, bob], within(10))
        note(f"{len(bob.node.messages)} lines heard")
        check_history([alice, bob])
        _check_ids_name_one_line(chat)


main()
