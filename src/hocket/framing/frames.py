"""What all framings share: the interface, the limits, and the frame that could not be taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from attrs import field, frozen

from hocket.errors import FramingError, LimitExceeded, LocalProtocolError

__all__ = ["FrameRejected", "Framing", "FramingLimits", "MakeFraming", "check_sendable"]


@frozen(kw_only=True)
class FramingLimits:
    """How much one peer may make us hold. All numbers are bytes.

    Attributes:
        frame: One frame: an NDJSON line without its line end, a Content-Length body, a WebSocket message. It
            binds what we send as well.
        header: The header block before a Content-Length body, with its line ends and the blank line.
        sse_event: One server-sent event: its field lines without line ends. Comments do not count.
        sse_id: The value of an SSE `id` field.
    """

    frame: int = 16 * 1024 * 1024
    header: int = 8 * 1024
    sse_event: int = 16 * 1024 * 1024
    sse_id: int = 256


@frozen
class FrameRejected:
    """A frame that cannot be taken, in its place between the frames that can.

    Two of them are equal if they say the same.

    Attributes:
        error: What was wrong with it.
        fatal: True if nothing after it can be read, so the connection must end; False if the next
            frame is read as usual.
    """

    error: FramingError | LimitExceeded = field(eq=repr)
    fatal: bool = False


class Framing(Protocol):
    """Cuts the bytes of one connection into frames, and frames what is to be sent.

    However the bytes were cut into calls of `receive_data`, the frames are the same (except for `Whole`,
    where the call is the frame). Drain `next_frame` after each call: frames wait in memory until taken.
    """

    @property
    def limits(self) -> FramingLimits:
        """How large a frame may be, in both directions."""

    def receive_data(self, data: bytes) -> None:
        """Take bytes that arrived. After the end of the stream or a fatal rejection they are ignored."""

    def receive_eof(self) -> None:
        """The peer will send nothing more. Saying it twice changes nothing."""

    def next_frame(self) -> bytes | FrameRejected | None:
        """The next frame, without its wrapping, or None when more bytes are needed."""

    def encode(self, message: bytes) -> bytes:
        """The bytes to write for one message.

        Raises:
            LocalProtocolError: The message cannot be framed: it is empty, over the limit, or has bytes that
                this framing uses as its delimiter.
        """


MakeFraming: TypeAlias = Callable[[FramingLimits], Framing]
"""What cuts the bytes of one new pipe into messages: the class of a framing."""


def check_sendable(message: bytes, limits: FramingLimits) -> None:
    """Refuse what no framing can send.

    Raises:
        LocalProtocolError: `message` is empty or longer than `limits.frame`.
    """
    if not message:
        raise LocalProtocolError("an empty message cannot be framed")
    if len(message) > limits.frame:
        raise LocalProtocolError(str(LimitExceeded("frame", limits.frame, len(message))))
