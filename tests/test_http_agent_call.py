"""AgentCall: where the agent is looked for, how it is asked then, and what is told where something goes wrong."""

import json
from functools import partial

import pytest

from hocket.a2a import (
    AgentCapabilities,
    AgentCard,
    AgentExtension,
    AgentInterface,
    CancelTaskRequest,
    ClientLimits,
    GetTaskRequest,
    Operation,
    TaskState,
    card_json,
)
from hocket.backoff import Backoff
from hocket.entropy import seeded
from hocket.errors import ConnectionFailed, LimitExceeded, LocalProtocolError, NotSupported, RpcError
from hocket.framing import FramingLimits
from hocket.http import AgentCall, CardSearch
from support.drain import drain
from support.messages import user_says
from support.wire import DONE, TASK, chunk

URL = "http://ada:s3cret@agent/"
SPOKEN = AgentInterface(url="http://there/rpc", protocol_binding="JSONRPC", protocol_version="1.0")
JSON, SSE = (("content-type", "application/json"),), (("content-type", "text/event-stream"),)
PLACES = ["http://agent/.well-known/agent-card.json", "http://agent/.well-known/agent.json"]


def card(**more):
    return card_json(AgentCard(name="ada", **{"supported_interfaces": (SPOKEN,), **more}))


def stream(*items, number=None):
    """Events, numbered from a number on."""
    blocks = []
    for at, item in enumerate(items):
        data = json.dumps({"jsonrpc": "2.0", "id": "r", "result": item})
        blocks.append(f"data: {data}\n\n" if number is None else f"id: {number + at}\ndata: {data}\n\n")
    return "".join(blocks).encode()


def call_of(url="http://agent", operation=Operation.STREAM, params=None, **options):
    return AgentCall(url, operation, params or user_says(), seeded(1), **options)


def answer(call, body, *, status=200, headers=JSON, size=65_536):
    """The response to the last request, in pieces of a size."""
    call.receive_head(status, headers, now=0.0)
    for at in range(0, len(body), size):
        call.receive_data(body[at : at + size], now=0.0)
    call.receive_eof(now=0.0)


def found(page, **options):
    """A call whose agent has this card, and its request."""
    call = call_of(**options)
    assert call.next_request().path == PLACES[0]
    answer(call, page)
    return call, call.next_request()


def told(call):
    return "".join(event.text for event in drain(call))


@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_an_agent_is_asked_where_its_card_says(size):
    call = call_of(headers=(("authorization", "Bearer s3cret"),))
    request = call.next_request()
    assert (request.method, request.path, request.header("authorization")) == ("GET", PLACES[0], "Bearer s3cret")
    assert (call.next_request(), call.is_reading) == (None, True), "once"
    answer(call, card(), size=size)
    assert (call.card.name, call.is_reading) == ("ada", False)
    request = call.next_request()
    assert (request.method, request.path, request.header("authorization")) == ("POST", SPOKEN.url, "Bearer s3cret")
    assert json.loads(request.body)["method"] == "SendStreamingMessage"
    assert (call.next_request(), call.is_reading, call.is_closed) == (None, True, False)
    answer(call, stream({"task": TASK}, chunk("Hello "), chunk("Ada"), DONE), headers=SSE, size=size)
    events = drain(call)
    assert ("".join(event.text for event in events), events[-1].state) == ("Hello Ada", TaskState.COMPLETED)
    assert [event.done for event in events] == [False] * 3 + [True]
    assert (call.is_closed, call.is_reading, call.next_request(), call.next_timeout()) == (True, False, None, None)
    assert call.address.interface == SPOKEN


@pytest.mark.parametrize(
    ("status", "body"), [(404, card()), (302, b""), (200, b"<html>"), (200, b'{"a": 1}'), (204, b"")]
)
def test_an_agent_without_a_card_is_asked_at_its_url(status, body):
    call = call_of()
    for place in PLACES:
        assert call.next_request().path == place
        answer(call, body, status=status)
    assert call.next_request().path == "http://agent"
    assert call.card is None
    answer(call, stream({"task": TASK}, chunk("Hello"), DONE), headers=SSE)
    assert told(call) == "Hello"


def test_of_a_page_that_is_too_large_no_more_is_read_and_no_more_is_kept(monkeypatch):
    monkeypatch.setattr("hocket.http.agent_call.CardSearch", partial(CardSearch, limit=8))
    call = call_of()
    call.next_request()
    call.receive_head(200, JSON, now=0.0)
    call.receive_data(b"123456", now=0.0)
    assert call.is_reading
    call.receive_data(b"789", now=0.0)
    assert not call.is_reading
    call.receive_data(card(), now=0.0)
    call.receive_eof(now=0.0)
    assert call.next_request().path == PLACES[1], "it is no card"


def test_an_agent_that_cannot_be_reached_is_told_as_the_last_event():
    call = call_of()
    call.next_request()
    call.receive_failure(error := ConnectionFailed("nobody is there"), now=0.0)
    (event,) = drain(call)
    assert (event.kind, event.done, event.error) == ("error", True, error)
    assert (call.is_closed, call.next_request(), call.is_reading) == (True, None, False)


@pytest.mark.parametrize("is_found", [False, True])
def test_a_response_that_never_began_is_a_failure(is_found):
    call = call_of(URL)
    call.next_request()
    if is_found:
        answer(call, card())
        call.next_request()
    assert call.next_request() is None
    call.receive_eof(now=0.0)
    (event,) = drain(call)
    assert (event.kind, event.done, str(event.error)) == ("error", True, "http://agent/ gave no response")


@pytest.mark.parametrize(
    ("page", "kind", "words"),
    [
        (
            card(supported_interfaces=(AgentInterface(url="g", protocol_binding="GRPC"),)),
            ConnectionFailed,
            "no interface",
        ),
        (
            card(capabilities=AgentCapabilities(extensions=(AgentExtension(uri="urn:x", required=True),))),
            LocalProtocolError,
            "urn:x",
        ),
    ],
)
def test_a_card_by_which_nobody_can_be_asked_is_the_end(page, kind, words):
    call, request = found(page)
    (event,) = drain(call)
    assert (request, event.kind, event.done, type(event.error)) == (None, "error", True, kind)
    assert words in str(event.error)


def test_what_the_card_says_the_agent_cannot_do_is_not_asked():
    params = GetTaskRequest(id="t")
    call, request = found(card(), operation=Operation.GET, params=params)
    answer(call, json.dumps({"jsonrpc": "2.0", "id": "r", "result": TASK}).encode())
    assert (call.result().id, call.is_closed) == ("t", True)

    page = card(capabilities=AgentCapabilities(push_notifications=False))
    call, request = found(page, operation=Operation.PUSH_LIST, params=params)
    assert request is None
    with pytest.raises(NotSupported):
        call.result()


def test_an_agent_that_does_not_stream_is_told_at_once():
    call, request = found(card(capabilities=AgentCapabilities(streaming=False)))
    assert json.loads(request.body)["method"] == "SendMessage"
    done = {
        **TASK,
        "status": {"state": "TASK_STATE_COMPLETED"},
        "artifacts": [{"artifactId": "a", "parts": [{"text": "Hi"}]}],
    }
    answer(call, json.dumps({"jsonrpc": "2.0", "id": "r", "result": {"task": done}}).encode())
    (event,) = drain(call)
    assert (event.text, event.done) == ("Hi", True)


def test_a_question_has_a_result_or_an_error():
    call = call_of(operation=Operation.CANCEL, params=CancelTaskRequest(id="t"))
    with pytest.raises(ConnectionFailed, match="http://agent has not answered yet"):
        call.result()
    call.next_request()
    answer(call, card())
    call.next_request()
    with pytest.raises(ConnectionFailed, match="CancelTask was not answered"):
        call.result()
    answer(call, b'{"jsonrpc":"2.0","id":"r","error":{"code":-32002,"message":"it is over"}}')
    assert call.is_closed
    with pytest.raises(RpcError, match="it is over"):
        call.result()


def test_a_stream_that_was_cut_goes_on_where_it_was():
    call, _ = found(card(), resume=Backoff(base=2.0, jitter=False))
    call.receive_head(200, SSE, now=10.0)
    call.receive_data(stream({"task": TASK}, chunk("Hello "), number=1), now=10.0)
    call.receive_eof(now=10.0)
    assert (call.is_closed, call.next_request(), call.next_timeout()) == (False, None, 12.0)
    call.handle_timeout(now=11.9)
    assert call.next_request() is None
    call.handle_timeout(now=12.0)
    request = call.next_request()
    assert (json.loads(request.body)["method"], request.header("last-event-id")) == ("SubscribeToTask", "2")
    answer(call, stream(chunk("Ada"), DONE, number=3), headers=SSE)
    assert (told(call), call.is_closed) == ("Hello Ada", True)


def test_without_resume_a_cut_is_the_end():
    call, _ = found(card())
    answer(call, stream({"task": TASK}, chunk("Hello "), number=1), headers=SSE)
    *_, last = drain(call)
    assert (last.kind, last.done, call.is_closed, call.next_request()) == ("cut", True, True, None)


def test_what_is_wanted_of_the_agent_is_asked_for():
    page = card(
        capabilities=AgentCapabilities(extensions=(AgentExtension(uri="urn:x", required=True),)),
        supported_interfaces=(
            SPOKEN,
            AgentInterface(url="http://old/", protocol_binding="JSONRPC", protocol_version="0.3"),
        ),
    )
    _, request = found(page, version="0.3", extensions=("urn:x",))
    assert (request.path, request.header("x-a2a-extensions")) == ("http://old/", "urn:x")
    assert json.loads(request.body)["method"] == "message/stream"
    rest = AgentInterface(url="http://rest", protocol_binding="HTTP+JSON", protocol_version="1.0")
    _, request = found(card(supported_interfaces=(SPOKEN, rest)), binding="HTTP+JSON")
    assert request.path == "http://rest/message:stream"


@pytest.mark.parametrize(
    "url", ["agent", "ws://agent/", "http://", "http://agent:0/", "http://[", "stdio:python", None]
)
def test_a_url_is_one_of_http(url):
    with pytest.raises(LocalProtocolError, match=r"url must be http\(s\)://HOST…, not "):
        call_of(url)


@pytest.mark.parametrize("options", [{"version": "7"}, {"binding": "GRPC"}])
def test_what_is_not_spoken_here_is_refused_at_once(options):
    with pytest.raises(LocalProtocolError, match="spoken here"):
        call_of(**options)


def moved(call, location, *, breaks=False):
    """The last request is sent on."""
    call.receive_head(307, (("location", location),), now=0.0)
    assert not call.is_reading
    call.receive_data(b"it is elsewhere", now=0.0)
    if breaks:
        call.receive_failure(ConnectionFailed("reset"), now=0.0)
    else:
        call.receive_eof(now=0.0)


@pytest.mark.parametrize("breaks", [False, True])
def test_what_is_elsewhere_at_the_same_host_is_asked_there(breaks):
    call = call_of(headers=(("authorization", "Bearer x"),))
    call.next_request()
    moved(call, "/cards/ada", breaks=breaks)
    request = call.next_request()
    assert (request.method, request.path, request.header("authorization")) == (
        "GET",
        "http://agent/cards/ada",
        "Bearer x",
    )
    assert (call.next_request(), call.is_reading) == (None, True)
    answer(call, card())
    asked = call.next_request()
    moved(call, "/rpc/", breaks=breaks)
    request = call.next_request()
    assert (request.method, request.path, request.body) == ("POST", "http://there/rpc/", asked.body)
    answer(call, stream({"task": TASK}, chunk("Hello"), DONE), headers=SSE)
    assert (told(call), call.is_closed) == ("Hello", True)


def test_who_is_sent_on_for_ever_stops_somewhere():
    call = call_of()
    for place in PLACES:
        assert call.next_request().path == place
        for number in range(5):
            moved(call, f"/{number}")
            assert call.next_request().path == f"http://agent/{number}"
        answer(call, b"", status=307, headers=(("location", "/again"),))
    assert call.next_request().path == "http://agent"
    for number in range(5):
        moved(call, f"/{number}")
        call.next_request()
    answer(call, b"", status=307, headers=(("location", "/again"),))
    (event,) = drain(call)
    assert (event.done, type(event.error)) == (True, ConnectionFailed)


def test_nobody_else_is_given_the_message():
    call, _ = found(card())
    answer(call, b"", status=307, headers=(("location", "http://other/"),))
    (event,) = drain(call)
    assert (event.done, call.next_request()) == (True, None)
    assert "other" in str(event.error)


def test_what_comes_back_has_limits():
    call, _ = found(card(), limits=ClientLimits(framing=FramingLimits(sse_event=100)))
    answer(call, stream({"task": TASK}, chunk("x" * 100)), headers=SSE)
    *_, last = drain(call)
    assert isinstance(last.error, LimitExceeded)
    assert "sse_event" in str(last.error)


def test_its_repr_tells_no_credentials():
    assert "s3cret" not in repr(call_of(URL, headers=(("authorization", "s3cret"),)))
    with pytest.raises(LocalProtocolError, match="not 'ws://agent/'"):
        call_of("ws://ada:s3cret@agent/?key=s3cret")
