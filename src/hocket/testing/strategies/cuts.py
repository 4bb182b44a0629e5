"""Ways to cut a stream of bytes into pieces: what a network does to everything that is sent over it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["cut_at", "cuts"]

_MARKS = re.compile(rb"[\r\n:{}\[\]\"\\]|[\x80-\xff]")
_PLACES = 12


def cut_at(data: bytes, places: Iterable[int]) -> list[bytes]:
    """The pieces between some places, which may be any numbers at all.

    >>> cut_at(b"abcdef", [2, 4, 9])
    [b'ab', b'', b'cd', b'ef']
    """
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def cuts(data: bytes | SearchStrategy[bytes]) -> SearchStrategy[list[bytes]]:
    r"""Pieces of some bytes: whole, byte by byte, cut beside what means something, or anywhere, empty ones among them.

    Args:
        data: The bytes, or where they are drawn from.

    >>> from hypothesis import find
    >>> find(cuts(b"data: 1\r\n"), lambda pieces: len(pieces) == 2 and b"\r" in pieces[0])
    [b'data: 1\r', b'\n']
    """
    return _cuts(st.just(data) if isinstance(data, bytes) else data)


@st.composite
def _cuts(draw: DrawFn, streams: SearchStrategy[bytes]) -> list[bytes]:
    stream = draw(streams)
    marks = sorted({at for mark in _MARKS.finditer(stream) for at in mark.span()})
    match draw(st.sampled_from(["whole", "marks", "anywhere", "bytes"])):
        case "whole":
            places: list[int] = []
        case "bytes":
            # So many choices make this the last resort of shrinking: few cuts are seen through more easily.
            empty = draw(st.lists(st.booleans(), min_size=_PLACES, max_size=_PLACES))
            places = [*range(len(stream)), *[at for at, is_empty in enumerate(empty) if is_empty and at < len(stream)]]
        case "marks" if marks:
            places = draw(st.lists(st.sampled_from(marks), max_size=_PLACES))
        case _:
            places = draw(st.lists(st.integers(0, len(stream)), max_size=_PLACES))
    edges = [0, *sorted(places), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(edges)]
