"""Files in streams: from one disk to another, byte for byte, whatever happens on the way."""

import random

import anyio
import pytest

from hocket.acp.client.events import Reconnected, Reconnecting
from hocket.acp.events import ChunkReceived, MessageCompleted, MessageSent, StreamEnded
from hocket.acp.model import data_part, file_part
from hocket.acp.states import ClientState
from hocket.errors import ConnectionFailed, LocalProtocolError, RpcError
from hocket_io.acp.client import AcpClient
from hocket_io.acp.files import FileTransferFailed
from hocket_io.acp.host import HubHost
from support.hub_worlds import KINDS, reach, shaky_pair, web_hub

KIB = 1024


@pytest.fixture(scope="module")
def address():
    with web_hub() as url:
        yield url


@pytest.fixture(params=KINDS)
def talk(request, address, run):
    """Runs a test with the two ends of a stream, that of ada (who started it) and that of bob."""
    return lambda body: run(converse, lambda: reach(request.param, address), body)


@pytest.fixture
def talk_here(run):
    """The same, in memory only."""
    return lambda body: run(converse, lambda: reach("memory", None), body)


async def converse(world, body):
    async with (
        world() as target,
        AcpClient(target, agent="ada") as ada,
        AcpClient(target, agent="bob") as bob,
    ):
        here = await ada.start(["bob"])
        await body(here, await bob.join(here.stream_id))


async def until(stream, kind):
    """The next event of this kind."""
    async for event in stream:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"the stream ended without {kind.__name__}")


def content(size, seed=1):
    return random.Random(seed).randbytes(size)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "in"
    path.mkdir()
    return path


def file_of(tmp_path, size, name="table.csv"):
    path = tmp_path / name
    path.write_bytes(content(size))
    return path


async def both(here, there, path, folder, **more):
    """Send a file and receive it; gives the path of what arrived."""
    arrived = []

    async def receive():
        arrived.append(await there.receive_file(folder, **more))

    async with anyio.create_task_group() as group:
        group.start_soon(receive)
        await here.send_file(path)
    return arrived[0]


# What arrives


@pytest.mark.parametrize("size", [0, 1, 256 * KIB, 700_001])
def test_a_file_arrives_byte_for_byte(talk, tmp_path, folder, size):
    sent, received = [], []

    async def body(here, there):
        path = file_of(tmp_path, size)
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: here.send_file(path, progress=lambda *done: sent.append(done)))
            arrived = await there.receive_file(folder, progress=lambda *done: received.append(done))
        assert arrived == folder / "table.csv"
        assert arrived.read_bytes() == content(size)

    talk(body)
    for reports in (sent, received):
        assert reports[-1] == (size, size)
        assert reports == sorted(set(reports))
    assert [path.name for path in folder.iterdir()] == ["table.csv"]


def test_a_file_of_several_messages(talk_here, tmp_path, folder):
    async def body(here, there):
        path = file_of(tmp_path, 17_000_000)
        assert (await both(here, there, path, folder)).read_bytes() == path.read_bytes()

    talk_here(body)


def test_what_is_no_file_stays_in_the_iteration(talk_here, tmp_path, folder):
    async def body(here, there):
        await here.send("before")
        await both(here, there, file_of(tmp_path, 600_000), folder)
        async with here.chunks() as out:
            await out.text("after")
        await here.end()
        heard = [event async for event in there]
        assert [event.text for event in heard if isinstance(event, MessageSent)] == ["before"]
        assert [event.text for event in heard if isinstance(event, MessageCompleted)] == ["after"]
        assert [event.text for event in heard if isinstance(event, ChunkReceived)] == ["after", ""]

    talk_here(body)


def test_a_file_that_came_before_anybody_wanted_it(talk_here, tmp_path, folder):
    async def body(here, there):
        await here.send_file(file_of(tmp_path, 600_000))
        assert (await there.receive_file(folder)).read_bytes() == content(600_000)

    talk_here(body)


def test_a_file_that_the_iteration_has_seen_the_beginning_of(talk_here, tmp_path, folder):
    async def body(here, there):
        await here.send_file(file_of(tmp_path, 600_000))
        first = await until(there, ChunkReceived)
        assert (await there.receive_file(folder, begins=first)).read_bytes() == content(600_000)
        await here.send("not a file")
        other = await until(there, MessageSent)
        with pytest.raises(LocalProtocolError, match="no file begins"):
            await there.receive_file(folder, begins=other)

    talk_here(body)


def test_two_files_at_the_same_time(talk_here, tmp_path, folder):
    async def body(here, there):
        one, two = file_of(tmp_path, 600_000, "one"), file_of(tmp_path, 500_000, "two")
        arrived = []

        async def receive():
            arrived.append(await there.receive_file(folder))

        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(receive)
            group.start_soon(here.send_file, one)
            group.start_soon(here.send_file, two)
        assert sorted(path.name for path in arrived) == ["one", "two"]
        assert (folder / "one").read_bytes() == one.read_bytes()
        assert (folder / "two").read_bytes() == two.read_bytes()

    talk_here(body)


# Where it goes


def test_nothing_is_overwritten(talk_here, tmp_path, folder):
    (folder / "table.csv").write_text("mine")
    (folder / "table (2).csv.part").write_text("mine too")

    async def body(here, there):
        path = file_of(tmp_path, 10)
        assert await both(here, there, path, folder) == folder / "table (2).csv"
        assert await both(here, there, path, folder) == folder / "table (3).csv"

    talk_here(body)
    assert (folder / "table.csv").read_text() == "mine"
    assert (folder / "table (2).csv.part").read_text() == "mine too"


@pytest.mark.parametrize(
    ("name", "safe"), [("../../etc/passwd", "passwd"), ("..", "file"), ("a\\b.txt", "b.txt"), ("x" * 300, "x" * 255)]
)
def test_a_name_never_leads_out_of_the_folder(talk_here, folder, name, safe):
    async def body(here, there):
        async with here.chunks() as out:
            await out.part(data_part({"file_info": {"name": name, "total_size": 3}}))
            await out.part(file_part(b"abc"))
        assert await there.receive_file(folder) == folder / safe

    talk_here(body)
    assert [path.name for path in folder.iterdir()] == [safe]
    assert [path.name for path in folder.parent.iterdir()] == ["in"]


def test_a_folder_that_is_none(talk_here, tmp_path):
    async def body(here, there):
        with pytest.raises(NotADirectoryError):
            await there.receive_file(tmp_path / "nowhere")
        with pytest.raises(FileNotFoundError):
            await here.send_file(tmp_path / "nothing")

    talk_here(body)


# What goes wrong


@pytest.mark.parametrize(
    ("announced", "sent", "why"),
    [
        ({"total_size": 4}, [b"abc"], "size"),
        ({"total_size": 2}, [b"abc"], "size"),
        ({"total_size": 3, "checksum": "sha256:" + "0" * 64}, [b"abc"], "checksum"),
        ({"total_size": 10**13}, [b"abc"], "too_large"),
    ],
)
def test_a_file_that_is_not_what_was_announced_leaves_nothing_behind(talk_here, folder, announced, sent, why):
    async def body(here, there):
        async with here.chunks() as out:
            await out.part(data_part({"file_info": {"name": "table.csv", **announced}}))
            for data in sent:
                await out.part(file_part(data))
        with pytest.raises(FileTransferFailed) as caught:
            await there.receive_file(folder)
        assert caught.value.failure.reason == why

    talk_here(body)
    assert list(folder.iterdir()) == []


def test_a_stream_that_ends_in_the_midst_of_a_file(talk_here, folder):
    async def half_a_file(here):
        async with here.chunks() as out:
            await out.part(data_part({"file_info": {"name": "table.csv", "total_size": 6, "transfer_id": "t"}}))
            await out.part(file_part(b"abc"))
            await here.end()

    async def body(here, there):
        with pytest.raises(LocalProtocolError):
            await half_a_file(here)
        with pytest.raises(FileTransferFailed, match="is gone"):
            await there.receive_file(folder)
        assert there.state is ClientState.CLOSED
        assert isinstance([event async for event in here][-1], StreamEnded)
        with pytest.raises(FileTransferFailed, match="is gone"):
            await here.receive_file(folder)

    talk_here(body)
    assert list(folder.iterdir()) == []


def test_a_sender_that_leaves_in_the_midst_of_a_file(talk_here, folder):
    async def body(here, there):
        async with there.chunks() as out:
            await out.part(data_part({"file_info": {"name": "table.csv", "total_size": 6, "transfer_id": "t"}}))
            await out.part(file_part(b"abc"))
        await there.leave()
        with pytest.raises(FileTransferFailed, match="is gone"):
            await here.receive_file(folder)

    talk_here(body)
    assert list(folder.iterdir()) == []


def test_a_receiver_that_is_cancelled_leaves_nothing_behind(talk_here, folder):
    async def body(here, there):
        async with here.chunks() as out:
            await out.part(data_part({"file_info": {"name": "table.csv", "total_size": 6, "transfer_id": "t"}}))
            await out.part(file_part(b"abc"))
        with anyio.move_on_after(0.05):
            await there.receive_file(folder)
        assert list(folder.iterdir()) == []

    talk_here(body)


def test_a_pause_only_delays_a_file(talk_here, tmp_path, folder):
    async def body(here, there):
        paused = []

        def pause(done, size):
            if done > size / 2 and not paused:
                paused.append(done)
                group.start_soon(pause_and_resume)

        async def pause_and_resume():
            await here.pause()
            await anyio.wait_all_tasks_blocked()
            await here.resume()

        arrived = []

        async def receive():
            arrived.append(await there.receive_file(folder))

        path = file_of(tmp_path, 9_000_000)
        async with anyio.create_task_group() as group:
            group.start_soon(receive)
            await here.send_file(path, progress=pause)
        assert paused
        assert arrived[0].read_bytes() == path.read_bytes()

    talk_here(body)


def test_a_stream_that_is_paused_takes_a_file_when_it_is_resumed(talk_here, tmp_path, folder):
    async def body(here, there):
        await here.pause()
        async with anyio.create_task_group() as group:
            group.start_soon(here.send_file, file_of(tmp_path, 10))
            await anyio.wait_all_tasks_blocked()
            await here.resume()
        assert (await there.receive_file(folder)).read_bytes() == content(10)

    talk_here(body)


def test_closing_the_client_ends_a_transfer(run, tmp_path):
    async def send(stream, path, started):
        with pytest.raises(ConnectionFailed, match="the client was closed"):
            await stream.send_file(path, progress=lambda done, size: started.set())

    async def main():
        started = anyio.Event()
        async with HubHost() as host, anyio.create_task_group() as group, AcpClient(host, agent="ada") as ada:
            group.start_soon(send, await ada.start(["bob"]), file_of(tmp_path, 9_000_000), started)
            await started.wait()

    run(main)


def test_a_refusal_for_good_ends_the_transfer(talk_here, tmp_path):
    async def body(here, there):
        reports = []

        def remove(done, size):
            reports.append(done)
            if len(reports) == 5:
                group.start_soon(here.remove, "bob")

        async with anyio.create_task_group() as group:
            with pytest.raises((RpcError, LocalProtocolError)):
                await there.send_file(file_of(tmp_path, 9_000_000), progress=remove)
        assert reports[-1] < 9_000_000

    talk_here(body)


def test_a_transfer_goes_on_after_the_connection_was_lost(run, tmp_path, folder):
    async def main():
        async with shaky_pair() as (hub, here, there):
            path, reports, arrived = file_of(tmp_path, 9_000_000), [], []

            def cut(done, size):
                reports.append(done)
                if len(reports) in (5, 20):
                    hub.close()
                    group.start_soon(hub.open)

            async def receive():
                arrived.append(await there.receive_file(folder))

            async with anyio.create_task_group() as group:
                group.start_soon(receive)
                await here.send_file(path, progress=cut)
            assert arrived[0].read_bytes() == path.read_bytes()
            assert reports == sorted(reports)

    run(main)


def test_a_connection_that_is_lost_while_the_stream_is_paused(run, tmp_path, folder):
    """Nothing is under way then, so that no answer says that the message was lost."""

    async def main():
        async with shaky_pair() as (hub, here, there):
            path, arrived, half = file_of(tmp_path, 9_000_000), [], anyio.Event()

            def pause(done, size):
                if done > size / 2 and not half.is_set():
                    half.set()
                    group.start_soon(here.pause)

            async def receive():
                arrived.append(await there.receive_file(folder))

            async with anyio.create_task_group() as group:
                group.start_soon(receive)
                async with anyio.create_task_group() as sending:
                    sending.start_soon(lambda: here.send_file(path, progress=pause))
                    await half.wait()
                    while here.state is not ClientState.PAUSED:
                        await here.line.change()
                    await anyio.wait_all_tasks_blocked()
                    hub.close()
                    await until(here, Reconnecting)
                    await hub.open()
                    await until(here, Reconnected)
                    while here.state is ClientState.LOST:
                        await here.line.change()
                    await here.resume()
            assert arrived[0].read_bytes() == path.read_bytes()

    run(main)
