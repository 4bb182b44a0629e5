"""A conversation whose answer comes on a stage: the loop runs while somebody waits for the next message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import anyio
import anyio.lowlevel
from attrs import define, field

from hocket.errors import LocalProtocolError
from hocket.testing.answers import HttpAnswer, LinkAnswer, PipeAnswer
from hocket.testing.probe import PATIENCE, End
from hocket_io.testing.stage import Stage

__all__ = ["StagedConversation"]


async def _nothing() -> None:
    """Nobody is to be told."""


@define(eq=False)
class StagedConversation:
    """One answer. See `hocket.testing.probe.Conversation`.

    Args:
        stage: Where it comes.
        answer: What has come.
        leave: Tells the target that nobody listens any more.
        say: Sends one more message on the connection; None where each has one of its own.
    """

    stage: Stage
    answer: HttpAnswer | PipeAnswer | LinkAnswer
    leave: Callable[[], Awaitable[None]] = _nothing
    say: Callable[[bytes], Awaitable[None]] | None = None
    _bell: anyio.Event | None = field(default=None, init=False)
    _has_left: bool = field(default=False, init=False)

    @property
    def status(self) -> int | None:
        """The HTTP status, once it has come; None on a pipe."""
        return self.answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields of the response, names in lower case; empty on a pipe."""
        return self.answer.headers

    @property
    def raw(self) -> bytes:
        """All that came so far, as it came, up to 4 MiB."""
        return bytes(self.answer.raw)

    @property
    def end(self) -> End:
        """How the answer has ended, so far."""
        return self.answer.end

    @property
    def reason(self) -> str:
        """Why it was cut; "" where it was not."""
        return self.answer.reason

    def next(self, timeout: float = PATIENCE) -> bytes | None:
        """The next message, or None: `end` says why.

        Args:
            timeout: Seconds to wait, of the time that passes at the target.
        """
        if not self.answer.has_news:
            self.stage.run(self._wait, timeout)
        message = self.answer.next_message()
        if message is None:
            self.answer.silent()
        return message

    def send(self, body: bytes) -> None:
        """Say more on the same connection.

        Raises:
            LocalProtocolError: Each request has an answer of its own here.
        """
        if self.say is None:
            raise LocalProtocolError("each request has an answer of its own here: open another conversation")
        self.stage.run(self.say, body)

    def close(self) -> None:
        """Leave. Twice is harmless."""
        if not self._has_left:
            self._has_left = True
            self.answer.receive_failure("the conversation was left")
            self.stage.run(self._go)

    def ring(self) -> None:
        """Something has come."""
        if self._bell is not None:
            self._bell.set()

    async def _wait(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            while not self.answer.has_news:
                self._bell = anyio.Event()
                await self._bell.wait()

    async def _go(self) -> None:
        await self.leave()
        await anyio.lowlevel.checkpoint()  # so that the news is on its way
