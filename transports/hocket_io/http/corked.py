"""CorkedTransport: the head of a response and the first piece of its body go out in one packet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["CorkedTransport"]


class CorkedTransport:
    """The transport that a connection of uvicorn writes to: it holds a head back for as long as its turn takes.

    ASGI tells the head and the body one after the other, and uvicorn writes each as it comes: two packets where one
    would do, and a system call more (15 us) before the first event is there. What is still alone when the event loop
    has its next turn goes out alone.

    Args:
        transport: Where to write; everything but writing is its own business.
        is_head: Whether what is written now is the head of a response.
    """

    __slots__ = ("_head", "_is_head", "_transport")

    def __init__(self, transport: Any, is_head: Callable[[], bool]) -> None:
        self._transport = transport
        self._is_head = is_head
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write it, with the head before it if there is one; or hold it back, if it is one."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        elif self._is_head():
            self._head = data
            asyncio.get_running_loop().call_soon(self._uncork)
        else:
            self._transport.write(data)

    def writelines(self, list_of_data: Iterable[bytes]) -> None:
        """Write all of it, as one."""
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        """Write what is held back, and that nothing follows."""
        self._uncork()
        self._transport.write_eof()

    def close(self) -> None:
        """Write what is held back, and close."""
        self._uncork()
        self._transport.close()

    def _uncork(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)
