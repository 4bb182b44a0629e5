"""Worker threads that agents start by themselves, with anyio or trio: while one is at work, the clock does not jump.

One that calls back into the event loop waits there, and is not at work meanwhile.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import ModuleType
from typing import Any

import anyio.from_thread
import anyio.to_thread

from hocket_io.runner.threads import WATCH, ThreadWatch

__all__ = ["workers_watched"]

_Name = tuple[ModuleType, str]

_lock = threading.Lock()
_worlds = 0
_replaced: dict[_Name, Callable[..., Any]] = {}


@contextmanager
def workers_watched() -> Iterator[None]:
    """While the body runs, `to_thread.run_sync` and `from_thread.run` tell whoever watches the threads of their caller.

    May be nested.
    """
    global _worlds
    with _lock:
        _worlds += 1
        for module, name, telling in _watched():
            if (module, name) not in _replaced:
                _replaced[module, name] = real = vars(module)[name]
                vars(module)[name] = telling(real)
    try:
        yield
    finally:
        with _lock:
            _worlds -= 1
            if _worlds == 0:
                for (module, name), real in _replaced.items():
                    vars(module)[name] = real
                _replaced.clear()


def _watched() -> Iterator[tuple[ModuleType, str, Callable[[Callable[..., Any]], Callable[..., Any]]]]:
    trio = sys.modules.get("trio")
    for library in (anyio,) if trio is None else (anyio, trio):
        yield library.to_thread, "run_sync", _at_work
        yield library.from_thread, "run", _waiting


def _at_work(run_sync: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(run_sync)
    async def run_sync_and_tell(*args: Any, **options: Any) -> Any:
        watch = WATCH.get()
        if watch is None:
            return await run_sync(*args, **options)
        watch.entered()
        try:
            return await run_sync(*args, **options)
        finally:
            watch.left()

    return run_sync_and_tell


def _waiting(run: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(run)
    def run_and_tell(function: Callable[..., Awaitable[Any]], *args: Any, **options: Any) -> Any:
        watch = WATCH.get()
        return run(function if watch is None else _told_there(function, watch), *args, **options)

    return run_and_tell


def _told_there(function: Callable[..., Awaitable[Any]], watch: ThreadWatch) -> Callable[..., Awaitable[Any]]:
    @wraps(function)
    async def call(*args: Any) -> Any:
        watch.left()  # here, on the loop: between the two it would see nobody at work
        try:
            return await function(*args)
        finally:
            watch.entered()

    return call
