"""Principal: for which agent a request speaks. Something vouches for it, or its word is taken (spec section 1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import TypeAlias

from hocket.errors import Code, ErrorObject
from hocket.http.cors import Cors
from hocket.http.messages import Headers, Request

__all__ = ["Authenticate", "bearer_tokens", "credentials", "principal_of"]

Authenticate: TypeAlias = Callable[[Headers], str | ErrorObject]
"""Says for whom the header fields of a request vouch; or why for nobody, with a code from -40007 to -40009."""


def principal_of(request: Request, authenticate: Authenticate | None, cors: Cors = Cors()) -> str | ErrorObject | None:
    """Who a request speaks for.

    Without authentication that is whom it declares, in `X-Agent-Id` or `?agent=`; None if it declares nothing. But a
    web page that was not served from here is not believed: any page in any browser on this machine could speak for
    anybody. With authentication, that is whom the credentials belong to; to declare somebody else is refused.

    Args:
        request: The request.
        authenticate: Knows the credentials.
        cors: The web pages from elsewhere that are believed.
    """
    declared = request.header("x-agent-id") or request.parameter("agent") or None
    if authenticate is None:
        return _foreign_page(request, cors) or declared
    subject = authenticate(credentials(request))
    if isinstance(subject, ErrorObject) or declared in (None, subject):
        return subject
    reason = f"these credentials are not those of {declared!r}"
    return ErrorObject.of(Code.PERMISSION_DENIED, reason, {"reason": "not_yours"})


def credentials(request: Request) -> Headers:
    """The header fields in which credentials are.

    A browser can give its WebSockets and its EventSources no header fields: where nothing else is there, `?token=`
    counts as a bearer token.
    """
    token = request.parameter("token")
    if token is None or request.method != "GET" or request.header("authorization") is not None:
        return request.headers
    return (*request.headers, ("authorization", f"Bearer {token}"))


def _foreign_page(request: Request, cors: Cors) -> ErrorObject | None:
    """Why a page from elsewhere is refused; None for a page from here, and for what is no browser."""
    if cors.refusal_of_page(request) is None:
        return None
    origin = (request.header("origin") or "")[:256]
    reason = f"a page of {origin} cannot speak here without a token: this hub believes everybody but strange pages"
    return ErrorObject.of(Code.PERMISSION_DENIED, reason, {"reason": "origin"})


def bearer_tokens(agents: Mapping[str, str]) -> Authenticate:
    """An `authenticate` that knows a fixed set of bearer tokens.

    Args:
        agents: For each token the agent that it belongs to.

    >>> authenticate = bearer_tokens({"s3cret": "ada"})
    >>> authenticate((("authorization", "Bearer s3cret"),))
    'ada'
    >>> authenticate(()).message
    'Authentication failed: send a bearer token'
    """
    known = [(token.encode(), agent) for token, agent in agents.items()]

    def authenticate(headers: Headers) -> str | ErrorObject:
        given = next((value for name, value in headers if name == "authorization"), "")
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return ErrorObject.of(Code.AUTHENTICATION_FAILED, "Authentication failed: send a bearer token")
        found: str | None = None
        for each, agent in known:  # all of them, so that the time it takes says nothing
            if compare_digest(each, token.strip().encode("utf-8", "surrogateescape")):
                found = agent
        return found or ErrorObject.of(Code.AUTHENTICATION_FAILED, "Authentication failed: nobody has this token")

    return authenticate
