# What keeps runs apart: addresses, ports and folders of their own. The benchmark uses it too.
import os
import random
import socket

from runner import Skip


def private_subnet():
    """The first three octets of a loopback network that belongs to this run: others draw others."""
    return f"127.{random.randrange(64, 255)}.{random.randrange(256)}"


def free_ports(ip, count):
    """The first of `count` neighbouring ports that nobody holds, below the ephemeral ones."""
    for _ in range(200):
        first = random.randrange(20000, 32000 - count)
        if all(_is_free(ip, port) for port in range(first, first + count)):
            return first
    raise Skip(f"no {count} free ports on {ip}")


def _is_free(ip, port):
    with socket.socket() as probe:
        try:
            probe.bind((ip, port))
            return True
        except OSError:
            return False


def environment(home, **extra):
    """A clean room: nothing of the user's settings, every file below `home`."""
    sanitizer = f"log_path={home}/sanitizer"
    return {
        "PATH": os.environ["PATH"], "HOME": home, "USER": "tester", "LOGNAME": "tester",
        "LC_ALL": "C.UTF-8", "TERM": "dumb", "TMPDIR": home,
        "XDG_CONFIG_HOME": f"{home}/config", "XDG_DATA_HOME": f"{home}/data",
        "XDG_STATE_HOME": f"{home}/state", "XDG_CACHE_HOME": f"{home}/cache",
        "XDG_RUNTIME_DIR": f"{home}/run",
        "ASAN_OPTIONS": f"{sanitizer}:detect_leaks=1",
        "UBSAN_OPTIONS": f"{sanitizer}:print_stacktrace=1:halt_on_error=1",
        "TSAN_OPTIONS": f"{sanitizer}:halt_on_error=1", **extra}
