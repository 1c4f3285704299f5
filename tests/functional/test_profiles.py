# Profiles: several nodes on one machine are a normal case, and none takes another's place.
import os
import signal
import stat

import h2
from lanchat import PROGRAM, Chat, Node, check_chat_works, environment, run
from network import SoloHost, need_namespaces
from runner import check, check_equal, main, never, test, within


def _bare(chat, home, host, *flags, mode="json", **options):
    """A node as a user starts it: no address, no ports."""
    node = Node(options.pop("name", "node"), [PROGRAM, *([f"--{mode}"] if mode else []), *flags],
                mode=mode or "plain", env=environment(home), namespace=host.namespace, **options)
    return chat.adopt(node)


@test
def three_times_lanchat_in_one_home_are_three_profiles_that_chat():
    need_namespaces()
    with SoloHost() as host, Chat() as chat:
        home = chat.home()
        nodes = [_bare(chat, home, host, "-n", f"n{i}", "--linger", "inf", name=f"n{i}")
                 for i in range(3)]
        chat.wait_mesh(nodes)

        check_equal(sorted(node.address for node in nodes),
                    [f"127.0.0.1:{port}" for port in (4565, 4566, 4567)], "default addresses")
        check_chat_works(nodes)
        told = [" ".join(node.err) for node in nodes]
        for profile in ("default-2", "default-3"):
            check_equal(sum(profile in text for text in told), 1, f"who says {profile}: {told}")
        profiles = sorted(os.listdir(os.path.join(home, "data", "lanchat")))
        check_equal(profiles, ["default", "default-2", "default-3"], "folders")


@test
def ten_nodes_started_together_in_one_home_share_no_profile():
    with Chat(ports=10) as chat:
        home = chat.home()

        nodes, _ = chat.together([f"n{i}" for i in range(10)], home=home)
        chat.wait_mesh(nodes, within(10))

        check_equal(len({node.id for node in nodes}), 10, "different ids")


@test
def a_chosen_profile_or_folder_in_use_is_exit_1_and_names_the_process():
    with Chat(ports=4) as chat:
        home = chat.home()
        folder = os.path.join(home, "my data")
        for flags in (["-P", "work"], ["-d", folder], ["--profile", "default"]):
            holder = chat.node("alice", *flags, home=home)
            holder.wait_ready()

            second = run("--json", "--ip", chat.ip, "--cidr", chat.cidr, "--ports", chat.range,
                         *flags, home=home)

            check_equal(second.returncode, 1, f"exit code with {flags} ({second.stderr})")
            check_equal(second.stdout, b"", "stdout")
            check(str(holder.pid) in second.stderr.decode(), f"no {holder.pid} in {second.stderr}")
            holder.stop()


@test
def a_killed_node_leaves_its_profile_free():
    with Chat(ports=4) as chat:
        home = chat.home()
        first = chat.node("alice", "-P", "work", home=home)
        first.wait_ready()
        first.kill()

        second = chat.node("alice", "-P", "work", home=home)

        second.wait_ready()


@test
def a_data_folder_is_private():
    with Chat(ports=2) as chat:
        node = chat.node("alice")
        node.wait_ready()
        top = os.path.join(node.home, "data", "lanchat")
        for folder, _, files in os.walk(top):
            check_equal(stat.S_IMODE(os.stat(folder).st_mode), 0o700, f"mode of {folder}")
            for name in files:
                mode = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
                check_equal(mode & 0o077, 0, f"mode of {name} for others")


@test
def a_data_folder_that_cannot_be_made_is_exit_1():
    with Chat(ports=2) as chat:
        home = chat.home()
        blocker = os.path.join(home, "file")
        with open(blocker, "w", encoding="ascii"):
            pass

        done = run("--plain", "--ip", chat.ip, "--cidr", chat.cidr, "-d", blocker + "/below",
                   home=home)

        check_equal(done.returncode, 1, f"exit code ({done.stderr})")
        check(blocker.encode() in done.stderr, f"stderr {done.stderr}")


@test
def remembered_peers_are_found_again_outside_the_scanned_range():
    with Chat(ports=1) as here, Chat(ports=1, ip=here.ip) as there:
        outside = there.node("outside")
        home = here.home()
        first = here.node("inside", "--peer", outside.address, home=home)
        first.wait_linked(1)
        first.stop()
        outside.wait_linked(0)

        second = here.node("inside", "--peer", outside.address, home=home)

        second.wait_linked(1, within(2))
        check_chat_works([second, outside])


@test
def a_name_defaults_to_the_user():
    with Chat(ports=2) as chat:
        node = Node("node", [PROGRAM, "--json", "--ip", chat.ip, "--cidr", chat.cidr, "--ports",
                             chat.range, "--linger", "inf"], mode="json",
                    env=environment(chat.home()))
        chat.adopt(node)

        name = node.wait_ready()["name"]

        check(name in ("tester", "root", os.environ.get("USER", "root")), f"name {name!r}")


@test
def with_linger_inf_a_node_stays_after_its_input_until_a_signal():
    for mode in ("plain", "json"):
        with Chat(ports=3) as chat:
            bob = chat.node("bob")
            stays = chat.node("stays", mode=mode, linger="inf")
            bob.wait_linked(1)
            stays.say("said")
            stays.end_input()
            bob.wait_text("said")

            never("an end", lambda: not stays.alive(), 6.0)
            bob.say("are you there?")
            if mode == "plain":
                stays.wait_line("bob: are you there?")
            else:
                stays.wait_text("are you there?")
            stays.signal(signal.SIGTERM)
            check_equal(stays.wait_exit(within(5)), 0, "exit code")


@test
def the_default_linger_time_is_5_s_at_most():
    with Chat(ports=3) as chat:
        bob = chat.node("bob")
        bob.wait_ready()
        alice = chat.node("alice", mode="plain", linger="5")
        bob.wait_linked(1)
        alice.write(b"last words\n")

        alice.end_input()

        # Everything is delivered, so nothing is left to wait for.
        check_equal(alice.wait_exit(within(3)), 0, "exit code")
        bob.wait_text("last words")


@test
def quiet_says_nothing_but_the_chat():
    with Chat(ports=3) as chat:
        quiet = chat.node("quiet", "-q", mode="plain")
        bob = chat.node("bob")
        bob.wait_linked(1)
        bob.say("hello")
        quiet.wait_line("bob: hello")
        bob.stop()

        never("a word on stderr", lambda: quiet.err, 0.5)
        check_equal(quiet.out, ["bob: hello"], "stdout")


@test
def logs_go_to_their_file_and_never_hold_what_was_said():
    with Chat(ports=3) as chat:
        log = os.path.join(chat.folder, "log")
        alice = chat.node("alice", "--log-file", log, "--log-level", "trace", mode="plain")
        bob = chat.node("bob")
        bob.wait_linked(1)
        bob.say("a secret of bob")
        alice.wait_line("bob: a secret of bob")
        alice.say("a secret of alice")
        bob.wait_text("a secret of alice")
        with h2.Stranger(bob.peers("up")[0]["address"], preface=False) as stranger:
            stranger.send(b"GET /a-secret-of-strangers HTTP/1.1\r\n\r\n")
            stranger.wait_closed(within(6))
        alice.stop()

        with open(log, encoding="utf-8") as file:
            text = file.read()
        check(text.strip(), "the log does not tell of the stranger")
        check("secret" not in text, "the log holds what was said")
        check(not any("trace" in line for line in alice.err), "log lines on stderr")


main()
