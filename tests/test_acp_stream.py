"""Stream by itself, as in a notebook: every command and refusal, time that may be left out, deadlines, history."""

import pytest

from hocket.acp import (
    ChunkReceived,
    Invited,
    Message,
    MessageCompleted,
    MessageLost,
    MessageSent,
    Part,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantLost,
    PartType,
    Role,
    Stream,
    StreamArchivable,
    StreamEnded,
    StreamLimits,
    StreamPaused,
    StreamResumed,
    StreamStarted,
    StreamStatus,
    data_part,
    text_part,
)
from hocket.acp.limits import LaneLimits
from hocket.errors import LocalProtocolError, StreamRefused
from support.drain import drain


def room(*agents, **options):
    """A stream whose start has been told."""
    stream = Stream(agents or ("ada", "bob"), **options)
    drain(stream)
    return stream


def refusal(command, *args, **options):
    with pytest.raises(StreamRefused) as caught:
        command(*args, **options)
    return caught.value.error


def said(stream):
    return [(each.agent, each.text) for each in stream.log]


def test_the_first_five_minutes(capsys):
    room = Stream(["analyst", "source", "validator"])
    room.message("analyst", "Found a data anomaly")
    room.chunk("source", "and it is one-time.", sequence=2, last=True)
    room.chunk("validator", "Validation shows 5% organic growth.", sequence=1, last=True)
    room.chunk("source", "Source is an acquisition, ", sequence=1)
    room.end("Problem solved")
    for said in room.log:
        print(f"{said.agent:>9}: {said.text}")
    assert capsys.readouterr().out.splitlines() == [
        "  analyst: Found a data anomaly",
        "validator: Validation shows 5% organic growth.",
        "   source: Source is an acquisition, and it is one-time.",
    ]


# --- what it is made of


def test_a_stream_tells_that_it_was_started():
    stream = Stream(["ada", "bob", "ada"], stream_id="s", metadata={"purpose": "why"}, epoch=1_700_000_000.0, now=5.0)
    (started,) = drain(stream)
    assert isinstance(started, StreamStarted)
    assert (started.agent_id, started.event_id, started.reason) == ("ada", 1, "why")
    assert started.timestamp == "2023-11-14T22:13:25.000Z"
    assert started.stream == stream.object()
    assert stream.object().participants == ("ada", "bob")
    assert (stream.object().status, stream.object().closed_at) == (StreamStatus.ACTIVE, None)
    assert stream.object().created_at == started.timestamp


def test_its_repr_is_a_line():
    stream = room("ada", "bob", stream_id="moths")
    stream.leave("bob")
    assert repr(stream) == "<Stream 'moths', ACTIVE: ada>"


def test_one_name_is_no_list_of_names():
    with pytest.raises(LocalProtocolError, match=r"give \['ada'\]"):
        Stream("ada")


def test_nobody_has_no_stream_and_too_many_have_none_either():
    with pytest.raises(LocalProtocolError, match="at least one participant"):
        Stream([])
    error = refusal(Stream, ["ada", "bob", "cyd"], limits=StreamLimits(participants=2))
    assert (error.code, error.data) == (-40012, {"limit": "participants", "max": 2})
    assert refusal(Stream, ["ada", "bob"], metadata={"maxParticipants": 1}).data["max"] == 1
    Stream(["ada", "bob"], metadata={"maxParticipants": 2})


@pytest.mark.parametrize("nonsense", [True, 0, -1, "1", 1.5, None])
def test_a_limit_in_the_metadata_that_is_none_does_not_count(nonsense):
    assert len(Stream(["ada", "bob"], metadata={"maxParticipants": nonsense}).roster) == 2


# --- talking


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("words", "words"),
        (text_part("a part"), "a part"),
        ([text_part("two "), text_part("parts")], "two parts"),
        (Message(role=Role.USER, parts=(text_part("whole"),), agent_id="somebody else"), "whole"),
    ],
)
def test_a_message_is_said_by_whoever_says_it(content, text):
    stream = room()
    event = stream.message("ada", content)
    assert drain(stream) == [event]
    assert isinstance(event, MessageSent)
    assert (event.agent_id, event.event_id, event.text, event.message.agent_id) == ("ada", 2, text, "ada")
    assert said(stream) == [("ada", text)]


@pytest.mark.parametrize("nothing", [7, [], ["text"], None, {"role": "agent"}])
def test_what_cannot_be_said_is_our_callers_mistake(nothing):
    stream = room()
    with pytest.raises(LocalProtocolError, match="cannot be said"):
        stream.message("ada", nothing)
    assert drain(stream) == []


def test_chunks_are_told_in_their_order_and_then_the_message():
    stream = room()
    stream.chunk("ada", "two", sequence=2, last=True)
    assert drain(stream) == []
    stream.chunk("ada", "one ", sequence=1)
    first, second, completed = drain(stream)
    assert [type(event) for event in (first, second, completed)] == [ChunkReceived, ChunkReceived, MessageCompleted]
    assert [(event.sequence, event.is_last, event.event_id) for event in (first, second)] == [
        (1, False, 2),
        (2, True, 3),
    ]
    assert first.first_event_id == second.first_event_id == completed.first_event_id == 2
    assert (first.text, completed.text, completed.message.text) == ("one ", "one two", "one two")
    assert completed.agent_id == "ada"


def test_in_order_a_gap_is_refused_and_a_request_can_be_mended():
    stream = room()
    stream.chunk("ada", "one ", sequence=1, ordered=True)
    error = refusal(stream.chunk, "ada", "three", sequence=3, ordered=True)
    assert (error.code, error.data["reason"], error.data["expected"]) == (-40011, "gap", 2)
    stream.chunk("ada", "two", sequence=2, last=True, ordered=True)
    assert said(stream) == [("ada", "one two")]


def test_in_order_a_gap_in_what_was_only_told_loses_the_message():
    stream = room()
    stream.chunk("ada", "one ", sequence=1, ordered=True, is_request=False)
    refusal(stream.chunk, "ada", "three", sequence=3, ordered=True, is_request=False)
    lost = drain(stream)[-1]
    assert isinstance(lost, MessageLost)
    assert (lost.agent_id, lost.reason, lost.expected, lost.first_event_id) == ("ada", "gap", 2, 2)


@pytest.mark.parametrize("is_request", [True, False])
def test_a_chunk_that_is_too_large_is_lost_unless_somebody_is_told(is_request):
    stream = room(limits=StreamLimits(text=5))
    stream.chunk("ada", "one ", sequence=1)
    error = refusal(stream.chunk, "ada", "far too long", sequence=2, is_request=is_request)
    assert (error.code, error.data) == (-40012, {"limit": "text", "max": 5})
    stream.chunk("ada", "two", sequence=2, last=True) if is_request else None
    assert [type(event) is MessageLost for event in drain(stream)] == [
        False,
        *([False, False] if is_request else [True]),
    ]


@pytest.mark.parametrize(
    ("part", "limit", "fits"),
    [
        (text_part("12345"), "text", True),
        (text_part("1234å"), "text", False),
        (Part(type=PartType.IMAGE, content="AAAAAAAA"), "image", False),
        (Part(type=PartType.IMAGE, content="AAAAAA"), "image", True),
        (Part(type=PartType.AUDIO, content="AAAAAAAA"), "audio", False),
        (Part(type=PartType.FILE, content="AAAAAAAA"), "file", False),
        (data_part({"any": "number of letters"}), "data", True),
    ],
)
def test_how_large_parts_may_be(part, limit, fits):
    stream = room(limits=StreamLimits(text=5, image=5, audio=5, file=5))
    if fits:
        stream.message("ada", part)
    else:
        error = refusal(stream.message, "ada", [text_part("ok"), part])
        assert error.data == {"limit": limit, "max": 5}
        assert "params.message.parts[1].content" in error.message


# --- who may do what


MEMBERS_ONLY = [
    ("message", ["hello"], {}),
    ("chunk", ["hello"], {"sequence": 1}),
    ("pause", [], {}),
    ("resume", [], {}),
    ("invite", ["fay"], {}),
    ("leave", [], {}),
    ("remove", ["bob"], {}),
    ("get", [], {}),
]


@pytest.mark.parametrize(("command", "args", "options"), MEMBERS_ONLY, ids=[row[0] for row in MEMBERS_ONLY])
def test_who_is_no_member_can_do_nothing_and_changes_nothing(command, args, options):
    stream = room()
    before = (stream.object(), stream.events.last, stream.next_timeout())
    error = refusal(getattr(stream, command), "eve", *args, **options)
    assert (error.code, error.data) == (-40006, {"reason": "not_a_participant", "streamId": "stream"})
    assert (stream.object(), stream.events.last, stream.next_timeout()) == before
    assert drain(stream) == []


@pytest.mark.parametrize(("command", "args"), [("pause", []), ("remove", ["ada"]), ("invite", ["fay"])])
def test_whoever_has_not_started_it_may_not(command, args):
    stream = room()
    error = refusal(getattr(stream, command), "bob", *args)
    assert (error.code, error.data["reason"]) == (-40006, "permission")
    assert error.data["permission"] == ("invite" if command == "invite" else "moderate")
    assert "ada" in error.message, "who has the permission"
    assert drain(stream) == []


def test_the_refusal_is_what_our_caller_reads_too():
    with pytest.raises(StreamRefused, match=r"eve is no participant of this stream: join it first.*\(-40006\)"):
        room().message("eve", "hello")


# --- pause and resume


def test_a_pause_and_its_end():
    stream = room()
    stream.chunk("bob", "one", sequence=1)
    stream.pause("ada", "lunch")
    stream.pause("ada", "again")
    error = refusal(stream.message, "bob", "hello?")
    assert (error.code, error.data) == (-40010, {"streamId": "stream", "retryable": True})
    assert stream.status is StreamStatus.PAUSED
    stream.resume("ada", "coffee")
    stream.resume("bob")
    stream.message("bob", "hello!")
    _, paused, resumed, _ = drain(stream)
    assert isinstance(paused, StreamPaused)
    assert (paused.agent_id, paused.reason, dict(paused.lanes)) == ("ada", "lunch", {"bob": 2})
    assert isinstance(resumed, StreamResumed)
    assert (resumed.agent_id, resumed.reason) == ("ada", "coffee")


def test_the_clocks_of_the_lanes_stand_still_in_a_pause():
    stream = room(limits=StreamLimits(lane=LaneLimits(stall=100.0)))
    stream.chunk("bob", "one", sequence=1, now=0.0)
    stream.pause("ada", now=60.0)
    stream.resume("ada", now=800.0)
    stream.handle_timeout(839.0)
    assert not any(isinstance(event, MessageLost) for event in drain(stream))
    stream.handle_timeout(840.0)
    assert [event.reason for event in drain(stream) if isinstance(event, MessageLost)] == ["stalled"]


# --- coming and going


def test_to_join_one_is_invited_or_the_stream_is_open():
    stream = room("ada")
    assert refusal(stream.join, "bob").data == {"reason": "not_open"}
    invited = stream.invite("ada", "bob", "help us")
    assert drain(stream) == [invited]
    assert isinstance(invited, Invited)
    assert (invited.agent_id, invited.invited_by, invited.reason) == ("bob", "ada", "help us")
    assert invited.current_participants == ("ada",)
    stream.join("bob")
    stream.join("bob")
    (joined,) = drain(stream)
    assert isinstance(joined, ParticipantJoined)
    assert (joined.agent_id, joined.event_id, stream.object().participants) == ("bob", 2, ("ada", "bob"))
    assert stream.invite("ada", "bob") is None


@pytest.mark.parametrize(
    ("required", "capabilities", "joins"),
    [
        (None, [], True),
        ([], [], True),
        (["law"], [], False),
        (["law"], ["music"], False),
        (["law", "music"], ["music"], True),
        ([7], [], True),
        ("law", [], True),
    ],
)
def test_an_open_stream_may_ask_for_one_of_some_capabilities(required, capabilities, joins):
    stream = room("ada", metadata={"allowDynamicJoin": True, "expertiseRequired": required})
    if joins:
        stream.join("bob", capabilities)
    else:
        error = refusal(stream.join, "bob", capabilities)
        assert error.data == {"reason": "expertise", "expertiseRequired": required}
    assert ("bob" in stream.roster) is joins


@pytest.mark.parametrize("value", ["true", 1, None, False])
def test_only_true_opens_a_stream(value):
    assert refusal(room("ada", metadata={"allowDynamicJoin": value}).join, "bob").data["reason"] == "not_open"


def test_who_leaves_loses_what_it_had_begun_to_say():
    stream = room()
    stream.chunk("bob", "one", sequence=1)
    stream.leave("bob", "tired")
    _, lost, left = drain(stream)
    assert (type(lost), lost.agent_id) == (MessageLost, "bob")
    assert isinstance(left, ParticipantLeft)
    assert (left.agent_id, left.reason, left.removed_by) == ("bob", "tired", None)


def test_who_is_removed_and_by_whom():
    stream = room("ada", "bob", "cyd")
    stream.remove("ada", "bob", "too loud")
    stream.remove("ada", "ada")
    assert [(event.agent_id, event.removed_by) for event in drain(stream)] == [("bob", "ada"), ("ada", None)]
    error = refusal(room().remove, "ada", "eve")
    assert (error.code, "params.agentId" in error.message) == (-32602, True)


def test_the_last_one_to_leave_closes_the_stream():
    stream = room()
    stream.leave("ada")
    stream.leave("bob")
    *_, ended, archivable = drain(stream)
    assert (type(ended), ended.reason, ended.agent_id) == (StreamEnded, "empty", None)
    assert isinstance(archivable, StreamArchivable)


def test_a_lost_connection_is_told_of_members_of_open_streams():
    stream = room()
    stream.lost("eve")
    stream.lost("bob")
    stream.end()
    stream.lost("bob")
    assert [type(event) for event in drain(stream)] == [ParticipantLost, StreamEnded, StreamArchivable]


def test_the_participants_of_a_stream_are_those_of_now():
    stream = Stream(["ada", "bob", "ada"], metadata={"allowDynamicJoin": True})
    assert stream.participants == ("ada", "bob")
    stream.join("cyd")
    stream.leave("bob")
    assert stream.participants == stream.object().participants == ("ada", "cyd")
