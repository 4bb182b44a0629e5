"""A hub: fan-out, members, batches, and answers that are given again."""

import json

from hocket.acp.events import FrameRejected
from hocket.acp.limits import HubLimits, StreamLimits
from hocket.errors import CodecError, LimitExceeded
from support.acp_hub import HubWorld, call, text

# --- fan-out


def test_a_message_goes_to_all_others_and_to_nobody_else():
    world = HubWorld("ada", "bob", "cyd", "eve")
    stream_id = world.start("ada", "bob", "cyd")
    for agent in ("ada", "bob", "cyd", "eve"):
        world.given(agent)
    assert world.say("bob", stream_id, "hello")["type"] == "success"
    heard = {agent: world.given(agent) for agent in ("ada", "bob", "cyd", "eve")}
    assert [len(heard[agent]) for agent in ("ada", "bob", "cyd", "eve")] == [1, 0, 1, 0]
    assert heard["ada"] == heard["cyd"]
    (message,) = heard["ada"]
    assert message == {
        "jsonrpc": "2.0",
        "method": "stream.message",
        "params": {"streamId": stream_id, "message": text("hello", agentId="bob"), "eventId": "2"},
    }


def test_what_is_relayed_keeps_the_members_that_nobody_knows():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    world.given("bob")
    part = {
        "type": "ImagePart",
        "content": "aGk=",
        "encoding": "base64",
        "width": 3,
        "x-mine": {"deep": [1, "2", False]},
    }
    world.ok("ada", "stream.message", streamId=stream_id, message={"role": "user", "parts": [part], "x-other": "kept"})
    (message,) = world.given("bob")
    assert message["params"]["message"] == {"role": "user", "parts": [part], "x-other": "kept", "agentId": "ada"}


def test_null_counts_as_absent_and_is_never_written():
    world = HubWorld("ada", "bob")
    stream_id = world.ok("ada", "stream.start", participants=["bob"], metadata=None, streamId=None)["stream"][
        "streamId"
    ]
    started, _ = sorted(world.given("bob"), key=lambda each: each["params"]["event"])
    assert "reason" not in started["params"]["data"]
    world.ok("ada", "stream.message", streamId=stream_id, message=text("hi", timestamp=None, agentId=None))
    (message,) = world.given("bob")
    assert message["params"]["message"] == text("hi", agentId="ada")


def test_chunks_carry_their_number_and_where_their_message_begins():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    world.given("bob")
    world.chunk("ada", stream_id, "one", 1)
    world.say("ada", stream_id, "meanwhile")
    world.chunk("ada", stream_id, "two", 2, last=True)
    world.chunk("ada", stream_id, "next", 1)
    numbers = [
        [each["params"].get(name) for name in ("sequence", "isLast", "eventId", "firstEventId")]
        for each in world.given("bob")
    ]
    assert numbers == [[1, None, "2", "2"], [None, None, "3", None], [2, True, "4", "2"], [1, None, "5", "5"]]


# --- members


def test_a_stream_that_starts_invites_the_others_and_says_what_for():
    world = HubWorld("ada", "bob", "cyd")
    stream_id = world.start("ada", "bob", "cyd", purpose="an anomaly")
    started, invitation = sorted(world.given("bob"), key=lambda each: each["params"]["event"])
    assert started["params"]["data"]["reason"] == "an anomaly"
    assert started["params"]["data"]["stream"]["participants"] == ["ada", "bob", "cyd"]
    assert invitation["method"] == "stream.event"
    assert invitation["params"] == {
        "streamId": stream_id,
        "event": "stream_invitation",
        "eventId": "1",
        "timestamp": "2023-11-14T22:13:20.000Z",
        "agentId": "bob",
        "data": {
            "type": "stream_invitation",
            "streamId": stream_id,
            "reason": "an anomaly",
            "currentParticipants": ["ada", "bob", "cyd"],
            "invitedBy": "ada",
        },
    }


def test_who_is_invited_while_away_finds_the_invitation_once():
    world = HubWorld("ada")
    stream_id = world.start("ada")
    world.ok("ada", "stream.invite", streamId=stream_id, agentId="bob", reason="we need you")
    world.connect("bob", principal="bob")
    (invitation,) = world.given("bob")
    assert invitation["params"]["data"]["reason"] == "we need you"
    world.connect("bob's other line", principal="bob")
    assert world.given("bob's other line") == []


def test_an_invitation_that_is_pointless_is_not_kept():
    world = HubWorld("ada")
    joined, ended = world.start("ada"), world.start("ada")
    for stream_id in (joined, ended):
        world.ok("ada", "stream.invite", streamId=stream_id, agentId="bob")
    world.connect("post", principal="bob", listens=False)
    world.ok("post", "stream.join", streamId=joined)
    world.ok("ada", "stream.end", streamId=ended)
    world.connect("bob", principal="bob")
    assert "stream_invitation" not in world.names("bob")


def test_an_invitation_can_be_used_once_and_a_member_needs_none():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada")
    world.ok("ada", "stream.invite", streamId=stream_id, agentId="bob")
    world.ok("bob", "stream.join", streamId=stream_id)
    assert "already" in world.ok("ada", "stream.invite", streamId=stream_id, agentId="bob")["message"]
    world.ok("bob", "stream.leave", streamId=stream_id)
    assert world.error("bob", "stream.join", streamId=stream_id)["data"]["reason"] == "not_open"


def test_an_invitation_that_was_used_makes_room_for_another():
    world = HubWorld("ada", "bob", limits=HubLimits(stream=StreamLimits(participants=3)))
    stream_id = world.start("ada")
    for name in ("bob", "cyd", "dan"):
        world.ok("ada", "stream.invite", streamId=stream_id, agentId=name)
    world.error("ada", "stream.invite", streamId=stream_id, agentId="eve")
    world.ok("bob", "stream.join", streamId=stream_id)
    world.ok("ada", "stream.invite", streamId=stream_id, agentId="eve")


def test_the_streams_of_an_agent_are_those_it_takes_part_in():
    world = HubWorld("ada", "bob")
    first, second, third = (world.start("ada", "bob", allowDynamicJoin=True) for _ in range(3))
    world.ok("bob", "stream.leave", streamId=first)
    world.ok("ada", "stream.remove", streamId=second, agentId="bob")
    assert [stream.stream_id for stream in world.hub.registry.of("bob")] == [third]
    world.ok("bob", "stream.join", streamId=first)
    assert [stream.stream_id for stream in world.hub.registry.of("bob")] == [third, first]
    for stream_id in (first, third):
        world.ok("ada", "stream.end", streamId=stream_id)
    world.wait(600.0)
    assert world.hub.registry.of("bob") == []


def test_an_open_stream_takes_those_who_can_what_it_asks_for():
    world = HubWorld("ada", "bob", "eve")
    stream_id = world.start("ada", allowDynamicJoin=True, expertiseRequired=["finance", "law"])
    refusal = world.error("eve", "stream.join", streamId=stream_id, capabilities=["music"])
    assert refusal["data"] == {"reason": "expertise", "expertiseRequired": ["finance", "law"]}
    world.ok("bob", "stream.join", streamId=stream_id, capabilities=["music", "law"])
    assert world.hub.stream(stream_id).object().participants == ("ada", "bob")


def test_who_is_sent_away_is_told_and_given_nothing_after_that():
    world = HubWorld("ada", "bob", "cyd")
    stream_id = world.start("ada", "bob", "cyd")
    world.given("bob")
    world.say("ada", stream_id, "before")
    world.ok("ada", "stream.remove", streamId=stream_id, agentId="bob", reason="too loud")
    world.say("ada", stream_id, "after")
    message, left = world.given("bob")
    assert message["params"]["message"]["parts"][0]["content"] == "before"
    assert left["params"]["agentId"] == "bob"
    assert left["params"]["data"] == {"reason": "too loud", "removedBy": "ada"}


def test_who_is_sent_away_is_still_given_what_came_before_that():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    world.given("bob")
    for words in ("one", "two"):
        world.hub.receive("ada", call("stream.message", streamId=stream_id, message=text(words)), 0.0)
    world.hub.receive("ada", call("stream.remove", streamId=stream_id, agentId="bob"), 0.0)
    world.hub.receive("ada", call("stream.message", streamId=stream_id, message=text("three")), 0.0)
    assert world.names("bob") == ["stream.message", "stream.message", "PARTICIPANT_LEFT"]


def test_who_has_left_and_come_back_is_given_both_times_and_not_what_was_between():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob", allowDynamicJoin=True)
    world.given("bob")
    steps = [
        ("ada", "stream.message", {"message": text("one")}),
        ("bob", "stream.leave", {}),
        ("ada", "stream.message", {"message": text("two")}),
        ("bob", "stream.join", {}),
        ("ada", "stream.message", {"message": text("three")}),
    ]
    for link, method, params in steps:  # nobody takes anything meanwhile
        world.hub.receive(link, call(method, streamId=stream_id, **params), 0.0)
    words = [each["params"]["message"]["parts"][0]["content"] for each in world.given("bob")]
    assert words == ["one", "three"]


# --- batches and other envelopes


def test_a_batch_is_answered_with_one_array_and_done_in_its_order():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    world.given("bob")
    batch = [
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "stream.message",
            "params": {"streamId": stream_id, "message": text("1")},
        },
        {"jsonrpc": "2.0", "method": "stream.message", "params": {"streamId": stream_id, "message": text("2")}},
        {"jsonrpc": "2.0", "id": 2, "method": "stream.end", "params": {"streamId": stream_id}},
        {
            "jsonrpc": "2.0",
            "id": 3,
            "method": "stream.message",
            "params": {"streamId": stream_id, "message": text("4")},
        },
        7,
    ]
    (answers,) = world.raw("ada", batch)
    assert [(answer["id"], "result" in answer) for answer in answers] == [
        (1, True),
        (2, True),
        (3, False),
        (None, False),
    ]
    assert world.names("bob") == ["stream.message", "stream.message", "stream.end"]


def test_a_batch_of_notifications_is_not_answered():
    world = HubWorld("ada")
    stream_id = world.start("ada")
    assert world.raw("ada", [json.loads(call("stream.message", streamId=stream_id, message=text("1")))] * 2) == []
    assert len(world.hub.stream(stream_id).log) == 2


def test_the_id_null_is_an_id_or_for_some_peers_none():
    world = HubWorld("ada")
    world.connect("compat", principal="bob", null_id_is_notification=True)
    start = {"jsonrpc": "2.0", "id": None, "method": "stream.start", "params": {"participants": []}}
    (answer,) = world.raw("ada", start)
    assert (answer["id"], answer["result"]["type"]) == (None, "stream")
    assert world.raw("compat", start) == []
    assert world.raw("compat", [start, {**start, "id": 1}])[0][0]["id"] == 1
    assert sum(type(event).__name__ == "StreamStarted" for event in world.events) == 4


def test_what_is_no_message_is_answered_and_told():
    world = HubWorld("ada")
    world.hub.refuse("ada", LimitExceeded("line", 10, 11), 0.0)
    world.hub.refuse("ada", CodecError("not JSON"), 0.0)
    world.pump()
    assert [answer["error"]["code"] for answer in world.replies["ada"]] == [-32600, -32700]
    assert [type(event) for event in world.events] == [FrameRejected, FrameRejected]


def test_answers_that_nobody_asked_for_are_passed_over():
    world = HubWorld("ada")
    assert world.raw("ada", {"jsonrpc": "2.0", "id": 5, "result": "?"}) == []
    assert world.raw("ada", {"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": "?"}}) == []
    assert world.events == []


def test_an_unknown_method_says_which_there_are():
    refusal = HubWorld("ada").error("ada", "stream.fly", streamId="x")
    assert refusal["code"] == -32601
    assert "stream.join" in refusal["data"]["methods"]


# --- the same request again


def test_sessions_share_what_was_answered_over_several_connections():
    world = HubWorld("bob")
    stream_id = None
    for link in ("post 1", "post 2"):
        world.connect(link, principal="ada", ordered=False, listens=False, session=("ada", "s"))
        result = world.ok(link, "stream.start", id="start", participants=["bob"])
        assert stream_id in (None, result["stream"]["streamId"])
        stream_id = result["stream"]["streamId"]
        world.disconnect(link)
    world.connect("post 3", principal="ada", ordered=False, listens=False)
    assert world.ok("post 3", "stream.start", id="start", participants=["bob"])["stream"]["streamId"] != stream_id


def test_ids_that_look_alike_are_different_ids():
    world = HubWorld("ada")
    first = world.ok("ada", "stream.start", id="1", participants=[])
    second = world.ok("ada", "stream.start", id=1, participants=[])
    assert first["stream"]["streamId"] != second["stream"]["streamId"]


def test_a_request_that_was_refused_can_be_sent_again_when_things_have_changed():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    world.ok("ada", "stream.pause", streamId=stream_id)
    again = {"id": "again", "streamId": stream_id, "message": text("hello")}
    assert world.error("bob", "stream.message", **again)["data"]["retryable"] is True
    world.ok("ada", "stream.resume", streamId=stream_id)
    world.ok("bob", "stream.message", **again)
