"""A program in a pseudo-terminal, and what somebody in front of it would see."""

import fcntl
import os
import pty
import signal
import struct
import termios
import threading
import time

import pyte

from .service import PATIENCE


class Terminal:
    """Runs a command in a terminal of its own; its screen is what pyte makes of the bytes."""

    def __init__(self, command, columns, lines, **environment):
        self.lock, self.raw = threading.Lock(), b""
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.process, self.end = pty.fork()
        if self.process == 0:
            kept = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
            os.execve(command[0], command, {**kept, "TERM": "xterm-256color", **environment})
        self.resize(columns, lines)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                came = os.read(self.end, 1 << 16)
            except OSError:
                return
            if not came:
                return
            with self.lock:
                self.raw += came
                self.stream.feed(came)

    def resize(self, columns, lines):
        with self.lock:
            self.screen.resize(lines, columns)
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.kill(self.process, signal.SIGWINCH)

    def press(self, keys):
        os.write(self.end, keys.encode())

    def rows(self):
        with self.lock:
            columns, lines = range(self.screen.columns), range(self.screen.lines)
            # The place behind a wide character is empty.
            return ["".join(self.screen.buffer[y][x].data for x in columns).rstrip() for y in lines]

    def text(self):
        return "\n".join(self.rows())

    def colours(self):
        with self.lock:
            return {cell.fg for line in self.screen.buffer.values() for cell in line.values()}

    def until(self, what, seen):
        """Waits until the screen is as wanted; `seen` gets its text."""
        ends = time.monotonic() + PATIENCE
        while not seen(self.text()):
            assert time.monotonic() < ends, f"in {PATIENCE} s not {what}:\n{self.text()}"
            time.sleep(0.05)
        return self.text()

    def left(self):
        """Whether the screen of its own is given back; what was written last may still be on its way."""
        ends = time.monotonic() + PATIENCE
        while b"\x1b[?1049l" not in self.raw and time.monotonic() < ends:
            time.sleep(0.05)
        return b"\x1b[?1049l" in self.raw

    def ended(self):
        """The exit code, once it has ended by itself."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            pid, status = os.waitpid(self.process, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        os.kill(self.process, signal.SIGKILL)
        raise AssertionError(f"it does not end:\n{self.text()}")
