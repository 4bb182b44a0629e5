"""Reasons: why something could not be reached, in the words of the operating system."""

from __future__ import annotations

import errno
import os
import socket
import ssl

__all__ = ["reason_of"]

_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""What OpenSSL calls an answer in plain text, by its version."""

_NUMBERS: dict[type[BaseException], int] = {BrokenPipeError: errno.EPIPE, ConnectionResetError: errno.ECONNRESET}
"""What asyncio raises by itself, without a number or a word."""


def reason_of(error: BaseException) -> str:
    """What the operating system has said, where libraries have put other words in front of it.

    >>> try:
    ...     raise OSError("All connection attempts failed") from ConnectionRefusedError(111, "Connect call failed")
    ... except OSError as error:
    ...     reason_of(error)
    'Connection refused: nothing listens there'
    >>> reason_of(BrokenPipeError())
    'Broken pipe'
    """
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.strerror:
            return _said(found)
        if isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        else:
            found = found.__cause__ or found.__context__
    number = _NUMBERS.get(type(error))
    return str(error) or (os.strerror(number) if number else type(error).__name__)


def _said(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "Connection refused: nothing listens there"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and getattr(error, "reason", None) in _NO_TLS:
        return "what answers there speaks no TLS: it may be http:// in place of https://, or ws:// of wss://"
    if error.errno is None or isinstance(error, socket.gaierror | ssl.SSLError):  # they have numbers of their own
        return error.strerror or str(error)
    return os.strerror(error.errno)
