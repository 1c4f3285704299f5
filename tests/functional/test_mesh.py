# The mesh: everybody linked to everybody by exactly one link, however they start.
from lanchat import Chat, check_chat_works, check_never_flapped, check_one_link_per_pair
from network import SlowLan, need_namespaces
from process import Gate
from runner import check, check_equal, full, main, never, note, percentile, test, within

NAMES = ["alice", "bob", "carol", "dave", "erin"]


def _mesh_time(nodes, began):
    """Seconds from the start to the last link of the mesh, by the nodes' own words."""
    for node in nodes:
        node.wait_linked(len(nodes) - 1, within(10))
    return max(node.events[-1][0] for node in nodes) - began


def _check_settles(nodes, seconds):
    """Nothing changes any more, and one connection is left for each pair."""
    check_one_link_per_pair(nodes)
    events = [len(node.events) for node in nodes]
    never("an event after the mesh", lambda: [len(n.events) for n in nodes] != events, seconds)
    check_never_flapped(nodes)
    check_one_link_per_pair(nodes)


def _report(what, times):
    note(f"{what}: mesh after p50 {percentile(times, .5):.2f} s, worst {max(times):.2f} s, "
         f"{len(times)} starts")
    check(max(times) <= within(2), f"{what}: {max(times):.2f} s to mesh, promised are 2 s")


def _meshes_on_loopback(count, rounds):
    times = []
    for _ in range(rounds):
        with Chat(ports=count) as chat:
            nodes, began = chat.together(NAMES[:count])
            times.append(_mesh_time(nodes, began))
            _check_settles(nodes, 1.0)
            check_chat_works(nodes)
    _report(f"{count} nodes", times)


@test
def two_nodes_started_at_one_instant_share_one_link():
    _meshes_on_loopback(2, full(200, 8))


@test
def five_nodes_started_at_one_instant_form_the_full_mesh():
    _meshes_on_loopback(5, full(200, 5))


def _meshes_with_delay(count, rounds):
    need_namespaces()
    times = []
    for _ in range(rounds):
        with SlowLan(count, delay_ms=5) as lan, Chat(ports=1, cidr=lan.cidr) as chat:
            gate = Gate()
            nodes = [chat.node(name, ip=host.ip, namespace=host.namespace, gate=gate)
                     for name, host in zip(NAMES, lan.hosts)]
            began = gate.open()
            times.append(_mesh_time(nodes, began))
            _check_settles(nodes, 1.5)
            check_chat_works(nodes)
    _report(f"{count} nodes, 5 ms one way", times)


@test
def two_nodes_share_one_link_over_a_slow_network():
    _meshes_with_delay(2, full(100, 5))


@test
def five_nodes_form_the_full_mesh_over_a_slow_network():
    _meshes_with_delay(5, full(100, 2))


@test
def a_latecomer_joins_at_once():
    with Chat(ports=5) as chat:
        first = [chat.node(name) for name in NAMES[:4]]
        chat.wait_mesh(first)

        late = chat.node("erin")

        late.wait_linked(4, within(2))
        for node in first:
            node.wait_linked(4, within(2))
        _check_settles([*first, late], 1.0)


@test
def thirty_nodes_of_one_host_are_meshed_within_3_s():
    with Chat(ports=30) as chat:
        nodes, began = chat.together([f"node{i}" for i in range(30)])

        for node in nodes:
            node.wait_linked(29, within(15))

        took = max(node.events[-1][0] for node in nodes) - began
        note(f"30 nodes: mesh after {took:.2f} s")
        check_chat_works(nodes[:3])
        check_one_link_per_pair(nodes[:6])
        check(took <= within(3), f"{took:.2f} s to mesh 30 nodes, promised are 3 s")


@test
def a_node_never_links_to_itself():
    with Chat(ports=3) as chat:
        alone = chat.node("alice", "--peer", f"{chat.ip}:{chat.first_port}")
        alone.wait_ready()

        never("a peer", lambda: alone.of_type("peer"), 1.5)


@test
def a_given_peer_outside_the_range_is_dialled_and_dials_back_nowhere_else():
    with Chat(ports=1) as here, Chat(ports=1, ip=here.ip) as there:
        outside = there.node("outside")

        inside = here.node("inside", "--peer", outside.address)

        inside.wait_linked(1)
        outside.wait_linked(1)
        check_chat_works([inside, outside])
        check_equal(inside.linked(), [outside.address], "the peer's address")


main()
