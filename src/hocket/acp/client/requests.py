"""Requests: what a client has asked and not been answered yet, also across connections.

Each has one id from its first sending to its last: a hub that remembers its replies does nothing twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from typing import TypeAlias

from attrs import define, field, frozen

from hocket.acp.batch import Posted
from hocket.acp.client.inbox import PARAMS
from hocket.acp.limits import ClientLimits
from hocket.acp.wire import usual_calls
from hocket.codec import JsonValue, Raw
from hocket.errors import (
    Code,
    ConnectionFailed,
    ErrorObject,
    HocketError,
    LimitExceeded,
    LocalProtocolError,
    NotSupported,
    RequestTimeout,
    RpcError,
)
from hocket.jsonrpc import (
    ErrorReceived,
    MessageRejected,
    NotificationReceived,
    Peer,
    PeerLimits,
    Request,
    RequestReceived,
    RequestTimedOut,
    ResultReceived,
    UnexpectedResponse,
    UsualCalls,
)

__all__ = ["ENVELOPE", "Asked", "Outcome", "Purpose", "Rejected", "Requests"]

ENVELOPE = 512
"""Bytes that a request has, at the most, beside its params."""

_EXTENSIONS = frozenset(
    {"stream.pause", "stream.resume", "stream.leave", "stream.get", "stream.join", "stream.invite", "stream.remove"}
)
"""Methods that a hub of another make need not have (spec section 2)."""

_LACKING = frozenset({int(Code.METHOD_NOT_FOUND), int(Code.INVALID_REQUEST)})


class Purpose(Enum):
    """Why something is asked: what is done with the answer."""

    START = auto()
    JOIN = auto()
    SAY = auto()
    END = auto()
    PAUSE = auto()
    RESUME = auto()
    RESTART = auto()
    """A resume, where the hub has no stream.resume: a stream.start that names the stream."""
    LEAVE = auto()
    MEMBERS = auto()
    GET = auto()
    POST = auto()
    ATTACH = auto()
    """After a reconnect: let the line read the stream again."""
    POLL = auto()
    LAST = auto()
    """A stream is over: what was said in it to the last."""
    STRAY = auto()
    """End a stream that nobody wanted."""


@define(eq=False, repr=False)
class Asked:
    """A request.

    Attributes:
        id: Its id on the wire.
        purpose: Why it is asked.
        method: What is asked.
        params: Its params, as JSON text.
        stream_id: The stream it is about; None where it has no name yet.
        told: The id that our caller knows it by; None if our caller knows nothing of it.
        note: What is to be remembered until the answer: the reason that was given, the event to go on after.
        posted: The message it carries, where it was posted.
        sent: How often it was sent on this line.
        is_out: Whether the transport has had it: it may have arrived.
        is_past: Whether its stream was forgotten since: what becomes of it says nothing of a stream of that name.
    """

    id: str
    purpose: Purpose
    method: str
    params: bytes
    stream_id: str | None = None
    told: str | None = None
    note: str | None = None
    posted: Posted | None = None
    sent: int = 0
    is_out: bool = False
    is_past: bool = False


@frozen
class Outcome:
    """What became of a request: it has a result, or an error."""

    asked: Asked
    result: JsonValue = None
    error: HocketError | None = None


@frozen
class Rejected:
    """The hub sent what is no JSON-RPC, or could not read something that we sent."""

    error: ErrorObject
    answered: bool = False


Received: TypeAlias = Outcome | NotificationReceived | Rejected


@define(eq=False, repr=False)
class Requests:
    """The requests of one client. They outlive a connection.

    Args:
        limits: `request`, `retries`, `in_flight` and `message` count.
        batches: Whether the hub takes several requests in one array.
    """

    limits: ClientLimits
    batches: bool = False
    is_up: bool = field(default=False, init=False)
    _asked: dict[str, Asked] = field(factory=dict, init=False)
    _queue: list[tuple[list[Asked], float]] = field(factory=list, init=False)
    _received: deque[Received] = field(factory=deque, init=False)
    _count: int = field(default=0, init=False)
    _why: HocketError | None = field(default=None, init=False)
    _usual: UsualCalls | None = field(init=False)
    _peer: Peer = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._usual = usual_calls(PARAMS)
        self._peer = self._new_peer()

    # What comes out

    def next(self) -> Received | None:
        """The next thing that came from the hub, or that became of a request."""
        return self._received.popleft() if self._received else None

    @property
    def has_news(self) -> bool:
        """Whether `next` has something."""
        return bool(self._received)

    def messages_to_send(self) -> list[bytes]:
        """Messages to send now, in order; they are handed out once."""
        for wanted, now in self._queue:
            self._send([asked for asked in wanted if asked.id in self._asked], now)
        self._queue.clear()
        return self._peer.messages_to_send()

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called: a request is to be sent again."""
        return self._peer.next_timeout()

    def is_asked(self, stream_id: str, *purposes: Purpose) -> bool:
        """Whether something has been asked about a stream, for one of these purposes, and is not answered yet."""
        return any(asked.purpose in purposes for asked in self._about(stream_id))

    def forget(self, stream_id: str) -> None:
        """A stream is forgotten: what was asked about it means nothing to the next one of its name."""
        for asked in self._about(stream_id):
            asked.is_past = True

    # Asking

    def check(self, params: bytes, *, is_ours: bool = False) -> None:
        """Refuse what could not be asked.

        Args:
            params: The params, as JSON text.
            is_ours: Whether the machine itself asks: then the number of requests does not count.

        Raises:
            LocalProtocolError: Too many requests are without an answer, or this one is too long.
        """
        if not is_ours and len(self._asked) >= self.limits.in_flight:
            raise LocalProtocolError(str(LimitExceeded("in_flight", self.limits.in_flight, len(self._asked) + 1)))
        size = len(params) + ENVELOPE
        if size > self.limits.message:
            raise LocalProtocolError(str(LimitExceeded("message", self.limits.message, size)))

    def add(
        self,
        purpose: Purpose,
        method: str,
        params: bytes,
        stream_id: str | None = None,
        *,
        told: str | None = None,
        note: str | None = None,
        posted: Posted | None = None,
        is_told: bool = False,
    ) -> Asked:
        """Note a request that was checked; it is not sent yet. `is_told`: our caller will know it by its own id."""
        self._count += 1
        name = str(self._count)
        asked = Asked(name, purpose, method, params, stream_id, name if is_told else told, note, posted)
        self._asked[asked.id] = asked
        return asked

    def transmit(self, wanted: Sequence[Asked], now: float, *, anyway: bool = False) -> None:
        """Let requests be sent next, in order. Those posted to one stream go in one array, if the hub takes arrays.

        Args:
            wanted: Which.
            now: The time in seconds.
            anyway: Also while the line is down, over whatever the transport still has.
        """
        if not (self.is_up or anyway):
            return  # `resume` sends them
        together: list[Asked] = []
        for asked in wanted:
            is_post = asked.purpose is Purpose.POST and self.batches
            if together and not (is_post and together[0].stream_id == asked.stream_id):
                self._queue.append((together, now))
                together = []
            if is_post:
                together.append(asked)
            else:
                self._queue.append(([asked], now))
        if together:
            self._queue.append((together, now))

    def end(self, asked: Asked, error: HocketError) -> None:
        """Give a request up; its outcome is told."""
        if self._asked.pop(asked.id, None) is not None:
            self._received.append(Outcome(asked, error=error))

    def drop(self, *purposes: Purpose) -> None:
        """Forget what was asked for these purposes: nobody waits for it any more."""
        self._asked = {name: asked for name, asked in self._asked.items() if asked.purpose not in purposes}

    # The line

    def down(self, why: HocketError | None) -> None:
        """The line is lost. What was asked stays asked. `why` is told where that turns out to be in vain."""
        self._why = why
        self.is_up = False
        self._peer = self._new_peer()
        self._queue.clear()

    def up(self) -> list[Asked]:
        """The line is there. Gives what has no answer yet, oldest first: `resume` sends it again."""
        self.down(self._why)
        self.is_up = True
        return list(self._asked.values())

    def resume(self, wanted: Sequence[Asked], now: float, *, same_session: bool) -> None:
        """Send again what has no answer; end what the hub may have done already and would do twice.

        Args:
            wanted: What is to be sent, as far as it has no answer yet.
            now: The time in seconds.
            same_session: Whether the hub remembers the requests of the last connection.
        """
        again: list[Asked] = []
        because = _in_brackets(self._why)
        for asked in wanted:
            if asked.id not in self._asked:
                continue
            if asked.is_out and not same_session and asked.purpose is not Purpose.LAST:
                lost = f"the connection was lost before {asked.method} was answered{because}"
                self.end(asked, ConnectionFailed(f"{lost}: it may or may not have arrived"))
            else:
                asked.sent = 0
                again.append(asked)
        self.transmit(again, now)

    def give_up(self, error: HocketError | None) -> None:
        """The line will not come back: end everything."""
        because = _in_brackets(error)
        for asked in list(self._asked.values()):
            fate = "it may or may not have arrived" if asked.is_out else "it was not sent"
            self.end(asked, ConnectionFailed(f"the hub cannot be reached{because}: {asked.method}: {fate}"))

    # What comes in

    def receive(self, message: bytes, now: float) -> None:
        """Take one message of the hub."""
        self._peer.receive_message(message, now)
        self._work_off(now)

    def handle_timeout(self, now: float) -> None:
        """Send again what was not answered in its time."""
        self._peer.handle_timeout(now)
        self._work_off(now)

    def _work_off(self, now: float) -> None:
        late: list[Asked] = []
        while (event := self._peer.next_event()) is not None:
            if type(event) is NotificationReceived:  # as nearly all are
                self._received.append(event)
                continue
            match event:
                case ResultReceived(id=request_id, result=result):
                    self._settle(str(request_id), result, None)
                case (
                    ErrorReceived(id=None, error=error) | UnexpectedResponse(id=None | 0, error=ErrorObject() as error)
                ):
                    self._received.append(Rejected(error))
                case ErrorReceived(id=request_id, error=error):
                    self._settle(str(request_id), None, error)
                case RequestTimedOut(id=request_id):
                    if (asked := self._asked.get(str(request_id))) is not None:
                        late.append(asked)
                case MessageRejected(error=error, answered=answered):
                    self._received.append(Rejected(error, answered))
                case UnexpectedResponse(id=request_id, result=result, error=error):
                    self._settle(str(request_id), result, error)  # late; or a second one, which settles nothing
                case RequestReceived(id=request_id, method=method):
                    reason = f"an agent has no method {method[:64]!r}: it is told, and not asked"
                    self._peer.send_error(request_id, ErrorObject.of(Code.METHOD_NOT_FOUND, reason), now=now)
                case _:
                    pass
        if late:
            self._retry(late, now)

    def _retry(self, late: list[Asked], now: float) -> None:
        again: list[Asked] = []
        for asked in late:
            if asked.sent > self.limits.retries:
                reason = f"{asked.method} was sent {asked.sent} times, and not answered"
                self.end(asked, RequestTimeout(reason))
            else:
                again.append(asked)
        self.transmit(again, now, anyway=True)

    def _settle(self, request_id: str, result: JsonValue, error: ErrorObject | None) -> None:
        asked = self._asked.pop(request_id, None)
        if asked is not None:
            self._received.append(Outcome(asked, result, None if error is None else _explained(asked, error)))

    def _send(self, wanted: list[Asked], now: float) -> None:
        match wanted:
            case []:
                return
            case [asked]:
                self._peer.send_request(
                    asked.method, Raw(asked.params), now=now, timeout=self.limits.request, id=asked.id
                )
            case _:
                calls = [Request(asked.method, Raw(asked.params), asked.id) for asked in wanted]
                self._peer.send_batch(calls, now=now, timeout=self.limits.request)
        for asked in wanted:
            asked.sent, asked.is_out = asked.sent + 1, True

    def _about(self, stream_id: str) -> list[Asked]:
        return [asked for asked in self._asked.values() if asked.stream_id == stream_id and not asked.is_past]

    def _new_peer(self) -> Peer:
        # How many are in flight is counted here: the machine's own requests must never be refused.
        return Peer(limits=PeerLimits(message=self.limits.message, in_flight=2**31), usual=self._usual)


def _in_brackets(why: HocketError | None) -> str:
    return "" if why is None else f" ({why})"


def _explained(asked: Asked, error: ErrorObject) -> RpcError:
    lacks = asked.method in _EXTENSIONS and error.code in _LACKING
    return NotSupported(error) if lacks else RpcError(error)
