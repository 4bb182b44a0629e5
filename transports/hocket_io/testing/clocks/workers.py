"""Worker threads that agents start by themselves, with anyio or trio: while one is at work, the clock does not jump."""

from __future__ import annotations

import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import ModuleType
from typing import Any

import anyio.to_thread

from hocket_io.runner.threads import WATCH

__all__ = ["workers_watched"]

_RunSync = Callable[..., Awaitable[Any]]

_lock = threading.Lock()
_worlds = 0
_replaced: dict[ModuleType, _RunSync] = {}


@contextmanager
def workers_watched() -> Iterator[None]:
    """While the body runs, `to_thread.run_sync` tells whoever watches the threads of its caller. May be nested."""
    global _worlds
    with _lock:
        _worlds += 1
        for module in _modules():
            if module not in _replaced:
                _replaced[module] = vars(module)["run_sync"]
                vars(module)["run_sync"] = _telling(_replaced[module])
    try:
        yield
    finally:
        with _lock:
            _worlds -= 1
            if _worlds == 0:
                for module, real in _replaced.items():
                    vars(module)["run_sync"] = real
                _replaced.clear()


def _modules() -> list[ModuleType]:
    trio = sys.modules.get("trio")
    return [anyio.to_thread] if trio is None else [anyio.to_thread, trio.to_thread]


def _telling(run_sync: _RunSync) -> _RunSync:
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
