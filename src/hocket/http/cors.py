"""CORS: which web pages from elsewhere may ask, and read the answers (WHATWG Fetch, section 3.2). By default none."""

from __future__ import annotations

from re import compile as regex

from attrs import frozen

from hocket.http.messages import Headers, Request, Response, text_response
from hocket.options import several

__all__ = ["ORIGINS", "Cors"]

_ORIGIN = regex(r"\*|null|[a-z][a-z0-9+.-]*://[^/?#\s]+")

ORIGINS = several(
    "origins, each like https://page.example, or *", str, lambda text: _ORIGIN.fullmatch(text) is not None
)
"""Validator of an option that takes origins: with a path, or without a scheme, no browser would ever send it."""

_METHODS = "GET, POST, DELETE"
_SENT = (
    "Accept, A2A-Extensions, A2A-Version, Authorization, Content-Type, Last-Event-ID, "
    "X-A2A-Extensions, X-Agent-Id, X-Connection-Id, X-Correlation-ID"
)
_SHOWN = "A2A-Extensions, ETag, X-A2A-Extensions, X-Correlation-ID, X-Task-ID"
_MAX_AGE = "600"
_ONLY_READ = ("GET", "HEAD", "OPTIONS")


@frozen
class Cors:
    """The web pages that are let in. Cookies never are: no answer here depends on one.

    Args:
        origins: As browsers write them: `https://page.example`; `*` stands for all.

    >>> asked = Request(method="GET", path="/", headers=(("Origin", "https://page.example"),))
    >>> dict(Cors(("https://page.example",)).fields(asked))["access-control-allow-origin"]
    'https://page.example'
    >>> Cors().fields(asked)
    ()
    """

    origins: tuple[str, ...] = ()

    def preflight(self, request: Request) -> Response | None:
        """The answer to a browser that asks whether it may ask; None for any other request."""
        if not self.origins or request.method != "OPTIONS" or request.header("access-control-request-method") is None:
            return None
        allowed: Headers = (
            ("access-control-allow-methods", _METHODS),
            ("access-control-allow-headers", _SENT),
            ("access-control-max-age", _MAX_AGE),
        )
        return Response(status=204, headers=allowed if self._allowed(request) else ())

    def refusal(self, request: Request) -> Response | None:
        """Why a page from elsewhere may not ask this; None for a page that may, and for what is no page.

        A browser lets any page POST, if only the body has no type or a plain one, and keeps just the answer from it.
        An agent on somebody's own machine would work for whatever page they look at.

        >>> strange = Request(method="POST", path="/", headers=(("Origin", "https://evil.example"), ("Host", "x")))
        >>> Cors().refusal(strange).status, Cors(("*",)).refusal(strange)
        (403, None)
        """
        return None if request.method in _ONLY_READ else self.refusal_of_page(request)

    def refusal_of_page(self, request: Request) -> Response | None:
        """`refusal`, whatever the method: the handshake of a WebSocket is a GET, and opens more than a page to read."""
        origin = request.header("origin")
        if origin is None or self._allowed(request) is not None:
            return None
        page_of = origin.partition("://")[2]
        known_as = request.base_url.partition("://")[2].partition("/")[0]
        if page_of and page_of in (request.header("host"), known_as):
            return None
        return text_response(403, f"pages of {origin[:256]} may not ask here; --cors-origin lets them (cors_origins)")

    def fields(self, request: Request) -> Headers:
        """What an answer to this request carries beside its own header fields."""
        if not self.origins:
            return ()
        varies: Headers = () if "*" in self.origins else (("vary", "Origin"),)
        allowed = self._allowed(request)
        if allowed is None:
            return varies
        return (("access-control-allow-origin", allowed), ("access-control-expose-headers", _SHOWN), *varies)

    def _allowed(self, request: Request) -> str | None:
        if "*" in self.origins:
            return "*"
        origin = request.header("origin")
        return origin if origin in self.origins else None
