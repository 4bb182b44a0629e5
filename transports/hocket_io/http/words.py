"""What is said of a server to a person: what it says in the body of a refusal, and where it is."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from hocket.codec import loads
from hocket.errors import CodecError, ErrorObject

__all__ = ["refusal_of", "shown_url", "words_of"]

_LONGEST = 200


def refusal_of(body: bytes) -> ErrorObject | None:
    """The JSON-RPC error that a body is, if it is one.

    >>> refusal_of(b'{"jsonrpc":"2.0","id":null,"error":{"code":-40003,"message":"Stream not found"}}')
    ErrorObject(code=-40003, message='Stream not found', data=None)
    """
    try:
        answer = loads(body, envelope=True)
    except CodecError:
        return None
    match answer:
        case {"error": {"code": int() as code, "message": str() as message, **more}}:
            return ErrorObject(code, message, more.get("data"))
    return None


def words_of(body: bytes) -> str:
    r"""The message of a JSON-RPC error, or plain text that is short, with a colon before it; else nothing.

    >>> words_of(b"no such page\n"), words_of(b"<html>...")
    (': no such page', '')
    """
    refusal = refusal_of(body)
    text = refusal.message if refusal is not None else body[: 4 * _LONGEST].decode("utf-8", "replace").strip()
    is_words = 0 < len(text) <= _LONGEST and text.isprintable() and text[0] not in "<{["
    return f": {text}" if is_words else ""


def shown_url(url: str) -> str:
    """A URL for errors, logs and reprs: without what could be a secret, the user's part and the query.

    >>> shown_url("wss://ada:s3cret@hub.example/jsonrpc?token=s3cret")
    'wss://hub.example/jsonrpc'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url  # nobody can be asked anything there
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
