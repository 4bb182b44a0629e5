"""What a Peer tells its caller. All events are frozen, and nothing in them changes afterwards.

Without a slot for weak references they are cheap to make (see `hocket.codec.construction`).
"""

from __future__ import annotations

from typing import TypeAlias

from attrs import field, frozen

from hocket.codec import JsonValue
from hocket.codec.making import maker
from hocket.errors import ErrorObject, HocketError
from hocket.jsonrpc.ids import Id

__all__ = [
    "CancelReceived",
    "ConnectionClosed",
    "ErrorReceived",
    "Event",
    "MessageRejected",
    "NotificationReceived",
    "RequestReceived",
    "RequestTimedOut",
    "ResultReceived",
    "UnexpectedResponse",
    "notification_received",
    "request_received",
]


@frozen(kw_only=True, weakref_slot=False)
class RequestReceived:
    """The peer asks. Answer with `send_result` or `send_error`, now or later, exactly once.

    Attributes:
        id: What to give back with the answer. Can be None: `"id": null` is a request as well.
        method: What is asked.
        params: An array, an object, or None where there are no params.
    """

    id: Id
    method: str
    params: JsonValue = None


@frozen(kw_only=True, weakref_slot=False)
class NotificationReceived:
    """The peer tells something that has no answer.

    Attributes:
        method: What is told.
        params: An array, an object, or None where there are no params.
    """

    method: str
    params: JsonValue = None


@frozen(kw_only=True, weakref_slot=False)
class ResultReceived:
    """A request of ours was answered; it has ended.

    Attributes:
        id: The id that `send_request` returned.
        method: What was asked.
        result: The answer; None also where the peer sent neither result nor error.
    """

    id: Id
    method: str
    result: JsonValue = None


@frozen(kw_only=True, weakref_slot=False)
class ErrorReceived:
    """A request of ours was answered with an error; it has ended. Or the peer could not read something.

    Attributes:
        id: The id that `send_request` returned; None if the peer could not tell which message was at fault.
        method: What was asked; None if `id` is None.
        error: What the peer said.
    """

    id: Id
    method: str | None
    error: ErrorObject


@frozen(kw_only=True, weakref_slot=False)
class RequestTimedOut:
    """No answer to a request of ours came in its time; it has ended, and a late answer is unexpected.

    Attributes:
        id: The id that `send_request` returned.
        method: What was asked.
    """

    id: Id
    method: str


@frozen(kw_only=True, weakref_slot=False)
class CancelReceived:
    """The peer no longer wants the answer to a request of its own. It still has to be answered.

    The error to answer with has the code of the `Cancellation`. Told once for each request.

    Attributes:
        id: The id of its request.
    """

    id: Id


@frozen(kw_only=True, weakref_slot=False)
class MessageRejected:
    """The peer sent something that is not the JSON-RPC we accept.

    Attributes:
        error: What is wrong with it: what was answered, if it was answered.
        answered: Whether the peer was told. Malformed responses and notifications are never answered.
        raw: How the message began (for a batch, the whole of it): at most 256 bytes, for a person to look at.
    """

    error: ErrorObject
    answered: bool
    raw: bytes = b""


@frozen(kw_only=True, weakref_slot=False)
class UnexpectedResponse:
    """The peer answered something that we do not wait for: never asked, already answered, or timed out.

    Attributes:
        id: The id it gave.
        result: Its result, None if it sent an error.
        error: Its error, None if it sent a result.
    """

    id: Id
    result: JsonValue = None
    error: ErrorObject | None = None


@frozen(kw_only=True, weakref_slot=False)
class ConnectionClosed:
    """Nothing more will be received. Told once; the last event of a Peer.

    Attributes:
        error: Why, or None if the end was an orderly one. Compared by what it says.
        pending: The ids of our requests that had no answer; they have ended.
    """

    error: HocketError | None = field(default=None, eq=repr)
    pending: tuple[Id, ...] = ()


request_received = maker(RequestReceived, "id", "method", "params")
notification_received = maker(NotificationReceived, "method", "params")
"""These two are what most of a conversation is: 0.4 µs -> 0.12."""


Event: TypeAlias = (
    RequestReceived
    | NotificationReceived
    | ResultReceived
    | ErrorReceived
    | RequestTimedOut
    | CancelReceived
    | MessageRejected
    | UnexpectedResponse
    | ConnectionClosed
)
"""Everything that `next_event` can return."""
