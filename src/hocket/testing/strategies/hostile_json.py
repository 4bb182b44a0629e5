"""JSON text that means harm, or that parsers disagree about: each with what is odd in it, and whether to refuse it.

What is refused follows `hocket.codec`: RFC 8259 in strict UTF-8, nothing deeper than 64 levels, finite numbers of at
most 309 characters. A text that is not refused is odd, and every parser must give the same value for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from json import dumps

from attrs import field, frozen
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from hocket.testing.source import as_source
from hocket.testing.strategies.values import json_values

__all__ = ["HostileJson", "hostile_json"]


_ONE_LINE = 100_000


@frozen
class HostileJson:
    """A text.

    Attributes:
        text: The bytes.
        flaw: What is odd about it, in words.
        refused: Whether a careful reader refuses it.
    """

    text: bytes = field(repr=lambda text: as_source(text, width=_ONE_LINE))
    flaw: str
    refused: bool


_SMALL = json_values(st.text(max_size=3), breadth=2, leaves=3)


def _wrapped(literals: SearchStrategy[bytes]) -> SearchStrategy[bytes]:
    """A literal alone, in an array, and as a member."""
    shapes = st.sampled_from([b"%b", b"[%b]", b'{"a":%b}', b'[0,{"b":[%b]}]'])
    return st.builds(lambda shape, literal: shape % literal, shapes, literals)


def _one(*literals: bytes) -> SearchStrategy[bytes]:
    return _wrapped(st.sampled_from(literals))


def _text_of(value: object) -> bytes:
    return dumps(value).encode()


def _changed(change: Callable[[bytes], bytes]) -> SearchStrategy[bytes]:
    """Good JSON with something done to the whole of it."""
    return _SMALL.map(lambda value: change(_text_of(value)))


def _nested(levels: SearchStrategy[int]) -> SearchStrategy[bytes]:
    opened, closed = b'{"a":', b"}"
    arrays = levels.map(lambda count: b"[" * count + b"]" * count)
    objects = levels.map(lambda count: opened * count + b"0" + closed * count)
    mixed = levels.map(lambda count: b'[{"a":' * count + b"0" + b"}]" * count)
    return arrays | objects | mixed


_REFUSED: tuple[tuple[str, SearchStrategy[bytes]], ...] = (
    ("nothing", st.sampled_from([b"", b" ", b"\n\t\r "])),
    ("truncated", st.tuples(_SMALL, st.integers(1, 9)).map(lambda it: _text_of([it[0]])[: -it[1]])),
    ("deep", _nested(st.integers(65, 99))),
    ("deep without an end", st.integers(65, 99).map(lambda count: b"[" * count)),
    ("bottomless", st.just(20_000).map(lambda count: b"[" * count)),
    ("NaN or Infinity", _one(b"NaN", b"-NaN", b"Infinity", b"-Infinity", b"nan", b"inf")),
    ("a number beyond doubles", _one(b"1e400", b"-1e400", b"1.5E+999", b"9" * 309 + b".0e9")),
    ("a number beyond all bounds", st.integers(310, 5_000).map(lambda size: b"9" * size)),
    ("a fraction beyond all bounds", st.integers(310, 5_000).map(lambda size: b"0." + b"1" * size)),
    (
        "a number that is none",
        _one(b"01", b"+1", b".5", b"1.", b"1e", b"0x10", b"1_000", b"--1", b"-", "\u0661".encode()),
    ),
    ("a byte order mark", _changed(lambda text: b"\xef\xbb\xbf" + text)),
    ("UTF-16", _SMALL.map(lambda value: dumps([value]).encode("utf-16"))),
    ("no UTF-8", _one(b'"\xff"', b'"\xc3"', b'"\xc0\x80"', b'"\xf5\x80\x80\x80"', b'"\x80"')),
    ("a surrogate as bytes", _one(b'"\xed\xa0\x80"', b'"\xed\xa0\xbd\xed\xb8\x80"')),
    ("a control character in a string", _one(b'"\x00"', b'"a\nb"', b'"\t"', b'"\x1f"')),
    ("a NUL", _changed(lambda text: text + b"\x00") | _changed(lambda text: b"\x00" + text)),
    ("an escape that is none", _one(b'"\\x41"', b'"\\u12"', b'"\\u12G4"', b'"\\"', b'"\\\'"', b'"\\u{41}"')),
    ("a comma too much", _one(b"[1,]", b'{"a":1,}', b"[,1]", b"[1,,2]", b",")),
    ("a comma too few", _one(b"[1 2]", b'{"a":1 "b":2}', b'{"a" 1}')),
    ("a name that is no string", _one(b"{a:1}", b"{1:2}", b"{null:1}", b"{'a':1}")),
    ("a word of another language", _one(b"True", b"None", b"undefined", b"nul", b"'a'", b"nulll")),
    ("a comment", _one(b"1//", b"/**/1", b"# 1\n1")),
    ("white space of another kind", _one(b"\x0b1", b"\x0c1", b"\xc2\xa01", b"\xe2\x80\xa81", b"\xc2\x851")),
    ("two values", _changed(lambda text: text + b" " + text) | _changed(lambda text: text + b"]")),
    ("a bracket of another kind", _one(b"[1}", b'{"a":1]')),
)

_READ: tuple[tuple[str, SearchStrategy[bytes]], ...] = (
    ("as deep as it may be", st.sampled_from([b"[" * 64 + b"]" * 64, b'{"a":' * 64 + b"0" + b"}" * 64])),
    ("brackets in a string", st.integers(65, 200).map(lambda count: b'"' + b"[" * count + b'"')),
    ("a lone surrogate, escaped", _one(b'"\\ud800"', b'"\\udc00\\ud800"', b'{"\\ud83d":1}')),
    ("a surrogate pair, escaped", _one(b'"\\ud83d\\ude00"')),
    (
        "a line end of Unicode",
        _one("\u2028".join('""').encode(), "\u2029".join('""').encode(), "\x85".join('""').encode()),
    ),
    ("a NUL, escaped", _one(b'"\\u0000"', b'{"\\u0000":1}')),
    (
        "a name twice, inside",
        st.sampled_from([b'[[{"a":1,"a":2}]]', b'{"a":{"b":1,"b":2}}', b'{"p":{"a":1,"\\u0061":2}}']),
    ),
    ("an integer that doubles round", _one(b"9007199254740993", b"-9223372036854775809", b"18446744073709551616")),
    ("a long integer", st.integers(20, 309).map(lambda size: b"9" * size)),
    ("the least and the largest double", _one(b"1.7976931348623157e308", b"5e-324", b"-0.0", b"1e-400")),
    ("minus nothing", _one(b"-0", b"-0.0", b"-0e9")),
    ("a giant name", st.integers(1_000, 9_000).map(lambda size: b'{"' + b"k" * size + b'":1}')),
    ("many empty things", st.integers(1_000, 5_000).map(lambda size: b"[" + b"[]," * size + b"{}]")),
    ("a name of nothing", _one(b'{"":1}', b'{"":{"":[]}}')),
    ("the names of other languages", _one(b'{"__proto__":1}', b'{"constructor":{"prototype":1}}', b'{"__class__":1}')),
    ("white space all around", _changed(lambda text: b"\r\n\t " + text + b" \t\r\n")),
    ("an escaped solidus", _one(b'"\\/"')),
)

_TWICE = st.sampled_from([b'{"id":1,"id":2}', b'{"method":"a","\\u006dethod":"b"}', b'[{"a":1,"a":2}]'])


FLAWS: tuple[tuple[str, bool, SearchStrategy[bytes]], ...] = (
    *[(flaw, True, texts) for flaw, texts in _REFUSED],
    *[(flaw, False, texts) for flaw, texts in _READ],
)
"""What can be odd about a text: its name, whether to refuse it, and the texts."""


def hostile_json(*, envelope: bool = False, flaws: Collection[str] | None = None) -> SearchStrategy[HostileJson]:
    """Texts that a reader of JSON must refuse, or must not stumble over.

    Args:
        envelope: Whether it is read as the envelope of a message, in which no name may come twice.
        flaws: Only those with these flaws; all by default.

    >>> from hypothesis import find
    >>> find(hostile_json(), lambda hostile: hostile.flaw == "NaN or Infinity")
    HostileJson(text=b"NaN", flaw='NaN or Infinity', refused=True)
    """
    known = [*FLAWS, ("a name twice", envelope, _TWICE)]
    wanted = [each for each in known if flaws is None or each[0] in flaws]
    return st.one_of([st.builds(HostileJson, texts, st.just(flaw), st.just(bad)) for flaw, bad, texts in wanted])
