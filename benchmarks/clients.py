"""What clients need to read a stream over HTTP: ready-made events from a server that costs nothing, in another process.

Each client reads in a process of its own, with the loop that its users write (`async for event in …`), under asyncio
unless its name says otherwise. `µs CPU/event` is what its process needs, `events/s` is by the clock: the server writes
faster than any of them reads. The server puts 64 events into a piece of the body, as servers do that join what is
ready; then each event is a piece of its own. hocket's client gives typed events, folds them into the task and finds out
how the stream ended; the floor, httpx2 and `json.loads` by hand, gives dictionaries. Then long streams: what an event
costs is to be the same for the first thousand and the last. `./dev bench clients`
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen
from harness import Benchmark, Chart, Contender, Contest, Options, Target, conversation, main, program, python_of
from harness.contest import Once
from harness.processes import PEERS

READERS = Path(__file__).with_name("readers")
JOINED, ALONE = 64, 1
"""Events in each piece of the body."""


@frozen
class Reader:
    """A client, and how its program is started."""

    name: str
    script: str
    words: tuple[str, ...] = ()
    requirement: str | None = None
    """What has to be installed for it, if it is somebody else's."""

    def contender(self, together: int, events: int, streams: int = 1, name: str = "") -> Contender:
        """The client as one who takes part in a contest."""

        @contextmanager
        def ready() -> Iterator[Once]:
            python = sys.executable if self.requirement is None else python_of(self.requirement)
            server = [sys.executable, PEERS / "ready_stream_server.py", str(together)]
            with program(server) as process:
                command = [python, READERS / self.script, process.address, *self.words]
                with conversation(command, ours=self.requirement is None) as reader:
                    yield lambda: reader.ask({"events": events, "streams": streams})

        return Contender(name or self.name, ready, is_peer=self.requirement is not None)


LOOPS = ("asyncio", "trio", "blocking")
OURS = [Reader(f"hocket, {loop}", "with_hocket.py", (loop,)) for loop in LOOPS]
FLOOR = Reader("httpx2 and json by hand", "with_httpx2.py")
PEERS_CLIENTS = [
    Reader("a2a-sdk 1.3.0", "with_a2a_sdk.py", requirement="a2a-sdk[http-server]==1.3.0"),
    Reader("fasta2a 2.1.1", "with_fasta2a.py", requirement="fasta2a==2.1.1"),
]
LENGTHS = (1_000, 10_000, 100_000)
MISSED = (
    "it was set where a2a-sdk gave 6,300 events/s. Where it gives 20,000, 20 times that is more than what the floor "
    "gives, which is made of httpx2 and json alone"
)

TRIED = (
    "what one read brought is handed on as a whole, a chunk is read by what it has in common with the last one, and "
    "objects are made without `__init__`; what remains is httpx2, the split into events, the fold, and the objects"
)


def contests(options: Options) -> list[Contest]:
    """Events joined, events alone, and long streams."""
    events = options.pick(10_000, 3_000, 10)
    if options.scale == "tiny":
        return [Contest("one stream", [FLOOR.contender(JOINED, events)])]
    readers = [*OURS, *PEERS_CLIENTS, FLOOR]
    ours, lengths = options.pick((OURS, LENGTHS), (OURS[:1], LENGTHS[:2]), ((), ()))
    growing = [
        reader.contender(JOINED, length, max(1, 10_000 // length), f"{reader.name}, {length:,}")
        for reader in ours
        for length in lengths
    ]
    return [
        Contest("one stream", [reader.contender(JOINED, events) for reader in readers]),
        Contest("each event alone", [reader.contender(ALONE, events) for reader in readers]),
        Contest("length of the stream", growing, rounds=3),
    ]


def _targets() -> list[Target]:
    stream, length = "one stream", "length of the stream"
    names = [reader.name for reader in OURS]
    return [
        *[Target(stream, "events/s", "a2a-sdk 1.3.0", ours=name, at_least=20, note=MISSED) for name in names],
        *[Target(stream, "µs CPU/event", ours=name, at_most=7.9, note=TRIED) for name in names],
        *[Target(length, "µs CPU/event", f"{name}, 1,000", ours=f"{name}, 100,000", at_most=1.2) for name in names],
    ]


BENCHMARK = Benchmark(
    "clients",
    __doc__,
    contests,
    targets=_targets(),
    charts=[Chart("clients", "one stream", "events/s", "Reading one stream over HTTP")],
    minutes=1.0,
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
