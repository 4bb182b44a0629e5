"""Served: an agent in a process of its own, at an address of this machine, for as long as somebody wants it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from re import compile as regex
from threading import Thread
from typing import TextIO

from hocket_io.cli.exits import Exit
from hocket_io.cli.output import write_stderr

__all__ = ["served"]

_ADDRESS = regex(r"  agent {6}(http://\S+)\n")
"""The line of `hocket serve` that says where it is."""

_AFTER = 2
"""More lines that say so."""

_GRACE = 5.0
"""Seconds that it may take to end."""


@contextmanager
def served(words: Sequence[str]) -> Iterator[str]:
    """Run `hocket serve` with these words, and give the address. What the agent prints goes to stderr.

    Raises:
        SystemExit: It has ended at once, and said why.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "hocket", "serve", *words, "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        errors="backslashreplace",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},  # what is printed comes when it is, and in its order
        start_new_session=True,  # Ctrl-C is for us, who still read what is on its way
    )
    assert child.stdout is not None, "it was asked for"
    # Who prints much would wait for us, and the callers for it.
    reading = Thread(target=_show_rest, args=(child.stdout,), daemon=True)
    try:
        address = _address(child.stdout)
        if address is None:
            sys.exit(child.wait() or Exit.FAILURE)
        reading.start()
        yield address
    finally:
        _end(child)
        if reading.is_alive():  # for as long as an agent's own child has the pipe, too
            reading.join(_GRACE)
        else:
            child.stdout.close()


def _end(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.wait(_GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _address(lines: Iterable[str]) -> str | None:
    """Where it is; None if it has ended. What is printed before the announcement is shown."""
    held: list[str] = []
    for line in lines:
        if (found := _ADDRESS.fullmatch(line)) is not None:
            return found[1]
        _show(held)
        held = [line]  # the last one may be the announcement's first
    _show(held)
    return None


def _show_rest(stdout: TextIO) -> None:
    """Who reads it closes it: anybody else would have to wait for that."""
    with stdout:
        _show(islice(stdout, _AFTER, None))


def _show(lines: Iterable[str]) -> None:
    for line in lines:
        write_stderr(line.rstrip("\n"))
