"""Exits: how a command that could not do its job says so, and the number it ends with (a2a-cli §9.4, §9.6).

What the agent decided is no failure: a task that ends FAILED was conducted and reported, and exits 0.
"""

from __future__ import annotations

from enum import IntEnum
from typing import IO, Any

import click

from hocket.codec import dumps
from hocket.errors import (
    AuthenticationError,
    Code,
    CodecError,
    ConnectionFailed,
    HocketError,
    LimitExceeded,
    LocalProtocolError,
    MissingExtra,
    RequestTimeout,
    RpcError,
    StreamCut,
)
from hocket_io.cli.output import one_line, write_stderr

__all__ = ["Exit", "Failure", "failure_of"]


class Exit(IntEnum):
    """Exit codes (a2a-cli §9.6), and the shell's own for Ctrl-C."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    UNREACHABLE = 3
    AUTHENTICATION = 4
    TIMEOUT = 5
    INTERRUPTED = 130


_EXITS = {
    "A2ACLI_ERR_USAGE": Exit.USAGE,
    "A2ACLI_ERR_UNREACHABLE": Exit.UNREACHABLE,
    "A2ACLI_ERR_CREDENTIALS_MISSING": Exit.AUTHENTICATION,
    "A2ACLI_ERR_AUTH_FAILED": Exit.AUTHENTICATION,
    "A2ACLI_ERR_TIMEOUT": Exit.TIMEOUT,
}
"""The exit code that goes with each code of a2a-cli's Appendix E; every other failure is 1."""

_NAMES: dict[int, str] = {
    Code.PARSE_ERROR: "JSONParseError",
    Code.INVALID_REQUEST: "InvalidRequestError",
    Code.METHOD_NOT_FOUND: "MethodNotFoundError",
    Code.INVALID_PARAMS: "InvalidParamsError",
    Code.INTERNAL_ERROR: "InternalError",
    Code.TASK_NOT_FOUND: "TaskNotFoundError",
    Code.TASK_NOT_CANCELABLE: "TaskNotCancelableError",
    Code.PUSH_NOTIFICATION_NOT_SUPPORTED: "PushNotificationNotSupportedError",
    Code.UNSUPPORTED_OPERATION: "UnsupportedOperationError",
    Code.CONTENT_TYPE_NOT_SUPPORTED: "ContentTypeNotSupportedError",
    Code.INVALID_AGENT_RESPONSE: "InvalidAgentResponseError",
    Code.EXTENDED_AGENT_CARD_NOT_CONFIGURED: "ExtendedAgentCardNotConfiguredError",
    Code.EXTENSION_SUPPORT_REQUIRED: "ExtensionSupportRequiredError",
    Code.VERSION_NOT_SUPPORTED: "VersionNotSupportedError",
    Code.STREAM_NOT_FOUND: "StreamNotFoundError",
    Code.STREAM_CLOSED: "StreamClosedError",
    Code.AGENT_NOT_AVAILABLE: "AgentNotAvailableError",
    Code.PERMISSION_DENIED: "PermissionDeniedError",
    Code.AUTHENTICATION_FAILED: "AuthenticationFailedError",
    Code.INSUFFICIENT_SCOPE: "InsufficientScopeError",
    Code.TOKEN_EXPIRED: "TokenExpiredError",
    Code.STREAM_PAUSED: "StreamPausedError",
    Code.CHUNK_SEQUENCE: "ChunkSequenceError",
    Code.LIMIT_EXCEEDED: "LimitExceededError",
}
"""The names of the protocol's errors: A2A 1.0 §3.3.2 and §9.5, for JSON-RPC's own those of A2A 0.3 §8.1; then ACP's."""


class Failure(click.ClickException):
    """A command could not do its job. Shown as one line on stderr, or as the error object of a2a-cli's Appendix B.

    Args:
        message: What went wrong, in one sentence.
        code: The A2A name of the error, or a code of a2a-cli's Appendix E.
        hint: What to do now; usually a command.
        a2a_code: The number that the server gave, if it gave one.

    Attributes:
        as_json: Whether it is shown as JSON.
    """

    def __init__(
        self,
        message: str,
        code: str = "A2ACLI_ERR_INTERNAL",
        *,
        hint: str | None = None,
        a2a_code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.a2a_code = a2a_code
        self.as_json = False

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # click reads it from the instance
        """What the process ends with."""
        return int(_EXITS.get(self.code, Exit.FAILURE))

    def show(self, file: IO[Any] | None = None) -> None:
        """Say it on stderr."""
        if self.as_json:
            error = {
                "code": self.code,
                "message": self.message,
                "hint": self.hint,
                "a2aCode": self.a2a_code,
            }
            write_stderr(dumps({"error": error}).decode())
            return
        said_by_server = "" if self.a2a_code is None else f" ({self.code} {self.a2a_code})"
        write_stderr(f"error: {one_line(self.message)}{said_by_server}")
        if self.hint is not None:
            write_stderr(f"hint: {one_line(self.hint)}")


def failure_of(error: HocketError, *, has_credentials: bool = False, hint: str | None = None) -> Failure:
    """The failure that an error of hocket means.

    Args:
        error: What was raised.
        has_credentials: Whether credentials were sent.
        hint: What to do now.
    """
    match error:
        case RpcError(error=said):
            code = _NAMES.get(said.code, "JSONRPCError")
            return Failure(said.message, code, hint=hint, a2a_code=said.code)
        case AuthenticationError():
            code = "A2ACLI_ERR_AUTH_FAILED" if has_credentials else "A2ACLI_ERR_CREDENTIALS_MISSING"
        case RequestTimeout():
            code = "A2ACLI_ERR_TIMEOUT"
        case StreamCut():
            code = "A2ACLI_ERR_INTERNAL"
        case ConnectionFailed():
            code = "A2ACLI_ERR_UNREACHABLE"
        case LocalProtocolError() | MissingExtra():
            code = "A2ACLI_ERR_USAGE"
        case CodecError() | LimitExceeded():
            code = "InvalidAgentResponseError"
        case _:
            code = "A2ACLI_ERR_INTERNAL"
    return Failure(str(error), code, hint=hint)
