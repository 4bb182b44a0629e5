"""What a message is, once all its chunks are there, and what it weighs."""

from base64 import b64decode

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from hocket.acp.assembly import assemble, message_id, weight
from hocket.acp.model import (
    Encoding,
    Message,
    Part,
    PartType,
    Role,
    data_part,
    file_part,
    message_of,
    text_part,
)
from hocket.codec import dumps, loads
from hocket.errors import LocalProtocolError
from hocket.testing.strategies.values import json_values
from support.acp_chunks import chunk

TEXTS = st.text(max_size=8)


def contents(message):
    return [part.content for part in message.parts]


def of(*parts):
    return message_of(list(parts))


def test_role_agent_timestamp_and_members_are_those_of_the_first_chunk():
    first = Message(
        role=Role.SYSTEM, parts=(text_part("a"),), timestamp="2025-01-01T00:00:00Z", agent_id="ada", extra={"x": 1}
    )
    second = Message(role=Role.SYSTEM, parts=(text_part("b"),), timestamp="later", agent_id="bob", extra={"y": 2})
    assert assemble([first, second]) == evolve(first, parts=(text_part("ab"),))


def test_there_is_no_message_without_a_chunk():
    with pytest.raises(LocalProtocolError, match="at least one chunk"):
        assemble([])


# --- text


@pytest.mark.parametrize(
    "other",
    [
        text_part("b", lang="en"),
        evolve(text_part("b"), mime_type="text/html"),
        evolve(text_part("b"), filename="b.txt"),
        evolve(text_part("b"), encoding=None),
        evolve(text_part("b"), content=None),
        data_part("b"),
    ],
)
def test_what_is_not_a_piece_of_the_same_text_stays_a_part(other):
    parts = (text_part("a"), other, text_part("c"))
    assert assemble([of(part) for part in parts]).parts == parts


def test_texts_with_the_same_members_are_one_text():
    said = assemble([of(text_part("a", lang="en")), of(text_part("b", lang="en"), text_part("c")), of(text_part("d"))])
    assert said.parts == (text_part("ab", lang="en"), text_part("cd"))


def test_the_message_id_does_not_part_a_text():
    said = assemble([of(text_part("a", **{"x-messageId": "m"}), text_part("b")), chunk("c", message_id="m")])
    assert said.parts == (text_part("abc", **{"x-messageId": "m"}),)


def test_text_in_base64_is_not_joined_as_text():
    part = Part(type=PartType.TEXT, content="aGk=", encoding=Encoding.BASE64)
    assert assemble([of(part), of(part)]).parts == (part, part)


def test_a_joined_text_has_the_size_of_all_of_it():
    sized = [evolve(text_part("å"), size=2), evolve(text_part("b"), size=1)]
    assert assemble([of(part) for part in sized]).parts[0].size == 3


@given(st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=6))
def test_a_text_in_any_chunks_is_the_text(pieces):
    said = assemble([of(*map(text_part, texts)) for texts in pieces])
    assert contents(said) == ["".join([text for texts in pieces for text in texts])]


# --- files


def test_each_piece_of_a_file_has_its_own_padding():
    pieces = [b"a", b"bc", b"def", b"g"]
    said = assemble([of(file_part(data, filename="t", mime_type="text/plain")) for data in pieces])
    assert said.parts == (file_part(b"abcdefg", filename="t", mime_type="text/plain"),)


@pytest.mark.parametrize(
    "other",
    [
        file_part(b"b", filename="other"),
        file_part(b"b", filename="f", mime_type="image/png"),
        file_part(b"b", filename="f", kind=PartType.IMAGE),
        evolve(file_part(b"b", filename="f"), content="not base64!"),
        evolve(file_part(b"b", filename="f"), content="YQ"),
        evolve(file_part(b"b", filename="f"), content={"url": "x"}),
        evolve(file_part(b"b", filename="f"), encoding=None),
        evolve(file_part(b"b", filename="f"), encoding=Encoding.BINARY),
    ],
)
def test_what_is_not_a_piece_of_the_same_file_stays_a_part(other):
    parts = (file_part(b"a", filename="f"), other)
    assert assemble([of(part) for part in parts]).parts == parts


def test_pieces_of_a_file_written_in_two_ways_are_one_file():
    plain = Part(type=PartType.FILE, content="å", filename="f", encoding=Encoding.UTF8)
    said = assemble([of(plain), of(file_part(b"b", filename="f"))])
    assert said.parts == (evolve(file_part("åb".encode(), filename="f"), size=3),)
    assert assemble([of(plain), of(plain)]).parts == (evolve(plain, content="åå"),)


def test_a_member_that_only_some_pieces_have_says_nothing_about_the_file():
    one = evolve(file_part(b"a"), extra={"checksum": "1", "width": 5, "x-messageId": "m"})
    two = evolve(file_part(b"b"), extra={"checksum": "2", "width": 5})
    assert assemble([of(one), of(two)]).parts[0].extra == {"width": 5, "x-messageId": "m"}


@given(
    st.lists(st.binary(max_size=7), min_size=1, max_size=8),
    st.sampled_from([PartType.FILE, PartType.IMAGE, PartType.AUDIO]),
)
def test_a_file_in_any_chunks_is_the_file(pieces, kind):
    said = assemble([of(file_part(data, kind=kind)) for data in pieces])
    assert len(said.parts) == 1
    assert b64decode(said.parts[0].content) == b"".join(pieces)
    assert said.parts[0].size == len(b"".join(pieces))


# --- data, and everything

VALUES = json_values(TEXTS)
PARTS = st.builds(
    Part,
    type=st.sampled_from(PartType),
    content=st.sampled_from(["YQ==", "Yg==", "a", ""]) | VALUES,
    mime_type=st.none() | st.just("text/plain"),
    filename=st.none() | TEXTS,
    size=st.none() | st.integers(-1, 10),
    encoding=st.none() | st.sampled_from(Encoding),
    extra=st.dictionaries(st.sampled_from(["x-messageId", "checksum", "lang"]), VALUES, max_size=2),
)
CHUNKS = st.builds(
    Message,
    role=st.sampled_from(Role),
    parts=st.lists(PARTS, min_size=1, max_size=4).map(tuple),
    timestamp=st.none() | TEXTS,
    extra=st.dictionaries(TEXTS, VALUES, max_size=2),
)


@given(st.lists(CHUNKS, min_size=1, max_size=5))
def test_whatever_a_peer_sends_is_put_together_without_an_error(chunks):
    said = assemble(chunks)
    before = [part for one in chunks for part in one.parts]
    data = [part for part in before if part.type is PartType.DATA]
    assert [part for part in said.parts if part.type is PartType.DATA] == data
    assert "".join([part.content for part in before if _is_plain(part)]) == said.text
    assert evolve(said, parts=()) == evolve(chunks[0], parts=())


def _is_plain(part):
    return part.type is PartType.TEXT and isinstance(part.content, str)


@given(CHUNKS)
def test_what_is_put_together_is_not_changed_again_where_it_is_one_part(message):
    single = evolve(message, parts=message.parts[:1])
    assert assemble([single]) == single


@given(CHUNKS)
def test_the_weight_is_at_least_the_content(message):
    plain = [part.content for part in message.parts if isinstance(part.content, str)]
    other = [dumps(part.content) for part in message.parts if not isinstance(part.content, str)]
    said = len("".join(plain).encode("utf-8", "surrogatepass")) + len(b"".join(other))
    assert weight(message) >= said + 192 * (1 + len(message.parts))


@pytest.mark.parametrize(
    ("content", "size"), [("", 0), ("abc", 3), ("åäö", 6), ("\ud800", 3), ({"a": [1, None]}, 14), (None, 4)]
)
def test_the_weight_is_the_content_in_utf8_or_json(content, size):
    empty = weight(message_of(text_part("")))
    assert weight(message_of(evolve(text_part(""), content=content))) == empty + size


def test_every_member_and_every_part_has_a_weight():
    plain = weight(message_of("a"))
    assert weight(message_of(text_part("a", x=1))) == plain + len('{"x":1}')
    assert weight(message_of(evolve(text_part("a"), filename="åb", mime_type="c"))) == plain + 4
    assert weight(evolve(message_of("a"), extra={"x": 1}, timestamp="2025")) == plain + len('{"x":1}') + 4
    assert weight(message_of([text_part("a")] * 2)) > plain + 100


def test_content_that_json_cannot_say_has_no_weight():
    with pytest.raises(LocalProtocolError):
        weight(message_of(data_part(object())))


@pytest.mark.parametrize(
    ("extra", "name"), [({}, None), ({"x-messageId": "m"}, "m"), ({"x-messageId": ""}, ""), ({"x-messageId": 7}, None)]
)
def test_the_message_id_is_a_text_on_the_first_part(extra, name):
    assert message_id(of(text_part("a", **extra), text_part("b", **{"x-messageId": "other"}))) == name


def test_a_message_without_parts_has_no_id():
    assert message_id(Message(role=Role.AGENT, parts=())) is None


def test_what_is_assembled_is_what_json_can_say():
    said = assemble([of(file_part(b"\xff")), of(file_part(b"\x00"))])
    assert loads(dumps(said.parts[0].content)) == "/wA="
