"""A writer of chunks remembers what is around their text: it must not write anything else than the dialect does."""

from sys import getrefcount

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from hocket.acp import Encoding, Message, Part, PartType, Role, message_of, text_part
from hocket.acp.assembly import MESSAGE_ID
from hocket.acp.chunk_writer import ChunkWriter
from hocket.acp.wire import ACP, ChunkParams
from hocket.errors import LocalProtocolError
from hocket.testing.strategies.acp import acp_messages

TEXT = st.text(max_size=4) | st.sampled_from(["\x00text", "\x00time", '"', "\u2028", "\ud800", "😀", '","sequence":0}'])
NAMES = st.sampled_from(["a", "b"]) | TEXT
PLAIN = st.builds(
    Message,
    role=st.sampled_from(Role),
    parts=st.tuples(st.builds(text_part, TEXT, **{MESSAGE_ID: NAMES}) | TEXT.map(text_part)),
    timestamp=st.none() | TEXT,
    agent_id=st.none() | NAMES,
)
ODD = st.builds(
    lambda message, part: Message(role=message.role, parts=(part,), agent_id=message.agent_id),
    PLAIN,
    st.builds(
        Part,
        type=st.sampled_from(PartType),
        content=TEXT | st.none() | st.integers(0, 2),
        mime_type=st.none() | TEXT,
        filename=st.none() | TEXT,
        size=st.none() | st.just(0),
        encoding=st.none() | st.sampled_from(Encoding),
    ),
)
NUMBERS = st.none() | st.tuples(st.integers(1, 2**60), st.integers(0, 2**60))
SAID = st.tuples(NAMES, PLAIN | PLAIN | acp_messages() | ODD, st.integers(0, 2**53), st.booleans(), NUMBERS)
FIRST = message_of("a", agent_id="ada")


def as_the_dialect(stream_id, chunk, sequence, is_last, numbers):
    event_id, first_event_id = (None, None) if numbers is None else map(str, numbers)
    return ACP.writer(ChunkParams).to_json(
        ChunkParams(
            stream_id=stream_id,
            chunk=chunk,
            sequence=sequence,
            is_last=is_last,
            event_id=event_id,
            first_event_id=first_event_id,
        )
    )


@given(st.lists(SAID, max_size=6))
@example([("s", FIRST, 1, False, None), ("s", message_of("b", agent_id="ada"), 2, True, (7, 6))])
@example([("s", FIRST, 1, False, None), ("t", FIRST, 1, False, None), ("s", FIRST, 1, False, None)])
def test_the_bytes_are_those_of_the_dialect(said):
    writer = ChunkWriter()
    for stream_id, chunk, sequence, is_last, numbers in said:
        written = writer.write(stream_id, chunk, sequence, is_last, *(numbers or ()))
        assert written == as_the_dialect(stream_id, chunk, sequence, is_last, numbers)


@given(PLAIN)
def test_a_chunk_that_differs_in_one_thing_is_not_taken_for_another(chunk):
    stream_id = "s"
    part = chunk.parts[0]
    others = {
        "stream": (stream_id + "!", chunk),
        "role": (stream_id, evolve(chunk, role=Role.SYSTEM)),
        "agent": (stream_id, evolve(chunk, agent_id="somebody else")),
        "time": (stream_id, evolve(chunk, timestamp="then")),
        "no time": (stream_id, evolve(chunk, timestamp=None)),
        "encoding": (stream_id, evolve(chunk, parts=(evolve(part, encoding=None),))),
        "message": (stream_id, evolve(chunk, parts=(evolve(part, extra={MESSAGE_ID: "another"}),))),
        "member": (stream_id, evolve(chunk, parts=(evolve(part, extra={"x": "another"}),))),
        "number": (stream_id, evolve(chunk, parts=(evolve(part, extra={MESSAGE_ID: 1}),))),
        "parts": (stream_id, evolve(chunk, parts=(part, part))),
    }
    for other in others.values():
        writer = ChunkWriter()
        for each in ((stream_id, chunk), other, (stream_id, chunk)):
            assert writer.write(*each, 1, is_last=False) == as_the_dialect(*each, 1, False, None)


@pytest.mark.parametrize(("length", "is_held"), [(256, 1), (257, 0), (100_000, 0)])
def test_no_more_of_a_chunk_is_held_than_what_is_always_short(length, is_held):
    writer = ChunkWriter()
    chunk = message_of(text_part("a", **{MESSAGE_ID: "m" * length}))
    before = getrefcount(chunk.parts[0].extra)
    for _ in range(2):
        assert writer.write("s", chunk, 1, is_last=False) == as_the_dialect("s", chunk, 1, False, None)
    after = getrefcount(chunk.parts[0].extra)  # outside of the assertion, which holds what it looks at
    assert after == before + is_held


def test_ids_that_python_takes_for_the_same_are_not():
    writer = ChunkWriter()
    for number in (1, True, 1.0):
        chunk = message_of(text_part("a", **{MESSAGE_ID: number}))
        assert writer.write("s", chunk, 1, is_last=False) == as_the_dialect("s", chunk, 1, False, None)


def test_a_time_that_is_no_text_is_refused_as_by_the_dialect():
    writer = ChunkWriter()
    writer.write("s", message_of("a", timestamp="then"), 1, is_last=False)
    with pytest.raises(LocalProtocolError, match=r"chunk\.timestamp"):
        writer.write("s", message_of("a", timestamp=5), 2, is_last=False)


def test_what_json_cannot_say_is_refused_as_by_the_dialect():
    chunk = Message(role=Role.AGENT, parts=(Part(type=PartType.DATA, content=object()),))
    with pytest.raises(LocalProtocolError, match=r"chunk\.parts\[0\]\.content"):
        ChunkWriter().write("s", chunk, 1, is_last=False)
