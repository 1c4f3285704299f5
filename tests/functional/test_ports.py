# Ports: every node takes the first free one of its range, and no two ever share one.
import socket

from lanchat import Chat, run
from process import Gate, listens
from runner import check, check_equal, eventually, full, main, test, within


def _port(node):
    return int(node.address.rsplit(":", 1)[1])


def _hold(ip, port, share=False):
    holder = socket.socket()
    if share:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind((ip, port))
    holder.listen()
    return holder


@test
def five_nodes_started_at_one_instant_bind_five_different_ports():
    for _ in range(full(200, 8)):
        with Chat(ports=5) as chat:
            nodes, _ = chat.together(["a", "b", "c", "d", "e"])

            ports = sorted(_port(node) for node in nodes)

            check_equal(ports, list(range(chat.first_port, chat.last_port + 1)), "bound ports")


@test
def the_announced_address_is_the_one_the_node_listens_on():
    with Chat(ports=3) as chat:
        node = chat.node("alice")

        address = node.address

        check_equal(listens(node.pid), [address], "listening sockets")
        check_equal(_port(node), chat.first_port, "the first free port")


@test
def a_sixth_node_on_a_full_range_exits_1_and_says_so():
    with Chat(ports=5) as chat:
        nodes, _ = chat.together(["a", "b", "c", "d", "e"])
        chat.wait_mesh(nodes)

        sixth = chat.node("f")
        code = sixth.wait_exit(within(5))

        sixth.expected_codes = {1}
        check_equal(code, 1, "exit code")
        message = f"no free port in {chat.ip}:{chat.range}"
        check(any(message in line for line in sixth.err), lambda: f"no '{message}' in {sixth.err}")
        check_equal((sixth.events, sixth.messages), ([], []), "output")
        check_equal([n.alive() for n in nodes], [True] * 5, "the five others run")


@test
def a_refused_start_leaves_its_profile_free():
    with Chat(ports=1) as chat:
        holder = _hold(chat.ip, chat.first_port)
        home = chat.home()
        arguments = ["--json", "-P", "mine", "--ip", chat.ip, "--cidr", chat.cidr,
                     "--ports", chat.range]
        refused = run(*arguments, home=home)
        holder.close()

        accepted = run(*arguments, "--linger", "0", home=home)

        check_equal(refused.returncode, 1, "exit code with the port held")
        check_equal(accepted.returncode, 0, f"exit code afterwards ({accepted.stderr})")


@test
def a_port_held_by_another_program_is_skipped():
    for share in (False, True):
        with Chat(ports=3) as chat:
            with _hold(chat.ip, chat.first_port, share):
                node = chat.node("alice")

                check_equal(_port(node), chat.first_port + 1, f"port (SO_REUSEPORT: {share})")


@test
def a_port_held_on_all_addresses_is_skipped():
    with Chat(ports=3) as chat:
        with _hold("0.0.0.0", chat.first_port):
            node = chat.node("alice")

            check_equal(_port(node), chat.first_port + 1, "port")


@test
def two_nodes_that_race_for_the_last_port_end_as_one_node_and_one_refusal():
    for _ in range(full(50, 5)):
        with Chat(ports=1) as chat:
            gate = Gate()
            pair = [chat.node(name, gate=gate) for name in ("a", "b")]
            gate.open()

            loser = eventually("one gave up", lambda: [n for n in pair if not n.alive()],
                               within(5))

            check_equal(len(loser), 1, "losers")
            loser[0].expected_codes = {1}
            winner = next(n for n in pair if n is not loser[0])
            check_equal(_port(winner), chat.first_port, "the winner's port")


@test
def a_port_is_free_again_as_soon_as_its_node_is_killed():
    with Chat(ports=1) as chat:
        first = chat.node("alice")
        address = first.address
        first.kill()

        second = chat.node("alice")

        check_equal(second.address, address, "address")


main()
