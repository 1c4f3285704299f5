# What somebody sees who records every packet: nothing that was said, nor who said it.
import base64
import os

from capture import Capture, forms, found_in
from lanchat import Chat, check_chat_works, run
from network import Lan, SoloHost, need_namespaces
from runner import check, check_equal, main, note, test, within

NAMES = ["alice-of-the-lake", "bob-of-the-hill", "carol-of-the-wood"]
PHRASE = "four words nobody records"
ROOM, SAID_ID = "secret-garden", "identifier-0123456789"
TEXTS = [f"meet me at the {place} at noon, says nobody" for place in ("oak", "mill", "bridge")]
LONG = "a long line that goes through several records " * 400


def _raw(text):
    """The bytes behind an id in base32."""
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))


def _secrets(nodes, closed):
    secrets = {name: name.encode() for name in NAMES}
    secrets |= {f"text {i}": text.encode() for i, text in enumerate(TEXTS)}
    secrets |= {"room": ROOM.encode(), "id of a line": SAID_ID.encode(), "a long line":
                LONG[:64].encode()}
    for node in nodes:
        secrets[f"id of {node}"] = node.id.encode()
        secrets[f"key of {node}"] = _raw(node.id)
    if closed:
        secrets["passphrase"] = PHRASE.encode()
    return secrets


def _talk(nodes):
    for node, text in zip(nodes, TEXTS):
        node.say(text)
    nodes[0].say("in a room: " + TEXTS[0], room=ROOM)
    said = run("send", "--id", SAID_ID, "with an id: " + TEXTS[1], home=nodes[1].home)
    check_equal(said.returncode, 0, f"exit code of send ({said.stderr})")
    nodes[2].say(LONG)
    for node in nodes:
        for text in (*TEXTS, LONG):
            node.wait_text(text, within(10))
    nodes[2].wait_text("with an id: " + TEXTS[1])
    check_chat_works(nodes)


def _record(chat, places, namespace, *flags, env=None):
    """A chat of three, from the first start to the last goodbye; returns what was captured."""
    capture = Capture(namespace)
    nodes = [chat.node(name, *flags, ip=ip, namespace=host, env=env)
             for name, (ip, host) in zip(NAMES, places)]
    chat.wait_mesh(nodes, within(15))
    _talk(nodes)
    secrets = _secrets(nodes, bool(flags))
    nodes[1].stop()
    again = chat.node(NAMES[1], *flags, ip=places[1][0], namespace=places[1][1], env=env,
                      home=nodes[1].home)
    chat.wait_mesh([nodes[0], again, nodes[2]], within(15))
    check_chat_works([nodes[0], again, nodes[2]])
    for node in (nodes[0], again, nodes[2]):
        node.stop()
    return capture.stop(), secrets


def _check_encrypted(capture):
    """All that was said went through TLS: there are streams, and each begins with a handshake."""
    streams = [data for data in capture.streams().values() if data]
    check(len(streams) >= 6, f"only {len(streams)} streams of bytes: was anything captured?")
    check(sum(map(len, streams)) > len(LONG) * 2, "fewer bytes than were said")
    strange = {data[:12] for data in streams if not data.startswith((b"\x16\x03", b"PRI * HTTP"))}
    check_equal(strange, set(), "beginnings of streams")
    note(f"{len(capture.frames)} packets, {len(streams)} streams, "
         f"{sum(map(len, streams))} bytes")


def _record_lan(*flags_of):
    with Lan(3) as lan, Chat(ports=3, cidr=lan.cidr) as chat:
        flags = flags_of[0](chat) if flags_of else []
        places = [(host.ip, host.namespace) for host in lan.hosts]
        return _record(chat, places, lan.switch, *flags)


def _passphrase(chat):
    path = os.path.join(chat.home(), "passphrase")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(PHRASE + "\n")
    return ["--passphrase-file", path]


@test
def a_capture_of_a_closed_network_tells_nothing():
    need_namespaces()
    capture, secrets = _record_lan(_passphrase)

    _check_encrypted(capture)
    check_equal(found_in(capture.haystacks(), secrets), set(), "readable in the capture")


@test
def a_capture_of_an_open_network_tells_nothing():
    need_namespaces()
    capture, secrets = _record_lan()

    _check_encrypted(capture)
    check_equal(found_in(capture.haystacks(), secrets), set(), "readable in the capture")


@test
def the_same_search_finds_all_of_it_where_nothing_is_encrypted():
    """So that the two tests above can fail."""
    need_namespaces()
    with SoloHost() as host, Chat(ports=4) as chat:
        capture, secrets = _record(chat, [(chat.ip, host.namespace)] * 3, host.namespace,
                                   env={"LANCHAT_SECURITY_TLS": "false"})

    found = found_in(capture.haystacks(), secrets)
    readable = {name for name in secrets if not name.startswith("id of") or name == "id of a line"}
    check_equal(readable - {name for name, how in found if how == "plain"}, set(),
                "not readable in plain text")
    whole = b"".join(capture.streams().values())
    check(TEXTS[0].encode() in whole, "the text is not in the streams")


@test
def every_form_of_a_secret_is_found():
    secret = "Zwölf Boxkämpfer".encode()
    for lead in range(5):
        hidden = b"x" * lead + secret + b"tail"
        for how, haystack in {"plain": hidden, "hex": hidden.hex().upper().encode(),
                              "base64": base64.b64encode(hidden),
                              "base64 for addresses": base64.urlsafe_b64encode(hidden)}.items():
            found = found_in([b"..." + haystack + b"..."], {"it": secret})
            check(found, f"{how} after {lead} bytes is not found: {forms(secret)}")
    check_equal(found_in([b"something else"], {"it": secret}), set(), "found where it is not")


main()
