"""What a stream costs that is open and silent: the memory of a server with none, with many, with twice as many.

Each stream has its own connection, and its agent sleeps: so a stream is a socket, a task with its log, and a run of an
agent. A column is the resident memory of the server's process, in MiB, once that many streams have told that their task
has begun; the last one is what the streams have added, in KiB for each, from the first column to the last. A row is the
median of several servers. Where a2a-sdk is installed (it is, for the tests), a server made with it stands beside ours,
with the same agent. `./dev bench idle [--streams N] [--runs N]`
"""

import argparse
import asyncio
import importlib.util
import resource
import statistics
import subprocess
import sys

from serving import OURS, THEIRS, ask, server

ROWS = {
    "JSON-RPC 1.0": (OURS, "JSON-RPC 1.0"),
    "HTTP+JSON": (OURS, "HTTP+JSON"),
    "gateway": (OURS, "gateway"),
    "a2a-sdk, JSON-RPC 1.0": (THEIRS, "JSON-RPC 1.0"),
}
"""For each row the server, and the way to ask it."""

_BURST = 100
"""Connections that are made at the same time."""
_SETTLE = 0.5
"""Seconds that a server gets before it is weighed, and before it ends."""
_SLEEPS = "1 3600"
"""What the agent is asked for: one word, after an hour."""


def memory(process: subprocess.Popen) -> float:
    """The resident memory of a process, in MiB."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(process.pid)], check=True, capture_output=True, text=True)
    return int(told.stdout) / 1024


async def opened(port: int, way: str, streams: int) -> list[asyncio.StreamWriter]:
    """That many streams, each of which has begun."""
    writers = []
    for at in range(0, streams, _BURST):
        asked = [ask(port, way, _SLEEPS) for _ in range(min(_BURST, streams - at))]
        for reader, writer in await asyncio.gather(*asked):
            await reader.readuntil(b"data: ")
            writers.append(writer)
    return writers


async def weigh(command: tuple[str, ...], way: str, streams: int) -> list[float]:
    """The MiB of one server with no stream, with so many, and with twice as many."""
    with server(command) as (port, process, _):
        (warm,) = await opened(port, way, 1)  # what the first stream of all loads is not its own
        weights, writers = [], [warm]
        for more in (0, streams, streams):
            writers += await opened(port, way, more)
            await asyncio.sleep(_SETTLE)
            weights.append(memory(process))
        for writer in writers:
            writer.close()
        await asyncio.sleep(_SETTLE)  # a server that is told to stop while they are open complains of each
    return weights


def allow_files(wanted: int) -> None:
    """Open files for as many connections, here and in the servers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError):
        sys.exit(f"{wanted} files would have to be open, and {hard} may be (ulimit -Hn): ask for fewer --streams")


def main() -> None:
    parser = argparse.ArgumentParser(description="What a stream costs that is open and silent.")
    parser.add_argument("--streams", type=int, default=1_000, help="streams of the middle column (default 1000)")
    parser.add_argument("--runs", type=int, default=3, help="servers for each row (default 3)")
    options = parser.parse_args()
    streams = options.streams
    allow_files(2 * streams + 200)
    rows = {name: row for name, row in ROWS.items() if row[0] is OURS or importlib.util.find_spec("a2a")}
    print(
        f"Python {sys.version.split()[0]}, MiB of the server by streams that are open and silent, {options.runs} runs"
    )
    print(f"{'':<27}{0:>10,}{streams:>10,}{2 * streams:>10,}{'KiB/stream':>13}")
    for name, (command, way) in rows.items():
        runs = [asyncio.run(weigh(command, way, streams)) for _ in range(options.runs)]
        each = statistics.median([1024 * (weights[-1] - weights[0]) / (2 * streams) for weights in runs])
        columns = [statistics.median(column) for column in zip(*runs, strict=True)]
        print(f"{name:<27}" + "".join(f"{mib:>10.1f}" for mib in columns) + f"{each:>13.1f}", flush=True)


if __name__ == "__main__":
    main()
