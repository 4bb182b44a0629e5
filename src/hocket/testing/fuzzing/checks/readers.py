"""Checks of several readers: those who join, leave, cancel, or ask at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from hocket.a2a import Task
from hocket.a2a.states import is_terminal, settles
from hocket.errors import Code
from hocket.testing.fuzzing.answer import Answer
from hocket.testing.fuzzing.comparing import difference
from hocket.testing.fuzzing.prompts import Joining, Several
from hocket.testing.fuzzing.soundness import flawed_event, is_sound
from hocket.testing.fuzzing.talk import Talk
from hocket.testing.fuzzing.telling import tell_state

__all__ = ["at_once", "cancel", "leaves", "subscribe_agrees"]

_FIRST_PAUSE = 0.05


def subscribe_agrees(talk: Talk, joining: Joining) -> None:
    """Whoever joins a stream late has, in the end, what those have who were there from the beginning."""
    first = talk.stream(joining.prompt)
    first.read(1 + joining.after)
    if first.task_id is None or first.has_finished or first.flaw is not None:
        return
    second = talk.subscribe(first.task_id, joining.prompt.version)
    second.read(1)
    first.read_all()
    second.read_until_settled()
    if not is_sound(first) or second.is_endless or not second.has_begun:
        return
    if second.error is not None and second.error.code == Code.TASK_NOT_FOUND:
        talk.fail(
            f"the task {first.task_id!r} is being streamed, and a second reader is told that there is no such task"
        )
    if not second.is_refused:
        _same_end(talk, first, second)


def _same_end(talk: Talk, first: Answer, second: Answer) -> None:
    """Both readers have the same task; a version that gives no snapshot gives the rest of the stream."""
    if second.flaw is not None:
        talk.fail(f"to the second reader: {second.flaw}")
    if not second.items and second.end == "complete" and second.dialect.version != "1.0":
        return  # it came when there was nothing left to be told, and that version gives no snapshot
    if not second.has_settled:
        waits = "waits for ever" if second.end == "silent" else "is left"
        at = tell_state(second.state)
        talk.fail(f"the first reader has seen {tell_state(first.state)}, and the second one {waits} at {at}")
    if not is_terminal(first.state) or first.task is None or second.task is None:
        return  # the task waits for an answer, and may have gone on
    if isinstance(second.items[0], Task):
        talk.forbid(difference(first.task, second.task, names=("the first reader", "the second one")))
    elif second.dialect.version == "1.0":
        talk.fail("a subscription begins with the Task, and this one does not")
    elif first.items[len(first.items) - len(second.items) :] != second.items:
        talk.fail("the second reader's events are not the rest of the first one's")


def cancel(talk: Talk, joining: Joining) -> None:
    """A cancel ends the task, or is refused; the stream and the task say the same afterwards."""
    version = joining.prompt.version
    stream = talk.stream(joining.prompt)
    stream.read(1 + joining.after)
    if stream.task_id is None or flawed_event(stream) is not None:
        return
    had_ended = stream.state if is_terminal(stream.state) else None
    answer = talk.cancel(stream.task_id, version)
    stream.read_until_settled()
    if answer.flaw is not None:
        talk.fail(f"the answer to the cancel: {answer.flaw}")
    task = answer.task
    if task is None:
        return
    if task.id != stream.task_id:
        talk.fail(f"{stream.task_id!r} was to be canceled, and the answer is of {task.id!r}")
    if had_ended is None and is_terminal(task.state):
        _ends_as(talk, stream, task, version)
    if had_ended is not None and task.state is not had_ended:
        talk.fail(
            f"the task had ended as {tell_state(had_ended)}, and a cancel is answered with {tell_state(task.state)}"
        )


def _ends_as(talk: Talk, stream: Answer, task: Task, version: str) -> None:
    """The cancel was answered with a state that is final: it is everywhere."""
    said = f"the cancel was answered with {tell_state(task.state)}"
    if stream.end == "silent" and not stream.has_settled:
        talk.fail(f"{said}, and {talk.patience:g} seconds later its stream is still open")
    if is_terminal(stream.state) and stream.state is not task.state:
        talk.fail(f"{said}, and the stream ended with {tell_state(stream.state)}")
    stored = talk.get(task.id, version)
    if stored.task is not None and stored.state is not task.state:
        talk.fail(f"{said}, and the task is {tell_state(stored.state)} afterwards")


def leaves(talk: Talk, joining: Joining) -> None:
    """A reader who leaves harms neither the task nor whoever asks next."""
    gone = talk.stream(joining.prompt)
    gone.read(1 + joining.after)
    if gone.task_id is None or gone.flaw is not None:
        return
    gone.leave()
    following = talk.stream(joining.prompt)
    following.read_all()
    if not following.heard and following.end in ("cut", "silent"):
        why = following.conversation.reason or f"nothing came for {talk.patience:g} seconds"
        talk.fail(f"a reader has left, and whoever asks next has no answer: {why}")
    if not is_sound(following) or following.task_id is None:
        return
    if talk.get(following.task_id, joining.prompt.version).task is not None:
        _ends_without_readers(talk, gone, joining.prompt.version)


def _ends_without_readers(talk: Talk, gone: Answer, version: str) -> None:
    """The task that was left settles as well, as the same one did that was not."""
    assert gone.task_id is not None, "looked at before"
    for pause in _pauses(talk.patience):
        stored = talk.get(gone.task_id, version)
        if stored.error is not None and stored.error.code == Code.TASK_NOT_FOUND:
            talk.fail(f"a reader has left, and nobody knows the task {gone.task_id!r} any more")
        if stored.task is None:
            return
        if settles(stored.state):
            if is_terminal(gone.state) and stored.state is not gone.state:
                talk.fail(f"the task had ended as {tell_state(gone.state)}, and is {tell_state(stored.state)} by now")
            return
        talk.probe.wait(pause)
    talk.fail(f"a reader has left, and {talk.patience:g} seconds later the task is still {tell_state(stored.state)}")


def _pauses(patience: float) -> Iterator[float]:
    """Pauses that grow, until patience is over."""
    pause = _FIRST_PAUSE
    while patience > 0:
        yield min(pause, patience)
        patience -= pause
        pause *= 2


def at_once(talk: Talk, several: Several) -> None:
    """Conversations at one time have nothing of each other."""
    answers = [talk.stream(prompt) for prompt in several.prompts]
    for turn in several.turns:
        answers[turn % len(answers)].next()
    for answer in answers:
        answer.read_all()
    if any(flawed_event(answer) is not None for answer in answers):
        return
    owners: dict[str, int] = {}
    for number, answer in enumerate(answers, 1):
        for task_id in _task_ids(answer):
            owner = owners.setdefault(task_id, number)
            if owner != number:
                talk.fail(f"the task {task_id!r} is in the streams of two callers, number {owner} and {number}")


def _task_ids(answer: Answer) -> list[str]:
    found = [item.id if isinstance(item, Task) else item.task_id for item in answer.items]
    return list(dict.fromkeys([each for each in found if each is not None]))
