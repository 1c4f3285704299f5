# The examples do what they say.
import glob
import os
import re
import subprocess

from lanchat import ECHO_BOT, SANITIZED, SOURCE, Chat, environment, run
from process import Process
from runner import Skip, check, check_equal, main, never, note, test, within

SHORT_LIVED = os.path.join(os.path.dirname(ECHO_BOT), "short_lived")
EXAMPLES = os.path.join(SOURCE, "examples")
ROWS_MIN = 10


def _echo_bot(chat, name):
    if not os.access(ECHO_BOT, os.X_OK):
        raise Skip("echo_bot is not built")
    return chat.adopt(Process([ECHO_BOT, chat.range, name], env=environment(chat.home())))


@test
def the_echo_bot_answers_each_line():
    with Chat(ports=4, ip="127.0.0.1") as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        bot = _echo_bot(chat, "parrot")
        for node in (alice, bob):
            node.wait_linked(2)

        alice.say("polly")
        bob.say("want a cracker?")
        alice.say("in ops", room="ops")

        answers = ["echo: polly", "echo: want a cracker?", "echo: in ops"]
        for node in (alice, bob):
            check_equal(sorted(node.wait_heard(3, author="parrot")), sorted(answers),
                        f"answers at {node}")
            check_equal(node.wait_text("echo: in ops").room, "ops", "room of the answer")
        bot.stop()
        for node in (alice, bob):
            node.wait_linked(1, within(1))


@test
def two_echo_bots_do_not_talk_for_ever():
    with Chat(ports=4, ip="127.0.0.1") as chat:
        alice = chat.node("alice")
        _echo_bot(chat, "one")
        _echo_bot(chat, "two")
        alice.wait_linked(2)

        alice.say("hello")

        alice.wait_heard(2)
        never("a third answer", lambda: len(alice.heard()) > 2, 0.5)


@test
def nodes_come_and_go_while_their_program_runs_on():
    if not os.access(SHORT_LIVED, os.X_OK):
        raise Skip("short_lived is not built")
    with Chat(ports=4, ip="127.0.0.1") as chat:
        done = subprocess.run([SHORT_LIVED, chat.range, "6"], env=environment(chat.home()),
                              capture_output=True, text=True, timeout=within(60), check=False)
        check_equal(done.returncode, 0, f"exit code: {done.stderr}")
        check(done.stdout.endswith("6 guests were heard\n"), f"what it says: {done.stdout!r}")


@test
def every_example_config_passes_the_check():
    configs = glob.glob(os.path.join(EXAMPLES, "*.json"))
    names = sorted(map(os.path.basename, configs))
    check({"localhost.json", "office-lan.json"} <= set(names), f"example configs {names}")
    for path in configs:
        done = run("config", "check", path)

        check_equal((done.returncode, done.stderr), (0, b""), f"config check {path}")


@test
def localhost_json_starts_a_node_that_chats():
    with Chat(ports=5, ip="127.0.0.1") as chat:
        path = os.path.join(EXAMPLES, "localhost.json")
        alice, bob = chat.node("alice", "-c", path), chat.node("bob", "-c", path)
        chat.wait_mesh([alice, bob])

        alice.say("hello")

        bob.wait_text("hello")


@test
def office_lan_json_holds_two_networks():
    printed = run("-c", os.path.join(EXAMPLES, "office-lan.json"), "config", "print")

    check_equal(printed.returncode, 0, "exit code")
    check(len(re.findall(rb"\d+\.\d+\.\d+\.\d+/\d+", printed.stdout)) >= 2, "two CIDRs")


def _demo(*flags):
    if SANITIZED:
        raise Skip("the demo builds and runs the release; the release run tests it")
    with Chat(ports=1) as chat:
        home = chat.home()
        env = environment(home)
        return subprocess.run([os.path.join(EXAMPLES, "demo.sh"), "--no-install", *flags],
                              env=env, capture_output=True, text=True, timeout=580,
                              stdin=subprocess.DEVNULL, check=False)


def _descendants_of_demo():
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as cmdline:
                if b"lanchat-demo." in cmdline.read():
                    found.append(path)
        except OSError:
            continue
    return found


@test
def the_demo_passes_and_leaves_nothing_running():
    done = _demo()

    rows = [line for line in done.stdout.splitlines() if line.startswith(("PASS ", "FAIL "))]
    check_equal(done.returncode, 0, f"exit code\n{done.stdout}\n{done.stderr}")
    check(len(rows) >= ROWS_MIN, f"only {len(rows)} rows in the table")
    check(all(row.startswith("PASS ") for row in rows), f"rows {rows}")
    check("\x1b" not in done.stdout, "colours in a pipe")
    check_equal(_descendants_of_demo(), [], "processes left")
    note(f"{len(rows)} rows passed")


@test
def the_demo_with_keep_leaves_nodes_that_a_guest_can_join():
    done = _demo("--keep")
    check_equal(done.returncode, 0, f"exit code\n{done.stdout}\n{done.stderr}")
    stop = re.search(r"^ *(kill [\d ]+)", done.stdout, re.M)
    folder = re.search(r"rm -rf (\S+)", done.stdout)
    ports = re.search(r"--ports (\d+)-(\d+)", done.stdout)
    check(stop and folder and ports, f"no word on how to join and stop in\n{done.stdout}")
    try:
        first, last = map(int, ports.groups())
        with Chat(ports=last - first + 1, ip="127.0.0.1", first_port=first) as chat:
            guest = chat.node("guest")
            guest.wait_linked(4, within(3))
    finally:
        subprocess.run(["bash", "-c", f"{stop.group(1)}; rm -rf {folder.group(1)}"], check=False)


main()
