# The brokers to compare with: on a loopback address and in folders of their own, ended by id.
import ctypes
import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from workers import Failed, Folder, free_ports, has_program, private_subnet

SIGNAL_WHEN_PARENT_ENDS = 1  # PR_SET_PDEATHSIG of prctl(2)
LIBC = ctypes.CDLL(None)  # loaded before any fork


class Broker:
    """A server with its data in a folder; can be killed and started again on what is left."""

    program = ""
    worker = ""
    library = ""

    def __init__(self):
        self.folder = Folder()
        self.popen = None
        ip = private_subnet() + ".1"
        self.address = {"ip": ip, "port": free_ports(ip, 1)}

    @classmethod
    def missing(cls):
        """Why it cannot be measured here; empty if it can."""
        if not _find(cls.program):
            return f"{cls.program} is not installed"
        if not has_program(cls.worker):
            return f"{cls.worker} is not built: {cls.library} was not installed"
        return ""

    def start(self):
        self.popen = subprocess.Popen(
            [_find(self.program), *self.arguments()], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_end_with_parent)
        deadline = time.monotonic() + 20
        while not self._answers():
            if self.popen.poll() is not None:
                raise Failed(f"{self.program}: exit code {self.popen.returncode}")
            if time.monotonic() > deadline:
                raise Failed(f"{self.program}: does not listen on {self.address}")
            time.sleep(0.02)

    def arguments(self):
        raise NotImplementedError

    def kill(self):
        self.popen.kill()
        self.popen.wait()

    def write_settings(self, text):
        path = os.path.join(self.folder.path, "settings.conf")
        with open(path, "w", encoding="utf-8") as settings:
            settings.write(text)
        return path

    def data(self):
        path = os.path.join(self.folder.path, "data")
        os.makedirs(path, exist_ok=True)
        return path

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex((self.address["ip"], self.address["port"])) == 0

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.popen and self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self.folder.remove()


class Nats(Broker):
    """A stream on disk, as it comes: answered is written, flushed every two minutes."""

    program, worker, library = "nats-server", "bench_nats", "libnats-dev"
    sync = ""

    def arguments(self):
        return ["-c", self.write_settings(
            f"host: {self.address['ip']}\nport: {self.address['port']}\n"
            "max_pending: 1GB\n"  # so that no subscriber is too slow for it
            f"jetstream {{ store_dir: \"{self.data()}\"\n max_file_store: 16GB\n {self.sync} }}\n")]


class FlushedNats(Nats):
    """Answered is flushed: by its own setting, which came with 2.10, else by the file system."""

    def __init__(self):
        super().__init__()
        if _version(self.program) >= (2, 10):
            self.sync = "sync_interval: always"
        elif not _write_through(self.data()):
            self.folder.remove()
            raise Failed("chattr +S failed")

    @classmethod
    def missing(cls):
        if why := super().missing():
            return why
        if _version(cls.program) >= (2, 10):
            return ""
        with Folder() as folder:
            return "" if _write_through(folder) else \
                "nats-server < 2.10 cannot flush, and the file system knows no chattr +S"


class EncryptedNats(Broker):
    """Without a stream: nothing is kept, and nothing is answered. A certificate of its own."""

    program, worker, library = "nats-server", "bench_nats", "libnats-dev"

    def arguments(self):
        key, certificate = (os.path.join(self.folder.path, name) for name in ("key", "certificate"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2",
                        "-subj", "/CN=bench", "-keyout", key, "-out", certificate],
                       check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return ["-c", self.write_settings(
            f"host: {self.address['ip']}\nport: {self.address['port']}\nmax_pending: 1GB\n"
            f"tls {{ cert_file: \"{certificate}\"\n key_file: \"{key}\" }}\n")]


class Mosquitto(Broker):
    """Saves all it holds after each turn in which something changed: the most it can do."""

    program, worker, library = "mosquitto", "bench_mosquitto", "libmosquitto-dev"
    saving = "autosave_on_changes true\nautosave_interval 1\n"

    def arguments(self):
        return ["-c", self.write_settings(
            f"listener {self.address['port']} {self.address['ip']}\nallow_anonymous true\n"
            f"user {getpass.getuser()}\nlog_type none\nset_tcp_nodelay true\n"
            "max_inflight_messages 0\nmax_queued_messages 0\n"  # no bounds
            f"persistence true\npersistence_location {self.data()}/\n{self.saving}")]


class DefaultMosquitto(Mosquitto):
    """Persistence as it comes: saved every half hour and at a clean end."""

    saving = ""


def _find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def _version(program):
    told = subprocess.run([_find(program), "--version"], capture_output=True, text=True, check=True)
    return tuple(map(int, re.search(r"(\d+)\.(\d+)", told.stdout + told.stderr).groups()))


def _write_through(folder):
    """Every write to files made in it is on the disk when it returns."""
    chattr = _find("chattr")
    return bool(chattr) and subprocess.run([chattr, "+S", folder], stderr=subprocess.DEVNULL,
                                           check=False).returncode == 0


def _end_with_parent():
    LIBC.prctl(SIGNAL_WHEN_PARENT_ENDS, signal.SIGKILL)
