"""The limits of a hub: each is refused with -40012 and {limit, max}, and nothing that is too much raises."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hocket.acp.events import FrameRejected
from hocket.acp.limits import HubLimits, LaneLimits, StreamLimits
from hocket.errors import LocalProtocolError
from support.acp_hub import HubWorld, call, text, words


def limited(**limits):
    return HubLimits(stream=StreamLimits(lane=LaneLimits(buffered=2, lanes=1), text=10, participants=3), **limits)


def test_streams_of_one_principal_and_of_all():
    world = HubWorld("ada", "bob", "cyd", limits=limited(streams=3, streams_each=2))
    first = world.start("ada")
    world.start("ada")
    assert world.error("ada", "stream.start", participants=[])["data"] == {"limit": "streams_each", "max": 2}
    world.start("bob")
    assert world.error("cyd", "stream.start", participants=[])["data"] == {
        "limit": "streams",
        "max": 3,
        "retryAfter": 600.0,
    }
    world.ok("ada", "stream.end", streamId=first)
    assert world.error("ada", "stream.end", streamId=first)["code"] == -40004, "it is still remembered"
    world.start("ada")
    assert world.error("ada", "stream.end", streamId=first)["code"] == -40003, "its place was needed"
    world.ok("bob", "stream.end", streamId=world.hub.registry.of("bob")[0].stream_id)
    world.wait(600.0)
    assert world.error("ada", "stream.start", participants=[])["data"]["limit"] == "streams_each"


def test_participants_of_the_hub_and_of_the_stream():
    world = HubWorld("ada", "bob", limits=limited())
    assert world.error("ada", "stream.start", participants=["b", "c", "d"])["data"] == {
        "limit": "participants",
        "max": 3,
    }
    assert [event for event in world.events if not isinstance(event, FrameRejected)] == []
    stream_id = world.start("ada", maxParticipants=1, allowDynamicJoin=True)
    assert world.error("bob", "stream.join", streamId=stream_id)["data"] == {"limit": "participants", "max": 1}
    stream_id = world.start("ada", maxParticipants=9)
    for name in ("b", "c", "d"):
        world.ok("ada", "stream.invite", streamId=stream_id, agentId=name)
    refusal = world.error("ada", "stream.invite", streamId=stream_id, agentId="e")
    assert refusal["data"] == {"limit": "participants", "max": 3}, "nor are there more invitations than that"
    world.ok("ada", "stream.invite", streamId=stream_id, agentId="b")


def test_parts_chunks_and_lanes():
    world = HubWorld("ada", "bob", limits=limited())
    stream_id = world.start("ada", "bob")
    refusal = world.error("ada", "stream.message", streamId=stream_id, message=text("12345678901"))
    assert (refusal["code"], refusal["data"]) == (-40012, {"limit": "text", "max": 10})
    world.connect("post", principal="ada", ordered=False, listens=False)
    assert "result" in world.chunk("post", stream_id, "three", 3)
    refusal = world.chunk("post", stream_id, "four", 4)["error"]
    assert (refusal["code"], refusal["data"]["limit"], refusal["data"]["max"]) == (-40012, "buffered", 2)
    refusal = world.chunk("bob", stream_id, "one", 1)["error"]
    assert (refusal["code"], refusal["data"]["limit"], refusal["data"]["max"]) == (-40012, "lanes", 1)


def test_connections():
    world = HubWorld("ada", limits=HubLimits(links=1))
    refusal = world.hub.connect("bob", 0.0, principal="bob")
    assert (refusal.code, refusal.data) == (-40012, {"limit": "links", "max": 1, "retryAfter": 1.0})
    with pytest.raises(LocalProtocolError, match="no connection 'bob'"):
        world.hub.receive("bob", b"{}", 0.0)
    world.disconnect("ada")
    assert world.hub.connect("bob", 0.0, principal="bob") is None


def test_an_answer_that_is_too_long_is_an_error_and_not_an_exception():
    world = HubWorld("ada", limits=HubLimits(message=6_000))
    stream_id = world.start("ada", "bob")
    world.connect("bob", principal="bob")
    for _ in range(3):
        world.say("ada", stream_id, "x" * 2_500)
    refusal = world.error("bob", "stream.get", streamId=stream_id, lastEventId="0")
    assert (refusal["code"], refusal["data"]) == (-40012, {"limit": "message", "max": 6_000})
    assert world.ok("bob", "stream.get", streamId=stream_id, lastEventId="0", limit=2)["lastEventId"] == "2"
    get = {"jsonrpc": "2.0", "method": "stream.get", "params": {"streamId": stream_id, "lastEventId": "1", "limit": 1}}
    (answers,) = world.raw("bob", [{**get, "id": number} for number in range(4)])
    assert sum("result" in answer for answer in answers) == 1


@pytest.mark.parametrize("levels", [48, 60])
def test_what_is_nested_too_deeply_to_be_passed_on_is_refused(levels):
    world = HubWorld("ada", "bob")
    deep = json.loads("[" * levels + "]" * levels)
    answer = world.ask("ada", "stream.start", participants=["bob"], metadata={"deep": deep[0]})
    assert ("result" in answer) is (levels == 48)
    stream_id = world.start("ada", "bob")
    part = {"type": "DataPart", "content": deep[0] if levels > 48 else deep}
    answer = world.ask("ada", "stream.message", streamId=stream_id, message={"role": "agent", "parts": [part] * 2})
    assert ("result" in answer) is (levels == 48)
    page = world.ask("bob", "stream.get", streamId=stream_id, lastEventId="0")
    assert len(page["result"]["events"]) == (2 if levels == 48 else 1)


@example("\x01" * 400, 2_000)
@given(st.text(st.sampled_from('a\x85\u2028\x01é\U0001f600"\\'), max_size=400), st.integers(2_000, 3_000))
def test_what_is_taken_fits_into_a_message_for_the_others_however_it_has_to_be_written(words, maximum):
    world, sizes = HubWorld("ada", "bob", limits=HubLimits(message=maximum)), []
    keep = world.keep
    world.keep = lambda send: (sizes.append(len(send.message)), keep(send))
    stream_id = world.start("ada", "bob")
    for name, value in (("message", {"message": text(words)}), ("chunk", {"chunk": text(words), "sequence": 1})):
        answer = world.ask("ada", f"stream.{name}", streamId=stream_id, **value)
        if "error" in answer:
            assert answer["error"]["data"] == {"limit": "relayed", "max": maximum}
    answer = world.ask("ada", "stream.start", participants=["bob"], metadata={"purpose": words})
    if "error" in answer:
        assert answer["error"]["data"] == {"limit": "relayed", "max": maximum}
    world.given("bob")
    assert len(sizes) >= 6
    assert max(sizes) <= maximum


def test_a_reason_has_its_limit():
    world = HubWorld("ada", limits=HubLimits(stream=StreamLimits(reason=10)))
    stream_id = world.start("ada")
    assert world.error("ada", "stream.pause", streamId=stream_id, reason="é" * 6)["data"] == {
        "limit": "reason",
        "max": 10,
    }
    world.ok("ada", "stream.pause", streamId=stream_id, reason="é" * 5)


def test_invitations_do_not_pile_up_before_who_does_not_read():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", allowDynamicJoin=True)
    world.hub.connect("slow", world.now, principal="fay")
    for number in range(100):
        world.hub.receive(
            "ada", call("stream.invite", streamId=stream_id, agentId="fay", reason=str(number)), world.now
        )
    assert world.hub.unread("slow") == 0, "what others send is no reason to stop reading from it"
    (send,) = world.hub.take("slow")
    assert json.loads(send.message)["params"]["data"]["reason"] == "99"


@pytest.mark.parametrize("leaves", [True, False])
def test_an_invitation_that_was_not_read_goes_with_its_stream(leaves):
    world = HubWorld("ada", "bob")
    world.hub.connect("slow", world.now, principal="bob")
    for _ in range(100):
        stream_id = world.start("ada", "bob")
        if leaves:
            world.ok("bob", "stream.leave", streamId=stream_id)
        world.ok("ada", "stream.end", streamId=stream_id)
    given = words([json.loads(send.message) for send in world.hub.take("slow", 1_000)])
    assert given.count("STREAM_STARTED") == 100
    assert "stream_invitation" not in given


def test_a_start_that_is_refused_takes_no_closed_streams_place():
    world = HubWorld("ada", limits=limited(streams=1))
    stream_id = world.start("ada")
    world.ok("ada", "stream.end", streamId=stream_id)
    assert world.error("ada", "stream.start", participants=list("abcd"))["data"]["limit"] == "participants"
    assert world.ok("ada", "stream.get", streamId=stream_id)["stream"]["status"] == "CLOSED"
    other = world.start("ada")
    assert world.error("ada", "stream.get", streamId=stream_id)["code"] == -40003
    assert world.error("ada", "stream.start", participants=[])["data"]["limit"] == "streams"
    assert world.hub.stream(other) is not None
