"""Incoming: what a received message changes.

Every message ends in an event, an answer, or both; nothing here raises. Input is worked off when it arrives,
so that pings, errors and cancellations take effect even while the application is slow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, Final

from attrs import define

from hocket.codec import JsonValue, loads
from hocket.errors import Code, CodecError, ErrorObject, FramingError, LimitExceeded
from hocket.jsonrpc.batch import Batch
from hocket.jsonrpc.cancellation import Cancellation
from hocket.jsonrpc.envelope import Invalid, Response, classify, invalid_request, limit_data
from hocket.jsonrpc.events import (
    CancelReceived,
    ErrorReceived,
    Event,
    MessageRejected,
    NotificationReceived,
    RequestReceived,
    ResultReceived,
    UnexpectedResponse,
)
from hocket.jsonrpc.ids import id_problem
from hocket.jsonrpc.limits import PeerLimits
from hocket.jsonrpc.messages import PING, encode_error, encode_result
from hocket.jsonrpc.ours import OurRequests
from hocket.jsonrpc.outbox import Outbox
from hocket.jsonrpc.theirs import TheirRequests
from hocket.jsonrpc.usual import UsualCalls

__all__ = ["Incoming"]

_SHOWN: Final = 256
"""How much of a rejected message an event holds, in bytes; and of a reason, in characters."""


@define(eq=False)
class Incoming:
    """The receiving half of a Peer. It shares the tables, the events and the outbox with its Peer.

    Args:
        limits: As for the Peer.
        cancellation: As for the Peer.
        ours: Our requests: responses end them.
        theirs: The requests of the peer: they begin here.
        outbox: Where errors and the answers to pings go.
        events: Where events go.
        usual: What reads usual calls by a short cut; None where the limits are too narrow for it.
    """

    limits: PeerLimits
    cancellation: Cancellation | None
    ours: OurRequests
    theirs: TheirRequests
    outbox: Outbox
    events: deque[Event]
    usual: UsualCalls | None

    def receive(self, data: bytes) -> CodecError | None:
        """Take the JSON text of one message or batch. Returns why it is no JSON, None if it is."""
        call = None if self.usual is None else self.usual.read(data)
        if call is not None:
            if isinstance(call, NotificationReceived):
                self._on_notification(call, data, None)
            else:
                self._on_request(call, data, None)
            return None
        try:
            message = loads(data, envelope=True)
        except CodecError as error:
            self.reject(Invalid(_unreadable(error)), data, None)
            return error
        if type(message) is list:
            self._batch(message, data)
        else:
            self._one(message, data, None)
        return None

    def refuse(self, error: CodecError | FramingError | LimitExceeded) -> None:
        """Answer and report a frame that holds no message."""
        self.reject(Invalid(_unreadable(error)), b"", None)

    def _batch(self, messages: list[Any], raw: bytes) -> None:
        if not messages:
            self.reject(Invalid(invalid_request("a batch has at least one message")), raw, None)
            return
        if len(messages) > self.limits.batch:
            data = limit_data("batch", self.limits.batch)
            refusal = invalid_request(f"a batch has at most {self.limits.batch} messages", data)
            self.reject(Invalid(refusal), raw, None)
            return
        batch = Batch()
        for message in messages:
            self._one(message, raw, batch)
        answers = batch.complete()
        if answers is not None and not self.outbox.reply(answers):
            refusal = ErrorObject.of(Code.INTERNAL_ERROR, "the answers to a batch were too long to be sent")
            self.events.append(MessageRejected(error=refusal, answered=False, raw=raw[:_SHOWN]))

    def _one(self, message: JsonValue, raw: bytes, batch: Batch | None) -> None:
        seen = classify(message, self.limits)
        self._BY_KIND[type(seen)](self, seen, raw, batch)

    def _on_request(self, request: RequestReceived, raw: bytes, batch: Batch | None) -> None:
        if request.method == PING:
            self.outbox.answer_at_once(encode_result(request.id, None), batch)
        elif request.id in self.theirs:
            refusal = invalid_request("the id belongs to a request not answered yet", {"duplicateId": request.id})
            self.reject(Invalid(refusal), raw, batch)
        elif len(self.theirs) >= self.limits.in_flight:
            data = {**limit_data("in_flight", self.limits.in_flight), "retryable": True}
            refusal = ErrorObject.of(Code.OVERLOADED, data=data)
            self.reject(Invalid(refusal, id=request.id), raw, batch)
        else:
            self.theirs.add(request.id, batch)
            self.events.append(request)

    def _on_notification(self, notification: NotificationReceived, raw: bytes, batch: Batch | None) -> None:
        if self.cancellation is not None and notification.method == self.cancellation.method:
            self._on_cancel(self.cancellation, notification.params, raw)
        else:
            self.events.append(notification)

    def _on_cancel(self, cancellation: Cancellation, params: JsonValue, raw: bytes) -> None:
        name = cancellation.id_member
        if type(params) is not dict or name not in params or id_problem(params[name], self.limits.id):
            refusal = ErrorObject.of(Code.INVALID_PARAMS, f"{cancellation.method} must name a request in {name}")
            self.reject(Invalid(refusal, answer=False), raw, None)
            return
        owed = self.theirs.get(params[name])
        # An unknown id is no fault of the peer: our answer may have crossed its cancellation.
        if owed is not None and not owed.cancelled:
            owed.cancelled = True
            self.events.append(CancelReceived(id=owed.id))

    def _on_response(self, response: Response, raw: bytes, batch: Batch | None) -> None:
        asked = self.ours.end(response.id)
        if asked is not None:
            if response.error is None:
                event: Event = ResultReceived(id=asked.id, method=asked.method, result=response.result)
            else:
                event = ErrorReceived(id=asked.id, method=asked.method, error=response.error)
            self.events.append(event)
        elif self.ours.is_ping(response.id):
            pass  # the bytes were the sign of life; what they say does not matter
        elif response.void:
            self.reject(Invalid(invalid_request("a message has a method, a result or an error")), raw, batch)
        elif response.id is None and response.error is not None:
            self.events.append(ErrorReceived(id=None, method=None, error=response.error))
        else:
            self.events.append(UnexpectedResponse(id=response.id, result=response.result, error=response.error))

    def reject(self, invalid: Invalid, raw: bytes, batch: Batch | None) -> None:
        """Report what cannot be taken, and answer it if it asks for an answer."""
        answered = False
        if invalid.answer:
            # An error for an id that waits for its answer would be taken for that answer.
            reply_id = None if invalid.id in self.theirs else invalid.id
            answered = self.outbox.answer_at_once(encode_error(reply_id, invalid.error), batch)
        self.events.append(MessageRejected(error=invalid.error, answered=answered, raw=raw[:_SHOWN]))

    _BY_KIND: ClassVar[dict[type, Callable[..., None]]] = {
        RequestReceived: _on_request,
        NotificationReceived: _on_notification,
        Response: _on_response,
        Invalid: reject,
    }


def _unreadable(error: CodecError | FramingError | LimitExceeded) -> ErrorObject:
    reason = str(error)[:_SHOWN]
    if isinstance(error, LimitExceeded):
        return invalid_request(reason, limit_data(error.option, error.maximum))
    return ErrorObject.of(Code.PARSE_ERROR, f"Parse error: {reason}")
