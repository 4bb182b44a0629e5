"""What every program of the benchmark of pipes has in common: it is told what to do, does it, and says what that took.

A program is the parent of a pair: it starts its child, and the two talk through the child's stdin and stdout. What is
to be done comes on its own stdin, a line of JSON each, as `{"what": "stream", "count": 20000}`; what it took goes to
its stdout. Nothing is imported here but the standard library: peers run in environments of their own.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Order", "orders", "text"]


def text(number: int) -> str:
    """What is said in each message, by everybody: a few words, as models say them."""
    return f"chunk number {number} of the answer "


@dataclass(frozen=True)
class Order:
    """What is to be done."""

    what: str
    """`stream`, so many messages of one answer; or `trips`, so many requests, each once the one before is answered."""
    count: int

    @property
    def answers(self) -> list[int]:
        """What is to be asked for, one request after the other: how many messages come before its result."""
        return [self.count] if self.what == "stream" else [0] * self.count

    @contextmanager
    def measured(self, child: int) -> Iterator[None]:
        """Around doing it: say what it took.

        Args:
            child: The number of the process at the other end.
        """
        there, here, begun = _cpu_seconds(child), time.process_time(), time.perf_counter()
        yield
        seconds = time.perf_counter() - begun
        here, there = time.process_time() - here, _cpu_seconds(child) - there
        if self.what == "trips":
            told = {"round trips/s": self.count / seconds, "µs CPU/trip": 1e6 * (here + there) / self.count}
        else:
            told = {
                "messages/s": self.count / seconds,
                "received/CPU/s": self.count / here,
                "sent/CPU/s": self.count / there,
            }
        print(json.dumps(told), flush=True)


def orders() -> Iterator[Order]:
    """What is to be done, until nothing more is."""
    print("ready", flush=True)
    for line in sys.stdin:
        yield Order(**json.loads(line))


def _cpu_seconds(pid: int) -> float:
    """The processor time of another process, in all its threads: the kernel's clock of it. Only Linux has it."""
    return time.clock_gettime((~pid << 3) | 2)
