"""Clients that are gone, on a server whose `send` then does nothing and never waits, as on uvicorn; and slow ones."""

import anyio
import pytest

from hocket.a2a import Ended, Opened, TaskState
from hocket.http import Exchange
from hocket.http.rest import RestEnvelope
from hocket_io.host import HostLink
from hocket_io.http.asgi import App
from hocket_io.http.scopes import write_answer
from support.agents import agent_of
from support.asgi import Lifespan, host_of, message, post
from support.items import run_of


def test_what_nobody_reads_any_more_is_not_written(run):
    async def count(task):
        for number in range(10_000):
            yield f"{number} "

    async def talk():
        app = App(agent_of(count))
        async with Lifespan(app):
            done = await post(app, "message/send", message()).perform()
            task_id = done.json()["result"]["id"]
            late = post(app, "tasks/resubscribe", {"id": task_id}, headers=[(b"last-event-id", b"1")])
            writes = []

            async def send(event):
                writes.append(event)
                late.leaves.set()

            late.send = send
            await late.perform()
            assert app._site.hosts.answers == {}
            assert host_of(app)._links == {}
        return len(writes)

    assert run(talk) < 10  # of some forty


def test_what_nobody_reads_yet_is_written_in_pieces(run):
    """However large events are: those before the first that waits for its reader cost memory, once for each reader."""

    async def large(task):
        for number in range(100):
            yield {"number": number, "filling": "x" * 100_000}
        yield {"filling": "x" * 2_000_000}

    async def talk():
        app = App(agent_of(large))
        async with Lifespan(app):
            done = await post(app, "message/send", message()).perform()
            task_id = done.json()["result"]["id"]
            late = post(app, "tasks/resubscribe", {"id": task_id}, headers=[(b"last-event-id", b"1")])
            reads = anyio.Event()
            taken = []
            take = HostLink.take

            def noting(link, limit=256):
                deliveries = take(link, limit)
                taken.append(len(deliveries))
                return deliveries

            async def send(event):
                late.sent.append(event)
                if len(late.sent) > 4:
                    await reads.wait()

            late.send = send
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(HostLink, "take", noting)
                async with anyio.create_task_group() as group:
                    group.start_soon(late.perform)
                    await anyio.wait_all_tasks_blocked()
                    assert sum(taken) <= 24
                    reads.set()
            assert max(taken[1:]) <= 8  # they are large: fewer of them are taken at a time
            return late

    late = run(talk)
    sizes = [len(event.get("body", b"")) for event in late.sent]
    assert max(sizes) == 256 * 1024
    assert late.content.count(b'"number":') == 100
    assert late.content.count(b"x" * 2_000_000) == 1
    assert late.is_complete


def test_nothing_follows_a_cut(run):
    """Not the end either, which comes where a server that stops ends its tasks: no reader should believe it."""
    exchange = Exchange(RestEnvelope("application/json"))
    item = run_of(b"{}", request_id=0)
    batches = [[Opened(request_id=0, task_id="t"), item]]
    sent = []

    class Source:
        def take(self, limit):
            return batches.pop() if batches else []

        async def wait(self, until):
            exchange.cut()
            batches.append([item, Ended(request_id=0, offset=2, state=TaskState.FAILED)])

    async def send(told):
        sent.append((told["type"], told.get("more_body")))

    run(write_answer, exchange, Source(), lambda: 0.0, send)
    assert sent == [("http.response.start", None), ("http.response.body", True)]
