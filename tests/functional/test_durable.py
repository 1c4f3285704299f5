# What is said to be done is on the disk, and what cannot be proven is said to be unknown.
import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import stat
import subprocess
import threading

from lanchat import PROGRAM, Chat, environment, run
from network import mounted
from runner import check, check_equal, eventually, main, test, within


def _data(home):
    return os.path.join(home, "data", "lanchat", "default")


def _ask(node, *arguments, **options):
    done = run(*arguments, home=node.home, **options)
    check_equal(done.returncode, 0, f"exit code of {arguments}: {done.stderr.decode()}")
    return done.stdout.decode()


def _refused(node, *arguments, code=1):
    done = run(*arguments, home=node.home)
    check_equal(done.returncode, code, f"exit code of {arguments}: {done.stderr.decode()}")
    check_equal(done.stdout, b"", f"output of {arguments}")
    return done.stderr.decode()


def _objects(text):
    return [json.loads(line) for line in text.splitlines()]


def _tail(node, *arguments):
    return [(o["text"], o["cursor"]) for o in _objects(_ask(node, "tail", "--json", *arguments))]


def _texts(node, *arguments):
    return [text for text, _ in _tail(node, *arguments)]


def _bounded(node, size, *arguments):
    """A command that may make no file larger than that."""
    return subprocess.run([PROGRAM, *arguments], env=environment(node.home), capture_output=True,
                          timeout=within(20), check=False, preexec_fn=lambda: resource.setrlimit(
                              resource.RLIMIT_FSIZE, (size, size)))


def _read(path):
    with open(path, "rb") as file:
        return file.read()


# --- cursors -------------------------------------------------------------------------------------


@test
def a_cursor_of_a_directory_that_was_put_back_is_unknown_and_says_what_to_do():
    with Chat(ports=1) as chat:
        node = chat.node("alice")
        node.wait_ready()
        for text in ("one", "two"):
            _ask(node, "send", text)
        before = _tail(node)
        node.stop()
        backup = chat.home()
        shutil.copytree(node.home, backup, dirs_exist_ok=True)
        node = chat.node("alice", home=node.home)
        node.wait_ready()
        for text in ("three", "four"):
            _ask(node, "send", text)
        later = _tail(node)
        node.stop()
        shutil.rmtree(node.home)
        shutil.copytree(backup, node.home)

        node = chat.node("alice", home=node.home)
        node.wait_ready()
        unknown = [cursor for text, cursor in later if text in ("three", "four")]
        for count in (0, 1, 2, 3):  # fewer new lines than were lost, as many, and more
            if count > 0:
                _ask(node, "send", f"new {count}")
            for cursor in unknown:
                for more in ((), ("-f",), ("-n", "1")):
                    said = _refused(node, "tail", "--since", cursor, *more)
                    check("tail -n" in said, f"what to do: {said!r}")
            check_equal(_texts(node, "--since", before[-1][1]),
                        [f"new {n}" for n in range(1, count + 1)], "after the newest of the copy")
        check_equal(_texts(node, "--since", before[0][1]), ["two", "new 1", "new 2", "new 3"],
                    "after a place that both have")


@test
def two_copies_of_one_directory_know_their_own_places_and_those_from_before():
    with Chat(ports=4) as chat:
        node = chat.node("alice")
        node.wait_ready()
        _ask(node, "send", "common")
        common = _tail(node)[-1][1]
        node.stop()
        home = chat.home()
        shutil.copytree(node.home, home, dirs_exist_ok=True)
        # Neither hears of the other: what each says differs.
        one = chat.node("one", home=node.home, cidr="127.255.255.1/32", ip="127.255.255.1")
        other = chat.node("other", home=home, cidr="127.255.255.2/32", ip="127.255.255.2")
        places = {}
        for each in (one, other):
            each.wait_ready()
            _ask(each, "send", f"of {each}")
            places[str(each)] = _tail(each)[-1][1]
        for each in (one, other):
            check_equal(_texts(each, "--since", common), [f"of {each}"], f"{each} from before")
            check_equal(_texts(each, "--since", places[str(each)]), [], f"{each} from its own")
        _refused(one, "tail", "--since", places["other"])
        _refused(other, "tail", "--since", places["one"])


@test
def a_cursor_stays_good_over_starts_without_lines_and_after_a_kill():
    with Chat(ports=1) as chat:
        node = chat.node("alice")
        node.wait_ready()
        _ask(node, "send", "one")
        cursors = [_tail(node)[-1][1]]
        for _ in range(3):
            node.kill()
            node.wait_exit(within(5))
            node = chat.node("alice", home=node.home)
            cursors.append(node.wait_ready()["cursor"])
        _ask(node, "send", "two")
        for cursor in cursors:
            check_equal(_texts(node, "--since", cursor), ["two"], f"since {cursor}")


# --- decisions -----------------------------------------------------------------------------------


@contextlib.contextmanager
def _two_on_a_small_disk(stack):
    chat = stack.enter_context(Chat(ports=3))
    home = chat.home()
    data = os.path.join(home, "data")
    os.makedirs(data)
    stack.enter_context(mounted(data, "size=6m"))
    alice = chat.node("alice", home=home)
    bob = chat.node("bob")
    chat.wait_mesh([alice, bob])
    yield chat, alice, bob, os.path.join(data, "ballast")


def _fill(ballast):
    with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def _trust_of_bob(node):
    found = [o["peer"]["trust"] for o in _objects(_ask(node, "peers", "--json"))
             if o["peer"]["name"] == "bob"]
    return found[0] if found else None


@test
def a_decision_that_cannot_be_kept_is_no_success_and_one_that_is_survives():
    with contextlib.ExitStack() as stack:
        chat, alice, bob, ballast = stack.enter_context(_two_on_a_small_disk(stack))
        identity = bob.id
        _fill(ballast)

        said = _refused(alice, "verify", "bob", "--id", identity)
        check("not verified" in said and "No space left" in said, f"what it says: {said!r}")
        check_equal(_trust_of_bob(alice), "unverified", "trust after a verification that failed")
        said = _refused(alice, "block", "bob")
        check("until this node ends" in said, f"what it says: {said!r}")
        check_equal(_trust_of_bob(alice), "blocked", "trust after a block that failed")

        os.remove(ballast)
        _ask(alice, "block", "bob")
        _fill(ballast)
        check("still blocked" in _refused(alice, "unblock", "bob"), "unblocked without a word")
        check_equal(_trust_of_bob(alice), "blocked", "trust after an unblock that failed")
        os.remove(ballast)
        alice.kill()
        alice.wait_exit(within(5))
        alice = chat.node("alice", home=alice.home)
        alice.wait_ready()
        check_equal(_trust_of_bob(alice), "blocked", "trust after a restart")
        _ask(alice, "unblock", "bob")
        chat.wait_mesh([alice, bob])
        _ask(alice, "verify", "bob", "--id", identity)
        alice.kill()
        alice.wait_exit(within(5))
        alice = chat.node("alice", home=alice.home)
        chat.wait_mesh([alice, bob])
        check_equal(_trust_of_bob(alice), "verified", "trust after another restart")


@test
def what_could_not_be_kept_is_kept_once_there_is_room_or_at_the_end():
    with contextlib.ExitStack() as stack:
        chat, alice, bob, ballast = stack.enter_context(_two_on_a_small_disk(stack))
        _fill(ballast)
        _refused(alice, "block", "bob")
        os.remove(ballast)
        alice.stop()
        alice = chat.node("alice", home=alice.home)
        alice.wait_ready()
        check_equal(_trust_of_bob(alice), "blocked", "trust after a restart")
        check_equal(bob.alive(), True, "bob lives")


# --- files ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def _with_lines(count=40):
    with Chat(ports=1) as chat:
        node = chat.node("alice")
        node.wait_ready()
        lines = "".join(f"line {n} {'x' * 400}\n" for n in range(count))
        _ask(node, "send", "-", stdin=lines.encode())
        yield node, os.path.join(node.home, "copy")


@test
def an_export_that_fails_leaves_the_good_copy_of_before():
    with _with_lines() as (node, copy):
        for form in ("jsonl", "md"):
            _ask(node, "export", "--format", form, "-o", copy)
            good = _read(copy)
            check(len(good) > 16_384, f"{len(good)} bytes exported")
            beside = sorted(os.listdir(node.home))

            failed = _bounded(node, 8192, "export", "--format", form, "-o", copy)

            check_equal(failed.returncode, 1, f"exit code: {failed.stderr!r}")
            check(b"File too large" in failed.stderr, f"what it says: {failed.stderr!r}")
            check_equal(_read(copy), good, "the copy of before")
            check_equal(sorted(os.listdir(node.home)), beside, "what lies beside it")


@test
def an_export_that_is_killed_leaves_the_good_copy_of_before():
    with _with_lines() as (node, copy):
        _ask(node, "export", "-o", copy)
        good = _read(copy)
        # The node is held, so that the command is killed in the midst of it.
        node.freeze()
        try:
            for _ in range(3):
                half = subprocess.Popen([PROGRAM, "export", "-o", copy],
                                        env=environment(node.home), stderr=subprocess.DEVNULL)
                eventually("a draft beside the copy", lambda: any(
                    name.startswith(".lanchat-") for name in os.listdir(node.home)), within(10))
                check_equal(_read(copy), good, "the copy while it is written anew")
                half.kill()
                half.wait()
        finally:
            node.thaw()
        check_equal(_read(copy), good, "the copy of before")
        _ask(node, "export", "-o", copy)
        check_equal(_read(copy), good, "the next copy")


@test
def an_export_keeps_links_and_permissions_and_goes_through_pipes():
    with _with_lines() as (node, copy):
        _ask(node, "export", "-o", copy)
        good = _read(copy)
        check_equal(stat.S_IMODE(os.stat(copy).st_mode), 0o600, "mode of a new copy")
        os.chmod(copy, 0o640)
        link = os.path.join(node.home, "link")
        os.symlink("copy", link)
        _ask(node, "export", "-o", link)
        check(os.path.islink(link), "the link was replaced")
        check_equal(stat.S_IMODE(os.stat(copy).st_mode), 0o640, "mode of the copy")
        check_equal(_read(copy), good, "the copy")

        pipe = os.path.join(node.home, "pipe")
        os.mkfifo(pipe)
        heard = []
        reader = threading.Thread(target=lambda: heard.append(_read(pipe)))
        reader.start()
        _ask(node, "export", "-o", pipe)
        reader.join(within(10))
        check_equal(heard, [good], "what came through the pipe")
        check(stat.S_ISFIFO(os.stat(pipe).st_mode), "the pipe was replaced")
        check_equal(_ask(node, "export", "-o", "/dev/stdout").encode(), good, "/dev/stdout")
        with open(copy, "ab") as file:
            file.write(b"before\n")
            file.flush()
            subprocess.run([PROGRAM, "export", "-o", "/dev/stdout"], env=environment(node.home),
                           stdout=file, check=True)
            file.write(b"after\n")
        check_equal(_read(copy), good + b"before\n" + good + b"after\n", "what was appended to")


@test
def an_export_to_no_place_says_so():
    with _with_lines(1) as (node, _):
        for place, why in (("none/copy", "No such file"), ("", "Is a directory")):
            said = _refused(node, "export", "-o", os.path.join(node.home, place))
            check(why in said, f"what it says of {place!r}: {said!r}")


@test
def a_key_or_a_configuration_is_written_whole_or_not_at_all():
    with _with_lines(1) as (node, copy):
        for command in (("identity", "export", copy), ("config", "init", "-c", copy),
                        ("invite", copy)):
            failed = _bounded(node, 0, *command)
            check_equal(failed.returncode, 1, f"exit code of {command}: {failed.stderr!r}")
            check(not os.path.exists(copy), f"half a file of {command}")
            made = _bounded(node, 65_536, *command)
            check_equal(made.returncode, 0, f"exit code of {command}: {made.stderr!r}")
            check_equal(stat.S_IMODE(os.stat(copy).st_mode), 0o600, f"mode of {command}")
            good = _read(copy)
            check_equal(_bounded(node, 65_536, *command).returncode, 1, f"{command} again")
            check_equal(_read(copy), good, f"the file of {command} afterwards")
            os.remove(copy)
        check_equal([n for n in os.listdir(node.home) if n.startswith(".lanchat-")], [], "drafts")


@test
def what_cannot_be_imported_is_no_success():
    with _with_lines(1) as (node, copy):
        _ask(node, "export", "-o", copy)
        for content, why in ((None, "Is a directory"), (b"", "is empty")):
            place = os.path.join(node.home, "place")
            if content is None:
                os.mkdir(place)
            else:
                with open(place, "wb") as file:
                    file.write(content)
            check(why in _refused(node, "import", place), f"what it says of {why!r}")
            os.rmdir(place) if content is None else os.remove(place)
        check("No such file" in _refused(node, "import", copy + ".none"), "a missing file")
        pipe = os.path.join(node.home, "pipe")
        os.mkfifo(pipe)
        writer = threading.Thread(target=lambda: open(pipe, "wb").write(_read(copy)))
        writer.start()
        check_equal(_ask(node, "import", pipe), "0 new lines\n", "through a pipe")
        writer.join(within(10))


# --- what was damaged, or taken away -------------------------------------------------------------


@test
def an_emptied_book_of_people_is_told_and_kept_aside():
    with Chat(ports=1) as chat:
        node = chat.node("alice")
        node.wait_ready()
        node.stop()
        people = os.path.join(_data(node.home), "people")
        for content in (b"", b"\n", b"lanchat people 1\n"):
            with open(people, "wb") as file:
                file.write(content)
            node = chat.node("alice", home=node.home)
            node.wait("to tell of it", lambda: any(
                "who was verified or blocked is forgotten" in line for line in node.err), within(5))
            node.stop()
        aside = [_read(f"{people}.broken-{n}") for n in (1, 2, 3)]
        check_equal(aside, [b"", b"\n", b"lanchat people 1\n"], "what was kept aside")


@test
def an_emptied_note_of_the_network_is_not_taken_for_an_open_one():
    with Chat(ports=1) as chat:
        node = chat.node("alice")
        node.wait_ready()
        node.stop()
        with open(os.path.join(_data(node.home), "network"), "wb"):
            pass
        refused = run("--json", "--ip", chat.ip, "--cidr", chat.cidr, home=node.home)
        check_equal(refused.returncode, 2, "exit code")
        check(b"-P" in refused.stderr, f"what to do: {refused.stderr!r}")


@test
def a_file_that_may_not_grow_ends_no_node():
    with Chat(ports=1) as chat:
        node = chat.node("alice")
        node.wait_ready()
        node.stop()
        node = chat.node("alice", home=node.home, file_bytes_max=65_536)
        node.wait_ready()
        for n in range(100):  # what comes after the disk has refused is refused
            node.say(f"{n} {'x' * 900}")
            if any("cannot be stored" in line for line in node.err):
                break
        node.wait("to tell of it", lambda: any("cannot be stored" in line for line in node.err),
                  within(20))
        node.say("one more")
        node.wait_event("a refusal", lambda e: e["type"] == "error" and
                        "cannot be stored" in e["message"], within(20))
        check(node.alive(), "it ended")


@test
def a_socket_that_was_removed_is_made_again_and_who_is_connected_stays():
    with Chat(ports=1) as chat:
        node = chat.node("alice")
        node.wait_ready()
        path = os.path.join(_data(node.home), "lanchat.sock")
        _ask(node, "send", "one")
        with subprocess.Popen([PROGRAM, "tail", "-f", "-n", "1"], env=environment(node.home),
                              stdout=subprocess.PIPE) as tail:
            # It is connected once it tells what came last.
            check_equal(tail.stdout.readline(), b"alice: one\n", "before")
            for round_ in range(2):
                os.remove(path)
                eventually("another socket", lambda: os.path.exists(path), within(10))
                eventually("an answer", lambda: run("status", home=node.home).returncode == 0,
                           within(10))
                check_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of the socket")
                _ask(node, "send", f"two {round_}")
                check_equal(tail.stdout.readline(), f"alice: two {round_}\n".encode(), "after")
            tail.send_signal(signal.SIGTERM)
        check(any("made again" in line for line in node.err), "nothing is said of it")


@test
def a_socket_that_somebody_else_serves_is_left_alone():
    with Chat(ports=1) as chat:
        node = chat.node("alice")
        node.wait_ready()
        path = os.path.join(_data(node.home), "lanchat.sock")
        os.remove(path)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            other.listen(64)
            node.wait("to tell of it", lambda: any("another node serves" in line
                                                   for line in node.err), within(10))
            number = os.stat(path).st_ino
            node.stop()
            check_equal(os.stat(path).st_ino, number, "the socket of another")


main()
