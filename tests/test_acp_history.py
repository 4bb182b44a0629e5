"""History: the latest messages of a stream, counted, weighed, and put together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.acp.events import (
    ChunkReceived,
    MessageLost,
    MessageSent,
    ParticipantLeft,
    ParticipantLost,
    StreamEnded,
    StreamPaused,
    StreamResumed,
)
from hocket.acp.history import History, said_in
from hocket.acp.limits import StreamLimits
from hocket.acp.model import message_of


def sent(number, text="x"):
    return MessageSent(stream_id="s", agent_id="ada", event_id=number, message=message_of(text))


def chunk(number, first, text="x", *, last=False, agent="ada"):
    return ChunkReceived(
        stream_id="s",
        agent_id=agent,
        event_id=number,
        chunk=message_of(text),
        sequence=number - first + 1,
        is_last=last,
        first_event_id=first,
    )


def lost(number, first):
    return MessageLost(stream_id="s", agent_id="ada", event_id=number, reason="gap", first_event_id=first)


def texts(events):
    return [said.text for said in said_in(events)]


def kept(history):
    return [entry.offset for entry in history.log.read(0, 1_000)]


def test_the_stamp_is_what_the_next_event_begins_with():
    history = History("s", StreamLimits(), 1_700_000_000.0, 60.0)
    expected = {"stream_id": "s", "agent_id": "ada", "event_id": 1, "timestamp": "2023-11-14T22:14:20.000Z"}
    assert history.stamp("ada") == expected
    assert history.stamp("ada") == expected, "it is not used up"
    history.append(ParticipantLost(**history.stamp("ada")))
    history.now = 61.0
    assert (history.stamp(None)["event_id"], history.stamp(None)["timestamp"]) == (2, "2023-11-14T22:14:21.000Z")


STAMP = {"stream_id": "s", "agent_id": "ada", "event_id": 1}


@pytest.mark.parametrize(
    ("event", "weight"),
    [
        (ParticipantLost(**STAMP), 0),
        (ParticipantLeft(**STAMP), 0),
        (ParticipantLeft(**STAMP, reason="bye"), 3),
        (StreamPaused(**STAMP, reason="håll", lanes={"ada": 2, "bob/m": 7}), 5 + 3 + 5),
        (StreamResumed(**STAMP, reason="\ud800"), 3),
        (StreamEnded(**STAMP, reason="x" * 1_000), 1_000),
    ],
)
def test_reasons_count_too_so_that_they_do_not_fill_the_log(event, weight):
    history = History("s", StreamLimits(), 0.0, 0.0)
    history.append(event)
    assert history.log.held == 200 + weight


def test_messages_are_counted_and_what_is_between_them_is_not():
    history = History("s", StreamLimits(history=2), 0.0, 0.0)
    for number in range(1, 4):
        history.append(ParticipantLost(stream_id="s", agent_id="a", event_id=number))
    history.append(sent(4))
    history.append(sent(5))
    assert kept(history) == [1, 2, 3, 4, 5]
    history.append(sent(6))
    assert kept(history) == [5, 6]


def test_of_a_chunked_message_only_the_first_chunk_counts():
    history = History("s", StreamLimits(history=2), 0.0, 0.0)
    for number in range(1, 9):
        history.append(chunk(number, 1, last=number == 8))
    history.append(sent(9))
    assert kept(history)[0] == 1
    history.append(chunk(10, 10))
    assert kept(history) == [9, 10]


def test_content_weighs_and_so_does_every_event():
    history = History("s", StreamLimits(history_size=1_000), 0.0, 0.0)
    history.append(sent(1), 500)
    history.append(sent(2), 300)
    assert kept(history) == [2], "with what is around them they are more than 1,000 bytes"
    for number in range(3, 9):
        history.append(ParticipantLost(stream_id="s", agent_id="a", event_id=number))
    assert len(kept(history)) < 6


# --- what was said


def test_messages_are_said_when_they_are_complete():
    events = [
        chunk(1, 1, "a"),
        chunk(2, 2, "b", agent="bob"),
        sent(3, "whole"),
        chunk(4, 2, "B", last=True, agent="bob"),
        chunk(5, 1, "A", last=True),
        chunk(6, 6, "only", last=True),
    ]
    said = list(said_in(events))
    assert [(each.agent, each.text, each.event_id) for each in said] == [
        ("ada", "whole", 3),
        ("bob", "bB", 4),
        ("ada", "aA", 5),
        ("ada", "only", 6),
    ]
    assert said[1].message.text == "bB"


@pytest.mark.parametrize(
    "events",
    [
        [chunk(1, 1, "never ended")],
        [chunk(2, 1, "no beginning", last=True)],
        [chunk(1, 1, "a"), lost(2, 1), chunk(3, 1, "after the loss", last=True)],
        [lost(1, 0)],
    ],
    ids=["open", "headless", "lost", "nothing"],
)
def test_what_is_not_whole_was_not_said(events):
    assert texts(events) == []


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["chunk", "last", "whole", "lost"])), max_size=60),
    st.integers(1, 4),
    st.integers(200, 4_000),
)
def test_what_is_said_is_the_end_of_what_was_said_and_never_a_piece_of_it(steps, count, size):
    """Against a model that keeps everything: what is kept whole is a part of it, in the same order."""
    history = History("s", StreamLimits(history=count, history_size=size), 0.0, 0.0)
    open_messages, whole, everything = {}, [], []
    for number, (agent, kind) in enumerate(steps, 1):
        text = f"{number} "
        if kind == "whole":
            event = sent(number, text)
            whole.append(text)
        elif kind == "lost":
            event = lost(number, open_messages.pop(agent, (0, ""))[0])
        else:
            first, before = open_messages.get(agent, (number, ""))
            event = chunk(number, first, text, last=kind == "last", agent=agent)
            open_messages[agent] = (first, before + text)
            if kind == "last":
                whole.append(open_messages.pop(agent)[1])
        everything.append(event)
        history.append(event, len(text))
    assert texts(everything) == whole
    said = [each.text for each in history.said]
    assert [text for text in whole if text in said] == said
    begun = [event for event in everything if isinstance(event, MessageSent) or getattr(event, "sequence", 0) == 1]
    first_kept = begun[-count].event_id if len(begun) > count else 1
    assert history.log.first >= first_kept
    assert history.log.held <= size or len(history.log) == 1
