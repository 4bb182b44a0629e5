"""Checks of a task: that every account of it is the same, and that a conversation about it is one."""

from __future__ import annotations

from hocket.a2a import Message, Part, Task
from hocket.a2a.states import is_terminal
from hocket.errors import Code
from hocket.testing.fuzzing.answer import Answer
from hocket.testing.fuzzing.comparing import difference
from hocket.testing.fuzzing.prompts import Dialogue, Prompt
from hocket.testing.fuzzing.soundness import is_sound
from hocket.testing.fuzzing.talk import Talk
from hocket.testing.fuzzing.telling import clipped, tell_state

__all__ = ["follow_up", "get_agrees", "send", "unicode"]

_LOOKS = (0.0, 0.05, 0.5)
"""Seconds before a task is asked for, once more each time, until it counts as different: a server may write it down a
moment after telling it."""


def get_agrees(talk: Talk, prompt: Prompt) -> None:
    """The stream, folded, is what the task is when it is asked for."""
    answer = talk.stream(prompt)
    answer.read_all()
    if is_sound(answer):
        _stored_as_told(talk, answer, "the stream", prompt.version)


def send(talk: Talk, prompt: Prompt) -> None:
    """Without a stream there is one answer: a Message, or the task when it has settled."""
    answer = talk.send(prompt)
    answer.read_all()
    if answer.is_refused or answer.end in ("silent", "cut") or answer.is_endless:
        return
    talk.forbid(answer.flaw)
    if len(answer.items) != 1:
        talk.fail(f"there came {len(answer.items)} answers to one request")
    if not answer.has_settled:
        if answer.dialect.version == "1.0":  # before, a client had to ask for it
            talk.fail(f"the answer is the task while it was {tell_state(answer.state)}: its end was to be waited for")
        return
    _stored_as_told(talk, answer, "the answer", prompt.version)


def _stored_as_told(talk: Talk, answer: Answer, name: str, version: str) -> None:
    """A task that was told until it had settled is the same when it is asked for."""
    told = answer.task
    if told is None:
        return
    wrong: str | None = None
    for pause in _LOOKS:
        if pause:
            talk.probe.wait(pause)
        stored = talk.get(told.id, version)
        if stored.error is not None and stored.error.code == Code.TASK_NOT_FOUND:
            wrong = f"{name} has the task {told.id!r}, and nobody knows it when it is asked for"
            continue
        if stored.flaw is not None:
            talk.fail(f"the task that was asked for: {stored.flaw}")
        if stored.task is None or (not is_terminal(told.state) and stored.state is not told.state):
            return  # that is refused here, or the task has gone on
        wrong = difference(told, stored.task, names=(name, stored.ask.method or "the task"))
        if wrong is None:
            return
    talk.forbid(wrong)


def unicode(talk: Talk, prompt: Prompt) -> None:
    """What was said is kept as it was said, whatever characters are in it."""
    answer = talk.stream(prompt)
    answer.read_all()
    if answer.is_refused or answer.end == "cut":
        return
    if answer.flaw is not None:
        plain = talk.stream(Prompt(parts=(Part(text="a"),), version=prompt.version))
        plain.read_all()
        talk.forbid(answer.flaw if plain.flaw is None else None)  # else it is not because of the characters
        return
    told = [answer.task] if answer.task is not None else []
    if answer.task_id is not None:
        stored = talk.get(answer.task_id, prompt.version)
        talk.forbid(stored.flaw)
        told += [stored.task] if stored.task is not None else []
    sent = answer.said
    assert sent is not None, "it was a message"
    for kept in [kept for task in told for kept in task.history if kept.message_id == sent.message_id]:
        if kept.text != sent.text:
            talk.fail(f"the history has {clipped(kept.text, 60)!r} of a message that said {clipped(sent.text, 60)!r}")


def follow_up(talk: Talk, dialogue: Dialogue) -> None:
    """A further message goes to its task, in its context; a task that has ended stays as it was."""
    version = dialogue.prompt.version
    answer = talk.stream(dialogue.prompt)
    answer.read_all()
    for reply in dialogue.replies:
        told = answer.task
        if not is_sound(answer) or told is None:
            return
        if is_terminal(told.state):
            _stays(talk, told, reply, version)
            return
        context_id = answer.context_id if dialogue.with_context else None
        further = talk.stream(reply, task_id=told.id, context_id=context_id)
        further.read_all()
        if further.error is None:
            _goes_on(talk, told, answer.context_id, further)
        answer = further


def _goes_on(talk: Talk, told: Task, context_id: str | None, further: Answer) -> None:
    """The answer to a message that named a task is of that task."""
    for item in further.items:
        task_id = item.id if isinstance(item, Task) else item.task_id
        if isinstance(item, Message) and task_id is None:
            continue
        if task_id != told.id:
            talk.fail(f"a message to the task {told.id!r} is answered with an event of {task_id!r}")
        if context_id is not None and item.context_id not in (None, context_id):
            talk.fail(f"a message to a task of context {context_id!r} is answered in context {item.context_id!r}")


def _stays(talk: Talk, told: Task, reply: Prompt, version: str) -> None:
    """A task that has ended takes nothing any more (A2A 1.0 section 3.4.3)."""
    before = talk.get(told.id, version).task
    further = talk.stream(reply, task_id=told.id)
    further.read_all()
    for item in further.items:
        if isinstance(item, Task) and item.id == told.id and item.state is not told.state:
            talk.fail(
                f"a message to the task, which had ended as {tell_state(told.state)}, "
                f"is answered with the same task as {tell_state(item.state)}"
            )
    after = talk.get(told.id, version).task
    if before is not None and after is not None:
        talk.forbid(difference(before, after, names=("before a further message GetTask", "after it GetTask")))
