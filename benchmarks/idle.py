"""What a stream costs that is open and silent: the memory that a server has taken for each of 500.

Each stream has a connection of its own, and its agent sleeps: so a stream is a socket, a task with its log, and a run
of an agent. Every turn has a fresh server, which is weighed (PSS) when one stream is open, since what the first of all
loads is not its own, and again when all are. The floor is the raw ASGI writer. `./dev bench idle`
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from harness import Benchmark, Chart, Contender, Contest, Options, Target, main
from harness.contest import Once
from harness.reader import Reading, allow_files, ask, wait_for_event
from harness.servers import A2A_SDK, FASTA2A, HOCKET, OTHER_WAYS, RAW, Server

_SLEEPS = "1 3600"
"""What the agent is asked for: one word, after an hour."""
_BURST = 50
"""Connections that are made at the same time."""


def opened(server: Server, port: int, streams: int) -> list[Reading]:
    """So many streams, each of which has begun."""
    readings: list[Reading] = []
    while len(readings) < streams:
        burst = range(min(_BURST, streams - len(readings)))
        asked = [ask(port, server.way.request(port, _SLEEPS, len(readings) + at)) for at in burst]
        for reading in asked:
            wait_for_event(reading)
        readings += asked
    return readings


def idle(server: Server, streams: int, settles: float) -> Contender:
    """So many streams that say nothing; the server is weighed when nothing has happened for so many seconds."""

    def once() -> Mapping[str, float]:
        allow_files(streams + 100)
        with server.started() as process:
            (warm,) = opened(server, process.port, 1)
            time.sleep(settles)
            before = process.memory_kib()
            readings = opened(server, process.port, streams)
            time.sleep(settles)
            added = process.memory_kib() - before
            for reading in [warm, *readings]:
                reading.sock.close()
        return {"KiB/stream": added / streams, "MiB with one": before / 1024}

    @contextmanager
    def ready() -> Iterator[Once]:
        server.command()  # an installation, if it is one, comes before the first round
        yield once

    return Contender(server.name, ready, is_peer=server.is_peer, warms_up=False)


def contests(options: Options) -> list[Contest]:
    """One contest."""
    servers = options.pick((HOCKET, RAW, A2A_SDK, FASTA2A, *OTHER_WAYS), (HOCKET, RAW, A2A_SDK, FASTA2A), (HOCKET,))
    streams, settles = options.pick(500, 300, 2), options.pick(0.5, 0.3, 0.0)
    return [Contest("idle streams", [idle(server, streams, settles) for server in servers])]


SHOWN = tuple(server.name for server in (HOCKET, RAW, A2A_SDK, FASTA2A))

HELD = (
    "A silent stream is a task with its log, its fold and its state, a run of an agent with a scope that can close it, "
    "a watcher for the client's leaving, and a reader: three tasks of the event loop where the raw writer is one. "
    "Tried: bare tasks and futures for task groups and scopes, lists for deques, and nothing kept of what was asked "
    "and written."
)
"""What was tried where the target is missed."""

BENCHMARK = Benchmark(
    "idle",
    __doc__,
    contests,
    targets=[Target("idle streams", "KiB/stream", "raw ASGI writer", at_most=8, is_difference=True, note=HELD)],
    charts=[Chart("idle", "idle streams", "KiB/stream", "An open stream that is silent", SHOWN)],
    rounds=3,
    minutes=1.2,
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
