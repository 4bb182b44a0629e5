"""Transports that keep message boundaries: a WebSocket message or an HTTP body is a frame."""

from __future__ import annotations

from collections import deque

from attrs import define, field

from hocket.errors import FramingError, LimitExceeded
from hocket.framing.frames import FrameRejected, FramingLimits, check_sendable

__all__ = ["Whole"]


@define
class Whole:
    """One call of `receive_data` is one frame; an empty one is rejected. No rejection is fatal.

    Args:
        limits: `frame` is the longest frame in bytes.

    >>> whole = Whole()
    >>> whole.receive_data(b"{}")
    >>> whole.next_frame()
    b'{}'
    """

    limits: FramingLimits = field(factory=FramingLimits)
    _ready: deque[bytes | FrameRejected] = field(factory=deque, init=False)
    _ended: bool = field(default=False, init=False)

    @property
    def held(self) -> int:
        """Bytes in memory: the frames that were not taken yet."""
        return sum(len(frame) for frame in self._ready if isinstance(frame, bytes))

    def receive_data(self, data: bytes) -> None:
        """Take one whole frame; ignored after `receive_eof`."""
        if self._ended:
            return
        if not data:
            self._ready.append(FrameRejected(FramingError("an empty frame")))
        elif len(data) > self.limits.frame:
            self._ready.append(FrameRejected(LimitExceeded("frame", self.limits.frame, len(data))))
        else:
            self._ready.append(data)

    def receive_eof(self) -> None:
        """The stream has ended. Frames not taken yet can still be taken."""
        self._ended = True

    def next_frame(self) -> bytes | FrameRejected | None:
        """The next frame, or None."""
        return self._ready.popleft() if self._ready else None

    def encode(self, message: bytes) -> bytes:
        """The message itself.

        Raises:
            LocalProtocolError: The message is empty or over `limits.frame`.
        """
        check_sendable(message, self.limits)
        return message
