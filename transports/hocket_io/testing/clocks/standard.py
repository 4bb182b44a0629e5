"""The functions of `time` in a virtual world: agents that call them see its clock, everybody else the real one.

Who lives in the world is known by a context variable, which tasks, callbacks and the threads of agents inherit.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from hocket_io.runner.threads import WATCH
from hocket_io.testing.clocks.clock import EPOCH, VirtualClock
from hocket_io.testing.clocks.workers import workers_watched

__all__ = ["enter_world", "standard_time", "time_in"]

_WORLD: ContextVar[VirtualClock | None] = ContextVar("hocket virtual clock", default=None)

_REAL: Mapping[str, Callable[..., Any]] = {
    name: getattr(time, name)
    for name in ("sleep", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
}

_VIRTUAL: Mapping[str, Callable[[VirtualClock], Any]] = {
    "time": lambda clock: EPOCH + clock.look(),
    "time_ns": lambda clock: int((EPOCH + clock.look()) * 1e9),
    "monotonic": lambda clock: clock.look(),
    "monotonic_ns": lambda clock: int(clock.look() * 1e9),
    "perf_counter": lambda clock: clock.look(),
    "perf_counter_ns": lambda clock: int(clock.look() * 1e9),
}


def _seeing(name: str) -> Callable[..., Any]:
    """The function of `time` that asks the world which it is called in."""
    real = _REAL[name]

    @functools.wraps(real)
    def sleep(seconds: float, /) -> None:
        clock = _WORLD.get()
        real(seconds) if clock is None else clock.sleep(seconds)

    @functools.wraps(real)
    def read() -> Any:
        clock = _WORLD.get()
        return real() if clock is None else _VIRTUAL[name](clock)

    return sleep if name == "sleep" else read


_SEEING = {name: _seeing(name) for name in _REAL}
_lock = threading.Lock()
_worlds = 0


def enter_world(clock: VirtualClock) -> None:
    """What is called in the current context from now on, and whatever it starts, lives on this clock."""
    _WORLD.set(clock)
    WATCH.set(clock)


@contextmanager
def standard_time() -> Iterator[None]:
    """While the body runs, the functions of `time` ask the world which they are called in. May be nested."""
    global _worlds
    with _lock:
        _worlds += 1
        if _worlds == 1:
            vars(time).update(_SEEING)
    try:
        with workers_watched():
            yield
    finally:
        with _lock:
            _worlds -= 1
            if _worlds == 0:
                vars(time).update(_REAL)


@contextmanager
def time_in(module: str) -> Iterator[None]:
    """While the body runs, what a module has imported from `time` asks the world as well (`from time import sleep`)."""
    names = vars(sys.modules[module]) if module in sys.modules else {}
    taken = {name: real for name, value in names.items() if (real := _real_name(value)) is not None}
    names.update({name: _SEEING[real] for name, real in taken.items()})
    try:
        yield
    finally:
        names.update({name: _REAL[real] for name, real in taken.items()})


def _real_name(value: object) -> str | None:
    return next((name for name, real in _REAL.items() if value is real), None)
