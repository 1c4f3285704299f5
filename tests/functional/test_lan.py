# A LAN of silent addresses: found at once, scanned gently, and nothing sent outside.
import json
import time

from lanchat import Chat, check_chat_works, check_never_flapped, check_one_link_per_pair, run
from network import Lan, Watch, need_namespaces
from process import Gate
from runner import check, check_equal, eventually, full, main, note, test, within

NAMES = ["alice", "bob", "carol"]
WINDOW_S, NEW_ADDRESSES_MAX, ATTEMPTS_PER_S_MAX = 3.0, 256, 500


def _start(chat, lan, **options):
    gate = Gate()
    nodes = [chat.node(name, ip=host.ip, namespace=host.namespace, gate=gate, **options)
             for name, host in zip(NAMES, lan.hosts)]
    return nodes, gate.open()


def _mesh_time(nodes, began):
    for node in nodes:
        node.wait_linked(len(nodes) - 1, within(30))
    return max(node.events[-1][0] for node in nodes) - began


class Samples:
    """What a watch counted over time, each reading with the span in which it was taken."""

    def __init__(self, watch):
        self._watch, self.readings = watch, []

    def take(self):
        before = time.monotonic()
        addresses, attempts = len(self._watch.addresses()), self._watch.attempts()
        self.readings.append((before, time.monotonic(), addresses, attempts))
        return addresses

    def _growth(self, column, window):
        """The most that a count grew between two readings at most `window` seconds apart."""
        return max((later[column] - earlier[column]
                    for i, earlier in enumerate(self.readings)
                    for later in self.readings[i:] if later[1] - earlier[0] <= window), default=0)

    def new_addresses(self):
        return self._growth(2, WINDOW_S)

    def attempts_per_s(self):
        return self._growth(3, 2.0) / 2.0


def _observe(prefix, ports, seconds):
    """Three hosts in a network of silent addresses, watched for some time."""
    need_namespaces()
    with Lan(3, prefix) as lan, Chat(ports=ports, cidr=lan.cidr) as chat:
        watches = [Watch(host, lan.cidr, chat.range) for host in lan.hosts]
        samples = [Samples(watch) for watch in watches]
        for sample in samples:
            sample.take()
        nodes, began = _start(chat, lan)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for sample in samples:
                sample.take()
            time.sleep(0.05)
        took = _mesh_time(nodes, began)
        check_never_flapped(nodes)
        check_one_link_per_pair(nodes)
        check_chat_works(nodes)
        for host, watch in zip(lan.hosts, watches):
            check_equal(watch.outside(), 0, f"packets outside CIDR and ports from {host.ip}")
        return took, samples


def _check_gentle(samples):
    for sample in samples:
        note(f"{sample.new_addresses()} new addresses in {WINDOW_S:.0f} s, "
             f"{sample.attempts_per_s():.0f} attempts/s, "
             f"{sample.readings[-1][2]} addresses tried")
        check(sample.new_addresses() <= NEW_ADDRESSES_MAX,
              f"{sample.new_addresses()} new addresses in {WINDOW_S} s")
        check(sample.attempts_per_s() <= ATTEMPTS_PER_S_MAX * 1.1,
              f"{sample.attempts_per_s():.0f} attempts a second")


@test
def three_hosts_of_a_24_are_meshed_within_3_s():
    times = []
    for _ in range(full(20, 3)):
        need_namespaces()
        with Lan(3) as lan, Chat(ports=5, cidr=lan.cidr) as chat:
            nodes, began = _start(chat, lan)
            times.append(_mesh_time(nodes, began))
            check_one_link_per_pair(nodes)
            check_chat_works(nodes)
    note(f"mesh after {', '.join(f'{t:.2f}' for t in times)} s")
    check(max(times) <= within(3), f"{max(times):.2f} s, promised are 3 s")


@test
def a_24_is_scanned_gently_and_nothing_leaves_it():
    took, samples = _observe(24, ports=5, seconds=full(20, 8))

    _check_gentle(samples)
    check(took <= within(3), f"mesh after {took:.2f} s, promised are 3 s")
    for sample in samples:
        check(sample.readings[-1][2] >= 200, "the scan did not reach the whole network")


@test
def a_22_is_scanned_gently_and_nothing_leaves_it():
    took, samples = _observe(22, ports=5, seconds=full(40, 10))

    note(f"mesh after {took:.2f} s")
    _check_gentle(samples)


@test
def network_broadcast_and_own_addresses_are_left_out():
    need_namespaces()
    with Lan(2, 28) as lan, Chat(ports=2, cidr=lan.cidr) as chat:
        host = lan.hosts[0]
        watch = Watch(host, lan.cidr, chat.range)
        chat.node("alice", ip=host.ip, namespace=host.namespace)

        want = {f"10.77.0.{i}" for i in range(1, 15)} - {host.ip}
        eventually("all other addresses tried", lambda: watch.addresses() >= want, within(10))

        check_equal(watch.addresses(), want, "addresses tried")


@test
def an_empty_ip_or_lan_takes_the_address_inside_the_network():
    need_namespaces()
    with Lan(3) as lan, Chat(ports=5, cidr=lan.cidr) as chat:
        alice = chat.node("alice", ip="", namespace=lan.hosts[0].namespace)
        bob = chat.node("bob", ip=lan.hosts[1].ip, namespace=lan.hosts[1].namespace)
        carol = chat.node("carol", ip="", cidr="auto", namespace=lan.hosts[2].namespace)

        chat.wait_mesh([alice, bob, carol], within(10))

        check(alice.address.startswith(lan.hosts[0].ip + ":"), f"address {alice.address}")
        check(carol.address.startswith(lan.hosts[2].ip + ":"), f"address {carol.address}")
        check_chat_works([alice, bob, carol])


@test
def several_nodes_on_each_host_form_one_mesh():
    need_namespaces()
    with Lan(3) as lan, Chat(ports=5, cidr=lan.cidr) as chat:
        nodes = [chat.node(f"{name}{i}", ip=host.ip, namespace=host.namespace)
                 for i in range(2) for name, host in zip(NAMES, lan.hosts)]

        chat.wait_mesh(nodes, within(15))

        check_one_link_per_pair(nodes)
        check_chat_works(nodes)


def _status(node):
    told = run("status", "--json", home=node.home)
    check_equal(told.returncode, 0, f"exit code: {told.stderr!r}")
    return json.loads(told.stdout)


def _warnings(node):
    return _status(node)["warnings"]


@test
def of_a_large_subnet_it_is_said_which_part_is_scanned():
    need_namespaces()
    for prefix, part in ((8, "10.77.0.0/16"), (16, None), (24, None)):
        with Lan(1, prefix) as lan, Chat(ports=4) as chat:
            node = chat.node("alice", ip="", cidr="auto", namespace=lan.hosts[0].namespace)
            node.wait_ready()
            warnings = _warnings(node)
            check_equal(len(warnings), 1 if part else 0, f"warnings in a /{prefix}")
            if part:
                check(part in warnings[0] and "/8" in warnings[0], f"what it says: {warnings}")
                node.wait("to tell it", lambda: any(part in line for line in node.err), within(5))


@test
def who_knows_one_knows_all():
    need_namespaces()
    with Lan(5) as lan, Chat(ports=2, cidr=lan.cidr) as chat:
        blind = chat.config(discovery={"scan": False, "beacon": False})
        hosts = lan.hosts
        first = chat.node("n0", *blind, ip=hosts[0].ip, namespace=hosts[0].namespace)
        first.wait_ready()
        nodes = [first] + [chat.node(f"n{n}", *blind, "--peer", first.address, ip=host.ip,
                                     namespace=host.namespace)
                           for n, host in enumerate(hosts[1:], 1)]
        chat.wait_mesh(nodes, within(5))
        check_one_link_per_pair(nodes)
        check_chat_works(nodes)


@test
def a_program_names_who_is_there():
    need_namespaces()
    with Lan(2) as lan, Chat(ports=2, cidr=lan.cidr) as chat:
        first, second = lan.hosts
        alice = chat.node("alice", "--no-beacon", ip=first.ip, namespace=first.namespace)
        told = chat.config(discovery={"scan": False, "beacon": False,
                                      "peers_command": f"echo {first.ip}"})
        bob = chat.node("bob", *told, ip=second.ip, cidr=f"{second.ip}/32",
                        namespace=second.namespace)
        chat.wait_mesh([alice, bob], within(5))
        check_chat_works([alice, bob])


@test
def a_16_is_scanned_slowly_and_shared_by_those_who_met():
    need_namespaces()
    with Lan(4, 16) as lan, Chat(ports=3) as chat:
        watches = [Watch(host, lan.cidr, chat.range) for host in lan.hosts]
        samples = [Samples(watch) for watch in watches]
        nodes = [chat.node(f"n{n}", "--no-beacon", ip="", cidr="auto", namespace=host.namespace)
                 for n, host in enumerate(lan.hosts)]
        chat.wait_mesh(nodes, within(10))
        time.sleep(4)  # what each had begun alone
        seconds = full(60, 9)
        began = [len(watch.addresses()) for watch in watches]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for sample in samples:
                sample.take()
            time.sleep(0.3)
        asked = sum(len(watch.addresses()) - before for watch, before in zip(watches, began))
        note(f"{asked} addresses asked by four in {seconds} s")
        alone = NEW_ADDRESSES_MAX * seconds / WINDOW_S
        check(asked <= 1.2 * alone, f"one alone would have asked {alone:.0f}")
        check(asked >= 0.3 * alone, f"nobody goes on: {alone:.0f} would be one's share")
        for sample in samples:
            check(sample.new_addresses() <= NEW_ADDRESSES_MAX, "too many new addresses at once")
        status = _status(nodes[0])
        check_equal(status["networks"], ["10.77.0.0/16"], "networks")
        check(status["addresses"] == [nodes[0].address], f"addresses: {status['addresses']}")
        scan = status["scan"]
        check(scan["sweeping"] and 0 < scan["passed"] < scan["targets"], f"progress: {scan}")
        check_chat_works(nodes)


@test
def an_address_that_has_gone_is_told_until_it_is_back():
    need_namespaces()
    with Lan(1) as lan, Chat(ports=4, cidr=lan.cidr) as chat:
        host = lan.hosts[0]
        node = chat.node("alice", ip=host.ip, namespace=host.namespace)
        node.wait_ready()
        check_equal(_warnings(node), [], "warnings at first")
        host.run("ip", "address", "del", f"{host.ip}/{lan.prefix}", "dev", "eth0")
        node.wait("to tell it", lambda: any(f"no interface has {host.ip}" in line
                                            for line in node.err), within(20))
        check(host.ip in _warnings(node)[0], "status says nothing of it")
        host.configure(host.ip, lan.prefix)
        node.wait("to tell it", lambda: any("can be reached again" in line
                                            for line in node.err), within(20))
        check_equal(_warnings(node), [], "warnings once it is back")
        told = [line for line in node.err if "no interface has" in line]
        check_equal(len(told), 1, "times that it is told")


main()
