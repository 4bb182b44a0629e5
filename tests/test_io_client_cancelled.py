"""AsyncClient: whoever is cancelled may still say something before it goes."""

import anyio
import pytest

from hocket import Agent
from hocket.a2a import TaskState
from hocket_io import AsyncClient
from hocket_io.http.asgi import App
from support.serving import serving


def make_agent():
    agent = Agent("desk")

    @agent.stream
    async def desk(task):
        if task.text == "ask":
            yield (yield task.ask("What?")).text
        for number in range(3):
            yield f"{number} "
            await anyio.sleep(0)
        if task.text == "wait":
            await anyio.sleep_forever()

    return agent


@pytest.fixture(params=["in memory", "over HTTP"])
def target(request):
    if request.param == "in memory":
        yield make_agent()
    else:
        with serving(lambda url: App(make_agent())) as url:
            yield url


def test_whoever_is_cancelled_may_still_cancel_the_task(run, target):
    """All that a client does by itself goes on until it is left; so does an agent in memory."""
    found = []

    async def talk():
        with anyio.CancelScope() as scope:
            async with AsyncClient(target) as client:
                stream = client.stream("wait")
                try:
                    async for event in stream:
                        if event.text:
                            scope.cancel()
                finally:
                    with anyio.CancelScope(shield=True):
                        found.append((await stream.cancel()).state)

    run(talk)
    assert found == [TaskState.CANCELED]
