"""Replies: what requests were answered, so that one that is sent again is answered again, and not done again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from attrs import define, field

from hocket.acp.wire import ChunkParams, MessageParams, Params
from hocket.jsonrpc import Id

__all__ = ["Replies", "Sessions", "fingerprint"]

_SESSIONS = 10_000
"""Sessions whose replies are kept; the one that was quiet longest is forgotten first."""


def fingerprint(method: str, params: Params) -> int:
    """What tells two requests apart: the same method and params give the same number, in one process.

    A number of 64 bits that nobody can foresee is enough to find that a peer has used an id of its own twice. (Every
    request is given one: for a chunk 0.7 µs, where a digest of what `repr` gives took 4.)
    """
    match params:
        case ChunkParams():
            number = str(params.sequence)  # hash() takes -1 for -2, and n for n + 2**61 - 1
            said, more = params.chunk, (number, params.is_last, params.event_id, params.first_event_id)
        case MessageParams():
            said, more = params.message, ("", False, params.event_id, None)
        case _:
            return hash((method, repr(params)))
    parts = [
        (
            id(part.type),  # a member of an enum is one object, and slow to hash
            part.content if type(part.content) is str else repr((part.content,)),
            part.mime_type,
            part.filename,
            id(part.encoding),
            None if part.size is None else str(part.size),
            repr(part.extra) if part.extra else None,
        )
        for part in said.parts
    ]
    around = (id(said.role), said.agent_id, said.timestamp, repr(said.extra) if said.extra else None)
    return hash((method, params.stream_id, params.agent_id, more, around, *parts))


@define(eq=False)
class Replies:
    """The latest replies of one connection, by request id (spec section 3, "same request id").

    Args:
        count: How many are kept.
        size: How many bytes of them; the oldest are forgotten first.
    """

    count: int
    size: int
    _kept: OrderedDict[tuple[type, Id], tuple[int, bytes]] = field(factory=OrderedDict, init=False)
    _held: int = field(default=0, init=False)

    def get(self, request_id: Id) -> tuple[int, bytes] | None:
        """The fingerprint of the request that had this id, and the result it was given; None if there was none."""
        return self._kept.get((type(request_id), request_id))

    def add(self, request_id: Id, mark: int, result: bytes) -> None:
        """Keep the result, as JSON text, that a request was given; not if it alone is more than may be kept."""
        if len(result) > self.size:
            return
        self._kept[type(request_id), request_id] = (mark, result)
        self._held += len(result)
        while len(self._kept) > self.count or self._held > self.size:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._held -= len(dropped)


@define(eq=False)
class Sessions:
    """The replies of sessions: of connections that are one for the rule above.

    Args:
        count: Replies kept for each.
        size: Bytes of them.
    """

    count: int
    size: int
    _kept: OrderedDict[Hashable, Replies] = field(factory=OrderedDict, init=False)

    def replies(self, session: Hashable | None) -> Replies:
        """Those of a session; None is a new one that nobody else will have."""
        if session is None:
            return Replies(self.count, self.size)
        replies = self._kept.setdefault(session, Replies(self.count, self.size))
        self._kept.move_to_end(session)
        if len(self._kept) > _SESSIONS:
            self._kept.popitem(last=False)
        return replies
