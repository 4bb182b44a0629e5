"""WebSockets that break, on real sockets: streams go on over the next one. Whoever is cancelled leaves nothing."""

from urllib.parse import urlsplit

import anyio
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket import Agent
from hocket.backoff import Backoff
from hocket.errors import RequestTimeout
from hocket_io import AsyncClient, Client
from hocket_io.http.asgi import App
from hocket_io.websocket.pipe import WebSocketPipe
from support.cancelling import WAYS, cancel_everywhere
from support.cutting_proxy import cutting_proxy
from support.fault_proxy import Ending, Fault
from support.serving import serving

pytestmark = pytest.mark.process

KINDS = ["blocking", "asyncio", "trio"]
WORDS = ["one ", "two ", "long " * 30, "é"]
QUICK = Backoff(base=0.001, maximum=0.001, attempts=9)
SILENCE = 0.4
"""Seconds after which a client takes a connection for dead, where one may be."""

REFUSED = Fault(ending=Ending.REFUSE)


def cut(after, ending=Ending.CUT):
    return Fault(ending=ending, after=after)


@pytest.fixture(scope="module")
def proxy():
    agent = Agent("talker")

    @agent.stream
    async def talk(task):
        for word in WORDS:
            yield word
            await anyio.sleep(float(task.text))  # it is still at work when its client comes back, or is not

    with (
        serving(lambda url: App(agent)) as url,
        cutting_proxy((urlsplit(url).hostname, urlsplit(url).port)) as proxy,
    ):
        yield proxy


def read(kind, url, pace, *, streams=1, silence=20.0):
    """What was told by streams that were read at the same time."""
    options = {"resume": QUICK, "timeout": httpx2.Timeout(20.0, read=silence)}
    if kind == "blocking":
        with Client(url, **options) as client:
            opened = [client.stream(str(pace)) for _ in range(streams)]
            told = [[next(stream)] for stream in opened]  # all of them are open
            return [events + list(stream) for events, stream in zip(told, opened, strict=True)]

    async def on_a_loop():
        told = [[] for _ in range(streams)]
        with anyio.fail_after(20):
            async with AsyncClient(url, **options) as client, anyio.create_task_group() as group:

                async def listen(events):
                    async for event in client.stream(str(pace)):
                        events.append(event)

                for events in told:
                    group.start_soon(listen, events)
        return told

    return anyio.run(on_a_loop, backend=kind)


def check_told_whole(events):
    offsets = [event.offset for event in events if event.item is not None]
    assert offsets == list(range(1, len(offsets) + 1))
    assert "".join(event.text for event in events) == "".join(WORDS)
    assert [event.done for event in events] == [False] * (len(events) - 1) + [True]
    cuts = [event.kind for event in events if event.kind in ("cut", "resumed")]
    assert cuts == ["cut", "resumed"] * (len(cuts) // 2)


def check(events):
    """A stream is told whole from when its task was told on. Before that, it says that the agent may be at work."""
    if events[0].kind == "task":
        check_told_whole(events)
    else:
        assert [(event.kind, event.done) for event in events] == [("cut", True)]
        assert "the agent may be at work on the message all the same" in str(events[0].error)


@pytest.mark.parametrize("kind", KINDS)
def test_streams_that_lose_their_connection_go_on_over_the_next(proxy, kind):
    proxy.follow([cut(4_000), REFUSED, cut(700)])
    for events in read(kind, proxy.url, 0.01, streams=3):
        check(events)
    assert proxy.connections >= 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", [Ending.RESET, Ending.STALL])
def test_a_connection_that_is_reset_or_silent_is_lost_as_well(proxy, kind, ending):
    proxy.follow([cut(700, ending)])
    (events,) = read(kind, proxy.url, 0.01, silence=SILENCE)
    if events[0].kind == "error":  # the machine is so busy that even the first answer came too late
        assert isinstance(events[0].error, RequestTimeout)
        return
    check(events)
    assert proxy.connections >= 2


@pytest.mark.parametrize("kind", KINDS)
def test_packets_of_one_byte_make_no_difference(proxy, kind):
    proxy.follow([Fault(piece=1)])
    (events,) = read(kind, proxy.url, 0.0)
    check_told_whole(events)
    assert proxy.connections == 1


FAULTS = st.just(REFUSED) | st.builds(
    Fault,
    ending=st.sampled_from([Ending.CUT, Ending.CUT, Ending.RESET]),
    after=st.integers(0, 300) | st.integers(0, 3_000),
    piece=st.sampled_from([None, 1, 100]),
)


@given(st.sampled_from(KINDS), st.lists(FAULTS, max_size=3), st.sampled_from([0.0, 0.002]))
@settings(max_examples=settings().max_examples // 5)
def test_wherever_connections_break_a_stream_is_told_whole(proxy, kind, plan, pace):
    proxy.follow([cut(700), *plan])
    (events,) = read(kind, proxy.url, pace)
    check(events)


@pytest.mark.parametrize("way", WAYS)
def test_whoever_is_cancelled_while_the_connection_is_made_leaves_nothing(proxy, way):
    proxy.follow([])

    async def body():
        async with WebSocketPipe(proxy.url, {}, 1_000) as pipe:
            await pipe.send(b'{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"id":"t"}}\n')
            assert b"-32001" in await pipe.receive()

    cancel_everywhere(body, way, fewest=6)
