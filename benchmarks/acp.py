"""Chunks per second of one ACP stream: one agent speaks, two listen. What the hub costs, the clients, and the links.

A row is the median of several runs, each of one message in small chunks, with the slowest and the fastest. Every chunk
is a request that is answered, and goes to both listeners. All three agents are in this process, and the hub as well,
but for tcp, ws and http, where it is a child process. The floor reads and writes each chunk once with `json.loads` and
`json.dumps`, and does nothing else. `./dev bench acp [--chunks N] [--runs N] [--only ROW]`
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio

from hocket.acp import Hub
from hocket.acp.client import Answered, Client
from hocket.acp.events import ChunkReceived
from hocket.entropy import seeded
from hocket_io.acp import AcpClient, HubHost

AGENTS = ["ada", "bob", "cyd"]
TURN = 32
"""Chunks that are under way at once in the rows without I/O."""


def request(number: int, method: str, params: dict[str, object]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": str(number), "method": method, "params": params}).encode()


def chunk(stream_id: str, sequence: int) -> bytes:
    part = {"type": "TextPart", "content": f"word {sequence} ", "encoding": "utf8"}
    message = {"role": "agent", "parts": [part], "timestamp": "2026-01-01T00:00:00.000Z", "agentId": "ada"}
    return request(sequence, "stream.chunk", {"streamId": stream_id, "chunk": message, "sequence": sequence})


def floor(chunks: int) -> float:
    """Seconds that `json` needs to read and to write as many chunks."""
    message = chunk("stream-" + "0" * 36, 1234)
    begun = time.perf_counter()
    for _ in range(chunks):
        json.dumps(json.loads(message))
    return time.perf_counter() - begun


def hub_alone(chunks: int) -> float:
    """Seconds that the hub takes: messages in, messages out."""
    hub = Hub(entropy=seeded(1))
    for agent in AGENTS:
        hub.connect(agent, 0.0, principal=agent)
    hub.receive("ada", request(0, "stream.start", {"participants": AGENTS}), 0.0)
    stream_id = json.loads(hub.take("ada")[0].message)["result"]["stream"]["streamId"]
    messages = [chunk(stream_id, sequence) for sequence in range(1, chunks + 1)]
    given = 0
    begun = time.perf_counter()
    for first in range(0, chunks, TURN):
        now = first / 1_000
        for message in messages[first : first + TURN]:
            hub.receive("ada", message, now)
        while hub.next_event() is not None:
            pass
        for agent in AGENTS:
            while sends := hub.take(agent):
                given += len(sends)
    seconds = time.perf_counter() - begun
    assert given >= 3 * chunks, "two copies of each chunk, and the answer"
    return seconds


def machines(chunks: int) -> float:
    """Seconds that the hub and the machines of three clients take together."""
    hub = Hub(entropy=seeded(1))
    clients = {agent: Client(agent, entropy=seeded(2)) for agent in AGENTS}
    for agent, client in clients.items():
        hub.connect(agent, 0.0, principal=agent)
        client.connected(0.0)
    heard = dict.fromkeys(AGENTS, 0)
    answers: list[Answered] = []

    def settle(now: float) -> None:
        """Carry messages until nobody has anything more to say."""
        is_moving = True
        while is_moving:
            is_moving = False
            for agent, client in clients.items():
                for message in client.messages_to_send():
                    hub.receive(agent, message, now)
                while hub.next_event() is not None:
                    pass
            for agent, client in clients.items():
                for send in hub.take(agent):
                    client.receive_message(send.message, now)
                    is_moving = True
                while (event := client.next_event()) is not None:
                    heard[agent] += isinstance(event, ChunkReceived)
                    if isinstance(event, Answered):
                        answers.append(event)

    speaker = clients["ada"]
    speaker.start(AGENTS[1:], now=0.0)
    settle(0.0)
    stream_id = answers[0].stream_id
    for agent in AGENTS[1:]:
        clients[agent].join(stream_id, now=0.0)
    settle(0.0)
    begun = time.perf_counter()
    for first in range(0, chunks, TURN):
        now = first / 1_000
        for sequence in range(first + 1, min(first + TURN, chunks) + 1):
            speaker.chunk(stream_id, f"word {sequence} ", sequence, now=now)
        settle(now)
    seconds = time.perf_counter() - begun
    assert heard == {"ada": 0, "bob": chunks, "cyd": chunks}
    return seconds


async def talk(target: str | HubHost, chunks: int) -> float:
    """Seconds from the first chunk to the end of the stream, as the last listener hears it."""
    heard = []

    async def listen(stream) -> None:
        heard.append(len([event async for event in stream if isinstance(event, ChunkReceived)]))

    async with (
        AcpClient(target, agent="ada") as ada,
        AcpClient(target, agent="bob") as bob,
        AcpClient(target, agent="cyd") as cyd,
    ):
        stream = await ada.start(AGENTS[1:])
        others = [await client.join(stream.stream_id) for client in (bob, cyd)]
        begun = time.perf_counter()
        async with anyio.create_task_group() as group:
            for other in others:
                group.start_soon(listen, other)
            async with stream.chunks() as out:
                for number in range(chunks - 1):  # the writer adds the last one
                    await out.text(f"word {number} ")
            await stream.end()
        seconds = time.perf_counter() - begun
    assert heard == [chunks, chunks]
    return seconds


async def in_memory(chunks: int) -> float:
    async with HubHost() as host:
        return await talk(host, chunks)


@contextmanager
def child() -> Iterator[dict[str, str]]:
    """A hub in a process of its own; what to point clients at, by row."""
    command = [sys.executable, "-m", "hocket", "hub", "--port", "0", "--tcp", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as hub:
        try:
            assert hub.stdout is not None
            targets: dict[str, str] = {}
            while len(targets) < 3 and (line := hub.stdout.readline()):
                if found := re.search(r"\b(http|ws|tcp)://\S+", line):
                    targets.setdefault(found[1], found[0])
            yield targets
        finally:
            hub.terminate()


def over(name: str, chunks: int, runs: int) -> list[float]:
    """The runs against a hub in a process of its own; the first one warms up and does not count."""
    with child() as targets:
        return [anyio.run(talk, targets[name], chunks) for _ in range(runs + 1)][1:]


def main() -> None:
    parser = argparse.ArgumentParser(description="Chunks per second of one ACP stream.")
    parser.add_argument("--chunks", type=int, default=2_000, help="chunks of a run (default 2000)")
    parser.add_argument("--runs", type=int, default=5, help="runs that count (default 5)")
    parser.add_argument("--only", metavar="ROW", action="append", help="measure this row; can be repeated")
    options = parser.parse_args()
    chunks, runs = options.chunks, options.runs

    def here(measure: Callable[[int], float]) -> Callable[[], list[float]]:
        return lambda: [measure(chunks) for _ in range(runs + 1)][1:]

    rows: dict[str, Callable[[], list[float]]] = {
        "json floor": here(floor),
        "hub": here(hub_alone),
        "machines": here(machines),
        "memory": here(lambda chunks: anyio.run(in_memory, chunks)),
        **{name: lambda name=name: over(name, chunks, runs) for name in ("tcp", "ws", "http")},
    }
    if unknown := [name for name in options.only or () if name not in rows]:
        parser.error(f"there is no row {unknown[0]!r}: {', '.join(rows)}")
    print(f"Python {sys.version.split()[0]}, {chunks} chunks to 2 listeners, {runs} runs")
    print(f"{'':<12}{'chunks/s':>12}{'us/chunk':>10}   {'slowest to fastest, chunks/s'}")
    for name, measure in rows.items():
        if options.only and name not in options.only:
            continue
        rates = sorted(chunks / seconds for seconds in measure())
        median = statistics.median(rates)
        print(f"{name:<12}{median:>12,.0f}{1e6 / median:>10.1f}   {rates[0]:,.0f} to {rates[-1]:,.0f}")


if __name__ == "__main__":
    main()
