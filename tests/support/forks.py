"""Python programs as processes that need no start: each is a copy of one that has imported hocket already (`zygote`).

Starting Python and importing everything takes 0.3 s of CPU and more, and the tests need hundreds of processes. What a
start itself does is tested by those that start programs in the usual way: the README, the packaging, the children.

`start` starts one from here; `python` is for what starts Python by its path, as a `stdio:` target does.
"""

import atexit
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from attrs import define, field

CAN_FORK = hasattr(os, "fork") and hasattr(socket, "send_fds")
REAL = sys.executable


@define(eq=False)
class Zygote:
    """The process that is copied, started when it is first needed."""

    channel: socket.socket
    process: subprocess.Popen
    folder: tempfile.TemporaryDirectory

    @classmethod
    def started(cls):
        folder = tempfile.TemporaryDirectory(prefix="zygote")
        ours, theirs = socket.socketpair()
        with theirs:
            program = Path(__file__).with_name("zygote.py")
            # -P: its folder is on no path
            command = [REAL, "-P", str(program), str(theirs.fileno()), str(Path(folder.name, "door"))]
            process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        return cls(ours, process, folder)

    def close(self):
        self.channel.close()
        self.process.wait()
        self.folder.cleanup()

    def python(self):
        """The path of what stands in for Python; see `stand_in`."""
        path = Path(self.folder.name, "python")
        if not path.exists():
            front = f"#!{REAL} -ISs\nREAL, DOOR = {REAL!r}, {str(path.with_name('door'))!r}\n"
            path.write_text(front + Path(__file__).with_name("stand_in.py").read_text(encoding="utf-8"))
            path.chmod(0o755)
            nowhere = subprocess.DEVNULL
            start("-c", "pass", stdin=nowhere, stdout=nowhere, stderr=nowhere).wait()  # the door is open then
        return str(path)


_zygotes = {}
"""This process's, by its process id: a copy of it has none."""


def zygote():
    if os.getpid() not in _zygotes:
        _zygotes[os.getpid()] = made = Zygote.started()
        atexit.register(made.close)
    return _zygotes[os.getpid()]


def python():
    """The path of a program that does as `python` does, by a copy; the real one where nothing can be copied."""
    return zygote().python() if CAN_FORK else REAL


@define(eq=False)
class Fork:
    """A running program, with what the tests need of a `subprocess.Popen`."""

    pid: int
    stdin: io.IOBase | None
    stdout: io.IOBase | None
    stderr: io.IOBase | None
    _news: io.FileIO
    returncode: int | None = field(default=None, init=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None and not stream.closed:
                stream.close()
        self.wait()

    def poll(self):
        if self.returncode is None and select.select([self._news], [], [], 0)[0]:
            self._hear()
        return self.returncode

    def wait(self, timeout=None):
        if self.returncode is None:
            if not select.select([self._news], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            self._hear()
        return self.returncode

    def _hear(self):
        self.returncode = int(self._news.readline())
        self._news.close()

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def communicate(self, input=None, timeout=None):
        """Write the input, and read everything; all streams are closed then."""
        read = {}
        streams = [stream for stream in (self.stdout, self.stderr) if stream is not None and not stream.closed]
        readers = [threading.Thread(target=lambda at=at: read.update({at: at.read()}), daemon=True) for at in streams]
        for reader in readers:
            reader.start()
        if self.stdin is not None and not self.stdin.closed:
            try:
                self.stdin.write(input or "" if isinstance(self.stdin, io.TextIOBase) else input or b"")
                self.stdin.close()
            except BrokenPipeError:
                pass  # as subprocess does: who does not read its input says why elsewhere
        for reader in readers:
            reader.join(timeout)
            if reader.is_alive():
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
        for stream in streams:
            stream.close()
        self.wait(timeout)
        return tuple(read.get(stream) for stream in (self.stdout, self.stderr))


def start(*argv, stdin=None, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=False, env=None, cwd=None):
    """Start `python ARGV…` (`-m NAME …` or `FILE …`) as a copy. The streams are as for `subprocess.Popen`."""
    given, ours = [], []
    for number, wanted in enumerate((stdin, stdout, stderr)):
        fd, stream = _end(wanted, writes=number == 0, number=number, text=text, others=given)
        given.append(fd)
        ours.append(stream)
    news, told = os.pipe()
    request = {
        "argv": list(argv),
        "cwd": str(cwd or os.getcwd()),
        "env": dict(os.environ if env is None else env),
        "executable": sys.executable,
    }
    socket.send_fds(zygote().channel, [json.dumps(request).encode()], [*given, told])
    for fd in {*given, told} - {0, 1, 2}:
        os.close(fd)
    heard = os.fdopen(news, "rb", buffering=0)
    pid = heard.readline()
    assert pid, "the process that is copied has ended: its stderr says why"
    return Fork(int(pid), *ours, heard)


def _end(wanted, *, writes, number, text, others):
    """A file descriptor for the program, and our end of it."""
    match wanted:
        case subprocess.PIPE:
            read, write = os.pipe()
            theirs, mine = (read, write) if writes else (write, read)
            stream = os.fdopen(mine, "wb" if writes else "rb", buffering=0 if writes else -1)
            return theirs, io.TextIOWrapper(stream, encoding="utf-8", write_through=True) if text else stream
        case subprocess.DEVNULL:
            return os.open(os.devnull, os.O_RDWR), None
        case subprocess.STDOUT:
            return os.dup(others[1]), None
        case None:
            return os.dup(number), None
        case int():
            return os.dup(wanted), None
        case _:
            return os.dup(wanted.fileno()), None
