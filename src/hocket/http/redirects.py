"""Redirects: where a request is asked again, word for word, because its server has it elsewhere."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

from attrs import evolve

from hocket.http.messages import Headers, Request

__all__ = ["place_of", "redirected"]

_MOVED = (301, 302, 307, 308)
"""Statuses that name another place for the same request. After 303 there would be nothing to do but to GET a page."""


def redirected(request: Request, status: int, headers: Headers) -> Request | None:
    """The request at the place where its server has it; None where it is not asked again.

    That place is at the same host, over the same scheme or over TLS where it was not before: whoever is given a
    message and the credentials that go with it, is nobody else.

    Args:
        request: What was asked; its `path` is the whole URL.
        status: Of the response.
        headers: Of the response, their names in lower case.

    >>> redirected(Request(method="POST", path="http://agent/a2a"), 307, (("location", "/a2a/"),)).path
    'http://agent/a2a/'
    >>> redirected(Request(method="POST", path="http://agent/"), 307, (("location", "http://other/"),)) is None
    True
    """
    place = place_of(request.path, status, headers)
    if place is None or status not in _MOVED:
        return None
    return evolve(request, path=place) if _is_near(request.path, place) else None


def place_of(url: str, status: int, headers: Headers) -> str | None:
    """Where a response sends whoever asked at `url`; None if it does not."""
    location = dict(headers).get("location", "")
    if not 300 <= status < 400 or not location:
        return None
    try:
        return urlsplit(urljoin(url, location))._replace(fragment="").geturl()
    except ValueError:
        return None


def _is_near(here: str, there: str) -> bool:
    """Whether this is the same server, or the same host over TLS."""
    try:
        before, after = urlsplit(here), urlsplit(there)
        if before.hostname != after.hostname or "@" in after.netloc.removeprefix(_user_of(before)):
            return False
        is_same = before.scheme == after.scheme and before.port == after.port
        return is_same or (before.scheme, after.scheme) == ("http", "https")
    except ValueError:  # a port that is none
        return False


def _user_of(parts: SplitResult) -> str:
    user, at, _ = parts.netloc.rpartition("@")
    return user + at
