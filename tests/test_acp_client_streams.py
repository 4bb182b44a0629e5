"""What a client tells of its streams: chunks, whole messages, and exactly one end."""

import pytest

from hocket.acp.client.events import Answered
from hocket.acp.events import (
    MessageCompleted,
    MessageLost,
    ParticipantLeft,
    StreamEnded,
)
from hocket.acp.limits import ClientLimits, LaneLimits
from support.acp_hub_script import STREAM, HubScript, chunk, happened, notification, said

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


def test_of_its_own_messages_an_agent_is_told_the_loss():
    hub = HubScript().enter()
    hub.say(happened("MESSAGE_LOST", 6, agent="ada", reason="stalled", expected=2, firstEventId="5"))
    (lost,) = hub.events()
    assert (lost.agent_id, lost.reason, lost.first_event_id) == ("ada", "stalled", 5)


def test_what_was_asked_in_an_earlier_stay_does_not_end_the_next_one():
    hub = HubScript().enter()
    left = hub.ask("leave", STREAM)
    late = hub.ask("chunk", STREAM, "too late", 1)
    hub.sent()
    hub.answer(left)
    hub.events()
    hub.client.forget(STREAM)
    hub.ask("join", STREAM)
    hub.refuse(late, -40006, {"reason": "not_a_participant"})
    assert hub.told() == [f"failed {late} RpcError"]
    hub.admit(hub.asked()[0], lastEventId="7")
    assert hub.state == "active"
    hub.say(said("welcome back", 8))
    assert hub.told()[-1] == "MessageSent welcome back"


def test_an_answer_that_comes_before_the_question_is_sent_again_counts():
    hub = HubScript()
    joined = hub.ask("join", STREAM)
    assert [request["id"] for request in hub.sent()] == [joined]
    hub.wait(hub.client.limits.request + 1.0)  # it is to be sent again, as soon as the line takes it
    hub.admit(joined, lastEventId="0")
    hub.say(said("the first", 1))
    assert hub.sent() == []
    assert hub.told() == [f"answered {joined}", "MessageSent the first"]


def test_a_stream_that_was_started_is_not_lost_with_a_join_that_fails():
    hub = HubScript()
    started = hub.ask("start", ["bob"])
    joined = hub.ask("join", STREAM)
    hub.sent()
    hub.admit(started)
    hub.refuse(joined, -32603)
    assert (hub.state, hub.told()) == ("active", [f"answered {started}", f"failed {joined} RpcError"])
    hub.say(said("hello", 2))
    assert hub.told() == ["MessageSent hello"]


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
