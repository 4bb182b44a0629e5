"""Benching: what `hocket bench` does once it knows what it was asked for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

import anyio
import click
from attrs import define, field, frozen

from hocket.errors import HocketError
from hocket.testing.bench import Bench, Plan, Score, score_json, score_lines
from hocket_io.cli.access import Access
from hocket_io.cli.exits import Exit
from hocket_io.concurrency.groups import scratch_group
from hocket_io.concurrency.loops import loop_clock
from hocket_io.extras import needs
from hocket_io.testing.bench import make_calls

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from hocket_io.testing.clocks import LoopName

__all__ = ["Measured", "Wanted", "measure"]

_TICK = 0.2
"""Seconds between two looks at how much is done, where a person looks."""

_STEPS = 1_000
"""Of the whole bar."""

_BUSY = 0.9
"""Of one processor: from there on it may be this process that is slow, and not the agent."""


@frozen(kw_only=True)
class Wanted:
    """What was asked for.

    Attributes:
        access: The agent, and how it is spoken to.
        content: What it is asked, each time.
        plan: How often.
        streams: Calls at a time.
        warmup: Calls before anything is measured.
        loop: The event loop.
    """

    access: Access
    content: str
    plan: Plan
    streams: int
    warmup: int = 0
    loop: LoopName = "asyncio"


@define(eq=False)
class Measured:
    """What was measured, so far.

    Attributes:
        wanted: What was asked for.
        score: What came of the calls; None before there were any.
        cpu: Seconds of the processor that this process took for it.
        is_interrupted: Whether somebody did not want to wait.
    """

    wanted: Wanted
    score: Score = field(factory=lambda: Score(began=0.0, until=0.0), init=False)
    cpu: float = field(default=0.0, init=False)
    is_interrupted: bool = field(default=False, init=False)

    @property
    def is_busy(self) -> bool:
        """Whether this process was at work all the time."""
        return self.score.chunks > 0 and self.cpu > _BUSY * self.score.seconds

    @property
    def exit(self) -> int:
        """What the process ends with."""
        score = self.score
        if self.is_interrupted:
            return Exit.INTERRUPTED
        if not score.failed:
            return Exit.OK
        if score.worked or score.open:
            return Exit.FAILURE
        return self.wanted.access.failure(next(iter(score.mistakes.values())).first).exit_code

    def lines(self) -> list[str]:
        """All of it for people."""
        lines = score_lines(self.score, has_rate=self.wanted.plan.rate is not None)
        return [*lines, "interrupted"] if self.is_interrupted else lines

    def json(self) -> dict[str, Any]:
        """All of it for programs."""
        return {
            "loop": self.wanted.loop,
            "interrupted": self.is_interrupted,
            **score_json(self.score),
            "cpuSeconds": round(self.cpu, 6),
        }


def measure(wanted: Wanted, terminal: TextIO) -> Measured:
    """Ask as it was wanted, until the end or Ctrl-C.

    Args:
        wanted: What was asked for.
        terminal: Where a bar shows how much is done, if that is one.

    Raises:
        Failure: The agent cannot be reached.
    """
    measured = Measured(wanted)
    if wanted.loop == "trio":
        with needs("trio", "--loop trio"):
            import trio  # noqa: F401  -- to say at once that it is missing
    try:
        anyio.run(_measure, measured, terminal, backend=wanted.loop)
    except HocketError as error:
        raise wanted.access.failure(error) from None
    except KeyboardInterrupt:
        measured.is_interrupted = True
    except BaseExceptionGroup as group:  # trio has it in the groups that it has passed
        if group.split(KeyboardInterrupt)[1] is not None:
            raise
        measured.is_interrupted = True
    return measured


async def _measure(measured: Measured, terminal: TextIO) -> None:
    wanted = measured.wanted
    async with wanted.access.client() as client:
        await client.card()  # who cannot be reached is not asked a thousand times
        ask = partial(
            make_calls, client=client, content=wanted.content, streams=wanted.streams, timeout=wanted.access.timeout
        )
        clock = loop_clock()
        if wanted.warmup:
            await ask(Bench(Plan(calls=wanted.warmup, chunks=wanted.plan.chunks), clock()))
        bench = Bench(wanted.plan, clock())
        measured.score, begun = bench.score, time.process_time()
        try:
            async with _bar(bench, terminal):
                await ask(bench)
        finally:
            measured.cpu = time.process_time() - begun


@asynccontextmanager
async def _bar(bench: Bench, terminal: TextIO) -> AsyncIterator[None]:
    """While the body runs, a bar shows how much is done, where a person looks."""
    if not terminal.isatty():
        yield
        return
    with click.progressbar(length=_STEPS, label="asking", file=terminal, item_show_func=lambda shown: shown) as bar:
        async with scratch_group() as group:
            group.start_soon(_move, bar, bench)
            yield
        bar.update(_STEPS - bar.pos)


async def _move(bar: ProgressBar[str | None], bench: Bench) -> None:
    clock, chunks, at = loop_clock(), 0, bench.began
    while True:
        await anyio.sleep(_TICK)
        now, more = clock(), bench.score.chunks - chunks
        shown = f"{more / (now - at):,.0f} chunks/s"
        chunks, at = chunks + more, now
        bar.update(int(bench.done(now) * _STEPS) - bar.pos, shown)
