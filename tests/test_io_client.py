"""Client and AsyncClient against everything that can be at the other end of a URL."""

import json
import socket
import threading

import anyio
import pytest

from hocket import Agent
from hocket.a2a import ClientLimits, Outcome, Part, Task, TaskState
from hocket.errors import (
    AgentError,
    AuthenticationError,
    CodecError,
    ConnectionFailed,
    HocketError,
    LimitExceeded,
    LocalProtocolError,
    RequestTimeout,
    RpcError,
    StreamCut,
)
from hocket_io import AsyncClient, Client
from support.web import agent_that_streams, web
from support.wire import DONE, TASK, chunk, said


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def call(request):
    """Call a method of a client, by name, in every way. Nothing is resumed: that is for `test_io_resume`."""

    def blocking(url, method, *args, **options):
        with Client(url, resume=None, **options) as client:
            found = getattr(client, method)(*args)
            return list(found) if method in ("stream", "resume") else found

    async def on_a_loop(url, method, args, options):
        with anyio.fail_after(20):
            async with AsyncClient(url, resume=None, **options) as client:
                found = getattr(client, method)(*args)
                if method in ("stream", "resume"):
                    return [event async for event in found]
                return await found

    if request.param == "blocking":
        return blocking
    return lambda url, method, *args, **options: anyio.run(on_a_loop, url, method, args, options, backend=request.param)


def rpc(result, request_id="1"):
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "result": result}).encode()


def sse(*results):
    return b"".join(b"data: " + rpc(result) + b"\n\n" for result in results)


# Nobody there, or somebody else -------------------------------------------------------------------------------------


def test_nobody_is_there(call):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    for method in ("text", "send", "stream"):
        with pytest.raises(ConnectionFailed, match=f"cannot reach {url}: "):
            call(url, method, "Ada")
    with pytest.raises(ConnectionFailed, match="cannot reach"):
        call(url, "card")


def test_a_host_without_a_name(call):
    with pytest.raises(ConnectionFailed, match=r"cannot reach http://agent\.invalid/: "):
        call("http://agent.invalid/", "text", "Ada")


HTML = b"<!doctype html><title>Welcome to nginx!</title>"


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (200, HTML, "text/html"),
        (404, HTML, "text/html"),
        (500, b"Internal Server Error", "text/plain"),
        (200, b'{"swagger": "2.0"}', "application/json"),
        (200, b"[]", "application/json"),
        (200, b"", "application/json"),
        (204, b"", "text/plain"),
        (302, b"", "text/plain"),
    ],
)
@pytest.mark.parametrize("method", ["text", "send"])
def test_something_else_is_there(call, method, status, body, content_type):
    with web(lambda request: request.reply(status, body, content_type)) as (url, _):
        assert call(url, "card") is None
        with pytest.raises(ConnectionFailed, match=f"{url} gave HTTP {status} and a body that is no JSON-RPC answer"):
            call(url, method, "Ada")


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"there is nothing at /; agents are at /agents\n", "there is nothing at /; agents are at /agents"),
        (b"  ", "it is empty"),
        (HTML, "not JSON: "),
        (b"two\nlines", "not JSON: "),
        (b"\x1b[31mred", "not JSON: "),
        (b"x" * 201, "not JSON: "),
    ],
)
def test_what_a_server_says_in_plain_words_is_in_the_error(call, binding, body, said):
    with (
        web(lambda request: request.reply(404, body, "text/plain")) as (url, _),
        pytest.raises(ConnectionFailed) as caught,
    ):
        call(url, "send", "Ada", binding=binding)
    assert f": {said}" in str(caught.value)


def test_an_error_does_not_repeat_what_is_secret_in_a_url(call):
    with (
        web(lambda request: request.reply(404, b"", "text/plain")) as (url, _),
        pytest.raises(ConnectionFailed, match=f"{url} gave HTTP 404") as caught,
    ):
        call(url.replace("//", "//ada:s3cret@") + "?token=s3cret", "send", "Ada")
    assert "s3cret" not in str(caught.value)
    with pytest.raises(ConnectionFailed, match=r"cannot reach http://127\.0\.0\.1:1: ") as caught:
        call("http://ada:s3cret@127.0.0.1:1?token=s3cret", "send", "Ada")
    assert "s3cret" not in str(caught.value)


def test_a_connection_that_ends_without_an_answer(call):
    with (
        web(lambda request: request.connection.shutdown(socket.SHUT_RDWR)) as (url, _),
        pytest.raises(ConnectionFailed),
    ):
        call(url, "text", "Ada")


@pytest.mark.parametrize(("status", "says"), [(401, "wants credentials"), (403, "refuses these credentials")])
@pytest.mark.parametrize("method", ["text", "send", "stream"])
def test_credentials(call, status, says, method):
    with (
        web(lambda request: request.reply(status, b"", WWW_Authenticate="Bearer")) as (url, _),
        pytest.raises(AuthenticationError, match=f"{says}: HTTP {status} .it asks for: Bearer"),
    ):
        call(url, method, "Ada")


def test_headers_go_with_every_request(call):
    with web(agent_that_streams(sse(said("hi")))) as (url, asked):
        assert call(url, "text", "Ada", headers={"Authorization": "Bearer secret"}) == "hi"
    assert len(asked) > 1
    assert {request.headers["authorization"] for request in asked} == {"Bearer secret"}


def test_silence(call):
    goes_on = threading.Event()

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
        else:
            goes_on.wait(10)

    with web(answer) as (url, _):
        try:
            with pytest.raises(RequestTimeout, match="silent for too long"):
                call(url, "text", "Ada", timeout=0.05)
        finally:
            goes_on.set()


def test_silence_in_mid_stream_cuts_it(call):
    goes_on = threading.Event()

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
        else:
            request.stream(sse({"task": TASK}, chunk("so far")))
            request.wfile.flush()
            goes_on.wait(10)

    with web(answer) as (url, _):
        try:
            events = call(url, "stream", "Ada", timeout=0.2)
        finally:
            goes_on.set()
    assert [event.kind for event in events] == ["task", "artifact", "cut"]
    assert "silent for too long" in str(events[-1].error)


# Cards --------------------------------------------------------------------------------------------------------------


def test_a_card_that_names_no_interface_of_ours(call):
    card = {"name": "grpc only", "description": "", "version": "1", "capabilities": {}, "skills": []}
    card["supportedInterfaces"] = [{"url": "http://x/", "protocolBinding": "GRPC", "protocolVersion": "1.0"}]
    with (
        web(lambda request: request.reply(200, json.dumps(card).encode())) as (url, _),
        pytest.raises(ConnectionFailed, match=r"'grpc only' has no interface for 1\.0 or 0\.3 over JSONRPC or HTTP"),
    ):
        call(url, "text", "Ada")


def test_a_version_that_the_agent_does_not_speak(call):
    card = {"name": "new", "description": "", "version": "1", "capabilities": {}, "skills": []}
    card["supportedInterfaces"] = [{"url": "http://x/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}]
    with (
        web(lambda request: request.reply(200, json.dumps(card).encode())) as (url, _),
        pytest.raises(ConnectionFailed, match=r"no interface for A2A 0\.3 over JSONRPC or HTTP"),
    ):
        call(url, "text", "Ada", version="0.3")


def test_the_card_is_asked_for_once():
    with web(agent_that_streams(sse(said("hi")))) as (url, asked), Client(url) as client:
        client.text("one")
        client.text("two")
    assert [request.command for request in asked].count("POST") == 2
    assert len({request.path for request in asked if request.command == "GET"}) == len(asked) - 2


# Streams ------------------------------------------------------------------------------------------------------------


def test_messages_without_a_task(call):
    with web(agent_that_streams(sse(said("Hello "), said("from "), said("messages")))) as (url, _):
        events = call(url, "stream", "Ada")
        assert "".join(event.text for event in events) == "Hello from messages"
        assert [event.done for event in events] == [False] * (len(events) - 1) + [True]
        assert call(url, "text", "Ada") == "Hello from messages"
    with web(agent_that_streams(sse(said("Hello "), said("there")))) as (url, _), Client(url) as client:
        assert client.stream("Ada").result().text == "there"


def test_an_agent_that_answers_in_its_status(call):
    status = {"state": "TASK_STATE_COMPLETED", **said("That was all.")}
    update = {"statusUpdate": {"taskId": "t", "contextId": "c", "status": status}}
    with web(agent_that_streams(sse({"task": TASK}, update))) as (url, _):
        assert call(url, "text", "Ada") == "That was all."


def test_a_stream_that_ends_too_early(call):
    with web(agent_that_streams(sse({"task": TASK}, chunk("half of")))) as (url, _):
        events = call(url, "stream", "Ada")
        assert [event.kind for event in events] == ["task", "artifact", "cut"]
        assert events[-1].done
        with pytest.raises(StreamCut, match="cut in state working"):
            call(url, "text", "Ada")


def test_an_empty_stream(call):
    with web(agent_that_streams()) as (url, _):
        assert [event.kind for event in call(url, "stream", "Ada")] == ["cut"]
        with pytest.raises(StreamCut, match="before its first event"):
            call(url, "text", "Ada")


def test_an_error_in_mid_stream(call):
    error = b'data: {"jsonrpc":"2.0","id":"1","error":{"code":-32603,"message":"out of tea"}}\n\n'
    with web(agent_that_streams(sse({"task": TASK}), error, sse(DONE))) as (url, _):
        events = call(url, "stream", "Ada")
        assert [event.kind for event in events] == ["task", "error"]
        with pytest.raises(RpcError, match=r"out of tea \(-32603\)"):
            call(url, "text", "Ada")


@pytest.mark.parametrize("garbage", [b"data: {\n\n", b"data: 17\n\n", b'data: {"result": {"riddle": 1}}\n\n'])
def test_events_that_cannot_be_read(call, garbage):
    with web(agent_that_streams(sse({"task": TASK}), garbage, sse(DONE))) as (url, _):
        events = call(url, "stream", "Ada")
        assert [event.kind for event in events] == ["task", "error"]
        with pytest.raises(HocketError):
            call(url, "text", "Ada")


def test_what_follows_the_end_is_not_waited_for(call, monkeypatch):
    monkeypatch.setattr("hocket_io.http.leaving._FAREWELL", 0.05)
    goes_on, waited_in_vain = threading.Event(), threading.Event()

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
        else:
            request.stream(sse({"task": TASK}, DONE))
            request.wfile.flush()
            if not goes_on.wait(10):
                waited_in_vain.set()

    with web(answer) as (url, _):
        try:
            events = call(url, "stream", "Ada")
        finally:
            goes_on.set()
    assert events[-1].state is TaskState.COMPLETED
    assert not waited_in_vain.is_set()


def test_a_server_that_does_not_stream(call):
    finished = {
        **TASK,
        "status": {"state": "TASK_STATE_COMPLETED"},
        "artifacts": [{"artifactId": "a", "parts": [{"text": "all of it"}]}],
    }
    with web(lambda request: request.reply(200, rpc({"task": finished}))) as (url, _):
        events = call(url, "stream", "Ada")
        assert "".join(event.text for event in events) == "all of it"
        assert events[-1].done
        assert call(url, "text", "Ada") == "all of it"


def test_a_message_where_a_task_is_asked_for(call):
    with (
        web(lambda request: request.reply(200, rpc(said("hi")["message"]))) as (url, _),
        pytest.raises(CodecError),
    ):
        call(url, "get", "t")


@pytest.mark.parametrize("state", ["FAILED", "REJECTED", "CANCELED"])
def test_text_raises_for_a_task_that_did_not_work_out(call, state):
    end = {"statusUpdate": {"taskId": "t", "status": {"state": f"TASK_STATE_{state}", **said("because")}}}
    with (
        web(agent_that_streams(sse({"task": TASK}, chunk("x"), end))) as (url, _),
        pytest.raises(AgentError, match=f"the task is {state.lower()}: because"),
    ):
        call(url, "text", "Ada")


def test_resume_says_where(call):
    with web(agent_that_streams(sse(DONE))) as (url, asked):
        call(url, "resume", "t")
        assert asked[-1].headers["last-event-id"] is None
        assert json.loads(asked[-1].body)["method"] == "SubscribeToTask"

    with web(agent_that_streams(sse(DONE))) as (url, asked), Client(url) as client:
        list(client.resume("t", after=17))
        assert asked[-1].headers["last-event-id"] == "17"


def test_closing_a_stream_twice_and_before_it_began():
    agent = Agent("greeter")
    agent.stream(lambda task: "hi")
    with Client(agent) as client:
        stream = client.stream("Ada")
        assert (stream.task_id, stream.task, stream.outcome) == (None, None, None)
        stream.close()
        with client.stream("Ada") as stream:
            next(stream)
        stream.close()
        assert list(stream) == []
        assert client.text("Ada") == "hi"
        assert stream.outcome in (None, Outcome.SETTLED)


def test_a_whole_task_is_given_back():
    agent = Agent("greeter")
    agent.stream(lambda task: Part(data={"n": 1}))
    with Client(agent) as client:
        task = client.send([Part(text="a"), Part(text="b")])
        assert isinstance(task, Task)
        assert task.history[0].text == "ab"
        assert task.artifacts[0].parts[0].data == {"n": 1}
        assert client.card() is None


def test_an_error_of_the_body_comes_out_as_it_is():
    agent = Agent("failing")

    @agent.stream
    def failing(task):
        raise ValueError("no")

    with pytest.raises(AgentError), Client(agent) as client:
        client.text("Ada")

    async def on_a_loop():
        async with AsyncClient(agent) as client:
            await client.text("Ada")

    for backend in ("asyncio", "trio"):
        with pytest.raises(AgentError):
            anyio.run(on_a_loop, backend=backend)


@pytest.mark.parametrize("make", [Client, AsyncClient])
def test_targets_are_looked_at_at_once(make):
    with pytest.raises(LocalProtocolError, match="is no target"):
        make("hello.py")


def test_a_client_that_is_not_open_says_so():
    closed = Client(Agent("nobody"))
    with pytest.raises(LocalProtocolError, match=r"not open: use it inside `with Client"):
        closed.text("hi")
    with pytest.raises(LocalProtocolError, match=r"not open"):
        next(closed.stream("hi"))


def test_an_async_client_that_is_not_open_says_so():
    async def ask():
        with pytest.raises(LocalProtocolError, match=r"not open: use it inside `async with AsyncClient"):
            await AsyncClient(Agent("nobody")).text("hi")

    anyio.run(ask)


def test_a_version_that_nobody_speaks_is_refused_at_the_first_call():
    with (
        Client("http://127.0.0.1:9", version="9.9") as client,
        pytest.raises(LocalProtocolError, match=r"A2A 9\.9 is not spoken here; the versions are 1\.0, 0\.3"),
    ):
        client.text("hi")


@pytest.mark.parametrize("target", ["memory", "http"])
def test_a_client_holds_no_more_than_its_limits(target):
    flood = Agent("flood")

    @flood.stream
    def answer(task):
        for _ in range(100):
            yield "x" * 1_000

    limits = ClientLimits(task_size=20_000)
    if target == "memory":
        with Client(flood, limits=limits) as client, pytest.raises(LimitExceeded, match="task_size = 20000"):
            client.text("go")
        return
    with (
        web(agent_that_streams(*[sse(said("x" * 1_000)) for _ in range(100)])) as (url, _),
        Client(url, limits=limits) as client,
        pytest.raises(LimitExceeded, match="task_size = 20000"),
    ):
        client.text("go")
