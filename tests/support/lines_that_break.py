"""Connections that a test has written beforehand, for the clients that make another one when one breaks."""

import json
from collections import deque

import anyio
from attrs import define, field

from hocket.errors import ConnectionFailed


@define(eq=False)
class Connection:
    """What one connection gives: the answers to what is asked on it, one list of results for each request.

    A result is an item of a stream, with its offset (offset, item), the end of the answer (a dict), or an error that
    ends the connection.
    """

    answers: deque = field(converter=deque)
    asked: list = field(factory=list)
    arrived: deque = field(factory=deque)
    end: Exception | None = None
    is_deaf: bool = False
    """Nothing can be said any more; why, is its end, which who reads does not see."""
    on_receive: object = None
    """Called whenever somebody reads without a loop."""
    is_open: bool = False
    read: int = 0
    """Lines that somebody has taken, on a loop."""

    def take(self, data):
        """What is said to the server."""
        if self.is_deaf:
            raise ConnectionFailed("broken")
        for line in data.splitlines():
            request = json.loads(line)
            if "id" not in request:
                self.asked.append(request)
                continue
            self.asked.append(request)
            for each in self.answers.popleft() if self.answers else ():
                self.give(each, request["id"])

    def give(self, answer, request_id):
        match answer:
            case Exception():
                self.end = answer
            case (offset, item):
                params = {"id": request_id, "offset": offset, "result": item}
                self.arrived.append({"jsonrpc": "2.0", "method": "$/stream", "params": params})
            case dict():
                self.arrived.append({"jsonrpc": "2.0", "id": request_id, **answer})

    def next(self):
        """The next line, b"" at the end, None where there is none yet."""
        if self.arrived:
            return json.dumps(self.arrived.popleft()).encode() + b"\n"
        return None if self.end is None or self.is_deaf else b""


class AsyncLine:
    """A connection as a `BytePipe`."""

    def __init__(self, connection):
        self.connection, self.news = connection, anyio.Event()

    async def __aenter__(self):
        await anyio.lowlevel.checkpoint()
        self.connection.is_open = True
        return self

    async def __aexit__(self, *error):
        self.connection.is_open = False
        await anyio.lowlevel.checkpoint()

    async def receive(self):
        await anyio.lowlevel.checkpoint()
        while (data := self.connection.next()) is None:
            await self.news.wait()
        self.connection.read += 1
        return data

    async def send(self, data):
        await anyio.lowlevel.checkpoint()
        self.connection.take(data)
        self.hear()

    def hear(self):
        self.news.set()
        self.news = anyio.Event()

    async def farewell(self):
        return self.connection.end or ConnectionFailed("still connected")


class BlockingLine:
    """A connection as a `PortalPipe` has it."""

    def __init__(self, connection, clock):
        self.connection, self.clock = connection, clock
        connection.is_open = True

    def receive(self, timeout=None):
        if self.connection.on_receive is not None:
            self.connection.on_receive()
        data = self.connection.next()
        if data is None:
            assert timeout is not None, "it would wait for ever"
            self.clock.sleep(timeout)
            raise TimeoutError
        return data

    def send(self, data):
        self.connection.take(data)

    def farewell(self):
        return self.connection.end

    def close(self):
        self.connection.is_open = False


@define
class Clock:
    """Stands for the module `time`: nobody waits."""

    now: float = 1_000.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
