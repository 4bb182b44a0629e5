"""What is said when a stream or the hub refuses something: the code of the spec, and `data` that says what to do."""

from __future__ import annotations

from typing import Any

from hocket.errors import Code, ErrorObject

__all__ = ["closed", "denied", "invalid", "over_limit", "paused", "unknown_stream"]


def unknown_stream(stream_id: str) -> ErrorObject:
    """There is no such stream (any more)."""
    reason = f"there is no stream {stream_id!r}: it was never started here, or it ended a while ago"
    return ErrorObject.of(Code.STREAM_NOT_FOUND, reason, {"streamId": stream_id})


def closed(stream_id: str, closed_at: str | None) -> ErrorObject:
    """The stream is over."""
    reason = "the stream is closed and takes nothing more: start a new one"
    return ErrorObject.of(Code.STREAM_CLOSED, reason, {"streamId": stream_id, "closedAt": closed_at})


def paused(stream_id: str) -> ErrorObject:
    """The stream is suspended."""
    reason = "the stream is paused: send this again once it is resumed"
    return ErrorObject.of(Code.STREAM_PAUSED, reason, {"streamId": stream_id, "retryable": True})


def denied(why: str, reason: str, **data: Any) -> ErrorObject:
    """The caller may not do that.

    Args:
        why: The reason as a word, for programs: `not_a_participant`, `not_yours`, `nobody`, `permission`, `not_open`,
            `expertise`.
        reason: The reason as a sentence, for people.
        data: What else a program may want to know.
    """
    return ErrorObject.of(Code.PERMISSION_DENIED, reason, {"reason": why, **data})


def over_limit(limit: str, maximum: float, reason: str, *, retry_after: float | None = None) -> ErrorObject:
    """There is too much of something.

    Args:
        limit: The name of the limit, as its Limits class has it.
        maximum: The limit in force.
        reason: What there is too much of, and what to do.
        retry_after: Seconds after which it is worth trying again; None if it never is.
    """
    data: dict[str, Any] = {"limit": limit, "max": maximum}
    if retry_after is not None:
        data["retryAfter"] = retry_after
    return ErrorObject.of(Code.LIMIT_EXCEEDED, reason, data)


def invalid(reason: str, **data: Any) -> ErrorObject:
    """The params cannot be read as what the method takes."""
    return ErrorObject.of(Code.INVALID_PARAMS, reason, data or None)
