"""Cancelled at every wait: an async body is run again and again, and each time it is cancelled one wait later.

`cancel_everywhere(body, way)` counts what the body's task waits for. The first round is cancelled as it waits for the
first time, the second as it waits for the second time … until a round comes to its end by itself. After each round
nothing may be left of it: no task, thread, file descriptor or child process, and no complaint of the garbage collector,
of the event loop, or of anything else that can only be reported.
"""

import asyncio
import gc
import os
import sys
import threading
import time
import warnings
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import trio
from attrs import define, field, frozen
from hypothesis import settings

WAYS = ("asyncio", "asyncio by scope", "trio")
"""How a body is cancelled: by asyncio's own `task.cancel()`, which comes once and passes every shield of anyio; by a
cancel scope under asyncio, as a task group or `move_on_after` does it; and by a cancel scope under trio."""

_PATIENCE = 20.0
"""Seconds that a round may take."""

DEEP = 1_000
"""Examples of a property from which on there is time for everything."""

OTHERS = 2.0
"""Seconds that servers in this process have to notice that a round is over."""


def cancel_everywhere(body, way, *, around=None, after=None, step=1, fewest=2):
    """Run a body until it comes to its end, cancelled at its first wait, at its second …

    Args:
        body: An async function; it is given what `around` gives, if there is one.
        way: One of `WAYS`.
        around: Makes an async context manager, which is entered anew around each round and is not cancelled itself.
        after: An async function that is called after the body of each round, to see whether all still works; it is
            given what `around` gives, if there is one.
        step: How many waits further each round goes: 1 is every one of them, as it always is in the profile `deep`.
        fewest: How many rounds there are at the least: a body that hardly waits shows nothing.

    Returns:
        How many rounds there were.
    """
    number, rounds = 1, 0
    step = 1 if settings().max_examples >= DEEP else step
    gc.collect()
    gc.freeze()  # each round looks for garbage of its own, and for nothing older
    _round(way, body, around, after, None)  # what is imported, or made once for all, is no leak of the first round
    while _round(way, body, around, after, number):
        number += step
        rounds += 1
        assert rounds < 2_000, "a body with no end"
    assert rounds >= fewest, f"only {rounds} rounds"
    return rounds


def _round(way, body, around, after, number):
    """One round; returns whether the body was cancelled, rather than done before."""
    before = Traces.now()
    with complaints() as heard:
        result = anyio.run(_live, way, body, around, after, number, heard, backend=way.partition(" ")[0])
        gc.collect()
        left = before.left()
    where = _where(number, result)
    assert heard == [], f"{where}: {heard}"
    assert left == [], f"{where}: {left}"
    return result


async def _live(way, body, around, after, number, heard, /):
    if way != "trio":
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(repr(context)))
    async with (around or _nothing)() as given:
        arguments = () if around is None else (given,)
        before = living_tasks()
        was_cancelled = await _CANCEL[way](body(*arguments), number)
        if around is not None:
            await _settled(before)
        left = _more(before)
        assert left == [], f"{_where(number, was_cancelled)}: these tasks are left: {left}"
        if after is not None:
            with anyio.fail_after(_PATIENCE):
                await after(*arguments)
    return was_cancelled


def _where(number, was_cancelled):
    return f"cancelled at its wait {number}" if was_cancelled else "not cancelled"


@asynccontextmanager
async def _nothing():
    yield


# ------------------------------------------------------------------------------------------------------- cancelling


@define(eq=False)
class Counted:
    """Awaits a coroutine. As it waits for the `number`-th time, `cancel` is called, from within the task that waits."""

    coroutine: object
    number: int | None
    cancel: object
    waits: int = field(default=0, init=False)

    @property
    def has_come(self):
        return self.number is not None and self.waits >= self.number

    def __await__(self):
        steps, reply = self.coroutine.__await__(), None
        step = steps.send
        while True:
            try:
                wish = step(reply)
            except StopIteration as stop:
                return stop.value
            self.waits += 1
            if self.waits == self.number:
                self.cancel()
            try:
                reply, step = (yield wish), steps.send
            except BaseException as error:
                reply, step = error, steps.throw


async def _by_task(coroutine, number):
    """A cancelled task has to end as one: where it returns instead, somebody has swallowed the cancellation."""
    counted = Counted(coroutine, number, lambda: task.cancel())

    async def run():
        await counted

    task = asyncio.create_task(run(), name="the body")
    await asyncio.wait([task], timeout=_PATIENCE)
    assert task.done(), f"cancelled at its wait {number}: it hangs"
    if not task.cancelled():
        task.result()
        assert not counted.has_come, f"cancelled at its wait {number}: it went on as if nothing had happened"
    return counted.has_come


async def _by_scope(coroutine, number):
    with anyio.fail_after(_PATIENCE), anyio.CancelScope() as scope:
        counted = Counted(coroutine, number, scope.cancel)
        await counted
    return counted.has_come


_CANCEL = {"asyncio": _by_task, "asyncio by scope": _by_scope, "trio": _by_scope}


# ---------------------------------------------------------------------------------------------------- what is left


def living_tasks():
    """The names of all the tasks of the running event loop, by task."""
    try:
        return {task: repr(task) for task in asyncio.all_tasks()}
    except RuntimeError:
        return {task: task.name for task in _below(trio.lowlevel.current_root_task())}


def _more(before):
    return [name for task, name in living_tasks().items() if task not in before]


async def _settled(before):
    """Servers around the body have a moment to see that their clients are gone."""
    until = time.monotonic() + OTHERS
    while _more(before) and time.monotonic() < until:
        await anyio.sleep(0)


def _below(task):
    yield task
    for nursery in task.child_nurseries:
        for child in nursery.child_tasks:
            yield from _below(child)


@contextmanager
def complaints():
    """Gives a list of what was said where nobody can catch it: warnings of leaks, errors in finalizers."""
    heard = []

    def hear(unraisable):
        heard.append(f"{unraisable.err_msg or 'in'} {unraisable.object!r}: {unraisable.exc_value!r}")

    before, sys.unraisablehook = sys.unraisablehook, hear
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield heard
    finally:
        sys.unraisablehook = before


@frozen
class Traces:
    """What a process has of the world: file descriptors and children where the system tells them, and threads."""

    fds: frozenset
    children: frozenset
    threads: frozenset

    @classmethod
    def now(cls):
        return cls(frozenset(_fds()), frozenset(_children()), frozenset(_threads()))

    def left(self):
        """What there is more now. Servers in this process have a moment to see that their clients are gone."""
        until = time.monotonic() + OTHERS
        while (left := self._more()) and time.monotonic() < until:
            time.sleep(0.001)
        return left

    def _more(self):
        now = Traces.now()
        return [
            *sorted(now.fds - self.fds),
            *[f"child process {pid}" for pid in sorted(now.children - self.children)],
            *[repr(thread) for thread in now.threads - self.threads],
        ]


def _fds():
    for entry in _listed("/proc/self/fd"):
        try:
            yield f"file descriptor {entry}: {os.readlink(f'/proc/self/fd/{entry}')}"
        except OSError:
            pass  # the one that was open for this list


def _children():
    for thread in _listed("/proc/self/task"):
        try:
            yield from map(int, Path(f"/proc/self/task/{thread}/children").read_text().split())
        except OSError:
            pass  # the thread has ended meanwhile, or the system does not tell


def _threads():
    """All but those that trio keeps for the next time."""
    return [thread for thread in threading.enumerate() if not thread.name.startswith("Trio thread")]


def _listed(folder):
    return os.listdir(folder) if os.path.isdir(folder) else ()
