"""PausingGenerator: a generator that worker threads run, one after the other, and that needs none while it pauses."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any

from attrs import define, field

__all__ = ["PausingGenerator"]

_FAREWELL = 2.0
"""Seconds that generators in threads get to close once the process wants to end."""

_at_work: dict[threading.Thread, None] = {}


def _say_farewell() -> None:
    """Let generators that were told to stop close, as long as it does not take long."""
    ends = time.monotonic() + _FAREWELL
    for thread in list(_at_work):
        thread.join(max(0.0, ends - time.monotonic()))


atexit.register(_say_farewell)


@define(eq=False)
class PausingGenerator:
    """A generator that is run in threads: `work` until it pauses, then `work` again with what it is sent.

    Before its beginning and at a pause it is at rest, and no thread has it.

    Args:
        values: The generator. It is closed by the thread that has run it last.
        context: The context variables it sees, in whatever thread.
        pauses: The class of the values at which it pauses; () for none.
        put: Takes each value, in the thread; False when nobody wants any more.
        done: Called in the thread when it is over: `returned` or `error` is known.
    """

    values: Generator[Any, Any, Any]
    context: Context
    pauses: type | tuple[()]
    put: Callable[[Any], bool]
    done: Callable[[], None]
    returned: Any = field(default=None, init=False)
    error: BaseException | None = field(default=None, init=False)
    _turnstile: threading.Lock = field(factory=threading.Lock, init=False)
    _is_at_rest: bool = field(default=True, init=False)
    _is_stopped: bool = field(default=False, init=False)

    def work(self, sent: Any = None) -> None:
        """What a thread does: run it until it pauses, ends or raises, or nobody wants any more.

        Args:
            sent: What the value is worth at which it pauses; None for the first time.
        """
        thread = threading.current_thread()
        _at_work[thread] = None
        try:
            if self._begin():
                self._run(sent)
        finally:
            del _at_work[thread]

    def stop(self) -> bool:
        """Nobody wants any more: its thread closes it. True if it is at rest, and so has none: see `close`."""
        with self._turnstile:
            self._is_stopped = True
            return self._is_at_rest

    def close(self) -> None:
        """What a thread does with a generator that was stopped where it pauses."""
        thread = threading.current_thread()
        _at_work[thread] = None
        try:
            self._close()
        finally:
            del _at_work[thread]

    def _run(self, sent: Any) -> None:
        pause = None
        try:
            pause = self.context.run(self._step, sent)
        except BaseException as error:  # noqa: BLE001  -- kept for the reader, which raises it
            self.error = error
        if pause is not None and self._rest():
            self.put(pause)
        else:
            self._close()

    def _step(self, sent: Any) -> Any:
        """Run it to its next pause, and return that; None if there is none."""
        while True:
            try:
                value = self.values.send(sent)
            except StopIteration as stop:
                self.returned = stop.value
                return None
            if isinstance(value, self.pauses):
                return value
            sent = None
            if not self.put(value):
                return None

    def _begin(self) -> bool:
        """Go on; False if it was stopped at its rest, and so is closed by somebody else."""
        with self._turnstile:
            self._is_at_rest = self._is_stopped
            return not self._is_stopped

    def _rest(self) -> bool:
        """Be at rest until `work` or `close`; False if it was stopped while it ran, and nobody will call them."""
        with self._turnstile:
            self._is_at_rest = not self._is_stopped
            return self._is_at_rest

    def _close(self) -> None:
        try:
            self.context.run(self.values.close)
        except BaseException as error:  # noqa: BLE001  -- kept for the reader, which raises it
            self.error = error if self.error is None else self.error
        self.done()
