"""Failures: what an agent's function has raised, told apart from what is meant for whoever runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["in_words", "interrupts_fail", "split_off"]


def split_off(
    error: BaseException, kinds: tuple[type[BaseException], ...]
) -> tuple[BaseException | None, BaseException | None]:
    """What of an error, which may be a group, is of these kinds, and what is not.

    >>> split_off(BaseExceptionGroup("both", [KeyboardInterrupt(), ValueError("broken")]), (KeyboardInterrupt,))
    (BaseExceptionGroup('both', [KeyboardInterrupt()]), ExceptionGroup('both', [ValueError('broken')]))
    """
    if isinstance(error, BaseExceptionGroup):
        return error.split(kinds)
    return (error, None) if isinstance(error, kinds) else (None, error)


def in_words(error: BaseException) -> str:
    """Kind and text of an error; of a group those of what is in it, since the group itself says nothing.

    >>> in_words(ExceptionGroup("unhandled errors in a TaskGroup", [ValueError("broken"), TimeoutError()]))
    'ValueError: broken; TimeoutError'
    """
    if isinstance(error, BaseExceptionGroup):
        return "; ".join([in_words(each) for each in error.exceptions])
    return ": ".join(filter(None, [type(error).__name__, str(error)]))


@contextmanager
def interrupts_fail() -> Iterator[None]:
    """Around an agent's code in a worker thread: Ctrl-C arrives in the main thread, so an interrupt is its own doing.

    Raises:
        RuntimeError: The code raised KeyboardInterrupt, which would end whatever runs the agent.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        raise RuntimeError("the agent raised KeyboardInterrupt in a worker thread") from error
