"""What an agent has raised, shown as its author would see it: without the lines of whatever ran it."""

from __future__ import annotations

from itertools import dropwhile
from traceback import StackSummary, format_exception_only, walk_tb
from types import FrameType
from typing import TypeAlias

__all__ = ["place_of", "traceback_of"]

_RUNNERS = frozenset(["hocket", "hocket_io", "asyncio", "trio", "anyio", "concurrent", "threading"])
"""Packages that run an agent's function: what comes before its own first line is theirs."""

_Step: TypeAlias = tuple[FrameType, int]


def traceback_of(error: BaseException) -> str:
    """The traceback from the agent's first line on.

    Args:
        error: What it raised.
    """
    steps = _own_steps(error)
    head = ["Traceback (most recent call last):\n", *StackSummary.extract(iter(steps)).format()] if steps else []
    return "".join([*head, *format_exception_only(error)]).rstrip()


def place_of(error: BaseException) -> str:
    """Where it happened, as `line 7: name = words[0]`; "" if nobody knows.

    Args:
        error: What it raised. Of what the agent called, the last line in its own file counts.
    """
    frames = StackSummary.extract(iter(_own_steps(error)))
    inside = [frame for frame in frames if frame.filename == frames[0].filename]
    return f"line {inside[-1].lineno}: {inside[-1].line}" if inside else ""


def _own_steps(error: BaseException) -> list[_Step]:
    return list(dropwhile(_is_of_a_runner, walk_tb(error.__traceback__)))


def _is_of_a_runner(step: _Step) -> bool:
    module = step[0].f_globals.get("__name__")
    return isinstance(module, str) and module.partition(".")[0] in _RUNNERS
