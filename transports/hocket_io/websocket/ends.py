"""Ends of WebSockets: what a refused handshake, broken rules and a farewell mean to a client of ours."""

from __future__ import annotations

from websockets.exceptions import InvalidStatus, PayloadTooBig
from websockets.frames import Close, CloseCode

from hocket.errors import AuthenticationError, ConnectionFailed, HocketError, LimitExceeded
from hocket_io.http.words import words_of

__all__ = ["breach", "farewell", "refusal"]

_MEANINGS = {
    CloseCode.GOING_AWAY: "is going away",
    CloseCode.PROTOCOL_ERROR: "does not understand our WebSocket",
    CloseCode.UNSUPPORTED_DATA: "takes no such messages",
    CloseCode.NO_STATUS_RCVD: "ended the connection and does not say why",
    CloseCode.INVALID_DATA: "cannot read what it was sent",
    CloseCode.POLICY_VIOLATION: "does not allow this",
    CloseCode.MESSAGE_TOO_BIG: "was sent more than it takes",
    CloseCode.INTERNAL_ERROR: "has failed",
    CloseCode.SERVICE_RESTART: "is being restarted",
    CloseCode.TRY_AGAIN_LATER: "has too much to do",
    CloseCode.BAD_GATEWAY: "cannot reach what is behind it",
    4003: "does not allow this",
    4004: "knows no such stream",
}
"""What close codes mean: RFC 6455 section 7.4.1, the IANA registry, and the spec of ACP streams, section 5."""


def refusal(error: Exception, url: str) -> HocketError:
    """Why there is no connection."""
    if isinstance(error.__cause__, EOFError):
        wanted = "; it may want a certificate of ours (tls=)" if url.startswith("wss:") else ""
        return ConnectionFailed(f"{url} ended the connection in place of an answer{wanted}")
    if not isinstance(error, InvalidStatus):
        return ConnectionFailed(f"{url} does not speak WebSocket: {error}")
    status, words = error.response.status_code, words_of(bytes(error.response.body or b""))
    match status:
        case 401:
            return AuthenticationError(f"{url} wants credentials: HTTP 401{words}")
        case 403:
            return AuthenticationError(f"{url} refuses these credentials: HTTP 403{words}")
        case _:
            return ConnectionFailed(f"{url} gave HTTP {status} in place of a WebSocket{words}")


def breach(error: Exception, url: str, limit_name: str, largest: int | None) -> HocketError:
    """What it means that the bytes could not be read to their end. A limit is the cause of the error it gives."""
    match error:
        case EOFError():
            return ConnectionFailed(f"the connection to {url} broke off without a farewell")
        case PayloadTooBig() if largest is not None:
            limit = LimitExceeded(limit_name, largest)
            failure = ConnectionFailed(f"{url} sent {limit}")
            failure.__cause__ = limit
            return failure
        case _:
            return ConnectionFailed(f"{url} broke the rules of WebSocket: {error}")


def farewell(close: Close, url: str) -> HocketError | None:
    """What the other side meant by its farewell."""
    reason = f": {close.reason}" if close.reason.isprintable() and close.reason else ""
    match close.code:
        case CloseCode.NORMAL_CLOSURE:
            return None
        case 4001:
            return AuthenticationError(f"{url} does not take these credentials (4001){reason}")
        case code:
            meaning = _MEANINGS.get(code, "ended the connection")
            return ConnectionFailed(f"{url} {meaning} ({int(code)}){reason}")
