"""An agent's WebSockets, called as an ASGI server would call them: who gets one, what is said there, and every end."""

from urllib.parse import urlsplit

import anyio
import pytest

from hocket import Agent
from hocket.a2a import PIPE_BINDING, V1_0, choose_interface, read_card
from hocket.http import bearer_tokens
from hocket_io.http.asgi import App
from support.agents import greeter
from support.asgi import Lifespan, Request, host_of, message, rpc, text_in
from support.hubs import WebSocket

CARD = "/.well-known/agent-card.json"
ORIGIN = (b"origin", b"https://page.example")


class Socket(WebSocket):
    """One that a server without the extension for responses to handshakes would open, unless it is given."""

    def __init__(self, app, path="/", *, can_respond=False, **options):
        super().__init__(app, path, **options)
        if can_respond:
            self.scope["extensions"] = {"websocket.http.response": {}}


async def opened(group, app, path="/", **options):
    socket = Socket(app, path, **options)
    group.start_soon(socket.perform)
    while not socket.sent:
        await socket.news.wait()
    assert socket.sent[0] == {"type": "websocket.accept"}
    return socket


async def refusal(app, path="/", **options):
    """(status, text) of the answer to a handshake."""
    socket = await Socket(app, path, can_respond=True, **options).perform()
    start, body = socket.sent
    assert start["type"] == "websocket.http.response.start"
    assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()
    return start["status"], body["body"].decode()


def waiter():
    """An agent that says one word, and nothing more."""
    agent = Agent("waiter")

    @agent.stream
    async def wait(task):
        yield "So"
        await anyio.sleep_forever()

    return agent


def items(socket, request_id):
    """What was streamed in answer to one call."""
    told = [each["params"] for each in socket.messages if each.get("method") == "$/stream"]
    return [each["result"] for each in told if each["id"] == request_id]


def test_calls_and_streams_over_one_connection(run):
    async def talk():
        app = App(greeter())
        async with Lifespan(app), anyio.create_task_group() as group:
            socket = await opened(group, app)
            socket.say(rpc("message/stream", message("Ada"), "a"))
            socket.say(rpc("message/stream", message("Bob", messageId="m-2"), "b"))
            for request_id in "ab":
                await socket.until(f'"id":"{request_id}","result":{{"state":"completed"')
            for request_id, name in ("a", "Ada"), ("b", "Bob"):
                assert name in text_in(items(socket, request_id))
            socket.leave()
            while host_of(app)._links:
                await anyio.lowlevel.checkpoint()
            assert app._site.hosts.answers == {}

    run(talk)


@pytest.mark.parametrize("path", ["/", "/ws", "/agents/one", "/agents/one/", "/agents/one/ws"])
def test_addresses(run, path):
    async def talk():
        app = App({"one": greeter(), "two": waiter()}, root="one")
        async with anyio.create_task_group() as group:
            socket = await opened(group, app, path)
            socket.say(rpc("message/send", message("Ada")))
            await socket.until("Ada")
            socket.leave()

    run(talk)


@pytest.mark.parametrize("path", ["/health", "/tasks/stream", "/agents", "/agents/nobody/ws", "/a/ws"])
def test_where_there_is_no_agent(run, path):
    async def talk():
        status, text = await refusal(App(greeter()), path)
        assert (status, text.startswith(f"there is no agent at {path}:")) == (404, True)

    run(talk)


def test_a_task_belongs_to_whoever_the_handshake_vouches_for(run):
    async def talk():
        app = App(greeter(), authenticate=bearer_tokens({"s3cret": "ada", "t0ken": "bob"}))
        status, text = await refusal(app)
        assert (status, "bearer token" in text) == (401, True)
        assert (await refusal(app, headers=[(b"authorization", b"Bearer wrong")]))[0] == 401
        async with anyio.create_task_group() as group:
            ada = await opened(group, app, headers=[(b"authorization", b"Bearer s3cret")])
            bob = await opened(group, app, query=b"token=t0ken")
            ada.say(rpc("message/send", message("Ada")))
            await ada.until('"result"')
            (task,) = [each["result"] for each in ada.messages]
            for socket in ada, bob:
                socket.say(rpc("tasks/get", {"id": task["id"]}, 2))
                await socket.until('"id":2')
                socket.leave()
            assert ada.messages[-1]["result"]["id"] == task["id"]
            assert bob.messages[-1]["error"]["code"] == -32001

    run(talk)


def test_web_pages_from_elsewhere(run):
    async def talk():
        assert (await refusal(App(greeter()), headers=[ORIGIN]))[0] == 403
        async with anyio.create_task_group() as group:
            for app, origin in (
                (App(greeter(), cors_origins=["https://page.example"]), ORIGIN),
                (App(greeter()), (b"origin", b"http://hub.example")),
            ):
                (await opened(group, app, headers=[origin])).leave()

    run(talk)


def test_a_server_that_cannot_answer_a_handshake_refuses_it(run):
    async def talk():
        socket = await Socket(App(greeter()), "/nowhere").perform()
        assert [each["type"] for each in socket.sent] == ["websocket.close"]

    run(talk)


def test_the_extended_card_is_at_the_address_of_http(run):
    async def talk():
        agent = greeter()
        agent.extended_card = agent.card
        app = App({"one": agent}, authenticate=bearer_tokens({"s3cret": "ada"}))
        async with anyio.create_task_group() as group:
            socket = await opened(group, app, "/agents/one/ws", query=b"token=s3cret")
            socket.say(rpc("agent/getAuthenticatedExtendedCard", {}))
            await socket.until('"id":1')
            assert socket.messages[0]["result"]["url"].startswith("http://hub.example/agents/one")
            socket.leave()

    run(talk)


@pytest.mark.parametrize(
    ("frame", "code"), [({"bytes": b"{}"}, 1003), ({"text": "x" * 101}, 1009), ({"text": "€" * 34}, 1009)]
)
def test_what_no_server_reads_ends_it(run, frame, code):
    async def talk():
        socket = Socket(App(greeter(), body_limit=100))
        socket.to_app.send_nowait({"type": "websocket.receive", **frame})
        assert (await socket.perform()).close[0] == code

    run(talk)


def test_the_limit_of_what_comes_is_none_of_what_goes(run):
    async def talk():
        async with anyio.create_task_group() as group:
            socket = await opened(group, App(greeter(), body_limit=200))
            socket.say(rpc("message/send", message()))
            await socket.until('"result"')
            assert len(socket.frames[0]) > 200
            socket.leave()

    run(talk)


def test_what_is_no_json_rpc_is_answered_and_the_next_message_is_read(run):
    async def talk():
        app = App(greeter())
        async with anyio.create_task_group() as group:
            socket = await opened(group, app)
            for text in ("", "nonsense", '"\ud800"'):
                socket.to_app.send_nowait({"type": "websocket.receive", "text": text})
            socket.say(rpc("nope", {}, 7))
            await socket.until('"id":7')
            assert [each["error"]["code"] for each in socket.messages] == [-32700, -32700, -32700, -32601]
            socket.leave()

    run(talk)


def test_a_cancelled_call_ends_and_its_task_goes_on(run):
    async def talk():
        app = App(waiter())
        async with anyio.create_task_group() as group:
            socket = await opened(group, app)
            socket.say(rpc("message/stream", message()))
            await socket.until("So")
            task_id = items(socket, 1)[0]["id"]
            socket.say({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 1}})
            await socket.until("-32800")
            socket.say(rpc("tasks/get", {"id": task_id}, 2))
            await socket.until('"id":2')
            assert socket.messages[-1]["result"]["status"]["state"] == "working"
            socket.leave()
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()

    run(talk)


def test_the_end_of_the_server_is_said(run):
    async def talk():
        app = App(waiter())
        async with Lifespan(app), anyio.create_task_group() as group:
            socket = await opened(group, app)
            socket.say(rpc("message/stream", message()))
            await socket.until("So")
            app.close_calls()
            while socket.close is None:
                await socket.news.wait()
            assert socket.close == (1012, "the server is shutting down: come back in a moment")

    run(talk)


def test_who_does_not_read_is_not_read(run):
    async def talk():
        app = App(greeter())
        socket = Socket(app)
        socket.may_write = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(socket.perform)
            for number in range(100):
                socket.say(rpc("nope", {}, number))
            await anyio.wait_all_tasks_blocked()
            assert socket.receives < 10
            socket.may_write.set()
            await socket.until('"id":99')
            assert [each["id"] for each in socket.messages] == list(range(100))
            socket.leave()

    run(talk)


def test_a_reader_that_was_away_gets_all_that_was_said_meanwhile(run):
    async def talk():
        agent = Agent("talker")

        @agent.stream
        async def count(task):
            for number in range(400):
                yield f"{number} "

        app = App(agent)
        socket = Socket(app)
        socket.may_write = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(socket.perform)
            socket.say(rpc("message/stream", message()))
            await anyio.wait_all_tasks_blocked()
            socket.may_write.set()
            await socket.until('"id":1,"result":{"state":"completed"')
            assert text_in(items(socket, 1)) == "".join(f"{number} " for number in range(400))
            socket.leave()

    run(talk)


@pytest.mark.parametrize("at", ["websocket.accept", "websocket.send"])
def test_a_client_that_is_gone_while_it_is_written_to(run, at):
    async def talk():
        app = App(greeter())
        async with Lifespan(app):
            socket = Socket(app)
            send = socket.send

            async def fail(told):
                if told["type"] == at:
                    raise OSError("gone")
                await send(told)

            socket.send = fail
            socket.say(b"nonsense")
            await socket.perform()
            assert host_of(app)._links == {}
            assert app._site.hosts.answers == {}

    run(talk)


def test_a_client_that_is_gone_before_it_is_accepted(run):
    async def talk():
        socket = Socket(App(greeter()))
        socket.inbox.receive_nowait()
        socket.leave()
        assert (await socket.perform()).sent == []

    run(talk)


# What the card says of it


async def card_of(app, path="/"):
    response = await Request(app, "GET", path.rstrip("/") + CARD).perform()
    return response.json()


@pytest.mark.parametrize("path", ["/", "/agents/one/"])
@pytest.mark.parametrize("url", [None, "https://agent.example/a/"])
def test_the_card_names_the_address_of_websockets_last_where_it_is_told_to(run, path, url):
    async def talk():
        app = App({"one": greeter()}, root="one", url=url, websockets=True)
        card = await card_of(app, path)
        last = card["supportedInterfaces"][-1]
        base = "wss://agent.example/a" if url else "ws://agent.example:8000"
        assert last == {"url": base + path, "protocolBinding": PIPE_BINDING, "protocolVersion": "1.0"}
        assert [(each["url"], each["transport"]) for each in card["additionalInterfaces"]] == [
            (base + path, PIPE_BINDING)
        ]
        assert [each["protocolBinding"] for each in card["supportedInterfaces"]].count(PIPE_BINDING) == 1
        if not url:
            async with anyio.create_task_group() as group:
                (await opened(group, app, urlsplit(last["url"]).path)).leave()

    run(talk)


def test_without_a_word_from_the_person_it_does_not(run):
    async def talk():
        assert PIPE_BINDING not in str(await card_of(App(greeter())))

    run(talk)


def test_whoever_looks_for_a_binding_of_http_passes_it_over(run):
    async def talk():
        card = read_card((await Request(App(greeter(), websockets=True), "GET", CARD).perform()).content)
        interface, dialect = choose_interface(card)
        assert (interface.protocol_binding, dialect) == ("JSONRPC", V1_0)
        interface, dialect = choose_interface(card, bindings=[PIPE_BINDING])
        assert (interface.url, dialect) == ("ws://agent.example:8000/", V1_0)

    run(talk)
