"""What one reader more costs, where many read the same: a stream of ACP, a task of A2A. The core alone, without I/O.

One speaks and 1, 10, 100 or 1,000 connections listen. What is said comes 32 events at a time, and then each connection
takes what it is given. The first one pays for the event itself: it is read, checked, kept, and written once. The others
are given the same bytes, and what that costs each of them for an event is the second figure. `./dev bench fanout`
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import process_time

from harness import Benchmark, Contender, Contest, Options, Target, main
from harness.contest import Once

from hocket import a2a
from hocket.acp import Hub
from hocket.entropy import seeded
from hocket_io.stores import MemoryStore

TURN = 32
PER_EVENT = "µs CPU/event"
PER_READER = "µs CPU/event of a further reader"
AGENTS = 250
"""Who listens in a stream; from there on an agent has several connections."""

Fan = Callable[[int, int], float]
"""Microseconds for an event: from how many readers, and how many events."""


def of_a_stream(readers: int, events: int) -> float:
    """Chunks, which are notifications of one connection, go to the connections of the other members."""
    hub = Hub(entropy=seeded(1))
    listeners = [f"agent {number}" for number in range(min(readers, AGENTS))]
    hub.connect("speaker", 0.0, principal="ada")
    _call(hub, "stream.start", {"participants": ["ada", *listeners]}, id="1")
    stream_id = json.loads(hub.take("speaker")[0].message)["result"]["stream"]["streamId"]
    links = [(number, listeners[number % len(listeners)]) for number in range(readers)]
    for link, agent in links:
        hub.connect(link, 0.0, principal=agent)
        while hub.take(link):
            pass
    chunks = [
        _text(
            "stream.chunk",
            {
                "streamId": stream_id,
                "chunk": {"role": "agent", "parts": [{"type": "TextPart", "content": f"word {number} "}]},
                "sequence": number,
            },
        )
        for number in range(1, events + 1)
    ]
    given: list[list[bytes]] = []
    begun = process_time()
    for first in range(0, events, TURN):
        for chunk in chunks[first : first + TURN]:
            hub.receive("speaker", chunk, 0.0)
        while hub.next_event() is not None:
            pass
        given = [[send.message for send in hub.take(link)] for link, _ in links]
    spent = process_time() - begun
    _check_same(given)
    return 1e6 * spent / events


def _text(method: str, params: Mapping[str, object], **more: object) -> bytes:
    call = {"jsonrpc": "2.0", **more, "method": method, "params": params}
    return json.dumps(call, separators=(",", ":")).encode()


def _call(hub: Hub, method: str, params: Mapping[str, object], **more: object) -> None:
    hub.receive("speaker", _text(method, params, **more), 0.0)
    while hub.next_event() is not None:
        pass


def of_a_task(readers: int, events: int) -> float:
    """Chunks of an artifact, as its agent says them, go to those who have subscribed to the task."""
    server, store = a2a.Server(entropy=seeded(1)), MemoryStore()
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "go"}]}
    server.receive("ada", 1, "SendStreamingMessage", {"message": message}, _VERSION, 0.0)
    run = _settled(server, store)
    assert run is not None
    server.started(run.task.id, run.run, 0.0)
    _settled(server, store)
    for link in range(readers - 1):  # whoever sent the message is the first
        server.receive(link, 1, "SubscribeToTask", {"id": run.task.id}, _VERSION, 0.0)
        _settled(server, store)
    links: list[object] = ["ada", *range(readers - 1)]
    given = [_taken(server, link) for link in links]
    said = [
        a2a.TaskArtifactUpdateEvent(
            task_id=run.task.id,
            artifact=a2a.Artifact(artifact_id="text", parts=(a2a.Part(text=f"word {number} "),)),
            append=True,
        )
        for number in range(events)
    ]
    begun = process_time()
    for first in range(0, events, TURN):
        server.emit(run.task.id, run.run, said[first : first + TURN], 0.0)
        _settled(server, store)
        given = [_taken(server, link) for link in links]
    spent = process_time() - begun
    _check_same(given)
    return 1e6 * spent / events


_VERSION = a2a.ServiceParameters(version="1.0")


def _settled(server: a2a.Server, store: MemoryStore) -> a2a.Run | None:
    """Do what the server wants of its store. Gives the run that is to begin, if one is."""
    run: a2a.Run | None = None
    while (output := server.next_output()) is not None:
        match output:
            case a2a.Append(task_id=task_id, expect=expect, items=items, owner=owner):
                server.feed(task_id, store.append(task_id, expect, items, owner), 0.0)
            case a2a.Load(task_id=task_id):
                server.loaded(task_id, store.load(task_id), 0.0)
            case a2a.Checkpoint():
                store.checkpoint(output)
            case a2a.Run():
                run = output
            case _:
                pass
    return run


def _taken(server: a2a.Server, link: object) -> list[bytes]:
    taken: list[bytes] = []
    for delivery in server.take(link):
        if isinstance(delivery, a2a.Items):
            taken += delivery.results
    return taken


def _check_same(given: list[list[bytes]]) -> None:
    """What was given last is the same to all: not equal only, but written once."""
    assert given[0]
    assert all(len(each) == len(given[0]) for each in given)
    assert all(mine is first for each in given for mine, first in zip(each, given[0], strict=True))


def fan(measure: Fan, readers: int, events: int) -> Contender:
    """A row: one reader, then so many, in the same turn."""

    @contextmanager
    def ready() -> Iterator[Once]:
        def once() -> Mapping[str, float]:
            one = measure(1, events)
            if readers == 1:
                return {PER_EVENT: one}
            many = measure(readers, events)
            return {PER_EVENT: many, PER_READER: (many - one) / (readers - 1)}

        yield once

    return Contender(f"{readers:,} readers" if readers > 1 else "1 reader", ready)


def contests(options: Options) -> list[Contest]:
    """One contest for each protocol."""
    readers = options.pick((1, 10, 100, 1_000), (1, 10, 100, 1_000), (1, 2))
    events = options.pick(640, 160, 2)
    return [
        Contest(title, [fan(measure, each, events) for each in readers])
        for title, measure in (("a stream of ACP", of_a_stream), ("a task of A2A", of_a_task))
    ]


BENCHMARK = Benchmark(
    "fanout",
    __doc__ or "",
    contests,
    targets=[
        Target(title, PER_READER, ours="1,000 readers", at_most=2.0) for title in ("a stream of ACP", "a task of A2A")
    ],
    minutes=0.5,
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
