"""What only drivers of event loops have: waits, and cancellation at every one of them."""

import asyncio
import functools
import gc
import socket
import weakref
from contextlib import asynccontextmanager, nullcontext

import anyio
import pytest
import trio
import trio.testing

import hocket_io.asyncio
import hocket_io.trio
from hocket import Connection
from hocket.errors import ConnectionFailed, LocalProtocolError
from hocket.framing import Ndjson
from hocket.jsonrpc import ConnectionClosed, NotificationReceived, ResultReceived
from support.cancelling import WAYS, cancel_everywhere
from support.drivers import answers, echoing, line, pipe_pairs, read_all
from support.tls import client_context, server_context
from support.virtual_time import VirtualTime

KINDS = {"asyncio": hocket_io.asyncio.Driver, "trio": hocket_io.trio.Driver}


@pytest.fixture(params=KINDS)
def loop(request):
    return request.param


def run(loop, main):
    async def guarded():
        with anyio.fail_after(20):
            await main()

    anyio.run(guarded, backend=loop)


@asynccontextmanager
async def events_of(driver, sock):
    """The events of either driver on a socket."""
    if isinstance(driver, hocket_io.asyncio.Driver):
        await asyncio.get_running_loop().create_connection(lambda: driver, sock=sock)
        async with driver.events() as events:
            yield events
    else:
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
        async with driver.events(stream) as events:
            yield events


async def run_on(driver, sock):
    """Run either driver on a socket."""
    if isinstance(driver, hocket_io.asyncio.Driver):
        await asyncio.get_running_loop().create_connection(lambda: driver, sock=sock)
        await driver.run()
    else:
        await driver.run(trio.SocketStream(trio.socket.from_stdlib_socket(sock)))


async def settled():
    """Let everything happen that can."""
    for _ in range(30):
        await anyio.lowlevel.checkpoint()


async def flood(sock, most):
    """Send lines until nobody takes them any more; how many were sent."""
    data, sent, refused = b"".join(line("n", [number]) for number in range(most)), 0, 0
    sock.setblocking(False)
    while sent < len(data) and refused < 30:
        try:
            sent += sock.send(data[sent : sent + 10_000])
            refused = 0
        except BlockingIOError:
            refused += 1
        await anyio.lowlevel.checkpoint()
    return data[:sent].count(b"\n")


def test_a_peer_can_say_no_more_while_nobody_takes_the_events(loop):
    offered = 20_000

    async def main():
        ours, theirs = socket.socketpair()
        driver = KINDS[loop](Connection(Ndjson()), unread=100)
        with theirs:
            async with events_of(driver, ours) as events:
                sent = await flood(theirs, offered)
                assert sent < offered
                theirs.setblocking(True)
                got = []
                async for event in events:
                    got.append(event)
                    if len(got) == sent - 1:
                        break
        assert got == [NotificationReceived(method="n", params=[number]) for number in range(sent - 1)]

    run(loop, main)


def test_while_events_wait_to_be_taken_commands_and_timers_go_on(loop):
    async def main():
        ours, theirs = socket.socketpair()
        driver = KINDS[loop](Connection(Ndjson()))
        with theirs:
            async with events_of(driver, ours):
                driver.endpoint.send_notification("n", now=driver.now())
                driver.pump()
                theirs.setblocking(False)
                await settled()
                assert answers(theirs.recv(1_000))[0]["method"] == "n"

    run(loop, main)


def test_what_the_reader_of_events_raises_is_raised_by_itself_and_drops_the_connection(loop):
    async def main():
        ours, theirs = socket.socketpair()
        driver = KINDS[loop](Connection(Ndjson()))
        with theirs:
            with pytest.raises(KeyError):
                async with events_of(driver, ours):
                    raise KeyError
            assert driver.is_closed
            theirs.settimeout(5)
            assert read_all(theirs) == b""

    run(loop, main)


COUNT, SIZE = 600, 16_384


async def write_on(driver):
    """Write ten megabytes, and wait after each message until there is room."""
    for number in range(COUNT):
        driver.endpoint.send_notification("n", [number, "x" * SIZE], now=driver.now())
        driver.pump()
        await driver.drain()


def test_drain_waits_for_a_peer_that_reads_nothing_and_ends_when_the_connection_does(loop):
    async def main():
        ours, theirs = socket.socketpair()
        driver = KINDS[loop](Connection(Ndjson()), unsent=65_536)
        failed = []

        async def write():
            try:
                await write_on(driver)
            except ConnectionFailed as error:
                failed.append(str(error))

        with theirs:
            async with anyio.create_task_group() as group:
                async with events_of(driver, ours):
                    group.start_soon(write)
                    await settled()
                    assert failed == []
                await settled()
                assert failed == ["the connection is closed"]
            theirs.settimeout(5)
            assert 0 < len(read_all(theirs)) < 5_000_000
            with pytest.raises(ConnectionFailed, match="the connection is closed"):
                await driver.drain()

    run(loop, main)


def test_drain_goes_on_when_the_peer_reads(loop):
    async def main():
        ours, theirs = socket.socketpair()
        driver = KINDS[loop](Connection(Ndjson()), unsent=1_000)  # less than a loop would keep by itself
        with theirs:
            theirs.setblocking(False)
            async with anyio.create_task_group() as group, events_of(driver, ours):
                group.start_soon(write_on, driver)
                await settled()
                left = COUNT
                while left:
                    try:
                        left -= theirs.recv(1_000_000).count(b"\n")
                    except BlockingIOError:
                        await anyio.lowlevel.checkpoint()

    run(loop, main)


def test_under_trio_to_drain_may_be_cancelled_and_lets_others_run_once_a_millisecond():
    """To let them run after each small message would cost more than all the rest."""
    clock, turns = trio.testing.MockClock(), []

    async def other():
        while True:
            turns.append(trio.current_time())
            await trio.lowlevel.checkpoint()

    async def main():
        ours, theirs = socket.socketpair()
        driver = hocket_io.trio.Driver(Connection(Ndjson()))
        with theirs:
            theirs.setblocking(False)
            async with events_of(driver, ours), trio.open_nursery() as nursery:
                nursery.start_soon(other)
                driver.endpoint.send_notification("n", now=driver.now())
                driver.pump()
                await driver.drain()
                for _ in range(3):
                    await trio.lowlevel.checkpoint()
                assert answers(theirs.recv(1_000))[0]["method"] == "n"
                turns.clear()
                for _ in range(50):
                    await driver.drain()
                assert turns == []
                for _ in range(2):  # one turn is not enough for all: trio throws dice for who is first
                    clock.jump(0.0011)
                    await driver.drain()
                assert turns
                driver.endpoint.send_notification("n", ["x" * 65_536], now=driver.now())
                driver.pump()
                for _ in range(5):  # much is written at once
                    await driver.drain()
                assert len(theirs.recv(1_000)) == 1_000
                with trio.CancelScope() as scope:
                    scope.cancel()
                    await driver.drain()
                assert scope.cancelled_caught
                nursery.cancel_scope.cancel()

    trio.run(main, clock=clock)


def test_under_asyncio_what_is_said_in_one_turn_is_written_together_but_nothing_waits_for_long():
    time = VirtualTime()

    async def main():
        ours, theirs = socket.socketpair()
        driver = hocket_io.asyncio.Driver(Connection(Ndjson()), lambda event: None)
        await asyncio.get_running_loop().create_connection(lambda: driver, sock=ours)

        def say(*params):
            driver.endpoint.send_notification("n", params, now=driver.now())
            driver.pump()

        def heard():
            try:
                return [each["params"][0] for each in answers(theirs.recv(1_000_000))]
            except BlockingIOError:
                return []

        with theirs:
            theirs.setblocking(False)
            for number in range(4):
                say(number)
            assert heard() == [0], "the first goes at once"
            await asyncio.sleep(0)
            assert heard() == [1, 2, 3], "the others when the turn ends"
            say(4)
            assert heard() == [4]
            say(5)
            assert heard() == []
            time.now += 0.0011
            say(6)
            assert heard() == [5, 6], "a turn that takes its time"
            say(7)
            say(8, "x" * 65_536)
            assert heard() == [7, 8], "it is much"
            say(9)
            driver.close()
            assert heard() == [9], "nothing is to follow"
            await driver.run()

    with asyncio.Runner(loop_factory=time.event_loop) as runner:
        runner.run(main())


def test_close_from_outside_ends_the_connection(loop):
    async def main():
        ours, theirs = socket.socketpair()
        driver = KINDS[loop](Connection(Ndjson()))
        with theirs:
            async with events_of(driver, ours) as events:
                driver.endpoint.send_notification("last", now=driver.now())
                driver.close()
                assert [type(event) async for event in events] == [ConnectionClosed]
            assert answers(theirs.recv(1_000))[0]["method"] == "last"

    run(loop, main)


def test_a_connection_that_is_gone_leaves_no_timer_behind(loop):
    async def main():
        ours, theirs = socket.socketpair()
        driver = KINDS[loop](Connection(Ndjson()), lambda event: None)
        driver.endpoint.send_request("m", now=driver.now(), timeout=3_600.0)
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(run_on, driver, ours)
                await settled()
                scope.cancel()
        theirs.close()
        await settled()
        there, driver = weakref.ref(driver), None
        gc.collect()
        assert there() is None

    run(loop, main)


@pytest.mark.parametrize("new_loop", [asyncio.SelectorEventLoop, "uvloop"])
def test_a_timer_that_stays_as_it_is_is_set_once(new_loop):
    async def main():
        ours, theirs = socket.socketpair()
        driver = hocket_io.asyncio.Driver(Connection(Ndjson()), lambda event: None)
        await asyncio.get_running_loop().create_connection(lambda: driver, sock=ours)
        with theirs:
            driver.endpoint.send_request("m", now=driver.now(), timeout=3_600.123456789)
            driver.pump()
            timer = driver._alarm._timer
            driver.pump()
            assert driver._alarm._timer is timer
            driver.endpoint.send_request("m", now=driver.now(), timeout=1_800.0)
            driver.pump()
            await settled()
            assert driver._alarm._timer is not timer
            assert timer.cancelled()
        driver.abort()
        await driver.run()

    with asyncio.Runner(
        loop_factory=pytest.importorskip("uvloop").new_event_loop if new_loop == "uvloop" else new_loop
    ) as runner:
        runner.run(main())


def test_a_driver_that_was_closed_before_closes_the_pipes_that_it_gets():
    async def main():
        ours, theirs = pipe_pairs()
        with theirs:
            driver = hocket_io.asyncio.Driver(Connection(Ndjson()), lambda event: None)
            driver.close()
            await hocket_io.asyncio.connect_pipes(driver, ours.reading, ours.writing)
            await driver.run()
        assert ours.reading.closed
        assert ours.writing.closed

    run("asyncio", main)


@pytest.mark.parametrize("left", [0, 4_000_000])
def test_pipes_may_be_aborted_at_any_time_and_more_than_once(left):
    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        for commands in (["abort", "abort"], ["close", "abort"], ["abort", "close"]):
            ours, theirs = pipe_pairs()
            with theirs:
                driver = hocket_io.asyncio.Driver(Connection(Ndjson()), lambda event: None, unsent=8_000_000)
                await hocket_io.asyncio.connect_pipes(driver, ours.reading, ours.writing)
                if left:
                    driver.endpoint.send_notification("n", ["x" * left], now=0.0)
                    driver.pump()
                for command in commands:
                    getattr(driver, command)()
                await driver.run()
        await settled()

    complaints = []
    run("asyncio", main)
    assert complaints == []


def test_a_driver_of_trio_runs_once():
    async def main():
        driver = hocket_io.trio.Driver(Connection(Ndjson()), lambda event: None)
        for error in (None, LocalProtocolError):
            ours, theirs = trio.testing.memory_stream_pair()
            await theirs.aclose()
            async with ours:
                with pytest.raises(error, match="has had its connection") if error else nullcontext():
                    await driver.run(ours)

    run("trio", main)


# --- cancelled everywhere


def test_cancelling_run_drops_the_connection(loop):
    async def main():
        ours, theirs = socket.socketpair()
        driver = KINDS[loop](Connection(Ndjson()), lambda event: None)
        with theirs:
            async with anyio.create_task_group() as group:
                group.start_soon(run_on, driver, ours)
                await settled()
                group.cancel_scope.cancel()
            await settled()
            assert driver.is_closed
            theirs.settimeout(5)
            assert read_all(theirs) == b""

    run(loop, main)


def module_of(way):
    return {"asyncio": hocket_io.asyncio, "trio": hocket_io.trio}[way.partition(" ")[0]]


@pytest.mark.parametrize(
    ("way", "is_secret"),
    [*((way, False) for way in WAYS), ("asyncio", True), ("trio", True)],
    ids=lambda each: str(each),
)
def test_cancelling_a_client_anywhere_leaves_nothing_of_it(way, is_secret):
    module, tls = module_of(way), (server_context(), client_context()) if is_secret else (None, None)

    @asynccontextmanager
    async def server():
        if module is hocket_io.asyncio:
            listening = await module.serve(lambda: echoing(module.Driver), "127.0.0.1", 0, tls=tls[0])
            yield listening.sockets[0].getsockname()[1]
            listening.close()
            await listening.wait_closed()
        else:
            async with trio.open_nursery() as nursery:
                serve = functools.partial(module.serve, tls=tls[0])
                (listener,) = await nursery.start(serve, lambda: echoing(module.Driver), "127.0.0.1", 0)
                yield listener.socket.getsockname()[1]
                nursery.cancel_scope.cancel()

    async def body(port):
        driver = module.Driver(Connection(Ndjson()))
        if module is hocket_io.asyncio:
            await module.connect(driver, "127.0.0.1", port, tls=tls[1])
            opened = driver.events()
        else:
            opened = driver.events(await module.connect("127.0.0.1", port, tls=tls[1]))
        async with opened as events:
            driver.endpoint.send_request("echo", ["x" * 100_000], now=driver.now())
            driver.pump()
            await driver.drain()
            async for event in events:
                if isinstance(event, ResultReceived):
                    driver.close()

    cancel_everywhere(body, way, around=server)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "trio"])
def test_cancelling_a_client_on_pipes_anywhere_closes_them(way):
    async def body():
        ours, theirs = pipe_pairs()
        with theirs:
            theirs.sendall(line("n"))
            driver = hocket_io.asyncio.Driver(Connection(Ndjson()))
            await hocket_io.asyncio.connect_pipes(driver, ours.reading, ours.writing)
            async with driver.events() as events:
                async for event in events:
                    if isinstance(event, NotificationReceived):
                        driver.close()

    cancel_everywhere(body, way)
