"""A client that is gone, on a server whose `send` then does nothing and never waits, as uvicorn's."""

from hocket_io.http.asgi import App
from support.agents import agent_of
from support.asgi import Lifespan, host_of, message, post


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
