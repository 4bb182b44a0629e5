"""What a hub's HTTP response means to an agent (spec section 1): a JSON-RPC answer on whatever status, or an error."""

from __future__ import annotations

from collections.abc import Mapping

from hocket.errors import AuthenticationError, ConnectionFailed
from hocket_io.http.words import refusal_of, words_of

__all__ = ["NoHub", "answer_of", "check_coding", "check_credentials"]

_BUSY = (408, 425, 429)
"""Statuses that are about the moment: the same request may do well a little later. So are all from 500 on."""


class NoHub(ConnectionFailed):
    """What answers there does not speak JSON-RPC: most likely the address is wrong."""


def answer_of(url: str, status: int, body: bytes) -> bytes | None:
    """The JSON-RPC answer in a response to a POST. None: there is none, and no more to say than that.

    Args:
        url: How the hub is called in errors.
        status: Of the response.
        body: All of it.

    Raises:
        AuthenticationError: 401, or a 403 that is not a JSON-RPC answer.
        NoHub: This is no hub, and will not become one.

    >>> answer_of("http://hub", 400, b'{"error":{"code":-32700,"message":"Parse error"}}')
    b'{"error":{"code":-32700,"message":"Parse error"}}'
    >>> answer_of("http://hub", 202, b""), answer_of("http://hub", 502, b"<html>Bad gateway")
    (None, None)
    """
    if status == 401:
        check_credentials(url, status, body)
    text = body.strip()
    if 200 <= status < 300 and (not text or text[0] in b"{["):
        return text or None
    if refusal_of(text) is not None:
        return text
    check_credentials(url, status, body)
    if status >= 500 or status in _BUSY:
        return None
    raise NoHub(f"{url} gave HTTP {status} and no JSON-RPC answer: it may be no hub{words_of(body)}")


def check_credentials(url: str, status: int, body: bytes) -> None:
    """Stop where the hub wants other credentials.

    Raises:
        AuthenticationError: HTTP 401 or 403.
    """
    if status == 401:
        raise AuthenticationError(f"{url} wants credentials: HTTP 401{words_of(body)}")
    if status == 403:
        raise AuthenticationError(f"{url} refuses these credentials: HTTP 403{words_of(body)}")


def check_coding(url: str, headers: Mapping[str, str]) -> None:
    """Refuse what is compressed: a few bytes may stand for gigabytes, and no limit counts before they are unpacked.

    Raises:
        ConnectionFailed: It is.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise ConnectionFailed(f"{url} gave a body in {coding!r}, where an uncompressed one was asked for")
