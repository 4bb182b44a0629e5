"""Outbox: the messages that wait to be taken by the transport."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field

from hocket.errors import LimitExceeded, LocalProtocolError
from hocket.jsonrpc.batch import ROOM, Batch

__all__ = ["Outbox"]


@define(eq=False)
class Outbox:
    """Messages in the order they were sent, each wrapped for its transport.

    Args:
        maximum: The most bytes of one message, before it is wrapped.
        wrap: Wraps a message, or raises LocalProtocolError.
    """

    maximum: int
    wrap: Callable[[bytes], bytes]
    _waiting: list[bytes] = field(factory=list, init=False)

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self) -> list[bytes]:
        """Hand out all messages."""
        taken, self._waiting = self._waiting, []
        return taken

    def send(self, text: bytes) -> None:
        """Send what our caller commanded.

        Raises:
            LocalProtocolError: It is over the limit or cannot be wrapped; nothing was sent.
        """
        wrapped = self.wrap(text)  # first: where both limits are the same, the one of the frames is to be raised
        if len(text) > self.maximum:
            raise LocalProtocolError(str(LimitExceeded("message", self.maximum, len(text))))
        self._waiting.append(wrapped)

    def send_all(self, texts: Sequence[bytes]) -> None:
        """Send several messages that our caller commanded, or none of them.

        Raises:
            LocalProtocolError: One of them is over the limit or cannot be wrapped; nothing was sent.
        """
        wrapped = list(map(self.wrap, texts))
        if (longest := max(map(len, texts), default=0)) > self.maximum:
            raise LocalProtocolError(str(LimitExceeded("message", self.maximum, longest)))
        self._waiting += wrapped

    def reply(self, text: bytes) -> bool:
        """Send what nobody commanded. False if the framing is too narrow for it: input must never raise."""
        try:
            wrapped = self.wrap(text)
        except LocalProtocolError:
            return False
        self._waiting.append(wrapped)
        return True

    def answer(self, text: bytes, batch: Batch | None, place: int) -> None:
        """Send the answer to a request of the peer, or keep it until its batch is complete.

        Raises:
            LocalProtocolError: It is over the limit or cannot be wrapped; nothing was sent.
        """
        if batch is None:
            self.send(text)
            return
        size = batch.size_with(text)
        if len(text) > ROOM and size > self.maximum:
            raise LocalProtocolError(str(LimitExceeded("message", self.maximum, size)))
        answers = batch.completed_by(text)
        if answers is not None:
            self._waiting.append(self.wrap(answers))
        batch.fill(place, text)

    def answer_at_once(self, text: bytes, batch: Batch | None) -> bool:
        """Answer what no application has to see. False if that cannot be sent."""
        if batch is None:
            return self.reply(text)
        batch.fill(batch.open(), text)
        return True
