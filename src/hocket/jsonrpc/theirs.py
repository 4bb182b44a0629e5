"""TheirRequests: the requests the peer sent and that we have not answered yet."""

from __future__ import annotations

from attrs import define, field

from hocket.jsonrpc.batch import Batch
from hocket.jsonrpc.ids import Id, Key, key_of

__all__ = ["Owed", "TheirRequests"]


@define(eq=False)
class Owed:
    """A request of the peer.

    Attributes:
        id: Its id, as it was sent.
        batch: The batch it came in, None if it came alone.
        place: The place of its answer in the batch.
        cancelled: Whether the peer has said that it no longer wants the answer.
    """

    id: Id
    batch: Batch | None = None
    place: int = 0
    cancelled: bool = False


@define(eq=False)
class TheirRequests:
    """The unanswered requests of the peer, in the order they came."""

    _owed: dict[Key, Owed] = field(factory=dict, init=False)

    @property
    def ids(self) -> tuple[Id, ...]:
        """The ids of the unanswered requests."""
        return tuple(owed.id for owed in self._owed.values())

    def __len__(self) -> int:
        return len(self._owed)

    def __contains__(self, request_id: Id) -> bool:
        return key_of(request_id) in self._owed

    def add(self, request_id: Id, batch: Batch | None) -> None:
        """A request came, whose id is not in use."""
        place = 0 if batch is None else batch.open()
        self._owed[key_of(request_id)] = Owed(request_id, batch, place)

    def get(self, request_id: Id) -> Owed | None:
        """The request with this id, None if there is none."""
        return self._owed.get(key_of(request_id))

    def end(self, request_id: Id) -> None:
        """The request with this id was answered."""
        del self._owed[key_of(request_id)]

    def end_all(self) -> None:
        """No request can be answered any more."""
        self._owed.clear()
