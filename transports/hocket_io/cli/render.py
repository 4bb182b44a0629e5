"""Rendering: tasks, messages and the events of a stream, as text (a2a-cli §9.2), as JSON (Appendix B) or raw."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Protocol

from attrs import define, field

from hocket.a2a import (
    V1_0,
    AgentCard,
    Artifact,
    ListTasksResponse,
    Message,
    Operation,
    Part,
    SendResult,
    StreamEvent,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    card_json,
    text_of,
)
from hocket.a2a.states import is_terminal
from hocket.a2a.text import TextView
from hocket.codec import UNSET
from hocket_io.cli.card_lines import card_lines
from hocket_io.cli.output import block, escaped, field_line, goes_to_a_terminal, write, write_line, write_text

__all__ = ["JsonOutput", "Output", "RawOutput", "TextOutput", "Voice"]


class Voice(Protocol):
    """One way to show what an agent says."""

    def event(self, event: StreamEvent, *, is_last: bool) -> None:
        """An event of a stream; `is_last` for the one after which nothing more is shown."""

    def answer(self, answer: Task | Message) -> None:
        """The answer to a message that was not streamed."""

    def task(self, task: Task) -> None:
        """A task that was asked for."""


class Output(Voice, Protocol):
    """One way to show whatever came back."""

    def page(self, page: ListTasksResponse) -> None:
        """A page of tasks."""

    def card(self, card: AgentCard) -> None:
        """An agent's card."""


class JsonOutput:
    """The protocol's own types, in the JSON of A2A 1.0 whatever version the agent speaks. One object per line."""

    def event(self, event: StreamEvent, *, is_last: bool) -> None:
        """A `StreamResponse`."""
        if event.item is not None:
            write(V1_0.wire.writer(StreamItem).to_json(event.item) + b"\n")

    def answer(self, answer: Task | Message) -> None:
        """A `SendMessageResponse`."""
        write(V1_0.wire.writer(SendResult).to_json(answer) + b"\n")

    def task(self, task: Task) -> None:
        """A `Task`."""
        write(V1_0.wire.writer(Task).to_json(task) + b"\n")

    def page(self, page: ListTasksResponse) -> None:
        """A `ListTasksResponse`."""
        write(V1_0.write_result(Operation.LIST, page) + b"\n")

    def card(self, card: AgentCard) -> None:
        """An `AgentCard`, with the members of 0.3 as well."""
        write(card_json(card) + b"\n")


@define(eq=False)
class TextOutput:
    """Fields and blocks, for people and for scripts that read lines."""

    _state: TaskState | None = field(default=None, init=False)
    _is_identified: bool = field(default=False, init=False)

    def event(self, event: StreamEvent, *, is_last: bool) -> None:
        """What the event adds. The first names the task, and the last names it again."""
        lines: list[str] = []
        if not is_last:
            is_first = event.task_id is not None and not self._is_identified
            lines += self._identity(event) if is_first else self._changed_state(event)
        if event.progress is not None:
            lines += field_line("Progress", f"{event.progress:g}%")
        lines += _event_content(event)
        if is_last:
            lines += self._identity(event)
        _write_lines(lines)

    def answer(self, answer: Task | Message) -> None:
        """All of it."""
        if isinstance(answer, Task):
            self.task(answer)
        else:
            context = [] if answer.context_id is None else field_line("Context", answer.context_id)
            _write_lines([*context, *_part_lines("Message", answer.parts)])

    def task(self, task: Task) -> None:
        """Who it is, where it stands, what is said of that, and its artifacts."""
        _write_lines(_task_lines(task))

    def page(self, page: ListTasksResponse) -> None:
        """Its tasks, how many there are on all pages, and where the next page begins."""
        lines = [line for task in page.tasks for line in _task_lines(task)]
        lines += field_line("Total", str(page.total_size))
        if page.next_page_token:
            lines += field_line("Next", page.next_page_token)
        _write_lines(lines)

    def card(self, card: AgentCard) -> None:
        """Who it is, what it can do, and where."""
        _write_lines(card_lines(card))

    def _identity(self, event: StreamEvent) -> list[str]:
        self._is_identified, self._state = True, event.state
        return _identity_lines(event.task_id, event.context_id, event.state)

    def _changed_state(self, event: StreamEvent) -> list[str]:
        if event.state is None or event.state is self._state:
            return []
        self._state = event.state
        return field_line("State", event.state.value)


@define(eq=False)
class RawOutput:
    """The agent's words and nothing else, in UTF-8: for whatever reads text, the next agent above all.

    Where a terminal reads them, control characters are written as escapes, and the last line gets its end.
    """

    _is_shown: bool = field(factory=goes_to_a_terminal, init=False)
    _is_at_margin: bool = field(default=True, init=False)

    def event(self, event: StreamEvent, *, is_last: bool) -> None:
        """The text that the event adds. What is said of a failure is no answer, and belongs on stderr."""
        if not _has_failed(event.state):
            self._write(event.text)
        if is_last:
            self._finish()

    def answer(self, answer: Task | Message) -> None:
        """All of its text: of a task that of its artifacts, and what it asks if it asks; nothing of one that failed."""
        if isinstance(answer, Message) or not _has_failed(answer.state):
            self._write(TextView().take(answer))
        self._finish()

    def task(self, task: Task) -> None:
        """As `answer`."""
        self.answer(task)

    def _write(self, text: str) -> None:
        if not text:
            return
        if self._is_shown:
            write_text(escaped(text))
        else:
            write(text.encode("utf-8", "backslashreplace"))
        self._is_at_margin = text.endswith("\n")

    def _finish(self) -> None:
        if self._is_shown and not self._is_at_margin:
            write_text("\n")


def _has_failed(state: TaskState | None) -> bool:
    return state is not None and is_terminal(state) and state is not TaskState.COMPLETED


def _write_lines(lines: Sequence[str]) -> None:
    if lines:
        write_line("\n".join(lines))


def _identity_lines(task_id: str | None, context_id: str | None, state: TaskState | None) -> list[str]:
    named = (("Task", task_id), ("Context", context_id), ("State", state and state.value))
    return [line for label, value in named if value is not None for line in field_line(label, value)]


def _task_lines(task: Task) -> list[str]:
    lines = _identity_lines(task.id, task.context_id, task.state)
    if task.status.message is not None:
        lines += _part_lines("Message", task.status.message.parts)
    for artifact in task.artifacts:
        lines += _artifact_lines(artifact)
    return lines


def _event_content(event: StreamEvent) -> list[str]:
    """The text that the event adds, under a label that says whose words it is, and the parts that are not text."""
    match event.item:
        case TaskArtifactUpdateEvent(artifact=artifact):
            added = block("Chunk", event.text) if event.text else []
            return added + _part_lines("Chunk", _not_text(artifact.parts))
        case Message(parts=parts):
            return _part_lines("Message", parts)
        case Task(artifacts=artifacts):
            lines = block("Message", event.message) if event.message else []
            return lines + [line for artifact in artifacts for line in _artifact_lines(artifact)]
    return block("Message", event.message) if event.message else []


def _not_text(parts: Iterable[Part]) -> list[Part]:
    return [part for part in parts if part.text is None]


def _artifact_lines(artifact: Artifact) -> list[str]:
    return field_line("Artifact", artifact.name or artifact.artifact_id) + _part_lines("Text", artifact.parts)


def _part_lines(label: str, parts: Sequence[Part]) -> list[str]:
    """Every part, neighbouring text parts as one text under `label`."""
    lines: list[str] = []
    texts: list[Part] = []
    for part in parts:
        if part.text is not None:
            texts.append(part)
            continue
        lines += _text_lines(label, texts)
        texts = []
        lines += _other_lines(part)
    return lines + _text_lines(label, texts)


def _text_lines(label: str, texts: Sequence[Part]) -> list[str]:
    text = text_of(texts)
    return block(label, text) if text else []


def _other_lines(part: Part) -> list[str]:
    if part.data is not UNSET:
        return block("Data", json.dumps(part.data, indent=2, ensure_ascii=False))
    size = part.url if part.raw is None else f"{len(part.raw)} bytes"
    known = (part.filename or "unnamed", part.media_type, size)
    return field_line("File", ", ".join(each for each in known if each))
