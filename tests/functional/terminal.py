# Terminals for tests: tmux draws what a person would see, a pty records the bytes that came.
import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import tempfile
import termios
import threading

from process import need_tool
from runner import Failed, eventually, within


class Tmux:
    """A program in a terminal of its own tmux server. `screen` is what is to be seen."""

    def __init__(self, argv, env, columns=80, rows=24):
        need_tool("tmux")
        self._folder = tempfile.mkdtemp(prefix="lanchat-tmux-")
        self._socket = os.path.join(self._folder, "socket")
        # tmux sets TERM; the rest of our environment is the program's.
        wishes = [f"{key}={value}" for key, value in env.items() if key != "TERM"]
        # tmux itself does not always learn the exit code of what ran in it.
        self._code = os.path.join(self._folder, "code")
        shell = ["sh", "-c", 'code=$1; shift; "$@"; echo $? >"$code"', "sh", self._code]
        self._run("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  *shell, "env", "-i", "TERM=screen-256color", *wishes, *argv, env=env)
        self._run("set-option", "-g", "remain-on-exit", "on")

    def _run(self, *command, env=None):
        done = subprocess.run(["tmux", "-S", self._socket, "-u", *command], capture_output=True,
                              text=True, check=False, env=env)
        if done.returncode != 0:
            raise Failed(f"tmux {command[0]}: {done.stderr.strip()}")
        return done.stdout

    def keys(self, *keys):
        """Keys by their tmux names: Enter, C-c, Left."""
        self._run("send-keys", *keys)

    def type(self, text):
        self._run("send-keys", "-l", "--", text)

    def screen(self, colors=False):
        return self._run("capture-pane", "-p", *(["-e"] if colors else [])).rstrip("\n").split("\n")

    def history(self):
        """All rows, also those that scrolled away, wrapped lines joined."""
        return self._run("capture-pane", "-p", "-J", "-S", "-").rstrip("\n").split("\n")

    def resize(self, columns, rows):
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def cursor(self):
        x, y = self._run("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return int(x), int(y)

    def exit_code(self):
        """None while the program runs."""
        try:
            with open(self._code, encoding="ascii") as code:
                return int(code.read())
        except (FileNotFoundError, ValueError):
            return None

    def wait(self, what, predicate, seconds=None):
        """Waits until the rows of the screen satisfy `predicate`."""
        try:
            return eventually(what, lambda: predicate(self.screen()), seconds or within(5))
        except Failed as failure:
            raise Failed(f"{failure}; the screen:\n" + "\n".join(
                f"     |{row}" for row in self.screen())) from None

    def wait_row(self, text, seconds=None):
        self.wait(f"row {text!r}", lambda rows: any(text in row for row in rows), seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], capture_output=True,
                       check=False)
        shutil.rmtree(self._folder, ignore_errors=True)


class Pty:
    """A program on a raw pseudo terminal; `seen` is every byte it sent."""

    def __init__(self, argv, env, columns=80, rows=24):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.seen = bytearray()
        self.mode_before = termios.tcgetattr(slave)
        self._slave = slave
        self._over = False
        self.popen = subprocess.Popen(["setsid", "--ctty", "--wait", *argv], stdin=slave,
                                      stdout=slave, stderr=slave, env=env)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while not self._over:
            ready, _, _ = select.select([self._master], [], [], 0.05)
            if ready:
                try:
                    self.seen += os.read(self._master, 65536)
                except OSError:
                    return

    def type(self, data):
        os.write(self._master, data)

    def wait(self, what, data, seconds=None):
        eventually(what, lambda: data in self.seen, seconds or within(5))

    def wait_exit(self, seconds):
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"still running; it sent {bytes(self.seen[-300:])!r}") from None

    def mode(self):
        return termios.tcgetattr(self._slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(6)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self._over = True
        self._reader.join()
        os.close(self._master)
        os.close(self._slave)
