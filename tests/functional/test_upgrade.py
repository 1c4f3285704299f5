# What a lanchat of version 1 of the wire has kept goes on in this one.
import gzip
import json
import os
import shutil

from lanchat import Chat, run
from runner import check, check_equal, eventually, main, test, within

_OLD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "store_v1")


def _home_of_anna(chat):
    """A home with the data directory that store_v1/make.sh has made."""
    home = chat.home()
    data = os.path.join(home, "data", "lanchat", "default")
    shutil.copytree(os.path.join(_OLD, "anna"), data)
    packed = os.path.join(data, "history.db.gz")
    with gzip.open(packed) as history, open(packed[:-3], "wb") as out:
        shutil.copyfileobj(history, out)
    os.remove(packed)
    for folder, _, names in os.walk(os.path.join(home, "data")):
        os.chmod(folder, 0o700)
        for name in names:
            os.chmod(os.path.join(folder, name), 0o600)
    return home


def _old(name):
    with open(os.path.join(_OLD, name), encoding="utf-8") as file:
        return file.read().splitlines()


def _ask(node, *arguments):
    done = run(*arguments, home=node.home)
    check_equal(done.returncode, 0, f"exit code of {arguments}: {done.stderr.decode()}")
    return done.stdout.decode()


def _history(node, *arguments):
    objects = [json.loads(line) for line in _ask(node, "history", "--json", *arguments).splitlines()]
    return [f"{line['id']} {line['text']}" for line in objects]


@test
def a_store_of_version_1_opens_with_every_line_and_what_was_known():
    with Chat(ports=1) as chat:
        home = _home_of_anna(chat)
        node = chat.node("anna", home=home)
        node.wait_ready()
        lines = _old("lines")
        check_equal(_history(node), lines, "the history")
        direct = [text.split(" ", 1)[1] for text in _history(node, "-t", "ben")]
        check_equal(sorted(direct), ["just us", "just us, too"], "what the two said to each other")
        check(_ask(node, "search", "once").endswith("said once\n"), "a word is found")

        said = _ask(node, "send", "-r", "dev", "--id", "job-7", "said once").strip()
        check_equal(_history(node), lines, "a line that was said with this id before")
        check(not said or said in lines[-1], "and it is that one")
        check_equal(_ask(node, "tail", "--json", "--since", *_old("cursor")), "",
                    "what comes after the cursor of then")
        _ask(node, "send", "today")
        after = _ask(node, "tail", "--json", "--since", *_old("cursor")).splitlines()
        check_equal([json.loads(line)["text"] for line in after], ["today"], "and today")
        node.stop()
        with open(os.path.join(home, "data", "lanchat", "default", "people"),
                  encoding="utf-8") as people:
            verified = [line for line in people if line.split()[-1:] == ["ben"]]
        check_equal(len(verified), 1, "people who are known")
        check(verified[0].split()[2] != "-", "ben is verified still")

        node = chat.node("anna", home=home)
        node.wait_ready()
        check_equal([line.split(" ", 1)[1] for line in _history(node)][-1], "today", "after a restart")
        check_equal(_history(node)[:-1], lines, "with all before it")


@test
def lines_of_version_1_reach_nodes_that_never_spoke_it():
    with Chat(ports=2) as chat:
        old = chat.node("anna", home=_home_of_anna(chat))
        old.wait_ready()
        new = chat.node("carl")
        chat.wait_mesh()
        _ask(old, "send", "today")
        wanted = _old("lines")
        eventually("the history of then and of now",
                   lambda: len(_history(new)) == len(wanted) + 1, within(20))
        check_equal(_history(new), _history(old), "the history")
        check_equal(_history(new)[:-1], wanted, "with the ids of then")


if __name__ == "__main__":
    main()
