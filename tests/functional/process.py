# What the kernel knows of a process: memory, sockets, state. And how ours are started and ended.
import os
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter

from runner import Failed, Skip, within

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

ESTABLISHED, LISTEN = "01", "0A"


def memory_mib(pid, field="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    raise Failed(f"process {pid} has ended")


def peak_mib(pid):
    return memory_mib(pid, "VmHWM")


def _need_root():
    """A node shows what it has open to root alone."""
    if os.geteuid() != 0:
        raise Skip("needs root to look into a process that keeps its memory to itself")


def forget_peak(pid):
    _need_root()
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as refs:
        refs.write("5")


def _socket_inodes(pid):
    _need_root()
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{fd}")
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    return inodes


def _endpoint(text):
    ip, port = text.split(":")
    octets = bytes.fromhex(ip)[::-1]
    return f"{'.'.join(map(str, octets))}:{int(port, 16)}"


def sockets(pid, state=ESTABLISHED):
    """(local, remote) of each IPv4 TCP socket of the process in the given state."""
    mine = _socket_inodes(pid)
    found = []
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as table:
        next(table)
        for line in table:
            fields = line.split()
            if fields[3] == state and fields[9] in mine:
                found.append((_endpoint(fields[1]), _endpoint(fields[2])))
    return found


def listens(pid):
    """The addresses the process listens on; empty when it has ended."""
    try:
        return [local for local, _ in sockets(pid, LISTEN)]
    except (OSError, StopIteration):
        return []


def connections_between(pid_a, pid_b):
    """How many established TCP connections join two processes."""
    ends_of_b = set(sockets(pid_b))
    return sum((remote, local) in ends_of_b for local, remote in sockets(pid_a))


def descriptors(pid):
    _need_root()
    return len(os.listdir(f"/proc/{pid}/fd"))


class Gate:
    """Holds processes back between start and exec, so that all begin at one instant."""

    def __init__(self):
        self.read_end, self._write_end = os.pipe()
        os.set_inheritable(self.read_end, True)

    def wrap(self, argv):
        script = f'read -r _ </proc/self/fd/{self.read_end}; exec {self.read_end}<&-; exec "$@"'
        return ["bash", "-c", script, "gate", *argv]

    def open(self):
        os.close(self._write_end)
        os.close(self.read_end)
        return time.monotonic()


class Process:
    """A child with its output read by threads. Start it from the main thread only: the kernel
    ends the child when the thread that started it ends."""

    def __init__(self, argv, *, env=None, namespace=None, gate=None, descriptors_max=None,
                 file_bytes_max=None, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=None):
        limits = [f"--nofile={descriptors_max}:{descriptors_max}"] if descriptors_max else []
        limits += [f"--fsize={file_bytes_max}:{file_bytes_max}"] if file_bytes_max else []
        argv = ["setpriv", "--pdeathsig", "KILL", "--", "prlimit", "--core=0:0", *limits, *argv]
        if namespace:
            argv = ["ip", "netns", "exec", namespace, *argv]
        if gate:
            argv = gate.wrap(argv)
        self.changed = threading.Condition()
        self.err = []
        self.expected_codes = {0}
        self.popen = subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                                      env=env, cwd=cwd, pass_fds=[gate.read_end] if gate else [])
        self.pid = self.popen.pid
        self._readers = [self._read(self.popen.stderr, self._take_err)]
        if stdout == subprocess.PIPE:
            self._readers.append(self._read(self.popen.stdout, self.take_out))

    def take_out(self, lines, now):
        """Overridden: what to do with complete lines (bytes, without newline) of stdout."""

    def _take_err(self, lines, _now):
        self.err.extend(line.decode(errors="replace") for line in lines)

    def _read(self, stream, take):
        def pump():
            rest = b""
            while chunk := os.read(stream.fileno(), 1 << 18):
                *lines, rest = (rest + chunk).split(b"\n")
                with self.changed:
                    take(lines, time.monotonic())
                    self.changed.notify_all()
            is_whole = rest and self.popen.wait() != -signal.SIGKILL
            with self.changed:
                if is_whole:
                    take([rest], time.monotonic())
                self.changed.notify_all()

        thread = threading.Thread(target=pump, daemon=True)
        thread.start()
        return thread

    def wait(self, what, predicate, seconds):
        """Waits for the output to satisfy `predicate`; returns its value."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                value = predicate()
                if value:
                    return value
                left = deadline - time.monotonic()
                if left <= 0 or (not any(r.is_alive() for r in self._readers)):
                    raise Failed(f"{self}: not within {seconds:.1f} s: {what}\n{self.tail()}")
                self.changed.wait(min(left, 0.25))

    def tail(self):
        return "\n".join(f"     {self}: {line}" for line in self.err[-12:])

    def write(self, data):
        self.popen.stdin.write(data)
        self.popen.stdin.flush()

    def feed(self, data, close=False):
        """Writes a lot without waiting for it to be read."""
        def push():
            try:
                self.write(data)
                if close:
                    self.popen.stdin.close()
            except (BrokenPipeError, ValueError):
                pass

        thread = threading.Thread(target=push, daemon=True)
        thread.start()
        return thread

    def end_input(self):
        self.popen.stdin.close()

    def alive(self):
        return self.popen.poll() is None

    def signal(self, number):
        self.popen.send_signal(number)

    def kill(self):
        self.expected_codes.add(-signal.SIGKILL)
        self.popen.kill()
        self.popen.wait()

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def wait_exit(self, seconds):
        try:
            code = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self}: still running after {seconds:.1f} s\n{self.tail()}") from None
        for reader in self._readers:
            reader.join(30)
        return code

    def stop(self):
        """SIGTERM, and the exit code 0 within 5 s that is promised."""
        self.signal(signal.SIGTERM)
        code = self.wait_exit(within(5))
        if code != 0:
            raise Failed(f"{self}: exit code {code} after SIGTERM\n{self.tail()}")

    def __str__(self):
        return f"process {self.pid}"


def need_tool(name):
    if not shutil.which(name):
        raise Skip(f"{name} is not installed")


def tally(items):
    """Those that occur more than once, with their counts."""
    return {item: count for item, count in Counter(items).items() if count > 1}
