"""OurRequests: the requests we sent and that have no answer yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field, frozen

from hocket.errors import LimitExceeded, LocalProtocolError
from hocket.jsonrpc.ids import PING_ID, Id, Key, id_problem, key_of
from hocket.jsonrpc.limits import PeerLimits
from hocket.timers import Timers

__all__ = ["Asked", "OurRequests"]


@frozen
class Asked:
    """A request of ours.

    Attributes:
        id: Its id.
        method: What was asked.
    """

    id: Id
    method: str


@define(eq=False)
class OurRequests:
    """Ids, methods and deadlines of our unanswered requests, in the order they were sent.

    Args:
        limits: `id` and `in_flight` count.
        new_id: Where new ids come from.
    """

    limits: PeerLimits
    new_id: Callable[[], str]
    _asked: dict[Key, Asked] = field(factory=dict, init=False)
    _deadlines: Timers[Key] = field(factory=Timers, init=False)
    # New ids that were drawn for a command that was refused: the next command takes them, so that a
    # refused command leaves no trace in the ids.
    _drawn: list[str] = field(factory=list, init=False)
    _pings: int = field(default=0, init=False)

    @property
    def ids(self) -> tuple[Id, ...]:
        """The ids of the unanswered requests."""
        return tuple(asked.id for asked in self._asked.values())

    def __contains__(self, request_id: Id) -> bool:
        return key_of(request_id) in self._asked

    def choose(self, wanted: Sequence[Id]) -> list[Id]:
        """The ids for new requests: those wanted, and a new one for each None. Nothing is added yet.

        Raises:
            LocalProtocolError: Too many requests are in flight, or an id is malformed, too long or pending.
        """
        total = len(self._asked) + len(wanted)
        if total > self.limits.in_flight:
            raise LocalProtocolError(str(LimitExceeded("in_flight", self.limits.in_flight, total)))
        taken: set[Key] = set()
        for request_id in wanted:
            if request_id is not None:
                self._check(request_id)
                if key_of(request_id) in taken:
                    raise LocalProtocolError(f"the id {request_id!r} is given twice")
                taken.add(key_of(request_id))
        fresh = iter(self._draw(sum(request_id is None for request_id in wanted), taken))
        return [next(fresh) if request_id is None else request_id for request_id in wanted]

    def add(self, request_id: Id, method: str, deadline: float | None) -> None:
        """A request with an id from `choose` is sent now."""
        key = key_of(request_id)
        self._asked[key] = Asked(request_id, method)
        if deadline is not None:
            self._deadlines.set(key, deadline)
        if self._drawn:
            self._drawn = [drawn for drawn in self._drawn if drawn != request_id]

    def get(self, request_id: Id) -> Asked | None:
        """The request with this id, None if there is none."""
        return self._asked.get(key_of(request_id))

    def end(self, request_id: Id) -> Asked | None:
        """Remove the request with this id and return it, None if there is none."""
        key = key_of(request_id)
        asked = self._asked.pop(key, None)
        if asked is not None:
            self._deadlines.clear(key)
        return asked

    def end_all(self) -> tuple[Id, ...]:
        """Remove all requests and return their ids."""
        ids = self.ids
        for request_id in ids:
            self.end(request_id)
        return ids

    def next_ping(self) -> str:
        """The id for the next heartbeat request. Its answer is not waited for here."""
        self._pings += 1
        return f"{PING_ID}{self._pings}"

    def is_ping(self, request_id: Id) -> bool:
        """Whether a response with this id answers a heartbeat request, however late."""
        return self._pings > 0 and type(request_id) is str and request_id.startswith(PING_ID)

    def expire(self, now: float) -> list[Asked]:
        """Remove and return the requests whose deadline has come, earliest first."""
        return [self._asked.pop(key) for key in self._deadlines.due(now)]

    def next_timeout(self) -> float | None:
        """The earliest deadline, or None."""
        return self._deadlines.next_timeout()

    def _check(self, request_id: Id) -> None:
        if problem := id_problem(request_id, self.limits.id):
            limit = problem == "limit"
            raise LocalProtocolError(str(LimitExceeded("id", self.limits.id)) if limit else problem)
        if type(request_id) is str and request_id.startswith(PING_ID):
            raise LocalProtocolError(f"ids that begin with {PING_ID} are kept for the heartbeat")
        if request_id in self:
            raise LocalProtocolError(f"the id {request_id!r} belongs to a request that has no answer yet")

    def _draw(self, count: int, taken: set[Key]) -> list[str]:
        """New ids that are neither pending nor among those taken, drawn but not used."""
        free = [drawn for drawn in self._drawn if key_of(drawn) not in taken]
        for _ in range(count + len(self._asked) + len(taken)):
            if len(free) >= count:
                break
            drawn = self._new_id()
            if drawn not in self and drawn not in self._drawn:
                self._drawn.append(drawn)
                if key_of(drawn) not in taken:
                    free.append(drawn)
        if len(free) < count:
            raise LocalProtocolError("new_id gives ids that it gave before")
        return free[:count]

    def _new_id(self) -> str:
        drawn = self.new_id()
        if type(drawn) is not str:
            raise LocalProtocolError(f"new_id must give strings, not {type(drawn).__qualname__}")
        if id_problem(drawn, self.limits.id) or drawn.startswith(PING_ID):
            raise LocalProtocolError(f"new_id gave {drawn[:40]!r}, which cannot be the id of a request")
        return drawn
