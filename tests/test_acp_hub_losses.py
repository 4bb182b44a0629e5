"""Connections of a hub that break, frames that cannot be read, and what was said on them; whom a Ready wakes."""

import pytest

from hocket.acp.events import MessageLost, ParticipantLost
from hocket.acp.hub.delivery import Ready
from hocket.errors import LocalProtocolError
from support.acp_hub import HubWorld, call, text


def test_what_was_being_said_on_a_connection_that_breaks_is_lost():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    world.chunk("ada", stream_id, "one", 1, told=True)
    world.disconnect("ada")
    assert [type(event) for event in world.events[-2:]] == [MessageLost, ParticipantLost]
    world.connect("ada", principal="ada")
    world.chunk("ada", stream_id, "two", 2, last=True, told=True)
    assert world.hub.stream(stream_id).log == (), "nobody has what was before it"
    world.chunk("ada", stream_id, "anew", 1, last=True, told=True)
    assert [said.text for said in world.hub.stream(stream_id).log] == ["anew"]


def test_a_post_that_is_over_loses_nothing():
    world = HubWorld("bob")
    world.connect("post 1", principal="ada", ordered=False, listens=False)
    stream_id = world.start("post 1", "bob")
    world.chunk("post 1", stream_id, "one ", 1)
    world.disconnect("post 1")
    world.connect("post 2", principal="ada", ordered=False, listens=False)
    world.chunk("post 2", stream_id, "two", 2, last=True)
    assert [said.text for said in world.hub.stream(stream_id).log] == ["one two"]
    assert not any(isinstance(event, ParticipantLost) for event in world.events)


@pytest.mark.parametrize("junk", [b"\xff", b"{}", b'{"jsonrpc":"2.0","method":"stream.chunk","params":7}'])
def test_a_frame_that_cannot_be_read_may_have_been_a_chunk(junk):
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    world.chunk("ada", stream_id, "one", 1, told=True)
    world.raw("ada", junk)
    for number, last in ((1, False), (2, False), (3, True)):
        world.chunk("ada", stream_id, f"new {number}", number, last=last, told=True)
    assert [said.text for said in world.hub.stream(stream_id).log] == ["new 1new 2new 3"]
    assert sum(isinstance(event, MessageLost) for event in world.events) == 1


def test_without_its_first_chunk_a_message_is_not_taken_for_the_rest_of_the_last_one():
    """The numbers alone would let chunk 4 of the second message pass for a message of its own."""
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    for number in (1, 2, 3):
        world.chunk("ada", stream_id, f"first {number} ", number, last=number == 3, told=True)
    world.raw("ada", b"what was chunk 1 of the second")
    for number in (2, 3, 4):
        world.chunk("ada", stream_id, f"second {number} ", number, last=number == 4, told=True)
    assert [said.text for said in world.hub.stream(stream_id).log] == ["first 1 first 2 first 3 "]


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("broken", [{"sequence": "2"}, {"chunk": {"role": "agent", "parts": []}}])
def test_a_chunk_that_cannot_be_read_is_lost_to_its_message(broken, ordered):
    world = HubWorld("bob")
    world.connect("ada", principal="ada", ordered=ordered)
    mine, other = world.start("ada", "bob"), world.start("ada", "bob")
    for stream_id in (mine, other):
        world.chunk("ada", stream_id, "one", 1, told=True)
    world.tell("ada", "stream.chunk", **{"streamId": mine, "chunk": text("two"), "sequence": 2, **broken})
    lost = [(event.stream_id, event.reason) for event in world.events if isinstance(event, MessageLost)]
    assert lost == [(mine, "resync")]


def test_a_chunk_of_which_not_even_the_stream_can_be_read_is_lost_to_all_open_messages_of_its_line():
    world = HubWorld("ada", "bob")
    world.connect("line")
    stream_id = world.ok("line", "stream.start", participants=["cyd", "bob"])["stream"]["streamId"]
    other = world.start("ada", "bob")
    for line in ("line", "ada"):
        for each in (stream_id, other) if line == "ada" else (stream_id,):
            world.tell(line, "stream.chunk", streamId=each, chunk=text("one"), sequence=1)
    world.tell("line", "stream.chunk", streamId=stream_id, chunk=text("two"), sequence="2")
    world.tell("ada", "stream.chunk", streamId=7, chunk=text("two"), sequence=2)
    lost = [(event.stream_id, event.agent_id) for event in world.events if isinstance(event, MessageLost)]
    assert lost == [(stream_id, "cyd"), (other, "ada")]


def unreadable(stream_id, sequence, **more):
    return {"streamId": stream_id, "chunk": {"role": "agent", "parts": [{"type": 7}], **more}, "sequence": sequence}


@pytest.mark.parametrize("named", ["chunk", "call"])
@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("principal", ["gateway", None])
def test_an_unreadable_chunk_is_lost_to_the_agent_that_it_names(principal, ordered, named):
    """Its first chunk missing, the last one of the second message would be a message of its own."""
    world = HubWorld("bob", may_speak_for=lambda principal, agent: principal in ("gateway", agent))
    stream_id = world.start("bob", "ada", "gateway")
    said = {"agentId": "ada"}

    def tell(line, params):
        """By a line of its own; but a line that keeps order says all of it."""
        if not ordered or line == "line 1":
            world.connect(line, principal=principal, ordered=ordered, listens=False)
        world.tell("line 1" if ordered else line, "stream.chunk", **params)

    for sequence, is_last in ((1, False), (2, True)):
        chunk = text(f"first {sequence} ", agentId="ada")
        tell(f"line {sequence}", {"streamId": stream_id, "chunk": chunk, "sequence": sequence, "isLast": is_last})
    tell("line 3", unreadable(stream_id, 1, **said) if named == "chunk" else unreadable(stream_id, 1) | said)
    for sequence, is_last in ((2, False), (3, True)):
        chunk = text(f"second {sequence} ", agentId="ada")
        tell(f"line {sequence + 2}", {"streamId": stream_id, "chunk": chunk, "sequence": sequence, "isLast": is_last})
    assert [said.text for said in world.hub.stream(stream_id).log] == ["first 1 first 2 "]


@pytest.mark.parametrize("late", [1, 2, 3])
def test_what_comes_late_by_a_line_that_was_given_up_is_not_put_into_another_message(late):
    """The line is dead for its agent, and not yet for the hub, where the next line is in use already."""
    world = HubWorld("bob")
    for line in ("old line", "new line"):
        world.connect(line, principal="ada")
    stream_id = world.start("bob", "ada")

    def tell(line, words, sequence, *, last=False):
        world.chunk(line, stream_id, words, sequence, last=last, told=True)

    for sequence in range(1, late):
        tell("old line", f"old {sequence} ", sequence)
    tell("new line", "new 1 ", 1)
    tell("new line", "new 2 ", 2)
    tell("old line", f"old {late} ", late, last=True)
    tell("new line", "new 3", 3, last=True)
    for sequence in (1, 2):
        tell("new line", f"newest {sequence} ", sequence, last=sequence == 2)
    assert [said.text for said in world.hub.stream(stream_id).log] == ["old 1 "] * (late == 1) + ["newest 1 newest 2 "]


def test_an_unreadable_chunk_that_names_nobody_is_lost_to_all_who_speak_in_chunks_on_its_line():
    world = HubWorld("ada")
    stream_id, other = world.start("ada", "bob", "cyd"), world.start("ada", "cyd")
    world.connect("line")
    for agent, each in (("bob", stream_id), ("cyd", stream_id), ("cyd", other)):
        world.tell("line", "stream.chunk", streamId=each, chunk=text("begun", agentId=agent), sequence=1)
    world.tell("line", "stream.chunk", **unreadable(stream_id, 2, agentId=7))
    lost = [(event.stream_id, event.agent_id) for event in world.events if isinstance(event, MessageLost)]
    assert lost == [(stream_id, "bob"), (stream_id, "cyd")]


def test_an_unreadable_chunk_is_not_lost_to_an_agent_that_its_line_does_not_speak_for():
    world = HubWorld("ada", "eve")
    stream_id = world.start("ada", "eve")
    world.chunk("ada", stream_id, "one ", 1, told=True)
    world.tell("eve", "stream.chunk", **unreadable(stream_id, 2, agentId="ada"))
    world.chunk("ada", stream_id, "two", 2, last=True, told=True)
    assert [said.text for said in world.hub.stream(stream_id).log] == ["one two"]


def test_a_chunk_on_a_line_that_is_for_another_stream_is_lost():
    world = HubWorld("ada", "bob")
    stream_id, other = world.start("ada", "bob"), world.start("ada", "bob")
    world.chunk("ada", stream_id, "one ", 1, last=True, told=True)
    world.connect("socket", principal="ada", stream_id=other)
    world.chunk("socket", stream_id, "begins", 1, told=True)
    world.chunk("ada", stream_id, "ends", 2, last=True, told=True)
    assert [said.text for said in world.hub.stream(stream_id).log] == ["one "]


def test_a_request_that_cannot_be_read_leaves_the_lane_as_it_was():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    world.chunk("ada", stream_id, "one ", 1)
    world.error("ada", "stream.chunk", streamId=stream_id, chunk=text("two"), sequence="2")
    world.chunk("ada", stream_id, "two", 2, last=True)
    assert [said.text for said in world.hub.stream(stream_id).log] == ["one two"]


def test_who_was_refused_on_a_connection_loses_nothing_with_it():
    world = HubWorld("ada", "cyd")
    stream_id = world.start("ada", allowDynamicJoin=True)
    world.connect("line")
    world.tell("line", "stream.chunk", streamId=stream_id, chunk=text("no member", agentId="cyd"), sequence=1)
    world.ok("cyd", "stream.join", streamId=stream_id)
    world.chunk("cyd", stream_id, "one ", 1)
    world.disconnect("line")
    world.chunk("cyd", stream_id, "two", 2, last=True)
    assert [said.text for said in world.hub.stream(stream_id).log] == ["one two"]


def test_what_was_said_on_a_connection_before_its_agent_left_is_lost_once():
    world = HubWorld("ada", "cyd")
    stream_id = world.start("ada", "cyd", allowDynamicJoin=True)
    world.chunk("cyd", stream_id, "never ended", 1)
    world.ok("cyd", "stream.leave", streamId=stream_id)
    world.connect("cyd 2", principal="cyd")
    world.ok("cyd 2", "stream.join", streamId=stream_id)
    world.chunk("cyd 2", stream_id, "one ", 1)
    world.disconnect("cyd")
    world.chunk("cyd 2", stream_id, "two", 2, last=True)
    assert [said.text for said in world.hub.stream(stream_id).log] == ["one two"]


def test_what_was_refused_before_the_join_does_not_count_after_it():
    world = HubWorld("ada", "cyd")
    stream_id = world.start("ada", allowDynamicJoin=True)
    world.chunk("cyd", stream_id, "no member", 1, told=True)
    world.ok("cyd", "stream.join", streamId=stream_id)
    world.chunk("cyd", stream_id, "counts from 0", 0, last=True)
    assert [said.text for said in world.hub.stream(stream_id).log] == ["counts from 0"]


def test_to_disconnect_twice_or_nobody_is_harmless():
    world = HubWorld("ada")
    world.start("ada", "bob")
    world.disconnect("ada")
    assert [type(event) for event in world.events][-1] is ParticipantLost
    world.disconnect("ada")
    world.disconnect("never seen")
    assert world.events == []
    assert (world.hub.take("ada"), world.hub.unread("ada"), world.hub.is_over("ada")) == ([], 0, False)


def test_a_connection_is_known_by_one_name_only_once():
    world = HubWorld("ada")
    with pytest.raises(LocalProtocolError, match="a connection 'ada' already"):
        world.hub.connect("ada", 0.0)


def test_ready_is_told_once_until_all_is_taken():
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", "bob")
    world.pump()
    for words in "abc":
        world.hub.receive("ada", call("stream.message", streamId=stream_id, message=text(words)), 0.0)
    ready = [event.link for event in iter(world.hub.next_event, None) if isinstance(event, Ready)]
    assert ready.count("bob") == 1
    assert len(world.hub.take("bob", 2)) == 2
    world.hub.receive("ada", call("stream.message", streamId=stream_id, message=text("d")), 0.0)
    assert Ready("bob") not in list(iter(world.hub.next_event, None))
    assert len(world.hub.take("bob", 9)) == 2
    world.hub.receive("ada", call("stream.message", streamId=stream_id, message=text("e")), 0.0)
    assert Ready("bob") in list(iter(world.hub.next_event, None))
