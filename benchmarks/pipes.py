"""Streams and round trips over stdio, between a process and its child: messages per second, and what each side needs.

Each contender is a pair of programs (`benchmarks/pairs`), the same on both sides: a child that is asked for an answer
and gives it in small messages, as fast as it can, and a parent that reads them one by one. All say the same words.

* hocket, agent: a whole agent, `yield` on one side and `async for event in client.stream(…)` on the other;
* hocket, JSON-RPC: notifications by the drivers, where the child tells one at a time;
* mcp SDK: a tool that reports its progress; agent-client-protocol SDK: a prompt that is answered in chunks; pygls:
  notifications of a language server;
* raw pipe: ready-made lines, `os.write`, and on the other side `readline` and `json.loads`: the floor.

`messages/s` is by the clock: it is that of the slower side. `received/CPU/s` and `sent/CPU/s` say of each side what it
could do in a second of a processor of its own. A round trip is a request without messages and its result; for hocket's
agent it is a whole task. `./dev bench pipes`
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen
from harness import Benchmark, Chart, Contender, Contest, Options, Target, conversation, main, python_of
from harness.contest import Once

PAIRS = Path(__file__).with_name("pairs")


@frozen
class Pair:
    """A parent and its child, which are the same program."""

    name: str
    words: tuple[str, ...]
    """The script, and what it is told."""
    requirement: str | None = None
    """What has to be installed for it, if it is somebody else's."""
    share: int = 1
    """It is asked for one in so many messages: for those who are slow."""

    def contender(self, what: str, count: int) -> Contender:
        """The pair as one who takes part in a contest."""

        @contextmanager
        def ready() -> Iterator[Once]:
            python = sys.executable if self.requirement is None else python_of(self.requirement)
            script, *rest = self.words
            with conversation([python, PAIRS / script, *rest], ours=self.requirement is None) as pair:
                yield lambda: pair.ask({"what": what, "count": max(1, count // self.share)})

        return Contender(self.name, ready, is_peer=self.requirement is not None)


LOOPS = ("asyncio", "trio", "blocking")
RAW = Pair("raw pipe", ("with_raw.py",))
PAIRS_OF_ALL = [
    *(Pair(f"hocket, agent, {loop}", ("with_agent.py", loop)) for loop in LOOPS),
    *(Pair(f"hocket, JSON-RPC, {loop}", ("with_drivers.py", loop)) for loop in LOOPS),
    RAW,
    Pair("mcp SDK", ("with_mcp.py",), "mcp==2.3.0", 10),
    Pair("agent-client-protocol SDK", ("with_agent_client_protocol.py",), "agent-client-protocol==0.12.1"),
    Pair("pygls", ("with_pygls.py",), "pygls==2.1.1", 10),
]


def contests(options: Options) -> list[Contest]:
    """A stream, and round trips."""
    pairs = options.pick(PAIRS_OF_ALL, PAIRS_OF_ALL, [RAW])
    messages = options.pick(20_000, 4_000, 10)
    trips = options.pick(400, 100, 2)
    return [
        Contest("one stream", [pair.contender("stream", messages) for pair in pairs]),
        Contest("round trips", [pair.contender("trips", trips) for pair in pairs]),
    ]


WHY = {
    "agent": "each event is an object of A2A on both sides: logged, numbered and written by one, read, checked, folded "
    "into the task and told by the other. Runs of events are sent as one, and both sides remember what a chunk looks "
    "like, so that only its text is written and read; what is left is a dozen steps of less than a microsecond each.",
    "JSON-RPC": "the sender is the slower side: it makes, encodes, checks and frames each message by itself, which is "
    "half of its time, and gives it to the driver with a pump of its own. Writes are joined already; a run of messages "
    "(`send_notifications`) costs less, but is not what is measured here.",
}
"""Why a target may be missed, and what was tried."""


def _targets() -> list[Target]:
    return [
        Target("one stream", metric, against=peer, ours=f"hocket, {level}, {loop}", at_least=factor, note=WHY[level])
        for level in WHY
        for loop in ("asyncio", "trio")
        for peer, metric, factor in (
            ("mcp SDK", "messages/s", 25),
            ("mcp SDK", "received/CPU/s", 25),
            ("mcp SDK", "sent/CPU/s", 25),
            ("agent-client-protocol SDK", "messages/s", 10),
        )
    ]


BENCHMARK = Benchmark(
    "pipes",
    __doc__,
    contests,
    targets=_targets(),
    charts=[Chart("pipes", "one stream", "messages/s", "One stream between two processes, over stdio")],
    minutes=1.0,
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
