"""JSON values, texts, ids and times: what all messages are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from hocket.jsonrpc import Id

__all__ = [
    "FLOATS",
    "NUMBERS",
    "awkward_texts",
    "json_objects",
    "json_values",
    "names",
    "request_ids",
    "texts",
    "timestamps",
]

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.integers() | FLOATS


def awkward_texts() -> SearchStrategy[str]:
    """Texts that break a careless reader: it splits lines at them, takes them for an end, or counts them wrongly."""
    return st.sampled_from(["\u2028", "\x85", "\x00", "😀", 'a"\\\n', "\r\n", " ", "\ufeff", "data: x\n\n"])


def texts(*, max_size: int = 4) -> SearchStrategy[str]:
    """Text that UTF-8 can express, every now and then one of `awkward_texts`.

    Args:
        max_size: The most characters, except for the awkward ones.
    """
    return st.text(max_size=max_size) | awkward_texts()


def names(*, max_size: int = 4) -> SearchStrategy[str]:
    """Ids of tasks, messages and contexts: any text that is not empty. The simplest is "0".

    Args:
        max_size: The most characters.
    """
    return st.text(min_size=1, max_size=max_size)


def json_values(
    words: SearchStrategy[str] | None = None,
    numbers: SearchStrategy[Any] = NUMBERS,
    *,
    breadth: int = 3,
    leaves: int = 6,
) -> SearchStrategy[Any]:
    """Values of every kind that JSON has.

    Args:
        words: The texts in it, which are the names in its objects, too; `texts()` by default.
        numbers: The numbers in it.
        breadth: The most members of an array or an object.
        leaves: About how many values there are that are no containers.
    """
    words = texts() if words is None else words
    return st.recursive(
        st.none() | st.booleans() | numbers | words,
        lambda inner: st.lists(inner, max_size=breadth) | st.dictionaries(words, inner, max_size=breadth),
        max_leaves=leaves,
    )


def json_objects(values: SearchStrategy[Any] | None = None) -> SearchStrategy[Mapping[str, Any]]:
    """Objects of two members at most, as `metadata` is one.

    Args:
        values: What the members are; `json_values()` by default.
    """
    return st.dictionaries(texts(), json_values() if values is None else values, max_size=2)


def request_ids() -> SearchStrategy[Id]:
    """Ids of JSON-RPC requests as careful clients choose them: texts and integers that every parser keeps."""
    return st.text(max_size=8) | st.integers(-(2**53) + 1, 2**53 - 1)


def timestamps() -> SearchStrategy[str]:
    """Times as RFC 3339 writes them: with and without fractions of a second, in UTC or in another zone.

    >>> from hypothesis import find
    >>> find(timestamps(), lambda _: True)
    '2000-01-01T00:00:00Z'
    """
    fractions = st.sampled_from(["", ".5", ".120", ".123456"])
    zones = st.sampled_from(["Z", "+00:00", "-09:30"])
    moments = st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat())
    return st.tuples(moments, fractions, zones).map("".join)
