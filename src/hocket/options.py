"""Options: what a person gives by name is checked where it is given. Validators of attrs fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from attrs import Attribute

from hocket.errors import LocalProtocolError

__all__ = ["Validator", "must_be", "one_of_kind", "several"]

_LONGEST = 60
"""Characters of a value that are repeated in an error."""

Validator: TypeAlias = Callable[[Any, "Attribute[Any]", Any], None]


def must_be(words: str, is_right: Callable[[Any], bool]) -> Validator:
    """A validator that refuses what is not right.

    Args:
        words: What the option must be.
        is_right: Whether a value is that.

    >>> from attrs import define, field
    >>> @define
    ... class Oven:
    ...     degrees: float = field(validator=must_be("a number over 0", lambda value: value > 0))
    >>> Oven(-3)
    Traceback (most recent call last):
    hocket.errors.LocalProtocolError: degrees must be a number over 0, not -3
    """

    def check(instance: object, attribute: Attribute[Any], value: object) -> None:
        if not is_right(value):
            raise LocalProtocolError(f"{attribute.alias} must be {words}, not {_shown(value)}")

    return check


def one_of_kind(words: str, *kinds: type) -> Validator:
    """A validator that refuses what is of none of these types.

    Args:
        words: What the option must be.
        kinds: Its types.
    """
    return must_be(words, lambda value: isinstance(value, kinds))


def several(words: str, kind: type, is_right: Callable[[Any], bool] = lambda value: True) -> Validator:
    """A validator for a tuple or list of values of one type; a single value, without its parentheses, is refused.

    Args:
        words: What the values are, in the plural.
        kind: Their type.
        is_right: Whether one that is of the type may be there.
    """

    def check(instance: object, attribute: Attribute[Any], value: object) -> None:
        wanted = f"{attribute.alias} must be a tuple of {words}"
        if isinstance(value, kind):
            shown = _shown(value)
            raise LocalProtocolError(f"{wanted}, not {shown}: write ({'…' if shown.endswith('…') else shown},)")
        if not isinstance(value, tuple | list):
            raise LocalProtocolError(f"{wanted}, not {_shown(value)}")
        for each in value:
            if not isinstance(each, kind) or not is_right(each):
                raise LocalProtocolError(f"{wanted}, not {_shown(each)} in it")

    return check


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
