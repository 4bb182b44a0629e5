"""Who calls an A2A agent: credentials are in header fields of HTTP, not in A2A (1.0 section 7, 0.3 section 4)."""

from __future__ import annotations

from attrs import evolve

from hocket.errors import Code, ErrorObject
from hocket.http.messages import Request, Response, text_response
from hocket.http.principal import Authenticate, credentials
from hocket.http.routes import CARD_PATHS

__all__ = ["identified"]

_FORBIDDEN = (Code.PERMISSION_DENIED, Code.INSUFFICIENT_SCOPE)


def identified(request: Request, authenticate: Authenticate | None) -> Request | Response:
    """The request, with whoever calls as its `principal`; or the refusal, 401 or 403.

    A card is for everybody, since it says which credentials are wanted; and so is `/health`.

    Args:
        request: The request; its body is not looked at.
        authenticate: Knows the credentials; None asks nobody.

    >>> from hocket.http.principal import bearer_tokens
    >>> identified(Request(method="POST", path="/"), bearer_tokens({"s3cret": "ada"})).status
    401
    """
    if authenticate is None or _is_public(request):
        return request
    principal = authenticate(credentials(request))
    if isinstance(principal, str):
        return evolve(request, principal=principal)
    return _refusal(principal)


def _is_public(request: Request) -> bool:
    """By the path as it was sent: an id that ends like one of these has its slashes encoded."""
    is_public = request.raw_path == "/health" or request.raw_path.endswith(CARD_PATHS)
    return is_public and request.method in ("GET", "HEAD")


def _refusal(error: ErrorObject) -> Response:
    if error.code in _FORBIDDEN:
        return text_response(403, error.message)
    return text_response(401, error.message, (("www-authenticate", "Bearer"),))
