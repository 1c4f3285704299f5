# The data directory: copied, restored, lost, damaged, full. The node goes on and tells of it.
import contextlib
import os
import random
import shutil
import stat

import history
from lanchat import Chat, run
from member import Member, check_no_forks, stop_and_compare, wait_for_all, wait_mesh, \
    wait_same_stores
from network import mounted
from runner import check, check_equal, full, main, note, test, within

LINES = 300


def _two(chat):
    """Alice and bob who have said lines, alice in two lives."""
    alice, bob = members = [Member(chat, name) for name in ("alice", "bob")]
    for _ in range(2):
        wait_mesh(members, within(5))
        for member in members:
            member.say(LINES)
        wait_for_all(members, within(10))
        alice.stop()
        alice.begin()
    wait_mesh(members, within(5))
    return members


def _copy(chat, home):
    target = chat.home()
    shutil.copytree(home, target, dirs_exist_ok=True)
    return target


def _end_alike(members):
    """All link, say lines, hear those of the others, and end with the same stores."""
    wait_mesh(members, within(5))
    texts = [text for member in members for text in member.say(10)]
    for member in members:
        member.wait_for(texts, within(10))
    wait_same_stores(members, within(15))
    stop_and_compare(members)


def _told(member, words):
    member.node.wait(f"to say {words!r}", lambda: any(words in line for line in member.node.err),
                     within(5))


@test
def two_nodes_on_copies_of_one_data_directory_chat_and_fork_nothing():
    with Chat(ports=5) as chat:
        alice, bob = _two(chat)
        alice.stop()
        twin = Member(chat, "twin", home=_copy(chat, alice.home))
        alice.begin()
        wait_mesh([alice, bob, twin], within(5))
        for _ in range(20):
            for member in (alice, twin):
                member.say(5)

        check_equal(alice.node.id, twin.node.id, "identity of both")
        _end_alike([alice, bob, twin])


@test
def a_restored_backup_gets_its_own_lines_back_and_forks_nothing():
    with Chat(ports=4) as chat:
        alice, bob = _two(chat)
        alice.stop()
        backup = _copy(chat, alice.home)
        alice.begin()
        wait_mesh([alice, bob], within(5))
        since = alice.say(LINES)
        wait_for_all([alice, bob], within(10))
        alice.kill()

        restored = Member(chat, "restored", home=backup)

        restored.wait_for(since, within(10))
        own = [(m.own, m.history) for m in restored.node.messages if m.text in since]
        check_equal(own, [(True, True)] * LINES, "its own lines, once each, as history")
        _end_alike([restored, bob])


@test
def a_deleted_history_comes_back_from_the_others():
    with Chat(ports=4) as chat:
        alice, bob = _two(chat)
        identity = alice.node.id
        alice.stop()
        os.remove(history.database(alice.home))

        alice.begin()

        wait_mesh([alice, bob], within(5))
        check_equal(alice.node.id, identity, "identity")
        _end_alike([alice, bob])


def _damage(path, rng):
    """Random bytes in random places."""
    with open(path, "r+b") as file:
        for _ in range(rng.randrange(1, 6)):
            file.seek(rng.randrange(os.path.getsize(path)))
            file.write(rng.randbytes(rng.choice([1, 16, 512, 4096])))


@test
def random_damage_is_survived_and_mended():
    """What reads damage leaves a suspicion, with which the next start looks at everything."""
    seed = int(os.environ.get("LANCHAT_SEED", random.randrange(10**6)))
    note(f"LANCHAT_SEED={seed} repeats the choices")
    rng = random.Random(seed)
    told = 0
    for _ in range(full(100, 6)):
        with Chat(ports=4) as chat:
            alice, bob = _two(chat)
            alice.stop()
            _damage(history.database(alice.home), rng)
            alice.begin()
            wait_mesh([alice, bob], within(5))
            bob.node.wait_text(alice.say()[0])
            alice.node.stop()
            lives = [alice.node]

            with open(history.database(alice.home) + ".suspect", "wb"):
                alice.begin()

            lives.append(alice.node)
            _end_alike([alice, bob])
            told += any("the history was damaged" in line for life in lives for line in life.err)
    note(f"told of damage in {told} of {full(100, 6)} cases")
    check(told > 0, "no damage was ever noticed")


@test
def a_damaged_line_is_not_passed_on_but_noticed_and_mended():
    with Chat(ports=4) as chat:
        alice, bob = _two(chat)
        for member in (alice, bob):
            member.stop()
        path = history.database(alice.home)
        with open(path, "r+b") as file:
            place = file.read().find(b"bob.1.150")
            check(place > 0, "the line is in the file")
            file.seek(place)
            file.write(b"forgery!!")

        alice.begin()
        carol = Member(chat, "carol")
        wait_mesh([alice, carol], within(5))
        carol.node.wait_text(alice.say()[0])
        alice.node.wait("to notice", lambda: os.path.exists(path + ".suspect"), within(5))
        alice.node.stop()
        alice.begin()
        bob.begin()

        _told(alice, "the history was damaged")
        carol.wait_for(["bob.1.150"], within(10))
        check(not any("forgery" in m.text for m in carol.node.messages), "a forgery was shown")
        _end_alike([alice, bob, carol])


@contextlib.contextmanager
def _small_disk(home):
    """The data directory on a disk of its own; yields how to fill and how to free it."""
    data = os.path.join(home, "data")
    os.makedirs(data)
    ballast = os.path.join(data, "ballast")

    def fill():
        with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    with mounted(data, "size=4m"):
        yield fill, lambda: os.remove(ballast)


@test
def a_full_disk_refuses_what_is_new_loses_nothing_and_recovers_by_itself():
    with contextlib.ExitStack() as stack:
        chat = stack.enter_context(Chat(ports=4))
        home = chat.home()
        fill, free = stack.enter_context(_small_disk(home))
        alice, bob = members = [Member(chat, "alice", home=home), Member(chat, "bob")]
        wait_mesh(members, within(5))
        alice.say(LINES)
        bob.wait_for(alice.said, within(5))
        fill()

        _, refusal = _say_until_refused(alice)

        check("cannot be stored" in refusal["message"], f"reason {refusal['message']!r}")
        _told(alice, "lines cannot be stored")
        heard = bob.say(LINES)
        alice.wait_for(heard, within(5))
        alice.say()
        alice.node.wait("another refusal", lambda: len(_refusals(alice)) > 1, within(3))

        free()

        _told(alice, "lines can be stored again")
        said = {m.text for m in alice.node.messages if m.own}
        check_equal(len(said) + len(_refusals(alice)), len(alice.said), "lines said or refused")
        alice.said = [text for text in alice.said if text in said]
        bob.wait_for(alice.said, within(5))
        _end_alike([alice, bob])
        check(said <= set(alice.kept()), "what was not refused is kept")


def _refusals(member):
    return [thing for thing in member.node.of_type("error") if thing["code"] == "refused"]


def _say_until_refused(member):
    for _ in range(200):
        member.say()
        with contextlib.suppress(AssertionError):
            return member.node.wait_event("a refusal", lambda e: e["type"] == "error", 0.05)
    return member.node.wait_event("a refusal", lambda e: e["type"] == "error", within(5))


def _key(home):
    return os.path.join(os.path.dirname(history.database(home)), "device.key")


@test
def a_key_that_others_may_read_is_refused():
    with Chat(ports=2) as chat:
        alice = Member(chat, "alice")
        alice.node.wait_ready()
        alice.stop()
        check_equal(stat.S_IMODE(os.stat(_key(alice.home)).st_mode), 0o600, "mode of the key")
        for mode in (0o640, 0o604, 0o620):
            os.chmod(_key(alice.home), mode)

            refused = run("--json", "--ip", chat.ip, "--cidr", chat.cidr, home=alice.home)

            check_equal(refused.returncode, 1, "exit code")
            said = refused.stderr.decode()
            check_equal(said.count("\n"), 1, f"lines of {said!r}")
            check("device.key" in said and "chmod 600" in said, f"what it says: {said!r}")


@test
def a_key_that_is_none_is_refused_and_left_alone():
    with Chat(ports=2) as chat:
        alice = Member(chat, "alice")
        alice.node.wait_ready()
        alice.stop()
        for content in (b"", bytes(31), bytes(33)):
            with open(_key(alice.home), "wb") as key:
                key.write(content)

            refused = run("--json", "--ip", chat.ip, "--cidr", chat.cidr, home=alice.home)

            check_equal(refused.returncode, 1, "exit code")
            check(b"not a device key" in refused.stderr, f"what it says: {refused.stderr!r}")
            with open(_key(alice.home), "rb") as key:
                check_equal(key.read(), content, "the file afterwards")


@test
def the_key_is_the_identity_and_without_it_there_is_a_new_one():
    with Chat(ports=3) as chat:
        alice, bob = _two(chat)
        identity = alice.node.id
        alice.stop()
        os.remove(_key(alice.home))

        alice.begin()

        check(alice.node.id != identity, "a removed key is still in use")
        wait_mesh([alice, bob], within(5))
        check_no_forks([alice.node, bob.node])
        _end_alike([alice, bob])


main()
