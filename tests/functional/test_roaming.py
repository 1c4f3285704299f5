# Addresses change, cables are pulled, networks come: the chat goes on where there is a way.
import json
import time

from lanchat import Chat, check_chat_works, run
from network import Lan, need_namespaces
from runner import check, check_equal, main, note, test, within

NAMES = ["alice", "bob", "carol"]
SOON_S = 1.0  # the network is back, and so is the chat
PING_S = 8.0  # after which a silent peer is lost


def _started(chat, lan, **options):
    nodes = [chat.node(name, ip="", namespace=host.namespace, **options)
             for name, host in zip(NAMES, lan.hosts)]
    chat.wait_mesh(nodes, within(10))
    return nodes


def _of_two_networks(chat, hosts):
    """The first two are in one, the third in the other."""
    nodes = [chat.node(name, ip="", cidr="auto", namespace=host.namespace)
             for name, host in zip(NAMES, hosts)]
    chat.wait_mesh(nodes[:2], within(10))
    return nodes


def _talk(nodes, word, seconds):
    """Each says a line, and hears those of the others; seconds until all have."""
    began = time.monotonic()
    for node in nodes:
        node.say(f"{word} of {node}")
    for node in nodes:
        for other in nodes:
            if other is not node:
                node.wait_text(f"{word} of {other}", within(seconds))
    return time.monotonic() - began


def _status(node):
    told = run("status", "--json", home=node.home)
    check_equal(told.returncode, 0, f"exit code: {told.stderr!r}")
    return json.loads(told.stdout)


def _change_address(host, to, prefix):
    """As a new lease does it: the old address goes, then the new one comes."""
    host.run("ip", "address", "del", f"{host.ip}/{prefix}", "dev", "eth0")
    host.configure(to, prefix)


@test
def an_address_that_changes_ends_no_session():
    need_namespaces()
    with Lan(3) as lan, Chat(ports=4, cidr=lan.cidr) as chat:
        nodes = _started(chat, lan)
        took = []
        for number in (101, 102, 103):
            _change_address(lan.hosts[0], f"10.77.0.{number}", lan.prefix)
            took.append(_talk(nodes, f"at {number}", 4))
            for node in nodes:
                check_equal(node.peers("down"), [], f"who went, at {node}")
        note(f"all was heard {', '.join(f'{t:.2f}' for t in took)} s after the change")
        check(max(took) <= within(2 * SOON_S), "the chat stood still for long")

        here = _status(nodes[0])["address"]
        check(here.startswith("10.77.0.103:"), f"its own address: {here}")
        bob = nodes[1].wait("to see it move", lambda: nodes[1].of_type("moved"), within(5))
        check_equal(bob[-1]["peer"]["name"], "alice", "who moved")
        dave = chat.node("dave", ip=lan.hosts[1].ip, namespace=lan.hosts[1].namespace)
        dave.wait_linked(3, within(10))
        check(here in dave.linked(), "a newcomer does not find it where it is now")


@test
def a_cable_that_is_out_for_a_moment_ends_no_session():
    need_namespaces()
    with Lan(3) as lan, Chat(ports=4, cidr=lan.cidr) as chat:
        nodes = _started(chat, lan)
        took = []
        for pause in (0.5, 3):
            lan.pull(lan.hosts[0])
            time.sleep(pause)
            lan.put_back(lan.hosts[0])
            took.append(_talk(nodes, f"after {pause} s", 4))
            for node in nodes:
                check_equal(node.peers("down"), [], f"who went, at {node}")
        note(f"all was heard {', '.join(f'{t:.2f}' for t in took)} s after it was back")
        check(max(took) <= within(2 * SOON_S), "the chat stood still for long")


@test
def a_cable_that_is_out_for_long_is_noticed_and_what_was_said_comes_when_it_is_back():
    need_namespaces()
    with Lan(3) as lan, Chat(ports=4, cidr=lan.cidr) as chat:
        nodes = _started(chat, lan)
        lan.pull(lan.hosts[0])
        nodes[0].wait("to tell it", lambda: any("is down: nobody can reach" in line
                                                for line in nodes[0].err), within(5))
        check("is down" in _status(nodes[0])["warnings"][0], "status says nothing of it")
        for node in nodes[1:]:
            node.wait_down("alice", within(PING_S + 4))
        nodes[0].say("said alone")
        lan.put_back(lan.hosts[0])
        began = time.monotonic()
        for node in nodes[1:]:
            node.wait_text("said alone", within(5))
        note(f"heard {time.monotonic() - began:.2f} s after it was back")
        check_equal(_status(nodes[0])["warnings"], [], "warnings once it is back")
        check_chat_works(nodes)


@test
def a_second_network_that_is_plugged_in_is_used_too():
    need_namespaces()
    with Lan(2) as lan, Lan(1, first="10.88.0.0") as other, Chat(ports=4) as chat:
        both, near, far = lan.hosts[0], lan.hosts[1], other.hosts[0]
        nodes = _of_two_networks(chat, [both, near, far])
        other.plug(both, "eth1")
        both.configure("10.88.0.9", other.prefix, "eth1")
        nodes[0].wait_linked(2, within(10))
        _talk([nodes[0], nodes[2]], "over the second", 4)
        nodes[1].say("through the one in both")
        nodes[2].wait_text("through the one in both", within(10))
        for node in nodes:
            check_equal(node.peers("down"), [], f"who went, at {node}")


@test
def a_card_that_is_taken_out_and_put_in_again_is_used_again():
    need_namespaces()
    with Lan(2) as lan, Chat(ports=4, cidr=lan.cidr) as chat:
        nodes = _started(chat, lan)
        host = lan.hosts[0]
        host.run("ip", "link", "del", "eth0")
        nodes[0].wait("to tell it", lambda: any("no interface has" in line
                                                for line in nodes[0].err), within(5))
        lan.plug(host, "eth0")
        host.configure(host.ip, lan.prefix)
        _talk(nodes, "with a new card", 6)
        for node in nodes:
            check_equal(node.peers("down"), [], f"who went, at {node}")


@test
def another_network_is_another_place():
    need_namespaces()
    with Lan(2) as lan, Lan(1, first="10.88.0.0") as other, Chat(ports=4) as chat:
        traveller, near, far = lan.hosts[0], lan.hosts[1], other.hosts[0]
        nodes = _of_two_networks(chat, [traveller, near, far])
        nodes[1].say("to take along")
        nodes[0].wait_text("to take along", within(5))
        traveller.run("ip", "link", "del", "eth0")
        other.plug(traveller, "eth0")
        traveller.configure("10.88.0.7", other.prefix)
        nodes[2].wait_text("to take along", within(10))
        nodes[1].wait_down("alice", within(PING_S + 4))
        _talk([nodes[0], nodes[2]], "there", 4)


main()
