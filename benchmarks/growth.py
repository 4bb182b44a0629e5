"""What an event costs a server in a long stream: the same for the hundredth and for the hundred thousandth, or more.

Streams of 1,000, 10,000 and 100,000 ready events over HTTP, read by a plain socket in another process. The cost is the
processor time of the server for a whole stream, by its events; in a turn there are as many of the short streams as
make 10,000 events. a2a-sdk is asked for 1,000 and 5,000, since what an event costs there grows. `./dev bench growth`
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from harness import Benchmark, Contender, Contest, LeftOut, Options, Target, main
from harness.contest import Once
from harness.reader import read_all
from harness.servers import A2A_SDK, FASTA2A, HOCKET, RAW, Server


def growth(server: Server, events: int, together: int) -> Contender:
    """Streams of so many events, one after the other, that make so many together."""

    @contextmanager
    def ready() -> Iterator[Once]:
        with server.started() as process:

            def once() -> Mapping[str, float]:
                streams = max(1, together // events)
                spent = process.cpu_seconds()
                for number in range(streams):
                    taken = read_all(process.port, [server.way.request(process.port, f"{events} 0", number)])
                    if taken.events[0] < events:
                        raise LeftOut(f"{taken.events[0]} of {events} events have come")
                spent = process.cpu_seconds() - spent
                return {"µs CPU/event": 1e6 * spent / (streams * events)}

            yield once

    every = 2 if server.is_slow else 1
    return Contender(
        f"{server.name}, {events:,}", ready, is_peer=server.is_peer, every=every, warms_up=not server.is_slow
    )


def contests(options: Options) -> list[Contest]:
    """One contest."""
    lengths = options.pick((1_000, 10_000, 100_000), (1_000, 10_000, 30_000), (2, 4))
    together = options.pick(10_000, 10_000, 1)
    rows = [(HOCKET, length) for length in lengths]
    if options.scale != "tiny":
        rows += [(server, length) for server in (RAW, FASTA2A) for length in (lengths[0], lengths[-1])]
        rows += [(A2A_SDK, 1_000), (A2A_SDK, 5_000)]
    contenders = [growth(server, length, 0 if server.is_slow else together) for server, length in rows]
    return [Contest("length of the stream", contenders)]


KEPT = (
    "No step of ours grows with the stream. The garbage collector does: it looks at all that is kept whenever that has "
    "grown by a quarter. Tried: a chunk that was written is kept as two objects and not as five, which took three of "
    "four of these looks away."
)

BENCHMARK = Benchmark(
    "growth",
    __doc__,
    contests,
    targets=[
        Target("length of the stream", "µs CPU/event", "hocket, 1,000", ours="hocket, 100,000", at_most=1.2, note=KEPT),
        Target("length of the stream", "µs CPU/event", "hocket, 1,000", ours="hocket, 10,000", at_most=1.2, note=KEPT),
    ],
    rounds=4,
    minutes=1.5,
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
