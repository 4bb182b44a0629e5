"""The form in which the rules of A2A are written down: once for all versions that have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from hocket.testing.conformance.a2a.caller import Caller, CallerPlay
from hocket.testing.conformance.a2a.wire import V0_3, V1_0, Wire
from hocket.testing.conformance.rule import EVERYWHERE, Level, Play, Rule
from hocket.testing.conformance.trial import Trial
from hocket.testing.probe import Binding

__all__ = ["HTTP", "MUST", "SHOULD", "Line", "a2a_rules"]

MUST, SHOULD = Level.MUST, Level.SHOULD

HTTP: tuple[Binding, ...] = ("http", "memory")
"""Where header fields, statuses and pages can be seen."""

_WIRES: Mapping[str, Wire] = {wire.version: wire for wire in (V1_0, V0_3)}


@frozen(kw_only=True)
class Line:
    """A rule of one version or of several.

    Attributes:
        name: Without the version.
        title: What the agent does where the rule holds.
        sections: Where it is written, by version.
        play: The conversation.
        level: MUST or SHOULD.
        bindings: Where it can be seen.
    """

    name: str
    title: str
    sections: Mapping[str, str]
    play: CallerPlay
    level: Level = MUST
    bindings: tuple[Binding, ...] = EVERYWHERE


def a2a_rules(group: str, lines: Sequence[Line]) -> tuple[Rule, ...]:
    """The rules that lines are, under one heading.

    Args:
        group: The heading.
        lines: In the order in which they are checked.
    """
    return tuple([_rule(group, line, version) for line in lines for version in line.sections])


def _rule(group: str, line: Line, version: str) -> Rule:
    return Rule(
        name=f"{version}/{line.name}",
        section=f"A2A {version} {line.sections[version]}",
        title=line.title,
        level=line.level,
        group=f"A2A {version}: {group}",
        protocol="a2a",
        version=version,
        bindings=line.bindings,
        play=_at(line.play, _WIRES[version]),
    )


def _at(play: CallerPlay, wire: Wire) -> Play:
    """A play in one version."""

    def played(trial: Trial) -> None:
        play(Caller(trial, wire))

    return played
