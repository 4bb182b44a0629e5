"""Page tokens: a place in a list, in a text that only the store that made it can make."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from attrs import define, field

from hocket.a2a import TaskQuery
from hocket.codec import dumps, loads

__all__ = ["PageTokens", "Place"]

Place = tuple[int, str]
"""The order of a list of tasks: when the status came (nanoseconds of Unix time), then the id; both descending."""

_SEAL = 12
"""Bytes that show that a token is ours."""


@define(eq=False)
class PageTokens:
    """Writes and reads page tokens. A token is good for the query it came from, with pages of any size.

    >>> from hocket.a2a import Owner
    >>> tokens = PageTokens()
    >>> query = TaskQuery(owner=Owner())
    >>> tokens.read(query, tokens.write(query, (5, "t")))
    (5, 't')
    >>> tokens.read(query, "AAAA") is None
    True
    """

    _key: bytes = field(factory=lambda: secrets.token_bytes(16), repr=False)

    def write(self, query: TaskQuery, after: Place) -> str:
        """The token of the page that begins after this place."""
        place = dumps([*after])
        return urlsafe_b64encode(self._seal(query, place) + place).rstrip(b"=").decode()

    def read(self, query: TaskQuery, token: str) -> Place | None:
        """The place, or None for a token that is not ours or belongs to another query."""
        try:
            raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except ValueError:
            return None
        seal, place = raw[:_SEAL], raw[_SEAL:]
        if not hmac.compare_digest(seal, self._seal(query, place)) or self.write(query, _parsed(place)) != token:
            return None
        return _parsed(place)

    def _seal(self, query: TaskQuery, place: bytes) -> bytes:
        status = query.status.value if query.status else None
        filters = [query.owner.principal, query.owner.tenant, query.context_id, status, query.status_timestamp_after]
        return hashlib.blake2b(dumps(filters) + place, digest_size=_SEAL, key=self._key).digest()


def _parsed(place: bytes) -> Place:
    """What `PageTokens.write` wrote: the seal has shown that."""
    moment, task_id = loads(place)
    return moment, task_id
