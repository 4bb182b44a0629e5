"""The smallest writers: one Python value in, the pieces of its text out, or a refusal that says what is wrong."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from hocket.codec.leaf_readers import Refusal, must_be, shown
from hocket.codec.plan import Leaf
from hocket.codec.text import STDLIB, escape_string
from hocket.codec.values import JsonValue, Raw
from hocket.errors import LocalProtocolError

__all__ = [
    "LEAF_WRITERS",
    "PLAIN",
    "Dumps",
    "Write",
    "write_any",
    "write_array",
    "write_choice",
    "write_enum",
    "write_members",
    "write_object",
    "write_table",
]

Write = Callable[[Any, list[bytes]], None]
Dumps = Callable[[JsonValue], bytes]


PLAIN: Final = 2**63
"""Integers that are nearer to 0 need no check of their length."""


def write_text(value: Any, out: list[bytes]) -> None:
    """A string."""
    if type(value) is not str:
        raise must_be(value, "a string")
    out.append(escape_string(value))


def write_flag(value: Any, out: list[bytes]) -> None:
    """True or false, and no number that might mean it."""
    if type(value) is not bool:
        raise must_be(value, "true or false")
    out.append(b"true" if value else b"false")


def write_bytes(value: Any, out: list[bytes]) -> None:
    """Bytes in base64, standard alphabet, padded."""
    if type(value) is not bytes:
        raise must_be(value, "bytes")
    out.append(b'"' + binascii.b2a_base64(value, newline=False) + b'"')


def write_any(value: Any, out: list[bytes], dumps: Dumps) -> None:
    """A value of any shape."""
    if type(value) is str:  # what it mostly is: the same bytes
        out.append(escape_string(value))
        return
    try:
        out.append(dumps(value))
    except LocalProtocolError as error:
        raise Refusal(f"holds what {error}") from None


def write_integer(value: Any, out: list[bytes]) -> None:
    """An integer."""
    if type(value) is not int:
        raise must_be(value, "an integer")
    if -PLAIN < value < PLAIN:
        out.append(b"%d" % value)
    else:
        write_any(value, out, STDLIB.dumps)


def write_number(value: Any, out: list[bytes]) -> None:
    """A number."""
    if type(value) is not float and type(value) is not int:
        raise must_be(value, "a number")
    write_any(value, out, STDLIB.dumps)


LEAF_WRITERS: Final[Mapping[Leaf, Write]] = {
    Leaf.TEXT: write_text,
    Leaf.FLAG: write_flag,
    Leaf.INTEGER: write_integer,
    Leaf.NUMBER: write_number,
    Leaf.BYTES: write_bytes,
}


def write_object(value: Any, out: list[bytes], dumps: Dumps) -> None:
    """An object of any shape."""
    if type(value) is not dict and type(value) is not Raw:
        if not isinstance(value, Mapping):
            raise must_be(value, "an object")
        value = dict(value)
    write_any(value, out, dumps)


def write_enum(value: Any, out: list[bytes], texts: Mapping[object, bytes], cls: type[Enum]) -> None:
    """A member of an enum, as the dialect spells it; `texts` by the values of the members."""
    text = texts.get(value.value) if isinstance(value, cls) else None
    if text is None:
        name = cls.__name__
        raise must_be(value, f"a {name} that this dialect has" if isinstance(value, Enum) else f"a member of {name}")
    out.append(text)


def write_array(value: Any, out: list[bytes], write: Write) -> None:
    """An array whose items `write` writes."""
    if type(value) is not tuple and type(value) is not list:
        raise must_be(value, "a tuple")
    if not value:
        out.append(b"[]")
        return
    index, lead = 0, b"["
    try:
        for item in value:
            out.append(lead)
            lead = b","
            write(item, out)
            index += 1  # the number that is needed after an exception
    except Refusal as refusal:
        refusal.path = f"[{index}]{refusal.path}"
        raise
    out.append(b"]")


def write_table(value: Any, out: list[bytes], write: Write) -> None:
    """An object with any names whose values `write` writes."""
    if not isinstance(value, Mapping):
        raise must_be(value, "an object")
    lead, name = b"{", ""
    try:
        for name, item in value.items():
            out.append(lead)
            lead = b","
            write_text(name, out)
            out.append(b":")
            write(item, out)
    except Refusal as refusal:
        refusal.path = f"[{shown(name)}]{refusal.path}"
        raise
    out.append(b"}" if value else b"{}")


def write_choice(
    value: Any, out: list[bytes], opening: Mapping[type, bytes], closing: bytes, writers: Mapping[type, Write]
) -> None:
    """One of the classes of a union."""
    write = writers.get(value.__class__)
    if write is None:
        raise must_be(value, f"one of {', '.join(cls.__name__ for cls in writers)}")
    out.append(opening[value.__class__])
    write(value, out)
    out.append(closing)


def write_members(value: Any, known: Mapping[str, None], out: list[bytes], dumps: Dumps) -> None:
    """The members that nobody modelled, as they were read."""
    for name, item in (value or {}).items():
        if name in known:
            raise Refusal(f"has {shown(name)} among its unknown members, but it is a known one")
        if type(name) is not str:
            raise must_be(name, "a string")
        out.append(b"," + escape_string(name) + b":")
        write_any(item, out, dumps)
