"""Comparing: whether two accounts of one task say the same.

Only what every server keeps is compared: state and artifacts. Histories are trimmed, times differ, and the pieces
of a text may be stored joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from attrs import evolve

from hocket.a2a import Artifact, Part, Task
from hocket.testing.fuzzing.telling import clipped, tell_state

__all__ = ["difference"]

_Content: TypeAlias = tuple[Part, ...]


def difference(one: Task, other: Task, *, names: tuple[str, str]) -> str | None:
    """What is not the same, as a sentence; None where all is.

    Args:
        one: A task, as one account has it.
        other: The same task, as another has it.
        names: What to call the two, such as "the stream" and "GetTask".
    """
    if one.id != other.id:
        return f"{names[0]} has the task {one.id!r}, and {names[1]} {other.id!r}"
    if one.state is not other.state:
        return f"{names[0]} has the task as {tell_state(one.state)}, and {names[1]} as {tell_state(other.state)}"
    ours, theirs = _artifacts(one), _artifacts(other)
    for name in dict.fromkeys([*ours, *theirs]):
        if ours.get(name) != theirs.get(name):
            told = [_told(each.get(name)) for each in (ours, theirs)]
            return f"of the artifact {name!r} {names[0]} has {told[0]}, and {names[1]} has {told[1]}"
    return None


def _artifacts(task: Task) -> dict[str, _Content]:
    """The content of each artifact that has any."""
    found = {artifact.artifact_id: _content(artifact) for artifact in task.artifacts}
    return {name: content for name, content in found.items() if content}


def _content(artifact: Artifact) -> _Content:
    """The parts, with adjacent texts as one: it is the same content."""
    found: list[Part] = []
    for part in artifact.parts:
        plain = Part(text=part.text) if part.text is not None else part
        if found and found[-1].text is not None and plain.text is not None:
            found[-1] = evolve(plain, text=found[-1].text + plain.text)
        elif plain.text != "":
            found.append(plain)
    return tuple(found)


def _told(content: Sequence[Part] | None) -> str:
    if content is None:
        return "nothing"
    told = [repr(clipped(part.text, 60)) if part.text is not None else "a part that is no text" for part in content]
    return " + ".join(told)
