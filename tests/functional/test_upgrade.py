# What a lanchat of an older version of the wire has kept goes on in this one.
import gzip
import json
import os
import shutil

from lanchat import Chat, run
from runner import check, check_equal, eventually, main, test, within

# Data directories that make_store.sh has made.
_HERE = os.path.dirname(os.path.abspath(__file__))
_STORES = [os.path.join(_HERE, name) for name in ("store_v1", "store_v2")]


def _home_of_anna(chat, store):
    """A home with that data directory."""
    home = chat.home()
    data = os.path.join(home, "data", "lanchat", "default")
    shutil.copytree(os.path.join(store, "anna"), data)
    packed = os.path.join(data, "history.db.gz")
    with gzip.open(packed) as history, open(packed[:-3], "wb") as out:
        shutil.copyfileobj(history, out)
    os.remove(packed)
    for folder, _, names in os.walk(os.path.join(home, "data")):
        os.chmod(folder, 0o700)
        for name in names:
            os.chmod(os.path.join(folder, name), 0o600)
    return home


def _old(store, name):
    with open(os.path.join(store, name), encoding="utf-8") as file:
        return file.read().splitlines()


def _ask(node, *arguments):
    done = run(*arguments, home=node.home)
    check_equal(done.returncode, 0, f"exit code of {arguments}: {done.stderr.decode()}")
    return done.stdout.decode()


def _history(node, *arguments):
    objects = [json.loads(line) for line in _ask(node, "history", "--json", *arguments).splitlines()]
    return [f"{line['id']} {line['text']}" for line in objects]


@test
def an_old_store_opens_with_every_line_and_what_was_known():
    for store in _STORES:
        _opens_with_all(store)


def _opens_with_all(store):
    with Chat(ports=1) as chat:
        home = _home_of_anna(chat, store)
        node = chat.node("anna", home=home)
        node.wait_ready()
        lines = _old(store, "lines")
        check_equal(_history(node), lines, "the history")
        direct = [text.split(" ", 1)[1] for text in _history(node, "-t", "ben")]
        check_equal(sorted(direct), ["just us", "just us, too"], "what the two said to each other")
        check(_ask(node, "search", "once").endswith("said once\n"), "a word is found")

        said = _ask(node, "send", "-r", "dev", "--id", "job-7", "said once").strip()
        check_equal(_history(node), lines, "a line that was said with this id before")
        check(not said or said in lines[-1], "and it is that one")
        check_equal(_ask(node, "tail", "--json", "--since", *_old(store, "cursor")), "",
                    "what comes after the cursor of then")
        _ask(node, "send", "today")
        after = _ask(node, "tail", "--json", "--since", *_old(store, "cursor")).splitlines()
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
def old_lines_reach_nodes_that_never_spoke_their_version():
    for store in _STORES:
        _reach_others(store)


def _reach_others(store):
    with Chat(ports=2) as chat:
        old = chat.node("anna", home=_home_of_anna(chat, store))
        old.wait_ready()
        new = chat.node("carl")
        chat.wait_mesh()
        _ask(old, "send", "today")
        wanted = _old(store, "lines")
        eventually("the history of then and of now",
                   lambda: len(_history(new)) == len(wanted) + 1, within(20))
        check_equal(_history(new), _history(old), "the history")
        check_equal(_history(new)[:-1], wanted, "with the ids of then")


if __name__ == "__main__":
    main()
