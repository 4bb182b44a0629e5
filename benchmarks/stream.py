"""One stream of ready events through all of hocket, by each way there is: in memory, over a pipe, over HTTP.

The client of hocket reads the words of one agent, from the message to COMPLETED. The client is in this process; the
agent is in this process too (memory), or in another one (pipe, HTTP). The floor writes and reads the same events with
`json.dumps` and `json.loads`, and does nothing else. `./dev bench stream`
"""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from agents.words import agent
from harness import Benchmark, Contender, Contest, Options, main
from harness.contest import Once
from harness.servers import AGENT, HOCKET

from hocket import Agent
from hocket.a2a import V1_0, Artifact, Part, TaskArtifactUpdateEvent, TaskState
from hocket_io import AsyncClient


def floor(events: int) -> Contender:
    """What `json` needs to write and to read as many events."""

    @contextmanager
    def ready() -> Iterator[Once]:
        chunk = Artifact(artifact_id="text-1", parts=(Part(text="chunk number 1234 of the answer "),))
        item = TaskArtifactUpdateEvent(task_id="0" * 36, context_id="0" * 36, artifact=chunk, append=True)
        written = V1_0.write_item(item)
        assert written is not None
        response = {"jsonrpc": "2.0", "id": "1", "result": json.loads(written)}

        def once() -> Mapping[str, float]:
            begun = time.perf_counter()
            for _ in range(events):
                json.loads(json.dumps(response))
            return {"events/s": events / (time.perf_counter() - begun)}

        yield once

    return Contender("json alone", ready)


async def read(target: str | Agent, events: int) -> float:
    """The seconds of one stream."""
    async with AsyncClient(target) as client:
        async for _ in client.stream("1 0"):  # what the first call of all needs, a child process say, is not in it
            pass
        begun = time.perf_counter()
        count = 0
        state = None
        async for event in client.stream(f"{events} 0"):
            count += bool(event.text)
            state = event.state or state
        seconds = time.perf_counter() - begun
    assert (count, state) == (events, TaskState.COMPLETED)
    return seconds


def by(name: str, events: int) -> Contender:
    """The stream by one way."""

    @contextmanager
    def ready() -> Iterator[Once]:
        with ExitStack() as stack:
            target: str | Agent = agent
            if name == "pipe":
                target = f"stdio:python -m hocket pipe {AGENT}:agent"
            elif name == "http":
                target = stack.enter_context(HOCKET.started()).address
            yield lambda: {"events/s": events / asyncio.run(read(target, events))}

    return Contender(name, ready)


def contests(options: Options) -> list[Contest]:
    """One contest."""
    events = options.pick(10_000, 3_000, 5)
    ways = options.pick(("memory", "pipe", "http"), ("memory", "pipe", "http"), ("memory", "http"))
    return [Contest("one stream", [*(by(name, events) for name in ways), floor(events)])]


BENCHMARK = Benchmark("stream", __doc__, contests, minutes=0.2)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
