# JSON lines: every object of the contract, and an answer, never a crash, for bad input.
import json
import random
import re

from lanchat import Chat, run
from legacy import LegacyPeer, available_kinds
from process import listens
from runner import check, check_equal, full, main, never, test, within

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def _pair(chat, **options):
    alice, bob = chat.node("alice", **options), chat.node("bob", keep_objects=True)
    chat.wait_mesh()
    return alice, bob


def _errors(node):
    return node.of_type("error")


def _wait_error(node, **fields):
    _, error = node.wait_event(f"an error with {fields}", lambda e: e["type"] == "error" and
                               all(e.get(k) == v for k, v in fields.items()), within(3))
    check(isinstance(error["code"], str) and error["code"], f"code in {error}")
    check(isinstance(error["message"], str) and error["message"], f"message in {error}")
    return error


@test
def ready_comes_first_and_once():
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat, keep_objects=True)
        alice.say("hi")
        bob.wait_text("hi")

        ready = alice.objects[0]

        check_equal(ready["type"], "ready", "first object")
        check_equal((ready["v"], ready["name"], ready["rooms"]), (1, "alice", ["general"]), "ready")
        check_equal([ready["address"]], listens(alice.pid), "address")
        check(isinstance(ready["id"], str) and len(ready["id"]) >= 4, f"id {ready['id']!r}")
        check_equal(len(alice.of_type("ready")), 1, "ready objects")
        check(alice.id != bob.id, "two nodes share an id")


@test
def every_object_carries_the_version():
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat, keep_objects=True)
        alice.say("hi")
        bob.wait_text("hi")
        alice.write(b"nonsense\n")
        _wait_error(alice)
        bob.stop()
        alice.wait_linked(0)

        for thing in [*alice.objects, *bob.objects]:
            check_equal((thing["v"], type(thing["type"])), (1, str), f"head of {thing}")


@test
def a_peer_is_described_in_full():
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat)

        up = alice.of_type("peer")[0]

        check_equal(up["event"], "up", "event")
        check_equal(up["peer"], up["peer"] | {
            "address": bob.address, "id": bob.id, "name": "bob", "trust": "unverified",
            "legacy": False, "encrypted": True}, "peer")
        bob.stop()
        _, down = alice.wait_down("bob", within(1))
        check_equal((down["reason"], down["peer"]["id"]), ("left", bob.id), "down")


@test
def a_message_is_described_in_full():
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat, keep_objects=True)

        alice.say("hi", ref="42")
        alice.say("deploy", room="ops")

        bob.wait_heard(2)
        alice.wait("own lines", lambda: len(alice.messages) == 2, within(2))
        for node in (alice, bob):
            first, second = [o for o in node.objects if o["type"] == "message"]
            check_equal((first["text"], first["room"]), ("hi", "general"), "first")
            check_equal((second["text"], second["room"]), ("deploy", "ops"), "second")
            for thing in (first, second):
                check_equal(thing["from"], thing["from"] | {
                    "id": alice.id, "name": "alice", "address": alice.address,
                    "legacy": False}, "from")
                check(TIME.fullmatch(thing["ts"]), f"ts {thing['ts']}")
                check_equal(thing["history"], False, "history")
                check_equal(thing.get("own", False), node is alice, "own")
                check(re.fullmatch("[0-9a-f]{16}-[0-9]+", thing["cursor"]), f"cursor {thing}")
            check(first["id"] != second["id"], "two messages share an id")
            check(re.fullmatch("[a-z2-7]{26}:1", first["id"]), f"id {first['id']}")
        ids = [[o["id"] for o in n.objects if o["type"] == "message"] for n in (alice, bob)]
        check_equal(ids[0], ids[1], "ids at both nodes")
        orders = [[o["order"] for o in n.objects if o["type"] == "message"] for n in (alice, bob)]
        check_equal(sorted(orders[0]), sorted(orders[1]), "places in the order at both nodes")


@test
def a_legacy_peer_and_its_lines_are_marked():
    kind = available_kinds()[0]
    with Chat(ports=2) as chat:
        peer = chat.adopt(LegacyPeer(kind, f"{chat.ip}:{chat.last_port}")).wait_listening()
        alice = chat.node("alice", keep_objects=True)
        # The original sends lines to a peer that it has not said `ok` to; let it say that first.
        alice.wait_linked(1)

        peer.say("old words")

        alice.wait_text("old words")
        thing = next(o for o in alice.objects if o["type"] == "message")
        who = {"id": "", "name": peer.address, "address": peer.address, "legacy": True}
        check_equal(thing["from"], thing["from"] | who, "from")
        check_equal(alice.peers("up")[0], alice.peers("up")[0] | who, "peer")
        kept = json.loads(run("history", "--json", home=alice.home).stdout)
        check_equal({k: kept[k] for k in ("id", "cursor", "from", "text")},
                    {k: thing[k] for k in ("id", "cursor", "from", "text")}, "in the history")


def _one_error_each(node, requests):
    """Gives each line after the error of the one before; yields their names and errors."""
    for count, (name, line) in enumerate(requests.items(), 1):
        node.write(line + b"\n")
        node.wait(f"an error for {name}", lambda: len(_errors(node)) == count, within(3))
        yield name, _errors(node)[-1]


BAD_INPUT = {
    "not JSON": b"hello", "half an object": b'{"type":"send","text":"x"', "an array": b"[1,2]",
    "a string": b'"send"', "a number": b"17", "null": b"null", "nothing but blanks": b"   x",
    "no type": b'{"text":"x"}', "unknown type": b'{"type":"sing","text":"x"}',
    "type of wrong type": b'{"type":7,"text":"x"}', "no text": b'{"type":"send"}',
    "text of wrong type": b'{"type":"send","text":7}',
    "room of wrong type": b'{"type":"send","text":"x","room":[]}',
    "room too long": b'{"type":"send","text":"x","room":"' + b"r" * 65 + b'"}',
    "lone surrogate": b'{"type":"send","text":"\\ud800"}',
    "trailing garbage": b'{"type":"send","text":"x"} y', "NaN": b'{"type":NaN}',
    "deep nesting": b"[" * 100_000, "deep object": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "zero byte": b'{"type":"send","text":"x\0"}',
}


@test
def bad_input_is_an_error_and_never_a_crash():
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat)
        check_equal([name for name, _ in _one_error_each(alice, BAD_INPUT)], list(BAD_INPUT),
                    "what was refused")

        alice.say("still here")
        bob.wait_text("still here")
        check_equal(bob.heard(), ["still here"], "lines")


@test
def an_error_names_the_ref_it_answers():
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat)

        alice.say("x" * 65537, ref="43")

        error = _wait_error(alice, ref="43", code="too_long")
        check("65536" in error["message"], f"message {error['message']!r}")
        alice.say("é" * 32768, ref="44")
        bob.wait_text("é" * 32768)
        check_equal([e["ref"] for e in _errors(alice)], ["43"], "errors")


@test
def v_room_and_ref_are_optional():
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat)

        alice.write(b'{"type":"send","text":"1"}\n{"v":1,"type":"send","room":"general",'
                    b'"text":"2","ref":"a"}\n')

        check_equal(bob.wait_heard(2), ["1", "2"], "lines")
        check_equal(_errors(alice), [], "errors")


NOT_STRICT = {
    "peer": b'{"type":"send","peer":"bob","text":"secret","ref":"r"}',
    "To": b'{"ref":"r","type":"send","To":"bob","text":"secret"}',
    "room": b'{"type":"send","room":"ops","room":"general","text":"secret","ref":"r"}',
    "text": b'{"type":"send","text":"secret","text":"other","ref":"r"}',
    "to": b'{"type":"send","to":null,"text":"secret","ref":"r"}',
    "v": b'{"v":"1","type":"send","text":"secret","ref":"r"}',
    "future": b'{"type":"send","text":"secret","ref":"r","future":{"x":[1]}}',
}


@test
def a_request_that_is_not_understood_to_the_letter_is_refused_and_nothing_is_said():
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat)
        for key, error in _one_error_each(alice, NOT_STRICT):
            check_equal((error["code"], error.get("ref")), ("bad_request", "r"), f"error for {key}")
            check(key in error["message"], f"{error['message']!r} names {key}")

        alice.write(b'{"type":"send","text":"x","ref":"cut off"\n')
        check_equal(_wait_error(alice, code="bad_json")["ref"], "cut off", "ref")
        alice.say("after")
        check_equal(bob.wait_heard(1), ["after"], "lines")


@test
def a_line_over_a_mebibyte_is_refused_and_the_rest_goes_on():
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat)

        alice.feed(b'{"type":"send","text":"' + b"x" * (2 << 20) + b'"}\n')
        alice.feed(b'{"type":"send","text":"after"}\n').join(60)

        _wait_error(alice)
        check_equal(bob.wait_heard(1), ["after"], "lines")
        check_equal(len(_errors(alice)), 1, "errors")


@test
def text_is_never_a_command_and_never_changed():
    texts = ["/quit", "/help", "//x", "\x1b[2J", "a\u202eb", "\ud83d\ude00".encode(
        "utf-16", "surrogatepass").decode("utf-16"), "\u0000", "line\nline", "\u2028"]
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat)
        for text in texts:
            alice.say(text)

        check_equal(bob.wait_heard(len(texts)), texts, "texts")


@test
def invalid_utf8_in_json_is_replaced():
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat)

        alice.write(b'{"type":"send","text":"a\xff\xfeb"}\n')

        check_equal(bob.wait_heard(1), ["a\ufffd\ufffdb"], "text")


@test
def empty_text_publishes_nothing():
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat)
        alice.say("")
        alice.say("after")

        bob.wait_text("after")
        check_equal(bob.heard(), ["after"], "lines")


@test
def end_of_input_is_a_goodbye_with_its_reason():
    with Chat(ports=2) as chat:
        bob = chat.node("bob")
        bob.wait_ready()
        alice = chat.node("alice", linger="5")
        alice.say("last")
        alice.end_input()

        check_equal(alice.wait_exit(within(8)), 0, "exit code")
        check_equal(alice.events[-1][1], alice.events[-1][1] | {"v": 1, "type": "bye",
                                                               "reason": "eof"}, "last object")
        check_equal(bob.wait_heard(1), ["last"], "lines")
        _, down = bob.wait_down("alice", within(1))
        check_equal(down["reason"], "left", "reason")


@test
def names_are_exact_in_json_whatever_they_hold():
    for name in ("zoë 😀", "a:b", "two  words", "x" * 32):
        with Chat(ports=2) as chat:
            alice, bob = chat.node(name), chat.node("bob")
            alice.wait_linked(1)
            bob.wait_linked(1)

            check_equal(bob.peers("up")[0]["name"], name, "name")


@test
def random_bytes_on_stdin_end_nothing():
    rng = random.Random(7)
    with Chat(ports=2) as chat:
        alice, bob = _pair(chat)
        for _ in range(full(200, 20)):
            alice.write(bytes(rng.randrange(256) for _ in range(2000)) + b"\n")
        alice.say("through")

        bob.wait_text("through", within(10))
        never("a line of noise", lambda: bob.heard() != ["through"], 0.2)


@test
def an_error_at_the_start_is_on_stderr_and_stdout_is_empty():
    done = run("--json", "--cidr", "8.8.8.0/24")

    check_equal((done.returncode, done.stdout), (2, b""), "refusal")
    check(b"8.8.8.0" in done.stderr, f"stderr: {done.stderr}")


main()
