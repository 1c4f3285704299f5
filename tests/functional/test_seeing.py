# What a node tells of itself: the doctor, and the figures for Prometheus.
import json
import re
import socket
import time
import urllib.error
import urllib.request

from isolation import free_ports
from lanchat import Chat, run
from network import Lan, need_namespaces
from runner import check, check_equal, main, test, within

SAMPLE = re.compile(r'(lanchat_[a-z_]+)(\{[a-z_]+="[^"]*"\})? (-?[0-9.e+-]+)$')


def _doctor(node, host=None):
    told = run("doctor", "--json", home=node.home, namespace=host and host.namespace)
    findings = [json.loads(line) for line in told.stdout.splitlines()]
    failed = any(finding["result"] == "fail" for finding in findings)
    check_equal(told.returncode, 1 if failed else 0, "exit code")
    for finding in findings:
        check_equal(bool(finding["do"]), finding["result"] != "ok", f"a remedy: {finding}")
    return findings


def _troubles(node, host=None):
    return {f["check"]: f for f in _doctor(node, host) if f["result"] != "ok"}


def _pair(chat, lan):
    nodes = [chat.node(name, ip="", cidr="auto", namespace=host.namespace)
             for name, host in zip(("anna", "bob"), lan.hosts)]
    chat.wait_mesh(nodes, within(10))
    return nodes


@test
def of_two_that_are_well_nothing_is_wrong():
    need_namespaces()
    with Lan(2) as lan, Chat(ports=2) as chat:
        for node, host in zip(_pair(chat, lan), lan.hosts):
            node.wait("to hear a call", lambda node=node, host=host:
                      "beacon" not in _troubles(node, host), within(5))
            troubles = _troubles(node, host)
            check(set(troubles) <= {"inbound"}, f"troubles: {troubles}")


@test
def a_cable_that_is_out_is_named_first():
    need_namespaces()
    with Lan(2) as lan, Chat(ports=2) as chat:
        anna, _ = _pair(chat, lan)
        lan.pull(lan.hosts[0])
        anna.wait("to notice", lambda: "address" in _troubles(anna, lan.hosts[0]), within(5))
        troubles = _troubles(anna, lan.hosts[0])
        check("cable" in troubles["network"]["do"], f"what to do: {troubles['network']}")
        lan.put_back(lan.hosts[0])


@test
def multicast_that_is_kept_back_is_named():
    need_namespaces()
    with Lan(2) as lan, Chat(ports=2) as chat:
        for host in lan.hosts:
            host.keep_multicast_back()
        anna, _ = _pair(chat, lan)
        trouble = _troubles(anna, lan.hosts[0])["beacon"]
        check_equal(trouble["result"], "fail", "how bad")
        check("multicast" in trouble["cause"] and "4565" in trouble["do"], f"what it says: {trouble}")


@test
def a_firewall_on_this_machine_is_suspected():
    need_namespaces()
    with Lan(2) as lan, Chat(ports=2) as chat:
        lan.hosts[0].nft("""table inet wall {
            chain in { type filter hook input priority 0;
                       iifname "eth0" tcp flags & (syn | ack) == syn drop; }
        }""")
        anna, bob = _pair(chat, lan)
        trouble = _troubles(anna, lan.hosts[0])["inbound"]
        check("firewall" in trouble["cause"], f"what it says: {trouble}")
        check("inbound" not in _troubles(bob, lan.hosts[1]), "the other one is reached")


@test
def another_passphrase_is_named():
    with Chat(ports=2) as chat:
        nodes = []
        for name, secret in (("anna", "correct horse battery"), ("bob", "staple staple staple")):
            home = chat.home()
            with open(f"{home}/secret", "w", encoding="utf-8", opener=_private) as file:
                file.write(secret)
            nodes.append(chat.node(name, "--passphrase-file", f"{home}/secret", home=home))
        nodes[0].wait("to meet the other", lambda: nodes[0].of_type("other_network"), within(15))
        check("passphrase" in _troubles(nodes[0]), "the doctor says nothing of it")


def _private(path, flags):
    import os
    return os.open(path, flags, 0o600)


@test
def without_a_node_the_doctor_looks_at_the_machine():
    told = run("doctor")
    check(b"no node runs here" in told.stdout, f"what it says: {told.stdout!r}")


def _figures(url):
    with urllib.request.urlopen(url, timeout=5) as reply:
        check("version=0.0.4" in reply.headers["Content-Type"], "content type")
        text = reply.read().decode()
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            check(re.match(r"# (HELP|TYPE) lanchat_[a-z_]+ .", line), f"a comment: {line}")
            continue
        sample = SAMPLE.match(line)
        check(sample, f"no sample: {line}")
        found[sample[1] + (sample[2] or "")] = float(sample[3])
    return found


@test
def figures_are_served_to_prometheus():
    with Chat(ports=2) as chat:
        port = free_ports(chat.ip, 1)
        anna = chat.node("anna", "--metrics", f"{chat.ip}:{port}")
        bob = chat.node("bob")
        chat.wait_mesh([anna, bob], within(10))
        for n in range(3):
            bob.say(f"line {n}")
        anna.wait_heard(3)
        anna.say("mine")
        bob.wait_heard(1)
        url = f"http://{chat.ip}:{port}/metrics"
        anna.wait("to count", lambda: _figures(url)["lanchat_history_lines"] == 4, within(5))
        figures = _figures(url)
        check_equal(figures['lanchat_peers{kind="lanchat"}'], 1, "peers")
        check_equal(figures['lanchat_lines_total{direction="heard"}'], 3, "lines heard")
        check_equal(figures['lanchat_lines_total{direction="said"}'], 1, "lines said")
        check(figures["lanchat_resident_bytes"] > 1e6, "memory")
        check(figures["lanchat_processor_seconds_total"] > 0, "processor time")
        for path, code in (("/", 404), ("/metrics/more", 404)):
            try:
                urllib.request.urlopen(f"http://{chat.ip}:{port}{path}", timeout=5)
                check(False, f"{path} is served")
            except urllib.error.HTTPError as error:
                check_equal(error.code, code, path)


@test
def a_port_for_figures_that_is_taken_ends_the_start():
    with Chat(ports=2) as chat, socket.socket() as taken:
        taken.bind((chat.ip, 0))
        taken.listen()
        where = f"{chat.ip}:{taken.getsockname()[1]}"
        told = run("--metrics", where, "--ip", chat.ip, "--cidr", chat.cidr, "--ports", chat.range)
        check_equal(told.returncode, 1, "exit code")
        check(where.encode() in told.stderr, f"what it says: {told.stderr!r}")
    check_equal(run("--metrics", "nowhere").returncode, 2, "exit code of nonsense")


@test
def nonsense_at_the_port_for_figures_harms_nothing():
    with Chat(ports=2) as chat:
        port = free_ports(chat.ip, 1)
        anna = chat.node("anna", "--metrics", f"{chat.ip}:{port}")
        anna.wait_ready()
        idle = [socket.create_connection((chat.ip, port), 5) for _ in range(20)]
        for request in (b"", b"\r\n\r\n", b"GET\r\n\r\n", b"POST /metrics HTTP/1.1\r\n\r\n",
                        b"G" * 100_000, bytes(range(256)) * 64):
            with socket.create_connection((chat.ip, port), 5) as stranger:
                stranger.settimeout(8)
                try:
                    stranger.sendall(request)
                    while stranger.recv(4096):
                        pass
                except OSError:
                    pass
        for one in idle:
            one.close()
        time.sleep(0.2)
        check("lanchat_info" in str(_figures(f"http://{chat.ip}:{port}/metrics")), "figures")


main()
