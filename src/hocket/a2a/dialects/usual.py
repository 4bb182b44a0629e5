r"""The usual response: an envelope as nearly everybody writes it, with the result last.

    {"jsonrpc":"2.0","id":"7","result":{…}}

What follows the envelope is then one JSON value and a brace, if the text is JSON at all: no name is there twice.
"""

from __future__ import annotations

from re import compile as regex
from typing import Final

__all__ = ["usual_result"]

_VERSION: Final = rb'"jsonrpc": ?"2\.0"'
_ID: Final = rb'"id": ?(?:"[ !#-\[\]-~]*"|-?(?:0|[1-9][0-9]{0,17})|null)'
_ENVELOPE: Final = regex(rb'\{(?:%b, ?%b|%b, ?%b), ?"result": ?' % (_VERSION, _ID, _ID, _VERSION))
_BRACE: Final = 0x7D


def usual_result(data: bytes) -> bytes | None:
    """The text of the result of a usual response; None where it takes a longer look to find it.

    >>> usual_result(b'{"jsonrpc": "2.0", "id": 7, "result": [1]}')
    b'[1]'
    """
    envelope = _ENVELOPE.match(data)
    return None if envelope is None or data[-1] != _BRACE else data[envelope.end() : -1]
