"""What every reader of the benchmark of clients has in common: it is told what to read, and says what that took.

A reader is told the server's address, `with_….py URL …`. What it is to read comes on its stdin, a line of JSON each, as
`{"events": 1000, "streams": 10}`; what that took goes to its stdout. Nothing is imported here but the standard library:
other people's clients run in environments of their own.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["AROUND", "Asked", "asked"]

AROUND = 2
"""Events of a stream beside the chunks that were asked for: its task, and its last status."""


@dataclass(frozen=True)
class Asked:
    """What is to be read: so many streams, one after the other, of so many events each."""

    events: int
    streams: int = 1

    @property
    def text(self) -> str:
        """What is said to the server."""
        return str(self.events - AROUND)

    @contextmanager
    def measured(self) -> Iterator[list[int]]:
        """Around reading; how many events each stream had goes into the list."""
        seen: list[int] = []
        spent, begun = time.process_time(), time.perf_counter()
        yield seen
        seconds, spent = time.perf_counter() - begun, time.process_time() - spent
        if seen != [self.events] * self.streams:
            raise SystemExit(f"streams of {seen} events have come instead of {self.streams} of {self.events}")
        everything = self.events * self.streams
        print(json.dumps({"events/s": everything / seconds, "µs CPU/event": 1e6 * spent / everything}), flush=True)


def asked() -> Iterator[Asked]:
    """What is to be read, until nothing more is."""
    print("ready", flush=True)
    for line in sys.stdin:
        yield Asked(**json.loads(line))
