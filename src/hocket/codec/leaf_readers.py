"""The smallest readers: one JSON value in, one Python value out, or a refusal that says what it should have been."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from re import compile as regex
from typing import Any, Final

from hocket.codec.plan import Leaf

__all__ = ["LEAF_READERS", "Refusal", "mismatch", "must_be", "read_array", "read_table", "shown", "speller"]

Read = Callable[[Any], Any]


class Refusal(Exception):  # it never leaves the codec
    """A value is not what it should be. Its path grows from the inside out while it passes the readers."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason, path)
        self.reason = reason
        self.path = path


def shown(value: Any) -> str:
    """A value of a peer in at most about fifty characters."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            text = repr(value)
        case str():
            text = ascii(value[:40])
            if len(value) > 40:
                return f"{text[:50]}… ({len(value)} characters)"
        case dict():
            return "an object"
        case list() | tuple():
            return "an array"
        case _:
            text = f"a value of type {type(value).__qualname__}"
    return text if len(text) <= 50 else text[:50] + "…"


def must_be(value: Any, wanted: str) -> Refusal:
    """The refusal of a value that is not `wanted`."""
    return Refusal(f"must be {wanted}, got {shown(value)}")


def mismatch(value: Any, wanted: str) -> Refusal:
    """The refusal of a constant or a tag that says something else."""
    return Refusal(f'must be "{wanted}" here, got {shown(value)}')


def read_text(value: Any) -> str:
    """A string."""
    if type(value) is not str:
        raise must_be(value, "a string")
    return value


def read_flag(value: Any) -> bool:
    """True or false, and no number that might mean it."""
    if type(value) is not bool:
        raise must_be(value, "true or false")
    return value


_INTEGER: Final = regex(r"-?[0-9]{1,309}")


def read_integer(value: Any) -> int:
    """An integer, also as `5.0` or `"5"`, as ProtoJSON writers may spell it."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is str and _INTEGER.fullmatch(value):
        return int(value)
    raise must_be(value, "an integer")


def read_number(value: Any) -> float:
    """A number as a double."""
    if type(value) is float:
        return value
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise must_be(value, "a number that a double can hold") from None
    raise must_be(value, "a number")


_URL_SAFE: Final = str.maketrans("-_", "+/")


def read_bytes(value: Any) -> bytes:
    """Bytes in base64, in either alphabet, padded or not."""
    if type(value) is not str:
        raise must_be(value, "a base64 string")
    text = value.translate(_URL_SAFE) if "-" in value or "_" in value else value
    if len(text) % 4 and not text.endswith("="):
        text += "=" * (-len(text) % 4)
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # binascii.Error, and characters outside ASCII
        raise must_be(value, "a base64 string") from None


def read_object(value: Any) -> dict[str, Any]:
    """An object, as it is."""
    if type(value) is not dict:
        raise must_be(value, "an object")
    return value


def read_anything(value: Any) -> Any:
    """Any value, as it is."""
    return value


LEAF_READERS: Final[Mapping[Leaf, Read]] = {
    Leaf.TEXT: read_text,
    Leaf.FLAG: read_flag,
    Leaf.INTEGER: read_integer,
    Leaf.NUMBER: read_number,
    Leaf.BYTES: read_bytes,
    Leaf.OBJECT: read_object,
    Leaf.ANY: read_anything,
}


def read_array(value: Any, read: Read) -> tuple[Any, ...]:
    """An array whose items `read` reads."""
    if type(value) is not list:
        raise must_be(value, "an array")
    items: list[Any] = []
    try:
        for item in value:
            items.append(read(item))  # noqa: PERF401  # their number is the index of the item that fails
    except Refusal as refusal:
        refusal.path = f"[{len(items)}]{refusal.path}"
        raise
    return tuple(items)


def read_table(value: Any, read: Read) -> dict[str, Any]:
    """An object with any names whose values `read` reads."""
    if type(value) is not dict:
        raise must_be(value, "an object")
    items: dict[str, Any] = {}
    name = ""
    try:
        for name, item in value.items():
            items[name] = read(item)
    except Refusal as refusal:
        refusal.path = f"[{shown(name)}]{refusal.path}"
        raise
    return items


def speller(name: str, meanings: Mapping[str | int, Any]) -> Read:
    """A reader of an enum, by the table of everything that may be written for its members."""

    def read(value: Any) -> Any:
        if type(value) is str or type(value) is int:
            meaning = meanings.get(value)
            if meaning is not None:
                return meaning
        raise must_be(value, f"a known {name}")

    return read
