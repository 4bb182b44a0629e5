"""Parts at a gateway: as in A2A 0.3, with `type` as well as `kind`, and adjacent text as one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from attrs import evolve

from hocket.a2a.dialects.dialect import Dialect
from hocket.a2a.dialects.v0_3 import V0_3
from hocket.a2a.model import Part, text_of
from hocket.codec import UNSET, dumps, escape_string

__all__ = ["TYPED_PARTS", "content", "joined"]


def _type_of(part: Part) -> str:
    if part.text is not None:
        return "text"
    return "data" if part.data is not UNSET else "file"


TYPED_PARTS: Dialect = evolve(
    V0_3,
    wire=evolve(
        V0_3.wire,
        name="A2A 0.3 at a gateway",
        shapes={**V0_3.wire.shapes, Part: evolve(V0_3.wire.shapes[Part], derived={"type": _type_of})},
    ),
)
"""A2A 0.3 whose parts have `type` as well as `kind`."""


def joined(parts: Sequence[Part]) -> list[Part]:
    """The parts, with adjacent text as one. Text that came with something of its own stays by itself.

    >>> [part.text for part in joined([Part(text="Hel"), Part(text="lo"), Part(data=1), Part(text="!")])]
    ['Hello', None, '!']
    """
    if len(parts) == 1:
        return list(parts)
    out: list[Part] = []
    for is_plain, run in groupby(parts, _is_plain_text):
        same = list(run)
        out += [Part(text=text_of(same))] if is_plain else same
    return out


def content(part: Part) -> bytes:
    """What is in a part, as JSON: its text, its value, or the whole part where it is a file."""
    if part.text is not None:
        return escape_string(part.text)
    if part.data is not UNSET:
        return dumps(part.data)
    return TYPED_PARTS.wire.writer(Part).to_json(part)


def _is_plain_text(part: Part) -> bool:
    return part.text is not None and not (part.metadata or part.media_type or part.filename)
