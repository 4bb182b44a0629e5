"""What a server says to a person in the body of a refusal."""

from __future__ import annotations

from hocket.codec import loads
from hocket.errors import CodecError, ErrorObject
from hocket.http.words import plain_words

__all__ = ["refusal_of", "words_of"]


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
    words = plain_words(body if refusal is None else refusal.message.encode())
    return f": {words}" if words else ""
