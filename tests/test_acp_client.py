"""The client's machine: requests and their ends, streams and their ends, hubs of other makes."""

import json

import pytest

from hocket.acp.client import Client
from hocket.acp.client_events import Answered, BatchFailed, Failed
from hocket.acp.events import (
    ChunkReceived,
    FrameRejected,
    Invited,
    MessageCompleted,
    MessageLost,
    MessageSent,
    ParticipantLeft,
    ReplayGap,
    StreamEnded,
)
from hocket.acp.limits import ClientLimits, LaneLimits
from hocket.acp.model import StreamStatus, message_of
from hocket.entropy import seeded
from hocket.errors import (
    CodecError,
    ConnectionFailed,
    LocalProtocolError,
    NotSupported,
    RequestTimeout,
    ResumeUnsupported,
    RpcError,
)
from support.acp_hub_script import STREAM, HubScript, chunk, content, happened, notification, said, stream_result

# Starting and joining


def test_a_start_says_who_takes_part_and_is_answered_with_the_stream():
    hub = HubScript()
    started = hub.ask("start", ["bob"], {"purpose": "talk"})
    request_id, method, params = hub.asked()
    assert (request_id, method) == (started, "stream.start")
    assert params == {"participants": ["bob"], "metadata": {"purpose": "talk"}, "agentId": "ada"}
    hub.admit(started)
    (answered,) = hub.events()
    assert (answered.request_id, answered.stream_id, answered.result.participants) == (started, STREAM, ("ada", "bob"))
    assert hub.client.object(STREAM) == answered.result


def test_what_comes_before_the_start_is_answered_is_asked_for_again():
    hub = HubScript()
    started = hub.ask("start", ["bob"])
    hub.sent()
    hub.say(said("early", 2))
    assert hub.events() == [], "nobody knows this stream yet"
    hub.admit(started)
    request_id, method, params = hub.asked()
    assert (method, params["lastEventId"]) == ("stream.join", "0")
    hub.say(said("late", 3))  # before the hub had the question: it comes again
    hub.admit(request_id, lastEventId="0")
    hub.say(said("early", 2))
    hub.say(said("late", 3))
    assert hub.told()[1:] == ["MessageSent early", "MessageSent late"]


def test_of_a_stream_that_was_not_joined_only_the_invitation_is_told_and_the_join_asks_for_the_rest():
    hub = HubScript()
    invitation = {"type": "stream_invitation", "streamId": STREAM, "reason": "help", "currentParticipants": ["bob"]}
    hub.say(happened("stream_invitation", 1, "ada", invitedBy="bob", **invitation))
    hub.say(happened("STREAM_STARTED", 1, stream=stream_result()["stream"]))
    hub.say(said("hello", 2))
    (invited,) = hub.events()
    assert invited == Invited(
        stream_id=STREAM,
        agent_id="ada",
        invited_by="bob",
        timestamp="2025-01-01T00:00:00Z",
        reason="help",
        current_participants=("bob",),
    )
    hub.ask("join", STREAM, ["audit"])
    _, _, params = hub.asked()
    assert params == {"streamId": STREAM, "capabilities": ["audit"], "lastEventId": "0", "agentId": "ada"}


def test_a_join_that_is_refused_can_be_tried_again_once_the_stream_is_forgotten():
    hub = HubScript()
    joined = hub.ask("join", STREAM)
    hub.sent()
    hub.refuse(joined, -40012, {"limit": "participants", "max": 2})
    assert hub.told() == [f"failed {joined} RpcError"]
    with pytest.raises(LocalProtocolError, match="is closed"):
        hub.ask("join", STREAM)
    hub.client.forget(STREAM)
    assert hub.ask("join", STREAM) != joined


def test_an_open_stream_is_not_forgotten():
    hub = HubScript().enter()
    with pytest.raises(LocalProtocolError, match="only a closed one"):
        hub.client.forget(STREAM)
    hub.client.forget("nobody knows this one")


def test_what_is_asked_before_there_is_a_line_waits_for_it():
    hub = HubScript(connected=False)
    started = hub.ask("start", ["bob"])
    assert hub.sent() == []
    assert hub.client.next_timeout() is None, "nobody has had it, so nobody is late"
    hub.connect()
    assert hub.asked()[0] == started
    assert hub.events() == []


# Answers


def test_messages_and_chunks_are_signed_and_stamped():
    hub = HubScript(epoch=1_720_017_000.0).enter()
    hub.now = 0.5
    hub.ask("message", STREAM, "hi")
    hub.ask("chunk", STREAM, message_of("ho", agent_id="eve"), 1, True)
    message, piece = [request["params"] for request in hub.sent()]
    assert (message["message"]["agentId"], message["message"]["timestamp"]) == ("ada", "2024-07-03T14:30:00.500Z")
    assert (piece["chunk"]["agentId"], piece["sequence"], piece["isLast"]) == ("eve", 1, True)


@pytest.mark.parametrize("number", [-1, 2**53, True, "1", 1.0, None])
def test_a_chunk_has_a_number(number):
    hub = HubScript().enter()
    with pytest.raises(LocalProtocolError, match="number of a chunk"):
        hub.ask("chunk", STREAM, "x", number)
    assert hub.sent() == []


def test_an_answer_that_cannot_be_read_is_a_failure():
    hub = HubScript()
    started = hub.ask("start", ["bob"])
    hub.sent()
    hub.answer(started, {"type": "stream", "stream": {"streamId": 7}})
    (failed,) = hub.events()
    assert isinstance(failed.error, CodecError)
    assert "result.stream.streamId" in str(failed.error)


@pytest.mark.parametrize("code", [-32601, -32600])
@pytest.mark.parametrize("command", [("pause",), ("leave",), ("get",), ("invite", "eve"), ("remove", "bob")])
def test_a_hub_without_the_extension_is_told_apart(command, code):
    hub = HubScript().enter()
    name, *arguments = command
    asked = hub.ask(name, STREAM, *arguments)
    hub.sent()
    hub.refuse(asked, code)
    (failed,) = hub.events()
    assert type(failed.error) is NotSupported
    assert hub.state == "active"


def test_a_method_that_every_hub_has_is_never_lacking():
    hub = HubScript().enter()
    asked = hub.ask("message", STREAM, "hi")
    hub.sent()
    hub.refuse(asked, -32600)
    (failed,) = hub.events()
    assert type(failed.error) is RpcError


def test_invite_and_remove_name_the_other_agent():
    hub = HubScript().enter()
    hub.ask("invite", STREAM, "eve", "we need you")
    hub.ask("remove", STREAM, "bob")
    invite, remove = [request["params"] for request in hub.sent()]
    assert invite == {"streamId": STREAM, "agentId": "eve", "reason": "we need you"}
    assert remove == {"streamId": STREAM, "agentId": "bob"}


def test_a_request_without_an_answer_is_sent_again_with_the_same_id_and_then_given_up():
    hub = HubScript(limits=ClientLimits(request=10.0, retries=2)).enter()
    asked = hub.ask("message", STREAM, "hi")
    sent = []
    for _ in range(4):
        sent += hub.sent()
        hub.wait(10.0)
    assert [request["id"] for request in sent] == [asked] * 3
    assert sent[0] == sent[1] == sent[2]
    (failed,) = hub.events()
    assert isinstance(failed.error, RequestTimeout)


def test_the_answer_to_either_sending_counts_once():
    hub = HubScript().enter()
    asked = hub.ask("message", STREAM, "hi")
    hub.sent()
    hub.wait(10.0)
    hub.sent()
    hub.answer(asked)
    hub.answer(asked)
    assert hub.told() == [f"answered {asked}"]
    hub.wait(100.0)
    assert hub.sent() == []


def test_too_many_requests_are_refused_and_change_nothing():
    hub = HubScript(limits=ClientLimits(in_flight=2)).enter()
    hub.ask("message", STREAM, "1")
    hub.ask("message", STREAM, "2")
    for command in [("message", STREAM, "3"), ("end", STREAM), ("join", "other"), ("start",), ("get", STREAM)]:
        with pytest.raises(LocalProtocolError, match="in_flight = 2"):
            hub.ask(*command)
    assert hub.client.state("other").value == "idle"
    assert len(hub.sent()) == 2


def test_too_long_a_message_is_refused_and_changes_nothing():
    hub = HubScript(limits=ClientLimits(message=2_000)).enter()
    for command in ("message", "post"):
        with pytest.raises(LocalProtocolError, match="message = 2000"):
            hub.ask(command, STREAM, "x" * 2_000)
    hub.wait(10.0)
    assert hub.sent() == []


def test_what_is_posted_does_not_count_as_a_request_of_the_caller():
    hub = HubScript(limits=ClientLimits(in_flight=1)).enter()
    hub.ask("message", STREAM, "a")
    hub.sent()
    hub.ask("post", STREAM, "b")
    hub.wait(1.0)
    assert hub.methods() == ["stream.message"]


def test_what_is_no_message_is_refused():
    hub = HubScript().enter()
    with pytest.raises(LocalProtocolError, match="cannot be said"):
        hub.ask("message", STREAM, 7)


# Pause and resume


def test_our_own_pause_counts_when_it_is_answered():
    hub = HubScript().enter()
    asked = hub.ask("pause", STREAM, "lunch")
    hub.sent()
    assert hub.state == "active"
    hub.answer(asked)
    assert hub.state == "paused"
    assert hub.client.object(STREAM).status is StreamStatus.PAUSED


def test_a_resume_is_answered_with_the_stream():
    hub = HubScript().enter("PAUSED")
    asked = hub.ask("resume", STREAM)
    request_id, method, _ = hub.asked()
    assert (request_id, method) == (asked, "stream.resume")
    hub.admit(asked)
    assert (hub.state, hub.told()) == ("active", [f"answered {asked}"])


def test_a_hub_without_resume_is_asked_by_a_start_that_names_the_stream():
    hub = HubScript().enter("PAUSED")
    asked = hub.ask("resume", STREAM)
    hub.sent()
    hub.refuse(asked, -32601)
    request_id, method, params = hub.asked()
    assert (method, params["streamId"], params["participants"]) == ("stream.start", STREAM, ["ada", "bob"])
    assert request_id != asked, "an id is never used for two requests"
    hub.admit(request_id)
    assert (hub.state, hub.told()) == ("active", [f"answered {asked}"])


def test_a_hub_that_starts_another_stream_instead_cannot_resume_and_the_stray_stream_is_ended():
    hub = HubScript().enter("PAUSED")
    asked = hub.ask("resume", STREAM)
    hub.sent()
    hub.refuse(asked, -32600)
    hub.admit(hub.asked()[0], stream_id="stray")
    request_id, method, params = hub.asked()
    assert (method, params["streamId"]) == ("stream.end", "stray")
    hub.answer(request_id)
    (failed,) = hub.events()
    assert (failed.request_id, failed.stream_id) == (asked, STREAM)
    assert isinstance(failed.error, ResumeUnsupported)
    assert (hub.state, hub.client.state("stray").value) == ("paused", "idle")


# Chunks


def test_the_chunks_of_two_agents_are_put_together_by_the_hubs_numbers():
    hub = HubScript().enter()
    for message in [
        chunk("a1 ", 1, 1, 1),
        chunk("b1 ", 7, 2, 2, agent="eve"),
        chunk("a2", 2, 3, 1, last=True),
        chunk("b2", 8, 4, 2, agent="eve", last=True),
    ]:
        hub.say(message)
    whole = [event for event in hub.events() if isinstance(event, MessageCompleted)]
    assert [(event.agent_id, event.text, event.first_event_id) for event in whole] == [
        ("bob", "a1 a2", 1),
        ("eve", "b1 b2", 2),
    ]
    assert whole[0].message.agent_id == "bob"


def test_a_message_that_the_hub_gives_up_is_told_once_and_one_we_never_heard_of_is_not():
    hub = HubScript().enter()
    hub.say(chunk("a", 1, 5, 5))
    hub.say(happened("MESSAGE_LOST", 6, reason="gap", expected=2, firstEventId="5"))
    hub.say(chunk("b", 2, 7, 5))
    hub.say(happened("MESSAGE_LOST", 8, reason="gap", firstEventId="3"))
    hub.say(happened("PARTICIPANT_LEFT", 9))
    assert hub.told() == ["ChunkReceived a", "MessageLost gap", "ParticipantLeft"]


def test_when_a_sender_leaves_or_the_stream_ends_what_is_open_is_lost():
    hub = HubScript().enter()
    hub.say(chunk("a", 1, 1, 1))
    hub.say(chunk("b", 1, 2, 2, agent="eve"))
    hub.say(happened("PARTICIPANT_LEFT", 3, "bob"))
    hub.say(notification("end", reason="done", eventId="4"))
    assert hub.told()[2:] == ["MessageLost left", "ParticipantLeft", "MessageLost stream_closed", "StreamEnded done"]


@pytest.mark.parametrize("option", ["message", "lanes"])
def test_a_message_over_a_limit_is_lost_and_its_rest_is_silent(option):
    hub = HubScript(limits=ClientLimits(lane=LaneLimits(**{option: 1}))).enter()
    hub.say(chunk("a", 1, 1, 1))
    hub.say(chunk("b", 1, 2, 2, agent="eve"))
    hub.say(chunk("c", 2, 3, 2, agent="eve", last=True))
    lost = [event for event in hub.events() if isinstance(event, MessageLost)]
    assert [event.reason for event in lost] == ["too_large"] * len(lost)
    assert [event.first_event_id for event in lost] == ([1, 2] if option == "message" else [2])


def test_all_open_messages_together_have_a_limit_and_what_is_over_gives_its_bytes_back():
    hub = HubScript(limits=ClientLimits(held=3_000)).enter()
    for number in range(1, 20):
        hub.say(chunk("x" * 500, 1, number, number, last=True))
    assert not any(isinstance(event, MessageLost) for event in hub.events())
    for number in range(20, 30):
        hub.say(chunk("x" * 500, number - 19, number, 20))
    assert "MessageLost too_large" in hub.told()


# The end of a stream


def test_an_end_of_others_is_told_after_what_was_said():
    hub = HubScript().enter()
    hub.say(said("bye", 1))
    hub.say(notification("end", reason="done", agentId="bob", eventId="2", timestamp="2025-01-01T00:00:00Z"))
    hub.say(said("too late", 3))
    assert hub.told() == ["MessageSent bye", "StreamEnded done"]
    assert hub.client.object(STREAM).closed_at == "2025-01-01T00:00:00Z"
    assert hub.sent() == []


def test_our_own_end_is_told_too_after_what_the_others_had_said():
    """The answer comes before events that the hub had in store; and what we do ourselves it does not tell us."""
    hub = HubScript().enter()
    asked = hub.ask("end", STREAM, "done")
    hub.sent()
    hub.answer(asked)
    assert (hub.told(), hub.state) == ([f"answered {asked}"], "closed")
    last, method, params = hub.asked()
    assert (method, params["lastEventId"]) == ("stream.get", "0")
    hub.say(said("wait", 1))
    hub.admit(last, "CLOSED", events=[said("wait", 1), said("what?", 2)], lastEventId="3")
    more, _, params = hub.asked()
    assert params["lastEventId"] == "3"
    hub.admit(more, "CLOSED", events=[], lastEventId="3")
    *before, ended = hub.events()
    assert [event.text for event in before] == ["wait", "what?"]
    assert ended == StreamEnded(stream_id=STREAM, agent_id="ada", reason="done", timestamp="2025-01-01T00:00:00Z")


def test_ending_what_has_ended_already_is_no_failure():
    hub = HubScript().enter()
    asked = hub.ask("end", STREAM)
    hub.sent()
    hub.refuse(asked, -40004, {"streamId": STREAM, "closedAt": "2025-01-01T00:00:00Z"})
    assert hub.events() == [Answered(request_id=asked, stream_id=STREAM, result=None)]
    last = hub.asked()[0]
    hub.admit(last, "CLOSED", events=[notification("end", reason="bob was first", eventId="1")], lastEventId="1")
    assert hub.told() == ["StreamEnded bob was first"]


def test_an_end_whose_last_words_cannot_be_had_is_told_all_the_same():
    hub = HubScript().enter()
    asked = hub.ask("end", STREAM, "done")
    hub.sent()
    hub.answer(asked)
    hub.refuse(hub.asked()[0], -40003)
    assert hub.told() == [f"answered {asked}", "StreamEnded done"]


@pytest.mark.parametrize(
    ("code", "data", "told"),
    [
        (-40003, {}, "StreamEnded not_found"),
        (-40006, {"reason": "not_a_participant"}, "ParticipantLeft not_a_participant"),
    ],
)
def test_a_refusal_that_says_that_we_are_not_in_it_ends_the_stream_for_us(code, data, told):
    hub = HubScript().enter()
    asked = hub.ask("message", STREAM, "hi")
    hub.sent()
    hub.refuse(asked, code, data)
    assert hub.told() == [f"failed {asked} RpcError", told]
    assert hub.state == "closed"


def test_a_refusal_for_another_reason_does_not():
    hub = HubScript().enter()
    for code, data in [(-40006, {"reason": "permission"}), (-40010, {"retryable": True}), (-40012, {}), (-32603, None)]:
        asked = hub.ask("message", STREAM, "hi")
        hub.sent()
        hub.refuse(asked, code, data)
    assert hub.state == "active"


def test_leaving_is_told_as_the_hub_tells_it_of_others():
    hub = HubScript().enter()
    asked = hub.ask("leave", STREAM, "enough")
    hub.sent()
    hub.answer(asked)
    _, left = hub.events()
    assert left == ParticipantLeft(stream_id=STREAM, agent_id="ada", reason="enough")
    hub.say(said("anybody there?", 9))
    assert (hub.told(), hub.state) == ([], "closed")


def test_being_sent_away_closes_the_stream_for_us():
    hub = HubScript().enter()
    hub.say(happened("PARTICIPANT_LEFT", 4, "ada", removedBy="bob", reason="noise"))
    (left,) = hub.events()
    assert (left.removed_by, hub.state) == ("bob", "closed")


def test_others_coming_and_going_show_in_the_stream_object():
    hub = HubScript().enter()
    hub.say(happened("PARTICIPANT_JOINED", 1, "eve"))
    hub.say(happened("PARTICIPANT_LEFT", 2, "bob"))
    assert hub.client.object(STREAM).participants == ("ada", "eve")


# Posting


def posted(hub, *texts):
    for text in texts:
        hub.ask("post", STREAM, text)


def words(requests):
    return [request["params"]["message"]["parts"][0]["content"] for request in requests]


def test_posted_messages_go_together_after_a_second():
    hub = HubScript(batches=True).enter()
    posted(hub, "a", "b")
    hub.wait(0.9)
    assert hub.sent() == []
    hub.wait(0.1)
    (batch,) = hub.sent()
    assert words(batch) == ["a", "b"]


def test_the_tenth_posted_message_sends_all_ten_at_once_as_requests_where_the_hub_takes_no_arrays():
    hub = HubScript().enter()
    posted(hub, *"abcdefghij")
    assert words(hub.sent()) == list("abcdefghij")


def test_where_the_line_does_not_keep_the_order_posted_messages_go_one_by_one():
    hub = HubScript(is_ordered=False).enter()
    posted(hub, *"abcdefghij")
    arrived = []
    while requests := hub.sent():
        assert len(requests) == 1
        arrived += words(requests)
        hub.answer(requests[0]["id"])
    assert arrived == list("abcdefghij")
    assert hub.events() == []


def test_a_direct_message_and_the_end_come_after_what_was_posted():
    hub = HubScript(batches=True).enter()
    posted(hub, "a", "b")
    direct, ending = hub.ask("message", STREAM, "c"), hub.ask("end", STREAM)
    (batch,) = hub.sent()
    assert words(batch) == ["a", "b"], "at once: somebody waits for it"
    assert hub.sent() == []
    for request in batch:
        hub.answer(request["id"])
    assert [request["id"] for request in hub.sent()] == [direct, ending]


def test_what_is_refused_for_the_moment_is_sent_again_in_its_order():
    hub = HubScript(batches=True).enter()
    posted(hub, "a", "b", "c")
    hub.wait(1.0)
    (batch,) = hub.sent()
    posted(hub, "d")
    hub.answer(batch[0]["id"])
    hub.refuse(batch[1]["id"], -40012, {"limit": "rate", "max": 1, "retryAfter": 20})
    hub.answer(batch[2]["id"])
    hub.wait(19.9)
    assert hub.sent() == []
    hub.wait(0.1)
    (batch,) = hub.sent()
    assert words(batch) == ["b", "d"]
    assert hub.events() == []


def test_what_was_posted_waits_while_the_stream_is_paused_and_goes_on_with_it():
    hub = HubScript().enter()
    posted(hub, "a")
    hub.say(happened("STREAM_PAUSED", 1))
    hub.wait(5.0)
    assert hub.sent() == []
    hub.say(happened("STREAM_RESUMED", 2))
    assert words(hub.sent()) == ["a"]


def test_what_is_refused_for_good_is_told_with_the_message():
    hub = HubScript().enter()
    posted(hub, "a")
    hub.wait(1.0)
    hub.refuse(hub.asked()[0], -40012, {"limit": "text", "max": 3})
    (failed,) = hub.events()
    assert isinstance(failed, BatchFailed)
    assert [message.text for message in failed.messages] == ["a"]
    assert failed.error.code == -40012


def test_what_was_posted_to_a_stream_that_ends_is_told():
    hub = HubScript().enter()
    posted(hub, "a", "b")
    hub.wait(1.0)
    hub.sent()
    posted(hub, "c")
    direct = hub.ask("message", STREAM, "d")
    hub.say(notification("end", reason="done", eventId="1"))
    ended, failed, refused = hub.events()
    assert isinstance(ended, StreamEnded)
    assert [message.text for message in failed.messages] == ["a", "b", "c"]
    assert (refused.request_id, refused.error.code) == (direct, -40004)


def test_a_lost_connection_loses_nothing_that_was_posted():
    hub = HubScript(batches=True).enter()
    posted(hub, "a", "b")
    hub.wait(1.0)
    hub.sent()
    posted(hub, "c")
    hub.lose()
    hub.wait(5.0)
    hub.events()
    hub.connect()
    hub.admit(hub.asked()[0])
    hub.wait(1.0)
    (batch,) = hub.sent()
    assert words(batch) == ["a", "b", "c"]


def test_more_posted_messages_than_may_wait_are_refused():
    hub = HubScript(limits=ClientLimits(unsent=2)).enter()
    posted(hub, "a", "b")
    with pytest.raises(LocalProtocolError, match="unsent = 2"):
        posted(hub, "c")


def test_an_array_is_never_longer_than_a_message_may_be():
    hub = HubScript(batches=True, limits=ClientLimits(message=4_000)).enter()
    posted(hub, *["x" * 1_000] * 5)
    arrived = 0
    while arrived < 5:
        messages = hub.client.messages_to_send()
        assert all(len(message) <= 4_000 for message in messages)
        for message in messages:
            for request in json.loads(message) if message[:1] == b"[" else [json.loads(message)]:
                hub.answer(request["id"])
                arrived += 1
        hub.wait(1.0)
    assert hub.events() == []


def test_an_array_is_sent_again_as_an_array():
    """One by one, parallel POSTs would arrive in any order."""
    hub = HubScript(batches=True, is_ordered=False).enter()
    posted(hub, "a", "b")
    hub.wait(1.0)
    (first,) = hub.sent()
    hub.wait(10.0)
    (second,) = hub.sent()
    assert first == second


# Hubs of other makes, and hostile ones


def test_a_hub_without_event_ids_is_told_as_it_comes_and_nothing_is_dropped():
    hub = HubScript().enter(last_event_id=None)
    for _ in range(2):
        hub.say(said("hi"))
    assert hub.told() == ["MessageSent hi", "MessageSent hi"]
    assert hub.client.last_event_id(STREAM) == 0


def test_event_ids_that_are_no_numbers_count_as_none():
    hub = HubScript().enter()
    for event_id in ["b7e6", "b7e6", "9" * 5_000, "-1", "1.5", "١"]:
        hub.say(said("hi", event_id))
    assert len(hub.told()) == 6


def test_the_chunks_of_a_hub_without_event_ids_go_by_the_rules_of_the_lanes():
    hub = HubScript().enter(last_event_id=None)
    for message in [chunk("a", 1), chunk("b", 2, last=True), chunk("c", 1), chunk("e", 3), chunk("d", 2)]:
        hub.say(message)
    events = hub.events()
    assert [event.text for event in events if isinstance(event, ChunkReceived)] == ["a", "b", "c"]
    assert [event.text for event in events if isinstance(event, MessageCompleted)] == ["ab"]
    assert [event.reason for event in events if isinstance(event, MessageLost)] == ["gap"]
    assert events[-1].error.code == -40011


def test_a_message_of_a_hub_without_event_ids_stalls_but_not_while_the_stream_is_paused():
    hub = HubScript().enter(last_event_id=None)
    hub.say(chunk("a", 1))
    hub.say(happened("STREAM_PAUSED"))
    hub.wait(1_000.0)
    hub.say(happened("STREAM_RESUMED"))
    hub.wait(299.0)
    assert "MessageLost stalled" not in hub.told()
    hub.wait(1.0)
    assert hub.told() == ["MessageLost stalled"]


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (notification("message", message={"role": "nobody", "parts": []}), "params.message.role"),
        (notification("chunk", chunk=content("x")), "params.sequence"),
        (happened("STREAM_MOVED", 1), "STREAM_MOVED"),
        (happened("REPLAY_GAP", 9, first="x", last="9"), "params.data.first"),
        (happened("STREAM_STARTED", 1), "params.data.stream"),
        (notification("surprise"), "stream.surprise"),
        ({"jsonrpc": "2.0", "method": "stream.end", "params": []}, "params"),
    ],
)
def test_what_cannot_be_read_is_told_and_does_not_raise(message, path):
    hub = HubScript().enter()
    hub.say(message)
    (rejected,) = hub.events()
    assert isinstance(rejected, FrameRejected)
    assert path in rejected.error.message
    assert not rejected.answered
    assert hub.sent() == []


def test_bytes_that_are_no_json_are_answered_and_told():
    hub = HubScript().enter()
    hub.client.receive_message(b"\xff{", hub.now)
    (rejected,) = hub.events()
    assert (rejected.error.code, rejected.answered) == (-32700, True)


@pytest.mark.parametrize("request_id", [None, 0])
def test_an_error_that_a_hub_cannot_attribute_is_told(request_id):
    """Some hubs give such an error the id 0, which no request of ours ever has."""
    hub = HubScript().enter()
    hub.refuse(request_id, -32700)
    (rejected,) = hub.events()
    assert rejected.error.code == -32700


def test_a_hub_that_asks_is_answered_that_there_is_no_such_method():
    hub = HubScript().enter()
    hub.say({"jsonrpc": "2.0", "id": 5, "method": "stream.message", "params": {}})
    (answer,) = hub.sent()
    assert (answer["id"], answer["error"]["code"]) == (5, -32601)
    assert hub.events() == []


def test_streams_nobody_asked_for_take_a_bounded_room():
    hub = HubScript(limits=ClientLimits(streams=3)).enter()
    for number in range(100):
        hub.say(notification("message", stream_id=f"strange{number}", message=content("x"), eventId="1"))
    known = [number for number in range(100) if hub.client._replicas.get(f"strange{number}")]
    assert known == [98, 99], "the oldest are forgotten first"
    assert hub.state == "active"
    hub.ask("join", "other")
    hub.say(said("still here", 1))
    assert hub.told() == ["MessageSent still here"]


def test_one_stream_more_than_may_be_open_is_refused_and_closed_ones_make_room():
    hub = HubScript(limits=ClientLimits(streams=1)).enter()
    for command in [("start",), ("join", "other")]:
        with pytest.raises(LocalProtocolError, match="streams = 1"):
            hub.ask(*command)
    hub.say(notification("end", eventId="1"))
    hub.ask("join", "other")
    assert hub.state == "idle", "forgotten"


def test_a_client_that_was_not_told_who_it_is_says_nothing_about_it():
    hub = HubScript(None).enter()
    hub.ask("message", STREAM, "hi")
    _, _, params = hub.asked()
    assert "agentId" not in params["message"]
    hub.say(happened("PARTICIPANT_LEFT", 1, ""))
    assert hub.state == "active"


def test_unread_counts_what_nobody_has_taken():
    hub = HubScript().enter()
    hub.say(said("a", 1))
    hub.say(said("b", 2))
    assert hub.client.unread == 2
    hub.client.next_event()
    assert hub.client.unread == 1


def test_the_same_calls_give_the_same_bytes_and_events():
    def session():
        client = Client("ada", entropy=seeded(7))
        out = []
        client.connected(now=0.0)
        client.start(["bob"], {"purpose": "x"}, now=0.0)
        out += client.messages_to_send()
        client.connection_lost(now=1.0)
        out += [client.next_timeout(), *iter(client.next_event, None)]
        return out

    assert session() == session()


def test_failures_compare_by_what_they_say():
    error = ConnectionFailed("gone")
    assert Failed(request_id="1", error=error) == Failed(request_id="1", error=ConnectionFailed("gone"))
    assert Failed(request_id="1", error=error) != Failed(request_id="1", error=ConnectionFailed("other"))


def test_a_replay_gap_begins_after_what_was_told():
    hub = HubScript().enter(last_event_id="5")
    hub.say(happened("REPLAY_GAP", 9, "ada", first="3", last="9"))
    assert hub.events() == [ReplayGap(stream_id=STREAM, agent_id="ada", first=6, last=9)]


def test_a_replay_gap_fails_what_is_open_and_is_told_once():
    hub = HubScript().enter()
    hub.say(chunk("a", 1, 1, 1))
    hub.say(happened("REPLAY_GAP", 9, "ada", first="2", last="9"))
    hub.say(happened("REPLAY_GAP", 9, "ada", first="2", last="9"))
    hub.say(chunk("b", 2, 10, 1, last=True))
    hub.say(said("c", 11))
    events = hub.events()
    assert events[1:3] == [
        MessageLost(stream_id=STREAM, agent_id="bob", reason="replay_gap", first_event_id=1),
        ReplayGap(stream_id=STREAM, agent_id="ada", first=2, last=9),
    ]
    assert [event.text for event in events[3:] if isinstance(event, MessageSent)] == ["c"]
    assert len(events) == 4
