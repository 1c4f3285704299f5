# Networks for tests: hosts as namespaces on a bridge or on a slow switch, cables cut and counted.
"""Every name carries the pid of the test, nothing is made outside of namespaces of our own, and
all of it goes when the test ends."""
import contextlib
import fcntl
import ipaddress
import itertools
import json
import os
import subprocess
import tempfile

from lanchat import TAP_SWITCH
from process import Process, need_tool
from runner import Failed, Skip

_serial = itertools.count(1)


def _command(*argv, stdin=None):
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


def need_namespaces():
    if os.geteuid() != 0:
        raise Skip("needs root for network namespaces")
    need_tool("ip")
    need_tool("nft")
    probe = _unique("probe")
    done = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise Skip(f"no network namespaces here: {done.stderr.strip()}")
    _command("ip", "netns", "del", probe)


def _unique(prefix):
    return f"lc{os.getpid()}{prefix}{next(_serial)}"


class Host:
    """A network namespace with loopback and, once plugged in, eth0."""

    def __init__(self, namespace=None):
        self.namespace = namespace or _unique("h")
        self.ip = None
        _command("ip", "netns", "add", self.namespace)
        # Without the kernel's own IPv6 chatter, every packet that leaves is ours.
        self.run("sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6")
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *argv, stdin=None):
        return _command("ip", "netns", "exec", self.namespace, *argv, stdin=stdin)

    def configure(self, ip, prefix, card="eth0"):
        self.ip = ip
        self.run("ip", "address", "add", f"{ip}/{prefix}", "broadcast", "+", "dev", card)
        self.run("ip", "link", "set", card, "up")

    def nft(self, script):
        return self.run("nft", "-f", "-", stdin=script)

    def cut(self):
        """Nothing passes any more, and nobody is told: a pulled cable."""
        self.nft("""table inet cut {
            chain in { type filter hook input priority -10; iifname "eth0" drop; }
            chain out { type filter hook output priority -10; oifname "eth0" drop; }
        }""")

    def heal(self):
        self.nft("delete table inet cut")

    def keep_multicast_back(self):
        """As access points do that isolate their clients."""
        self.nft("""table inet isolated {
            chain in { type filter hook input priority 0; ip daddr 224.0.0.0/4 drop; }
        }""")

    def delete(self):
        subprocess.run(["ip", "netns", "del", self.namespace], capture_output=True, check=False)


class SoloHost(Host):
    """Loopback alone, so that default addresses and ports are free for sure."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.delete()


class Lan:
    """Hosts on a bridge: 10.77.0.1 … with the given prefix length; other addresses are silent."""

    def __init__(self, hosts, prefix=24, first="10.77.0.0"):
        # All namespaces share one table of neighbours: two scans at a time would overflow it.
        path = os.path.join(tempfile.gettempdir(), "lanchat-test-lan.lock")
        self._turn = None
        if first == "10.77.0.0":  # another one is beside it
            self._turn = open(path, "w", encoding="ascii")
            fcntl.flock(self._turn, fcntl.LOCK_EX)
        self._first, self.prefix = first, prefix
        self.cidr = f"{first}/{prefix}"
        self._ports, self._cables = itertools.count(1), {}
        self._switch = Host(_unique("s"))
        self.hosts = []
        try:
            self._switch.run("ip", "link", "add", "bridge", "type", "bridge")
            self._switch.run("ip", "link", "set", "bridge", "up")
            for number in range(1, hosts + 1):
                self._plug(number)
        except Failed:
            self.__exit__()
            raise

    def _plug(self, number):
        host = Host()
        self.hosts.append(host)
        self.plug(host, "eth0")
        host.configure(str(ipaddress.ip_address(self._first) + number), self.prefix)

    def plug(self, host, card):
        """A new card of the host, on a cable to this switch."""
        port = f"port{next(self._ports)}"
        _command("ip", "link", "add", card, "netns", host.namespace, "type", "veth",
                 "peer", "name", port, "netns", self._switch.namespace)
        self._switch.run("ip", "link", "set", port, "master", "bridge", "up")
        self._cables[host, card] = port

    def pull(self, host, card="eth0"):
        """The cable is out, which the host is told by its card; and in again."""
        self._switch.run("ip", "link", "set", self._cables[host, card], "down")

    def put_back(self, host, card="eth0"):
        self._switch.run("ip", "link", "set", self._cables[host, card], "up")

    @property
    def switch(self):
        """The namespace that all packets go through."""
        return self._switch.namespace

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for host in [*self.hosts, self._switch]:
            host.delete()
        if self._turn:
            self._turn.close()


class SlowLan:
    """Hosts on a switch that delivers each frame `delay_ms` later."""

    def __init__(self, hosts, delay_ms):
        if not os.access(TAP_SWITCH, os.X_OK):
            raise Skip("tapswitch is not built")
        if not os.path.exists("/dev/net/tun"):
            raise Skip("no /dev/net/tun")
        prefix = _unique("t") + "x"
        self.prefix, self.cidr = 29, "10.78.0.0/29"
        self.hosts = [Host(f"{prefix}{number}") for number in range(1, hosts + 1)]
        self._switch = _Switch([TAP_SWITCH, prefix, str(hosts), str(delay_ms)])
        try:
            self._switch.wait("ready", lambda: b"ready" in self._switch.said, 30)
            for number, host in enumerate(self.hosts, 1):
                host.configure(f"10.78.0.{number}", self.prefix)
        except Failed:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._switch.kill()
        for host in self.hosts:
            host.delete()


class _Switch(Process):
    said = ()

    def take_out(self, lines, _now):
        self.said = [*self.said, *lines]


class Watch:
    """Counts what a host sends from eth0: connection attempts to targets, their addresses, and
    everything that should never leave."""

    def __init__(self, host, cidr, ports):
        self._host = host
        host.nft(f"""table inet watch {{
            set seen {{ type ipv4_addr; flags dynamic; size 65536; }}
            counter attempts {{}}
            counter outside {{}}
            counter beacons {{}}
            chain out {{
                type filter hook output priority 0;
                oifname != "eth0" accept
                ip daddr 224.0.0.183 udp dport 4565 counter name beacons accept
                ip protocol igmp accept
                ip daddr != {cidr} counter name outside accept
                meta l4proto != tcp counter name outside accept
                tcp flags & (syn | ack) != syn accept
                tcp dport != {ports} counter name outside accept
                add @seen {{ ip daddr }} counter name attempts
            }}
        }}""")

    def _objects(self, *what):
        listed = json.loads(self._host.run("nft", "-j", "list", *what))
        return listed["nftables"]

    def _counter(self, name):
        for thing in self._objects("counter", "inet", "watch", name):
            if "counter" in thing:
                return thing["counter"]["packets"]
        raise Failed(f"no counter {name}")

    def attempts(self):
        return self._counter("attempts")

    def beacons(self):
        return self._counter("beacons")

    def outside(self):
        return self._counter("outside")

    def addresses(self):
        """The addresses that connection attempts went to."""
        for thing in self._objects("set", "inet", "watch", "seen"):
            if "set" in thing:
                return set(thing["set"].get("elem", []))
        raise Failed("no set")


@contextlib.contextmanager
def mounted(folder, options):
    """A small file system in memory at `folder`, for as long as it is in use."""
    if os.geteuid() != 0:
        raise Skip("needs root for a file system of its own")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skip(f"no file systems may be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        _command("umount", "--lazy", folder)
