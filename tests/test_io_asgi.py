"""The ASGI application, called as a server would call it. No sockets."""

import json

import anyio
import pytest

from hocket import Agent
from hocket_io.host import Host
from hocket_io.http.asgi import App
from support.agents import greeter
from support.asgi import Lifespan, Request, message, post, rpc, text_in

# The seeds: what people paste into a terminal ----------------------------------------------------------------------

GATEWAY = {
    "jsonrpc": "2.0",
    "method": "message/stream",
    "params": {
        "message": {
            "messageId": "stream-msg-001",
            "role": "user",
            "parts": [{"type": "text", "text": "Generate a long response with streaming updates"}],
        },
        "streamConfig": {"heartbeat": 30, "bufferSize": 1024},
    },
    "id": "stream-req-001",
}
LESSON = {
    "jsonrpc": "2.0",
    "method": "message/stream",
    "params": {
        "message": {
            "role": "user",
            "parts": [{"kind": "text", "text": "Stream me a response!"}],
            "messageId": "stream-test-123",
        }
    },
    "id": "stream-req-456",
}


@pytest.mark.parametrize(
    ("request_body", "path", "answer"),
    [
        (GATEWAY, "/", "Hello Generate a long response with streaming updates"),
        (GATEWAY, "/echo-agent/a2a", "Hello Generate a long response with streaming updates"),
        (LESSON, "/a2a", "Hello Stream me a response!"),
        (LESSON, "/", "Hello Stream me a response!"),
    ],
)
def test_the_requests_of_the_tutorials_get_a_stream(run, request_body, path, answer):
    async def talk():
        headers = [(b"content-type", b"application/json"), (b"accept", b"text/event-stream")]
        return await Request(
            App(greeter()), path=path, body=json.dumps(request_body).encode(), headers=headers
        ).perform()

    response = run(talk)
    assert response.status == 200
    assert response.headers[b"content-type"].startswith(b"text/event-stream")
    assert response.is_complete
    events = response.events()
    assert events[0]["kind"] == "task"
    assert text_in(events) == answer
    assert events[-1]["final"] is True
    assert events[-1]["status"]["state"] == "completed"
    assert f'"id":"{request_body["id"]}"'.encode() in response.content.replace(b": ", b":")


# Life --------------------------------------------------------------------------------------------------------------


def test_with_a_lifespan(run):
    async def talk():
        app = App(greeter())
        async with Lifespan(app) as lifespan:
            assert lifespan.sent == ["lifespan.startup.complete"]
            first = await post(app, "message/send", message()).perform()
            task = first.json()["result"]
            again = await post(app, "tasks/get", {"id": task["id"]}).perform()
            assert again.json()["result"]["id"] == task["id"]
        return lifespan.sent, task

    sent, task = run(talk)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert task["status"]["state"] == "completed"
    assert task["artifacts"][0]["parts"][0]["text"] == "Hello "


def test_without_a_lifespan_all_the_first_callers_find_the_same_tasks(run):
    async def talk():
        app = App(greeter())
        requests = [post(app, "message/send", message()) for _ in range(5)]
        async with anyio.create_task_group() as group:
            for request in requests:
                group.start_soon(request.perform)
        ids = [request.json()["result"]["id"] for request in requests]
        found = [await post(app, "tasks/get", {"id": task_id}).perform() for task_id in ids]
        return [each.json()["result"]["id"] for each in found], ids

    found, ids = run(talk)
    assert found == ids


def test_without_a_lifespan_there_is_one_host(run, monkeypatch):
    entered = []
    enter = Host.__aenter__

    async def count(host):
        entered.append(host)
        return await enter(host)

    monkeypatch.setattr(Host, "__aenter__", count)

    async def talk():
        app = App(greeter())
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(post(app, "message/send", message()).perform)

    run(talk)
    assert len(entered) == 1


def test_without_a_lifespan_it_outlives_its_event_loop(run):
    app = App(greeter())

    async def talk():
        return (await post(app, "message/send", message()).perform()).json()["result"]["status"]["state"]

    assert [run(talk), run(talk)] == ["completed", "completed"]


def test_shutting_down_ends_what_runs(run):
    ended = []
    agent = Agent("slow")

    @agent.stream
    async def slow(task):
        try:
            yield "so far"
            await anyio.sleep_forever()
        finally:
            ended.append("agent")

    async def talk():
        app = App(agent)
        async with Lifespan(app):
            async with anyio.create_task_group() as group:
                request = post(app, "message/stream", message())
                group.start_soon(request.perform)
                await request.until(b"so far")
                app.close_calls()
            assert not request.is_complete  # cut, and so a reader knows that it is
            assert ended == []
        return request

    request = run(talk)
    assert text_in(request.events()) == "so far"
    assert ended == ["agent"]


def test_a_server_that_ends_the_lifespan_first_cuts_what_is_open(run):
    """A stream that is cut is resumed, where there is a log to resume it from; one whose task has failed is over."""
    agent = Agent("slow")

    @agent.stream
    async def slow(task):
        yield "so far"
        await anyio.sleep_forever()

    async def talk():
        app = App(agent)
        async with anyio.create_task_group() as group, Lifespan(app):
            request = post(app, "message/stream", message())
            group.start_soon(request.perform)
            await request.until(b"so far")
        return request

    request = run(talk)
    assert not request.is_complete
    assert b"failed" not in request.content


def test_a_host_that_cannot_start_is_an_error_not_a_wait(run, monkeypatch):
    async def refuse(host):
        raise OSError("no room")

    monkeypatch.setattr("hocket_io.http.hosts.Host.__aenter__", refuse)

    async def talk():
        with pytest.raises(OSError, match="no room"):
            await post(App(greeter()), "message/send", message()).perform()

    run(talk)


# Paths -------------------------------------------------------------------------------------------------------------


def request_of(app, *args, **options):
    async def talk():
        return await Request(app, *args, **options).perform()

    return anyio.run(talk)


@pytest.mark.parametrize("path", ["/.well-known/agent-card.json", "/.well-known/agent.json"])
def test_the_card_names_the_address_that_was_asked(path):
    response = request_of(App(greeter()), "GET", path)
    assert response.status == 200
    assert response.headers[b"content-type"] == b"application/json"
    card = response.json()
    assert card["url"] == "http://agent.example:8000/"
    assert {each["url"] for each in card["supportedInterfaces"]} == {"http://agent.example:8000/"}


@pytest.mark.parametrize(
    ("path", "raw_path"),
    [
        ("http://public.example:81/.well-known/agent.json", b"http://public.example:81/.well-known/agent.json"),
        ("HTTPS://public.example:81/.well-known/agent.json", None),
    ],
)
def test_a_request_may_be_addressed_with_the_whole_url(path, raw_path):
    response = request_of(App(greeter()), "GET", path, raw_path=raw_path)
    assert response.json()["url"] == "http://public.example:81/"
    assert request_of(App(greeter(), allowed_hosts=["agent.example"]), "GET", path, raw_path=raw_path).status == 421


def test_a_whole_url_that_has_no_path():
    response = request_of(App(greeter()), "GET", "http://agent.example:8000", raw_path=b"http://agent.example:8000")
    assert (response.status, response.headers[b"allow"]) == (405, b"POST, OPTIONS")


def test_a_whole_url_keeps_what_is_encoded_in_it():
    path = "http://agent.example/tasks/a%2Fb"
    response = request_of(
        App(greeter()),
        "GET",
        "http://agent.example/tasks/a/b",
        raw_path=path.encode(),
        headers=[(b"a2a-version", b"1.0")],
    )
    assert b"TASK_NOT_FOUND" in response.content


CARD = "/.well-known/agent-card.json"


def test_a_card_can_be_kept_and_who_has_it_is_not_sent_it_again():
    app = App(greeter())
    first = request_of(app, "GET", CARD)
    assert first.headers[b"cache-control"] == b"max-age=60"
    tag, date = first.headers[b"etag"], first.headers[b"last-modified"]
    for known in ((b"if-none-match", tag), (b"if-none-match", b'"old", W/' + tag), (b"if-modified-since", date)):
        again = request_of(app, "GET", CARD, headers=[known])
        assert (again.status, again.content) == (304, b""), known
        assert b"content-length" not in again.headers
        assert (again.headers[b"etag"], again.headers[b"last-modified"]) == (tag, date)


@pytest.mark.parametrize(
    "known",
    [
        [(b"if-none-match", b'"old"')],
        [(b"if-modified-since", b"Sun, 06 Nov 1994 08:49:37 GMT")],
        [(b"if-none-match", b'"old"'), (b"if-modified-since", b"the right date")],
    ],
)
def test_a_card_that_has_changed_is_sent(known):
    app = App(greeter())
    date = request_of(app, "GET", CARD).headers[b"last-modified"]
    known = [(name, date if value == b"the right date" else value) for name, value in known]
    again = request_of(app, "GET", CARD, headers=known)
    assert (again.status, again.json()["url"]) == (200, "http://agent.example:8000/")


def test_cards_that_differ_have_different_tags():
    tags = {request_of(App(greeter(), url=url), "GET", CARD).headers[b"etag"] for url in ("https://a/", "https://b/")}
    assert len(tags) == 2


def test_the_card_names_the_address_it_was_given():
    response = request_of(App(greeter(), url="https://public.example/greeter/"), "GET", "/.well-known/agent.json")
    assert response.json()["url"] == "https://public.example/greeter/"


@pytest.mark.parametrize("root", ["/agents/greeter", "/agents/greeter/"])
@pytest.mark.parametrize("keeps_path", [True, False], ids=["path with root", "path without root"])
def test_mounted_below_a_root(root, keeps_path):
    prefix = root.rstrip("/") if keeps_path else ""
    card = request_of(App(greeter()), "GET", prefix + "/.well-known/agent-card.json", root=root)
    assert card.json()["url"] == "http://agent.example:8000/agents/greeter/"
    for path in ("", "/", "/a2a"):
        body = json.dumps(rpc("message/send", message())).encode()
        response = request_of(App(greeter()), "POST", prefix + path, body, root=root)
        assert response.json()["result"]["status"]["state"] == "completed", path


def test_a_path_that_only_begins_like_the_root_is_not_below_it():
    response = request_of(App(greeter()), "GET", "/agents/.well-known/agent.json", root="/agent")
    assert response.status == 404
    assert b"/agents/.well-known/agent.json" in response.content


@pytest.mark.parametrize("path", ["/health", "/.well-known/agent-card.json", "/", "/nowhere"])
def test_head_is_get_without_the_body(path):
    head, get = (request_of(App(greeter()), method, path) for method in ("HEAD", "GET"))
    assert head.content == b""
    assert (head.status, head.headers) == (get.status, get.headers)
    assert int(get.headers[b"content-length"]) == len(get.content) > 0


# Bodies ------------------------------------------------------------------------------------------------------------


def test_a_body_in_many_pieces():
    body = json.dumps(rpc("message/send", message("é"))).encode()
    response = request_of(App(greeter()), pieces=[bytes([byte]) for byte in body])
    assert response.json()["result"]["status"]["state"] == "completed"


@pytest.mark.parametrize(("size", "status"), [(100, 200), (101, 413)])
def test_the_largest_body(size, status):
    app = App(greeter(), body_limit=100)
    response = request_of(app, pieces=[b" " * 60, b" " * (size - 60)])
    assert response.status == status
    if status == 413:
        assert response.json()["error"]["data"] == {"limit": "body_limit", "max": 100}
        assert "body_limit" in response.json()["error"]["message"]


def test_a_client_that_leaves_in_mid_body():
    async def talk():
        app = App(greeter())
        request = Request(app)
        messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

        async def receive():
            return next(messages)

        await app(request.scope, receive, request.send)
        return request.sent

    assert anyio.run(talk) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff\xfe{}", -32700),
        (b"[]", -32600),
        (b"{}", -32600),
        (b'"hello"', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"message/sand","params":{}}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"message/send","params":{}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"id":"nobody"}}', -32001),
    ],
)
def test_bad_requests_are_answered_with_json_rpc_errors(body, code):
    response = request_of(App(greeter()), body=body)
    assert response.status == 200
    assert response.json()["error"]["code"] == code


def test_a_notification_is_accepted_and_not_answered():
    response = request_of(App(greeter()), body=b'{"jsonrpc":"2.0","method":"message/send","params":{}}')
    assert (response.status, response.content) == (202, b"")


def test_a_batch():
    batch = [
        rpc("message/send", message("one"), 1),
        rpc("message/stream", message("two"), 2),
        rpc("tasks/get", {"id": "nobody"}, 3),
        rpc("message/send", message("four"), 4),
    ]
    response = request_of(App(greeter()), body=json.dumps(batch).encode())
    answers = {answer["id"]: answer for answer in response.json()}
    assert set(answers) == {1, 2, 3, 4}
    assert "text" in json.dumps(answers[1]["result"]["artifacts"])
    assert answers[2]["error"]["code"] == -32600
    assert answers[3]["error"]["code"] == -32001
    assert answers[4]["result"]["history"][0]["parts"][0]["text"] == "four"


def test_the_version_may_be_in_the_query():
    body = json.dumps(
        rpc("SendMessage", {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "x"}]}})
    )
    without = request_of(App(greeter()), body=body.encode())
    assert without.json()["error"]["code"] == -32009
    given = request_of(App(greeter()), body=body.encode(), query=b"A2A-Version=1.0")
    assert given.json()["result"]["task"]["status"]["state"] == "TASK_STATE_COMPLETED"
