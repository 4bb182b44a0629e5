"""BlockingAcpClient: the same without an event loop, from one thread or several."""

import inspect
import signal
import threading

import attrs
import pytest
from anyio.from_thread import BlockingPortal

from hocket.acp.events import (
    MessageCompleted,
    MessageSent,
    ParticipantJoined,
    ParticipantLeft,
    StreamEnded,
    StreamStarted,
)
from hocket.acp.model import StreamStatus, data_part
from hocket.acp.states import ClientState
from hocket.errors import Code, ConnectionFailed, LocalProtocolError, RpcError
from hocket_io.acp.blocking import (
    BlockingAcpClient,
    BlockingAcpStream,
    BlockingBatchWriter,
    BlockingChunkWriter,
)
from hocket_io.acp.chunks import BatchWriter, ChunkWriter
from hocket_io.acp.client import AcpClient
from hocket_io.acp.host import HubHost
from hocket_io.acp.stream import AcpStream
from support.hub_worlds import web_hub


@pytest.fixture(scope="module")
def address():
    with web_hub() as url:
        yield url


@pytest.fixture(params=["http", "ws"])
def target(request, address):
    return address.replace("http:", f"{request.param}:")


def until(stream, kind):
    """The next event of this kind."""
    return next(event for event in stream if isinstance(event, kind))


def iterators(client, stream, target):
    """What one can wait for: also invitations, where they come."""
    return [stream, *([] if target.startswith("http:") else [client.invitations()])]


def test_two_agents_talk(target):
    with BlockingAcpClient(target, agent="ada") as ada, BlockingAcpClient(target, agent="bob") as bob:
        here = ada.start(["bob"], metadata={"purpose": "a test"})
        there = bob.join(here.stream_id)
        assert (there.participants, there.metadata["purpose"]) == (("ada", "bob"), "a test")
        here.send("hello")
        assert until(there, MessageSent).text == "hello"
        with there.chunks() as out:
            out.text("in ")
            out.part(data_part(7))
            out.text("chunks")
        assert until(here, MessageCompleted).text == "in chunks"
        with there.batch() as batch:
            batch.send("one")
            batch.send("two")
        assert [until(here, MessageSent).text for _ in range(2)] == ["one", "two"]
        here.pause("lunch")
        assert (here.status, here.state) == (StreamStatus.PAUSED, ClientState.PAUSED)
        here.resume()
        assert here.refresh().status is StreamStatus.ACTIVE
        here.invite("eve")
        with BlockingAcpClient(target, agent="eve") as eve:
            eve.join(here.stream_id)
            assert until(here, ParticipantJoined).agent_id == "eve"
            here.remove("eve")
        there.leave()
        here.end("done")
        assert isinstance(list(there)[-1], ParticipantLeft)
        assert isinstance(list(here)[-1], StreamEnded)
        assert list(there) == list(here) == []


def test_files(target, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "table.csv").write_bytes(b"a,b\n" * 100_000)
    with BlockingAcpClient(target, agent="ada") as ada, BlockingAcpClient(target, agent="bob") as bob:
        here = ada.start(["bob"])
        there = bob.join(here.stream_id)
        reports = []
        here.send_file(tmp_path / "table.csv", progress=lambda *done: reports.append(done))
        path = there.receive_file(tmp_path / "in")
        assert path.read_bytes() == b"a,b\n" * 100_000
        assert reports[-1] == (400_000, 400_000)
        here.end()


def test_an_invitation(address):
    target = address.replace("http:", "ws:")
    with BlockingAcpClient(target, agent="ada") as ada, BlockingAcpClient(target, agent="uma") as uma:
        stream = ada.start(["uma"])
        invitation = next(uma.invitations())
        assert (invitation.stream_id, invitation.invited_by) == (stream.stream_id, "ada")
        stream.end()


def test_one_thread_reads_and_others_write(target):
    with BlockingAcpClient(target, agent="ada") as ada, BlockingAcpClient(target, agent="bob") as bob:
        here = ada.start(["bob"])
        there = bob.join(here.stream_id)
        heard = []
        reader = threading.Thread(target=lambda: heard.extend(there))
        writers = [
            threading.Thread(target=lambda name=name: [here.send(f"{name}{number}") for number in range(20)])
            for name in "abc"
        ]
        for thread in (reader, *writers):
            thread.start()
        for thread in writers:
            thread.join(20)
        here.end()
        reader.join(20)
        said = [event.text for event in heard if isinstance(event, MessageSent)]
        for name in "abc":
            assert [text for text in said if text[0] == name] == [f"{name}{number}" for number in range(20)]
        assert isinstance(heard[-1], StreamEnded)


def test_closing_wakes_a_thread_that_reads(target):
    errors = []

    def read():
        with pytest.raises(ConnectionFailed, match="the client was closed") as caught:
            next(stream)
        errors.append(caught)

    with BlockingAcpClient(target, agent="ada") as ada:
        stream = ada.start()
        reader = threading.Thread(target=read)
        reader.start()
        while not stream._stream._is_waiting:
            stream.refresh()
    reader.join(20)
    assert errors


def test_what_the_hub_refuses_and_what_the_body_raises(target):
    def speak(stream):
        with stream.chunks() as out:
            out.text("half")
            raise ZeroDivisionError

    def join():
        with BlockingAcpClient(target, agent="ada") as ada:
            with pytest.raises(RpcError) as caught:
                ada.join("no-such-stream")
            assert caught.value.code == Code.STREAM_NOT_FOUND
            speak(ada.start())

    with pytest.raises(ZeroDivisionError):
        join()


def test_it_has_to_be_entered_and_to_have_an_address():
    with pytest.raises(LocalProtocolError, match="with BlockingAcpClient"):
        BlockingAcpClient("http://127.0.0.1:1", agent="ada").start()
    with pytest.raises(LocalProtocolError, match="give an address"), BlockingAcpClient(HubHost(), agent="ada"):
        pass
    with pytest.raises(ConnectionFailed), BlockingAcpClient("tcp://127.0.0.1:1", agent="ada"):
        pass


def test_what_was_opened_can_still_be_looked_at_after_the_end_and_says_that_it_is_over(target):
    with BlockingAcpClient(target, agent="ada") as ada:
        stream = ada.start(metadata={"purpose": "a test"})
        writer, batch, reading = stream.chunks(), stream.batch(), iterators(ada, stream, target)
    assert (stream.status, stream.participants) == (StreamStatus.ACTIVE, ("ada",))
    assert (stream.state, stream.metadata) == (ClientState.ACTIVE, {"purpose": "a test"})
    for late in (
        lambda: stream.send("too late"),
        stream.end,
        stream.refresh,
        *[each.__next__ for each in reading],
        lambda: writer.text("too late"),
        batch.__enter__,
    ):
        with pytest.raises(ConnectionFailed, match="the client was closed"):
            late()
    with pytest.raises(LocalProtocolError, match="with BlockingAcpClient"):
        ada.invitations()


def test_threads_that_wait_are_told_of_the_end_also_where_it_is_an_error(target):
    told = []

    def wait_for(iterator):
        with pytest.raises(ConnectionFailed, match="the client was closed") as caught:
            next(iterator)
        told.append(caught)

    def fail():
        with BlockingAcpClient(target, agent="ada") as ada:
            stream = ada.start()
            threads.extend([threading.Thread(target=wait_for, args=(each,)) for each in iterators(ada, stream, target)])
            for thread in threads:
                thread.start()
            raise ZeroDivisionError

    threads = []
    with pytest.raises(ZeroDivisionError):
        fail()
    for thread in threads:
        thread.join(20)
    assert len(told) == len(threads)


def test_it_is_entered_once_at_a_time(target):
    client = BlockingAcpClient(target, agent="ada")
    for _ in range(2):
        with client:
            with pytest.raises(LocalProtocolError, match="open already"):
                client.__enter__()
            client.start().end()


def test_progress_can_look_but_not_wait(target, tmp_path):
    (tmp_path / "table.csv").write_bytes(b"a,b")

    def progress(done, size):
        seen.append(stream.status)
        with pytest.raises(LocalProtocolError, match="nobody can wait here"):
            stream.refresh()

    seen = []
    with BlockingAcpClient(target, agent="ada") as ada:
        stream = ada.start()
        stream.send_file(tmp_path / "table.csv", progress=progress)
        assert set(seen) == {StreamStatus.ACTIVE}
        stream.end()


def test_reprs_are_short_and_hold_no_secret(address):
    address = address.replace("http:", "ws:")
    client = BlockingAcpClient(address, agent="ada", token="s3cret", headers={"x-key": "s3cret"})
    assert repr(client) == f"BlockingAcpClient(target={address!r}, agent='ada', timeout=None)"
    with BlockingAcpClient(address, agent="ada") as ada:
        stream = ada.start()
        assert repr(stream) == f"BlockingAcpStream(stream_id={stream.stream_id!r})"
        assert all(len(repr(each)) < 120 for each in (stream.chunks(), stream.batch(), ada.invitations()))


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals to threads")
def test_an_interrupt_ends_the_wait_and_nothing_else(target):
    with BlockingAcpClient(target, agent="ada") as ada, BlockingAcpClient(target, agent="bob") as bob:
        here = ada.start(["bob"])
        there = bob.join(here.stream_id)
        until(there, StreamStarted)  # after it, nothing comes by itself

        def interrupt():
            while not there._stream._is_waiting:
                there.refresh()
            signal.pthread_kill(main, signal.SIGINT)

        main = threading.get_ident()
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            next(there)
        here.send("still there?")
        assert until(there, MessageSent).text == "still there?"


@pytest.mark.parametrize("is_waiting", [False, True], ids=["not begun", "waiting"])
def test_an_interrupt_while_a_call_begins_ends_it_too(target, monkeypatch, is_waiting):
    with BlockingAcpClient(target, agent="ada") as ada, BlockingAcpClient(target, agent="bob") as bob:
        here = ada.start(["bob"])
        there = bob.join(here.stream_id)
        until(there, StreamStarted)
        begin = BlockingPortal.start_task_soon

        def interrupted(portal, function):
            monkeypatch.undo()
            begin(portal, function)
            while is_waiting and not there._stream._is_waiting:
                portal.call(threading.get_ident)  # a turn of the loop
            raise KeyboardInterrupt

        monkeypatch.setattr(BlockingPortal, "start_task_soon", interrupted)
        with pytest.raises(KeyboardInterrupt):
            next(there)
        assert not there._stream._is_waiting
        here.send("still there?")
        assert until(there, MessageSent).text == "still there?"


def test_the_twins_have_the_same_names_and_arguments():
    for twin, original in (
        (BlockingAcpClient, AcpClient),
        (BlockingAcpStream, AcpStream),
        (BlockingChunkWriter, ChunkWriter),
        (BlockingBatchWriter, BatchWriter),
    ):
        names = {
            name
            for name, value in vars(original).items()
            if inspect.isfunction(value) or inspect.isdatadescriptor(value)
        }
        public = {name for name in names if not name.startswith("_")} - {"line"}
        assert public, original
        for name in public - {each.name for each in attrs.fields(original)}:
            ours, theirs = getattr(twin, name), getattr(original, name)
            assert type(ours) is type(theirs)
            if inspect.isfunction(theirs):
                assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters), name
