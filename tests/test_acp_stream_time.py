"""Stream by itself: its end, its deadlines, time that may be left out, and how much of its history is kept."""

import pytest

from hocket.acp import MessageLost, ParticipantInactive, Stream, StreamArchivable, StreamEnded, StreamLimits
from hocket.acp.limits import LaneLimits
from hocket.errors import StreamRefused
from support.drain import drain


def room(*agents, **options):
    stream = Stream(agents or ("ada", "bob"), **options)
    drain(stream)
    return stream


# --- the end


def test_the_end_and_what_can_be_archived_then():
    stream = room(epoch=1_700_000_000.0)
    stream.message("bob", "hello")
    stream.chunk("ada", "good", sequence=1)
    stream.chunk("ada", "bye", sequence=2, last=True)
    stream.chunk("bob", "never en", sequence=1)
    drain(stream)
    stream.end("done", agent="bob", now=60.0)
    lost, ended, archivable = drain(stream)
    assert (type(lost), lost.reason, lost.agent_id) == (MessageLost, "stream_closed", "bob")
    assert (type(ended), ended.reason, ended.agent_id) == (StreamEnded, "done", "bob")
    assert isinstance(archivable, StreamArchivable)
    assert archivable.stream == stream.object()
    assert archivable.stream.closed_at == ended.timestamp == "2023-11-14T22:14:20.000Z"
    assert [(said.agent, said.text) for said in archivable.history] == [("bob", "hello"), ("ada", "goodbye")]
    assert stream.is_closed
    assert stream.events.is_ended
    assert stream.next_timeout() is None


def test_by_default_it_is_ended_by_who_started_it():
    stream = room()
    stream.end()
    assert drain(stream)[0].agent_id == "ada"


@pytest.mark.parametrize("is_request", [True, False])
def test_after_the_end_everything_is_refused_and_nothing_told(is_request):
    stream = room()
    stream.chunk("bob", "open", sequence=1)
    stream.end(now=7.0)
    drain(stream)
    for command in (
        lambda: stream.message("ada", "more"),
        lambda: stream.chunk("bob", "more", sequence=2, is_request=is_request),
        lambda: stream.end(),
        lambda: stream.pause("ada"),
        lambda: stream.resume("ada"),
        lambda: stream.join("ada"),
        lambda: stream.invite("ada", "fay"),
        lambda: stream.leave("bob"),
        lambda: stream.remove("ada", "bob"),
    ):
        with pytest.raises(StreamRefused) as caught:
            command()
        assert caught.value.error.code == -40004
        assert caught.value.error.data == {"streamId": "stream", "closedAt": "1970-01-01T00:00:07.000Z"}
    stream.resync("bob")
    stream.handle_timeout(99_999.0)
    assert drain(stream) == []
    assert stream.get("bob").status.value == "CLOSED"


# --- deadlines


def reasons(stream):
    return [event.reason for event in drain(stream) if isinstance(event, StreamEnded | MessageLost)]


def test_the_soonest_deadline_is_told():
    limits = StreamLimits(inactivity=300.0, idle=200.0, duration=7_200.0, lane=LaneLimits(gap=30.0, stall=100.0))
    stream = room(limits=limits, now=10.0)
    assert stream.next_timeout() == 210.0
    stream.chunk("bob", "one", sequence=1, now=20.0)
    assert stream.next_timeout() == 120.0
    stream.chunk("bob", "three", sequence=3, now=30.0)
    assert stream.next_timeout() == 60.0
    stream.pause("ada", now=40.0)
    assert stream.next_timeout() == 330.0, "bob is inactive then"


def test_only_deadlines_that_can_come_are_told():
    stream = room("ada", limits=StreamLimits(inactivity=9_000.0, idle=50.0, pause=100.0, duration=7_200.0))
    stream.pause("ada", now=10.0)
    assert stream.next_timeout() == 110.0
    stream.invite("ada", "bob", now=20.0)
    assert stream.next_timeout() == 110.0, "a paused stream is not idle"
    stream.resume("ada", now=30.0)
    assert stream.next_timeout() == 80.0
    stream.message("ada", "hello", now=70.0)
    assert stream.next_timeout() == 120.0, "and not that of the pause"


def test_a_gap_that_does_not_close_loses_the_message():
    stream = room(now=0.0)
    stream.chunk("bob", "two", sequence=2, now=5.0)
    stream.handle_timeout(34.9)
    assert reasons(stream) == []
    stream.handle_timeout(35.0)
    assert reasons(stream) == ["gap"]


def test_members_that_do_nothing_are_told_of_once():
    stream = room(limits=StreamLimits(inactivity=300.0))
    stream.message("ada", "hello", now=100.0)
    drain(stream)
    stream.handle_timeout(399.0)
    stream.handle_timeout(400.0)
    stream.handle_timeout(500.0)
    inactive = [event for event in drain(stream) if isinstance(event, ParticipantInactive)]
    assert [event.agent_id for event in inactive] == ["bob", "ada"]
    stream.message("bob", "back", now=600.0)
    stream.handle_timeout(900.0)
    assert drain(stream)[-1] == ParticipantInactive(stream_id="stream", agent_id="bob")


def test_who_has_left_is_not_inactive():
    stream = room(limits=StreamLimits(inactivity=300.0))
    stream.leave("bob")
    stream.handle_timeout(300.0)
    assert [event.agent_id for event in drain(stream) if isinstance(event, ParticipantInactive)] == ["ada"]


def test_nothing_is_told_after_the_end_though_the_clock_was_late():
    stream = room(limits=StreamLimits(inactivity=300.0, duration=1_000.0))
    stream.message("ada", "hello", now=900.0)
    drain(stream)
    stream.handle_timeout(5_000.0)
    assert [type(event) for event in drain(stream)] == [StreamEnded, StreamArchivable], "ada was due at 1,200"


def test_what_was_to_happen_before_a_command_happens_before_it():
    stream = room(limits=StreamLimits(duration=1_000.0))
    with pytest.raises(StreamRefused) as caught:
        stream.message("ada", "late", now=1_000.0)
    assert caught.value.error.code == -40004
    assert reasons(stream) == ["max_duration"]


@pytest.mark.parametrize(
    ("limits", "reason", "at"),
    [
        (StreamLimits(idle=50.0), "idle_timeout", 50.0),
        (StreamLimits(duration=70.0), "max_duration", 70.0),
    ],
)
def test_a_stream_ends_by_itself(limits, reason, at):
    stream = room(limits=limits)
    assert stream.next_timeout() == at
    stream.handle_timeout(at)
    ended, _ = drain(stream)
    assert (ended.reason, ended.agent_id, stream.is_closed) == (reason, None, True)


def test_joining_an_idle_stream_is_doing_something():
    stream = room("ada", limits=StreamLimits(idle=50.0), metadata={"allowDynamicJoin": True})
    stream.join("bob", now=40.0)
    assert stream.next_timeout() == 90.0


def test_a_pause_ends_in_the_end_of_the_stream():
    stream = room(limits=StreamLimits(idle=10.0, pause=900.0, inactivity=9_999.0))
    stream.pause("ada", now=5.0)
    assert stream.next_timeout() == 905.0
    stream.handle_timeout(905.0)
    assert reasons(stream) == ["pause_timeout"]


# --- time


def test_time_that_is_left_out_stands_still():
    stream = room(now=3.0, epoch=1_700_000_000.0)
    assert stream.message("ada", "then").timestamp == "2023-11-14T22:13:23.000Z"
    stream.message("ada", "later", now=9.0)
    assert stream.message("bob", "at the same time").timestamp == "2023-11-14T22:13:29.000Z"
    stream.handle_timeout(12.5)
    assert stream.message("bob", "and then").timestamp == "2023-11-14T22:13:32.500Z"
    assert stream.now == 12.5


def test_what_is_refused_does_not_move_the_deadlines():
    stream = room(limits=StreamLimits(idle=50.0))
    with pytest.raises(StreamRefused):
        stream.message("eve", "hello", now=40.0)
    assert stream.next_timeout() == 50.0


# --- history


def test_a_thousand_messages_are_kept_and_then_the_oldest_goes():
    stream = room()
    for number in range(1_000):
        stream.message("ada", str(number))
    assert (len(stream.log), stream.events.first) == (1_000, 1)
    stream.message("ada", "one more")
    assert (len(stream.log), stream.log[0].text, stream.log[-1].text) == (1_000, "1", "one more")
    assert (stream.events.first, stream.events.last) == (3, 1_002)


def test_a_message_in_chunks_counts_once_and_goes_whole():
    stream = room(limits=StreamLimits(history=2))
    for start in range(3):
        for number in range(1, 11):
            stream.chunk("ada", f"{start}", sequence=number, last=number == 10)
    assert [said.text for said in stream.log] == ["1" * 10, "2" * 10]
    assert stream.events.first == 12


def test_16_mib_are_kept_and_then_the_oldest_goes():
    stream = room()
    for letter in "abcdefghijklmnopqrst":
        stream.message("ada", letter * 999_999)
    assert 15 * 2**20 < stream.events.held <= 16 * 2**20
    assert [said.text[0] for said in stream.log] == list("efghijklmnopqrst")


def test_events_that_say_nothing_weigh_something():
    stream = room(limits=StreamLimits(history_size=10_000))
    for _ in range(1_000):
        stream.pause("ada")
        stream.resume("ada")
    assert len(stream.events) <= 50


def test_what_is_kept_of_a_message_whose_beginning_is_gone_is_not_told_as_said():
    stream = room(limits=StreamLimits(history=1))
    stream.chunk("ada", "begun", sequence=1)
    stream.message("bob", "meanwhile")
    stream.chunk("ada", "ended", sequence=2, last=True)
    assert [said.text for said in stream.log] == ["meanwhile"]
