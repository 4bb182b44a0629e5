"""Section 3 of the specification, the rest: deadlines on virtual time, and the order in which a hub checks things.

Nothing in here reads the tables of the code.
"""

import pytest

from hocket.acp.limits import HubLimits, StreamLimits
from support.acp_hub import HubWorld, status_of, stream_in, text

# --- deadlines, on virtual time

BRIEF = HubLimits(stream=StreamLimits(idle=100.0, duration=1_000.0, pause=300.0))

# what passes, in which state → the reason of the end; the state afterwards
DEADLINES = [
    ("ACTIVE", 99.0, None),
    ("ACTIVE", 100.0, "idle_timeout"),
    ("PAUSED", 299.0, None),
    ("PAUSED", 300.0, "pause_timeout"),
]


@pytest.mark.parametrize(("state", "seconds", "reason"), DEADLINES)
def test_deadlines_of_a_stream_to_which_nothing_happens(state, seconds, reason):
    world = HubWorld("ada", "bob", limits=BRIEF)
    stream_id = world.start("ada", "bob")
    if state == "PAUSED":
        world.ok("ada", "stream.pause", streamId=stream_id)
    world.given("bob")
    world.wait(seconds)
    given = world.given("bob")
    if reason is None:
        assert (given, status_of(world, stream_id)) == ([], state)
    else:
        (end,) = given
        assert (end["method"], end["params"]["reason"]) == ("stream.end", reason)
        assert "agentId" not in end["params"], "nobody did it"
        assert status_of(world, stream_id) == "CLOSED"


@pytest.mark.parametrize("state", ["ACTIVE", "PAUSED"])
def test_no_stream_lasts_longer_than_the_longest(state):
    limits = HubLimits(stream=StreamLimits(idle=None, duration=1_000.0, pause=900.0))
    world = HubWorld("ada", "bob", limits=limits)
    stream_id = world.start("ada", "bob")
    world.wait(500.0)
    if state == "PAUSED":
        world.ok("ada", "stream.pause", streamId=stream_id)
    world.given("bob")
    world.wait(499.0)
    assert status_of(world, stream_id) == state
    world.wait(1.0)
    (end,) = world.given("bob")
    assert (end["params"]["reason"], status_of(world, stream_id)) == ("max_duration", "CLOSED")


def test_whatever_a_member_does_the_stream_is_not_idle():
    world = HubWorld("ada", "bob", limits=BRIEF)
    stream_id = world.start("ada", "bob")
    for _ in range(5):
        world.wait(99.0)
        world.say("bob", stream_id, "still here")
    assert status_of(world, stream_id) == "ACTIVE"
    world.wait(100.0)
    assert status_of(world, stream_id) == "CLOSED"


def test_the_idle_time_stands_still_in_a_pause_and_begins_anew_after_it():
    world = HubWorld("ada", limits=BRIEF)
    stream_id = world.start("ada")
    world.wait(99.0)
    world.ok("ada", "stream.pause", streamId=stream_id)
    world.wait(299.0)
    world.ok("ada", "stream.resume", streamId=stream_id)
    world.wait(99.0)
    assert status_of(world, stream_id) == "ACTIVE"
    world.wait(1.0)
    assert status_of(world, stream_id) == "CLOSED"


def test_a_resumed_stream_is_not_closed_by_the_pause_it_was_in():
    world = HubWorld("ada", limits=HubLimits(stream=StreamLimits(pause=300.0)))
    stream_id = world.start("ada")
    world.ok("ada", "stream.pause", streamId=stream_id)
    world.wait(200.0)
    world.ok("ada", "stream.resume", streamId=stream_id)
    world.wait(200.0)
    assert status_of(world, stream_id) == "ACTIVE"


def test_the_defaults_are_those_of_the_specification():
    limits = StreamLimits()
    assert (limits.pause, limits.duration, limits.idle) == (900.0, 7_200.0, None)
    assert HubLimits().forget == 600.0


def test_a_closed_stream_is_forgotten_after_a_while():
    world, stream_id = stream_in("CLOSED")
    world.wait(599.0)
    assert world.error("bob", "stream.end", streamId=stream_id)["code"] == -40004
    world.wait(1.0)
    assert world.error("bob", "stream.end", streamId=stream_id)["code"] == -40003
    assert world.error("eve", "stream.end", streamId=stream_id)["code"] == -40003


def test_a_deadline_that_nobody_called_for_is_met_by_what_comes_next():
    world = HubWorld("ada", "bob", limits=BRIEF)
    stream_id = world.start("ada", "bob")
    world.now = 150.0  # the driver was late
    assert world.error("bob", "stream.message", streamId=stream_id, message=text("late"))["code"] == -40004


# --- the order of checks: parse, envelope, method, params, authentication, stream, membership, state, permission,
# size, lane


def small_world(state="ACTIVE"):
    limits = HubLimits(stream=StreamLimits(text=8, participants=2))
    world = HubWorld("ada", "bob", "eve", limits=limits)
    stream_id = world.start("ada", "bob")
    if state == "PAUSED":
        world.ok("ada", "stream.pause", streamId=stream_id)
    if state == "CLOSED":
        world.ok("ada", "stream.end", streamId=stream_id)
    return world, stream_id


def code_of(answers):
    (answer,) = answers
    return answer["error"]["code"]


def test_checks_of_the_envelope_come_before_those_of_the_call():
    world, _ = small_world()
    assert code_of(world.raw("eve", b'{"id":1,"method":7,')) == -32700
    assert code_of(world.raw("eve", {"id": 1, "method": "stream.fly", "params": 7})) == -32600
    assert code_of(world.raw("eve", {"jsonrpc": "2.0", "id": 1, "method": "stream.fly", "params": {}})) == -32601


TOO_MUCH = text("far too long for this stream")

# what is sent, by whom, in which state → the first of the things that are wrong with it
ORDER = [
    (
        "params before authentication",
        "eve",
        {"chunk": {"role": "agent", "agentId": "bob"}, "streamId": "none"},
        -32602,
        None,
    ),
    (
        "authentication before the stream",
        "eve",
        {"chunk": {**TOO_MUCH, "agentId": "bob"}, "streamId": "none"},
        -40006,
        "not_yours",
    ),
    ("the stream before membership", "eve", {"chunk": TOO_MUCH, "streamId": "none"}, -40003, None),
    ("membership before size", "eve", {"chunk": TOO_MUCH}, -40006, "not_a_participant"),
    ("size before the lane", "bob", {"chunk": TOO_MUCH, "sequence": 7}, -40012, None),
    ("the lane", "bob", {"chunk": text("short"), "sequence": 7}, -40011, None),
]


@pytest.mark.parametrize(("who", "params", "code", "reason"), [row[1:] for row in ORDER], ids=[row[0] for row in ORDER])
def test_the_first_thing_that_is_wrong_is_the_one_that_is_told(who, params, code, reason):
    world, stream_id = small_world()
    refusal = world.error(who, "stream.chunk", **{"streamId": stream_id, "sequence": 9, **params})
    assert refusal["code"] == code
    if reason is not None:
        assert refusal["data"]["reason"] == reason


@pytest.mark.parametrize(("state", "code"), [("PAUSED", -40010), ("CLOSED", -40004)])
@pytest.mark.parametrize(("method", "member"), [("stream.message", "message"), ("stream.chunk", "chunk")])
def test_the_state_comes_before_size_and_lane(state, code, method, member):
    world, stream_id = small_world(state)
    more = {"sequence": 9} if member == "chunk" else {}
    refusal = world.error("bob", method, streamId=stream_id, **{member: TOO_MUCH}, **more)
    assert refusal["code"] == code


def test_the_state_comes_before_permission_and_that_before_the_rest():
    world, stream_id = small_world("CLOSED")
    assert world.error("bob", "stream.remove", streamId=stream_id, agentId="nobody")["code"] == -40004
    world, stream_id = small_world()
    refusal = world.error("bob", "stream.invite", streamId=stream_id, agentId="eve")
    assert (refusal["code"], refusal["data"]["reason"]) == (-40006, "permission")
    refusal = world.error("ada", "stream.invite", streamId=stream_id, agentId="eve")
    assert (refusal["code"], refusal["data"]) == (-40012, {"limit": "participants", "max": 2})
