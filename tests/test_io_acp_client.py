"""AcpClient: agents that meet at a real hub, in memory, over TCP, WebSocket and HTTP; and bad lines."""

import json
from contextlib import asynccontextmanager

import anyio
import pytest

from hocket.acp import ClientLimits
from hocket.acp.client.events import Reconnected, ReconnectExhausted, Reconnecting
from hocket.acp.events import (
    ChunkReceived,
    MessageCompleted,
    MessageSent,
    ParticipantJoined,
    ParticipantLeft,
    StreamEnded,
    StreamStarted,
)
from hocket.acp.model import StreamStatus
from hocket.acp.states import ClientState
from hocket.backoff import Backoff
from hocket.errors import (
    AuthenticationError,
    Code,
    ConnectionFailed,
    LocalProtocolError,
    RequestTimeout,
    RpcError,
)
from hocket.http.principal import bearer_tokens
from hocket_io.acp.client import AcpClient
from hocket_io.acp.host import HubHost
from hocket_io.concurrency.groups import scratch_group
from hocket_io.http.hub_app import HubApp
from support.hub_worlds import AT_ONCE, KINDS, reach, shaky_hub, shaky_pair, web_hub
from support.serving import serving


@pytest.fixture(scope="module")
def address():
    with web_hub() as url:
        yield url


@pytest.fixture(params=KINDS)
def world(request, address):
    return lambda: reach(request.param, address)


@pytest.fixture(params=["memory", "ws", "tcp"])
def told_world(request, address):
    """Where the hub can tell an agent of streams that it does not know."""
    return lambda: reach(request.param, address)


async def until(stream, kind):
    """The next event of this kind."""
    async for event in stream:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"the stream ended without {kind.__name__}")


def test_two_agents_talk(run, world):
    async def main():
        async with world() as target, AcpClient(target, agent="ada") as ada, AcpClient(target, agent="bob") as bob:
            here = await ada.start(["bob"], metadata={"purpose": "a test"})
            there = await bob.join(here.stream_id)
            assert there.participants == ("ada", "bob")
            assert (there.status, there.metadata["purpose"]) == (StreamStatus.ACTIVE, "a test")
            await here.send("Found a data anomaly")
            async with there.chunks() as out:
                await out.text("Let me ")
                await out.text("look.")
            assert (await until(there, MessageSent)).text == "Found a data anomaly"
            assert [(await until(here, ChunkReceived)).text for _ in range(2)] == ["Let me ", "look."]
            whole = await until(here, MessageCompleted)
            assert (whole.agent_id, whole.text) == ("bob", "Let me look.")
            await here.end("Problem solved")
            ended = await until(there, StreamEnded)
            assert (ended.agent_id, ended.reason) == ("ada", "Problem solved")
            assert [event async for event in there] == []
            assert [type(event) async for event in here] == [StreamEnded]
            assert [event async for event in here] == []
            assert (here.status, there.status) == (StreamStatus.CLOSED, StreamStatus.CLOSED)

    run(main)


def test_an_invitation_is_accepted(run, told_world):
    async def main():
        async with told_world() as target, AcpClient(target, agent="ada") as ada, AcpClient(target, agent="eve") as eve:
            here = await ada.start()
            await here.invite("eve", "we need you")
            async for invitation in eve.invitations():
                if invitation.stream_id == here.stream_id:
                    break
            assert (invitation.invited_by, invitation.reason) == ("ada", "we need you")
            there = await eve.join(invitation.stream_id)
            assert (await until(here, ParticipantJoined)).agent_id == "eve"
            assert here.participants == there.participants == ("ada", "eve")
            await there.end()

    run(main)


def test_whoever_is_named_at_the_start_is_invited_and_hears_it_from_the_beginning(run, told_world):
    async def main():
        async with told_world() as target, AcpClient(target, agent="ada") as ada, AcpClient(target, agent="bob") as bob:
            here = await ada.start(["bob"])
            await here.send("before bob has opened it")
            async for invitation in bob.invitations():
                if invitation.stream_id == here.stream_id:
                    break
            there = await bob.join(invitation.stream_id)
            first, second = await anext(there), await anext(there)
            assert (type(first), type(second)) == (StreamStarted, MessageSent)
            assert second.text == "before bob has opened it"
            await there.end()

    run(main)


def test_many_streams_on_one_line_keep_their_events_apart(run, world):
    async def main():
        async with world() as target, AcpClient(target, agent="ada") as ada, AcpClient(target, agent="bob") as bob:
            here = [await ada.start(["bob"]) for _ in range(5)]
            there = [await bob.join(stream.stream_id) for stream in here]
            for number, stream in enumerate(here):
                await stream.send(f"in {number}")
            for number, stream in reversed(list(enumerate(there))):
                assert (await until(stream, MessageSent)).text == f"in {number}"
            for stream in here:
                await stream.end()

    run(main)


def test_who_has_left_can_come_back(run, world):
    async def main():
        async with world() as target, AcpClient(target, agent="ada") as ada, AcpClient(target, agent="bob") as bob:
            here = await ada.start(["bob"])
            there = await bob.join(here.stream_id)
            with pytest.raises(LocalProtocolError, match="is active"):
                await bob.join(here.stream_id)
            await there.leave()
            assert isinstance([event async for event in there][-1], ParticipantLeft)
            await here.invite("bob")
            again = await bob.join(here.stream_id)
            await here.send("welcome back")
            assert (await until(again, MessageSent)).text == "welcome back"
            assert [event async for event in there] == []
            await here.end()

    run(main)


def test_what_the_hub_refuses_is_raised(run, world):
    async def main():
        async with world() as target, AcpClient(target, agent="ada") as ada, AcpClient(target, agent="bob") as bob:
            with pytest.raises(RpcError) as caught:
                await ada.join("no-such-stream")
            assert caught.value.code == Code.STREAM_NOT_FOUND
            stream = await ada.start(metadata={"rules": {"allowDynamicJoin": False}})
            with pytest.raises(RpcError) as caught:
                await bob.join(stream.stream_id)
            assert caught.value.code == Code.PERMISSION_DENIED
            assert stream.state is ClientState.ACTIVE
            await stream.end()

    run(main)


def test_it_has_to_be_entered(run):
    async def main():
        client = AcpClient("http://127.0.0.1:1", agent="ada")
        with pytest.raises(LocalProtocolError, match="async with AcpClient"):
            await client.start()

    run(main)


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:1", "tcp://127.0.0.1:1", "ws://127.0.0.1:1", "stdio:/no/such/command"]
)
def test_a_hub_that_is_not_there_is_told_at_once(run, target):
    async def main():
        with pytest.raises(ConnectionFailed):
            async with AcpClient(target, agent="ada"):
                pass

    run(main)


def test_an_address_that_is_no_hub_is_not_tried_again(run, address):
    async def main():
        async with AcpClient(f"{address}/elsewhere", agent="ada", reconnect=AT_ONCE) as ada:
            with pytest.raises(ConnectionFailed, match=f"^{address}/elsewhere gave HTTP 404 .* it may be no hub"):
                await ada.start()

    run(main)


def test_a_hub_that_was_one_may_be_one_again(run):
    """While it is being replaced, something else may answer there for a moment."""

    hub, asked = HubApp(HubHost()), []

    async def app(scope, receive, send):
        if scope.get("path") == "/jsonrpc":
            asked.append(scope)
            scope = {**scope, "path": "/elsewhere"} if len(asked) == 2 else scope
        await hub(scope, receive, send)

    async def main():
        with serving(lambda url: app) as url:
            async with AcpClient(url, agent="ada", reconnect=AT_ONCE) as ada:
                first = await ada.start()
                assert (await ada.start()).stream_id != first.stream_id
        assert len(asked) > 2

    run(main)


def test_one_name_is_no_list_of_names(run):
    async def main():
        async with HubHost() as host, AcpClient(host, agent="ada") as ada:
            with pytest.raises(LocalProtocolError, match=r"give \['grace'\]"):
                await ada.start("grace")
            with pytest.raises(LocalProtocolError, match=r"give \['maths'\]"):
                await ada.join("stream", capabilities="maths")

    run(main)


@pytest.mark.parametrize("nobody", ["", None, 5, b"ada"])
def test_an_agent_has_a_name(nobody):
    with pytest.raises(LocalProtocolError, match="an agent needs a name"):
        AcpClient("http://127.0.0.1:1", agent=nobody)


def test_over_http_nobody_waits_for_invitations(run, address):
    async def main():
        async with AcpClient(address, agent="ada") as ada:
            with pytest.raises(LocalProtocolError, match="join streams by their names"):
                ada.invitations()

    run(main)


def test_a_target_that_is_none(run):
    async def main():
        with pytest.raises(LocalProtocolError, match="is no hub"):
            async with AcpClient("127.0.0.1:8100", agent="ada"):
                pass

    run(main)


def test_an_error_of_the_body_comes_out_as_it_is(run, world):
    async def main():
        async with world() as target, AcpClient(target, agent="ada") as ada:
            await ada.start()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main)


def test_who_reads_when_the_client_is_closed_is_told(run):
    async def main():
        async with HubHost() as host, anyio.create_task_group() as group:
            told = []

            async def read(stream):
                with pytest.raises(ConnectionFailed, match="the client was closed") as caught:
                    await anext(stream)
                told.append(caught)

            async def wait_for_invitations(client):
                with pytest.raises(ConnectionFailed, match="the client was closed") as caught:
                    await anext(client.invitations())
                told.append(caught)

            async with AcpClient(host, agent="ada") as ada:
                stream = await ada.start()
                group.start_soon(read, stream)
                group.start_soon(wait_for_invitations, ada)
                await anyio.wait_all_tasks_blocked()
            with pytest.raises(ConnectionFailed, match="the client was closed"):
                await stream.send("too late")
        assert len(told) == 2

    run(main)


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_tokens(run, scheme):
    async def main(target):
        async with AcpClient(target, agent="ada", token="secret") as ada:
            stream = await ada.start(["bob"])
            assert stream.participants == ("ada", "bob")
        with pytest.raises((AuthenticationError, RpcError)):
            async with AcpClient(target, agent="ada", token="wrong") as ada:
                await ada.start()

    host = HubHost(authenticate=bearer_tokens({"secret": "ada"}))
    with serving(lambda url: HubApp(host)) as url:
        run(main, url.replace("http:", f"{scheme}:").rstrip("/"))


# A bad line


@asynccontextmanager
async def silent_hub():
    """Takes connections and everything that is sent, and never answers."""

    async def serve(stream):
        async with stream:
            async for _ in stream:
                pass

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, scratch_group() as group:
        group.start_soon(listener.serve, serve)
        port = listener.extra_attributes[anyio.abc.SocketAttribute.local_port]()
        yield f"tcp://127.0.0.1:{port}"


def test_no_answer_in_time(run):
    async def main():
        async with silent_hub() as target, AcpClient(target, agent="ada", timeout=0.01) as ada:
            with pytest.raises(RequestTimeout, match=r"0\.01 seconds"):
                await ada.start()

    run(main)


def test_a_question_is_settled_when_the_client_is_closed(run):
    async def ask(client, errors):
        with pytest.raises(ConnectionFailed, match="the client was closed") as caught:
            await client.start()
        errors.append(caught)

    async def main():
        errors = []
        async with (
            silent_hub() as target,
            anyio.create_task_group() as group,
            AcpClient(target, agent="ada") as ada,
        ):
            group.start_soon(ask, ada, errors)
            await anyio.wait_all_tasks_blocked()
        assert errors

    run(main)


@asynccontextmanager
async def forgetful_hub(heard):
    """Hears everything, answers starts and joins, and hangs up at the first message."""

    result = {"type": "stream", "stream": {"streamId": "s", "status": "ACTIVE", "participants": []}, "lastEventId": "0"}

    async def answer(stream, call):
        heard.append(call["method"])
        if call["method"] == "stream.message":
            await stream.aclose()
        elif "id" in call:
            await stream.send(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": result}).encode() + b"\n")

    async def serve(stream):
        try:
            async for data in stream:
                for line in data.splitlines():
                    await answer(stream, json.loads(line))
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            pass  # we, or the client, have hung up
        finally:
            await stream.aclose()

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, scratch_group() as group:
        group.start_soon(listener.serve, serve)
        port = listener.extra_attributes[anyio.abc.SocketAttribute.local_port]()
        yield f"tcp://127.0.0.1:{port}"


def test_what_may_have_arrived_is_not_said_again_by_itself(run):
    async def main():
        heard = []
        async with forgetful_hub(heard) as target, AcpClient(target, agent="ada", reconnect=AT_ONCE) as ada:
            stream = await ada.start()
            with pytest.raises(ConnectionFailed, match="may or may not have arrived"):
                await stream.send("once")
            assert isinstance(await anext(stream), Reconnecting)
        assert heard.count("stream.message") == 1

    run(main)


def test_no_answer_however_often_it_is_asked(run):
    async def main():
        limits = ClientLimits(request=0.01, retries=1)
        async with silent_hub() as target, AcpClient(target, agent="ada", limits=limits) as ada:
            with pytest.raises(RequestTimeout):
                await ada.start()

    run(main)


def test_a_lost_connection_is_made_again_and_nothing_is_missed_or_told_twice(run):
    async def main():
        async with shaky_pair() as (hub, here, there):
            await there.send("one")
            assert (await until(here, MessageSent)).text == "one"
            hub.close()
            assert (await until(here, Reconnecting)).attempt == 1
            assert here.state is ClientState.LOST
            await there.send("two")
            await hub.open()
            assert (await until(here, Reconnected)).stream_id is None
            await there.send("three")
            assert [(await until(here, MessageSent)).text for _ in range(2)] == ["two", "three"]
            await here.send("here again")
            assert (await until(there, MessageSent)).text == "here again"

    run(main)


def test_what_is_said_while_the_connection_is_lost_waits_for_it(run):
    async def main():
        async with shaky_pair() as (hub, here, there), scratch_group() as group:
            hub.close()
            await until(here, Reconnecting)
            group.start_soon(here.send, "as soon as I can")
            await hub.open()
            assert (await until(there, MessageSent)).text == "as soon as I can"

    run(main)


def test_when_all_attempts_have_failed_sending_fails_and_reading_goes_on_by_polling(run):
    async def main():
        async with shaky_pair(Backoff(attempts=0)) as (hub, here, there):
            hub.close()
            await until(here, ReconnectExhausted)
            with pytest.raises(ConnectionFailed, match="all attempts"):
                await here.send("anybody?")
            with pytest.raises(ConnectionFailed):
                await here.end()
            assert there.state is ClientState.ACTIVE

    run(main)


def test_a_message_of_chunks_that_a_lost_connection_cut_fails_on_both_sides(run):
    async def speak(hub, here, there):
        async with here.chunks() as out:
            await out.text("half of ")
            assert (await until(there, ChunkReceived)).text == "half of "
            hub.close()
            await until(here, Reconnecting)
            await hub.open()
            await out.text("it")

    async def main():
        async with shaky_pair() as (hub, here, there):
            with pytest.raises(ConnectionFailed):
                await speak(hub, here, there)
            async with here.chunks() as out:
                await out.text("all of it")
            assert (await until(there, MessageCompleted)).text == "all of it"

    run(main)


def test_a_hub_that_started_again_without_its_streams_closes_them(run):
    async def main():
        async with shaky_hub() as hub, AcpClient(hub.target, agent="ada", reconnect=AT_ONCE) as ada:
            stream = await ada.start()
            hub.close()
            await until(stream, Reconnecting)
            async with HubHost() as hub.host:
                await hub.open()
                rest = [event async for event in stream]
                assert stream.state is ClientState.CLOSED
                assert [type(event) for event in rest if not isinstance(event, Reconnecting)] == [
                    Reconnected,
                    StreamEnded,
                ]
                hub.close()

    run(main)
