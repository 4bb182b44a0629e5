"""Carrier: how one direction of a link carries what is written to it."""

from __future__ import annotations

from math import inf

from attrs import frozen

from hocket.errors import LocalProtocolError

__all__ = ["Carrier"]


@frozen(kw_only=True)
class Carrier:
    """How one direction of a link carries what is written to it.

    By default it is a stream of bytes, as TCP and pipes are: what arrives is in order, and cut anywhere. With
    `units` each piece that `data_to_send` gives is carried by itself, as if in a POST: whole, and the pieces overtake
    each other.

    Attributes:
        latency: The least and the most seconds that something is on its way.
        window: Bytes that are on their way or unread, at the most; then nothing more is taken from the writer.
        cuts: Places at which what was written at once is cut, at the most.
        units: Carry messages instead of a stream of bytes.
        duplicated: The share of units that arrive twice, 0 to 1.
        lost: The share of units that never arrive, 0 to 1.
    """

    latency: tuple[float, float] = (0.001, 0.05)
    window: int = 65_536
    cuts: int = 3
    units: bool = False
    duplicated: float = 0.0
    lost: float = 0.0

    def __attrs_post_init__(self) -> None:
        if not _is_range(self.latency):
            raise LocalProtocolError(f"latency is the least and the most seconds, not {self.latency!r}")
        if self.window < 1 or self.cuts < 0:
            raise LocalProtocolError("window is 1 byte or more, and cuts are 0 or more")
        if not (0 <= self.duplicated <= 1 and 0 <= self.lost <= 1):
            raise LocalProtocolError("a share is 0 to 1")
        if not self.units and (self.duplicated or self.lost):
            raise LocalProtocolError("a stream of bytes loses nothing and doubles nothing: duplicated, lost need units")


def _is_range(latency: object) -> bool:
    match latency:
        case (int() | float() as least, int() | float() as most):
            return 0 <= least <= most < inf
    return False
