# Commands ask a running node: real nodes, real commands, over the socket in the data directory.
import json
import os
import stat
import subprocess

from lanchat import PROGRAM, Chat, Node, environment, run
from process import Process
from runner import check, check_equal, eventually, main, test, within


def _ask(node, *arguments, **options):
    """A command for `node`; returns what it printed. Any exit code but 0 fails."""
    result = run(*arguments, home=node.home, **options)
    check_equal(result.returncode, 0, f"exit code of {arguments}: {result.stderr.decode()}")
    return result.stdout.decode()


def _objects(text):
    return [json.loads(line) for line in text.splitlines()]


def _history(node, *arguments):
    return _objects(_ask(node, "history", "--json", *arguments))


def _messages(node):
    return [o for o in node.objects if o["type"] == "message"]


def _tail(node, cursor):
    return _objects(_ask(node, "tail", "--json", "--since", cursor))


def _texts(objects):
    return [thing["text"] for thing in objects]


def _signed(objects):
    """What is the same on every node."""
    return [(o["id"], o["order"], o["room"], o["from"]["id"], o["ts"], o["text"]) for o in objects]


def _restart(chat, node, name):
    """Another process in the home that `node` had."""
    node.stop()
    again = chat.node(name, home=node.home)
    again.wait_ready()
    return again


@test
def following_ends_when_its_reader_goes():
    with Chat(ports=2) as chat:
        alice = chat.node("alice")
        alice.wait_ready()
        _ask(alice, "send", "first")
        argv = [PROGRAM, "tail", "-f"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=environment(alice.home)) as tail:
            try:
                check_equal(tail.stdout.readline(), b"alice: first\n", "line")
                tail.stdout.close()  # as grep -m1 does; nothing more is said
                eventually("an end", lambda: tail.poll() is not None, within(5))
                check_equal((tail.returncode, tail.stderr.read()), (0, b""), "end")
            finally:
                tail.kill()


@test
def a_command_whose_output_is_closed_or_full_fails():
    with Chat(ports=2) as chat:
        alice = chat.node("alice")
        alice.wait_ready()
        _ask(alice, "send", "first")
        for command in ("--version", "--help", "config print", "history", "tail", "tail -f",
                        "status", "rooms", "search first", "export"):
            for output in (">&-", ">/dev/full"):
                done = subprocess.run(["sh", "-c", f'exec "$0" {command} {output}', PROGRAM],
                                      stderr=subprocess.PIPE, check=False, timeout=within(10),
                                      env=environment(alice.home))
                check_equal(done.returncode, 1, f"exit code of {command} {output}")
                check(done.stderr.startswith(b"lanchat: "), f"{command} {output}: {done.stderr}")


@test
def a_day_is_the_whole_day_and_times_may_have_offsets():
    with Chat(ports=2) as chat:
        alice = chat.node("alice")
        alice.wait_ready()
        _ask(alice, "send", "today")
        at = _history(alice)[0]["ts"]
        utc = {"TZ": "UTC"}
        _ask(alice, "history", "--since", "2026-04-24", env={"TZ": "Africa/Cairo"})
        for since, until, count in ((at[:10], at[:10], 1), ("2020-01-01", "2020-01-01", 0),
                                    (at.replace("Z", "+00:00"), at[:10], 1),
                                    (at.replace("Z", "-23:59"), "2999-01-01", 0)):
            found = _objects(_ask(alice, "history", "--json", "--since", since, "--until", until,
                                  env=utc))
            check_equal(len(found), count, f"lines from {since} until {until}")
        result = run("history", "--since", "2026-04-24", "--until", "2026-04-23", home=alice.home)
        check_equal(result.returncode, 2, "exit code")
        check(b"nothing lies between" in result.stderr, result.stderr)


@test
def send_says_a_line_that_everybody_hears_and_history_tells_alike():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()

        _ask(alice, "send", "lunch", "at", "noon")
        _ask(bob, "send", "-r", "builds", "  green  ")
        alice.wait_text("  green  ")
        bob.wait_text("lunch at noon")

        eventually("two lines each", lambda: all(len(_history(n)) == 2 for n in (alice, bob)),
                   within(3))
        check_equal(_signed(_history(alice)), _signed(_history(bob)), "histories")
        check_equal(_texts(_history(alice, "-r", "builds")), ["  green  "], "one room")
        check_equal(_texts(_history(bob, "--from", "alice")), ["lunch at noon"], "one author")
        check_equal(_ask(bob, "rooms").split(), ["builds", "general"], "rooms")
        for_people = _ask(alice, "history", "-n", "1")
        check(for_people.endswith("  bob@builds:   green  \n"), f"for people: {for_people}")


@test
def the_ids_of_live_lines_are_those_of_history():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob", keep_objects=True)
        chat.wait_mesh()

        alice.say("hi")
        bob.wait_text("hi")
        eventually("the line in the store", lambda: len(_history(bob)) == 1, within(3))

        live = next(o for o in bob.objects if o["type"] == "message")
        kept = _history(bob)[0]
        for field in ("id", "room", "from", "ts", "text"):
            check_equal(kept[field], live[field], field)


@test
def a_script_resumes_behind_any_message_without_gap_or_repeat():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob", keep_objects=True)
        chat.wait_mesh()
        begin = bob.wait_ready()["cursor"]
        for i in range(300):
            alice.say(f"a{i}")
            bob.say(f"b{i}")
        bob.wait("600 messages", lambda: len(_messages(bob)) == 600, within(10))

        live = [(o["cursor"], o["id"], o["text"]) for o in _messages(bob)]
        kept = [(o["cursor"], o["id"], o["text"]) for o in _tail(bob, begin)]
        check_equal(live, kept, "what was heard, and what is stored")
        for at in (0, 1, 298, 599):
            check_equal(_texts(_tail(bob, live[at][0])), [text for _, _, text in kept[at + 1:]],
                        f"since the cursor of message {at}")


@test
def send_from_standard_input_says_each_line():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        lines = [f"line {i}" for i in range(3_000)]

        _ask(alice, "send", "--wait", "all", "-", stdin="\n".join(lines).encode() + b"\n\nlast")

        check_equal(bob.wait_heard(3_001), [*lines, "last"], "what bob heard")
        check_equal(len(_history(alice)), 3_001, "lines of history")


@test
def wait_returns_once_the_others_have_the_line_on_disk():
    with Chat(ports=3) as chat:
        alice, bob, carol = (chat.node(name) for name in ("alice", "bob", "carol"))
        chat.wait_mesh()

        told = _objects(_ask(alice, "send", "--json", "--wait", "all", "--timeout", "5", "hello"))

        check_equal([o["type"] for o in told], ["ack", "delivery"], "what send tells")
        check_equal((told[1]["delivered"], told[1]["of"]), (2, 2), "delivery")
        for node in (bob, carol):
            check_equal([o["id"] for o in _history(node)], [told[0]["id"]], f"history of {node}")


@test
def wait_for_more_than_there_are_or_for_one_that_is_frozen_is_exit_4():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()

        many = run("send", "--wait", "2", "--timeout", "0.3", "too many", home=alice.home)
        bob.freeze()
        frozen = run("send", "--wait", "all", "--timeout", "0.5", "wake up", home=alice.home)
        bob.thaw()

        check_equal((many.returncode, frozen.returncode), (4, 4), "exit codes")
        check(b"1 of 1" in many.stderr and b"0 of 1" in frozen.stderr,
              f"what they say: {many.stderr} {frozen.stderr}")
        bob.wait_text("wake up")


@test
def who_leaves_is_not_waited_for():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        bob.freeze()
        bob.expected_codes = {0, -9}
        waiting = chat.adopt(Process([PROGRAM, "send", "--wait", "all", "--timeout", "20", "bye"],
                                     env=environment(alice.home)))
        alice.wait_text("bye")

        bob.popen.kill()

        check_equal(waiting.popen.wait(within(10)), 0, "exit code")


@test
def a_line_with_an_id_is_said_once_also_after_a_restart():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        command = ("send", "--json", "--id", "job-7", "--wait", "all", "--timeout", "5", "done")

        first = _objects(_ask(alice, *command))
        again = _objects(_ask(alice, *command))
        alice = _restart(chat, alice, "alice")
        chat.wait_mesh([alice, bob])
        later = _objects(_ask(alice, *command))

        check_equal({o["id"] for o in first + again + later}, {first[0]["id"]}, "ids")
        check_equal(later[1]["delivered"], 1, "delivered")
        check_equal((_texts(_history(alice)), _texts(_history(bob))), (["done"], ["done"]), "lines")


@test
def many_callers_with_one_id_say_one_line():
    with Chat(ports=1) as chat:
        alice = chat.node("alice")
        alice.wait_ready()

        callers = [subprocess.Popen([PROGRAM, "send", "--id", "once", "hi"],
                                    env=environment(alice.home)) for _ in range(8)]

        check_equal([caller.wait(within(10)) for caller in callers], [0] * 8, "exit codes")
        check_equal(_texts(_history(alice)), ["hi"], "lines")


@test
def tail_shows_the_newest_and_follows():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        for i in range(20):
            _ask(alice, "send", f"old {i}")
        bob.wait_text("old 19")
        eventually("all in the store", lambda: len(_history(bob)) == 20, within(3))

        newest = _objects(_ask(bob, "tail", "-n", "3", "--json"))
        follower = chat.adopt(Node("follower", [PROGRAM, "tail", "-n", "1", "-f", "--json"],
                                   mode="json", keep_objects=True, env=environment(bob.home)))
        follower.expected_codes = {-15}
        follower.wait_text("old 19")
        alice.say("new")
        follower.wait_text("new")

        check_equal(_texts(newest), ["old 17", "old 18", "old 19"], "tail -n 3")
        check_equal([(o["text"], o["history"]) for o in follower.objects], [("old 19", True), ("new", False)],
                    "tail -f")


@test
def a_cursor_resumes_without_gap_or_repeat_across_restarts():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        for i in range(5):
            _ask(alice, "send", "--wait", "all", f"before {i}")
        cursor = _objects(_ask(bob, "tail", "-n", "3", "--json"))[1]["cursor"]
        bob.stop()
        for i in range(5):
            _ask(alice, "send", f"away {i}")
        alice = _restart(chat, alice, "alice")
        bob = chat.node("bob", home=bob.home)
        chat.wait_mesh([alice, bob])
        _ask(alice, "send", "--wait", "all", "after")
        eventually("all lines", lambda: len(_history(bob)) == 11, within(5))

        rest = _objects(_ask(bob, "tail", "--json", "--since", cursor))

        check_equal(sorted(_texts(rest)), sorted(["before 4", *(f"away {i}" for i in range(5)),
                                                  "after"]), "lines after the cursor")
        check_equal(_ask(bob, "tail", "--json", "--since", rest[-1]["cursor"]), "", "and then")


@test
def search_finds_words_in_lines_of_others():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        for text in ("the Fire drill is at noon", "no fire today", "drill bits"):
            _ask(alice, "send", "--wait", "all", text)

        found = _objects(_ask(bob, "search", "--json", "fire", "drill"))

        check_equal(_texts(found), ["the Fire drill is at noon"], "lines found")
        check_equal(_ask(bob, "search", "xyzzy"), "", "nothing")
        check_equal(_texts(_objects(_ask(bob, "search", "--json", "dri"))),
                    ["the Fire drill is at noon", "drill bits"], "found by a beginning")


@test
def search_finds_emoji_and_words_without_blanks_and_says_when_there_is_nothing_to_look_for():
    with Chat(ports=1) as chat:
        alice = chat.node("alice")
        alice.wait_ready()
        lines = ["party 🎉🎉", "ฉันอยู่กรุงเทพมหานคร", "대한민국에서", "هذا الكتاب", "मैं हिन्दी बोलता हूँ",
                 "the deployment"]
        for text in lines:
            _ask(alice, "send", text)
        queries = ["🎉", "กรุงเทพ", "민국", "كتاب", "हिन्दी", "deploy"]

        for query, line in zip(queries, lines):
            check_equal(_texts(_objects(_ask(alice, "search", "--json", query))), [line], query)
        for query in ("?!", "...", "\u200d"):
            refused = run("search", "--json", query, home=alice.home)
            check_equal(refused.returncode, 1, f"exit code of a search for {query!r}")
            check(b"nothing to look for" in refused.stderr, "people are told why")
            [error] = _objects(refused.stdout.decode())
            check_equal((error["type"], error["code"]), ("error", "bad_query"), "and programs")
        refused = run("search", "--json", "--from", "nobody", "party", home=alice.home)
        check_equal((refused.returncode, refused.stdout), (1, b""), "the words are not at fault")


@test
def a_room_is_one_however_its_name_is_written():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        _ask(alice, "send", "--wait", "all", "-r", "Caf\u00e9", "first")
        _ask(bob, "send", "--wait", "all", "-r", "cafe\u0301", "second")
        _ask(alice, "send", "--wait", "all", "-r", " CAFÉ", "third")
        _ask(bob, "send", "--wait", "all", "-r", "GENERAL", "to all")

        for node in (alice, bob):
            check_equal(_ask(node, "rooms").splitlines(), ["Caf\u00e9", "GENERAL"], "rooms")
            named = [o["name"] for o in _objects(_ask(node, "rooms", "--json"))]
            check_equal(named, ["Caf\u00e9", "GENERAL"], "rooms for programs")
            for room in ("café", "CAFE\u0301"):
                check_equal(_texts(_history(node, "-r", room)), ["first", "second", "third"], room)
                check_equal([o["room"] for o in _history(node, "-r", room)],
                            ["Caf\u00e9", "cafe\u0301", " CAFÉ"], "as they were written")
                for query in ("second", "sec"):
                    found = _ask(node, "search", "--json", "-r", room, query)
                    check_equal(_texts(_objects(found)), ["second"], f"{query} in {room}")
                tail = _ask(node, "tail", "--json", "-n", "9", "-r", room)
                check_equal(sorted(_texts(_objects(tail))), ["first", "second", "third"], "tail")
            check_equal(_ask(node, "export", "--format", "md").count("# Caf\u00e9\n"), 1, "headings")
            check_equal(_texts(_history(node, "-r", "general")), ["to all"], "one general room")


@test
def a_peer_is_named_however_its_name_is_composed():
    with Chat(ports=2) as chat:
        alice, cafe = chat.node("alice"), chat.node("Cafe\u0301")
        chat.wait_mesh()
        _ask(alice, "send", "-t", "caf\u00e9", "--wait", "1", "just us")
        cafe.wait_text("just us")


@test
def what_was_exported_is_the_same_history_elsewhere_and_once():
    with Chat(ports=2) as chat, Chat(ports=1) as other:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        for i in range(3):
            _ask(alice, "send", "--wait", "all", f"from alice {i}")
            _ask(bob, "send", "--wait", "all", f"from bob {i}")
        alice = _restart(chat, alice, "alice")
        _ask(alice, "send", "after the restart")
        file = os.path.join(other.folder, "backup.jsonl")
        _ask(alice, "export", "-o", file)
        carol = other.node("carol", keep_objects=True)
        carol.wait_ready()

        first = _ask(carol, "import", file)
        again = _ask(carol, "import", file)

        check_equal((first, again), ("7 new lines\n", "0 new lines\n"), "what import tells")
        check_equal(_signed(_history(carol)), _signed(_history(alice)), "history")
        shown = [o for o in carol.objects if o["type"] == "message"]
        check_equal((len(shown), {o["history"] for o in shown}), (7, {True}), "what carol was shown")


@test
def an_altered_line_is_refused():
    with Chat(ports=1) as chat, Chat(ports=1) as other:
        alice, carol = chat.node("alice"), other.node("carol")
        alice.wait_ready()
        carol.wait_ready()
        _ask(alice, "send", "ten euros")
        file = os.path.join(chat.folder, "backup.jsonl")
        signed = json.loads(_ask(alice, "export"))
        entry = signed["entries"][0]
        signed["entries"][0] = ("B" if entry[0] == "A" else "A") + entry[1:]
        with open(file, "w", encoding="utf-8") as forged:
            forged.write(json.dumps(signed) + "\n")

        result = run("import", file, home=carol.home)

        check_equal(result.returncode, 5, "exit code")
        check_equal(_history(carol), [], "history")


@test
def peers_and_status_tell_who_is_there():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()

        status = _objects(_ask(alice, "status", "--json"))[0]
        peers = _ask(alice, "peers", "--json")

        check_equal((status["id"], status["name"], status["address"], status["peers"],
                     status["problem"]), (alice.id, "alice", alice.address, 1, ""), "status")
        check(bob.id in peers and bob.address in peers, f"peers: {peers}")


@test
def json_lines_with_a_ref_are_acknowledged_and_their_delivery_told():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice", keep_objects=True), chat.node("bob")
        chat.wait_mesh()

        alice.say("hi", ref="42")
        alice.say("no ref")
        alice.wait_event("the delivery", lambda e: e["type"] == "delivery" and
                         e["delivered"] == 1, within(3))
        bob.wait_text("no ref")

        ack = alice.of_type("ack")
        check_equal([a["ref"] for a in ack], ["42"], "acks")
        deliveries = alice.of_type("delivery")
        check_equal({d["id"] for d in deliveries}, {ack[0]["id"]}, "whose delivery")
        check_equal((deliveries[-1]["delivered"], deliveries[-1]["of"]), (1, 1), "delivery")


@test
def without_a_node_it_is_exit_3_and_a_mistake_is_exit_2():
    with Chat(ports=1) as chat:
        home = chat.home()
        for command in (["send", "hi"], ["tail"], ["history"], ["search", "x"], ["peers"],
                        ["rooms"], ["status"], ["export"]):
            check_equal(run(*command, home=home).returncode, 3, f"exit code of {command}")
        for command in (["send"], ["tail", "-n", "x"], ["tail", "--since", "x"], ["identity"],
                        ["send", "--timeout", "0", "hi"], ["history", "--until", "x"]):
            check_equal(run(*command, home=home).returncode, 2, f"exit code of {command}")
        alice = chat.node("alice", home=home)
        alice.wait_ready()
        alice.popen.kill()
        alice.popen.wait()
        alice.expected_codes = {-9}
        check_equal(run("status", home=home).returncode, 3, "exit code after a kill")


@test
def the_socket_is_the_owners_alone_and_each_node_has_its_own():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        for node in (alice, bob):
            path = os.path.join(node.home, "data", "lanchat", "default", "lanchat.sock")
            about = os.stat(path)
            check(stat.S_ISSOCK(about.st_mode), f"{path} is a socket")
            check_equal(stat.S_IMODE(about.st_mode), 0o600, f"mode of {path}")
            check_equal(_objects(_ask(node, "status", "--json"))[0]["id"], node.id, "who answers")
            node.stop()
            check(not os.path.exists(path), f"{path} is left behind")


@test
def an_ephemeral_node_leaves_nothing_behind():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice", "--ephemeral"), chat.node("bob")
        chat.wait_mesh()
        alice.say("gone")
        bob.wait_text("gone")

        alice.stop()

        left = [name for _, _, names in os.walk(alice.home) for name in names]
        check_equal(left, [], "files")


@test
def a_node_keeps_as_many_bytes_as_it_may_and_says_how_many_lines_went():
    with Chat(ports=1) as chat:
        alice = chat.node("alice", env={"LANCHAT_HISTORY_MAX_BYTES": "65536"})
        alice.wait_ready()
        lines = [f"line {i} {'x' * 400}" for i in range(1_000)]

        _ask(alice, "send", "-", stdin="\n".join(lines).encode())
        eventually("lines trimmed",
                   lambda: 0 < _objects(_ask(alice, "status", "--json"))[0]["lines"] < 300,
                   within(5))

        status, kept = _objects(_ask(alice, "status", "--json"))[0], _history(alice)
        check_equal(_texts(kept), lines[-len(kept):], "what is kept")
        check_equal((status["lines"], status["trimmed"], status["logs"]),
                    (len(kept), 1_000 - len(kept), 1), "status")
        check_equal(status["oldest"], kept[0]["ts"], "oldest line")
        check(status["bytes"] > 0, f"bytes: {status['bytes']}")


@test
def an_identity_moves_with_its_key():
    with Chat(ports=1) as chat:
        alice = chat.node("alice")
        was = alice.id
        key, home = os.path.join(chat.folder, "key"), chat.home()

        check_equal(_ask(alice, "identity", "show"), was + "\n", "show")
        _ask(alice, "identity", "export", key)
        check_equal(stat.S_IMODE(os.stat(key).st_mode), 0o600, "mode of the key")
        again = run("identity", "export", key, home=alice.home)
        running = run("-P", "default", "identity", "import", key, home=alice.home)
        alice.stop()
        moved = run("identity", "import", key, home=home)
        other = chat.node("other")
        other_id = other.id
        other.stop()
        refused = run("identity", "import", key, home=other.home)

        check_equal((again.returncode, running.returncode, moved.returncode, refused.returncode),
                    (1, 1, 0, 1), "exit codes")
        check_equal(chat.node("alice", home=home).id, was, "id of the moved node")
        check_equal(_ask(other, "identity", "show"), other_id + "\n", "what was not replaced")


@test
def an_id_that_was_used_says_nothing_else_over_a_restart_too():
    with Chat(ports=1) as chat:
        alice = chat.node("alice")
        alice.wait_ready()
        _ask(alice, "send", "--id", "job 7", "built")
        for _ in range(2):
            _ask(alice, "send", "--id", "job 7", "built")
            for other in (["failed"], ["-r", "builds", "built"]):
                refused = run("send", "--id", "job 7", *other, home=alice.home)
                check_equal(refused.returncode, 1, f"exit code of {other}")
                check(b"used for another line" in refused.stderr, f"why: {refused.stderr!r}")
            alice = _restart(chat, alice, "alice")
        check_equal(_texts(_history(alice)), ["built"], "lines")


main()
