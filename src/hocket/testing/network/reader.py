"""Reader: takes from a wire what has arrived, at once or at its own pace."""

from __future__ import annotations

from collections import deque

from attrs import define, field

from hocket.testing.network.agenda import Agenda
from hocket.testing.network.wire import Mark, Receiver

__all__ = ["Reader"]


@define(eq=False)
class Reader:
    """What stands between a wire and an endpoint that may be slow.

    Attributes:
        receiver: Who is given what was read.
        pace: Bytes in a second; 0 for none, None for all at once.
    """

    agenda: Agenda
    receiver: Receiver
    pace: float | None = field(default=None, init=False)
    _unread: deque[bytes | Mark] = field(factory=deque, init=False)

    @property
    def unread(self) -> int:
        """Bytes that arrived and were not read."""
        return sum(len(what) for what in self._unread if isinstance(what, bytes))

    def read_at(self, pace: float | None) -> None:
        """Read so many bytes in a second from now on; 0 for none, None for all at once."""
        self.pace = pace
        self._arm()

    def arrive(self, what: bytes | Mark) -> None:
        """Something has come over the wire. That a connection broke is seen at once, and what was unread is gone."""
        if what is Mark.BROKEN or what is Mark.REFUSED:
            self._unread.clear()
            self.agenda.clear(self)
            self.receiver.arrive(what)
        elif self.pace is None and not self._unread:
            self.receiver.arrive(what)
        else:
            self._unread.append(what)
            if len(self._unread) == 1:
                self._arm()

    def ring(self) -> None:
        """The next piece has been read."""
        if not self._unread or self.pace == 0:
            return
        what = self._unread.popleft()
        if self.pace is not None and isinstance(what, bytes) and (rest := what[self._most :]):
            what = what[: self._most]
            self._unread.appendleft(rest)
        self._arm()
        self.receiver.arrive(what)

    @property
    def _most(self) -> int:
        """Bytes that are read at a time: a tenth of a second's."""
        return max(1, int((self.pace or 0) / 10))

    def _arm(self) -> None:
        if not self._unread or self.pace == 0:
            self.agenda.clear(self)
        elif self.pace is None:
            self.agenda.set(self, self.agenda.now)
        else:
            what = self._unread[0]
            size = min(len(what), self._most) if isinstance(what, bytes) else 0
            self.agenda.set(self, self.agenda.now + size / self.pace)
