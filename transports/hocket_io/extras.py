"""Optional dependencies: what is missing is said in one line that mends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hocket.errors import MissingExtra

__all__ = ["needs"]


@contextmanager
def needs(extra: str, what: str) -> Iterator[None]:
    """Around imports that the extra brings. Of two around each other, the outer one says what cannot be done.

    Args:
        extra: The name in `pip install "hocket[…]"`.
        what: What cannot be done without it.

    Raises:
        MissingExtra: One of the imports failed because a package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] in ("hocket", "hocket_io"):
            raise
        raise MissingExtra(what, extra) from None
    except MissingExtra as error:
        raise MissingExtra(what, error.extra) from None
