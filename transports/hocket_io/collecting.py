"""Collecting: how often the garbage collector looks for cycles, in a process that is a server and nothing else."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["seldom_collected"]

_OBJECTS = 50_000
"""New objects after which it looks: by itself it does so after 700, or 2,000."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """In the body, let the collector look less often, and never at what was there before.

    What agents say is kept, so most of the new objects are there to stay: they fill a generation, are looked at, found
    to be in use, and looked at again with the next. (1,000 streams of 200 events at once, `./dev bench serving`: an
    event takes 13.5 µs of CPU with 10,000, and 10 with 50,000.) Whoever has chosen a threshold of their own, or none,
    keeps it, and so does who has put objects away from the collector: they would be given back with ours. A server in a
    thread, which is not all of its process, changes nothing.
    """
    first, *others = gc.get_threshold()
    is_all = threading.current_thread() is threading.main_thread()
    if not is_all or not gc.isenabled() or not 0 < first < _OBJECTS:
        yield
        return
    freezes = not gc.get_freeze_count()
    if freezes:
        gc.collect()
        gc.freeze()
    gc.set_threshold(_OBJECTS, *others)
    try:
        yield
    finally:
        gc.set_threshold(first, *others)
        if freezes:
            gc.unfreeze()
