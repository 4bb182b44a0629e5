"""Lines: an agent's ends of its connections, as Endpoints. Each carries bytes for the agent's client."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Protocol

from attrs import define, field

from hocket.errors import ErrorObject, HocketError, RpcError
from hocket.framing import FrameRejected, Ndjson

__all__ = ["FeedEnd", "PipeEnd", "PostEnd", "Talker"]


class Talker(Protocol):
    """Whose connections they are."""

    def messages_to_send(self) -> list[bytes]:
        """What is to be sent on the pipe."""

    def receive_message(self, message: bytes, now: float) -> None:
        """A message has come."""


@define(eq=False, repr=False)
class _End:
    """What they have in common: bytes come in pieces, and the end comes once.

    Args:
        talker: Whose it is.
        over: Called once, when the connection is over: with the error, if there is one.
    """

    talker: Talker
    over: Callable[[HocketError | None, float], None]
    is_closed: bool = field(default=False, init=False)
    _framing: Ndjson = field(factory=Ndjson, init=False)

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the hub."""
        self._framing.receive_data(data)
        while not self.is_closed and (frame := self._framing.next_frame()) is not None:
            if not isinstance(frame, FrameRejected):
                self.talker.receive_message(frame, now)

    def receive_eof(self, now: float) -> None:
        """The hub has closed it."""
        self._end(None, now)

    def receive_failure(self, error: HocketError, now: float) -> None:
        """It broke, or was never there."""
        self._end(error, now)

    def hang_up(self) -> None:
        """Nobody here wants it any more, or wants to hear of it."""
        self.is_closed = True

    def handle_timeout(self, now: float) -> None:
        """The client's time is kept by its agent."""

    def next_timeout(self) -> None:
        """See `handle_timeout`."""

    def next_event(self) -> None:
        """The client tells what happens."""

    def data_to_send(self) -> list[bytes]:
        """Nothing."""
        return []

    def _end(self, error: HocketError | None, now: float) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.over(error, now)


@define(eq=False, repr=False)
class PipeEnd(_End):
    """A pipe, both ways.

    Args:
        hello: What is sent first.
    """

    hello: bytes = b""
    _queue: deque[bytes] = field(factory=deque, init=False)

    def __attrs_post_init__(self) -> None:
        if self.hello:
            self._queue.append(self.hello + b"\n")

    def inject(self, frame: bytes) -> None:
        """Send this, which the client has not said, after all that it has."""
        self._queue += [*self._said(), frame + b"\n"]

    def data_to_send(self) -> list[bytes]:
        """What the client has to say, in its order."""
        if self.is_closed:
            return []
        pieces = [*self._queue, *self._said()]
        self._queue.clear()
        return pieces

    def _said(self) -> list[bytes]:
        return [self._framing.encode(message) for message in self.talker.messages_to_send()]


@define(eq=False, repr=False)
class PostEnd(_End):
    """A message that goes by itself, and takes its answer back.

    Args:
        message: What it carries.
    """

    message: bytes = b""

    def data_to_send(self) -> list[bytes]:
        """The message, once."""
        message, self.message = self.message, b""
        return [message + b"\n"] if message else []


@define(eq=False, repr=False)
class FeedEnd(_End):
    """A feed. It begins with a blank line, or with the error that says why it is not given.

    Args:
        opened: Called when it is given.
    """

    opened: Callable[[float], None] | None = None
    _is_given: bool | None = field(default=None, init=False)

    def receive_data(self, data: bytes, now: float) -> None:
        """What happens in the stream; or why that is not given."""
        if self._is_given is None:
            self._is_given = data.startswith(b"\n")
            if self._is_given and self.opened is not None:
                self.opened(now)
        if self._is_given:
            super().receive_data(data, now)
            return
        self._framing.receive_data(data)
        if isinstance(frame := self._framing.next_frame(), bytes):
            error = json.loads(frame)["error"]
            self._end(RpcError(ErrorObject(error["code"], error["message"], error.get("data"))), now)
