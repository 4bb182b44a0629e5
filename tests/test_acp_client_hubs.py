"""The client's machine and hubs of other makes, careless ones, and hostile ones."""

import pytest

from hocket.acp.client import Client
from hocket.acp.client.events import Failed
from hocket.acp.events import (
    ChunkReceived,
    FrameRejected,
    MessageCompleted,
    MessageLost,
    MessageSent,
    ReplayGap,
)
from hocket.acp.limits import ClientLimits
from hocket.entropy import seeded
from hocket.errors import (
    ConnectionFailed,
    LocalProtocolError,
)
from support.acp_hub_script import STREAM, HubScript, chunk, content, happened, notification, said

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
