"""HTTP requests and responses as values. No server, no client: a binding turns one into the other."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

from attrs import field, frozen

__all__ = ["Headers", "Request", "Response", "json_response", "text_response"]

Headers = tuple[tuple[str, str], ...]
"""Header fields in order; the names are lower case."""


def _lowered(headers: Iterable[tuple[str, str]]) -> Headers:
    return tuple([(name.lower(), value) for name, value in headers])


@frozen(kw_only=True)
class Request:
    """An HTTP request.

    Attributes:
        method: In capitals.
        path: Decoded, without the query, below wherever the application is mounted.
        query: As sent, without the question mark.
        headers: Names in lower case.
        body: All of it.
        base_url: Scheme, host and mount point the request came to, ending in "/"; "" where unknown.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default=(), converter=_lowered)
    body: bytes = b""
    base_url: str = ""

    def header(self, name: str) -> str | None:
        """The values of a header field (lower case), joined by commas; None if it is not there."""
        values = [value for field_name, value in self.headers if field_name == name]
        return ", ".join(values) if values else None

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter; None if it is not there."""
        return next((value for key, value in parse_qsl(self.query, keep_blank_values=True) if key == name), None)


@frozen(kw_only=True)
class Response:
    """An HTTP response. `body` is None for the head of a stream, whose body comes piece by piece."""

    status: int
    headers: Headers = field(default=(), converter=_lowered)
    body: bytes | None = b""


def json_response(body: bytes, *, status: int = 200, headers: Headers = ()) -> Response:
    """A response that is JSON."""
    return Response(status=status, headers=(("content-type", "application/json"), *headers), body=body)


def text_response(status: int, text: str, headers: Headers = ()) -> Response:
    """A response in plain words, for people who lost their way."""
    fields = (("content-type", "text/plain; charset=utf-8"), *headers)
    return Response(status=status, headers=fields, body=f"{text}\n".encode())
