"""Artifacts that an agent fills bit by bit: `with task.artifact("report"): yield "…"`."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from attrs import define, evolve, field, frozen

from hocket.a2a.chunks import text_chunk
from hocket.a2a.model import Artifact, Part, TaskArtifactUpdateEvent
from hocket.agent.copies import detached
from hocket.errors import LocalProtocolError

__all__ = ["Addition", "ArtifactBlock", "OpenArtifacts", "part_of"]

NOTHING_MORE = (Part(text=""),)
"""The content of a last chunk that only says that it is the last: an artifact has one part at the least."""


@frozen
class Addition:
    """A value for one artifact, whichever is innermost: what `report.add(value)` makes. Yield it."""

    block: ArtifactBlock
    value: Any


@define(eq=False)
class ArtifactBlock:
    """An artifact of a turn that is filled by what the function yields inside a `with` block.

    The first part replaces an artifact that had this id, the others are appended to it, and the end of the block says
    that it is complete, also when the block is left by an exception. Inside a block that lies in another one, what is
    yielded goes to the inner artifact; `add` says which one is meant. Outside of a run it does nothing.

    Attributes:
        artifact: Id, name, description and metadata; it has no parts yet.
    """

    artifact: Artifact
    _artifacts: OpenArtifacts | None = None
    _after_exit: Callable[[], None] | None = None
    _unsaid: dict[int, Addition] = field(factory=dict, init=False, repr=False)

    @property
    def artifact_id(self) -> str:
        """The id that the reader knows it by."""
        return self.artifact.artifact_id

    def add(self, value: Any) -> Addition:
        """A value for this artifact, to be yielded while its block is open: `yield report.add("text")`.

        Args:
            value: str, dict, bytes or a Part.
        """
        addition = Addition(self, value)
        if self._artifacts is not None:
            self._unsaid[id(addition)] = addition
        return addition

    def note_yielded(self, addition: Addition) -> None:
        """What `add` made was yielded. What never is, is missed where the block ends."""
        self._unsaid.pop(id(addition), None)

    def __enter__(self) -> Self:
        if self._artifacts is not None:
            self._artifacts.open(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._artifacts is not None and self._artifacts.close(self) and self._after_exit is not None:
            self._after_exit()
        unsaid, self._unsaid = list(self._unsaid.values()), {}
        if unsaid and kind is None:
            raise LocalProtocolError(
                f"{_short(unsaid[0].value)} was added to artifact {self.artifact_id!r} and never yielded: "
                "write `yield report.add(…)`, with the name that the block has"
            )


@define(eq=False)
class _Growing:
    """An artifact whose block is open."""

    block: ArtifactBlock
    first: TaskArtifactUpdateEvent | None
    """Its name and all, until there is a part to go with them."""


@define(eq=False)
class OpenArtifacts:
    """The artifacts of one run that are open, innermost last, and the ends that were not told yet.

    Args:
        task_id: The task whose artifacts they are.
        context_id: Its context.
    """

    task_id: str
    context_id: str
    innermost: ArtifactBlock | None = field(default=None, init=False)
    """Where a value goes that does not say where."""
    has_ends: bool = field(default=False, init=False)
    """Whether `take_ends` has any."""
    _is_over: bool = field(default=False, init=False)
    _growing: dict[str, _Growing] = field(factory=dict, init=False)
    _ends: list[TaskArtifactUpdateEvent] = field(factory=list, init=False)

    def open(self, block: ArtifactBlock) -> None:
        """The block of an artifact begins.

        Raises:
            LocalProtocolError: The artifact is open already, nobody could read its name or metadata, or the run is
                over.
        """
        if self._is_over:
            raise LocalProtocolError(f"the task is over: artifact {block.artifact_id!r} comes too late")
        if block.artifact_id in self._growing:
            raise LocalProtocolError(
                f"artifact {block.artifact_id!r} is open already: add to it with what its `with` block gave you"
            )
        artifact = evolve(block.artifact, parts=NOTHING_MORE)
        self._growing[block.artifact_id] = _Growing(block, detached(self._chunk(artifact)))
        self.innermost = block

    def add(self, block: ArtifactBlock, value: Any) -> TaskArtifactUpdateEvent:
        """The event that adds a value to an open artifact.

        Raises:
            LocalProtocolError: Its block is not open, or the value is no content; nothing has changed then.
        """
        growing = self._growing.get(block.artifact_id)
        if growing is None or growing.block is not block:
            raise LocalProtocolError(
                f"artifact {block.artifact_id!r} is not open: what is added to it is yielded inside its `with` block"
            )
        if value.__class__ is str and growing.first is None:
            return text_chunk(self.task_id, self.context_id, block.artifact_id, value, append=True)
        part = part_of(value)
        if part is None:
            raise LocalProtocolError(
                f"{type(value).__name__} is nothing to put into an artifact: add str, dict, bytes or a Part"
            )
        if growing.first is None:
            event = self._chunk(Artifact(artifact_id=block.artifact_id, parts=(part,)), append=True)
        else:
            event = evolve(growing.first, artifact=evolve(growing.first.artifact, parts=(part,)))
        if not isinstance(value, str):
            event = detached(event)
        growing.first = None
        return event

    def close(self, block: ArtifactBlock) -> bool:
        """The block of an artifact ends, and its last chunk can be taken; False if it is not open."""
        growing = self._growing.get(block.artifact_id)
        if growing is None or growing.block is not block:
            return False
        del self._growing[block.artifact_id]
        self.innermost = next(reversed(self._growing.values())).block if self._growing else None
        if growing.first is not None:  # nothing was yielded inside: an artifact without content
            self._ends.append(evolve(growing.first, last_chunk=True))
        else:
            artifact = Artifact(artifact_id=block.artifact_id, parts=NOTHING_MORE)
            self._ends.append(self._chunk(artifact, append=True, last_chunk=True))
        self.has_ends = True
        return True

    def close_all(self) -> None:
        """The run is over: what is open ends too, innermost first, and nothing more is opened."""
        self._is_over = True
        for growing in reversed(list(self._growing.values())):
            self.close(growing.block)

    def take_ends(self) -> list[TaskArtifactUpdateEvent]:
        """The last chunks of the blocks that have ended since the last time."""
        ends, self._ends, self.has_ends = self._ends, [], False
        return ends

    def _chunk(self, artifact: Artifact, *, append: bool = False, last_chunk: bool = False) -> TaskArtifactUpdateEvent:
        return TaskArtifactUpdateEvent(
            task_id=self.task_id, context_id=self.context_id, artifact=artifact, append=append, last_chunk=last_chunk
        )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def part_of(value: Any) -> Part | None:
    """The part of an artifact that a value is: text, data, a file, a Part; None for what is no content."""
    match value:
        case str():
            return Part(text=value if value.__class__ is str else str(value))
        case dict():
            return Part(data=value)
        case bytes() | bytearray() | memoryview():
            return Part(raw=bytes(value), media_type="application/octet-stream")
        case Part():
            return value
    return None
