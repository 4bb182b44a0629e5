"""A hub's WebSockets as values: who may open one, what is understood, and every way in which one ends."""

import json

import pytest

from hocket.acp.limits import HubLimits
from hocket.errors import Code, ErrorObject
from hocket.http.acp import HubRoutes
from hocket.http.hub_socket import Close, HubSocket, close_for
from hocket.http.principal import bearer_tokens
from support.hubs import body, call, get, hub_of, said, say, start


class Sockets:
    """Routes, and sockets that are opened on them."""

    def __init__(self, hub=None, **options):
        self.hub = hub or hub_of()
        self.routes = HubRoutes(self.hub, **options)
        self.links = 0

    def open(self, path, agent=None, **options):
        self.links += 1
        return self.routes.open_socket(self.links, get(path, agent, **options), 0.0)


def tell(socket, message):
    socket.receive_text(body(message).decode(), 0.0)
    return [json.loads(text) for text in socket.messages_to_send()]


def begin(sockets, *participants):
    """A socket of the first participant, and the name of a stream."""
    socket = sockets.open("/jsonrpc", participants[0])
    (answer,) = tell(socket, start(*participants))
    return socket, answer["result"]["stream"]["streamId"]


def names(messages):
    return [each["params"].get("event", each["method"]) for each in messages]


def test_one_socket_for_any_stream():
    sockets = Sockets()
    ada, stream_id = begin(sockets, "ada", "bob")
    bob = sockets.open("/jsonrpc", query="agent=bob")
    assert names(tell(bob, call("stream.get", {"streamId": stream_id}))[1:]) == ["STREAM_STARTED"]
    assert [each["id"] for each in tell(ada, say(stream_id, "hi"))] == [2]
    assert names(json.loads(text) for text in bob.messages_to_send()) == ["stream.message"]


def test_a_socket_for_one_stream_reads_and_writes_that_one_only():
    sockets = Sockets()
    ada, stream_id = begin(sockets, "ada", "bob")
    bob = sockets.open(f"/streams/{stream_id}", "bob")
    (other,) = tell(ada, start("ada", "bob", request_id=3))
    other_id = other["result"]["stream"]["streamId"]
    tell(ada, say(stream_id, "here", 4))
    tell(ada, say(other_id, "elsewhere", 5))
    assert names(json.loads(text) for text in bob.messages_to_send()) == ["STREAM_STARTED", "stream.message"]
    (refused,) = tell(bob, say(other_id, "hi"))
    assert refused["error"]["code"] == -32602
    (taken,) = tell(bob, say(stream_id, "hi", 3))
    assert taken["result"]["type"] == "success"


def test_an_invitation_is_not_lost_to_a_socket_that_is_refused():
    sockets = Sockets()
    ada, stream_id = begin(sockets, "ada")
    tell(ada, call("stream.invite", {"streamId": stream_id, "agentId": "eve"}, 2))
    assert sockets.open(f"/streams/{stream_id}", "eve").code == 4003
    sockets.hub.disconnect(sockets.links, 0.0)
    assert names(json.loads(text) for text in sockets.open("/jsonrpc", "eve").messages_to_send()) == [
        "stream_invitation"
    ]


@pytest.mark.parametrize("options", [{"last_event_id": "2"}, {"query": "lastEventId=2"}])
def test_a_socket_for_one_stream_goes_on_after_the_last_event_id(options):
    sockets = Sockets()
    ada, stream_id = begin(sockets, "ada", "bob")
    for number in 2, 3:
        tell(ada, say(stream_id, f"message {number}", number))
    (text,) = sockets.open(f"/streams/{stream_id}", "bob", **options).messages_to_send()
    assert "message 3" in text


def test_the_frame_of_the_source_document_is_a_notification():
    sockets = Sockets()
    ada, stream_id = begin(sockets, "ada", "bob")
    bob = sockets.open(f"/streams/{stream_id}", "bob")
    bob.messages_to_send()
    # As the document writes it, and with "jsonrpc" where it must not mislead.
    for content in "Hello", '"jsonrpc"', {"jsonrpc": "2.0", "type": 1}:
        frame = {"type": "stream.message", "streamId": stream_id, "message": said(content)}
        assert tell(ada, frame) == []
        (text,) = bob.messages_to_send()
        heard = json.loads(text)
        assert heard["method"] == "stream.message"
        assert heard["params"]["message"] == {**said(content), "agentId": "ada"}


def test_a_refused_frame_of_the_source_document_is_told_by_the_hub_alone():
    sockets = Sockets()
    ada, stream_id = begin(sockets, "ada")
    while sockets.hub.next_event() is not None:
        pass
    assert tell(ada, {"type": "stream.message", "streamId": stream_id, "message": {}}) == []
    told = sockets.hub.next_event()
    assert (told.method, told.error.code, told.answered) == ("stream.message", -32602, False)


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "stream.end", "streamId": "x"},
        {"type": "stream.message", "method": 7},
        {"type": "stream.message", "jsonrpc": "2.0", "streamId": "x", "message": {}},
        {"type": ["stream.message"]},
        [{"type": "stream.message"}],
        b'{"type": "stream.message", "streamId": NaN}',
        b'{"type":"stream.message","message":' + b"[" * 63 + b"]" * 63 + b"}",
        "nonsense",
    ],
)
def test_any_other_frame_that_is_no_json_rpc_is_answered_with_an_error(frame):
    (answer,) = tell(Sockets().open("/jsonrpc", "ada"), frame)
    (error,) = answer if isinstance(answer, list) else [answer]
    assert error["error"]["code"] in (-32600, -32700)


def test_what_is_wrong_with_the_text_itself_is_an_answer():
    socket = Sockets().open("/jsonrpc", "ada")
    socket.receive_text('"\ud800"', 0.0)  # no server hands that on, and it must not hurt us
    (answer,) = socket.messages_to_send()
    assert json.loads(answer)["error"]["code"] == -32700


# How it ends -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "agent", "options", "code", "words"),
    [
        ("/streams/none", "ada", {}, 4004, "there is no stream 'none'"),
        ("/elsewhere", "ada", {}, 4004, "there is nothing at /elsewhere; a hub is at /jsonrpc"),
        ("/streams/", "ada", {}, 4004, "there is nothing at /streams/"),
        ("STREAM", "eve", {}, 4003, "only participants can read a stream"),
        ("STREAM", None, {}, 4003, "only participants can read a stream"),
        ("STREAM", "bob", {"last_event_id": "last"}, 4003, "Last-Event-ID is the eventId of an event: a number"),
    ],
)
def test_a_socket_that_is_closed_at_once(path, agent, options, code, words):
    sockets = Sockets()
    _, stream_id = begin(sockets, "ada", "bob")
    close = sockets.open(path.replace("STREAM", f"/streams/{stream_id}"), agent, **options)
    assert isinstance(close, Close)
    assert close.code == code
    assert close.reason.startswith(words)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, 4001),
        ({"authorization": "Bearer wrong"}, 4001),
        ({"query": "token=wrong"}, 4001),
        ({"agent": "bob", "authorization": "Bearer s3cret"}, 4003),
    ],
)
def test_a_socket_needs_a_token_where_there_are_tokens(options, code):
    sockets = Sockets(authenticate=bearer_tokens({"s3cret": "ada"}))
    assert sockets.open("/jsonrpc", **options).code == code
    for good in {"authorization": "Bearer s3cret"}, {"query": "token=s3cret"}, {"query": "agent=ada&token=s3cret"}:
        assert isinstance(sockets.open("/jsonrpc", **good), HubSocket)


def test_a_web_page_from_elsewhere_opens_no_socket():
    sockets = Sockets()
    close = sockets.open("/jsonrpc", "ada", host="127.0.0.1:8100", origin="https://evil.example")
    assert close.code == 4003
    assert close.reason.startswith("a page of https://evil.example cannot speak here without a token")
    page = sockets.open("/jsonrpc", "ada", host="127.0.0.1:8100", origin="http://127.0.0.1:8100")
    assert isinstance(page, HubSocket)


@pytest.mark.parametrize(
    ("code", "close"),
    [(-40007, 4001), (-40009, 4001), (-40008, 4003), (-40006, 4003), (-40003, 4004), (-40012, 1013), (-1, 4003)],
)
def test_each_error_has_its_close(code, close):
    assert close_for(ErrorObject(code, "words")) == Close(close, "words")


def test_a_reason_fits_into_the_frame():
    reason = close_for(ErrorObject.of(Code.PERMISSION_DENIED, "é" * 100)).reason
    assert reason == "é" * 61


def test_a_hub_that_is_full():
    hub = hub_of(limits=HubLimits(links=1))
    hub.connect("another", 0.0)
    assert Sockets(hub).open("/jsonrpc", "ada").code == 1013


def test_a_socket_for_one_stream_ends_with_it_when_all_was_said():
    sockets = Sockets()
    ada, stream_id = begin(sockets, "ada", "bob")
    bob = sockets.open(f"/streams/{stream_id}", "bob")
    bob.messages_to_send()
    assert bob.close is None
    tell(ada, call("stream.end", {"streamId": stream_id}, 2))
    (end,) = bob.messages_to_send()
    assert json.loads(end)["method"] == "stream.end"
    assert bob.close is None  # it is said before it is closed
    assert bob.messages_to_send() == []
    assert bob.close.code == 1000
    assert ada.messages_to_send() == []
    assert ada.close is None  # it was for any stream


def test_a_socket_for_one_stream_ends_for_who_is_sent_away():
    sockets = Sockets()
    ada, stream_id = begin(sockets, "ada", "bob")
    bob = sockets.open(f"/streams/{stream_id}", "bob")
    bob.messages_to_send()
    tell(ada, call("stream.remove", {"streamId": stream_id, "agentId": "bob"}, 2))
    assert names(json.loads(text) for text in bob.messages_to_send()) == ["PARTICIPANT_LEFT"]
    bob.messages_to_send()
    assert bob.close.code == 1000


def test_a_message_at_the_limit_and_one_past_it():
    message = body(call("stream.nonsense", {"note": "x" * 1_000})).decode()
    socket = Sockets(hub_of(limits=HubLimits(message=len(message)))).open("/jsonrpc", "ada")
    assert tell(socket, message.encode())[0]["error"]["code"] == -32601
    socket.receive_text(message.replace("x", "é", 1), 0.0)  # as many characters, one byte more
    assert socket.messages_to_send() == []
    assert socket.close.code == 1009
    assert "raise the limit message" in socket.close.reason


def test_binary_frames_are_not_read():
    socket = Sockets().open("/jsonrpc", "ada")
    socket.receive_bytes(0.0)
    assert socket.close == Close(1003, "messages are JSON-RPC in text frames")


def test_a_hub_that_shuts_down_says_that_one_may_come_back():
    socket = Sockets().open("/jsonrpc", "ada")
    socket.cut()
    assert socket.close.code == 1012


def test_the_first_close_counts_and_nothing_is_read_after_it():
    socket = Sockets().open("/jsonrpc", "ada")
    socket.receive_bytes(0.0)
    socket.receive_text(body(start("ada")).decode(), 0.0)
    socket.cut()
    assert socket.messages_to_send() == []
    assert socket.close.code == 1003
    assert socket.hub.registry.of("ada") == []
