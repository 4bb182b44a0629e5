"""Programs that are measured: started, asked, and weighed from outside."""

import json
import os
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from attrs import frozen

from harness.contest import LeftOut

PEERS = Path(__file__).parents[1] / "peers"
"""The folder of programs that are not ours."""


@frozen(eq=False)
class Program:
    """A process that is measured."""

    process: subprocess.Popen[str]
    address: str = ""
    """What it has said when it was ready: the URL of a server."""

    @property
    def port(self) -> int:
        """The port in its address."""
        return int(self.address.rstrip("/").rpartition(":")[2])

    def cpu_seconds(self) -> float:
        """The processor time that it has needed so far, in all its threads."""
        if platform.system() == "Linux":  # the clock of another process, in nanoseconds; /proc has only hundredths
            return time.clock_gettime((~self.process.pid << 3) | 2)
        return _ps_seconds(self._ps("time"))

    def memory_kib(self) -> float:
        """What it holds in memory, pages that it shares counted by its share (PSS); elsewhere than on Linux the RSS."""
        try:
            told = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            return float(self._ps("rss"))
        return float(re.search(r"^Pss:\s+(\d+)", told, re.MULTILINE)[1])  # type: ignore[index]  # it is always there

    def ask(self, question: object) -> dict[str, float]:
        """Write a line of JSON and read one, which is an object of metrics; for `conversation`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        if not (line := self.process.stdout.readline()):
            raise LeftOut(f"it has ended instead of answering {question}")
        answer: dict[str, float] = json.loads(line)
        return answer

    def _ps(self, what: str) -> str:
        command = ["ps", "-o", f"{what}=", "-p", str(self.process.pid)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _ps_seconds(told: str) -> float:
    """`[[hours:]minutes:]seconds` as seconds."""
    seconds = 0.0
    for part in told.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


def surroundings(*, ours: bool) -> dict[str, str]:
    """The environment of a child: somebody else's does not find our packages by `PYTHONPATH`."""
    return {name: value for name, value in os.environ.items() if ours or name != "PYTHONPATH"}


@contextmanager
def program(
    command: Sequence[str | os.PathLike[str]], *, ready: str = r"http://\S+", ours: bool = False
) -> Iterator[Program]:
    """A server in a process of its own, once it has printed an address; it is ended afterwards.

    `ready` is a pattern for the address in a line of its output. `ours` finds our packages by `PYTHONPATH`, too.
    """
    with _started(command, ours, asks=False) as (process, complaints):
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(ready, line):
                yield Program(process, found[0])
                return
        raise LeftOut(_last_words(complaints))


@contextmanager
def conversation(command: Sequence[str | os.PathLike[str]], *, ours: bool = False) -> Iterator[Program]:
    """A process that answers each line of JSON on its stdin with one on its stdout: `Program.ask`.

    Its first line, whatever it says, means that it is ready.
    """
    with _started(command, ours, asks=True) as (process, complaints):
        assert process.stdout is not None
        if not (line := process.stdout.readline()):
            raise LeftOut(_last_words(complaints))
        yield Program(process, line.strip())


@contextmanager
def _started(
    command: Sequence[str | os.PathLike[str]], ours: bool, asks: bool
) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            [os.fspath(word) for word in command],
            stdin=subprocess.PIPE if asks else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            env=surroundings(ours=ours),
        )
        try:
            yield process, complaints
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _last_words(complaints: IO[str]) -> str:
    complaints.seek(0)
    lines = complaints.read().strip().splitlines()
    return f"it does not start: {lines[-1]}" if lines else "it does not start, and says nothing"
