"""The command `hocket`, also `python -m hocket`: serve an agent, pipe it, send to one, decode a stream.

What is sent, printed and returned is as in the A2A project's a2a-cli specification 0.2, which is cited as
(a2a-cli §9.2).
"""

from __future__ import annotations

import os
import sys

from hocket.errors import MissingExtra
from hocket_io.extras import needs

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process. Does not return."""
    _keep_places()
    try:
        with needs("cli", "the hocket command"):
            from hocket_io.cli.commands import hocket
        hocket(prog_name="hocket")
    except MissingExtra as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)


def _keep_places() -> None:
    """Open nothing in the place of a closed stdin, stdout or stderr.

    Else the next file gets its number, a connection to a hub, say, and would be read as what is typed.
    """
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if fd == 0 else os.O_WRONLY)  # takes the lowest number that is free
