"""The life of a stream in a hub, written a second time by hand from section 3 of the specification.

Nothing in here reads the tables of the code. The stream of every test was started by ada; bob and cyd are members, fay
was invited, eve is nobody.
"""

import pytest

from hocket.acp.events import (
    ChunkReceived,
    FrameRejected,
    Invited,
    MessageSent,
    ParticipantJoined,
    ParticipantLeft,
    StreamArchivable,
    StreamEnded,
    StreamPaused,
    StreamResumed,
)
from support.acp_hub import AGENTS, HubWorld, status_of, stream_in, text

# who, what → for a stream in each state: the code it is refused with; or what happens, and the state afterwards
TABLE = """
    who  input          unknown  ACTIVE                    PAUSED                    CLOSED
    ada  start-stream   -40003   nothing           ACTIVE  resumed           ACTIVE  -40004
    ada  start-metadata -40003   nothing           ACTIVE  resumed           ACTIVE  -40004
    ada  start-both     -40003   nothing           ACTIVE  resumed           ACTIVE  -40004
    bob  start-stream   -40003   nothing           ACTIVE  -40006 permission         -40004
    eve  start-stream   -40003   -40006 member             -40006 member             -40006 member

    ada  resume         -40003   nothing           ACTIVE  resumed           ACTIVE  -40004
    bob  resume         -40003   nothing           ACTIVE  -40006 permission         -40004
    eve  resume         -40003   -40006 member             -40006 member             -40006 member

    bob  message        -40003   message           ACTIVE  -40010                    -40004
    eve  message        -40003   -40006 member             -40006 member             -40006 member
    bob  chunk          -40003   chunk             ACTIVE  -40010                    -40004
    eve  chunk          -40003   -40006 member             -40006 member             -40006 member

    ada  end            -40003   ended             CLOSED  ended             CLOSED  -40004
    bob  end            -40003   ended             CLOSED  ended             CLOSED  -40004
    eve  end            -40003   -40006 member             -40006 member             -40006 member

    ada  pause          -40003   paused            PAUSED  nothing           PAUSED  -40004
    bob  pause          -40003   -40006 permission         nothing           PAUSED  -40004
    eve  pause          -40003   -40006 member             -40006 member             -40006 member

    fay  join           -40003   joined            ACTIVE  joined            PAUSED  -40004
    bob  join           -40003   nothing           ACTIVE  nothing           PAUSED  -40004
    eve  join           -40003   -40006 not_open           -40006 not_open           -40006 not_open
    ada  invite         -40003   invited           ACTIVE  invited           PAUSED  -40004
    ada  invite-bob     -40003   nothing           ACTIVE  nothing           PAUSED  -40004
    bob  invite         -40003   -40006 permission         -40006 permission         -40004
    eve  invite         -40003   -40006 member             -40006 member             -40006 member
    bob  leave          -40003   left              ACTIVE  left              PAUSED  -40004
    eve  leave          -40003   -40006 member             -40006 member             -40006 member
    ada  remove         -40003   removed           ACTIVE  removed           PAUSED  -40004
    ada  remove-fay     -40003   -32602                    -32602                    -40004
    bob  remove         -40003   -40006 permission         -40006 permission         -40004
    eve  remove         -40003   -40006 member             -40006 member             -40006 member

    bob  get            -40003   nothing           ACTIVE  nothing           PAUSED  nothing           CLOSED
    eve  get            -40003   -40006 member             -40006 member             -40006 member
"""

STATES = ("unknown", "ACTIVE", "PAUSED", "CLOSED")


def cells(line):
    """[(state before, what is to happen as words)] of a row."""
    who, kind, *words = line.split()
    found = []
    for state in STATES:
        row = [words.pop(0)]
        is_refusal = row[0].startswith("-")
        has_more = bool(words) and (not words[0].startswith("-"))
        if not is_refusal or (row[0] == "-40006" and has_more):
            row.append(words.pop(0))
        found.append((who, kind, state, tuple(row)))
    assert not words, line
    return found


ROWS = [cell for line in TABLE.strip().splitlines()[1:] if line.strip() for cell in cells(line)]

CALLS = {
    "start-stream": ("stream.start", {"participants": []}),
    "start-metadata": ("stream.start", {"participants": [], "metadata": {"resumeStreamId": "STREAM"}}),
    "start-both": ("stream.start", {"participants": [], "metadata": {"resumeStreamId": "STREAM"}}),
    "resume": ("stream.resume", {"reason": "why not"}),
    "message": ("stream.message", {"message": text("hello")}),
    "chunk": ("stream.chunk", {"chunk": text("piece"), "sequence": 1}),
    "end": ("stream.end", {"reason": "why not"}),
    "pause": ("stream.pause", {"reason": "why not"}),
    "join": ("stream.join", {}),
    "invite": ("stream.invite", {"agentId": "eve", "reason": "why not"}),
    "invite-bob": ("stream.invite", {"agentId": "bob"}),
    "leave": ("stream.leave", {"reason": "why not"}),
    "remove": ("stream.remove", {"agentId": "bob", "reason": "why not"}),
    "remove-fay": ("stream.remove", {"agentId": "fay"}),
    "get": ("stream.get", {}),
}

STREAM_RESULT = {"start-stream", "start-metadata", "start-both", "resume", "join", "get"}
"""What is answered with the StreamObject. A chunk is answered with a notification, the rest with a success."""

# what happens → the class of the event, and what a member that looks on is given
HAPPENS = {
    "message": (MessageSent, "stream.message"),
    "chunk": (ChunkReceived, "stream.chunk"),
    "ended": (StreamEnded, "stream.end"),
    "paused": (StreamPaused, "STREAM_PAUSED"),
    "resumed": (StreamResumed, "STREAM_RESUMED"),
    "joined": (ParticipantJoined, "PARTICIPANT_JOINED"),
    "left": (ParticipantLeft, "PARTICIPANT_LEFT"),
    "removed": (ParticipantLeft, "PARTICIPANT_LEFT"),
    "invited": (Invited, None),
}

DATA = {
    "-40003": {"streamId": "STREAM"},
    "-40004": {"streamId": "STREAM", "closedAt": "2023-11-14T22:13:20.000Z"},
    "-40010": {"streamId": "STREAM", "retryable": True},
    "-40006 member": {"reason": "not_a_participant", "streamId": "STREAM"},
    "-40006 not_open": {"reason": "not_open"},
    "-40006 permission": {"reason": "permission"},
    "-32602": None,
}


def call_of(kind, stream_id):
    method, params = CALLS[kind]
    params = dict(params)
    if kind != "start-metadata":
        params["streamId"] = stream_id
    if "metadata" in params:
        params["metadata"] = {"resumeStreamId": stream_id}
    return method, params


@pytest.mark.parametrize("form", ["request", "notification"])
@pytest.mark.parametrize(
    ("who", "kind", "before", "row"), ROWS, ids=lambda value: "-".join(value) if isinstance(value, tuple) else value
)
def test_a_row_of_the_table(who, kind, before, row, form):
    world, stream_id = stream_in(before)
    method, params = call_of(kind, stream_id)
    answer = None
    if form == "request":
        answer = world.ask(who, method, **params)
    else:
        world.tell(who, method, **params)
    events = world.events
    if row[0].startswith("-"):
        refused(world, stream_id, row, before, answer, events, who, method)
    else:
        done(world, stream_id, kind, row, answer, events, who)


def refused(world, stream_id, row, before, answer, events, who, method):
    expected = {name: stream_id if value == "STREAM" else value for name, value in (DATA[" ".join(row)] or {}).items()}
    (rejected,) = events
    assert isinstance(rejected, FrameRejected)
    assert (rejected.stream_id, rejected.agent_id, rejected.method) == (stream_id, who, method)
    assert rejected.error.code == int(row[0])
    assert rejected.answered is (answer is not None)
    if answer is not None:
        assert answer["error"]["code"] == int(row[0])
        data = answer["error"].get("data") or {}
        assert {name: data.get(name) for name in expected} == expected
    assert status_of(world, stream_id) == before
    assert [world.given(agent) for agent in AGENTS] == [[]] * len(AGENTS)


def done(world, stream_id, kind, row, answer, events, who):
    happens, after = row
    event_class, given = HAPPENS.get(happens, (None, None))
    told = [event for event in events if not isinstance(event, StreamArchivable)]
    assert [type(event) for event in told] == ([event_class] if event_class else [])
    assert [event.stream_id for event in told] == [stream_id] * len(told)
    assert (len(told) < len(events)) is (happens == "ended"), "a closed stream can be archived"
    assert status_of(world, stream_id) == after
    assert world.names("cyd") == ([given] if given else [])
    mine = world.given(who)
    assert mine == [], "nobody is given what it did itself"
    if happens in ("left", "removed"):
        assert "bob" not in world.hub.stream(stream_id).object().participants
    if happens == "joined":
        assert world.hub.stream(stream_id).object().participants[-1] == who
    if answer is None:
        return
    result = answer["result"]
    if kind in STREAM_RESULT:
        assert result["type"] == "stream"
        assert result["stream"]["streamId"] == stream_id
        assert result["stream"]["status"] == after
    else:
        assert result == {"type": "notification" if kind == "chunk" else "success", "message": result["message"]}
        assert result["message"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("form", ["request", "notification"])
def test_a_start_without_a_stream_is_always_a_new_one(state, form):
    world, stream_id = stream_in(state)
    if form == "request":
        result = world.ok("eve", "stream.start", participants=["bob", "eve", "bob", "cyd"])
        assert result["type"] == "stream"
    else:
        world.tell("eve", "stream.start", participants=["bob", "eve", "bob", "cyd"])
    (started,) = world.events
    assert started.stream_id != stream_id
    stream = world.hub.stream(started.stream_id).object()
    assert stream.participants == ("eve", "bob", "cyd"), "the caller and the list, each once, in order"
    assert stream.status.value == "ACTIVE"
    assert stream.created_at == "2023-11-14T22:13:20.000Z"
    assert world.names("eve") == []
    for member in ("bob", "cyd"):
        assert sorted(world.names(member)) == ["STREAM_STARTED", "stream_invitation"]
    assert status_of(world, stream_id) == state


def test_a_stream_that_is_named_twice_and_differently_is_not_resumed():
    world, stream_id = stream_in("PAUSED")
    refusal = world.error("ada", "stream.start", streamId=stream_id, metadata={"resumeStreamId": "another"})
    assert refusal["code"] == -32602
    assert status_of(world, stream_id) == "PAUSED"


# --- what the cells say besides


def test_a_paused_stream_says_which_chunk_each_lane_expects():
    world, stream_id = stream_in("ACTIVE")
    world.chunk("bob", stream_id, "one", 1)
    world.chunk("bob", stream_id, "two", 2)
    world.ok("ada", "stream.pause", streamId=stream_id, reason="lunch")
    (*_, paused) = world.given("cyd")
    assert paused["params"]["data"] == {"reason": "lunch", "lanes": {"bob": 3}}


def test_a_request_that_is_refused_because_of_the_pause_leaves_the_lane_untouched():
    world, stream_id = stream_in("ACTIVE")
    world.chunk("bob", stream_id, "one", 1)
    world.ok("ada", "stream.pause", streamId=stream_id)
    assert world.chunk("bob", stream_id, "two", 2)["error"]["code"] == -40010
    world.ok("ada", "stream.resume", streamId=stream_id)
    assert "result" in world.chunk("bob", stream_id, "two", 2, last=True)
    assert [said.text for said in world.hub.stream(stream_id).log] == ["onetwo"]


def test_a_notification_that_is_refused_because_of_the_pause_is_a_loss():
    world, stream_id = stream_in("ACTIVE")
    world.chunk("bob", stream_id, "one", 1, told=True)
    world.ok("ada", "stream.pause", streamId=stream_id)
    world.given("cyd")
    world.chunk("bob", stream_id, "two", 2, told=True)
    (lost,) = world.given("cyd")
    assert (lost["params"]["event"], lost["params"]["agentId"]) == ("MESSAGE_LOST", "bob")
    assert lost["params"]["data"]["reason"] == "resync"
    world.ok("ada", "stream.resume", streamId=stream_id)
    world.chunk("bob", stream_id, "three", 3, last=True, told=True)
    assert world.hub.stream(stream_id).log == ()


@pytest.mark.parametrize("state", ["ACTIVE", "PAUSED"])
def test_messages_that_are_open_at_the_end_are_lost(state):
    world, stream_id = stream_in("ACTIVE")
    world.chunk("bob", stream_id, "one", 1)
    if state == "PAUSED":
        world.ok("ada", "stream.pause", streamId=stream_id)
    world.given("cyd")
    world.ok("ada", "stream.end", streamId=stream_id, reason="solved")
    lost, end = world.given("cyd")
    assert lost["params"]["data"]["reason"] == "stream_closed"
    assert end["params"] == {
        "streamId": stream_id,
        "reason": "solved",
        "agentId": "ada",
        "eventId": end["params"]["eventId"],
        "timestamp": "2023-11-14T22:13:20.000Z",
    }


def test_the_end_of_a_stream_that_has_ended_says_when_that_was():
    world, stream_id = stream_in("ACTIVE")
    world.wait(60.0)
    world.ok("ada", "stream.end", streamId=stream_id)
    world.wait(60.0)
    refusal = world.error("bob", "stream.end", streamId=stream_id)
    assert refusal["data"] == {"streamId": stream_id, "closedAt": "2023-11-14T22:14:20.000Z"}


# --- connections and members


@pytest.mark.parametrize("state", ["ACTIVE", "PAUSED"])
def test_a_member_whose_connection_is_lost_stays_a_member(state):
    world, stream_id = stream_in("ACTIVE")
    world.chunk("bob", stream_id, "one", 1)
    if state == "PAUSED":
        world.ok("ada", "stream.pause", streamId=stream_id)
    world.given("cyd")
    world.disconnect("bob")
    assert world.names("cyd") == ["MESSAGE_LOST", "PARTICIPANT_LOST"]
    assert status_of(world, stream_id) == state
    assert "bob" in world.hub.stream(stream_id).object().participants


def test_a_connection_that_is_lost_after_the_end_is_nothing_new():
    world, _ = stream_in("CLOSED")
    world.disconnect("bob")
    assert world.events == []
    assert world.names("cyd") == []


@pytest.mark.parametrize("state", ["ACTIVE", "PAUSED"])
def test_a_stream_that_everybody_has_left_is_closed(state):
    world, stream_id = stream_in(state)
    for agent in ("bob", "ada"):
        world.ok(agent, "stream.leave", streamId=stream_id)
        assert status_of(world, stream_id) == state
    world.ok("cyd", "stream.leave", streamId=stream_id)
    assert status_of(world, stream_id) == "CLOSED"
    ended = [event for event in world.events if isinstance(event, StreamEnded)]
    assert [(event.reason, event.agent_id) for event in ended] == [("empty", None)]


@pytest.mark.parametrize("kind", ["message", "chunk", "start-stream", "end", "get", "invite", "leave"])
def test_the_same_request_again_has_the_same_answer_and_no_second_effect(kind):
    world, stream_id = stream_in("ACTIVE")
    method, params = call_of(kind, stream_id)
    caller = "ada" if kind == "invite" else "bob"
    first = world.ask(caller, method, id="again", **params)
    assert "result" in first
    status = status_of(world, stream_id)
    world.events.clear()
    world.given("cyd")
    assert world.ask(caller, method, id="again", **params) == first
    assert (world.events, world.given("cyd"), status_of(world, stream_id)) == ([], [], status)


def test_a_new_stream_is_not_started_twice_by_one_request():
    world = HubWorld("ada")
    first = world.ask("ada", "stream.start", id=1, participants=["ada"])
    assert world.ask("ada", "stream.start", id=1, participants=["ada"]) == first
    assert len([event for event in world.events if type(event).__name__ == "StreamStarted"]) == 1


@pytest.mark.parametrize("state", ["ACTIVE", "CLOSED"])
def test_an_id_that_was_used_for_another_request_is_refused(state):
    world, stream_id = stream_in(state)
    world.ok("bob", "stream.get", id="once", streamId=stream_id)
    world.events.clear()
    refusal = world.error("bob", "stream.message", id="once", streamId=stream_id, message=text("hello"))
    assert refusal["code"] == -32600
    (rejected,) = world.events
    assert (rejected.error.code, rejected.answered) == (-32600, True)
    assert world.given("cyd") == []
