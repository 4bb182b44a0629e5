"""Score: what came of all calls of a benchmark together."""

from __future__ import annotations

from collections import Counter

from attrs import Factory, define

from hocket.errors import (
    AgentError,
    AuthenticationError,
    ConnectionFailed,
    HocketError,
    RemoteProtocolError,
    RequestTimeout,
    RpcError,
    StreamCut,
)
from hocket.testing.bench.histogram import Histogram

__all__ = ["Mistake", "Score", "kind_of"]

_KINDS: tuple[tuple[type[HocketError], str], ...] = (
    (AgentError, "failed"),
    (StreamCut, "cut"),
    (ConnectionFailed, "unreachable"),
    (RequestTimeout, "timeout"),
    (AuthenticationError, "unauthorized"),
    (RpcError, "refused"),
    (RemoteProtocolError, "unreadable"),
    (HocketError, "impossible"),
)
"""What a call that came to nothing is counted as, by its error: the first that fits."""


def kind_of(error: HocketError) -> str:
    """What a call that came to nothing is counted as.

    >>> kind_of(StreamCut("the stream was cut")), kind_of(ConnectionFailed("nothing listens there"))
    ('cut', 'unreachable')
    """
    return next(kind for kinds, kind in _KINDS if isinstance(error, kinds))


@define
class Mistake:
    """Calls that came to nothing for the same kind of reason.

    Attributes:
        first: The error of the first of them.
        count: How many there were.
    """

    first: HocketError
    count: int = 1


@define(eq=False)
class Score:
    """What came of all calls together.

    Attributes:
        began: When the first call could be made.
        until: When a call ended for the last time.
        calls: How many calls were begun.
        settled: How many were answered to the end, by the state in which the task settled; "message" without a task.
        left: How many were left before their end, because that was enough.
        open: How many were not over when the benchmark was.
        mistakes: The others, by the kind of what went wrong.
        cuts: How often a stream was cut and tried again.
        resumes: How often it then went on.
        chunks: How many pieces of an answer came: events with text, or with any other part of an artifact.
        text_bytes: How much text that was, in UTF-8.
        first_chunk: From when a call was due to its first chunk.
        gaps: From each chunk of a call to the next.
        answers: From when a call was due to its end, of those that settled.
        late: From when a call was due to when it was made.
    """

    began: float
    until: float
    calls: int = 0
    settled: Counter[str] = Factory(Counter)
    left: int = 0
    open: int = 0
    mistakes: dict[str, Mistake] = Factory(dict)
    cuts: int = 0
    resumes: int = 0
    chunks: int = 0
    text_bytes: int = 0
    first_chunk: Histogram = Factory(Histogram)
    gaps: Histogram = Factory(Histogram)
    answers: Histogram = Factory(Histogram)
    late: Histogram = Factory(Histogram)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.until - self.began

    @property
    def ended(self) -> int:
        """How many calls are over, however they ended."""
        return self.worked + self.open + self.failed

    @property
    def failed(self) -> int:
        """How many calls came to nothing."""
        return sum(mistake.count for mistake in self.mistakes.values())

    @property
    def worked(self) -> int:
        """How many calls were answered, to the end or as far as was wanted."""
        return self.settled.total() + self.left

    def fail(self, error: HocketError) -> None:
        """A call came to nothing."""
        kind = kind_of(error)
        if kind in self.mistakes:
            self.mistakes[kind].count += 1
        else:
            self.mistakes[kind] = Mistake(error)
