"""Output: what goes to stdout and stderr, one line at a time and flushed, whoever reads it.

What an agent says is shown to people and parsed by scripts, so nothing in it may steer a terminal or pass for a
line of ours: control characters are written as escapes.
"""

from __future__ import annotations

import os
import sys

import click

from hocket_io.escaping import escaped, one_line

__all__ = [
    "block",
    "escaped",
    "field_line",
    "goes_to_a_terminal",
    "leave_quietly",
    "one_line",
    "write",
    "write_line",
    "write_stderr",
    "write_text",
]


def write(data: bytes) -> None:
    """Bytes for stdout, now; for nobody where it was closed before we began.

    Raises:
        BrokenPipeError: Nobody reads it any more; see `leave_quietly`.
    """
    if sys.stdout is not None:  # Python's way to say that it is closed
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def write_text(text: str) -> None:
    """Text for stdout, now, in whatever encoding it has.

    Raises:
        BrokenPipeError: Nobody reads it any more.
    """
    write(text.encode(getattr(sys.stdout, "encoding", None) or "utf-8", "backslashreplace"))


def write_line(line: str) -> None:
    """A line of text for stdout, in whatever encoding it has.

    Raises:
        BrokenPipeError: Nobody reads it any more.
    """
    write_text(f"{line}\n")


def write_stderr(line: str) -> None:
    """A line of text for stderr."""
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    click.echo(f"{line}\n".encode(encoding, "backslashreplace"), nl=False, err=True)


def goes_to_a_terminal() -> bool:
    """Whether a person reads stdout."""
    return sys.stdout is not None and sys.stdout.isatty()


def leave_quietly() -> None:
    """Nobody reads stdout any more: whatever is still buffered for it goes nowhere, and without complaint."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def field_line(label: str, text: str) -> list[str]:
    """A field: `Label: value`."""
    return [f"{label}: {one_line(text)}"]


def block(label: str, text: str) -> list[str]:
    r"""Content: a field if it fits in one line, else a block, which a blank line ends (a2a-cli §9.2).

    A blank line inside the content gets a space, so that it does not end the block.

    >>> block("Chunk", "Hello ")
    ['Chunk: Hello ']
    >>> block("Chunk", "one\n\ntwo")
    ['Chunk:', 'one', ' ', 'two', '']
    """
    lines = escaped(text).split("\n")
    if len(lines) == 1:
        return [f"{label}: {lines[0]}"]
    if not lines[-1]:
        del lines[-1]  # the line end of the last line
    return [f"{label}:", *[line or " " for line in lines], ""]
