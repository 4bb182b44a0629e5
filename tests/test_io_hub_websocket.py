"""A hub's WebSockets, called as an ASGI server would call them: both ways, at the reader's pace, and every end."""

import anyio
import pytest

from hocket.acp.limits import HubLimits
from hocket.http.principal import bearer_tokens
from hocket_io.acp.host import HubHost
from hocket_io.http.hub_app import HubApp
from support.asgi import Lifespan
from support.hubs import WebSocket, ask, body, call, said, say, start


async def opened(group, app, path="/jsonrpc", **options):
    """A WebSocket that the application has accepted."""
    socket = WebSocket(app, path, **options)
    group.start_soon(socket.perform)
    await anyio.wait_all_tasks_blocked()
    assert socket.sent[0]["type"] == "websocket.accept"
    return socket


async def begin(socket, *participants):
    """The name of a new stream, and the answer is gone from the socket."""
    socket.say(start(*participants, request_id="begin"))
    await socket.until('"id":"begin"')
    stream_id = next(each for each in socket.messages if each.get("id") == "begin")["result"]["stream"]["streamId"]
    del socket.sent[1:]
    return stream_id


def test_two_agents_talk(run):
    async def talk():
        app = HubApp()
        async with Lifespan(app), anyio.create_task_group() as group:
            ada = await opened(group, app, headers=[(b"x-agent-id", b"ada")])
            bob = await opened(group, app, query=b"agent=bob")
            stream_id = await begin(ada, "ada", "bob")
            ada.say(say(stream_id, "hi"))
            await bob.until('"hi"')
            bob.say({"type": "stream.message", "streamId": stream_id, "message": said("hello yourself")})
            await ada.until("hello yourself")
            assert [each.get("id") or each["method"] for each in ada.messages] == [2, "stream.message"]
            for socket in ada, bob:
                socket.leave()
                await anyio.wait_all_tasks_blocked()
        assert (ada.close, bob.close) == (None, None)
        assert app.host._links == {}
        assert app._open == {}

    run(talk)


def test_a_socket_for_one_stream_ends_with_it(run):
    async def talk():
        app = HubApp()
        async with anyio.create_task_group() as group:
            ada = await opened(group, app, query=b"agent=ada")
            stream_id = await begin(ada, "ada", "bob")
            headers = [(b"x-agent-id", b"bob"), (b"last-event-id", b"1"), (b"x-correlation-id", b"c-1")]
            bob = await opened(group, app, f"/streams/{stream_id}", headers=headers)
            assert bob.sent == [{"type": "websocket.accept", "headers": [(b"x-correlation-id", b"c-1")]}]
            ada.say(call("stream.end", {"streamId": stream_id}, 2))
            await bob.until("stream.end")
            await anyio.wait_all_tasks_blocked()
            assert bob.close == (1000, "the stream has ended, or you are no longer in it")
            assert len(bob.frames) == 1
            ada.leave()

    run(talk)


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/streams/none", b"agent=ada&token=s3cret", 4004),
        ("/streams/STREAM", b"token=s3cret-e", 4003),
        ("/streams/STREAM", b"", 4001),
        ("/elsewhere", b"token=s3cret", 4004),
    ],
)
def test_who_cannot_be_served_is_told_why(run, path, query, code):
    async def talk():
        app = HubApp(HubHost(authenticate=bearer_tokens({"s3cret": "ada", "s3cret-e": "eve"})))
        async with anyio.create_task_group() as group:
            ada = await opened(group, app, query=b"token=s3cret")
            stream_id = await begin(ada, "ada", "bob")
            other = await WebSocket(app, path.replace("STREAM", stream_id), query=query).perform()
            ada.leave()
        assert [each["type"] for each in other.sent] == ["websocket.accept", "websocket.close"]
        assert other.close[0] == code
        assert app.host._links == {}

    run(talk)


def test_binary_frames_and_frames_that_are_too_big(run):
    async def talk():
        app = HubApp(HubHost(HubLimits(message=1_000)))
        async with anyio.create_task_group() as group:
            binary = await opened(group, app)
            binary.to_app.send_nowait({"type": "websocket.receive", "bytes": body(start("ada"))})
            big = await opened(group, app)
            big.say(start("ada", metadata={"note": "x" * 1_000}))
        assert (binary.close[0], big.close[0]) == (1003, 1009)
        assert app.host.hub.registry.of("ada") == []

    run(talk)


def test_a_server_may_name_both_kinds_of_content(run):
    async def talk():
        app = HubApp()
        async with anyio.create_task_group() as group:
            socket = await opened(group, app)
            text = body(call("stream.nonsense")).decode()
            socket.to_app.send_nowait({"type": "websocket.receive", "text": text, "bytes": None})
            await socket.until("-32601")
            socket.leave()

    run(talk)


def test_what_cannot_be_read_is_answered_and_the_socket_stays(run):
    async def talk():
        app = HubApp()
        async with anyio.create_task_group() as group:
            socket = await opened(group, app, query=b"agent=ada")
            socket.say(b"nonsense")
            await socket.until("-32700")
            assert await begin(socket, "ada")
            socket.leave()

    run(talk)


def test_shutting_down_says_that_one_may_come_back(run):
    async def talk():
        app = HubApp()
        async with anyio.create_task_group() as group:
            socket = await opened(group, app, query=b"agent=ada")
            await begin(socket, "ada")
            app.close_calls()
        assert socket.close == (1012, "the hub is shutting down: come back in a moment")
        assert app._open == {}

    run(talk)


def test_a_reader_that_does_not_read_is_not_read_from_either(run):
    async def talk():
        app = HubApp(HubHost(HubLimits(unread=1_000)))
        socket = WebSocket(app, query=b"agent=ada")
        socket.may_write = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(socket.perform)
            for number in range(100):
                socket.say(call("stream.nonsense", request_id=number))
            await anyio.wait_all_tasks_blocked()
            stalled = socket.receives
            assert 3 < stalled < 20
            assert app.host.hub.unread(1) < 2_000
            socket.may_write.set()
            await socket.until('"id":99')
            assert [each["id"] for each in socket.messages] == list(range(100))
            socket.leave()

    run(talk)


def test_a_slow_reader_costs_no_memory_and_holds_up_nobody(run):
    async def talk():
        app = HubApp()
        slow = WebSocket(app, query=b"agent=bob")

        async def send(message):
            if message["type"] == "websocket.send":
                await anyio.sleep_forever()

        slow.send = send
        async with anyio.create_task_group() as group:
            group.start_soon(slow.perform)
            ada = await opened(group, app, query=b"agent=ada")
            stream_id = await begin(ada, "ada", "bob")
            for number in range(100):
                ada.say(say(stream_id, "x" * 1_000, number))
            await ada.until('"id":99')
            assert app.host.hub.unread(1) < 1_000  # what waits is in the stream's log, once for all its readers
            group.cancel_scope.cancel()

    run(talk)


def test_a_client_that_is_gone_before_it_is_accepted(run):
    async def talk():
        app = HubApp()
        socket = WebSocket(app)

        async def send(message):
            raise OSError("gone")

        socket.send = send
        await socket.perform()
        assert app.host._links == {}
        gone = WebSocket(app)
        gone.inbox.receive_nowait()
        gone.leave()
        assert (await gone.perform()).sent == []

    run(talk)


def test_a_client_that_is_gone_while_it_is_written_to(run):
    async def talk():
        app = HubApp()
        socket = WebSocket(app)
        send = socket.send

        async def fail(message):
            if message["type"] == "websocket.send":
                raise OSError("gone")
            await send(message)

        socket.send = fail
        socket.say(b"nonsense")
        await socket.perform()
        assert app.host._links == {}
        assert app._open == {}

    run(talk)


def test_a_member_whose_only_socket_is_gone_is_told_to_be_lost(run):
    async def talk():
        app = HubApp()
        async with anyio.create_task_group() as group:
            ada, bob = [await opened(group, app, query=query) for query in (b"agent=ada", b"agent=bob")]
            await begin(ada, "ada", "bob")
            bob.leave()
            await ada.until("PARTICIPANT_LOST")
            (told,) = ada.messages
            assert told["params"]["agentId"] == "bob"
            ada.leave()

    run(talk)


def test_a_socket_that_opens_after_the_end_is_told_what_was_said(run):
    async def talk():
        app = HubApp()
        async with app.host:
            ada = app.host.open_link(principal="ada")
            stream_id = (await ask(ada, start("ada", "bob")))["result"]["stream"]["streamId"]
            await ask(ada, call("stream.end", {"streamId": stream_id}, 2))
            bob = await WebSocket(app, f"/streams/{stream_id}", query=b"agent=bob").perform()
        assert [each["method"] for each in bob.messages] == ["stream.event", "stream.end"]
        assert bob.close[0] == 1000

    run(talk)
