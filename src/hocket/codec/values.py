"""What JSON has and Python has no word for: any value, no value at all, and text that is JSON already."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, TypeAlias

from attrs import frozen

__all__ = ["UNSET", "JsonValue", "Raw", "Unset"]

JsonValue: TypeAlias = Any
"""None, bool, int, float, str, or a list or dict of these. Any, because only a reader can say more."""


class Unset(Enum):
    """The type of `UNSET`, for members where null is a value and absence is another.

    >>> UNSET, bool(UNSET)
    (UNSET, False)
    """

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET
"""No member at all. `None` is then free to mean JSON's null."""


@frozen
class Raw:
    """A value that is JSON text already: `dumps` writes it as it is, unread and unchecked.

    Only for text that our own code wrote (an event that is encoded once and sent to many), because a mistake
    in it is a mistake in everything around it.

    Attributes:
        data: One complete JSON value in UTF-8, without line breaks where the framing is by lines.
    """

    data: bytes
