"""Questions about JSON text that no parser answers: how deep, how many values, how long its numbers, which names twice.

Each is first put in a cheap form that settles almost every text with a few C-level passes over the bytes, and
only what that leaves open is looked at exactly. All but the names may be asked about any bytes: on those that
are not JSON either answer will do, since a parser refuses them afterwards.
"""

from __future__ import annotations

from json.decoder import JSONDecoder
from re import compile as regex
from typing import Any, Final

from hocket.errors import CodecError

__all__ = [
    "MAX_DEPTH",
    "MAX_NUMBER",
    "MAX_VALUES",
    "SCAN_ONCE",
    "check_depth",
    "check_names",
    "check_text",
    "skip_space",
]

MAX_DEPTH: Final = 64
"""How many arrays and objects may be open at once."""

MAX_NUMBER: Final = 309
"""The longest number literal, in characters: room for every finite double written out in full."""

MAX_VALUES: Final = 1_000_000
"""How many values there may be, roughly: each bracket that opens and each comma counts as one.

An empty list takes three bytes of text and thirty times as much of memory. Without this limit a body of 16 MiB is read
for half a minute, and becomes gigabytes.
"""

_NUMBER_BYTES: Final = b"0123456789+-.eE"
_DIGIT: Final = 0x30
_AS_NUMBER_MAP: Final = bytes(_DIGIT if byte in _NUMBER_BYTES else 0x20 for byte in range(256))
_STRIDE: Final = 31
_SAMPLED_RUN: Final = b"0" * (MAX_NUMBER // _STRIDE)
_LONG_RUN: Final = b"0" * (MAX_NUMBER + 1)
_TO_SQUARE: Final = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


def _without_strings(data: bytes) -> bytes:
    """The text with every string literal reduced to one quote."""
    unescaped = data.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in data else data
    return b'"'.join(unescaped.split(b'"')[::2])


def check_text(data: bytes) -> None:
    """Refuse text that is too deep, or has too many values or too long a number.

    Raises:
        CodecError: It is one of these.
    """
    size = len(data)
    if size > MAX_VALUES:
        _check_values(data)
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH:
        check_depth(data)
    # In a text that is not twice as long as a number may be, one that is too long covers the byte in the middle.
    if size > MAX_NUMBER and (size > 2 * MAX_NUMBER + 1 or _AS_NUMBER_MAP[data[MAX_NUMBER]] == _DIGIT):
        _check_numbers(data)


def check_depth(data: bytes) -> None:
    """Refuse text with more than `MAX_DEPTH` arrays and objects inside each other.

    Raises:
        CodecError: It is deeper.
    """
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    brackets = _without_strings(data).translate(_TO_SQUARE, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):  # each turn takes the innermost pairs away
        fewer = brackets.replace(b"[]", b"")
        if len(fewer) == len(brackets):
            break
        brackets = fewer
    # What is open without a partner is not JSON: the parser says so better, if it is shallow enough for it.
    if b"[]" in brackets or brackets.count(b"[") > MAX_DEPTH:
        raise CodecError(f"nested deeper than {MAX_DEPTH} levels")


def _check_numbers(data: bytes) -> None:
    """Refuse text with a number literal longer than `MAX_NUMBER` characters; the text is longer itself."""
    # A literal that is too long covers ten neighbouring samples where every 31st byte is sampled.
    if _SAMPLED_RUN not in data[::_STRIDE].translate(_AS_NUMBER_MAP):
        return
    if _LONG_RUN not in data.translate(_AS_NUMBER_MAP):
        return
    if _LONG_RUN in _without_strings(data).translate(_AS_NUMBER_MAP):
        raise CodecError(f"a number of more than {MAX_NUMBER} characters")


def _check_values(data: bytes) -> None:
    """Refuse text with more than `MAX_VALUES` values; it is long enough for them."""
    if _separators(data) <= MAX_VALUES:
        return
    if _separators(_without_strings(data)) > MAX_VALUES:
        raise CodecError(f"more than {MAX_VALUES} values")


def _separators(data: bytes) -> int:
    return data.count(b",") + data.count(b"[") + data.count(b"{")


SCAN_ONCE: Final = JSONDecoder().scan_once  # type: ignore[attr-defined]  # typeshed leaves it out
"""The scanner of the standard library with its defaults; only for text that is known to be JSON."""

_SPACE: Final = regex(r"[ \t\n\r]*")
_FEW: Final = 16
"""Names. An envelope has four; with thousands, the exact look is the quick one."""

_LITERALS: Final = {name: f'"{name}"'.encode() for name in ("jsonrpc", "id", "method", "params", "result", "error")}


def skip_space(text: str, index: int) -> int:
    """The index of the first character at or after `index` that is not JSON white space."""
    found = _SPACE.match(text, index)
    assert found is not None
    return found.end()


def check_names(data: bytes, value: Any) -> None:
    """Refuse an envelope that has a name twice: a top-level object, or any object of a top-level array.

    Parsers differ on which of two members counts, so such a text means different things on different sides of
    a proxy (RFC 8259 section 4).

    Args:
        data: Text that is known to be JSON.
        value: What it was read as.

    Raises:
        CodecError: A name occurs twice.
    """
    if type(value) is dict:
        if _may_repeat(data, [value]):
            text = data.decode()
            _end_of_object(text, skip_space(text, 0), "")
    elif type(value) is list and _may_repeat(data, value):
        _check_elements(data.decode())


def _may_repeat(data: bytes, values: list[Any]) -> bool:
    """False only if no object among `values` can have a name twice: each stands in `data` once for each that has it."""
    # A name without special characters can be written in two ways only by means of \u00xx.
    if data.find(b"\\u00") >= 0:
        return True
    names: dict[str, int] = {}
    for value in values:
        if type(value) is dict:
            for name in value:
                names[name] = names.get(name, 0) + 1
    if len(names) > _FEW:  # each of them costs a look at all of the text
        return True
    for name, objects in names.items():
        literal = _LITERALS.get(name)
        if literal is None:
            if not (name.isascii() and name.isidentifier()):
                return True
            literal = f'"{name}"'.encode()
        if data.count(literal) != objects:
            return True
    return False


def _check_elements(text: str) -> None:
    index = skip_space(text, skip_space(text, 0) + 1)
    position = 0
    while text[index] != "]":
        if text[index] == "{":
            index = _end_of_object(text, index, f"[{position}]")
        else:
            _, index = SCAN_ONCE(text, index)
        index = _next_item(text, index)
        position += 1


def _end_of_object(text: str, index: int, path: str) -> int:
    """The index after the object that begins at `index`, once its names have been found to differ."""
    seen: set[str] = set()
    index = skip_space(text, index + 1)
    while text[index] != "}":
        name, index = SCAN_ONCE(text, index)
        if name in seen:
            shown = name if len(name) <= 40 else name[:40] + "…"
            raise CodecError(f'the member "{shown}" occurs twice', path)
        seen.add(name)
        _, index = SCAN_ONCE(text, skip_space(text, skip_space(text, index) + 1))
        index = _next_item(text, index)
    return index + 1


def _next_item(text: str, index: int) -> int:
    """The index of the next item or of the closing bracket, from the end of the item before."""
    index = skip_space(text, index)
    return skip_space(text, index + 1) if text[index] == "," else index
