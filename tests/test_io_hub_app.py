"""A hub as an ASGI application, called as a server would call it: requests and feeds. No sockets."""

import json

import anyio
import pytest

from hocket.acp.limits import HubLimits
from hocket.http.principal import bearer_tokens
from hocket_io.acp.host import HubHost
from hocket_io.concurrency.background import in_background
from hocket_io.http.hub_app import HubApp
from support.asgi import Lifespan, Request
from support.hubs import body, call, say, start


def post(app, message, agent="ada", **options):
    return Request(app, path="/jsonrpc", body=body(message), headers=[(b"x-agent-id", agent.encode())], **options)


def feed(app, stream_id, agent="bob", **headers):
    fields = [(b"accept", b"text/event-stream"), (b"x-agent-id", agent.encode())]
    fields += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request(app, "GET", f"/streams/{stream_id}", headers=fields)


async def begin(app, *participants):
    """The name of a new stream."""
    answer = await post(app, start(*participants), participants[0]).perform()
    return answer.json()["result"]["stream"]["streamId"]


def test_a_stream_of_two_agents_over_http(run):
    async def talk():
        app = HubApp()
        async with Lifespan(app) as lifespan:
            assert lifespan.sent == ["lifespan.startup.complete"]
            stream_id = await begin(app, "ada", "bob")
            async with anyio.create_task_group() as group:
                reading = feed(app, stream_id)
                group.start_soon(reading.perform)
                await reading.until(b"STREAM_STARTED")
                answer = await post(app, say(stream_id, "hi")).perform()
                assert (answer.status, answer.json()["id"]) == (200, 2)
                await reading.until(b'"hi"')
                assert not reading.is_complete
                await post(app, call("stream.end", {"streamId": stream_id}, 3)).perform()
            assert reading.is_complete
            assert b'"method":"stream.end"' in reading.content
            assert app.host._links == {}
            assert app._open == {}
        assert lifespan.sent[-1] == "lifespan.shutdown.complete"

    run(talk)


def test_the_head_of_a_feed_comes_before_anything_happens(run):
    async def talk():
        app = HubApp()
        stream_id = await begin(app, "ada", "bob")
        async with anyio.create_task_group() as group:
            reading = feed(app, stream_id, last_event_id="1")
            group.start_soon(reading.perform)
            await reading.until(b":\n\n")
            assert reading.headers[b"content-type"].startswith(b"text/event-stream")
            group.cancel_scope.cancel()

    run(talk)


def test_what_is_ready_together_is_written_together(run):
    async def talk():
        app = HubApp()
        stream_id = await begin(app, "ada", "bob")
        for number in range(2, 12):
            await post(app, say(stream_id, "hi", number)).perform()
        await post(app, call("stream.end", {"streamId": stream_id}, 12)).perform()
        reading = await feed(app, stream_id).perform()
        assert reading.content.count(b"\ndata: ") == 12
        assert [message["type"] for message in reading.sent] == ["http.response.start", "http.response.body"]

    run(talk)


def test_a_member_that_leaves_its_feed_is_lost_and_comes_back(run):
    async def talk():
        app = HubApp()
        stream_id = await begin(app, "ada", "bob")
        async with anyio.create_task_group() as group:
            first = feed(app, stream_id)
            group.start_soon(first.perform)
            await first.until(b"STREAM_STARTED")
            first.leaves.set()
            await anyio.wait_all_tasks_blocked()
            assert app.host._links == {}
            await post(app, say(stream_id, "meanwhile")).perform()
            again = feed(app, stream_id, last_event_id="1")
            group.start_soon(again.perform)
            await again.until(b"meanwhile")
            assert b"STREAM_STARTED" not in again.content
            group.cancel_scope.cancel()
        log = [type(entry.event).__name__ for entry in app.host.hub.stream(stream_id).events.read(0, 100)[:3]]
        assert log == ["StreamStarted", "ParticipantLost", "MessageSent"]

    run(talk)


def test_a_reader_that_stops_reading_holds_up_nobody(run):
    async def talk():
        app = HubApp()
        stream_id = await begin(app, "ada", "bob", "eve")
        stalled, reading = feed(app, stream_id), feed(app, stream_id, "eve")

        async def send(message):
            await anyio.sleep_forever()

        async with anyio.create_task_group() as group:
            group.start_soon(app, stalled.scope, stalled.receive, send)
            group.start_soon(reading.perform)
            await post(app, say(stream_id, "hi")).perform()
            await reading.until(b'"hi"')
            group.cancel_scope.cancel()

    run(talk)


def test_a_server_that_reports_the_leaving_by_an_exception(run):
    async def talk():
        app = HubApp()
        reading = feed(app, await begin(app, "ada", "bob"))

        async def send(message):
            raise OSError("client disconnected")

        await app(reading.scope, reading.receive, send)
        assert app.host._links == {}
        assert app._open == {}

    run(talk)


@pytest.mark.parametrize(("method", "path"), [("POST", "/jsonrpc"), ("GET", "/health")])
def test_a_server_that_reports_the_leaving_of_who_does_not_wait_for_an_answer(run, method, path):
    async def main():
        async def send(message):
            raise OSError("client disconnected")

        app = HubApp(host=HubHost(HubLimits(message=100)))
        for length in (10, 1_000):
            request = Request(app, method, path, b" " * length)
            request.send = send
            await request.perform()

    run(main)


def test_a_client_that_leaves_before_it_has_said_all_changes_nothing(run):
    async def talk():
        app = HubApp()
        request = post(app, start("ada"))
        request.pieces = []
        request.leaves.set()
        await request.perform()
        assert request.sent == []
        assert app.host.hub.registry.of("ada") == []

    run(talk)


def test_silence_is_filled_with_comments(run):
    async def talk():
        app = HubApp(keep_alive=0.001)  # as often as possible
        stream_id = await begin(app, "ada", "bob")
        async with anyio.create_task_group() as group:
            reading = feed(app, stream_id)
            group.start_soon(reading.perform)
            await reading.until(b": keep-alive\n\n")
            group.cancel_scope.cancel()

    run(talk)


def test_shutting_down_cuts_feeds_so_that_readers_can_tell(run):
    async def talk():
        app = HubApp()
        async with Lifespan(app):
            reading = feed(app, await begin(app, "ada", "bob"))
            async with anyio.create_task_group() as group:
                group.start_soon(reading.perform)
                await reading.until(b"STREAM_STARTED")
                app.close_calls()
            assert not reading.is_complete

    run(talk)


@pytest.mark.parametrize("excess", [0, 1])
def test_a_body_at_the_limit_and_one_past_it(run, excess):
    message = body(start("ada", metadata={"note": "x" * 200}))

    async def talk():
        app = HubApp(HubHost(HubLimits(message=4_000)))
        padding = b" " * (app.host.limits.message - len(message) + excess)
        return await post(app, message + padding).perform()

    response = run(talk)
    assert response.status == (413 if excess else 200)
    assert ("error" in response.json()) == bool(excess)


def test_tokens(run):
    async def talk():
        app = HubApp(HubHost(authenticate=bearer_tokens({"s3cret": "ada"})))
        refused = await post(app, start("ada")).perform()
        assert (refused.status, refused.headers[b"www-authenticate"]) == (401, b"Bearer")
        request = post(app, start("bob"))
        request.scope["headers"].append((b"authorization", b"Bearer s3cret"))
        return (await request.perform()).json()["result"]["stream"]["participants"]

    assert run(talk) == ["ada", "bob"]


def test_an_id_that_is_null(run):
    async def talk():
        message = start("ada", request_id=None)
        return [(await post(HubApp(acp_compat=compat), message).perform()).status for compat in (True, False)]

    assert run(talk) == [202, 200]


def test_a_hub_that_is_mounted_somewhere(run):
    async def talk():
        app = HubApp()
        request = post(app, start("ada"), root="/hub")
        request.scope["path"] = "/hub/jsonrpc"
        return (await request.perform()).json()

    assert run(talk)["result"]["stream"]["participants"] == ["ada"]


def test_a_head_has_no_body(run):
    async def talk():
        return await Request(HubApp(), "HEAD", "/health").perform()

    response = run(talk)
    assert (response.status, response.content, response.headers[b"content-length"]) == (200, b"", b"15")


def test_no_content_has_no_length(run):
    async def talk():
        app = HubApp()
        stream_id = await begin(app, "ada", "bob")
        await post(app, call("stream.end", {"streamId": stream_id}, 2)).perform()
        return await feed(app, stream_id, last_event_id="2").perform()

    response = run(talk)
    assert (response.status, response.content, response.headers) == (204, b"", {})


# Life --------------------------------------------------------------------------------------------------------------


def test_without_a_lifespan_there_is_one_host_that_is_entered_once(run, monkeypatch):
    entered = []

    async def count(manager):
        await anyio.lowlevel.checkpoint()
        entered.append(manager)
        await in_background(manager)

    monkeypatch.setattr("hocket_io.http.hub_app.in_background", count)

    async def talk():
        app = HubApp()
        requests = [post(app, start("ada", request_id=number)) for number in range(5)]
        async with anyio.create_task_group() as group:
            for request in requests:
                group.start_soon(request.perform)
        assert len(entered) == 1
        return len(app.host.hub.registry.of("ada"))

    assert run(talk) == 5


def test_a_host_that_somebody_else_has_entered_is_left_alone(run):
    async def talk():
        async with HubHost() as host:
            app = HubApp(host)
            async with Lifespan(app):
                stream_id = await begin(app, "ada", "bob")
            assert host.is_running
            answer = json.loads((await post(app, say(stream_id, "hi")).perform()).content)
            assert answer["result"]["type"] == "success"
        assert not host.is_running

    run(talk)


def test_other_kinds_of_scopes_are_none_of_ours(run):
    async def talk():
        with pytest.raises(ValueError, match="no ASGI scope of ours: 'carrier-pigeon'"):
            await HubApp()({"type": "carrier-pigeon"}, None, None)

    run(talk)
