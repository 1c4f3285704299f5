# TLS between nodes, as anybody sees it from outside; and who may do without.
import re
import subprocess

from lanchat import Chat, check_chat_works
from legacy import LegacyPeer, available_kinds
from runner import Skip, check, check_equal, main, never, test, within


def _s_client(address, *flags):
    """What OpenSSL's own client sees of a node."""
    try:
        done = subprocess.run(["openssl", "s_client", "-connect", address, *flags], input=b"",
                              capture_output=True, timeout=60, check=False)
    except FileNotFoundError:
        raise Skip("openssl is not installed") from None
    return (done.stdout + done.stderr).decode(errors="replace")


def _certificate(seen):
    found = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", seen, re.DOTALL)
    check(found, f"no certificate: {seen[:400]}")
    done = subprocess.run(["openssl", "x509", "-noout", "-text"], input=found[0].encode(),
                          capture_output=True, timeout=60, check=True)
    return found[0], done.stdout.decode()


@test
def a_node_speaks_tls_1_3_and_shows_a_certificate_of_its_own():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()

        seen = [_s_client(node.address, "-tls1_3") for node in (alice, bob)]

        for text in seen:
            check("TLSv1.3" in text, f"no TLS 1.3: {text[:400]}")
            check("self-signed certificate" in text or "self signed certificate" in text,
                  f"not self-signed: {text[:400]}")
        (first, about), (second, _) = (_certificate(text) for text in seen)
        check("ED25519" in about, f"not Ed25519: {about}")
        for secret in ("alice", alice.id, chat.ip):
            check(secret not in about, f"the certificate tells {secret}")
        check(first != second, "two nodes share a certificate")
        check_chat_works([alice, bob])


@test
def a_certificate_is_gone_with_its_process():
    with Chat(ports=2) as chat:
        first = chat.node("alice")
        before = _certificate(_s_client(first.address))[0]
        first.stop()

        second = chat.node("alice", home=first.home)

        check(_certificate(_s_client(second.address))[0] != before, "the same certificate again")


@test
def older_versions_of_tls_are_refused():
    with Chat(ports=2) as chat:
        alice, bob = chat.node("alice"), chat.node("bob")
        chat.wait_mesh()
        for version in ("-tls1_2", "-tls1_1"):
            seen = _s_client(alice.address, version)
            check("BEGIN CERTIFICATE" not in seen, f"{version} gets a certificate")
            check(re.search("alert|no protocols available|handshake failure", seen),
                  f"{version}: {seen[:400]}")
        check_chat_works([alice, bob])


@test
def links_are_encrypted_and_those_with_originals_are_not():
    for kind in available_kinds():
        with Chat(ports=3) as chat:
            peer = chat.adopt(LegacyPeer(kind, f"{chat.ip}:{chat.last_port}")).wait_listening()
            alice, bob = chat.node("alice"), chat.node("bob")
            for node in (alice, bob):
                node.wait_linked(2)
            peer.wait_known(alice.address)

            for node, friend in ((alice, "bob"), (bob, "alice")):
                links = {p["name"]: (p["encrypted"], p["legacy"]) for p in node.peers("up")}
                check_equal(links, {friend: (True, False), peer.address: (False, True)}, "links")
            alice.say("to everybody")
            bob.wait_text("to everybody")
            peer.wait_heard("to everybody")
            peer.say("from an original")
            alice.wait_text("from an original")
            bob.wait_text("from an original")
            peer.check_frames()


@test
def no_legacy_dials_nobody_in_plain_text():
    for kind in available_kinds():
        with Chat(ports=2) as chat:
            peer = chat.adopt(LegacyPeer(kind, f"{chat.ip}:{chat.last_port}")).wait_listening()
            alice = chat.node("alice", "--no-legacy")
            alice.wait_ready()

            never("a peer or a frame", lambda: alice.linked() or peer.frames(), 4.0)


@test
def a_node_without_tls_and_one_with_it_do_not_meet():
    with Chat(ports=2) as chat:
        alice = chat.node("alice")
        alice.wait_ready()
        bare = chat.node("bare", env={"LANCHAT_SECURITY_TLS": "false"})
        bare.wait_ready()

        never("a link", lambda: alice.linked() or bare.linked(), 3.0)


@test
def nodes_without_tls_on_loopback_chat_and_say_so():
    with Chat(ports=2) as chat:
        nodes = [chat.node(name, env={"LANCHAT_SECURITY_TLS": "false"}) for name in ("a", "b")]
        chat.wait_mesh(seconds=within(5))

        check_chat_works(nodes)
        check_equal([p["encrypted"] for n in nodes for p in n.peers("up")], [False, False],
                    "encrypted")


main()
