"""Room: agents at a hub, each with a connection of its own, with which plays talk."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from hocket import codec
from hocket.errors import CodecError
from hocket.testing.conformance.trial import Heard, Trial
from hocket.testing.probe import Ask

__all__ = ["Room", "Seat", "compact", "params_of", "told", "words"]

_LINES = 1_000
"""Messages that are read while one answer is waited for."""


def words(text: str, **more: Any) -> dict[str, Any]:
    """A Message of one text."""
    return {"role": "agent", "parts": [{"type": "TextPart", "content": text}], **more}


def told(notification: Mapping[str, Any]) -> str:
    """What a notification tells: its method, or the `event` of a stream.event."""
    event = params_of(notification).get("event")
    return str(event if notification.get("method") == "stream.event" else notification.get("method"))


def params_of(notification: Mapping[str, Any]) -> Mapping[str, Any]:
    """The params of a notification; empty where they are none."""
    params = notification.get("params")
    return params if isinstance(params, Mapping) else {}


def compact(value: Any) -> str:
    """A value on one line, cut where it is long."""
    text = codec.dumps(value).decode()
    return text if len(text) <= 300 else f"{text[:300]}…"


@define(eq=False)
class Seat:
    """An agent, and its connection.

    Attributes:
        trial: The rule that is checked.
        agent: Its id.
        heard: Its connection.
    """

    trial: Trial
    agent: str
    heard: Heard
    _news: deque[Mapping[str, Any]] = field(factory=deque, init=False)
    _ids: itertools.count[int] = field(factory=lambda: itertools.count(1), init=False)

    # Asking

    def ask(self, method: str, /, **params: Any) -> Mapping[str, Any]:
        """A request; its whole answer."""
        request_id = f"{self.agent}-{next(self._ids)}"
        answer = self.raw({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}, request_id)
        return answer if isinstance(answer, Mapping) else {}

    def raw(self, request: Any, *answered_to: Any) -> Any:
        """Any JSON, or any bytes; the next answer, which must be to one of these ids, or to none that is known."""
        self.heard.send(request if isinstance(request, bytes) else codec.dumps(request))
        return self.answer(*(answered_to or (None,)))

    def tell(self, method: str, /, **params: Any) -> None:
        """A notification, which is never answered."""
        self.heard.send(codec.dumps({"jsonrpc": "2.0", "method": method, "params": params}))

    def answer(self, *request_ids: Any) -> Any:
        """The next message that is an answer, and must be to one of these; notifications before it are kept."""
        for _ in range(_LINES):
            message = self._next(self.trial.session.timeout)
            if message is None:
                reason = self.heard.conversation.reason
                self.trial.fail(f"{self.agent} was not answered; the connection is {self.heard.end} {reason}".rstrip())
            if isinstance(message, Mapping) and "method" in message:
                self._news.append(message)
                continue
            found = message.get("id") if isinstance(message, Mapping) else None
            is_its = isinstance(message, list) or found in request_ids
            self.trial.require(is_its, f"the answer to {request_ids} was to come, and {compact(message)} came")
            return message
        return self.trial.fail(f"{self.agent} was given {_LINES} notifications, and no answer")

    def ok(self, method: str, /, **params: Any) -> Any:
        """The result of a request, which must have one."""
        answer = self.ask(method, **params)
        said = answer.get("error")
        self.trial.require(said is None and "result" in answer, f"{method} was refused: {compact(answer)}")
        return answer["result"]

    def refused(self, code: int, method: str, /, reason: str | None = None, **params: Any) -> Mapping[str, Any]:
        """The error of a request, which must be this one."""
        return self.error_in(self.ask(method, **params), code, method, reason)

    def error_in(self, answer: Any, code: int, what: str, reason: str | None = None) -> Mapping[str, Any]:
        """The error of an answer, which must be this one."""
        error = answer.get("error") if isinstance(answer, Mapping) else None
        wanted = f"{code}{'' if reason is None else f' ({reason})'}"
        if not isinstance(error, Mapping):
            self.trial.fail(f"{what} was to be refused with {wanted}, and was answered with {compact(answer)}")
        data = error.get("data")
        found = data.get("reason") if isinstance(data, Mapping) else None
        is_it = error.get("code") == code and reason in (None, found)
        self.trial.require(is_it, f"{what} was to be refused with {wanted}, and was with {compact(error)}")
        return error

    def say(self, stream_id: str, text: str) -> None:
        """A message to a stream, which must be taken."""
        self.ok("stream.message", streamId=stream_id, message=words(text))

    # Hearing

    def news(self) -> Mapping[str, Any]:
        """The next notification, which must come."""
        if not self._news:
            message = self._next(self.trial.session.timeout)
            if not isinstance(message, Mapping) or "method" not in message:
                self.trial.fail(f"{self.agent} was to hear of something, and this came: {compact(message)}")
            self._news.append(message)
        return self._news.popleft()

    def hears(self, *names: str) -> list[Mapping[str, Any]]:
        """The next notifications, which must tell this; nothing else is said in between."""
        found = [self.news() for _ in names]
        said = tuple([told(each) for each in found])
        self.trial.require(said == names, f"{self.agent} was to hear {' '.join(names)}, and heard {' '.join(said)}")
        return found

    def hears_nothing(self, stream_id: str) -> None:
        """Nothing was told that is not heard yet: what comes before the answer to a question is all there is."""
        self.ask("stream.get", streamId=stream_id)
        said = " ".join([told(each) for each in self._news])
        self.trial.require(not self._news, f"{self.agent} was to hear nothing more, and heard {said}")

    def forget(self, stream_id: str) -> None:
        """Whatever was told up to now does not matter."""
        self.ask("stream.get", streamId=stream_id)
        self._news.clear()

    def _next(self, timeout: float) -> Any:
        message = self.heard.next(timeout)
        if message is None:
            return None
        try:
            return codec.loads(message)
        except CodecError as error:
            self.trial.fail(f"what came is no JSON ({error}): {message[:200]!r}")


@define(eq=False)
class Room:
    """Agents at a hub. Their names are new each time, so that what was there before does not matter.

    Args:
        trial: The rule that is checked.
    """

    trial: Trial
    _started: list[tuple[tuple[Seat, ...], str]] = field(factory=list, init=False)

    def seat(self, name: str) -> Seat:
        """A new agent, connected."""
        return self.again(f"{name}-{self.trial.probe.fresh_id()}")

    def again(self, agent: str) -> Seat:
        """One more connection of an agent. It has been answered: the hub knows whose it is before anything happens."""
        seat = Seat(self.trial, agent, self.trial.open(Ask(headers={"X-Agent-Id": agent})))
        seat.ask("stream.get", streamId="stream-of-nobody")
        return seat

    def start(self, starter: Seat, *others: Seat, **metadata: Any) -> str:
        """A new stream; its id."""
        more = {"metadata": metadata} if metadata else {}
        stream = self.stream_of(
            starter.ok("stream.start", participants=[each.agent for each in (starter, *others)], **more)
        )
        stream_id = stream.get("streamId")
        if not isinstance(stream_id, str):
            self.trial.fail(f"a new stream has no streamId: {compact(stream)}")
        self._started.append(((starter, *others), stream_id))
        return stream_id

    def started(self, answer: Any, starter: Seat) -> None:
        """What was asked for without `start` may have started a stream, too."""
        result = answer.get("result") if isinstance(answer, Mapping) else None
        stream = result.get("stream") if isinstance(result, Mapping) else None
        if isinstance(stream, Mapping) and isinstance(stream.get("streamId"), str):
            self._started.append(((starter,), stream["streamId"]))

    def stream_in(self, state: str) -> tuple[Seat, Seat, str]:
        """Whoever started a stream, another member of it, and the stream, brought into a state."""
        ada, bob = self.seat("ada"), self.seat("bob")
        if state == "unknown":
            return ada, bob, f"stream-of-nobody-{self.trial.probe.fresh_id()}"
        stream_id = self.start(ada, bob)
        if state == "PAUSED":
            ada.ok("stream.pause", streamId=stream_id)
        elif state == "CLOSED":
            ada.ok("stream.end", streamId=stream_id)
        return ada, bob, stream_id

    def talk(self) -> tuple[Seat, Seat, str]:
        """Whoever started a stream, and another member, which has heard of it where it can."""
        ada, bob, stream_id = self.stream_in("ACTIVE")
        if self.trial.probe.binding != "http":
            bob.hears("stream_invitation", "STREAM_STARTED")
        return ada, bob, stream_id

    def stream_of(self, result: Any) -> Mapping[str, Any]:
        """The StreamObject in a result, which must be one."""
        stream = result.get("stream") if isinstance(result, Mapping) else None
        if not isinstance(stream, Mapping):
            self.trial.fail(f"the result is no stream: {compact(result)}")
        return stream

    def status(self, seat: Seat, stream_id: str) -> Any:
        """The state of a stream."""
        return self.stream_of(seat.ok("stream.get", streamId=stream_id)).get("status")

    def tidy(self) -> None:
        """End what was started, if the connection is still good for it: a hub has a limit of streams."""
        for seats, stream_id in self._started:
            for seat in seats:  # one may have left, or hung up; whoever is too late is not answered
                if seat.heard.end in ("open", "silent"):
                    seat.tell("stream.end", streamId=stream_id, reason="the check is over")
