"""Connecting: what the ways to a connection have in common on every loop, and what is logged of those of a server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from hocket.errors import ConnectionFailed
from hocket_io.reasons import reason_of

__all__ = ["PATIENCE", "attended", "reaching"]

PATIENCE = 10.0
"""Seconds to get a connection."""


@contextmanager
def reaching(peer: str, timeout: float, *broken: type[Exception]) -> Iterator[None]:
    """Around an attempt to connect.

    Args:
        peer: What is to be reached, for the message.
        timeout: The seconds after which the attempt raises a TimeoutError.
        broken: Exceptions of a loop's own that say that a connection broke.

    Raises:
        ConnectionFailed: There is no connection to be had, and why.

    >>> with reaching("127.0.0.1:1", 10.0):
    ...     raise ConnectionRefusedError(111, "Connection refused")
    Traceback (most recent call last):
    hocket.errors.ConnectionFailed: cannot reach 127.0.0.1:1: Connection refused: nothing listens there
    """
    kinds: tuple[type[Exception], ...] = (OSError, UnicodeError, *broken)  # UnicodeError: it can be no name of a host
    try:
        yield
    except kinds as error:
        if isinstance(error, TimeoutError) and error.errno is None:  # with a number it is the operating system's own
            raise ConnectionFailed(f"cannot reach {peer} in {timeout:g} seconds") from None
        raise ConnectionFailed(f"cannot reach {peer}: {reason_of(error)}") from None


@contextmanager
def attended(log: logging.Logger) -> Iterator[None]:
    """Around one connection of a server: what ends it is logged, and costs the other connections nothing."""
    try:
        yield
    except ConnectionFailed as error:
        log.debug("a connection ended: %s", error)
    except Exception:
        log.exception("a connection was dropped")
