# A second user of the same machine: reads nothing of a node, says nothing through it.
import os
import re
import shutil
import subprocess
import sys

from isolation import environment
from lanchat import PROGRAM, Chat, Node, need_program
from process import need_tool
from runner import SANITIZED, Skip, check, check_equal, main, never, test

OWNER, STRANGER = 61_801, 61_802  # nobody's
PHRASE = "four words of the owner"


def _as(uid, *argv):
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--", *argv]


class Machine:
    """A node of one user, in folders that anybody may enter, and a program that all may run."""

    def __init__(self, chat):
        self.home = chat.home()
        os.chmod(chat.folder, 0o711)
        self.program = os.path.join(chat.folder, "lanchat")
        shutil.copy(PROGRAM, self.program)
        os.chmod(self.program, 0o755)
        os.chown(self.home, OWNER, OWNER)
        os.chmod(self.home, 0o755)
        self.secret = os.path.join(self.home, "passphrase")
        with open(self.secret, "w", encoding="utf-8",
                  opener=lambda path, how: os.open(path, how, 0o600)) as file:
            file.write(PHRASE + "\n")
        os.chown(self.secret, OWNER, OWNER)
        argv = _as(OWNER, self.program, "--json", "--name", "owner", "--ip", chat.ip, "--cidr",
                   chat.cidr, "--ports", chat.range, "--linger", "inf", "--passphrase-file",
                   self.secret)
        self.node = chat.adopt(Node("owner", argv, mode="json", env=environment(self.home)))
        self.node.wait_ready()
        self.data = os.path.join(self.home, "data", "lanchat", "default")

    def try_as_stranger(self, script, *arguments):
        """What a Python script of the other user prints."""
        done = subprocess.run(_as(STRANGER, sys.executable, "-I", "-c", script, *arguments),
                              capture_output=True, text=True, timeout=60, check=False, cwd="/")
        check_equal(done.stderr, "", "errors of the stranger's script")
        return done.stdout.split()

    def run_as_stranger(self, *arguments):
        home = os.path.join(os.path.dirname(self.home), "stranger")
        os.makedirs(home, exist_ok=True)
        os.chown(home, STRANGER, STRANGER)
        return subprocess.run(_as(STRANGER, self.program, *arguments), capture_output=True,
                              timeout=60, check=False, env=environment(home), cwd="/")


def _need_users():
    need_program()
    if os.geteuid() != 0:
        raise Skip("needs root to be two other users")
    need_tool("setpriv")
    probe = subprocess.run(_as(STRANGER, sys.executable, "-I", "-c", ""), capture_output=True,
                           check=False, cwd="/")
    if probe.returncode != 0:
        raise Skip(f"no other users here: {probe.stderr.decode().strip()}")


OPEN = """
import os, sys
for path in sys.argv[1:]:
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
        print("read", path)
    except OSError:
        pass
"""

CONNECT = """
import socket, sys
for path in sys.argv[1:]:
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect("\\0" + path[1:] if path[0] == "@" else path)
        print("connected", path)
    except OSError:
        pass
"""

MEDDLE = """
import ctypes, os, sys
pid = int(sys.argv[1])
try:
    os.kill(pid, 0)
    print("signal")
except OSError:
    pass
if ctypes.CDLL(None).ptrace(16, pid, 0, 0) == 0:
    print("ptrace")
"""


def _everything_of(machine):
    files = [os.path.join(folder, name) for folder, _, names in os.walk(machine.home)
             for name in names]
    names = {os.path.basename(path) for path in files}
    check({"device.key", "history.db", "network", "passphrase"} <= names, f"only {names}")
    check(any(os.path.exists(path) and not os.path.isfile(path) for path in files), "no socket")
    return files


@test
def another_user_reads_no_file_and_no_memory_of_a_node():
    _need_users()
    with Chat(ports=2) as chat:
        machine = Machine(chat)
        machine.node.say("for the owner's eyes")
        process = f"/proc/{machine.node.pid}"
        targets = [*_everything_of(machine), machine.data, *(f"{process}/{name}" for name in
                   ("environ", "mem", "maps", "fd", "auxv", "stack", "syscall", "cwd/"))]

        check_equal(machine.try_as_stranger(OPEN, *targets), [], "what the stranger reads")
        check_equal(machine.try_as_stranger(MEDDLE, str(machine.node.pid)), [],
                    "what the stranger may do")
        with open(f"{process}/cmdline", "rb") as command_line:
            check(PHRASE.encode() not in command_line.read(), "the passphrase is in argv")
        # Even where a folder above were open, each file would be closed.
        for path in _everything_of(machine):
            mode = os.stat(path).st_mode & 0o777
            check(mode & 0o077 == 0, f"{path} has mode {mode:o}")


@test
def another_user_sends_nothing_through_a_node():
    _need_users()
    with Chat(ports=2) as chat:
        machine = Machine(chat)
        sockets = [path for path in _everything_of(machine) if not os.path.isfile(path)]
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as table:
            hidden = set(re.findall(r"@lanchat-\S+", table.read()))

        check_equal(machine.try_as_stranger(CONNECT, *sockets, *hidden), [], "connections")
        for command in (["send", "from a stranger"], ["history"], ["peers"]):
            done = machine.run_as_stranger(command[0], "-d", machine.data, *command[1:])
            check(done.returncode != 0, f"{command}: exit code 0, {done.stdout}")
            check_equal(done.stdout, b"", f"stdout of {command}")
        never("a line", lambda: machine.node.messages, 1.0)


@test
def tunnels_of_a_node_cannot_be_entered_by_their_names():
    """gRPC's end of each encrypted link is a socket with a name that everybody may see."""
    _need_users()
    with Chat(ports=3) as chat:
        machine = Machine(chat)
        friend = chat.node("friend", "--passphrase-file", machine.secret)
        friend.wait_linked(1)
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as table:
            names = set(re.findall(r"@lanchat-\S+", table.read()))
        check(names, "no tunnel has a name: is this test still about something?")

        check_equal(machine.try_as_stranger(CONNECT, *names), [], "connections")


@test
def the_memory_of_a_node_goes_to_no_core_file():
    if SANITIZED:
        raise Skip("a sanitizer looks for leaks through what is closed otherwise")
    _need_users()
    with Chat(ports=2) as chat:
        machine = Machine(chat)
        process = f"/proc/{machine.node.pid}"

        # The kernel gives to root what must be neither dumped nor attached to.
        check_equal(os.stat(f"{process}/mem").st_uid, 0, "owner of the memory")
        as_owner = subprocess.run(_as(OWNER, sys.executable, "-I", "-c", OPEN, f"{process}/mem",
                                      f"{process}/maps", f"{process}/environ"),
                                  capture_output=True, text=True, timeout=60, check=True, cwd="/")
        check_equal(as_owner.stdout, "", "what another process of the owner reads")


main()
