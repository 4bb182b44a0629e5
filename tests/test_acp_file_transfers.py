"""Files that come in several messages: cut, continued, from several agents, and more than there is room for."""

import pytest

from hocket.acp.events import ChunkReceived, MessageCompleted, MessageLost, ParticipantLeft, StreamEnded
from hocket.acp.model import Part, file_part, message_of, text_part
from hocket.acp.patterns.files import FileLimits, FileReceiver, checksum_of
from support.acp_files import Room, file_info, summary


def test_a_lost_file_goes_on_where_it_was_or_before_and_nothing_comes_twice():
    room = Room()
    checksum = checksum_of([b"abcdef"])
    said = {"transfer_id": "t", "checksum": checksum}
    assert summary(room.lose(file_info(**said), file_part(b"abc"))) == ["started 0", b"abc", "lost 3"]
    assert summary(room.lose(file_info(**said, offset=1), file_part(b"bc"))) == ["started 3", "lost 3"]
    told = room.message(file_info(**said, offset=2), file_part(b"cd"), file_part(b"ef"))
    assert summary(told) == ["started 3", b"d", b"ef", "verified"]
    assert {event.transfer for event in told} == {1}


def test_a_lost_file_without_a_transfer_id_does_not_go_on():
    room = Room()
    assert summary(room.lose(file_info(), file_part(b"abc"))) == ["started 0", b"abc", "lost 3"]
    told = room.message(file_info(), file_part(b"abcdef"))
    assert summary(told) == ["started 0", b"abcdef", "completed"]
    assert {event.transfer for event in told} == {2}
    assert not room.receiver._transfers, "what cannot go on is remembered"


def test_segments_are_one_file():
    room = Room()
    assert summary(room.message(file_info(transfer_id="t"), file_part(b"abc"))) == ["started 0", b"abc"]
    told = room.message(file_info(transfer_id="t", offset=3), file_part(b"def"))
    assert summary(told) == [b"def", "completed"]


def test_who_has_not_seen_the_beginning_is_told_once_and_takes_it_when_it_is_sent_again():
    room = Room()
    [lost] = room.message(file_info(transfer_id="t", offset=2), file_part(b"cd"))
    assert (lost.reason, lost.received) == ("lost", 0)
    assert lost.detail == "it goes on at 2, and has come up to 0"
    assert room.message(file_info(transfer_id="t", offset=4), file_part(b"ef")) == []
    told = room.message(file_info(transfer_id="t"), file_part(b"abcdef"))
    assert summary(told) == ["started 0", b"abcdef", "completed"]


def test_a_segment_that_leaves_something_out_loses_the_file():
    room = Room()
    room.message(file_info(transfer_id="t"), file_part(b"ab"))
    assert summary(room.message(file_info(transfer_id="t", offset=3), file_part(b"def"))) == ["lost 2"]
    told = room.message(file_info(transfer_id="t", offset=2), file_part(b"cdef"))
    assert summary(told) == ["started 2", b"cdef", "completed"]


def test_a_message_goes_on_while_an_older_one_is_still_open():
    room = Room()
    first = room.message(file_info(transfer_id="t"), file_part(b"ab"), ends=False)
    told = room.message(file_info(transfer_id="t", offset=1), file_part(b"bcd"), ends=False)
    assert summary(first + told) == ["started 0", b"ab", b"cd"]
    late = ChunkReceived(
        chunk=message_of(file_part(b"XY")), sequence=3, event_id=9, first_event_id=1, stream_id="s", agent_id="ada"
    )
    lost = MessageLost(stream_id="s", agent_id="ada", reason="stalled", first_event_id=1)
    assert room.receiver.receive(late) == room.receiver.receive(lost) == ()
    assert summary(room.message(file_info(transfer_id="t", offset=4), file_part(b"ef"))) == [b"ef", "completed"]


def chunk_of(first, place, data):
    return ChunkReceived(
        chunk=message_of(file_part(data)),
        sequence=place + 1,
        event_id=100 + place,
        first_event_id=first,
        stream_id="s",
        agent_id="ada",
    )


def test_an_announcement_that_comes_late_takes_nothing_away():
    """A request from before a cut arrives after it: nothing more comes in that message."""
    room = Room()
    room.message(file_info(transfer_id="t"), ends=False)
    assert room.message(file_info(transfer_id="t"), ends=False) == []
    assert summary(room.receiver.receive(chunk_of(1, 1, b"abcdef"))) == [b"abcdef"]
    done = MessageCompleted(chunks=(), stream_id="s", agent_id="ada", first_event_id=1)
    assert summary(room.receiver.receive(done)) == ["completed"]
    assert not room.receiver._messages
    stalled = MessageLost(reason="stalled", stream_id="s", agent_id="ada", first_event_id=2)
    assert room.receiver.receive(stalled) == ()


def test_a_file_is_lost_when_the_last_of_its_messages_is():
    room = Room()
    for _ in range(2):
        room.message(file_info(transfer_id="t"), file_part(b"ab"), ends=False)
    lost = [MessageLost(reason="gap", stream_id="s", agent_id="ada", first_event_id=first) for first in (1, 3)]
    assert [summary(room.receiver.receive(event)) for event in lost] == [[], ["lost 2"]]


def test_of_many_open_messages_the_one_that_is_farthest_behind_is_dropped():
    room = Room()
    room.message(file_info(transfer_id="t"), file_part(b"a"), ends=False)
    for _ in range(20):
        assert room.message(file_info(transfer_id="t"), ends=False) == []
    assert len(room.receiver._messages) == 8
    assert summary(room.receiver.receive(chunk_of(1, 2, b"bcdef"))) == [b"bcdef"]


def test_what_comes_of_a_file_that_is_complete_says_nothing():
    room = Room()
    chunks = [file_info(transfer_id="t"), file_part(b"abcdef")]
    assert summary(room.message(*chunks))[-1] == "completed"
    assert room.message(*chunks) == []
    assert room.message(file_info(transfer_id="t", offset=6)) == []


@pytest.mark.parametrize("other", [{"name": "g"}, {"total_size": 7}, {"checksum": checksum_of([b"abcdef"])}])
def test_one_transfer_id_is_one_file(other):
    room = Room()
    room.message(file_info(transfer_id="t"), file_part(b"abc"))
    told = room.message(file_info(**({"transfer_id": "t", "offset": 3} | other)), file_part(b"def"))
    assert summary(told) == ["malformed 3"]
    assert room.message(file_info(transfer_id="t", offset=3), file_part(b"def")) == []


def test_several_agents_and_streams_send_at_the_same_time():
    room = Room()
    senders = [("s", "ada"), ("s", "grace"), ("t", "ada")]
    parts = [file_info(transfer_id="t", total_size=3), file_part(b"a"), file_part(b"b"), file_part(b"c")]
    told = {sender: [] for sender in senders}
    for sequence, part in enumerate(parts, 1):
        for first, (stream_id, agent_id) in enumerate(senders, 1):
            event = ChunkReceived(
                chunk=message_of(part),
                sequence=sequence,
                event_id=first + 3 * (sequence - 1),
                first_event_id=first,
                stream_id=stream_id,
                agent_id=agent_id,
            )
            told[stream_id, agent_id] += room.receiver.receive(event)
    for first, (stream_id, agent_id) in enumerate(senders, 1):
        done = MessageCompleted(chunks=(), stream_id=stream_id, agent_id=agent_id, first_event_id=first)
        told[stream_id, agent_id] += room.receiver.receive(done)
        assert summary(told[stream_id, agent_id]) == ["started 0", b"a", b"b", b"c", "completed"]
        assert {(event.stream_id, event.agent_id) for event in told[stream_id, agent_id]} == {(stream_id, agent_id)}


# A hub that gives no event ids.


def foreign(receiver, part, *, agent_id="ada", message_id=None):
    extra = {} if message_id is None else {"x-messageId": message_id}
    chunk = message_of(Part(type=part.type, content=part.content, extra=extra))
    return list(receiver.receive(ChunkReceived(chunk=chunk, sequence=1, stream_id="s", agent_id=agent_id)))


def test_without_event_ids_message_ids_keep_the_files_of_one_agent_apart():
    receiver = FileReceiver()
    told = []
    for content in (file_info("f", 2), file_part(b"a"), file_part(b"b")):
        told += [foreign(receiver, content, message_id=name) for name in ("m", "n")]
    for name in ("m", "n"):
        chunk = message_of(text_part("", **{"x-messageId": name}))
        told.append(receiver.receive(MessageCompleted(chunks=(chunk,), stream_id="s", agent_id="ada")))
    for transfer in (1, 2):
        its = [event for events in told for event in events if event.transfer == transfer]
        assert summary(its) == ["started 0", b"a", b"b", "completed"]


def test_without_event_ids_a_lost_message_may_be_any_that_its_agent_has_open():
    receiver = FileReceiver()
    for agent in ("ada", "grace"):
        for name in (None, "n"):
            foreign(receiver, file_info(), agent_id=agent, message_id=name)
    told = receiver.receive(MessageLost(stream_id="s", agent_id="ada", reason="gap"))
    assert summary(told) == ["lost 0", "lost 0"]
    assert {event.agent_id for event in told} == {"ada"}


def test_a_lost_message_of_which_nothing_was_told_is_none_of_those_that_were():
    room = Room()
    room.message(file_info(), ends=False)
    assert room.receiver.receive(MessageLost(stream_id="s", agent_id="ada", reason="gap")) == ()


def test_a_hub_may_number_its_events_and_not_say_which_belong_together():
    receiver, told = FileReceiver(), []
    for event_id, part in enumerate([file_info(), file_part(b"abc"), file_part(b"def")], 5):
        chunk = ChunkReceived(
            chunk=message_of(part), sequence=event_id - 4, event_id=event_id, stream_id="s", agent_id="ada"
        )
        told += receiver.receive(chunk)
    done = MessageCompleted(chunks=(message_of(file_info()),), stream_id="s", agent_id="ada")
    assert summary([*told, *receiver.receive(done)]) == ["started 0", b"abc", b"def", "completed"]


def test_without_event_ids_an_announcement_ends_what_came_before():
    receiver = FileReceiver()
    foreign(receiver, file_info())
    told = foreign(receiver, file_info())
    assert summary(told) == ["lost 0", "started 0"]
    told = foreign(receiver, file_info(total_size=-1))
    assert summary(told) == ["lost 0", "malformed 0"]
    assert foreign(receiver, file_part(b"abcdef")) == []


# Limits, and what is forgotten.


def test_a_file_that_is_too_large_names_the_limit_once():
    room = Room(FileLimits(size=5))
    told = room.message(file_info(transfer_id="t"), file_part(b"abc"))
    assert summary(told) == ["too_large 0"]
    assert told[0].detail == "more than size = 5 allows (got 6); raise the limit size if this is wanted"
    assert room.message(file_info(transfer_id="t", offset=3), file_part(b"def")) == []
    assert summary(room.message(file_info(total_size=6))) == ["too_large 0"], "without a transfer id"
    assert summary(room.message(file_info(total_size=5), file_part(b"abcde")))[-1] == "completed"


def test_more_files_than_one_agent_may_send_are_refused_and_others_are_not():
    room = Room(FileLimits(transfers_each=2))
    for name in ("t", "u"):
        assert summary(room.message(file_info(transfer_id=name), ends=False)) == ["started 0"]
    told = room.message(file_info(transfer_id="v"), file_part(b"abcdef"))
    assert summary(told) == ["too_many 0"]
    assert "raise the limit transfers_each" in told[0].detail
    assert summary(room.message(file_info(), ends=False, agent_id="grace")) == ["started 0"]
    assert summary(room.message(file_info(), ends=False, stream_id="other")) == ["started 0"]


def test_more_files_than_all_may_send_are_refused():
    room = Room(FileLimits(transfers=2))
    for agent in ("ada", "grace"):
        room.message(file_info(), ends=False, agent_id=agent)
    told = room.message(file_info(), agent_id="mary")
    assert summary(told) == ["too_many 0"]
    assert "raise the limit transfers " in told[0].detail


def test_what_is_over_is_forgotten_first_then_what_was_lost_then_what_waits():
    room = Room(FileLimits(transfers_each=3))
    room.message(file_info(transfer_id="waits"), file_part(b"ab"))
    room.lose(file_info(transfer_id="lost"), file_part(b"ab"))
    room.message(file_info(transfer_id="over"), file_part(b"abcdef"))
    told = [summary(room.message(file_info(transfer_id=name), ends=False)) for name in ("x", "y", "z", "w")]
    assert told == [["started 0"], ["started 0"], ["lost 2", "started 0"], ["too_many 0"]]


@pytest.mark.parametrize(
    "end", [ParticipantLeft(stream_id="s", agent_id="ada"), StreamEnded(stream_id="s", agent_id="grace")]
)
def test_when_nobody_is_left_to_go_on_what_waits_is_lost(end):
    room = Room()
    room.message(file_info(transfer_id="waits"), file_part(b"ab"))
    room.message(file_info(transfer_id="open"), file_part(b"abc"), ends=False)
    room.lose(file_info(transfer_id="lost"), file_part(b"abcd"))
    room.message(file_info(), file_part(b"abcde"), ends=False)
    elsewhere = room.message(file_info(), ends=False, stream_id="other")
    assert summary(room.receiver.receive(end)) == ["lost 2", "lost 3", "lost 5"]
    assert room.receiver.receive(end) == ()
    assert summary(elsewhere) == ["started 0"]
    assert summary(room.receiver.receive(StreamEnded(stream_id="other"))) == ["lost 0"]
    assert not room.receiver._transfers
    assert not room.receiver._messages


def test_only_the_agent_that_left_is_gone():
    room = Room()
    room.message(file_info(transfer_id="t"), agent_id="grace", ends=False)
    assert room.receiver.receive(ParticipantLeft(stream_id="s", agent_id="ada")) == ()
