"""`hocket bench`: how fast an agent answers, asked by several at the same time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click
from attrs import evolve

from hocket.codec import dumps
from hocket.testing.bench import Plan
from hocket_io.cli.access import Access
from hocket_io.cli.benching import Wanted, measure
from hocket_io.cli.options import duration, no_resume, reaches_agents
from hocket_io.cli.output import leave_quietly, one_line, write_line, write_stderr
from hocket_io.cli.served import served
from hocket_io.client.targets import shown_target

if TYPE_CHECKING:
    from hocket_io.testing.clocks import LoopName

__all__ = ["bench"]

_STREAMS = 4
_WORDS = 1_000
"""What the built-in agent is made to say where nobody says how much."""

_ASKED = "Hello"


@click.command()
@click.argument("target", required=False)
@click.option("-m", "--message", metavar="TEXT", help=f"What the agent is asked.  [default: {_ASKED}]")
@click.option("--streams", type=click.IntRange(1), default=_STREAMS, metavar="N", help="Calls at a time.")
@click.option(
    "--calls", type=click.IntRange(1), metavar="N", help="Calls in all.  [default: one for each stream, or all in time]"
)
@click.option("--seconds", type=duration, metavar="TIME", help="How long: 90, 500ms, 5m.  [default: to the end]")
@click.option(
    "--chunks",
    type=click.IntRange(1),
    metavar="N",
    help=f"Leave each stream after so many chunks; the built-in agent says so many.  [default: all, or {_WORDS:,}]",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="Calls a second, whether or not those before have ended: one that finds no stream free waits, and its times "
    "count from when it was due.  [default: each when one has ended]",
)
@click.option("--warmup", type=click.IntRange(0), default=0, metavar="N", help="Calls before anything is measured.")
@click.option("--loop", type=click.Choice(["asyncio", "trio"]), default="asyncio", help="What runs the streams.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@no_resume
@reaches_agents
def bench(
    reach: Callable[[str], Access],
    target: str | None,
    message: str | None,
    streams: int,
    calls: int | None,
    seconds: float | None,
    chunks: int | None,
    rate: float | None,
    warmup: int,
    loop: LoopName,
    as_json: bool,
    no_resume: bool,
) -> None:
    """Measure how fast the agent TARGET answers: the time to the first chunk, the gaps between chunks, and how many.

    TARGET is http(s)://…, ws(s)://… or "stdio:COMMAND"; or FILE or FILE:NAME, an agent in a Python file, which is
    served on this machine in a process of its own for as long as it is asked. Without TARGET it is the built-in agent
    of `hocket serve --echo`: what this machine can show at best.

    The exit code is 1 if some calls fail; if all do, it is that of the first.
    """
    if calls is None and seconds is None:
        calls = streams
    plan = Plan(calls=calls, seconds=seconds, rate=rate, chunks=None if target is None else chunks)
    if message is None:
        message = _ASKED if target is not None else "word " * (chunks or _WORDS)
    shown, serving = _place(target)
    with nullcontext(target or "") if serving is None else served(serving) as place:
        access = evolve(reach(place), resumes=not no_resume)
        wanted = Wanted(access=access, content=message, plan=plan, streams=streams, warmup=warmup, loop=loop)
        measured = measure(wanted, sys.stderr)
    try:
        if as_json:
            write_line(dumps({"target": shown, "streams": streams, **measured.json()}).decode())
        else:
            plural = "" if streams == 1 else "s"
            write_line(f"{one_line(shown)}: {streams:,} stream{plural} at a time, {loop}\n")
            write_line("\n".join([one_line(line) for line in measured.lines()]))
    except BrokenPipeError:
        leave_quietly()
    if measured.is_busy:
        write_stderr("note: this command itself was busy all the time: the agent may be faster than it can read")
    sys.exit(measured.exit)


def _place(target: str | None) -> tuple[str, list[str] | None]:
    """What a target is called, and what `hocket serve` is told to serve it; None where it is served already."""
    if target is None:
        return "the echo of hocket serve --echo", ["--echo"]
    if "://" in target or target.startswith(("stdio:", "stdio+")):
        return shown_target(target)[1:-1], None  # without the quotes
    return target, [target]
