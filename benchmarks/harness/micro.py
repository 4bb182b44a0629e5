"""Single functions: how long a call takes, in processor time, so that a busy machine changes little."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from harness.contest import Contender, Once

_TURN = 0.05
"""Seconds that a turn takes about."""


def timed(function: Callable[[], object], *, seconds: float = _TURN, of: int = 1) -> float:
    """Microseconds of processor time for a call, or for each of the `of` things that a call does.

    It is called for about so many seconds, and at least once.
    """
    clock = time.process_time
    calls, took = 0, 0.0
    batch = 1
    while took < seconds:
        begun = clock()
        for _ in range(batch):
            function()
        took += clock() - begun
        calls += batch
        batch = min(2 * batch, 1 << 16) if took < seconds / 4 else batch
    return 1e6 * took / calls / of


def each_call(
    name: str,
    make: Callable[[], Callable[[], object]],
    *,
    metric: str = "µs",
    of: int = 1,
    seconds: float = _TURN,
    is_peer: bool = False,
) -> Contender:
    """A contender whose turn calls one function again and again; `make` makes it ready and gives it."""

    @contextmanager
    def ready() -> Iterator[Once]:
        function = make()

        def once() -> Mapping[str, float]:
            return {metric: timed(function, seconds=seconds, of=of)}

        yield once

    return Contender(name, ready, is_peer=is_peer)
