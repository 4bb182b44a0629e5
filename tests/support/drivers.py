"""Every driver on every kind of connection, run in the same way: what a test says of one, it says of all of them."""

import asyncio
import functools
import json
import math
import os
import select
import socket
import threading

import pytest
import trio
import trio.testing
from attrs import define, frozen

import hocket_io.asyncio
import hocket_io.blocking
import hocket_io.trio
from hocket import Connection
from hocket.framing import Ndjson
from hocket.jsonrpc import RequestReceived
from support.examples import example
from support.virtual_time import VirtualTime

embed_driver = example("embed_driver")

PATIENCE = 10.0
"""Seconds after which a test that hangs fails."""


# ------------------------------------------------------------------------------------------- connections, both ends


class CountedSocket(socket.socket):
    """Knows how often it was written to."""

    writes = 0

    def send(self, *args):
        self.writes += 1
        return super().send(*args)

    def sendmsg(self, *args):
        self.writes += 1
        return super().sendmsg(*args)


@define(eq=False)
class PipeEnds:
    """Two ends of two pipes, with the manners of a socket."""

    reading: object
    writing: object
    timeout: float | None = None

    def settimeout(self, timeout):
        self.timeout = timeout

    def recv(self, size):
        if not select.select([self.reading], [], [], self.timeout)[0]:
            raise TimeoutError
        return os.read(self.reading.fileno(), size)

    def send(self, data):
        if not select.select([], [self.writing], [], self.timeout)[1]:
            raise TimeoutError
        return os.write(self.writing.fileno(), data)

    def sendall(self, data):
        while data:
            data = data[self.send(data) :]

    def shutdown(self, how):
        assert how == socket.SHUT_WR
        self.writing.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reading.close()
        self.writing.close()

    def fileno(self):
        return -1 if self.reading.closed and self.writing.closed else self.reading.fileno()


def socket_pair():
    ours, theirs = socket.socketpair()
    return CountedSocket(fileno=ours.detach()), theirs


def tcp_pair():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = CountedSocket()
        ours.connect(listener.getsockname())
        return ours, listener.accept()[0]


def pipe_pairs():
    (ours_in, theirs_out), (theirs_in, ours_out) = os.pipe(), os.pipe()
    os.set_blocking(theirs_out, False)
    ours, theirs = (
        PipeEnds(os.fdopen(reading, "rb", 0), os.fdopen(writing, "wb", 0))
        for reading, writing in [(ours_in, ours_out), (theirs_in, theirs_out)]
    )
    return ours, theirs


class CountedSending(trio.abc.SendStream):
    """The way out of a stream of trio, which takes no socket of another class."""

    def __init__(self, stream, sock):
        self.stream, self.sock = stream, sock

    async def send_all(self, data):
        self.sock.writes += 1
        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self):
        await self.stream.wait_send_all_might_not_block()

    async def aclose(self):
        await self.stream.aclose()


def trio_stream(ours):
    if isinstance(ours, PipeEnds):
        reading, writing = (os.dup(each.fileno()) for each in (ours.reading, ours.writing))
        ours.__exit__()
        return trio.StapledStream(trio.lowlevel.FdStream(writing), trio.lowlevel.FdStream(reading))
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(socket.socket(fileno=ours.detach())))
    return trio.StapledStream(CountedSending(stream, ours), stream)


# ------------------------------------------------------------------------------------------------------- the drivers


@frozen
class World:
    """Where a driver runs, on what kind of connection, and how its events are taken."""

    loop: str
    pair: object
    reads: bool
    """Whether the events are read from `events`, rather than told to `on_event`."""

    def __str__(self):
        return f"{self.loop}-{'events' if self.reads else 'on_event'}-{self.pair.__name__}"

    def run(self, new_driver, ours, take, *, is_virtual):
        """Run a driver on one end of a connection; `take(driver, event)` is called with each event, True is enough."""
        match self.loop:
            case "trio":
                self._on_trio(new_driver, ours, take, is_virtual)
            case "blocking":
                self._on_a_thread(new_driver, ours, take, is_virtual)
            case "a loop of one's own":
                self._on_a_loop_of_ones_own(new_driver, ours, take, is_virtual)
            case _:
                self._on_asyncio(new_driver, ours, take, is_virtual)

    def driver(self, kind, new_driver, take, **options):
        on_event = None if self.reads else lambda event: take(driver, event)
        driver = new_driver(kind, on_event, **options)
        return driver

    async def use(self, driver, take, *where):
        """Read the events, or run it."""
        if not self.reads:
            await driver.run(*where)
            return
        async with driver.events(*where) as events:
            async for event in events:
                if take(driver, event):
                    break
                driver.pump()

    def _on_asyncio(self, new_driver, ours, take, is_virtual):
        async def main():
            driver = self.driver(hocket_io.asyncio.Driver, new_driver, take)
            async with asyncio.timeout(None if is_virtual else PATIENCE):
                if isinstance(ours, PipeEnds):
                    await hocket_io.asyncio.connect_pipes(driver, ours.reading, ours.writing)
                else:
                    await asyncio.get_running_loop().create_connection(lambda: driver, sock=ours)
                await self.use(driver, take)

        if self.loop == "uvloop":
            new_loop = pytest.importorskip("uvloop").new_event_loop
        else:
            new_loop = VirtualTime().event_loop if is_virtual else asyncio.SelectorEventLoop
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(main())

    def _on_trio(self, new_driver, ours, take, is_virtual):
        async def main():
            driver = self.driver(hocket_io.trio.Driver, new_driver, take)
            with trio.fail_after(math.inf if is_virtual else PATIENCE):
                await self.use(driver, take, trio_stream(ours))

        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0) if is_virtual else None)

    def _on_a_thread(self, new_driver, ours, take, is_virtual):
        options = {}
        if is_virtual:
            time = VirtualTime()
            options = {"clock": time, "new_selector": time.selector}
        driver = self.driver(hocket_io.blocking.Driver, new_driver, take, **options)
        if isinstance(ours, PipeEnds):
            ours = hocket_io.blocking.Pipes(ours.reading, ours.writing)
        if not self.reads:
            driver.run(ours)
            return
        with driver.events(ours) as events:
            for event in events:
                if take(driver, event):
                    break

    def _on_a_loop_of_ones_own(self, new_driver, ours, take, is_virtual):
        time = VirtualTime()
        loop = embed_driver.Loop(time, time.selector()) if is_virtual else embed_driver.Loop()
        driver = self.driver(functools.partial(embed_driver.Driver, loop), new_driver, take)
        driver.begin(ours)
        loop.run()
        driver.running.raise_failure()


WORLDS = [
    World("asyncio", socket_pair, reads=False),
    World("asyncio", socket_pair, reads=True),
    World("asyncio", pipe_pairs, reads=False),
    World("uvloop", socket_pair, reads=False),
    World("uvloop", pipe_pairs, reads=True),
    World("trio", socket_pair, reads=False),
    World("trio", socket_pair, reads=True),
    World("trio", pipe_pairs, reads=True),
    World("blocking", socket_pair, reads=False),
    World("blocking", socket_pair, reads=True),
    World("blocking", pipe_pairs, reads=False),
    World("a loop of one's own", socket_pair, reads=False),
]


@define(eq=False)
class Drive:
    """Runs a driver of an endpoint against a peer, who has the other end in a thread."""

    world: World
    writes: int = 0
    """How often was written, where it is a socket."""

    def __call__(self, peer, take=None, begin=None, *, endpoint=None, ends=None, is_virtual=False, **options):
        """Run it until the connection is gone.

        Args:
            peer: Called with the other end.
            take: Called with the driver and each event; where events are read, True stops reading them.
            begin: Called with the driver, before it has its connection.
            endpoint: What is run; a Connection, if nothing else is said.
            ends: The two ends, if they are not to be those of the world.
            is_virtual: Whether time passes as soon as there is nothing to do.

        Returns:
            The events, and what `peer` has returned.
        """
        if is_virtual and self.world.loop == "uvloop":
            pytest.skip("the time of uvloop is that of the world")
        ours, theirs = ends or self.world.pair()
        theirs.settimeout(PATIENCE)
        events, told = [], []

        def new_driver(kind, on_event, **more):
            driver = kind(endpoint or Connection(Ndjson()), on_event, **options, **more)
            if begin is not None:
                begin(driver)
            return driver

        def taken(driver, event):
            events.append(event)
            return take is not None and take(driver, event)

        def attend():
            with theirs:
                told.append(peer(theirs))

        thread = threading.Thread(target=attend)
        thread.start()
        try:
            self.world.run(new_driver, ours, taken, is_virtual=is_virtual)
        finally:
            thread.join(PATIENCE)
            assert not thread.is_alive()
            assert ours.fileno() == -1, "the connection is closed"
        self.writes = getattr(ours, "writes", 0)
        return events, told[0]


def later(driver, command):
    """Have a command given once the loop has come round a few times, as by an agent that needs time."""

    def turn(times=5):
        if times:
            asyncio.get_running_loop().call_soon(turn, times - 1)
        else:
            give()

    def give():
        command()
        driver.pump()

    async def rest():
        for _ in range(5):
            await trio.lowlevel.checkpoint()
        give()

    match driver:
        case hocket_io.asyncio.Driver():
            turn()
        case hocket_io.trio.Driver():
            trio.lowlevel.spawn_system_task(rest)
        case hocket_io.blocking.Driver():
            driver.call_soon(command)
        case embed_driver.Driver():
            driver.loop.soon.append(give)


# ------------------------------------------------------------------------------------------------- what a peer says


def line(method, params=None, **members):
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params or [], **members}).encode() + b"\n"


def read_all(sock):
    data = bytearray()
    while piece := sock.recv(65_536):
        data += piece
    return bytes(data)


def answers(data):
    return [json.loads(each) for each in data.splitlines()]


def echo(driver, event):
    if isinstance(event, RequestReceived):
        driver.endpoint.send_result(event.id, event.params, now=driver.now())


def echoing(kind):
    driver = kind(Connection(Ndjson()), lambda event: echo(driver, event))
    return driver


def json_line(sock):
    data = b""
    while not data.endswith(b"\n"):
        data += sock.recv(65_536)
    return answers(data)[0]
