"""HTTP requests and responses as values. No server, no client: a binding turns one into the other."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, quote

from attrs import evolve, field, frozen

__all__ = [
    "BODY_TIMEOUT",
    "HEAD_TIMEOUT",
    "Headers",
    "Request",
    "Response",
    "json_response",
    "percent_encoded",
    "text_response",
]

Headers = tuple[tuple[str, str], ...]
"""Header fields in order; the names are lower case."""

BODY_TIMEOUT = 60.0
"""Seconds that the body of a request may take to arrive, where nothing else is said."""

HEAD_TIMEOUT = 30.0
"""Seconds that the head of a request may take to arrive, where nothing else is said."""


def percent_encoded(path: str) -> str:
    """A path as it is sent (RFC 3986 section 3.3)."""
    return quote(path, safe="/:@!$&'()*+,;=~")


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
        principal: Who calls, as whoever looked at the credentials has found out; "" where nobody looked.
        raw_path: The path as sent, percent-encoded, from the same place on; by default `path`, encoded.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default=(), converter=_lowered)
    body: bytes = b""
    base_url: str = ""
    principal: str = ""
    raw_path: str = field()

    @raw_path.default
    def _encoded_path(self) -> str:
        return percent_encoded(self.path)

    def header(self, name: str) -> str | None:
        """The values of a header field (lower case), joined by commas; None if it is not there."""
        values = [value for field_name, value in self.headers if field_name == name]
        return ", ".join(values) if values else None

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter; None if it is not there."""
        return next((value for key, value in self.parameters() if key == name), None) if self.query else None

    def parameters(self) -> list[tuple[str, str]]:
        """The query parameters, in order."""
        return parse_qsl(self.query, keep_blank_values=True)

    def below(self, prefix: str) -> Request:
        """The request as an application sees it that is mounted at `prefix`, where the path must begin.

        >>> seen = Request(method="GET", path="/agents/a b/tasks", base_url="http://host/").below("/agents/a b")
        >>> seen.path, seen.raw_path, seen.base_url
        ('/tasks', '/tasks', 'http://host/agents/a%20b/')
        """
        raw = self.raw_path.split("/")
        count = prefix.count("/") + 1
        return evolve(
            self,
            path=self.path.removeprefix(prefix),
            raw_path="".join([f"/{segment}" for segment in raw[count:]]),
            base_url=f"{self.base_url.rstrip('/')}{'/'.join(raw[:count])}/",
        )


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
