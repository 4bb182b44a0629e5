"""Bell: wakes a thread that waits in a selector."""

from __future__ import annotations

import selectors
import socket

from attrs import define, field

__all__ = ["Bell"]


@define(eq=False)
class Bell:
    """A socket to oneself. Any thread may ring it; who waits in the selector wakes up, now or the next time."""

    selector: selectors.BaseSelector
    _ear: socket.socket = field(init=False)
    _mouth: socket.socket = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._ear, self._mouth = socket.socketpair()
        self._ear.settimeout(0)
        self._mouth.settimeout(0)
        self.selector.register(self._ear, selectors.EVENT_READ)

    def ring(self) -> None:
        """Wake the one who waits."""
        try:
            self._mouth.send(b"!")
        except BlockingIOError:
            pass  # it rings already

    def hush(self) -> None:
        """Stop ringing; look at what has changed after this, not before."""
        try:
            while self._ear.recv(4096):
                pass
        except BlockingIOError:
            pass  # all is heard

    def close(self) -> None:
        """Close the sockets."""
        self.selector.unregister(self._ear)
        self._ear.close()
        self._mouth.close()
