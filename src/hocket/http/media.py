"""Media types: which bodies are JSON, and how an answer over HTTP+JSON is labelled (RFC 9110, 8.3 and 12.5.1)."""

from __future__ import annotations

from re import compile as regex

from hocket.errors import Code, ErrorObject
from hocket.http.messages import Request

__all__ = ["A2A_JSON", "JSON", "answer_type", "unsupported_media_type"]

JSON = "application/json"
A2A_JSON = "application/a2a+json"
"""What A2A 1.0.1 calls its objects; in 1.0.0 they were `application/json`."""

_JSON = regex(r"application/(?:[\w.!#$&^-]+\+)?json")
_QUALITY = regex(r"0(\.\d{0,3})?|1(\.0{0,3})?")
_UTF_8 = ("utf-8", "utf8", "us-ascii")


def unsupported_media_type(request: Request) -> ErrorObject | None:
    """Why the body of a request cannot be read as JSON; None where it can, or where nobody says what it is.

    >>> unsupported_media_type(Request(method="POST", path="/", headers=(("content-type", "text/xml"),))).code
    -32005
    """
    declared = request.header("content-type")
    if not declared or not declared.strip():
        return None
    media_type, _, parameters = declared.partition(";")
    charset = _parameter(parameters, "charset") or "utf-8"
    if not _JSON.fullmatch(media_type.strip().lower()):
        reason = f"the body is {media_type[:64]!r}: send JSON, with the header Content-Type: {JSON}"
    elif charset.lower() not in _UTF_8:
        reason = f"the body is in {charset[:32]!r}: JSON is sent in UTF-8"
    else:
        return None
    return ErrorObject.of(Code.CONTENT_TYPE_NOT_SUPPORTED, reason, {"contentType": declared[:64]})


def answer_type(request: Request) -> str:
    """The media type of an answer: what `Accept` names, else that of the body that came, else A2A's own.

    >>> answer_type(Request(method="GET", path="/tasks", headers=(("accept", "application/json, */*"),)))
    'application/json'
    """
    accepted = _named(request.header("accept") or "")
    if accepted:
        return accepted
    sent = (request.header("content-type") or "").partition(";")[0].strip().lower()
    return JSON if sent and sent != A2A_JSON else A2A_JSON


def _named(accept: str) -> str | None:
    """The one of our two media types that an `Accept` wants more; None where it names neither."""
    wanted: dict[str, float] = {}
    for choice in accept.split(","):
        media_type, _, parameters = choice.partition(";")
        if media_type.strip().lower() in (JSON, A2A_JSON):
            wanted[media_type.strip().lower()] = _quality(parameters)
    best = max((A2A_JSON, JSON), key=lambda each: wanted.get(each, 0.0))
    return best if wanted.get(best, 0.0) > 0 else None


def _quality(parameters: str) -> float:
    """The `q` of a choice, from 0 to 1; one that cannot be read counts as 1."""
    quality = _parameter(parameters, "q") or ""
    return float(quality) if _QUALITY.fullmatch(quality) else 1.0


def _parameter(parameters: str, wanted: str) -> str | None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == wanted:
            return value.strip().strip('"')
    return None
