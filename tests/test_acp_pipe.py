"""HubPipe: one connection to a hub over bytes. However they are cut, what the hub is told is the same."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.acp.hub.pipe import HubPipe
from hocket.acp.limits import HubLimits
from hocket.framing import ContentLength, FramingLimits, Ndjson
from hocket.heartbeat import Heartbeat
from support.hubs import body, call, hub_of, say, start


def pipe_of(hub, link="ada", framing=None, heartbeat=None):
    assert hub.connect(link, 0.0, principal=link) is None
    return HubPipe(hub, link, framing or Ndjson(), heartbeat)


def written(pipe):
    """The messages that are written until there is nothing more."""
    messages = []
    while pieces := pipe.data_to_send():
        messages += [json.loads(line) for piece in pieces for line in piece.splitlines()]
    return messages


def line(message):
    return body(message) + b"\n"


def test_two_agents_and_a_stream():
    hub = hub_of()
    ada, bob = pipe_of(hub, "ada"), pipe_of(hub, "bob")
    ada.receive_data(line(start("ada", "bob")), 0.0)
    (answer,) = written(ada)
    stream_id = answer["result"]["stream"]["streamId"]
    ada.receive_data(line(say(stream_id, "hi")), 0.0)
    assert [each["id"] for each in written(ada)] == [2]
    assert [each["params"].get("event", each["method"]) for each in written(bob)] == [
        "stream_invitation",
        "STREAM_STARTED",
        "stream.message",
    ]
    assert ada.next_event() is None


@given(cuts=st.lists(st.integers(0, 400)))
def test_however_the_bytes_are_cut_the_answers_are_the_same(cuts):
    data = line(start("ada")) + b"\r\n\n" + line(call("stream.nonsense", request_id="é")) + b"{nonsense\n" + line([])
    hub = hub_of()
    pipe = pipe_of(hub)
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for begin, end in pairwise(places):
        pipe.receive_data(data[begin:end], 0.0)
    whole = pipe_of(hub_of())
    whole.receive_data(data, 0.0)
    assert written(pipe) == written(whole)


def test_any_framing_will_do():
    framing, other = ContentLength(), ContentLength()
    pipe = pipe_of(hub_of(), framing=framing)
    pipe.receive_data(other.encode(body(start("ada"))), 0.0)
    (piece,) = pipe.data_to_send()
    other.receive_data(piece)
    assert json.loads(other.next_frame())["id"] == 1


def test_what_was_asked_before_the_end_is_answered_and_then_it_is_over():
    pipe = pipe_of(hub_of())
    pipe.receive_data(body(start("ada")), 0.0)
    assert pipe.data_to_send() == []  # the line is not complete
    pipe.receive_eof(0.0)
    pipe.receive_data(line(start("ada", request_id=2)), 0.0)
    assert not pipe.is_closed
    assert [each["id"] for each in written(pipe)] == [1]
    assert pipe.is_closed
    assert pipe.data_to_send() == []
    pipe.receive_eof(0.0)


def test_what_cannot_be_read_is_answered_and_the_next_line_is_read():
    hub = hub_of(limits=HubLimits(message=1_000))
    pipe = pipe_of(hub, framing=Ndjson(FramingLimits(frame=1_000)))
    pipe.receive_data(b"x" * 2_000 + b"\n" + b"nonsense\n" + line(start("ada")), 0.0)
    too_long, nonsense, answer = written(pipe)
    assert (too_long["error"]["code"], too_long["error"]["data"]) == (-32600, {"limit": "frame", "max": 1_000})
    assert nonsense["error"]["code"] == -32700
    assert answer["id"] == 1


def test_bytes_that_can_never_be_read_again_end_the_connection():
    pipe = pipe_of(hub_of(), framing=ContentLength())
    pipe.receive_data(b"Content-Length: nonsense\r\n\r\n", 0.0)
    pipe.receive_data(ContentLength().encode(body(start("ada"))), 0.0)
    (piece,) = pipe.data_to_send()
    assert b'"error"' in piece
    assert pipe.data_to_send() == []
    assert pipe.is_closed


def test_nothing_is_taken_from_the_hub_before_it_is_wanted():
    hub = hub_of()
    pipe = pipe_of(hub)
    for number in range(300):
        pipe.receive_data(line(call("stream.nonsense", request_id=number)), 0.0)
    assert hub.unread("ada") > 300 * 50
    pieces = pipe.data_to_send()
    assert len(pieces) == 256
    assert len(written(pipe)) == 44
    assert hub.unread("ada") == 0


# Heartbeat ---------------------------------------------------------------------------------------------------------

PATIENCE = Heartbeat(interval=10.0, timeout=5.0)


def test_without_a_heartbeat_there_is_nothing_to_wait_for():
    pipe = pipe_of(hub_of())
    assert pipe.next_timeout() is None
    pipe.handle_timeout(1e9)
    assert (pipe.is_closed, pipe.data_to_send()) == (False, [])


def heard_at(now):
    pipe = pipe_of(hub_of(), heartbeat=PATIENCE)
    pipe.handle_timeout(now)
    return pipe


@pytest.mark.parametrize("alive", ["answer", "error", "chatter"])
def test_a_silent_agent_is_asked_and_any_bytes_will_do(alive):
    pipe = heard_at(0.0)
    assert pipe.next_timeout() == 10.0
    pipe.handle_timeout(10.0)
    (ping,) = written(pipe)
    assert ping == {"jsonrpc": "2.0", "id": "$/ping:1", "method": "$/ping"}
    answers = {
        "answer": {"jsonrpc": "2.0", "id": ping["id"], "result": None},
        "error": {"jsonrpc": "2.0", "id": ping["id"], "error": {"code": -32601, "message": "what?"}},
        "chatter": call("stream.get", {"streamId": "x"}, request_id=...),
    }
    pipe.receive_data(line(answers[alive]), 12.0)
    assert pipe.next_timeout() == 22.0
    assert written(pipe) == []
    told = pipe.hub.next_event()
    assert (told is None) == (alive != "chatter")
    pipe.handle_timeout(22.0)
    assert written(pipe)[0]["id"] == "$/ping:2"


def test_an_agent_that_gives_no_sign_of_life_is_given_up():
    pipe = heard_at(0.0)
    pipe.handle_timeout(10.0)
    pipe.handle_timeout(15.0)
    assert pipe.is_closed
    assert (pipe.next_timeout(), pipe.data_to_send()) == (None, [])
    pipe.receive_data(line(start("ada")), 16.0)
    pipe.handle_timeout(30.0)
    assert pipe.hub.registry.of("ada") == []


def test_an_agent_may_ping_the_hub():
    pipe = pipe_of(hub_of())
    pipe.receive_data(line({"jsonrpc": "2.0", "id": "$/ping:7", "method": "$/ping"}), 0.0)
    assert written(pipe) == [{"jsonrpc": "2.0", "id": "$/ping:7", "result": None}]
