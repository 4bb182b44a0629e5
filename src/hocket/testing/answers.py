"""Answers: what came for one `Ask`, taken apart without I/O: a response of HTTP, or what is for it on a pipe."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define, field

from hocket import codec
from hocket.a2a.pipe import STREAM_METHOD
from hocket.errors import CodecError, LocalProtocolError
from hocket.framing import FrameRejected, FramingLimits
from hocket.framing.sse import SseParser
from hocket.testing.probe import Ask, End

__all__ = ["HttpAnswer", "LinkAnswer", "PipeAnswer", "PipeAnswers", "as_frame"]

_RAW = 4 * 1024 * 1024
"""Bytes that are kept of what came."""

_STRAYS = 100
"""Messages that are kept while nobody waits for anything; of more, the last."""

_REMEMBERED = 1_000
"""Ids of requests that are remembered."""


_HELD = 64 * 1024 * 1024
"""Bytes that may come before anybody takes them."""


@define(eq=False)
class _Answer:
    """What all kinds have."""

    limit: int = field(default=_HELD, kw_only=True)
    end: End = field(default="open", init=False)
    reason: str = field(default="", init=False)
    raw: bytearray = field(factory=bytearray, init=False)
    _messages: deque[bytes] = field(factory=deque, init=False)
    _held: int = field(default=0, init=False)

    def next_message(self) -> bytes | None:
        """The next message that has come, or None."""
        if not self._messages:
            return None
        self._held -= len(self._messages[0])
        return self._messages.popleft()

    @property
    def has_news(self) -> bool:
        """Whether there is a message to be taken, or none will come."""
        return bool(self._messages) or self.end in ("complete", "cut")

    def receive_failure(self, reason: str) -> None:
        """The rest will not come."""
        if self.end not in ("complete", "cut"):
            self.end, self.reason = "cut", reason

    def silent(self) -> None:
        """Nothing came for as long as was waited."""
        if self.end == "open":
            self.end = "silent"

    def _give(self, message: bytes) -> None:
        """One more message; what is too much is not kept, and cuts the answer."""
        if self._has_room(len(message)):
            self._held += len(message)
            self._messages.append(message)

    def _has_room(self, size: int) -> bool:
        if self._held + size > self.limit:
            self.receive_failure(f"it is too long: more than {self.limit:,} bytes came that nobody had taken")
        return self.end != "cut"

    def _keep(self, data: bytes) -> None:
        self.raw += data[: _RAW - len(self.raw)]
        if self.end == "silent":
            self.end = "open"


@define(eq=False)
class HttpAnswer(_Answer):
    r"""The response to one request.

    >>> answer = HttpAnswer()
    >>> answer.receive_head(200, {"Content-Type": "text/event-stream"})
    >>> answer.receive_data(b"data: 1\n\nda")
    >>> answer.receive_eof()
    >>> answer.next_message(), answer.next_message(), answer.end
    (b'1', None, 'cut')
    """

    status: int | None = field(default=None, init=False)
    headers: dict[str, str] = field(factory=dict, init=False)
    _events: SseParser | None = field(default=None, init=False)
    _body: bytearray = field(factory=bytearray, init=False)

    def receive_head(self, status: int, headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
        """Its status and header fields."""
        self.status = status
        for name, value in headers.items() if isinstance(headers, Mapping) else headers:
            known = self.headers.get(name.lower())
            self.headers[name.lower()] = value if known is None else f"{known}, {value}"
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/event-stream":
            self._events = SseParser(FramingLimits())

    def receive_data(self, data: bytes) -> None:
        """Bytes of its body."""
        self._keep(data)
        if self._events is None:
            if self._has_room(len(self._body) + len(data)):
                self._body += data
        else:
            self._events.receive_data(data)
            self._take_events(self._events)

    def receive_eof(self) -> None:
        """Its body is complete."""
        if self.status is None:
            self.receive_failure("there was no response")
            return
        if self._events is not None:
            self._events.receive_eof()
            self._take_events(self._events)
            if self._events.cut:
                self.receive_failure("the response ended in the middle of an event")
        elif self._body:
            self._give(bytes(self._body))
        if self.end != "cut":
            self.end = "complete"

    def _take_events(self, parser: SseParser) -> None:
        while (event := parser.next_event()) is not None:
            if isinstance(event, FrameRejected):
                self.receive_failure(f"an event cannot be read: {event.error}")
            else:
                self._give(event.data)


@define(eq=False)
class PipeAnswer(_Answer):
    """What comes for one request on a pipe. Its messages are those that HTTP would have had.

    Args:
        ids: The ids in the request, as JSON text; none where it cannot be read.
        streams: Whether several items may come.

    Attributes:
        is_answered: Whether the other side has said all that it has to say, be it to nobody.
    """

    ids: tuple[bytes, ...]
    streams: bool = False
    is_answered: bool = field(default=False, init=False)

    @property
    def status(self) -> int | None:
        """A pipe has none."""
        return None

    @property
    def headers(self) -> Mapping[str, str]:
        """A pipe has none."""
        return {}

    def receive_item(self, message: Any, raw: bytes) -> None:
        """A notification with an item of the stream."""
        self._keep(raw + b"\n")
        params = message["params"]
        self._give(_written({"jsonrpc": "2.0", "id": params["id"], "result": params.get("result")}, raw))

    def receive_response(self, message: Any, raw: bytes) -> None:
        """A response: the answer, or the end of the stream."""
        self._keep(raw + b"\n")
        result = message.get("result") if isinstance(message, dict) else None
        is_end = self.streams and isinstance(result, dict) and result.keys() == {"state", "offset"}
        if not is_end:
            self._give(raw)
        if is_end or not self.streams or not _goes_on(result):
            self.is_answered = True
            if self.end != "cut":
                self.end = "complete"

    def receive_noise(self, raw: bytes) -> None:
        """Something that belongs to no request, while this one is open."""
        self._keep(raw + b"\n")
        self._give(raw)


@define(eq=False)
class LinkAnswer(_Answer):
    """What comes on a connection that is a conversation by itself: to a hub."""

    @property
    def status(self) -> int | None:
        """A connection has none."""
        return None

    @property
    def headers(self) -> Mapping[str, str]:
        """A connection has none."""
        return {}

    def receive_message(self, message: bytes) -> None:
        """One whole message."""
        self._keep(message + b"\n")
        self._give(message)

    def receive_eof(self) -> None:
        """The other side has ended the connection in good order."""
        if self.end != "cut":
            self.end = "complete"


@define(eq=False)
class PipeAnswers:
    """The answers on one pipe: whose is what comes.

    What is said of an id is for the first request with it that is not answered yet: an id may be used again, also
    while the other side still has to say that the request was cancelled.

    Args:
        limit: Ids that are remembered, so that what comes late is known to be of an old request.
    """

    limit: int = _REMEMBERED
    _open: dict[PipeAnswer, None] = field(factory=dict, init=False)
    _by_id: dict[bytes, list[PipeAnswer]] = field(factory=dict, init=False)
    _strays: deque[bytes] = field(factory=lambda: deque(maxlen=_STRAYS), init=False)

    def ask(self, ask: Ask) -> PipeAnswer:
        """Expect the answer to what is being asked. What came while nobody waited for anything is seen with it."""
        answer = PipeAnswer(_ids_in(ask.body or b""), ask.streams)
        self._open[answer] = None
        while self._strays:
            answer.receive_noise(self._strays.popleft())
        for each in answer.ids:
            unanswered = [earlier for earlier in self._by_id.pop(each, ()) if not earlier.is_answered]
            self._by_id[each] = [*unanswered, answer]
        while len(self._by_id) > self.limit:
            del self._by_id[next(iter(self._by_id))]
        return answer

    def leave(self, answer: PipeAnswer) -> None:
        """Nobody wants this answer any more."""
        self._open.pop(answer, None)

    def receive(self, raw: bytes) -> PipeAnswer | None:
        """One message that came. Returns whose it is; None where nobody waits for anything."""
        try:
            message = codec.loads(raw)
        except CodecError:
            return self._noise(raw)
        if _is_item(message):
            answer = self._with_id(message["params"]["id"])
            if answer is not None:
                answer.receive_item(message, raw)
        else:
            answer = self._answered(message)
            if answer is not None:
                answer.receive_response(message, raw)
        return self._noise(raw) if answer is None else answer

    def receive_failure(self, reason: str) -> list[PipeAnswer]:
        """The pipe is over; returns those that lose something by it."""
        lost, self._open = list(self._open), {}
        for answer in lost:
            answer.receive_failure(reason)
        return lost

    def _with_id(self, request_id: Any) -> PipeAnswer | None:
        known = self._by_id.get(_key(request_id), [])
        return next((each for each in known if not each.is_answered), known[-1] if known else None)

    def _answered(self, message: Any) -> PipeAnswer | None:
        """Whose response this is. One without an id is for a request that has none, or that nobody could read."""
        first = message[0] if isinstance(message, list) and message else message
        if not isinstance(first, dict) or "method" in first:
            return None
        if first.get("id") is not None:
            return self._with_id(first["id"])
        waiting = [each for each in self._open if not each.is_answered]
        return next((each for each in waiting if not each.ids), waiting[-1] if waiting else None)

    def _noise(self, raw: bytes) -> PipeAnswer | None:
        answer = next((each for each in self._open if not each.is_answered), None)
        if answer is None:
            self._strays.append(raw)
        else:
            answer.receive_noise(raw)
        return answer


def as_frame(ask: Ask) -> bytes:
    """What is asked as a pipe has it: the header fields that A2A gives a meaning are in `_meta` of the params.

    Only a request whose params are an object, or missing, can have one: what is anything else goes as it is.

    >>> as_frame(Ask.call("GetTask", {"id": "T"}))[-62:]
    b'"params":{"id":"T","_meta":{"headers":{"A2A-Version":"1.0"}}}}'
    """
    body = ask.body or b""
    headers = {name: value for name, value in ask.headers.items() if name.lower().startswith(("a2a-", "x-a2a-"))}
    if not headers:
        return body
    try:
        request = codec.loads(body)
    except CodecError:
        return body
    params = request.get("params", {}) if isinstance(request, dict) and "method" in request else None
    if not isinstance(params, dict) or "_meta" in params:
        return body
    return _written({**request, "params": {**params, "_meta": {"headers": headers}}}, body)


def _written(value: Any, otherwise: bytes) -> bytes:
    """A value as JSON; `otherwise` where it has something that can be read but not be written."""
    try:
        return codec.dumps(value)
    except LocalProtocolError:
        return otherwise


def _key(request_id: Any) -> bytes:
    """An id as it can be looked up; 1, "1" and true are different."""
    return _written(request_id, repr(request_id).encode("utf-8", "surrogatepass"))


def _ids_in(body: bytes) -> tuple[bytes, ...]:
    """The ids under which an answer may come, as JSON."""
    try:
        said = codec.loads(body)
    except CodecError:
        return ()
    requests = said if isinstance(said, list) else [said]
    found = [each["id"] for each in requests if isinstance(each, dict) and each.get("id") is not None]
    return tuple([_key(each) for each in found])


def _is_item(message: Any) -> bool:
    """Whether this is an item of a stream."""
    params = message.get("params") if isinstance(message, dict) and message.get("method") == STREAM_METHOD else None
    return isinstance(params, dict) and "id" in params


def _goes_on(result: Any) -> bool:
    """Whether an agent that repeats responses with one id, instead of sending notifications, may have more to say."""
    if not isinstance(result, dict):
        return False
    return not (result.get("kind") == "message" or "message" in result or result.get("final") is True)
