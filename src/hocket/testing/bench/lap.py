"""Lap: one call of a benchmark, and what its events say of the time."""

from __future__ import annotations

from attrs import define, field

from hocket.a2a import StreamEvent, TaskArtifactUpdateEvent, TaskState
from hocket.errors import AgentError, HocketError
from hocket.testing.bench.score import Score

__all__ = ["Lap"]

_WITHOUT_ANSWER = (TaskState.FAILED, TaskState.REJECTED, TaskState.CANCELED)


@define(eq=False)
class Lap:
    """One call, from when it is due to its end. What it comes to is added to the score of all.

    Args:
        score: Where it is added.
        due: When it is to be made. Its times count from then, also where it is made later: whoever wanted an answer
            has waited since.
        most: Chunks after which it is left; None to stay until the end.

    Attributes:
        chunks: How many came.
        is_over: Whether it has ended; what comes then does not count.
    """

    score: Score
    due: float
    most: int | None = None
    chunks: int = field(default=0, init=False)
    is_over: bool = field(default=False, init=False)
    _last: float = field(default=0.0, init=False)

    def begin(self, now: float) -> None:
        """It is made."""
        self.score.calls += 1
        self.score.late.add(now - self.due)

    def receive(self, event: StreamEvent, now: float) -> bool:
        """Something came. False where no more is wanted, and the stream is to be closed."""
        if self.is_over:
            return False
        if event.done and (failure := _failure(event)) is not None:
            self.fail(failure, now)
        elif event.text or _has_other_parts(event):
            self._chunk(event.text, now)
        elif event.kind == "cut":
            self.score.cuts += 1
        elif event.kind == "resumed":
            self.score.resumes += 1
        if event.done:
            self._settle(event, now)
        elif self.chunks == self.most:
            self.leave(now)
        return not self.is_over

    def fail(self, error: HocketError, now: float) -> None:
        """There is no answer, or no whole one."""
        if self._end(now):
            self.score.fail(error)

    def leave(self, now: float) -> None:
        """It is enough: nobody reads on."""
        if self._end(now):
            self.score.left += 1

    def stop(self, now: float) -> None:
        """The benchmark is over before the call is."""
        if self._end(now):
            self.score.open += 1

    def _settle(self, event: StreamEvent, now: float) -> None:
        """The last event of an answer came."""
        if self._end(now):
            self.score.settled["message" if event.state is None else event.state.value] += 1
            self.score.answers.add(now - self.due)

    def _chunk(self, text: str, now: float) -> None:
        score = self.score
        if self.chunks:
            score.gaps.add(now - self._last)
        else:
            score.first_chunk.add(now - self.due)
        self._last = now
        self.chunks += 1
        score.chunks += 1
        score.text_bytes += len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))

    def _end(self, now: float) -> bool:
        """It is over; False where it was so before."""
        if self.is_over:
            return False
        self.is_over, self.score.until = True, now
        return True


def _failure(event: StreamEvent) -> HocketError | None:
    """Why there is no answer, if this last event says so. What an agent says of its failure is no answer, either."""
    if event.state not in _WITHOUT_ANSWER:
        return event.error
    said = f": {event.message}" if event.message else ""
    return AgentError(f"the task is {event.state.value}{said}")


def _has_other_parts(event: StreamEvent) -> bool:
    """Whether an event without text brings a piece of an answer all the same: a file, say."""
    return isinstance(event.item, TaskArtifactUpdateEvent) and any(
        part.text is None for part in event.item.artifact.parts
    )
