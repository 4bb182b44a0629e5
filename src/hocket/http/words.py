"""What is said of a server to a person: where it is, and its own words where it has some."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

__all__ = ["plain_words", "shown_url"]

_LONGEST = 200


def plain_words(body: bytes) -> str:
    r"""A body that is plain text and short, as a server says what is wrong; else nothing.

    >>> plain_words(b"there is nothing at /nope\n"), plain_words(b"<html>...")
    ('there is nothing at /nope', '')
    """
    text = body[: 4 * _LONGEST].decode("utf-8", "replace").strip()
    return text if 0 < len(text) <= _LONGEST and text.isprintable() and text[0] not in "<{[" else ""


def shown_url(url: str) -> str:
    """A URL for errors, logs and reprs: without what could be a secret, the user's part and the query.

    >>> shown_url("wss://ada:s3cret@hub.example/jsonrpc?token=s3cret")
    'wss://hub.example/jsonrpc'
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # nobody can be asked anything there
        scheme, colon, rest = url.partition("://")
        return scheme + colon + rest.rpartition("@")[2].partition("?")[0]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
