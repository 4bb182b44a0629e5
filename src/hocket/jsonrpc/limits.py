"""PeerLimits: how much one JSON-RPC peer may ask of us, and we of it."""

from __future__ import annotations

from attrs import frozen

__all__ = ["PeerLimits"]


@frozen(kw_only=True)
class PeerLimits:
    """Every limit of a `Peer`. What goes past one is refused with an error that names it.

    Attributes:
        batch: Messages in one batch, both ways.
        id: Bytes of a request id: of the UTF-8 of a string, the digits of an integer.
        method: Bytes of a method name in UTF-8.
        in_flight: Unanswered requests at one time: as many of ours, and as many of the peer's.
        message: Bytes of one message that we send, or of the array that answers a batch. What is received was
            bounded by the framing already.
    """

    batch: int = 100
    id: int = 256
    method: int = 256
    in_flight: int = 1024
    message: int = 16 * 1024 * 1024
