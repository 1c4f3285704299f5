# Calls by multicast: found at once where nothing is scanned, and nothing but calls is sent.
import struct
import sys
import time

from lanchat import Chat, check_chat_works, check_never_flapped, check_one_link_per_pair
from network import Lan, Watch, need_namespaces
from process import Gate
from runner import check, check_equal, full, main, note, test, within

GROUP, PORT = "224.0.0.183", 4565


def _no_scan(chat):
    return chat.config(discovery={"scan": False})


def _median(times):
    return sorted(times)[len(times) // 2]


@test
def ten_hosts_meet_by_calls_alone():
    need_namespaces()
    with Lan(10) as lan, Chat(ports=2, cidr=lan.cidr) as chat:
        flags = _no_scan(chat)
        watch = Watch(lan.hosts[0], lan.cidr, chat.range)
        gate = Gate()
        nodes = [chat.node(f"n{number}", *flags, ip=host.ip, namespace=host.namespace, gate=gate)
                 for number, host in enumerate(lan.hosts[:9])]
        began = gate.open()
        chat.wait_mesh(nodes, within(10))
        note(f"nine that start at once: {max(n.events[-1][0] for n in nodes) - began:.2f} s")

        times = []
        for _ in range(full(50, 5)):
            began = time.monotonic()
            last = chat.node("last", *flags, ip=lan.hosts[9].ip, namespace=lan.hosts[9].namespace)
            last.wait_linked(9, within(10))
            times.append(last.events[-1][0] - began)
            last.popen.terminate()
            last.popen.wait()
            for node in nodes:
                node.wait_linked(8, within(5))
        times.sort()
        note(f"a tenth: median {_median(times):.2f} s, at most {times[-1]:.2f} s")
        check(_median(times) <= within(1), f"{_median(times):.2f} s, promised is a second")
        check_one_link_per_pair(nodes)
        check_chat_works(nodes)
        check_equal(watch.outside(), 0, "packets that are no calls and leave the range")
        check(watch.beacons() > 0, "no calls were counted")
        check(watch.beacons() <= 3 + 3 * len(times) + 20, f"{watch.beacons()} calls of one node")


@test
def without_beacon_nothing_is_called_and_calls_find_nobody():
    need_namespaces()
    with Lan(2) as lan, Chat(ports=2, cidr=lan.cidr) as chat:
        watch = Watch(lan.hosts[0], lan.cidr, chat.range)
        silent = chat.node("silent", "--no-beacon", *_no_scan(chat), ip=lan.hosts[0].ip,
                           namespace=lan.hosts[0].namespace)
        silent.wait_ready()
        calls = chat.node("calls", *_no_scan(chat), ip=lan.hosts[1].ip,
                          namespace=lan.hosts[1].namespace)
        calls.wait_ready()
        time.sleep(2)
        check_equal((silent.linked(), calls.linked()), ([], []), "peers")
        check_equal(watch.beacons(), 0, "calls of who is to be silent")


@test
def with_multicast_filtered_the_scan_finds_all():
    need_namespaces()
    with Lan(2) as lan, Chat(ports=2, cidr=lan.cidr) as chat:
        for host in lan.hosts:
            host.keep_multicast_back()
        nodes = [chat.node(f"n{n}", ip=host.ip, namespace=host.namespace)
                 for n, host in enumerate(lan.hosts)]
        chat.wait_mesh(nodes, within(5))
        check_chat_works(nodes)


@test
def calls_of_anybody_lead_nowhere_outside_the_range():
    need_namespaces()
    with Lan(2) as lan, Chat(ports=2, cidr=lan.cidr) as chat:
        victim, hostile = lan.hosts
        node = chat.node("victim", *_no_scan(chat), ip=victim.ip, namespace=victim.namespace)
        node.wait_ready()
        time.sleep(1)
        watch = Watch(victim, lan.cidr, chat.range)
        calls = [b"", b"lanchat", b"lanchat\x01" + bytes(11), b"x" * 1400,
                 _call(0), _call(chat.first_port - 1), _call(chat.last_port + 1), _call(22)]
        calls += [_call(chat.first_port, caller) for caller in range(3_000)]
        _send(hostile, calls)
        time.sleep(1)
        check_equal(watch.outside(), 0, "packets that leave the range")
        tried = watch.attempts()
        note(f"{tried} connects after {len(calls)} calls")
        check(tried <= 64, "calls make it dial like mad")
        other = chat.node("other", *_no_scan(chat), ip=hostile.ip, namespace=hostile.namespace)
        chat.wait_mesh([node, other], within(15))
        check_never_flapped([node, other])


def _call(port, caller=1):
    return b"lanchat\x01" + struct.pack(">QHB", caller, port, 1)


SENDER = f"""
import socket, sys
mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[1]))
for line in sys.stdin:
    mouth.sendto(bytes.fromhex(line), ("{GROUP}", {PORT}))
"""


def _send(host, datagrams):
    host.run(sys.executable, "-c", SENDER, host.ip,
             stdin="".join(datagram.hex() + "\n" for datagram in datagrams))


main()
