"""Answer: what a transport does to get an HTTP answer out of a machine, and the machine to hear of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from hocket.http.messages import Response

__all__ = ["Answer"]

ItemIn = TypeVar("ItemIn", contravariant=True)


class Answer(Protocol[ItemIn]):
    """An answer that is made of what a link is given: one response, or a stream that goes on.

    Drain `next_response` and `data_to_send` after every method.
    """

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will come out of it."""

    @property
    def is_cut(self) -> bool:
        """Whether it ended without its end."""

    def deliver(self, deliveries: Sequence[ItemIn], now: float) -> None:
        """Take what the link was given."""

    def cut(self) -> None:
        """End without an end: the server is about to stop."""

    def next_response(self) -> Response | None:
        """The response, or the head of a stream, once."""

    def data_to_send(self) -> list[bytes]:
        """Pieces of the stream."""

    def next_timeout(self) -> float | None:
        """When it wants to be called although nothing came."""

    def handle_timeout(self, now: float) -> None:
        """That time has come."""
