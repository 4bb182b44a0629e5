"""Mail: what waits for one connection beside the events that it reads: its answers, and invitations to its agents."""

from __future__ import annotations

from collections import deque

from attrs import define, field

__all__ = ["Mail"]


@define(eq=False)
class Mail:
    """Messages that come before all events.

    Answers are as many as the connection has asked for. Invitations come from others, so that there is one at the most
    for each stream and agent: the latest.

    Attributes:
        size: Bytes of the answers.
    """

    size: int = field(default=0, init=False)
    _answers: deque[bytes] = field(factory=deque, init=False)
    _invitations: dict[tuple[str, str], bytes] = field(factory=dict, init=False)

    def __bool__(self) -> bool:
        return bool(self._answers) or bool(self._invitations)

    def answer(self, message: bytes) -> None:
        """Put in an answer."""
        self._answers.append(message)
        self.size += len(message)

    def invite(self, stream_id: str, agent_id: str, message: bytes) -> None:
        """Put in an invitation, in the place of an earlier one."""
        self._invitations[stream_id, agent_id] = message

    def withdraw(self, stream_id: str, agent_id: str) -> None:
        """Take an invitation out again, if it is still there."""
        self._invitations.pop((stream_id, agent_id), None)

    @property
    def invitations(self) -> dict[tuple[str, str], bytes]:
        """The invitations that are still there, by stream and agent."""
        return dict(self._invitations)

    def take(self) -> bytes | None:
        """The next message; None if there is none."""
        if self._answers:
            message = self._answers.popleft()
            self.size -= len(message)
            return message
        if self._invitations:
            return self._invitations.pop(next(iter(self._invitations)))
        return None
