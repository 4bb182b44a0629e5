"""Every exception of hocket and every JSON-RPC error code it knows, in one table.

Two kinds of trouble are kept apart. What *we* did wrong raises `LocalProtocolError` and changes nothing.
What the *peer* did wrong never raises inside the core: it becomes an `ErrorObject` in a reply or a typed
error inside an event, and a client of the transports decides whether to raise it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from attrs import frozen

__all__ = [
    "CODES",
    "AgentError",
    "AuthenticationError",
    "ChildExited",
    "Code",
    "CodecError",
    "ConnectionFailed",
    "ErrorObject",
    "FramingError",
    "HocketError",
    "LimitExceeded",
    "LocalProtocolError",
    "MissingExtra",
    "NotSupported",
    "RemoteProtocolError",
    "RequestTimeout",
    "ResumeUnsupported",
    "RpcError",
    "StreamCut",
    "StreamRefused",
    "WrongFraming",
]


class Code(IntEnum):
    """JSON-RPC error codes: of JSON-RPC 2.0, A2A (section 9.5) and ACP streams; -32800 is that of LSP."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL_ERROR = -32603
    TASK_NOT_FOUND = -32001
    TASK_NOT_CANCELABLE = -32002
    PUSH_NOTIFICATION_NOT_SUPPORTED = -32003
    UNSUPPORTED_OPERATION = -32004
    CONTENT_TYPE_NOT_SUPPORTED = -32005
    INVALID_AGENT_RESPONSE = -32006
    EXTENDED_AGENT_CARD_NOT_CONFIGURED = -32007
    EXTENSION_SUPPORT_REQUIRED = -32008
    VERSION_NOT_SUPPORTED = -32009
    OVERLOADED = -32050
    REQUEST_CANCELLED = -32800
    STREAM_NOT_FOUND = -40003
    STREAM_CLOSED = -40004
    AGENT_NOT_AVAILABLE = -40005
    PERMISSION_DENIED = -40006
    AUTHENTICATION_FAILED = -40007
    INSUFFICIENT_SCOPE = -40008
    TOKEN_EXPIRED = -40009
    STREAM_PAUSED = -40010
    CHUNK_SEQUENCE = -40011
    LIMIT_EXCEEDED = -40012


CODES: dict[Code, str] = {
    Code.PARSE_ERROR: "Parse error",
    Code.INVALID_REQUEST: "Invalid Request",
    Code.METHOD_NOT_FOUND: "Method not found",
    Code.INVALID_PARAMS: "Invalid params",
    Code.INTERNAL_ERROR: "Internal error",
    Code.TASK_NOT_FOUND: "Task not found",
    Code.TASK_NOT_CANCELABLE: "Task cannot be canceled",
    Code.PUSH_NOTIFICATION_NOT_SUPPORTED: "Push notifications are not supported",
    Code.UNSUPPORTED_OPERATION: "This operation is not supported",
    Code.CONTENT_TYPE_NOT_SUPPORTED: "Content type not supported",
    Code.INVALID_AGENT_RESPONSE: "Invalid agent response",
    Code.EXTENDED_AGENT_CARD_NOT_CONFIGURED: "Extended agent card is not configured",
    Code.EXTENSION_SUPPORT_REQUIRED: "Extension support required",
    Code.VERSION_NOT_SUPPORTED: "Version not supported",
    Code.OVERLOADED: "Too many requests in flight",
    Code.REQUEST_CANCELLED: "Request cancelled",
    Code.STREAM_NOT_FOUND: "Stream not found",
    Code.STREAM_CLOSED: "The stream is closed",
    Code.AGENT_NOT_AVAILABLE: "The agent is not available",
    Code.PERMISSION_DENIED: "Permission denied",
    Code.AUTHENTICATION_FAILED: "Authentication failed",
    Code.INSUFFICIENT_SCOPE: "Insufficient scope",
    Code.TOKEN_EXPIRED: "The token has expired",
    Code.STREAM_PAUSED: "The stream is paused",
    Code.CHUNK_SEQUENCE: "The sequence of chunks is broken",
    Code.LIMIT_EXCEEDED: "Limit exceeded",
}
"""The message that goes with each code where the sender has nothing more precise to say."""


@frozen
class ErrorObject:
    """The `error` member of a JSON-RPC response.

    Attributes:
        code: A number from `Code`, or any other that a peer made up.
        message: One sentence: what went wrong and what to do.
        data: Anything JSON, or None where there is no more to say.
    """

    code: int
    message: str
    data: Any = None

    @classmethod
    def of(cls, code: Code, message: str | None = None, data: Any = None) -> ErrorObject:
        """An error with the table's message for `code` unless `message` says it better.

        >>> ErrorObject.of(Code.TASK_NOT_FOUND)
        ErrorObject(code=-32001, message='Task not found', data=None)
        """
        return cls(int(code), CODES[code] if message is None else message, data)


class HocketError(Exception):
    """The base of everything that hocket raises on purpose."""


class LocalProtocolError(HocketError):
    """Our own caller asked for something the protocol does not allow. Nothing was changed by the call."""


class RemoteProtocolError(HocketError):
    """The peer sent something that cannot be read. Carried inside events; the core never raises it."""


class FramingError(RemoteProtocolError):
    """The byte stream cannot be cut into frames."""


class WrongFraming(FramingError):
    """The peer cuts its messages apart in another way than we do: one of the two was told the wrong framing."""


class CodecError(RemoteProtocolError):
    """Bytes that are not the JSON we accept, or a value that has not the shape a model asks for.

    Attributes:
        reason: What is wrong, in words for a person.
        path: Where: `params.message.parts[0].text`, or "" for the whole text.
    """

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.reason = reason
        self.path = path


class LimitExceeded(RemoteProtocolError):
    """Something grew past a limit. The message names the option that raises the limit.

    Attributes:
        option: Name of the attribute of the Limits class.
        maximum: The limit in force.
        actual: What was seen, where it is known.
    """

    def __init__(self, option: str, maximum: int, actual: int | None = None, *, what: str = "") -> None:
        seen = "" if actual is None else f" (got {actual})"
        begin = f"{what}, " if what else ""
        super().__init__(
            f"{begin}more than {option} = {maximum} allows{seen}; raise the limit {option} if this is wanted"
        )
        self.option = option
        self.maximum = maximum
        self.actual = actual


class RpcError(HocketError):
    """A peer answered a request with an error. Raised by clients; `error` is what was on the wire."""

    def __init__(self, error: ErrorObject) -> None:
        super().__init__(f"{error.message} ({error.code})")
        self.error = error

    @property
    def code(self) -> int:
        """The JSON-RPC error code."""
        return self.error.code


class NotSupported(RpcError):
    """The peer does not have the method: it is an extension of ours, or the peer is old."""


class ResumeUnsupported(HocketError):
    """A stream was to be resumed, and the peer started a new one instead. The stray one was ended."""


class StreamRefused(LocalProtocolError):
    """A stream does not take what it was asked for. `error` is what a peer that asks for it is answered."""

    def __init__(self, error: ErrorObject) -> None:
        super().__init__(f"{error.message} ({error.code})")
        self.error = error


class RequestTimeout(HocketError):
    """No answer came before the deadline that was given with the request."""


class ConnectionFailed(HocketError):
    """The peer could not be reached, or the connection ended before the answer was complete."""


class ChildExited(ConnectionFailed):
    """The child process that was talked to has ended, before the answer was complete or before anything was asked.

    Attributes:
        command: What was started, without its arguments.
        exit_code: What it ended with; as in the standard library, -9 if signal 9 ended it.

    >>> print(ChildExited("agent", 3), ChildExited("agent", -9), sep="; ")
    the child process 'agent' ended with exit code 3; the child process 'agent' was ended by signal 9
    """

    def __init__(self, command: str, exit_code: int) -> None:
        how = f"ended with exit code {exit_code}" if exit_code >= 0 else f"was ended by signal {-exit_code}"
        super().__init__(f"the child process {command!r} {how}")
        self.command = command
        self.exit_code = exit_code

    @property
    def signal(self) -> int | None:
        """The number of the signal that ended it, or None if it ended by itself."""
        return -self.exit_code if self.exit_code < 0 else None


class AuthenticationError(HocketError):
    """The server wants credentials it did not get (HTTP 401), or refuses those it got (403)."""


class StreamCut(ConnectionFailed):
    """A stream ended before its task had settled: what was received is a prefix of the answer.

    `__cause__` is the error that cut it, where one is known: a `ChildExited` for an agent that died, say.
    """


class AgentError(HocketError):
    """The agent's task ended as failed or rejected. The message is the one the agent gave."""


class MissingExtra(HocketError):
    """An optional dependency is not installed; the message says which `pip install` mends it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f'{what} needs an extra that is not installed: pip install "hocket[{extra}]"')
        self.extra = extra
