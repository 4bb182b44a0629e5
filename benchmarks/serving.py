"""What a server gives over HTTP, read by a plain socket in another process: events per second, and what they cost.

Words that are ready are asked for: 5,000 on one stream, 500 on each of 100 at the same time, 200 on each of 1,000; then
one word, again and again, for the time to the first event. All servers run on uvicorn with the same options, as
`pip install` gives it: asyncio and h11. Beside hocket stand the raw ASGI writer (ready-made bytes, one event for each
`send`: the floor), the other SDKs of A2A, and what the reader itself could take. µs CPU is the processor time of the
server for each event. Idle streams, paced events and long streams have scripts of their own: `idle`, `paced`, `growth`.
`./dev bench serving`
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from harness import Benchmark, Chart, Contender, Contest, LeftOut, Options, Target, main
from harness.contest import Once
from harness.reader import read_all
from harness.servers import A2A_SDK, CEILING, FASTA2A, HOCKET, ON_UVLOOP, OTHER_WAYS, RAW, Server

_ENOUGH = 5_000
"""Events in all for which even who is slow can have several turns."""


def streams(server: Server, count: int, events: int) -> Contender:
    """So many streams of ready events at the same time. Who is slow and has much to do has one turn."""

    @contextmanager
    def ready() -> Iterator[Once]:
        with server.started() as process:

            def once() -> Mapping[str, float]:
                asked = [server.way.request(process.port, f"{events} 0", number) for number in range(count)]
                spent = process.cpu_seconds()
                taken = read_all(process.port, asked)
                spent = process.cpu_seconds() - spent
                if min(taken.events) < events:
                    raise LeftOut(f"{min(taken.events)} of {events} events have come")
                everything = count * events
                return {"events/s": everything / taken.seconds, "µs CPU/event": 1e6 * spent / everything}

            yield once

    is_once = server.is_slow and count * events > _ENOUGH
    return Contender(server.name, ready, is_peer=server.is_peer, every=99 if is_once else 1, warms_up=not is_once)


def first_event(server: Server, calls: int) -> Contender:
    """Calls one after the other, each for one word."""

    @contextmanager
    def ready() -> Iterator[Once]:
        with server.started() as process:

            def once() -> Mapping[str, float]:
                spent = process.cpu_seconds()
                asked = [server.way.request(process.port, "1 0", number) for number in range(calls)]
                waited = [read_all(process.port, [request]).waited[0] for request in asked]
                spent = process.cpu_seconds() - spent
                return {"ms to first event": 1e3 * statistics.median(waited), "µs CPU/call": 1e6 * spent / calls}

            yield once

    return Contender(server.name, ready, is_peer=server.is_peer)


def contests(options: Options) -> list[Contest]:
    """One stream, 100, 1,000; the first event."""
    all_of_us: Sequence[Server] = (HOCKET, RAW, A2A_SDK, FASTA2A, *OTHER_WAYS, *ON_UVLOOP, CEILING)
    some: Sequence[Server] = (HOCKET, RAW, A2A_SDK, FASTA2A)
    with_ceiling = (*some, CEILING)
    if options.scale == "tiny":
        all_of_us, some, with_ceiling = (HOCKET, RAW), (HOCKET,), (HOCKET,)
    events = options.pick(5_000, 2_000, 5)
    fewer, words_of_fewer = options.pick((100, 500), (50, 100), (2, 2))
    many, words_of_many = options.pick((1_000, 200), (200, 50), (3, 2))
    calls = options.pick(100, 30, 2)
    return [
        Contest("one stream", [streams(server, 1, events) for server in all_of_us]),
        Contest("100 streams", [streams(server, fewer, words_of_fewer) for server in some]),
        Contest("1,000 streams", [streams(server, many, words_of_many) for server in with_ceiling], rounds=3),
        Contest("first event", [first_event(server, calls) for server in some]),
    ]


SHOWN = tuple(server.name for server in (HOCKET, RAW, A2A_SDK, FASTA2A))

ONE = (
    "What is left of an event is spread thin: a fifth makes its three frozen objects, a fifth writes it, a fifth is "
    "the garbage collector; to check, fold, keep and read it is the rest, none of it above a third of a µs. Tried: "
    "runs of more than 256 events, which changed nothing; keeping fewer objects of each, which helped."
)
SHORT = (
    "A short stream is mostly its beginning and its end: a request that is read and judged, a task, its log, a "
    "run of its agent and two tasks of the event loop. Tried: bare tasks for task groups, one clock for the body, a "
    "collector that looks less often, fewer system calls. What is left is spread over a thousand small steps."
)
GROWING = (
    "What an event costs a2a-sdk grows with the length of its stream: 360 µs in streams of 500, 550 in one of 5,000. "
    "So the ratio depends on how long streams are; in streams of 500 the raw writer has half of what is asked for."
)
FIRST = (
    "Before the first event the request is read and judged, the message is in the task's log, and the run of the agent "
    "has begun; the raw writer does nothing of that. Tried: the head and the first event go out in one packet, names "
    "of hosts are remembered, what can wait until after the first write does."
)
"""What was tried where a target is missed."""

BENCHMARK = Benchmark(
    "serving",
    __doc__,
    contests,
    targets=[
        Target("one stream", "events/s", "a2a-sdk 1.3.0", at_least=100, note=GROWING),
        Target("one stream", "events/s", "fasta2a 2.1.1", at_least=22, note=ONE),
        Target("one stream", "events/s", "raw ASGI writer", at_least=1.5, note=ONE),
        Target("100 streams", "events/s", "a2a-sdk 1.3.0", at_least=70, note=GROWING),
        Target("1,000 streams", "events/s", "a2a-sdk 1.3.0", at_least=45, note=GROWING),
        Target("1,000 streams", "events/s", "raw ASGI writer", at_least=1.1, note=SHORT),
        Target("first event", "ms to first event", "raw ASGI writer", at_most=1.5, note=FIRST),
    ],
    charts=[
        Chart("one-stream", "one stream", "events/s", "One stream over HTTP", SHOWN),
        Chart("many-streams", "1,000 streams", "events/s", "1,000 streams at the same time over HTTP", SHOWN),
    ],
    minutes=4,
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
