"""What a tap costs: processor time for each event of a stream in memory, without a tap and with each kind of one.

The agent and the client are in this process. `nothing` is told everything and does nothing with it: the price of
cutting the bytes into messages. `log, unheard` is a `log_tap` where nobody listens to its level, `log` writes its
lines to nowhere, `file` appends to a file, and `spans` makes spans that nobody gathers. They take turns, and of the
runs of each the fastest counts: it is the one that was disturbed least. `./dev bench tap [--events N] [--runs N]`
"""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

from stream import agent

from hocket_io import AsyncClient
from hocket_io.tap import Tap, file_tap, log_tap, span_tap


def a_log(level: int) -> Tap:
    """A log that writes what is at least INFO to nowhere."""
    logger = logging.getLogger(f"benchmark.{level}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(logging.StreamHandler(open(os.devnull, "w")))  # noqa: SIM115  -- to the end of the process
    return log_tap(logger, level)


async def seconds(tap: Tap | None, events: int) -> float:
    """The processor time of one task."""
    async with AsyncClient(agent, tap=tap) as client:
        begun = time.process_time()
        async for _ in client.stream(str(events)):
            pass
        return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description="What a tap costs.")
    parser.add_argument("--events", type=int, default=5_000, help="events of a run (default 5000)")
    parser.add_argument("--runs", type=int, default=7, help="runs of each (default 7)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, file_tap(Path(directory) / "frames.ndjson") as file:
        taps: dict[str, Tap | None] = {
            "no tap": None,
            "nothing": lambda tapped: None,
            "log, unheard": a_log(logging.DEBUG),
            "log": a_log(logging.INFO),
            "file": file,
            "spans": span_tap(),
        }
        rounds = [
            {name: asyncio.run(seconds(tap, options.events)) for name, tap in taps.items()}
            for _ in range(options.runs + 1)
        ][1:]  # the first one warms up
    least = {name: min(each[name] for each in rounds) * 1e6 / options.events for name in taps}
    print(f"Python {sys.version.split()[0]}, {options.events} events, the fastest of {options.runs} runs")
    print(f"{'':<14}{'us/event':>10}{'more':>8}")
    for name, each in least.items():
        print(f"{name:<14}{each:>10.1f}{each - least['no tap']:>+8.1f}")


if __name__ == "__main__":
    main()
