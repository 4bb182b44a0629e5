"""Pipes with a tap: `TappedPipe` under asyncio and trio, `TappedBlockingPipe` without."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING

from attrs import define, field

from hocket.errors import ConnectionFailed, HocketError
from hocket.framing import FramingLimits, MakeFraming, Ndjson
from hocket_io.tap.framed import Frames
from hocket_io.tap.point import TapPoint

if TYPE_CHECKING:
    from hocket_io.pipes.blocking import BlockingPipe
    from hocket_io.pipes.transport import BytePipe

__all__ = ["TappedBlockingPipe", "TappedOpening", "TappedPipe"]


@define(eq=False)
class _Watch:
    """Both directions of a pipe, and its end."""

    inward: Frames
    outward: Frames

    @classmethod
    def of(cls, point: TapPoint, framing: MakeFraming, limits: FramingLimits) -> _Watch:
        return cls(Frames(point, "in", framing(limits)), Frames(point, "out", framing(limits)))

    def received(self, data: bytes) -> None:
        if data:
            self.inward.data(data)
        else:
            self.inward.end("end")

    def failed(self, error: HocketError) -> None:
        self.outward.end(str(error), how="broken")

    def closed(self) -> None:
        self.outward.end("closed")
        self.inward.end("closed")


@define(eq=False)
class TappedPipe:
    """A `BytePipe` that tells a tap what passes.

    Args:
        pipe: The pipe.
        point: Whom to tell.
        framing: What cuts its bytes into messages.
        limits: Of one message; what is longer passes, too, but only that it did is told.
    """

    pipe: BytePipe
    point: TapPoint
    framing: MakeFraming = Ndjson
    limits: FramingLimits = FramingLimits()
    _watch: _Watch = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._watch = _Watch.of(self.point, self.framing, self.limits)

    async def receive(self) -> bytes:
        """Bytes that arrived; b"" at the end."""
        data = await self.pipe.receive()
        self._watch.received(data)
        return data

    async def send(self, data: bytes) -> None:
        """Write bytes.

        Raises:
            ConnectionFailed: The pipe cannot take them.
        """
        self._watch.outward.data(data)
        try:
            await self.pipe.send(data)
        except ConnectionFailed as error:
            self._watch.failed(error)
            raise

    async def farewell(self) -> HocketError:
        """Why there is nothing more to be had from a pipe that has ended."""
        error = await self.pipe.farewell()
        self._watch.failed(error)
        return error

    async def aclose(self) -> None:
        """Let go of whatever is at the other end."""
        self._watch.closed()
        await self.pipe.aclose()


@define(eq=False)
class TappedOpening:
    """Gives a `TappedPipe` when it is entered, as an async context manager does that gives a pipe of lines.

    Args:
        opening: What is entered for the pipe, and left at its end.
        point: Whom to tell.
        limits: Of one message.
    """

    opening: AbstractAsyncContextManager[BytePipe]
    point: TapPoint
    limits: FramingLimits = FramingLimits()

    async def __aenter__(self) -> TappedPipe:
        try:
            pipe = await self.opening.__aenter__()
        except HocketError as error:
            self.point.end("out", str(error), how="broken")
            raise
        self.point.tell("out", note="connected")
        return TappedPipe(pipe, self.point, limits=self.limits)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self.point.end("out", "closed")
        self.point.end("in", "closed")
        return await self.opening.__aexit__(kind, error, trace)


@define(eq=False)
class TappedBlockingPipe:
    """A `BlockingPipe` that tells a tap what passes. Its arguments are those of `TappedPipe`."""

    pipe: BlockingPipe
    point: TapPoint
    framing: MakeFraming = Ndjson
    limits: FramingLimits = FramingLimits()
    _watch: _Watch = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._watch = _Watch.of(self.point, self.framing, self.limits)

    def receive(self, timeout: float | None = None) -> bytes:
        """Bytes that arrived; b"" at the end.

        Args:
            timeout: Seconds to wait for them; None for ever.

        Raises:
            TimeoutError: Nothing came.
            ConnectionFailed: Nothing will come, since what was sent was not read.
        """
        try:
            data = self.pipe.receive(timeout)
        except ConnectionFailed as error:
            self._watch.failed(error)
            raise
        self._watch.received(data)
        return data

    def send(self, data: bytes) -> None:
        """Write bytes.

        Raises:
            ConnectionFailed: The pipe cannot take them.
        """
        self._watch.outward.data(data)
        try:
            self.pipe.send(data)
        except ConnectionFailed as error:
            self._watch.failed(error)
            raise

    def farewell(self) -> HocketError:
        """Why there is nothing more to be had from a pipe that has ended."""
        error = self.pipe.farewell()
        self._watch.failed(error)
        return error

    def close(self) -> None:
        """Let go of whatever is at the other end."""
        self._watch.closed()
        self.pipe.close()
