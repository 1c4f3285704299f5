# Worker processes: started, listened to and ended by us, each by its own id.
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "functional"))

from isolation import Skip, environment, free_ports, private_subnet

BUILD = ""  # set by bench.py


class Failed(Exception):
    """A measurement that cannot be trusted: the run ends without a table."""


class Worker:
    """A program of ours that reports JSON lines on stdout and takes commands on stdin."""

    def __init__(self, program, **options):
        arguments = [f"{key}={value}" for key, value in options.items()]
        self.popen = subprocess.Popen([find_program(program), *arguments],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.popen.pid
        self.name = " ".join([program, *arguments])
        self._read = b""

    def tell(self, *words):
        self.popen.stdin.write((" ".join(map(str, words)) + "\n").encode())
        self.popen.stdin.flush()

    def hear(self, event, seconds=30):
        """The next report, which must be `event`."""
        deadline = time.monotonic() + seconds
        report = None
        while report is None:
            line = self._line(event, seconds, deadline)
            if line.startswith(b"{"):
                report = json.loads(line)
            else:  # what it logs
                print(f"{self.name}: {line.decode(errors='replace')}", file=sys.stderr)
        if report["event"] != event:
            raise Failed(f"{self.name}: {report} instead of {event}")
        return report

    def _line(self, event, seconds, deadline):
        while b"\n" not in self._read:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.popen.stdout], [], [], left)[0]:
                raise Failed(f"{self.name}: no {event} within {seconds} s")
            chunk = os.read(self.popen.stdout.fileno(), 1 << 20)
            if not chunk:
                raise Failed(f"{self.name}: ended before {event}, exit code {self.popen.wait()}")
            self._read += chunk
        line, self._read = self._read.split(b"\n", 1)
        return line

    def ask(self, event, *words, seconds=30):
        self.tell(*words)
        return self.hear(event, seconds)

    def rss_kib(self):
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024

    def end(self):
        end_process(self.popen)


def end_process(popen):
    """The end of its stdin is every worker's sign to leave."""
    try:
        popen.stdin.close()
    except OSError:
        pass
    try:
        popen.wait(6)
    except subprocess.TimeoutExpired:
        popen.kill()
        popen.wait()
        raise Failed(f"process {popen.pid} did not end by itself") from None
    finally:
        popen.stdout.close()


class Company:
    """Workers that end together, however the measurement ends."""

    def __init__(self):
        self.workers = []

    def start(self, program, **options):
        self.workers.append(Worker(program, **options))
        return self.workers[-1]

    def __enter__(self):
        return self

    def __exit__(self, kind, _error, _trace):
        for worker in self.workers:
            try:
                worker.popen.stdin.close()
            except OSError:
                pass
        faults = []
        for worker in self.workers:
            try:
                worker.end()
            except Failed as fault:
                faults.append(str(fault))
        if faults and kind is None:
            raise Failed("; ".join(faults))


class Lan:
    """A loopback address of its own and a free port range, so that runs do not meet."""

    def __init__(self, ports):
        self.ip = private_subnet() + ".1"
        first = free_ports(self.ip, ports)
        self.options = {"ip": self.ip, "cidr": f"{self.ip}/32",
                        "ports": f"{first}-{first + ports - 1}"}


class Folder:
    """On the disk that the build is on, for what must survive; goes with the measurement."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="bench-", dir=BUILD)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        self.remove()


def nodes(company, count, *, folder=None, lan=None, each=None, others=0, **options):
    """Embedded nodes that have all linked to each other, and to `others` that were there before.

    With a folder each keeps its history in one below it, and finds it there again. `options` are
    for the first one, `each` has those of every one.
    """
    lan = lan or Lan(count)
    each = each or [options] + [{}] * (count - 1)
    found = []
    for number, told in enumerate(each):
        if folder:
            told = {**told, "data": os.path.join(folder, str(number))}
            os.makedirs(told["data"], exist_ok=True)
        found.append(company.start("bench_node", name=f"node{number}",
                                   **{"await": count + others - 1}, **lan.options, **told))
    for node in found:
        node.hear("ready")
    for node in found:
        node.hear("linked")
    return found


def check_steady(company):
    """No link went and no line was given up: otherwise the figures mean nothing."""
    for worker in company.workers:
        stats = worker.ask("stats", "stats")
        if stats["downs"] or stats["undelivered"]:
            raise Failed(f"{worker.name}: {stats}")


def status_kib(pid, what):
    """A line of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(what + ":"))


def find_program(name):
    for folder in ("tests/bench", "", "app"):
        path = os.path.join(BUILD, folder, name)
        if os.path.isfile(path):
            return path
    raise Failed(f"{name} is not built in {BUILD}")


def has_program(name):
    try:
        return bool(find_program(name))
    except Failed:
        return False


class Lanchats:
    """lanchat processes with homes of their own, spoken to through pipes."""

    def __init__(self, count, *flags):
        self.lan = Lan(count)
        self.folder = tempfile.mkdtemp(prefix="lanchat-bench-")
        self.processes = []
        self.helpers = []
        self.count = count
        self.flags = flags

    def start(self):
        for number in range(self.count):
            home = os.path.join(self.folder, str(number))
            os.mkdir(home)
            self.processes.append(subprocess.Popen(
                [find_program("lanchat"), *self.flags, "--name", f"node{number}",
                 "--ip", self.lan.ip, "--cidr", self.lan.options["cidr"],
                 "--ports", self.lan.options["ports"], "-d", home, "-q"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=environment(home)))
        return self.processes

    def help(self, number, **options):
        """A bench_pipe at the pipes of one lanchat."""
        process = self.processes[number]
        arguments = [f"{key}={value}" for key, value in options.items()]
        descriptors = [options["report"]] if "report" in options else []
        helper = subprocess.Popen([find_program("bench_pipe"), *arguments], pass_fds=descriptors,
                                  stdin=process.stdout, stdout=process.stdin)
        process.stdout.close()  # the helper's end is the only one
        process.stdin.close()
        self.helpers.append(helper)
        return helper

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.helpers + self.processes:
            process.terminate()
        for process in self.helpers + self.processes:
            try:
                process.wait(6)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
        shutil.rmtree(self.folder, ignore_errors=True)
