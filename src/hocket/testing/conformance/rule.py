"""Rules: what is checked, and where it is written that it must be so."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from attrs import frozen

from hocket.testing.conformance.trial import Trial
from hocket.testing.probe import Binding, ProtocolName

__all__ = ["EVERYWHERE", "Level", "Play", "Rule"]

Play: TypeAlias = Callable[[Trial], None]
"""Talks to the target; raises Violation where the rule does not hold, NotApplicable where it has nothing to ask."""

EVERYWHERE: tuple[Binding, ...] = ("http", "pipe", "memory", "websocket")


class Level(StrEnum):
    """How much a rule weighs (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


@frozen(kw_only=True)
class Rule:
    """One thing that a specification says, and a conversation that shows whether a target does it.

    Attributes:
        name: Unique: the version of A2A or `acp`, a slash, and a few words, such as `1.0/get-unknown`.
        section: Where it is written, such as `A2A 1.0 §3.1.3`.
        title: What the target does where the rule holds.
        level: MUST, SHOULD or MAY.
        group: The heading under which it is shown.
        protocol: Of the targets that it is for.
        version: The version of A2A; None for ACP.
        bindings: Where it can be seen.
        play: The conversation.
    """

    name: str
    section: str
    title: str
    level: Level
    group: str
    protocol: ProtocolName
    version: str | None
    bindings: tuple[Binding, ...]
    play: Play
