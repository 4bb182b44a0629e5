"""What a tap costs: processor time for each event of a stream in memory, without a tap and with each kind of one.

The agent and the client are in this process. `nothing` is told everything and does nothing with it: the price of
cutting the bytes into messages. `log, unheard` is a `log_tap` where nobody listens to its level, `log` writes its lines
to nowhere, `file` appends to a file, and `spans` makes spans that nobody gathers. `./dev bench tap`
"""

import asyncio
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from agents.words import agent
from harness import Benchmark, Contender, Contest, Options, main
from harness.contest import Once

from hocket_io import AsyncClient
from hocket_io.tap import Tap, file_tap, log_tap, span_tap


@contextmanager
def a_log(level: int) -> Iterator[Tap]:
    """A log that writes what is at least INFO to nowhere."""
    with open(os.devnull, "w") as nowhere:
        logger = logging.getLogger(f"benchmark.{level}")
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.handlers = [logging.StreamHandler(nowhere)]
        yield log_tap(logger, level)


@contextmanager
def a_file() -> Iterator[Tap]:
    """A file that is thrown away."""
    with tempfile.TemporaryDirectory() as directory, file_tap(Path(directory) / "frames.ndjson") as tap:
        yield tap


TAPS: dict[str, Callable[[], AbstractContextManager[Tap | None]]] = {
    "no tap": nullcontext,
    "nothing": lambda: nullcontext(lambda tapped: None),
    "log, unheard": lambda: a_log(logging.DEBUG),
    "log": lambda: a_log(logging.INFO),
    "file": a_file,
    "spans": lambda: nullcontext(span_tap()),
}


async def spent(tap: Tap | None, events: int) -> float:
    """The processor time of one task."""
    async with AsyncClient(agent, tap=tap) as client:
        begun = time.process_time()
        async for _ in client.stream(f"{events} 0"):
            pass
        return time.process_time() - begun


def with_tap(name: str, events: int) -> Contender:
    """A stream with that tap."""

    @contextmanager
    def ready() -> Iterator[Once]:
        with TAPS[name]() as tap:
            yield lambda: {"µs CPU/event": 1e6 * asyncio.run(spent(tap, events)) / events}

    return Contender(name, ready)


def contests(options: Options) -> list[Contest]:
    """One contest."""
    events = options.pick(5_000, 2_000, 5)
    return [Contest("taps", [with_tap(name, events) for name in TAPS])]


BENCHMARK = Benchmark("tap", __doc__, contests, rounds=7, minutes=0.2)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
