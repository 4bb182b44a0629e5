"""Reached: a hub that is somewhere, behind a probe, as a node of this world."""

from __future__ import annotations

import json
from math import inf
from typing import Any, Final

from attrs import define, field

from hocket.endpoint import Endpoint
from hocket.framing import FrameRejected, Ndjson
from hocket.testing.probe import Ask, Conversation, Probe
from hocket.testing.worlds.acp.roads import Road
from hocket.testing.worlds.acp.rules import Deadlines

__all__ = ["ANY_TIME", "Reached"]

ANY_TIME: Final = Deadlines(pause=inf, duration=inf, forget=inf)
"""The deadlines of a hub whose clock is not ours: nothing is waited for that long."""
_LOOK: Final = 5.0
"""Seconds of this world between two looks for what has come without being asked for."""


@define(eq=False, repr=False)
class Reached:
    """The node that stands for the hub. Each connection is a conversation, in which an answer is waited for at once.

    Args:
        probe: The way there.
        patience: Seconds to wait for an answer.
        glance: Seconds to wait for what may come unasked.
    """

    probe: Probe
    patience: float = 10.0
    glance: float = 0.002
    _open: dict[str, _Reach] = field(factory=dict, init=False)

    def accept(self, road: Road, now: float) -> Endpoint[object] | None:
        """Connect there. Only pipes can be."""
        if road.kind != "pipe":
            return None
        headers = {} if road.agent is None else {"X-Agent-Id": road.agent}
        reach = _Reach(self.probe.open(Ask(headers=headers)), self.patience, self.glance, now + _LOOK)
        self._open[road.name] = reach
        return reach

    def gone(self, road: Road, now: float) -> None:
        """Hang up there."""
        if (reach := self._open.pop(road.name, None)) is not None:
            reach.conversation.close()

    def next_timeout(self) -> None:
        """The hub keeps its own time."""

    def handle_timeout(self, now: float) -> None:
        """See `next_timeout`."""


@define(eq=False, repr=False)
class _Reach:
    """One connection: an Endpoint whose other end is somewhere else."""

    conversation: Conversation
    patience: float
    glance: float
    _next_look: float
    is_closed: bool = field(default=False, init=False)
    _framing: Ndjson = field(factory=Ndjson, init=False)
    _come: list[bytes] = field(factory=list, init=False)

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the agent: whole frames go there, and the answer to a request is waited for."""
        self._framing.receive_data(data)
        while (frame := self._framing.next_frame()) is not None:
            if not isinstance(frame, FrameRejected):
                self.conversation.send(frame)
                self._wait_for(_ids(frame))

    def receive_eof(self, now: float) -> None:
        """The agent has hung up."""
        self.is_closed = True

    def handle_timeout(self, now: float) -> None:
        """Look for what has come."""
        self._next_look = now + _LOOK
        self._take(self.glance)

    def next_timeout(self) -> float | None:
        """When to look again."""
        return None if self.is_closed else self._next_look

    def next_event(self) -> None:
        """There are none."""

    def data_to_send(self) -> list[bytes]:
        """What has come from there."""
        come, self._come = self._come, []
        return come

    def _wait_for(self, wanted: list[Any]) -> None:
        while wanted and (message := self._take(self.patience)) is not None:
            for answered in _ids(message, answers=True):
                if answered in wanted:
                    wanted.remove(answered)

    def _take(self, timeout: float) -> bytes | None:
        """The next message, if one comes in time; with a glance, all that are there."""
        while (message := self.conversation.next(timeout)) is not None:
            self._come.append(self._framing.encode(message))
            if timeout == self.patience:
                return message
        self.is_closed = self.is_closed or self.conversation.end not in ("open", "silent")
        return None


def _ids(frame: bytes, *, answers: bool = False) -> list[Any]:
    """The ids of the requests in a frame; or of the answers."""
    try:
        value = json.loads(frame)
    except ValueError:
        return []
    calls = [call for call in (value if isinstance(value, list) else [value]) if isinstance(call, dict)]
    return [call["id"] for call in calls if call.get("id") is not None and ("method" in call) is not answers]
