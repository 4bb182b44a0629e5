"""`hocket tail`: what passed on the connections of others, from the file of a tap."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

import click
from attrs import define, field

from hocket.codec import JsonValue, dumps, loads
from hocket.errors import CodecError
from hocket.framing import FrameRejected
from hocket_io.cli.exits import Exit, Failure
from hocket_io.cli.growing import GrowingFile
from hocket_io.cli.output import leave_quietly, one_line, write_line, write_stderr
from hocket_io.cli.shared_options import output_option
from hocket_io.tap.lines import Lines, clock
from hocket_io.tap.record import Record, read_record

__all__ = ["Shown", "tail", "tail_file"]

_PAUSE = 0.2
"""Seconds between two looks at a file that is followed."""


@define(eq=False)
class Shown:
    """Makes lines to print of the lines of a tap's file.

    Args:
        as_json: Whether they are JSON.
        peer: What is in the names of the peers to show; None for all.
        method: The method of the calls to show; None for all that passes.

    Attributes:
        unreadable: How many lines there were that are no records.
    """

    as_json: bool = False
    peer: str | None = None
    method: str | None = None
    unreadable: int = field(default=0, init=False)
    _lines: Lines = field(factory=Lines, init=False)

    def line(self, written: bytes | FrameRejected) -> str | None:
        """What to print for a line of the file; None for nothing."""
        record = None if isinstance(written, FrameRejected) else read_record(written)
        if record is None:
            self.unreadable += 1
            return None
        methods = self._lines.methods(record.tapped, record.process)
        line = self._lines.line(record.tapped, record.process)  # made in any case, to know the calls
        if self.peer is not None and self.peer not in record.tapped.peer:
            return None
        if self.method is not None and self.method not in methods:
            return None
        return _json(record) if self.as_json else f"{clock(record.tapped.time)} {line}"


def _json(record: Record) -> str:
    """As in the file, but the message itself in the place of its text, where it is JSON."""
    tapped = record.tapped
    members: dict[str, JsonValue] = {
        "time": tapped.time,
        "process": record.process,
        "channel": tapped.channel,
        "transport": tapped.transport,
        "peer": one_line(tapped.peer),
        "direction": tapped.direction,
        "note": one_line(tapped.note) or None,
        "end": tapped.end,
    }
    if tapped.frame:
        try:
            members["message"] = loads(tapped.frame)
        except CodecError:
            members["text"] = tapped.frame.decode("utf-8", "replace")
    return dumps({name: value for name, value in members.items() if value is not None}).decode()


def tail_file(
    path: str, shown: Shown, *, last: int | None = None, pause: Callable[[], None] | None = None
) -> Iterator[str]:
    """The lines to print for a file.

    Args:
        path: The file.
        shown: What makes the lines.
        last: How many of those that are there at the beginning; None for all.
        pause: Called when there is nothing more; then the file is looked at again. None to end there.

    Raises:
        FileNotFoundError: There is no such file, and it is not waited for.
        OSError: It cannot be read.
    """
    with GrowingFile(path) as file:
        there = (line for each in file.lines() if (line := shown.line(each)) is not None)
        yield from there if last is None else deque(there, last)
        if pause is None and not file.is_there:
            raise FileNotFoundError(path)
        while pause is not None:
            pause()
            for each in file.lines():
                if (line := shown.line(each)) is not None:
                    yield line


@click.command()
@click.argument("file", metavar="FILE")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added, until Ctrl-C.")
@click.option("-n", "--lines", "last", type=click.IntRange(0), metavar="N", help="Begin with the last N lines.")
@click.option("--peer", metavar="TEXT", help="Show what passed between us and those that have TEXT in their address.")
@click.option("--method", metavar="METHOD", help="Show the calls of METHOD, with what answers them.")
@output_option
def tail(file: str, follow: bool, last: int | None, peer: str | None, method: str | None, output: str) -> None:
    """Show what passed on the connections of a command that was given `--tap FILE`, or of a program with a `file_tap`.

    A line has the time, the process and the number of the connection (or of the HTTP request), the peer, → for what was
    sent or ← for what came, and what it says, cut short.
    """
    shown = Shown(as_json=output == "json", peer=peer, method=method)
    pause = partial(time.sleep, _PAUSE) if follow else None
    try:
        for line in tail_file(file, shown, last=last, pause=pause):
            write_line(line)
    except BrokenPipeError:
        leave_quietly()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except OSError as error:
        raise Failure(f"{file!r} cannot be read: {error.strerror or 'there is no such file'}") from None
    if shown.unreadable:
        plural = "s that are no records" if shown.unreadable > 1 else " that is no record"
        write_stderr(f"warning: {shown.unreadable} line{plural} of a tap")
