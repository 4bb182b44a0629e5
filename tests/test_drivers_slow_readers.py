"""Whoever takes the events slowly is waited for, and the peer does not pay for it."""

import asyncio
import socket

import anyio
import pytest
import trio
import trio.testing

import hocket_io.asyncio
import hocket_io.blocking
import hocket_io.trio
from hocket import Connection
from hocket.framing import Ndjson
from hocket.heartbeat import Heartbeat
from hocket.jsonrpc import NotificationReceived
from support.drivers import line
from support.virtual_time import VirtualTime

SAID = NotificationReceived(method="n", params=[])


def connection():
    return Connection(Ndjson(), heartbeat=Heartbeat(interval=15.0, timeout=15.0))


async def take(events, theirs, count):
    """Take events, 20 seconds for each, of a peer that says something all the time."""
    taken = []
    async for event in events:
        taken.append(event)
        if len(taken) == count:
            break
        await anyio.sleep(20)
        theirs.sendall(line("n"))
    return taken


def on_asyncio(ours, theirs, count):
    async def main():
        driver = hocket_io.asyncio.Driver(connection(), unread=3)
        await asyncio.get_running_loop().create_connection(lambda: driver, sock=ours)
        async with driver.events() as events:
            return await take(events, theirs, count)

    with asyncio.Runner(loop_factory=VirtualTime().event_loop) as runner:
        return runner.run(main())


def on_trio(ours, theirs, count):
    async def main():
        driver = hocket_io.trio.Driver(connection(), unread=3)
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
        async with driver.events(stream) as events:
            return await take(events, theirs, count)

    return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def on_a_thread(ours, theirs, count):
    time, taken = VirtualTime(), []
    driver = hocket_io.blocking.Driver(connection(), unread=3, clock=time, new_selector=time.selector)
    with driver.events(ours) as events:
        for event in events:
            taken.append(event)
            if len(taken) == count:
                break
            time.now += 20
            theirs.sendall(line("n"))
    return taken


@pytest.mark.parametrize("run", [on_asyncio, on_trio, on_a_thread])
@pytest.mark.parametrize("at_once", [1, 10], ids=["as slow as it is read", "faster than it is read"])
def test_a_peer_that_nobody_listens_to_is_not_taken_for_a_silent_one(run, at_once):
    """A heartbeat would find nothing that has arrived, for as long as nothing is read."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(line("n") * at_once)
        assert run(ours, theirs, 40) == [SAID] * 40
