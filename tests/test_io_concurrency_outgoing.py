"""Outgoing: bytes of several tasks, written in order by one."""

import anyio
import pytest

from hocket.errors import ConnectionFailed
from hocket_io.concurrency.outgoing import Outgoing


class Slow:
    """Somewhere to write to that takes its time: each write waits until the test lets it."""

    def __init__(self):
        self.written = []
        self.may_write = anyio.Event()
        self.is_broken = False

    async def write(self, data):
        await self.may_write.wait()
        if self.is_broken:
            raise ConnectionFailed("nobody reads")
        self.written.append(data)


def test_what_gathers_is_written_at_once_and_in_order(run):
    async def talk():
        slow, flushed = Slow(), []
        outgoing = Outgoing(slow.write)

        async def flush():
            await outgoing.flush()
            flushed.append(outgoing.held)

        async with anyio.create_task_group() as group:
            group.start_soon(outgoing.run)
            outgoing.give(b"a")
            await anyio.wait_all_tasks_blocked()
            for piece in (b"b", b"", b"c", b"d"):
                outgoing.give(piece)
            assert outgoing.held == 4
            group.start_soon(flush)
            await anyio.wait_all_tasks_blocked()
            assert flushed == []
            slow.may_write.set()
            await anyio.wait_all_tasks_blocked()
            assert slow.written == [b"a", b"bcd"]
            assert flushed == [0]
            group.cancel_scope.cancel()

    run(talk)


def test_a_flush_waits_for_what_was_given_before_it_and_no_longer(run):
    async def talk():
        slow = Slow()
        outgoing = Outgoing(slow.write)
        await outgoing.flush()  # nothing was given
        async with anyio.create_task_group() as group:
            group.start_soon(outgoing.run)
            outgoing.give(b"a")
            slow.may_write.set()
            await outgoing.flush()
            assert slow.written == [b"a"]
            slow.may_write = anyio.Event()
            outgoing.give(b"b")
            with anyio.move_on_after(0):
                await outgoing.flush()
                raise AssertionError("it is not written")
            group.cancel_scope.cancel()

    run(talk)


def test_a_write_that_fails_fails_everything(run):
    async def talk():
        slow = Slow()
        slow.is_broken = True
        outgoing = Outgoing(slow.write)

        async def flush():
            with pytest.raises(ConnectionFailed, match="nobody reads"):
                await outgoing.flush()

        async with anyio.create_task_group() as group:
            group.start_soon(outgoing.run)
            outgoing.give(b"a")
            group.start_soon(flush)
            group.start_soon(flush)
            await anyio.wait_all_tasks_blocked()
            slow.may_write.set()
        outgoing.fail("too late to be the reason")
        held = outgoing.held
        outgoing.give(b"b")
        assert (slow.written, outgoing.held) == ([], held), "nothing is kept for nobody"
        await flush()

    run(talk)


def test_nobody_waits_for_a_writer_that_was_cancelled(run):
    async def main():
        outgoing = Outgoing(Slow().write)
        async with anyio.create_task_group() as group:
            group.start_soon(outgoing.run)
            outgoing.give(b"one")
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        with pytest.raises(ConnectionFailed, match="the connection was closed"):
            await outgoing.flush()

    run(main)
