"""One stream of ACP: one agent speaks in chunks, two listen. What the hub costs, what the clients cost, and the links.

Every chunk is a request that is answered, and goes to both listeners. All three agents are in this process; the hub is,
too, or for tcp, ws and http a child process. The cost is the processor time of both by the chunks. The floor reads and
writes each chunk once with `json.loads` and `json.dumps`, and does nothing else. `./dev bench acp`
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import process_time

import anyio
from harness import Benchmark, Contender, Contest, Options, main
from harness.contest import Once
from harness.processes import program
from harness.servers import starting

from hocket.acp import Hub
from hocket.acp.client import Answered, Client
from hocket.acp.events import ChunkReceived
from hocket.entropy import seeded
from hocket_io.acp import AcpClient, HubHost

AGENTS = ["ada", "bob", "cyd"]
TURN = 32
"""Chunks that are under way at once in the rows without I/O."""
COST, SPEED = "µs CPU/chunk", "chunks/s"


def request(number: int, method: str, params: dict[str, object]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": str(number), "method": method, "params": params}).encode()


def chunk(stream_id: str, sequence: int) -> bytes:
    part = {"type": "TextPart", "content": f"word {sequence} ", "encoding": "utf8"}
    message = {"role": "agent", "parts": [part], "timestamp": "2026-01-01T00:00:00.000Z", "agentId": "ada"}
    return request(sequence, "stream.chunk", {"streamId": stream_id, "chunk": message, "sequence": sequence})


def the_floor(chunks: int) -> float:
    """Processor time that `json` needs to read and to write as many chunks."""
    message = chunk("stream-" + "0" * 36, 1234)
    begun = process_time()
    for _ in range(chunks):
        json.dumps(json.loads(message))
    return process_time() - begun


def the_hub(chunks: int) -> float:
    """Processor time that the hub takes: messages in, messages out."""
    hub = Hub(entropy=seeded(1))
    for agent in AGENTS:
        hub.connect(agent, 0.0, principal=agent)
    hub.receive("ada", request(0, "stream.start", {"participants": AGENTS}), 0.0)
    stream_id = json.loads(hub.take("ada")[0].message)["result"]["stream"]["streamId"]
    messages = [chunk(stream_id, sequence) for sequence in range(1, chunks + 1)]
    given = 0
    begun = process_time()
    for first in range(0, chunks, TURN):
        now = first / 1_000
        for message in messages[first : first + TURN]:
            hub.receive("ada", message, now)
        while hub.next_event() is not None:
            pass
        for agent in AGENTS:
            while sends := hub.take(agent):
                given += len(sends)
    seconds = process_time() - begun
    assert given >= 3 * chunks, "two copies of each chunk, and the answer"
    return seconds


def the_machines(chunks: int) -> float:
    """Processor time that the hub and the machines of three clients take together."""
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
                    if isinstance(event, Answered) and not answers:  # kept, each would be a cost of this program's own
                        answers.append(event)

    speaker = clients["ada"]
    speaker.start(AGENTS[1:], now=0.0)
    settle(0.0)
    stream_id = answers[0].stream_id
    for agent in AGENTS[1:]:
        clients[agent].join(stream_id, now=0.0)
    settle(0.0)
    begun = process_time()
    for first in range(0, chunks, TURN):
        now = first / 1_000
        for sequence in range(first + 1, min(first + TURN, chunks) + 1):
            speaker.chunk(stream_id, f"word {sequence} ", sequence, now=now)
        settle(now)
    seconds = process_time() - begun
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


def alone(name: str, measure: Callable[[int], float], chunks: int) -> Contender:
    """A row without I/O."""

    @contextmanager
    def ready() -> Iterator[Once]:
        def once() -> Mapping[str, float]:
            spent = measure(chunks)
            return {COST: 1e6 * spent / chunks, SPEED: chunks / spent}

        yield once

    return Contender(name, ready)


def with_clients(measure: Callable[[int], float], cpu_seconds: Callable[[], float], chunks: int) -> Once:
    """What a row with `AcpClient`s does in its turn. `cpu_seconds` is what a hub elsewhere has needed so far."""

    def once() -> Mapping[str, float]:
        spent = process_time() + cpu_seconds()
        seconds = measure(chunks)
        spent = process_time() + cpu_seconds() - spent
        return {COST: 1e6 * spent / chunks, SPEED: chunks / seconds}

    return once


def here(chunks: int) -> Contender:
    """The row whose hub is in this process."""

    @contextmanager
    def ready() -> Iterator[Once]:
        yield with_clients(lambda chunks: anyio.run(in_memory, chunks), lambda: 0.0, chunks)

    return Contender("clients, memory", ready)


def over(name: str, chunks: int) -> Contender:
    """A row whose hub is a child process."""

    @contextmanager
    def ready() -> Iterator[Once]:
        command = starting("asyncio", "-m", "hocket", "hub", "--port", "0", "--tcp", "0")
        with program(command, ready=rf"\b{name}://\S+", ours=True) as hub:
            yield with_clients(lambda chunks: anyio.run(talk, hub.address, chunks), hub.cpu_seconds, chunks)

    return Contender(f"clients, {name}", ready)


def contests(options: Options) -> list[Contest]:
    """One contest."""
    chunks = options.pick(4_000, 1_000, 4)
    links = options.pick(("tcp", "ws", "http"), ("tcp", "ws", "http"), ())
    return [
        Contest(
            "one stream, two listeners",
            [
                alone("json floor", the_floor, chunks),
                alone("hub", the_hub, chunks),
                alone("hub and machines of clients", the_machines, chunks),
                here(chunks),
                *(over(name, chunks) for name in links),
            ],
            ours="hub",
        )
    ]


BENCHMARK = Benchmark("acp", __doc__ or "", contests, minutes=0.7)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
