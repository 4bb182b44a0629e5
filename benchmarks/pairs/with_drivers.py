"""hocket's drivers in the pipe benchmark: JSON-RPC notifications by `Connection(Ndjson())`, on each loop.

`with_drivers.py LOOP` is the parent, `with_drivers.py LOOP child` the child, where LOOP is asyncio, trio or blocking;
see `orders`. The child tells one message at a time, and waits where the parent does not read, as `drain` does.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import trio
from orders import orders, text

import hocket_io.asyncio
import hocket_io.blocking
import hocket_io.trio
from hocket import Connection
from hocket.framing import Ndjson
from hocket.jsonrpc import NotificationReceived, RequestReceived, ResultReceived

# --- under an event loop: asyncio and trio differ only in how they connect


@asynccontextmanager
async def on_asyncio(reading: Any, writing: Any) -> AsyncIterator[tuple[Any, AsyncIterator[Any]]]:
    driver: Any = hocket_io.asyncio.Driver(Connection(Ndjson()))
    await hocket_io.asyncio.connect_pipes(driver, reading, writing)
    async with driver.events() as events:
        yield driver, events


@asynccontextmanager
async def on_trio(reading: Any, writing: Any) -> AsyncIterator[tuple[Any, AsyncIterator[Any]]]:
    driver: Any = hocket_io.trio.Driver(Connection(Ndjson()))
    ends = (trio.lowlevel.FdStream(os.dup(file.fileno())) for file in (writing, reading))
    async with driver.events(trio.StapledStream(*ends)) as events:
        yield driver, events


async def child(connected: Callable[..., Any]) -> None:
    async with connected(sys.stdin.buffer, sys.stdout.buffer) as (driver, events):
        async for event in events:
            if isinstance(event, RequestReceived):
                await say(driver, event.params["count"])
                driver.endpoint.send_result(event.id, None, now=driver.now())
                driver.pump()


async def say(driver: Any, count: int) -> None:
    for number in range(count):
        driver.endpoint.send_notification("word", {"id": 1, "text": text(number)}, now=driver.now())
        driver.pump()
        await driver.drain()


async def parent(connected: Callable[..., Any]) -> None:
    with started() as process:
        async with connected(process.stdout, process.stdin) as (driver, events):
            for order in orders():
                with order.measured(process.pid):
                    for wanted in order.answers:
                        driver.endpoint.send_request("say", {"count": wanted}, now=driver.now())
                        driver.pump()
                        await hear(events, wanted)
            driver.close()


async def hear(events: AsyncIterator[Any], wanted: int) -> None:
    heard = 0
    async for event in events:
        if isinstance(event, NotificationReceived):
            heard += bool(event.params["text"])
        elif isinstance(event, ResultReceived):
            break
    assert heard == wanted, heard


# --- in a thread


def child_in_a_thread() -> None:
    def on_event(event: Any) -> None:
        if isinstance(event, RequestReceived):
            for number in range(event.params["count"]):
                driver.endpoint.send_notification("word", {"id": 1, "text": text(number)}, now=driver.now())
            driver.endpoint.send_result(event.id, None, now=driver.now())

    driver: Any = hocket_io.blocking.Driver(Connection(Ndjson()), on_event)
    driver.run(hocket_io.blocking.Pipes(sys.stdin.buffer, sys.stdout.buffer))


def parent_in_a_thread() -> None:
    driver: Any = hocket_io.blocking.Driver(Connection(Ndjson()))
    with started() as process, driver.events(hocket_io.blocking.Pipes(process.stdout, process.stdin)) as events:
        for order in orders():
            with order.measured(process.pid):
                for wanted in order.answers:
                    driver.endpoint.send_request("say", {"count": wanted}, now=driver.now())
                    hear_in_a_thread(events, wanted)


def hear_in_a_thread(events: Iterator[Any], wanted: int) -> None:
    heard = 0
    for event in events:
        if isinstance(event, NotificationReceived):
            heard += bool(event.params["text"])
        elif isinstance(event, ResultReceived):
            break
    assert heard == wanted, heard


@contextmanager
def started() -> Iterator[subprocess.Popen]:
    command = [sys.executable, __file__, sys.argv[1], "child"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def main() -> None:
    is_child = sys.argv[2:] == ["child"]
    work = child if is_child else parent
    match sys.argv[1]:
        case "asyncio":
            asyncio.run(work(on_asyncio))
        case "trio":
            trio.run(work, on_trio)
        case "blocking":
            child_in_a_thread() if is_child else parent_in_a_thread()


if __name__ == "__main__":
    main()
