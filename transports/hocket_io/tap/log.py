"""log_tap: what passes, as lines of the standard library's logging."""

from __future__ import annotations

import logging

from hocket_io.tap.lines import Lines
from hocket_io.tap.tapped import Tap, Tapped

__all__ = ["log_tap"]


def log_tap(logger: logging.Logger | None = None, level: int = logging.DEBUG) -> Tap:
    """A tap that logs a line for all that passes: of bounded length, without control characters.

    The lines have the words of the messages in them. Nothing else that hocket logs has.

    Args:
        logger: Where to; by default the logger `hocket_io.frames`.
        level: As what.
    """
    to = logging.getLogger("hocket_io.frames") if logger is None else logger
    lines = Lines()

    def tap(tapped: Tapped) -> None:
        if to.isEnabledFor(level):
            to.log(level, "%s", lines.line(tapped))

    return tap
