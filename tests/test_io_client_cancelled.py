"""AsyncClient: cancelled at any of its waits, it ends at once and leaves nothing behind."""

import gc
import threading

import anyio
import pytest
from attrs import define, field

from hocket import Agent
from hocket.a2a import TaskState
from hocket_io import AsyncClient
from hocket_io.http.asgi import App
from support.agents import agent_of
from support.serving import serving


@define(eq=False)
class Watched:
    """Awaits a coroutine; `come` is set when it waits for the `number`th time."""

    coroutine: object
    number: int
    come: anyio.Event
    waits: int = field(default=0, init=False)

    def __await__(self):
        steps, reply = self.coroutine.__await__(), None
        step = steps.send
        while True:
            try:
                wish = step(reply)
            except StopIteration as stop:
                return stop.value
            self.waits += 1
            if self.waits == self.number:
                self.come.set()
            try:
                reply, step = (yield wish), steps.send
            except BaseException as error:
                reply, step = error, steps.throw


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


async def everything(target):
    async with AsyncClient(target) as client:
        question = client.stream("ask")
        async for _ in question:
            pass
        await question.answer("this").text()
        await client.send("count")
        async with client.stream("count") as stream:
            async for event in stream:
                if event.text:
                    break
        await client.get(stream.task_id)


async def cancelled_at(number, target):
    """Whether it came to its end before its `number`th wait."""
    come = anyio.Event()

    async def cancel(scope):
        await come.wait()
        scope.cancel()

    async with anyio.create_task_group() as group:
        with anyio.CancelScope() as scope:
            group.start_soon(cancel, scope)
            await anyio.lowlevel.checkpoint()
            with anyio.fail_after(10):
                await Watched(everything(target), number, come)
        group.cancel_scope.cancel()
    gc.collect()
    return not come.is_set()


def check(target, backend, step):
    """Cancel it at its first wait, at a later one … What it leaves open is a warning, and that is an error here."""
    before = threading.enumerate()
    number, is_done = 1, False
    gc.freeze()  # so that only what is left open here is looked at each time
    try:
        while not is_done:
            is_done = anyio.run(cancelled_at, number, target, backend=backend)
            number += step
            assert number < 500
    finally:
        gc.unfreeze()
    assert number > 5
    assert [thread for thread in threading.enumerate() if thread not in before] == []


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_in_memory(backend):
    check(make_agent(), backend, step=1)


# Under trio, httpcore2 leaves an iterator of its own open when a response is not read to its end.
@pytest.mark.filterwarnings("ignore:Async generator 'httpcore2:ResourceWarning")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_over_http(backend):
    with serving(lambda url: App(make_agent())) as url:
        check(url, backend, step=3)


def endless(task):
    while True:
        yield "on and on "


async def async_endless(task):
    while True:
        yield "on and on "


@pytest.mark.parametrize("function", [endless, async_endless])
def test_an_agent_that_never_pauses_does_not_keep_its_reader(run, function):
    """asyncio cancels what waits; a reader for whom there is always something new waits for nothing."""
    told = []

    async def talk():
        with anyio.CancelScope() as scope:
            async with AsyncClient(agent_of(function)) as client, client.stream("go") as stream:
                async for event in stream:
                    told.append(event)
                    if len(told) == 10:
                        scope.cancel()
                    if len(told) == 20_000:
                        break

    run(talk)
    assert len(told) < 20_000


@pytest.fixture(params=["in memory", "over HTTP"])
def target(request):
    if request.param == "in memory":
        yield make_agent()
    else:
        with serving(lambda url: App(make_agent())) as url:
            yield url


@pytest.mark.filterwarnings("ignore:Async generator 'httpcore2:ResourceWarning")
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
