# Config: every fault is one clear line and exit 2; nothing is ignored silently.
import json
import os
import re
import tempfile

from lanchat import Chat, check_chat_works, run
from runner import check, check_equal, main, test, within

# text of the file -> what the line must name, besides the file
FAULTS = {
    "no JSON": ("hello", ["1"]),
    "empty file": ("", []),
    "unclosed object": ('{\n  "ip": "127.0.0.1",\n', ["3"]),
    "trailing comma": ('{\n  "ip": "127.0.0.1",\n}', ["3"]),
    "missing comma": ('{\n  "min_port": 4565\n  "max_port": 4569\n}', ["3"]),
    "two objects": ("{} {}", ["1"]),
    "an array": ("[]", ["object"]),
    "a key given twice": ('{"name":"a",\n"name":"b"}', ["name"]),
    "a nested key given twice": ('{"log":{"level":"info","level":"debug"}}', ["log.level"]),
    "an unknown key": ('{"colour": 1}', ["colour"]),
    "a misspelt key": ('{"min_prot": 4565}', ["min_prot", "min_port"]),
    "a misspelt nested key": ('{"discovery": {"scan_rat": 1}}',
                              ["discovery.scan_rat", "scan_rate"]),
    "a key in the wrong place": ('{"scan_rate": 500}', ["scan_rate"]),
    "a text where a number belongs": ('{"min_port": "4565"}', ["min_port", "number"]),
    "a number where a text belongs": ('{"name": 7}', ["name"]),
    "a fraction": ('{"min_port": 4565.5}', ["min_port"]),
    "null": ('{"name": null}', ["name"]),
    "a boolean where an object belongs": ('{"log": true}', ["log"]),
    "an object where a text belongs": ('{"ip": {}}', ["ip"]),
    "port 0": ('{"min_port": 0}', ["min_port"]),
    "port 70000": ('{"max_port": 70000}', ["max_port"]),
    "a negative port": ('{"min_port": -1}', ["min_port"]),
    "a huge number": ('{"min_port": 1e400}', ["1"]),
    "ports the wrong way round": ('{"min_port": 5000, "max_port": 4999}', ["min_port", "max_port"]),
    "an address that is none": ('{"ip": "127.0.0.256"}', ["ip"]),
    "leading zeros": ('{"ip": "127.0.0.01"}', ["ip"]),
    "a CIDR that is none": ('{"cidr": "10.0.0.0/33"}', ["cidr"]),
    "one bad CIDR of a list": ('{"cidr": ["10.0.0.0/24", "oops"]}', ["cidr"]),
    "a number in the CIDR list": ('{"cidr": ["10.0.0.0/24", 7]}', ["cidr"]),
    "a public CIDR": ('{"cidr": "8.8.8.0/24"}', ["cidr", "8.8.8.0/24"]),
    "the whole internet": ('{"cidr": "0.0.0.0/0"}', ["cidr"]),
    "too many targets": ('{"cidr": "10.0.0.0/8"}', ["cidr"]),
    "too many targets by ports": ('{"cidr": "10.0.0.0/16", "max_port": 4600}', ["cidr"]),
    "a rate of zero": ('{"discovery": {"scan_rate": 0}}', ["discovery.scan_rate"]),
    "an unknown log level": ('{"log": {"level": "loud"}}', ["log.level"]),
    "an unknown mode": ('{"ui": {"mode": "fancy"}}', ["ui.mode"]),
    "a peer that is none": ('{"peers": ["nonsense"]}', ["peers"]),
    "peers as a text": ('{"peers": "10.0.0.1"}', ["peers"]),
    "a name of 65 bytes": (json.dumps({"name": "x" * 65}), ["name"]),
    "a name with invalid UTF-8": (b'{"name": "\xff"}', []),
    "over 64 KiB": ('{"name": "' + "x" * 70_000 + '"}', ["64"]),
    "an ip outside every CIDR": ('{"ip": "10.9.9.9", "cidr": "10.1.0.0/24"}', ["ip"]),
}


def _file(folder, text, name="lanchat.json"):
    path = os.path.join(folder, name)
    with open(path, "wb") as config:
        config.write(text if isinstance(text, bytes) else text.encode())
    return path


def _check_fault(name, done, path, words):
    text = done.stderr.decode()
    check_equal(done.returncode, 2, f"{name}: exit code (stderr: {text!r})")
    check_equal(done.stdout, b"", f"{name}: stdout")
    lines = [line for line in text.splitlines() if path in line]
    check_equal(len(lines), 1, f"{name}: lines that name the file in {text!r}")
    for word in words:
        check(word in lines[0].replace(path, "", 1), f"{name}: no {word!r} in {lines[0]!r}")
    check(len(text) < 1000 and "exception" not in text, f"{name}: not one clear line: {text!r}")


@test
def every_fault_of_a_file_is_one_clear_line_and_exit_2():
    with tempfile.TemporaryDirectory() as folder:
        for name, (text, words) in FAULTS.items():
            path = _file(folder, text)

            _check_fault(name, run("config", "check", path), path, words)


@test
def a_node_refuses_a_faulty_file_the_same_way():
    with tempfile.TemporaryDirectory() as folder:
        for name in ("no JSON", "a misspelt key", "port 70000", "a public CIDR",
                     "a key given twice", "ports the wrong way round"):
            text, words = FAULTS[name]
            path = _file(folder, text)

            _check_fault(name, run("-c", path), path, words)


@test
def several_faults_are_several_lines():
    with tempfile.TemporaryDirectory() as folder:
        path = _file(folder, '{"min_port": "x", "colour": 1, "log": {"level": "loud"}}')

        done = run("config", "check", path)

        lines = [line for line in done.stderr.decode().splitlines() if path in line]
        check_equal((done.returncode, len(lines)), (2, 3), f"faults ({done.stderr})")
        for key in ("min_port", "colour", "log.level"):
            check_equal(sum(key in line for line in lines), 1, f"lines about {key}")


@test
def a_syntax_error_is_named_with_line_and_column():
    with tempfile.TemporaryDirectory() as folder:
        path = _file(folder, '{\n  "min_port": 4565,\n  "max_port" 4569\n}')

        done = run("config", "check", path)

        check(re.search(re.escape(path) + r":3:\d+", done.stderr.decode()),
              f"no {path}:3:COLUMN in {done.stderr}")


@test
def a_file_that_is_not_there_or_not_readable_is_exit_2():
    with tempfile.TemporaryDirectory() as folder:
        for path in (os.path.join(folder, "nowhere.json"), folder):
            for arguments in (["-c", path], ["config", "check", path]):
                done = run(*arguments)

                check_equal(done.returncode, 2, f"exit code of {arguments}")
                check(path in done.stderr.decode(), f"stderr {done.stderr}")


BAD_FLAGS = [
    ["--cidr", "8.8.8.0/24"], ["--cidr", "0.0.0.0/0"], ["--cidr", "nonsense"],
    ["--cidr", "10.0.0.0/8"], ["--cidr", "127.0.0.1/32", "--cidr", "1.1.1.1/32"],
    ["--ports", "0-10"], ["--ports", "70000-70001"], ["--ports", "4569-4565"], ["--ports", "x"],
    ["--ports", "1-2-3"], ["--ports", ""], ["--ip", "300.0.0.1"],
    ["--ip", "10.3.2.1", "--cidr", "127.0.0.1/32"], ["--peer", "nonsense"],
    ["--peer", "127.0.0.1:0"], ["--peer", "127.0.0.1:99999"], ["--linger", "soon"],
    ["--linger", "-1"], ["--log-level", "loud"], ["--name", "a\tb"], ["--name", "x" * 65],
    ["--unknown"], ["--web"], ["--tui"], ["--metrics", "127.0.0.1"],
    ["--passphrase-file", "x"], ["nonsense"], ["--plain", "--json"], ["-P", ""], ["-P", "../x"],
]


@test
def bad_flags_are_exit_2_and_say_which():
    for flags in BAD_FLAGS:
        done = run(*flags)

        check_equal(done.returncode, 2, f"exit code of {flags} ({done.stderr})")
        check_equal(done.stdout, b"", f"stdout of {flags}")
        check(done.stderr.strip(), f"stderr of {flags} is empty")


@test
def bad_environment_is_exit_2_and_named():
    for variable, value in (("LANCHAT_MIN_PORT", "x"), ("LANCHAT_CIDR", "8.8.8.0/24"),
                            ("LANCHAT_LOG_LEVEL", "loud")):
        done = run(env={variable: value})

        check_equal(done.returncode, 2, f"exit code with {variable}={value} ({done.stderr})")
        check(variable in done.stderr.decode(), f"stderr {done.stderr}")


GOOD = """{
  // comments are welcome
  "ip": "127.0.0.1", "cidr": ["127.0.0.1/32", "10.1.2.0/30"], "min_port": 5001, "max_port": 5003,
  "name": "from file", "peers": ["10.1.2.3", "10.1.2.1:80"],
  "discovery": { "scan_rate": 100 }, "log": { "level": "warn" }
}"""


@test
def a_good_file_passes_and_print_says_where_each_value_came_from():
    with tempfile.TemporaryDirectory() as folder:
        path = _file(folder, GOOD)

        checked = run("config", "check", path)
        printed = run("-c", path, "--name", "from flag", "config", "print", "--origin",
                      env={"LANCHAT_MIN_PORT": "5002"})

        check_equal(checked.returncode, 0, f"check ({checked.stderr})")
        check_equal(printed.returncode, 0, f"print ({printed.stderr})")
        lines = printed.stdout.decode().splitlines()

        def line_of(key):
            found = [line for line in lines if re.search(rf"\b{re.escape(key)}\b", line)]
            check(found, f"no line about {key} in {lines}")
            return found[0]

        check("from flag" in line_of("name"), line_of("name"))
        check("5002" in line_of("min_port") and "LANCHAT_MIN_PORT" in line_of("min_port"),
              line_of("min_port"))
        check("5003" in line_of("max_port") and path in line_of("max_port"), line_of("max_port"))
        check("default" in line_of("rescan_s"), line_of("rescan_s"))


@test
def printed_config_is_a_config():
    with tempfile.TemporaryDirectory() as folder:
        path = _file(folder, GOOD)
        printed = run("-c", path, "config", "print")

        again = run("config", "check", _file(folder, printed.stdout, "again.json"))

        check_equal((printed.returncode, again.returncode), (0, 0), f"{again.stderr}")


@test
def init_writes_a_file_that_passes_and_overwrites_none():
    with tempfile.TemporaryDirectory() as home:
        first = run("config", "init", home=home)
        path = os.path.join(home, "config", "lanchat", "config.json")

        check_equal(first.returncode, 0, f"exit code ({first.stderr})")
        check(os.path.exists(path), f"no {path}")
        check_equal(run("config", "check", path).returncode, 0, "check of it")
        second = run("config", "init", home=home)
        check(second.returncode != 0, "a second init overwrites")


@test
def schema_is_json_and_knows_every_key_of_the_printed_config():
    schema = json.loads(run("config", "schema").stdout)
    printed = json.loads(run("config", "print").stdout)

    check_equal(schema["type"], "object", "type")
    check_equal(sorted(printed), sorted(set(printed) & set(schema["properties"])), "keys")


@test
def the_file_of_the_user_is_found_and_used():
    with Chat(ports=2) as chat:
        home = chat.home()
        os.makedirs(os.path.join(home, "config", "lanchat"))
        _file(os.path.join(home, "config", "lanchat"), json.dumps({"log": {"level": "debug"},
                                                                  "name": "configured"}),
              "config.json")

        printed = json.loads(run("config", "print", home=home).stdout)

        check_equal((printed["name"], printed["log"]["level"]), ("configured", "debug"), "values")


@test
def a_config_file_makes_a_chat():
    with Chat(ports=2) as chat, tempfile.TemporaryDirectory() as folder:
        path = _file(folder, json.dumps({"ip": chat.ip, "cidr": chat.cidr,
                                         "min_port": chat.first_port, "max_port": chat.last_port}))
        alice = chat.node("alice")
        bob = chat.node("bob", "-c", path)

        alice.wait_linked(1, within(5))
        bob.wait_linked(1, within(5))
        check_chat_works([alice, bob])


@test
def help_and_version_print_on_stdout_and_exit_0():
    for flags in (["--help"], ["-h"]):
        done = run(*flags)
        check_equal((done.returncode, done.stderr), (0, b""), f"{flags}")
        text = done.stdout.decode()
        for word in ("--cidr", "--ports", "--peer", "--json", "--linger", "lanchat"):
            check(word in text, f"no {word} in help")
        check(re.search(r"(?i)example", text), "no examples in help")
        check(max(map(len, text.splitlines())) <= 100, "lines too wide")
    for flags in (["--version"], ["-V"]):
        done = run(*flags)
        check_equal((done.returncode, done.stderr), (0, b""), f"{flags}")
        check(re.search(r"lanchat \d+\.\d+\.\d+", done.stdout.decode()), f"{done.stdout}")
        check(b"1.51" in done.stdout, f"no version of gRPC in {done.stdout}")


@test
def an_unknown_flag_names_the_nearest_known_one_or_points_to_help():
    done = run("--prots", "1-2")

    check_equal(done.returncode, 2, "exit code")
    check(b"--prots" in done.stderr and b"help" in done.stderr, f"stderr {done.stderr}")


main()
