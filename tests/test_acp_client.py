"""The client's machine: what it asks for, and how every request ends."""

import pytest

from hocket.acp.events import (
    Invited,
)
from hocket.acp.limits import ClientLimits
from hocket.acp.model import StreamStatus, message_of
from hocket.errors import (
    CodecError,
    LocalProtocolError,
    NotSupported,
    RequestTimeout,
    ResumeUnsupported,
    RpcError,
)
from support.acp_hub_script import STREAM, HubScript, happened, notification, said, stream_result

# Starting and joining


@pytest.mark.parametrize(("command", "args"), [("start", ("bob",)), ("join", (STREAM, "maths"))])
def test_one_name_is_no_list_of_names(command, args):
    """A text is a sequence of texts: without a check, "bob" would bring b, o and b into the stream."""
    hub = HubScript()
    with pytest.raises(LocalProtocolError, match=r"give \['(bob|maths)'\]"):
        hub.ask(command, *args)
    assert (hub.sent(), hub.state) == ([], "idle")


@pytest.mark.parametrize(
    ("prepare", "command", "args", "why"),
    [
        (lambda hub: None, "message", ("hi",), "idle: it was neither started nor joined here"),
        (lambda hub: hub.ask("join", STREAM), "message", ("hi",), "starting: the hub has not answered yet"),
        (HubScript.enter, "join", (), "active: we are in it already"),
        (lambda hub: hub.enter().say(happened("STREAM_PAUSED", 2)), "message", ("hi",), "paused: resume it"),
        (lambda hub: hub.enter().lose(), "message", ("hi",), "lost: wait until the connection is back"),
        (lambda hub: hub.enter().say(notification("end", eventId="2")), "message", ("hi",), "closed: nothing more"),
    ],
)
def test_what_cannot_be_done_now_says_why(prepare, command, args, why):
    hub = HubScript()
    prepare(hub)
    with pytest.raises(LocalProtocolError, match=f"the stream {STREAM} is {why}"):
        hub.ask(command, STREAM, *args)


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


def test_what_comes_while_a_join_is_on_its_way_is_asked_for_again():
    hub = HubScript()
    hub.ask("join", STREAM)
    request_id, _, params = hub.asked()
    assert "lastEventId" not in params
    hub.say(said("hello", 3))
    hub.say(said("again", 4))
    hub.admit(request_id, lastEventId="4")
    request_id, method, params = hub.asked()
    assert (method, params["lastEventId"]) == ("stream.join", "2")
    hub.admit(request_id, lastEventId="2")
    for number, text in enumerate(["hello", "again", "more"], 3):
        hub.say(said(text, number))
    assert hub.told() == ["answered 1", "MessageSent hello", "MessageSent again", "MessageSent more"]


def test_a_stream_that_was_started_before_we_were_here_is_told_as_an_invitation_once():
    hub = HubScript()
    hub.say(happened("STREAM_STARTED", 1, "bob", stream=stream_result()["stream"], reason="help"))
    hub.say(happened("STREAM_STARTED", 1, "bob", stream=stream_result()["stream"], reason="help"))
    (invited,) = hub.events()
    assert (invited.stream_id, invited.invited_by, invited.reason) == (STREAM, "bob", "help")
    assert invited.current_participants == ("ada", "bob")


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
    with pytest.raises(LocalProtocolError, match="was not told yet; it is active: it can neither be forgotten"):
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
