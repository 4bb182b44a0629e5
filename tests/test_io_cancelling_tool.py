"""What the other tests of cancellation stand on: `cancel_everywhere` reaches every wait, and sees what is left."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from contextlib import asynccontextmanager
from math import inf

import anyio
import pytest
import trio

from support.cancelling import WAYS, cancel_everywhere

LINUX = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="only Linux tells what a process has open")


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


async def pause():
    await anyio.sleep(0)
    await anyio.sleep(0.0001)


def test_each_wait_is_the_last_once(way):
    ends = []

    async def count():
        waits = 0
        try:
            while waits < 5:
                await anyio.sleep(0)
                waits += 1
        finally:
            ends.append(waits)

    assert cancel_everywhere(count, way) == 5
    assert ends == [5, 0, 1, 2, 3, 4, 5]


def test_every_second_wait_and_every_one_where_there_is_time(monkeypatch, way):
    async def count():
        for _ in range(6):
            await anyio.sleep(0)

    monkeypatch.setattr("support.cancelling.DEEP", inf)
    assert cancel_everywhere(count, way, step=2) == 3
    monkeypatch.setattr("support.cancelling.DEEP", 1)
    assert cancel_everywhere(count, way, step=2) == 6


def test_what_is_around_the_body_is_not_cancelled(way):
    said = []

    @asynccontextmanager
    async def around():
        await pause()
        yield "it"
        await pause()
        said.append("left")

    async def body(given):
        await pause()
        await pause()

    async def after(given):
        await pause()
        said.append(given)

    rounds = cancel_everywhere(body, way, around=around, after=after)
    assert said == ["it", "left"] * (rounds + 2)


def test_an_error_of_the_body_is_an_error(way):
    async def clumsy():
        try:
            await pause()
        except BaseException as error:
            raise ValueError("while it was cleaning up") from error

    with pytest.raises(ValueError, match="cleaning up"):
        cancel_everywhere(clumsy, way)


def test_a_body_that_does_not_wait_shows_nothing(way):
    async def brief():
        return None

    with pytest.raises(AssertionError, match="only 0 rounds"):
        cancel_everywhere(brief, way)


def test_a_cancellation_that_is_swallowed():
    async def stubborn():
        try:
            await pause()
        except asyncio.CancelledError:
            pass

    with pytest.raises(AssertionError, match="wait 1: it went on as if nothing"):
        cancel_everywhere(stubborn, "asyncio")


def leaves_task(kept):
    kept.append(asyncio.get_running_loop().create_task(asyncio.sleep(1)))


def leaves_system_task(kept):
    trio.lowlevel.spawn_system_task(trio.sleep_forever)


def leaves_file(kept):
    kept.append(open(os.devnull))  # noqa: SIM115  -- that it stays open is the point


def leaves_garbage(kept):
    socket.socket()


def leaves_child(kept):
    kept.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))


def leaves_callback(kept):
    asyncio.get_running_loop().call_soon(int, "no number")


def leaves_thread(kept):
    over = threading.Event()
    kept.append(threading.Thread(target=over.wait))
    kept[0].start()
    kept[0].close = over.set


@pytest.mark.parametrize(
    ("leave", "way", "message"),
    [
        (leaves_task, "asyncio", "these tasks are left.*sleep"),
        (leaves_task, "asyncio by scope", "these tasks are left.*sleep"),
        (leaves_system_task, "trio", "these tasks are left.*sleep_forever"),
        (leaves_garbage, "trio", "ResourceWarning.*unclosed <socket"),
        (leaves_garbage, "asyncio", "ResourceWarning.*unclosed <socket"),
        (leaves_callback, "asyncio", "ValueError.*no number"),
        pytest.param(leaves_file, "trio", "file descriptor .*null", marks=LINUX),
        pytest.param(leaves_child, "asyncio", "child process", marks=LINUX),
        (leaves_thread, "asyncio", "Thread"),
    ],
)
def test_what_one_round_leaves_is_seen(monkeypatch, leave, way, message):
    """It is left by no other round than the third."""
    monkeypatch.setattr("support.cancelling.OTHERS", 0.01)
    kept, rounds = [], []

    async def body():
        rounds.append(1)
        try:
            await pause()
            await pause()
        finally:
            if len(rounds) == 3:
                leave(kept)

    try:
        with pytest.raises(AssertionError, match=rf"(?s)cancelled at its wait 2: .*{message}"):
            cancel_everywhere(body, way)
    finally:
        for each in kept:
            match each:
                case subprocess.Popen():
                    each.communicate()
                case asyncio.Task():
                    pass  # its loop is over
                case _:
                    each.close()
