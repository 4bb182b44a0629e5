"""Mistakes of those who use a driver: they are told, and what was right before goes on."""

import asyncio
import logging
import socket

import anyio
import pytest
import trio

import hocket_io.asyncio
import hocket_io.trio
from hocket import Connection
from hocket.errors import LocalProtocolError
from hocket.framing import Ndjson
from hocket.jsonrpc import ConnectionClosed, NotificationReceived
from support.drivers import PATIENCE, echoing, line, pipe_pairs

LOOPS = {"asyncio": hocket_io.asyncio, "trio": hocket_io.trio}


def run(main, loop="asyncio"):
    async def guarded():
        with anyio.fail_after(PATIENCE):
            await main()

    anyio.run(guarded, backend=loop)


async def connected(driver):
    """A driver of asyncio with its connection; the other end of it."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(PATIENCE)
    await asyncio.get_running_loop().create_connection(lambda: driver, sock=ours)
    return theirs


# --- a driver has one connection


@pytest.mark.parametrize("way", ["connect", "connect_unix", "connect_pipes"])
def test_a_driver_that_is_connected_is_not_connected_again_and_goes_on(way):
    async def main():
        told = []
        driver = hocket_io.asyncio.Driver(Connection(Ndjson()), told.append)
        theirs, (ours, others) = await connected(driver), pipe_pairs()
        there = {
            "connect": ("127.0.0.1", 1),
            "connect_unix": ("/nothing/is/there",),
            "connect_pipes": (ours.reading, ours.writing),
        }
        with theirs, ours, others:
            with pytest.raises(LocalProtocolError, match="this driver has had its connection"):
                await getattr(hocket_io.asyncio, way)(driver, *there[way])
            assert not ours.reading.closed
            theirs.sendall(line("n"))
        await driver.run()
        assert told == [NotificationReceived(method="n", params=[]), ConnectionClosed(error=None, pending=())]

    run(main)


def test_a_second_connection_past_connect_is_dropped_and_the_first_one_goes_on():
    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: refused.append(context["exception"]))
        driver = hocket_io.asyncio.Driver(Connection(Ndjson()), told.append)
        first = await connected(driver)
        second = await connected(driver)
        with first, second:
            assert await asyncio.get_running_loop().run_in_executor(None, second.recv, 1) == b""
            first.sendall(line("n"))
        await driver.run()

    told, refused = [], []
    run(main)
    assert [type(error) for error in refused] == [LocalProtocolError]
    assert told == [NotificationReceived(method="n", params=[]), ConnectionClosed(error=None, pending=())]


def test_nobody_waits_for_a_driver_that_was_never_connected():
    async def main():
        kind = hocket_io.asyncio.Driver
        with pytest.raises(LocalProtocolError, match="no connection yet: connect it first"):
            await kind(Connection(Ndjson()), print).run()
        with pytest.raises(LocalProtocolError, match="no connection yet: connect it first"):
            async with kind(Connection(Ndjson())).events():
                pass

    run(main)


# --- a server whose drivers cannot be made


@pytest.mark.parametrize("mistake", ["raises", "has had its connection"])
@pytest.mark.parametrize("loop", LOOPS)
def test_a_server_without_a_driver_for_a_connection_drops_it_and_says_why(loop, mistake, caplog):
    module = LOOPS[loop]
    used = echoing(module.Driver)

    def new_driver():
        if mistake == "raises":
            raise ValueError("no driver today")
        return used

    async def visit(address):
        async with await anyio.connect_tcp(*address) as first, await anyio.connect_tcp(*address) as second:
            for stream in [first, second] if mistake == "raises" else [second]:
                with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                    await stream.receive()

    async def main():
        if loop == "asyncio":
            server = await module.serve(new_driver, "127.0.0.1", 0)
            await visit(server.sockets[0].getsockname())
            server.close()
            return
        async with trio.open_nursery() as nursery:
            (listener,) = await nursery.start(module.serve, new_driver, "127.0.0.1", 0)
            await visit(listener.socket.getsockname())
            nursery.cancel_scope.cancel()

    with caplog.at_level(logging.ERROR):
        run(main, loop)
    mistakes = [type(record.exc_info[1]) for record in caplog.records]
    assert mistakes == ([ValueError] * 2 if mistake == "raises" else [LocalProtocolError])
