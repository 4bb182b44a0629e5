"""AcpStream: what one agent says, does and hears in a stream."""

import anyio
import pytest

from hocket.acp import ClientLimits
from hocket.acp.client.events import BatchFailed
from hocket.acp.events import (
    ChunkReceived,
    MessageCompleted,
    MessageSent,
    ParticipantLeft,
    ReplayGap,
    StreamEnded,
    StreamPaused,
    StreamResumed,
)
from hocket.acp.model import Message, Role, StreamStatus, data_part, message_of, text_part
from hocket.acp.states import ClientState
from hocket.errors import Code, LocalProtocolError, RpcError
from hocket_io.acp.client import AcpClient
from hocket_io.acp.host import HubHost
from hocket_io.concurrency.groups import scratch_group
from support.hub_worlds import KINDS, reach, web_hub


@pytest.fixture(scope="module")
def address():
    with web_hub() as url:
        yield url


@pytest.fixture(params=KINDS)
def talk(request, address, run):
    """Runs a test with the two ends of a stream, that of ada (who started it) and that of bob."""

    def talk(body, **options):
        async def main():
            async with (
                reach(request.param, address) as target,
                AcpClient(target, agent="ada", **options) as ada,
                AcpClient(target, agent="bob", **options) as bob,
            ):
                here = await ada.start(["bob"])
                there = await bob.join(here.stream_id)
                await body(here, there)

        run(main)

    return talk


async def until(stream, kind):
    """The next event of this kind."""
    async for event in stream:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"the stream ended without {kind.__name__}")


# What is said


def test_everything_that_can_be_said(talk):
    async def body(here, there):
        said = [
            "text",
            data_part({"rows": [1, 2]}),
            [text_part("see: "), data_part(None)],
            Message(role=Role.USER, parts=(text_part("as a user"),)),
        ]
        for content in said:
            await here.send(content)
        heard = [(await until(there, MessageSent)).message for _ in said]
        assert [message.parts for message in heard] == [message_of(content).parts for content in said]
        assert [message.role for message in heard] == [Role.AGENT, Role.AGENT, Role.AGENT, Role.USER]
        assert {message.agent_id for message in heard} == {"ada"}
        with pytest.raises(LocalProtocolError, match="cannot be said"):
            await here.send(7)

    talk(body)


def test_messages_arrive_in_the_order_in_which_they_were_said(talk):
    async def body(here, there):
        for number in range(50):
            await here.send(str(number))
        assert [(await until(there, MessageSent)).text for _ in range(50)] == [str(number) for number in range(50)]

    talk(body)


def test_a_message_in_chunks(talk):
    async def body(here, there):
        async with here.chunks(role=Role.SYSTEM) as out:
            for number in range(100):
                await out.text(f"{number} ")
            await out.text("")
            await out.part(data_part({"n": 1}), data_part({"n": 2}))
        whole = await until(there, MessageCompleted)
        assert whole.text == "".join(f"{number} " for number in range(100))
        assert [part.content for part in whole.message.parts if part.type.value == "DataPart"] == [{"n": 1}, {"n": 2}]
        assert whole.message.role is Role.SYSTEM
        assert len(whole.chunks) == 102

    talk(body)


def test_several_messages_in_chunks_at_the_same_time(talk):
    async def body(here, there):
        async with here.chunks() as one, here.chunks() as two:
            for word in ("a", "b", "c"):
                await one.text(word)
                await two.text(word.upper())
        assert sorted([(await until(there, MessageCompleted)).text for _ in range(2)]) == ["ABC", "abc"]

    talk(body)


def test_a_block_without_a_word_says_nothing(talk):
    async def body(here, there):
        async with here.chunks():
            pass
        await here.send("something")
        assert isinstance(await until(there, (MessageSent, ChunkReceived)), MessageSent)

    talk(body)


def test_an_exception_ends_the_block_and_not_the_message(talk):
    async def speak(out):
        async with out:
            await out.text("half")
            raise ZeroDivisionError

    async def body(here, there):
        out = here.chunks()
        with pytest.raises(ZeroDivisionError):
            await speak(out)
        with pytest.raises(LocalProtocolError, match="the message is over"):
            await out.text("more")
        async with here.chunks() as out:
            await out.text("whole")
        assert (await until(there, MessageCompleted)).text == "whole"

    talk(body)


def test_a_message_in_chunks_is_written_inside_its_block_and_is_text_and_parts(talk):
    async def body(here, there):
        out = here.chunks()
        with pytest.raises(LocalProtocolError, match=r"async with stream.chunks\(\)"):
            await out.text("too early")
        async with out:
            for nonsense in (5, b"bytes", None):
                with pytest.raises(LocalProtocolError, match="is no text"):
                    await out.text(nonsense)
            with pytest.raises(LocalProtocolError, match="cannot be said"):
                await out.part("no Part")
            await out.text("whole")
        with pytest.raises(LocalProtocolError, match="one block is one message"):
            await out.__aenter__()
        assert (await until(there, MessageCompleted)).text == "whole"

    talk(body)


def test_a_batch_is_said_inside_its_block(talk):
    async def body(here, there):
        out = here.batch()
        with pytest.raises(LocalProtocolError, match=r"async with stream.batch\(\)"):
            await out.send("too early")
        async with out:
            await out.send("in time")
        with pytest.raises(LocalProtocolError, match="is over"):
            await out.send("too late")
        assert (await until(there, MessageSent)).text == "in time"

    talk(body)


def test_two_tasks_cannot_write_one_message(run):
    async def main():
        async with HubHost() as host, AcpClient(host, agent="ada") as ada:
            stream = await ada.start()
            refused = []

            async def write():
                try:
                    for _ in range(50):
                        await out.text("x")
                except LocalProtocolError as error:
                    refused.append(str(error))

            async with stream.chunks() as out, anyio.create_task_group() as group:
                group.start_soon(write)
                group.start_soon(write)
            assert refused == ["nothing can be added to this message: another task is writing it"]

    run(main)


def test_a_batch(talk):
    async def body(here, there):
        async with here.batch() as out:
            for number in range(25):
                await out.send(f"{number}")
        await here.send("after the batch")
        heard = [(await until(there, MessageSent)).text for _ in range(26)]
        assert heard == [*map(str, range(25)), "after the batch"]

    talk(body)


def test_what_the_hub_refuses_of_a_batch_is_raised_and_told(talk):
    async def say(out):
        async with out:
            await out.send("x" * 1_100_000)

    async def body(here, there):
        with pytest.raises(RpcError) as caught:
            await say(here.batch())
        assert caught.value.code == Code.LIMIT_EXCEEDED
        refused = await until(here, BatchFailed)
        assert [len(message.text) for message in refused.messages] == [1_100_000]

    talk(body)


# What is done with it


def test_pausing_and_resuming(talk):
    async def body(here, there):
        await here.pause("lunch")
        assert here.status is StreamStatus.PAUSED
        assert (await until(there, StreamPaused)).reason == "lunch"
        assert there.state is ClientState.PAUSED
        for stream in (here, there):
            with pytest.raises(LocalProtocolError, match=r"(?i)paused"):
                await stream.send("hello?")
        await here.resume("back")
        assert (await until(there, StreamResumed)).reason == "back"
        await there.send("hello!")
        assert (await until(here, MessageSent)).text == "hello!"

    talk(body)


def test_a_message_in_chunks_goes_on_after_a_pause(talk):
    async def body(here, there):
        async with here.chunks() as out:
            await out.text("one ")
            await until(there, ChunkReceived)
            await here.pause()
            with pytest.raises(LocalProtocolError, match=r"(?i)paused"):
                await out.text("two ")
            await here.resume()
            await out.text("two")
        assert (await until(there, MessageCompleted)).text == "one two"

    talk(body)


def test_leaving_and_sending_away(talk):
    async def body(here, there):
        await there.leave("bye")
        left = await until(here, ParticipantLeft)
        assert (left.agent_id, left.reason, left.removed_by) == ("bob", "bye", None)
        assert here.participants == ("ada",)
        assert there.state is ClientState.CLOSED
        assert [event async for event in there if isinstance(event, MessageSent)] == []
        with pytest.raises(LocalProtocolError):
            await there.send("one more thing")
        await here.invite("bob")
        await here.end()

    talk(body)


def test_who_is_removed_is_told_and_hears_no_more(talk):
    async def body(here, there):
        await here.remove("bob", "noise")
        left = await until(there, ParticipantLeft)
        assert (left.agent_id, left.reason, left.removed_by) == ("bob", "noise", "ada")
        assert there.state is ClientState.CLOSED
        assert [event async for event in there] == []
        await here.end()

    talk(body)


def test_ending_twice_and_from_both_sides(talk):
    async def body(here, there):
        await here.end("done")
        await here.end("done")
        await there.end("I too")
        assert (await until(there, StreamEnded)).reason == "done"
        with pytest.raises(LocalProtocolError, match=r"(?i)closed"):
            await here.send("too late")

    talk(body)


def test_a_stream_that_is_long_closed_stays_closed(run):
    async def main():
        async with HubHost() as host, AcpClient(host, agent="ada", limits=ClientLimits(streams=1)) as ada:
            first = await ada.start()
            await first.end("done")
            assert [type(event) async for event in first] == [StreamEnded]
            await ada.start()  # the client remembers one stream only
            assert (first.state, first.status) == (ClientState.CLOSED, StreamStatus.CLOSED)
            assert [event async for event in first] == []
            await first.end()

    run(main)


def test_refreshing_asks_the_hub(talk):
    async def body(here, there):
        await here.invite("eve")
        found = await there.refresh()
        assert (found.stream_id, found.participants, found.status) == (
            here.stream_id,
            ("ada", "bob"),
            StreamStatus.ACTIVE,
        )

    talk(body)


def test_what_the_hub_refuses_is_raised(talk):
    async def body(here, there):
        with pytest.raises(RpcError) as caught:
            await there.remove("nobody")
        assert caught.value.code == Code.PERMISSION_DENIED
        assert there.state is ClientState.ACTIVE

    talk(body)


# What is heard


def test_nobody_hears_themselves(talk):
    async def body(here, there):
        await here.send("from here")
        await there.send("from there")
        assert (await until(here, MessageSent)).text == "from there"
        assert (await until(there, MessageSent)).text == "from here"

    talk(body)


def test_one_task_at_a_time_reads(run):
    async def main():
        async with HubHost() as host, AcpClient(host, agent="ada") as ada, scratch_group() as group:
            stream = await ada.start()
            group.start_soon(anext, stream)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(LocalProtocolError, match="another task is reading"):
                await anext(stream)

    run(main)


def test_a_reader_that_is_cancelled_can_come_back(run):
    async def main():
        async with HubHost() as host, AcpClient(host, agent="ada") as ada, AcpClient(host, agent="bob") as bob:
            here = await ada.start(["bob"])
            there = await bob.join(here.stream_id)
            with anyio.move_on_after(0.01):
                await until(here, MessageSent)
            await there.send("now")
            assert (await until(here, MessageSent)).text == "now"

    run(main)


def test_a_slow_reader_makes_the_hub_wait_and_misses_nothing(talk):
    async def body(here, there):
        async def speak():
            for number in range(200):
                await here.send(str(number))
            await here.end()

        async with anyio.create_task_group() as group:
            group.start_soon(speak)
            heard = []
            async for event in there:
                await anyio.lowlevel.checkpoint()
                heard.append(event)
        assert [event.text for event in heard if isinstance(event, MessageSent)] == [str(n) for n in range(200)]
        assert not any(isinstance(event, ReplayGap) for event in heard)

    talk(body, limits=ClientLimits(unread=3))


def test_a_reader_that_is_far_behind_misses_nothing(talk):
    async def body(here, there):
        await here.send("first")
        await until(there, MessageSent)
        for number in range(100):
            await here.send(str(number))
        await here.end()
        heard = [event async for event in there]
        assert [event.text for event in heard if isinstance(event, MessageSent)] == [str(n) for n in range(100)]
        assert not any(isinstance(event, ReplayGap) for event in heard)

    talk(body, limits=ClientLimits(unread=3))


def test_who_answers_in_the_midst_of_reading_does_not_wait_for_themselves(talk):
    async def body(here, there):
        async def speak():
            for number in range(50):
                await here.send(str(number))

        async with anyio.create_task_group() as group:
            group.start_soon(speak)
            for number in range(50):
                assert (await until(there, MessageSent)).text == str(number)
                await there.send(f"{number}!")
        assert [(await until(here, MessageSent)).text for _ in range(50)] == [f"{number}!" for number in range(50)]

    talk(body, limits=ClientLimits(unread=60))


def test_a_stream_that_nobody_reads_keeps_its_newest_events_and_blocks_no_other(talk):
    async def body(here, there):
        for number in range(20):
            await here.send(str(number))
        await there.refresh()
        await here.end()
        heard = [event async for event in there]
        assert isinstance(heard[0], ReplayGap)
        assert [event.text for event in heard if isinstance(event, MessageSent)][-2:] == ["18", "19"]
        assert isinstance(heard[-1], StreamEnded)
        assert len(heard) <= 6

    talk(body, limits=ClientLimits(unread=3))
