"""Caching of what can be read again: ETag, Cache-Control and Last-Modified (RFC 9110 section 8.8, RFC 9111)."""

from __future__ import annotations

from hashlib import blake2b

from attrs import evolve

from hocket.http.messages import Headers, Request, Response
from hocket.timestamps import http_date

__all__ = ["cached"]


def cached(response: Response, request: Request, *, max_age: int, modified: float | None = None) -> Response:
    """A response that may be kept; 304 without a body for whoever has it already.

    Args:
        response: What is answered, with all of its body.
        request: What was asked. `If-None-Match` counts before `If-Modified-Since`.
        max_age: Seconds for which nobody needs to ask again.
        modified: Unix time, in seconds, since which it is as it is; None where that is not known.

    >>> card = Response(status=200, body=b"{}")
    >>> first = cached(card, Request(method="GET", path="/card"), max_age=60)
    >>> tag = dict(first.headers)["etag"]
    >>> cached(card, Request(method="GET", path="/card", headers=(("If-None-Match", tag),)), max_age=60).status
    304
    """
    tag = f'"{blake2b(response.body or b"", digest_size=16).hexdigest()}"'
    date = None if modified is None else http_date(modified)
    fields: Headers = (("etag", tag), ("cache-control", f"max-age={max_age}"))
    if date is not None:
        fields = (*fields, ("last-modified", date))
    if _has_it(request, tag, date):
        return Response(status=304, headers=fields)
    return evolve(response, headers=(*response.headers, *fields))


def _has_it(request: Request, tag: str, date: str | None) -> bool:
    known = request.header("if-none-match")
    if known is None:
        return date is not None and request.header("if-modified-since") == date
    tags = [each.strip().removeprefix("W/") for each in known.split(",")]
    return known.strip() == "*" or tag in tags
