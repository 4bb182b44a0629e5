"""A2A over HTTP+JSON, frame by frame through the ASGI application: those of A2A 1.0 section 11, written by hand."""

import json

import anyio
import pytest

from hocket.a2a import AgentCard
from hocket_io.http.asgi import App
from support.agents import agent_of
from support.asgi import Lifespan, Request

V1 = (b"a2a-version", b"1.0")
HOOK = {"id": "cfg1", "url": "https://example.com/hook", "token": "tok"}
HOOK |= {"authentication": {"scheme": "Bearer", "credentials": "c"}}


def app_of(**options):
    async def echo(task):
        yield "Hello "
        if task.text == "wait":
            await anyio.sleep_forever()
        yield task.text

    declared = {"push_notifications": True, "extended_card": AgentCard(name="all of it"), **options}
    return App(agent_of(echo, **declared))


def says(text, **more):
    message = {"messageId": text, "role": "ROLE_USER", "parts": [{"text": text}]}
    return json.dumps({"message": message, **more}).encode()


def asks(app, method, path, body=b"", *, headers=(), **options):
    path, _, query = path.partition("?")
    return Request(app, method, path, body, headers=[V1, *headers], query=query.encode(), **options)


async def told(app, method, path, body=b"", **options):
    answered = await asks(app, method, path, body, **options).perform()
    return answered.status, answered.json()


async def task_of(app, text, path=""):
    """A task that waits to be cancelled, or is over."""
    body = says(text, configuration={"returnImmediately": text == "wait"})
    return (await told(app, "POST", f"{path}/message:send", body))[1]["task"]


def test_send_get_and_list(run):
    async def talk():
        async with Lifespan(app := app_of()):
            done = await task_of(app, "Ada")
            got = await told(app, "GET", f"/tasks/{done['id']}?historyLength=0")
            page = await told(app, "GET", f"/tasks?contextId={done['contextId']}&includeArtifacts=true")
        return done, got, page

    done, got, page = run(talk)
    assert done["status"]["state"] == "TASK_STATE_COMPLETED"
    assert [part["text"] for part in done["artifacts"][0]["parts"]][:2] == ["Hello ", "Ada"]
    bare = {name: value for name, value in done.items() if name != "history"}
    assert got == (200, bare)
    assert page == (200, {"tasks": [done], "nextPageToken": "", "pageSize": 50, "totalSize": 1})


def test_stream_and_subscribe(run):
    async def talk():
        async with Lifespan(app := app_of()):
            streamed = await asks(app, "POST", "/message:stream", says("Ada")).perform()
            task_id = json.loads(streamed.content.split(b"\n")[1].removeprefix(b"data: "))["task"]["id"]
            headers = [(b"last-event-id", b"1")]
            again = await asks(app, "GET", f"/tasks/{task_id}:subscribe", headers=headers).perform()
            over = await told(app, "POST", f"/tasks/{task_id}:subscribe")
        return streamed, again, over

    streamed, again, over = run(talk)
    assert (streamed.status, streamed.headers[b"content-type"]) == (200, b"text/event-stream; charset=utf-8")
    assert streamed.is_complete
    events = streamed.content.split(b"\n\n")
    assert events[0].startswith(b'id: 1\ndata: {"task":{"id":')
    assert again.content == b"\n\n".join(events[1:])
    assert over[0] == 400
    assert over[1]["error"]["details"][0]["reason"] == "UNSUPPORTED_OPERATION"


def test_cancel(run):
    async def talk():
        async with Lifespan(app := app_of()):
            task = await task_of(app, "wait")
            cancelled = await told(app, "POST", f"/tasks/{task['id']}:cancel", b'{"metadata":{}}')
            done = await task_of(app, "Ada")
            too_late = await told(app, "POST", f"/tasks/{done['id']}:cancel")
        return cancelled, too_late

    cancelled, too_late = run(talk)
    assert (cancelled[0], cancelled[1]["status"]["state"]) == (200, "TASK_STATE_CANCELED")
    assert too_late[0] == 400
    assert too_late[1]["error"]["details"][0]["reason"] == "TASK_NOT_CANCELABLE"


def test_push_notification_configurations(run):
    async def talk():
        async with Lifespan(app := app_of()):
            task = await task_of(app, "wait")
            configs = f"/tasks/{task['id']}/pushNotificationConfigs"
            frames = [
                await told(app, "POST", configs, json.dumps(HOOK).encode()),
                await told(app, "GET", f"{configs}/cfg1"),
                await told(app, "GET", f"{configs}?pageSize=10&pageToken="),
                await told(app, "DELETE", f"{configs}/cfg1"),
                await told(app, "GET", f"{configs}/cfg1"),
            ]
            await told(app, "POST", f"/tasks/{task['id']}:cancel")
        return task["id"], frames

    task_id, (created, got, listed, deleted, gone) = run(talk)
    assert created == got == (200, {**HOOK, "taskId": task_id})
    assert listed[1]["configs"] == [created[1]]
    assert deleted == (200, {})
    assert gone[0] == 404


@pytest.mark.parametrize(("path", "status"), [("/extendedAgentCard", 200), ("/agent/authenticatedExtendedCard", 200)])
def test_the_extended_card(run, path, status):
    async def talk():
        async with Lifespan(app := app_of()):
            return await told(app, "GET", path)

    answered, card = run(talk)
    assert (answered, card["name"]) == (status, "all of it")


def test_ids_come_as_they_were_sent(run):
    """What is encoded in the path is a part of the id, at the root and below one, and below a tenant."""

    async def talk():
        async with Lifespan(app := app_of()):
            task = await task_of(app, "wait")
            configs, raw = f"/tasks/{task['id']}/pushNotificationConfigs/", "a%2Fb%3Ac%20d"
            hook = json.dumps({**HOOK, "id": "a/b:c d"}).encode()
            await told(app, "POST", configs[:-1], hook)
            plain = await told(app, "GET", f"{configs}a/b:c d", raw_path=f"{configs}{raw}".encode())
            mounted = await told(
                app,
                "GET",
                f"/my apps{configs}a/b:c d",
                root="/my apps",
                raw_path=f"/my%20apps{configs}{raw}?x=y".encode(),
            )
            behind = f"/agents/under-test{configs}"
            neighbour = await told(app, "GET", f"{behind}a/b:c d", raw_path=f"{behind}{raw}".encode())
            stale = await told(app, "GET", configs + "cfg", raw_path=b"/somewhere/else")
            await told(app, "DELETE", f"{configs}a/b:c d", raw_path=f"{configs}{raw}".encode())
            await told(app, "POST", f"/tasks/{task['id']}:cancel")
        return plain, mounted, neighbour, stale

    plain, mounted, neighbour, stale = run(talk)
    assert plain[1]["id"] == "a/b:c d"
    assert mounted == neighbour == plain
    assert stale[1]["error"]["details"][0]["reason"] == "TASK_NOT_FOUND", "the path that a middleware changed counts"


@pytest.mark.parametrize("path", ["/tasks", "/tasks/T", "/extendedAgentCard"])
def test_head_is_get_without_the_body(run, path):
    async def talk():
        async with Lifespan(app := app_of()):
            return [await asks(app, method, path).perform() for method in ("GET", "HEAD")]

    got, head = run(talk)
    assert (head.status, head.headers, head.content) == (got.status, got.headers, b"")
    assert got.content


def test_a_body_over_the_limit(run):
    async def talk():
        app = app_of()
        app._site.entrance.bodies.limit = app.body_limit = 100
        async with Lifespan(app):
            return await told(app, "POST", "/message:send", says("x" * 100))

    status, answered = run(talk)
    assert (status, answered["error"]["code"], answered["error"]["status"]) == (413, 413, "RESOURCE_EXHAUSTED")
