"""stdin and stdout on an event loop: a pipe that is ready needs no thread, and one that is not blocks nobody else."""

import os
import sys
from contextlib import contextmanager

import anyio
import pytest

from hocket_io.pipes import descriptors
from hocket_io.pipes.descriptors import read_from, write_to

LARGE = bytes(range(256)) * 4_096  # a MiB, more than any pipe holds


@pytest.fixture(params=["asyncio", "trio"])
def run(request):
    def run(main, *arguments):
        async def guarded():
            with anyio.fail_after(10):
                return await main(*arguments)

        return anyio.run(guarded, backend=request.param)

    return run


@pytest.fixture
def no_threads(monkeypatch):
    monkeypatch.setattr(descriptors, "call_in_daemon", None)


@contextmanager
def a_pipe():
    ends = list(os.pipe())
    try:
        yield ends
        assert all(os.get_blocking(end) for end in ends if end is not None), "others have these descriptors, too"
    finally:
        for end in ends:
            if end is not None:
                os.close(end)


def close(ends, which):
    os.close(ends[which])
    ends[which] = None


@pytest.mark.usefixtures("no_threads")
def test_what_is_ready_is_read_and_written_without_a_thread(run):
    async def main():
        with a_pipe() as ends:
            for data in (b"word", b"x" * 50_000):
                await write_to(ends[1], data)
                read = b""
                while len(read) < len(data):
                    read += await read_from(ends[0])
                assert read == data
            close(ends, 1)
            assert await read_from(ends[0]) == b""

    run(main)


@pytest.mark.usefixtures("no_threads")
def test_others_run_while_nothing_can_be_read(run):
    async def main():
        with a_pipe() as ends:
            async with anyio.create_task_group() as group:
                group.start_soon(write_to, ends[1], b"late")
                assert await read_from(ends[0]) == b"late"
                with anyio.move_on_after(0.01) as scope:
                    await read_from(ends[0])
                assert scope.cancelled_caught

    run(main)


def test_what_does_not_fit_waits_for_the_reader_and_stops_nobody_else(run):
    async def main():
        with a_pipe() as ends:
            read = b""
            async with anyio.create_task_group() as group:
                group.start_soon(write_to, ends[1], LARGE)
                await anyio.sleep(0.01)
                while len(read) < len(LARGE):
                    read += await read_from(ends[0])
            assert read == LARGE

    run(main)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody can see from here whether a pipe is empty")
def test_an_empty_pipe_is_filled_at_once_and_one_that_is_not_piece_by_piece(run, monkeypatch):
    writes, write = [], os.write

    def count(fd, data):
        if fd in counted:
            writes.append(len(data))
        return write(fd, data)

    async def main():
        with a_pipe() as ends:
            counted.append(ends[1])
            await write_to(ends[1], b"x" * 30_000)
            await write_to(ends[1], b"x" * 10_000)

    counted = []
    monkeypatch.setattr(os, "write", count)
    run(main)
    assert writes == [30_000, 4_096, 4_096, 1_808]


@pytest.mark.parametrize("data", [b"word", LARGE])
def test_that_nobody_reads_any_more_is_told(run, data):
    async def main():
        with a_pipe() as ends:
            close(ends, 0)
            with pytest.raises(BrokenPipeError):
                await write_to(ends[1], data)

    run(main)


def test_that_the_reader_leaves_in_the_midst_is_told(run):
    async def main():
        with a_pipe() as ends:

            async def leave():
                assert await read_from(ends[0])
                close(ends, 0)

            async with anyio.create_task_group() as group:
                group.start_soon(leave)
                with pytest.raises(BrokenPipeError):
                    await write_to(ends[1], LARGE)

    run(main)


def test_a_file_is_read_and_written_as_well(run, tmp_path):
    async def main():
        with (tmp_path / "out").open("w+b", buffering=0) as file:
            await write_to(file.fileno(), LARGE)
            file.seek(0)
            read = b""
            while data := await read_from(file.fileno()):
                read += data
            assert read == LARGE

    run(main)


def test_a_write_lets_others_run_each_time(run):
    turns = []

    async def other():
        while True:
            turns.append(1)
            await anyio.lowlevel.checkpoint()

    async def main():
        with a_pipe() as ends:
            async with anyio.create_task_group() as group:
                group.start_soon(other)
                for _ in range(20):
                    await write_to(ends[1], b"word")
                assert len(turns) >= 10
                group.cancel_scope.cancel()

    run(main)
