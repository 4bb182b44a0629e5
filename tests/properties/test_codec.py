"""Properties of JSON text: what is written reads back, and no text makes the two engines differ."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hocket.codec import MSGSPEC, STDLIB, Codec, escape_string
from hocket.errors import CodecError, LocalProtocolError
from hocket.testing.strategies.values import FLOATS, json_values

ENGINES = [engine for engine in (STDLIB, MSGSPEC) if engine is not None]

# Every code point, lone surrogates too, except where two of them would be written as one pair.
texts = st.text(st.characters(exclude_categories=()), max_size=12).filter(
    lambda text: text == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
integers = st.integers() | st.integers(-(10**308) + 1, 10**309 - 1)
scalars = st.none() | st.booleans() | integers | FLOATS | texts
values = json_values(texts, integers | FLOATS, breadth=4, leaves=12)
objects = st.dictionaries(st.sampled_from(["id", "method", "jsonrpc", "params", "å", "a b"]), values, max_size=5)

SPLICES = [
    b"",
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\\",
    b"\\u00",
    b"\\ud800",
    b'"',
    b'"id":1,',
    b",",
    b":",
    b"[",
    b"]",
    b"{",
    b"}",
    b"[" * 65,
    b"e",
    b"e400",
    b"-",
    b".",
    b"0",
    b"9" * 310,
    b"NaN",
    b"null",
    b" ",
    b"\n",
    b"\x0b",
    b"\xc2\x85",
    b"/",
]


@st.composite
def hostile(draw: st.DrawFn) -> bytes:
    """JSON text with bytes cut out and others put in."""
    value = draw(values | objects)
    text = json.dumps(value, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 3)))
        text = text[:start] + draw(st.sampled_from(SPLICES) | st.binary(max_size=3)) + text[end:]
    return text


def outcome(read: Any, text: Any, **options: bool) -> object:
    """What came of it, so that 1, 1.0 and True differ and so do two errors."""
    try:
        return repr(read(text, **options))
    except CodecError as error:
        return (error.path, error.reason)


@pytest.mark.parametrize("codec", ENGINES, ids=lambda codec: codec.name)
@given(value=values)
def test_what_is_written_reads_back(codec: Codec, value: object):
    text = codec.dumps(value)
    assert repr(codec.loads(text)) == repr(value)
    assert len(text.decode().splitlines()) <= 1
    assert json.loads(text) == value


@given(value=values)
def test_the_engines_write_the_same_bytes(value: object):
    assert len({codec.dumps(value) for codec in ENGINES}) == 1


@given(text=texts)
def test_a_literal_reads_back_to_its_text(text: str):
    assert STDLIB.loads(escape_string(text)) == text


@given(text=hostile() | st.binary(max_size=20), envelope=st.booleans())
@example(text=b'{"a":1,"\\u0061":2}', envelope=True)
def test_the_engines_read_alike_whatever_comes(text: bytes, envelope: bool):
    assert len({outcome(codec.loads, text, envelope=envelope) for codec in ENGINES}) == 1


@given(text=st.text(max_size=20) | hostile().map(lambda text: text.decode("latin-1")))
def test_a_str_is_read_as_its_utf8_bytes(text: str):
    assert outcome(STDLIB.loads, text) == outcome(STDLIB.loads, text.encode())


@given(text=hostile())
def test_what_we_accept_every_parser_accepts(text: bytes):
    try:
        value = STDLIB.loads(text)
    except CodecError:
        return
    assert repr(json.loads(text)) == repr(value)


@given(text=hostile())
def test_names_are_told_apart_as_a_parser_tells_them(text: bytes):
    """The reference: read objects as lists of pairs, and look at the outermost."""
    try:
        STDLIB.loads(text)
    except CodecError:
        return

    outermost = json.loads(text, object_pairs_hook=tuple)
    objects = outermost if isinstance(outermost, list) else [outermost]
    names = [[pair[0] for pair in each] for each in objects if isinstance(each, tuple)]
    twice = any(len(each) != len(set(each)) for each in names)
    refused = "occurs twice" in str(outcome(STDLIB.loads, text, envelope=True))
    assert refused == twice


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(
    value=st.recursive(st.just("]["), lambda inner: st.lists(inner, min_size=1, max_size=2), max_leaves=9),
    wraps=st.integers(50, 66),
    data=st.data(),
)
def test_depth_is_counted_exactly(value: Any, wraps: int, data: st.DataObject):
    for _ in range(wraps):
        value = data.draw(st.sampled_from([[value], {"{": value}, [[[]], value]]))
    text = json.dumps(value).encode()
    for codec in ENGINES:
        assert isinstance(outcome(codec.loads, text), tuple) == (depth_of(value) > 64)


@given(
    value=st.recursive(
        scalars | st.just(float("nan")) | st.just(10**400) | st.binary(max_size=1),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.integers(), inner, max_size=3),
    )
)
def test_the_engines_refuse_the_same_values_with_the_same_words(value: object):
    def written(codec: Codec) -> bytes | str:
        try:
            return codec.dumps(value)
        except LocalProtocolError as error:
            return str(error)

    assert len({written(codec) for codec in ENGINES}) == 1
