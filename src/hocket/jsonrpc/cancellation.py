"""Cancellation: JSON-RPC has none, so it is a convention that two peers agree on.

`LSP` is the convention of the Language Server Protocol, `MCP` that of the Model Context Protocol.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from hocket.errors import Code

__all__ = ["LSP", "MCP", "Cancellation"]


@frozen
class Cancellation:
    """How one peer says that it no longer wants an answer.

    Attributes:
        method: The notification that says so.
        id_member: The member of its params that holds the id of the request.
        code: The error code that answers a request which was cancelled.
        answered: Whether a cancelled request is still answered. If not, it ends for its sender at once.
    """

    method: str
    id_member: str
    code: int = int(Code.REQUEST_CANCELLED)
    answered: bool = True


LSP: Final = Cancellation("$/cancelRequest", "id")
"""Language Server Protocol: a cancelled request must still be answered."""

MCP: Final = Cancellation("notifications/cancelled", "requestId", answered=False)
"""Model Context Protocol: whoever cancels stops waiting."""
