"""Commands: what other threads ask of the one that runs an endpoint."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from attrs import define, field

from hocket.errors import ConnectionFailed
from hocket_io.blocking.bell import Bell

__all__ = ["Commands"]


@define(eq=False)
class Commands:
    """A queue into a thread that waits in a selector. Whoever asks rings the bell there, if it hangs already."""

    _asked: deque[Callable[[], object]] = field(factory=deque, init=False)
    _bell: Bell | None = field(default=None, init=False)
    _is_over: bool = field(default=False, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def ask(self, command: Callable[[], object]) -> None:
        """Add a command.

        Raises:
            ConnectionFailed: Nobody will perform it.
        """
        with self._lock:
            if self._is_over:
                raise ConnectionFailed("the connection is closed")
            self._asked.append(command)
            if self._bell is not None:
                self._bell.ring()

    def begin(self, bell: Bell) -> None:
        """Say what is to be rung; what was asked before is there, too."""
        with self._lock:
            self._bell = bell

    def perform(self, perform: Callable[[Callable[[], object]], None]) -> None:
        """Perform all that was asked so far, in this thread. What these commands ask for waits for the next time.

        Args:
            perform: Called with each command.
        """
        if self._bell is not None:
            self._bell.hush()
        for _ in range(len(self._asked)):
            perform(self._asked.popleft())

    def end(self) -> None:
        """From here on nobody is to ask for anything."""
        with self._lock:
            self._is_over, self._bell = True, None
