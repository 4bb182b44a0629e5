"""ResponseBody: what a server answered over HTTP, as its client reads it: events of a stream, or one whole body."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from hocket.errors import AuthenticationError, ConnectionFailed, HocketError, LimitExceeded
from hocket.framing import FrameRejected, FramingLimits, ServerSentEvent, SseParser
from hocket.http.messages import Headers
from hocket.http.redirects import place_of
from hocket.http.words import plain_words, shown_url

__all__ = ["ResponseBody"]


@define(eq=False)
class ResponseBody:
    """The answer to one request: first its head, then its bytes, as they come.

    Args:
        url: Who was asked, for the words of errors.
        limits: `frame` of a whole body, `sse_event` and `sse_id` of a stream.

    Attributes:
        status: The HTTP status; 0 until the head is there.
        refusal: Why nothing of this answer is to be read; None as long as it is to be read.
    """

    url: str = field(converter=shown_url)
    limits: FramingLimits
    status: int = field(default=0, init=False)
    refusal: HocketError | None = field(default=None, init=False)
    _parser: SseParser | None = field(default=None, init=False)
    _pieces: list[bytes] = field(factory=list, init=False)
    _held: int = field(default=0, init=False)

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success, 2xx."""
        return 200 <= self.status < 300

    @property
    def is_stream(self) -> bool:
        """Whether the body is a stream of events: then `next_events` gives them, else `whole` is the answer."""
        return self._parser is not None

    @property
    def retry(self) -> float | None:
        """How long a stream asks its readers to wait before they come back, in seconds; None if it does not say."""
        return None if self._parser is None else self._parser.retry

    @property
    def whole(self) -> bytes:
        """All of the body that has come, where it is no stream."""
        return b"".join(self._pieces)

    def receive_head(self, status: int, headers: Headers) -> None:
        """The status and header fields (names in lower case) of the response."""
        self.status = status
        fields = dict(headers)
        if status in (401, 403, 407):
            name = "proxy-authenticate" if status == 407 else "www-authenticate"
            self.refusal = _unauthorized(self.url, status, fields.get(name))
        elif (coding := fields.get("content-encoding", "").strip().lower()) not in ("", "identity"):
            # A few bytes may stand for gigabytes, and no limit of ours counts before they are unpacked.
            reason = f"{self.url} gave a body in {coding!r}, where an uncompressed one was asked for"
            self.refusal = ConnectionFailed(reason)
        elif (place := place_of(self.url, status, headers)) is not None:
            self.refusal = ConnectionFailed(f"{self.url} is not there: HTTP {status} leads to {shown_url(place)}")
        elif status == 200 and fields.get("content-type", "").partition(";")[0].strip().lower() == "text/event-stream":
            self._parser = SseParser(self.limits)

    def receive_data(self, data: bytes) -> None:
        """Bytes of the body. What is over the limit is a refusal."""
        if self.refusal is not None:
            return
        if self._parser is not None:
            self._parser.receive_data(data)
            return
        self._held += len(data)
        if self._held > self.limits.frame:
            self.refusal = LimitExceeded("frame", self.limits.frame, self._held)
            self._pieces.clear()
        else:
            self._pieces.append(data)

    def receive_eof(self) -> None:
        """The body is complete."""
        if self._parser is not None:
            self._parser.receive_eof()

    def unreadable(self, wanted: str, reason: str) -> ConnectionFailed:
        """The error of a body that is not what it should be. What it says in plain text, says more than we could.

        Args:
            wanted: What it should be.
            reason: Why it is not.
        """
        said = "it is empty" if not self.whole.strip() else plain_words(self.whole) or reason
        return ConnectionFailed(f"{self.url} gave HTTP {self.status} and a body that is no {wanted}: {said}")

    def next_events(self) -> Sequence[ServerSentEvent]:
        """The events of a stream that came since. One that cannot be read is a refusal, and the end of them."""
        if self._parser is None or self.refusal is not None:
            return ()
        events: list[ServerSentEvent] = []
        for event in self._parser.next_events():
            if isinstance(event, FrameRejected):
                self.refusal = event.error
                break
            events.append(event)
        return events


def _unauthorized(url: str, status: int, challenge: str | None) -> AuthenticationError:
    wants = f" (it asks for: {challenge})" if challenge else ""
    if status == 407:
        return AuthenticationError(f"the proxy on the way to {url} wants credentials: HTTP 407{wants}")
    verb = "wants credentials" if status == 401 else "refuses these credentials"
    return AuthenticationError(f"{url} {verb}: HTTP {status}{wants}")
