"""Loops: what kind of event loop we run on, where one can be had for less than what all have in common."""

from __future__ import annotations

import asyncio

__all__ = ["is_on_asyncio"]


def is_on_asyncio() -> bool:
    """Whether this is a task of asyncio. Trio may be the guest of a loop of asyncio's: its tasks are none of those."""
    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False
