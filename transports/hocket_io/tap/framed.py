"""Frames: the bytes of one direction of a byte pipe, cut into messages for a tap. The bytes pass untouched."""

from __future__ import annotations

from attrs import define

from hocket.framing import FrameRejected, Framing
from hocket_io.tap.point import TapPoint
from hocket_io.tap.tapped import Direction, End

__all__ = ["Frames"]


@define(eq=False)
class Frames:
    """What passes in one direction.

    Args:
        point: Whom to tell.
        direction: Which way.
        framing: A new one, as the two sides use it. Where it can read no further, bytes are told as they come.
    """

    point: TapPoint
    direction: Direction
    _framing: Framing | None

    def data(self, data: bytes) -> None:
        """Bytes that pass."""
        if self._framing is None:
            self.point.tell(self.direction, data, "bytes")
            return
        self._framing.receive_data(data)
        self._tell_frames(self._framing, data)

    def end(self, note: str, *, how: End = "orderly") -> None:
        """No more bytes will pass, and why. Only the first time counts."""
        if self._framing is not None:
            self._framing.receive_eof()
            self._tell_frames(self._framing, b"")
        self.point.end(self.direction, note, how=how)

    def _tell_frames(self, framing: Framing, data: bytes) -> None:
        while (frame := framing.next_frame()) is not None:
            if not isinstance(frame, FrameRejected):
                self.point.tell(self.direction, frame)
            elif frame.fatal:
                self._framing = None
                self.point.tell(self.direction, data, f"no frame: {frame.error}")
                return
            else:
                self.point.tell(self.direction, note=f"no frame: {frame.error}")
