"""What can be sent over a link: every link refuses the same things."""

from __future__ import annotations

from collections.abc import Iterable

from hocket.errors import LimitExceeded, LocalProtocolError

__all__ = ["check_messages"]


def check_messages(messages: Iterable[bytes], limit: int) -> None:
    """Refuse what no link can send.

    Raises:
        LocalProtocolError: A message is empty, or longer than the limit `message` of the client.
    """
    for message in messages:
        if not message:
            raise LocalProtocolError("an empty message says nothing")
        if len(message) > limit:
            raise LocalProtocolError(str(LimitExceeded("message", limit, len(message))))
