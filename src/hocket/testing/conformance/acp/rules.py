"""The form in which the rules of ACP are written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from attrs import frozen

from hocket.testing.conformance.acp.room import Room
from hocket.testing.conformance.rule import EVERYWHERE, Level, Play, Rule
from hocket.testing.conformance.trial import Trial
from hocket.testing.probe import Binding

__all__ = ["CONNECTIONS", "Line", "RoomPlay", "acp_rules"]

RoomPlay: TypeAlias = Callable[[Room], None]

CONNECTIONS: tuple[Binding, ...] = ("memory", "pipe", "websocket")
"""Where one connection carries all, in order: answers, and what others do."""


@frozen(kw_only=True)
class Line:
    """A rule.

    Attributes:
        name: Without `acp/`.
        title: What the hub does where the rule holds.
        play: The conversation.
        level: MUST or SHOULD.
        bindings: Where it can be seen.
    """

    name: str
    title: str
    play: RoomPlay
    level: Level = Level.MUST
    bindings: tuple[Binding, ...] = EVERYWHERE


def acp_rules(section: str, group: str, lines: Sequence[Line]) -> tuple[Rule, ...]:
    """The rules that lines are.

    Args:
        section: The heading of `ACP on the wire` under which they are written.
        group: The heading under which they are shown.
        lines: In the order in which they are checked.
    """
    return tuple([_rule(section, group, line) for line in lines])


def _rule(section: str, group: str, line: Line) -> Rule:
    return Rule(
        name=f"acp/{line.name}",
        section=f"ACP on the wire: {section}",
        title=line.title,
        level=line.level,
        group=f"ACP: {group}",
        protocol="acp",
        version=None,
        bindings=line.bindings,
        play=_in_a_room(line.play),
    )


def _in_a_room(play: RoomPlay) -> Play:
    """A play in a room of its own."""

    def played(trial: Trial) -> None:
        room = Room(trial)
        try:
            play(room)
        finally:
            room.tidy()

    return played
