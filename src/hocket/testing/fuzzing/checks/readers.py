"""Checks of several readers: those who join, leave, cancel, or ask at the same time."""

from __future__ import annotations

from hocket.a2a import Task
from hocket.a2a.states import is_terminal
from hocket.errors import Code
from hocket.testing.fuzzing.answer import Answer
from hocket.testing.fuzzing.comparing import difference
from hocket.testing.fuzzing.prompts import Joining, Several
from hocket.testing.fuzzing.talk import Talk
from hocket.testing.fuzzing.telling import tell_state

__all__ = ["at_once", "cancel", "leaves", "subscribe_agrees"]


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
    if second.error is not None:
        talk.require(
            second.error.code != Code.TASK_NOT_FOUND or first.end == "cut",
            f"the task {first.task_id!r} is being streamed, and a second reader is told that there is no such task",
        )
        return
    if not first.is_whole or first.task is None or second.is_refused or second.is_endless:
        return
    talk.require(second.flaw is None, f"to the second reader: {second.flaw}")
    if second.end == "cut" and not second.has_begun:
        return
    _same_end(talk, first, second)


def _same_end(talk: Talk, first: Answer, second: Answer) -> None:
    """Both readers have the same task; a version that gives no snapshot gives the rest of the stream."""
    waits = "waits for ever" if second.end == "silent" else "is left"
    talk.require(
        second.has_settled,
        f"the first reader has seen {tell_state(first.state)}, and the second one {waits} "
        f"at {tell_state(second.state)}",
    )
    if not is_terminal(first.state):
        return  # the task waits for an answer, and may have gone on
    if second.items and not isinstance(second.items[0], Task):
        talk.require(second.dialect.version != "1.0", "a subscription begins with the Task, and this one does not")
        rest = first.items[len(first.items) - len(second.items) :]
        talk.require(rest == second.items, "the second reader's events are not the rest of the first one's")
        return
    assert first.task is not None, "looked at before"
    assert second.task is not None, "it has settled, and begins with the Task"
    wrong = difference(first.task, second.task, names=("the first reader", "the second one"))
    talk.require(wrong is None, wrong or "")


def cancel(talk: Talk, joining: Joining) -> None:
    """A cancel ends the task, or is refused; the stream and the task say the same afterwards."""
    version = joining.prompt.version
    stream = talk.stream(joining.prompt)
    stream.read(1 + joining.after)
    if stream.task_id is None or stream.flaw is not None:
        return
    had_ended = stream.state if is_terminal(stream.state) else None
    answer = talk.cancel(stream.task_id, version)
    stream.read_until_settled()
    if answer.flaw is not None:
        talk.fail(f"the answer to the cancel: {answer.flaw}")
    task = answer.task
    if task is None:
        return
    talk.require(task.id == stream.task_id, f"{stream.task_id!r} was to be canceled, and the answer is of {task.id!r}")
    if had_ended is not None:
        talk.require(
            task.state is had_ended,
            f"the task had ended as {tell_state(had_ended)}, and a cancel is answered with {tell_state(task.state)}",
        )
    elif is_terminal(task.state):
        _ends_as(talk, stream, task, version)


def _ends_as(talk: Talk, stream: Answer, task: Task, version: str) -> None:
    """The cancel was answered with a state that is final: it is everywhere."""
    said = f"the cancel was answered with {tell_state(task.state)}"
    if stream.end == "silent":
        talk.require(stream.has_settled, f"{said}, and {talk.patience:g} seconds later its stream is still open")
    elif stream.is_whole:
        talk.require(stream.state is task.state, f"{said}, and the stream ended with {tell_state(stream.state)}")
    stored = talk.get(task.id, version)
    if stored.task is not None:
        talk.require(stored.state is task.state, f"{said}, and the task is {tell_state(stored.state)} afterwards")


def leaves(talk: Talk, joining: Joining) -> None:
    """A reader who leaves harms neither the task nor whoever asks next."""
    version = joining.prompt.version
    gone = talk.stream(joining.prompt)
    gone.read(1 + joining.after)
    if gone.task_id is None or gone.flaw is not None:
        return
    gone.leave()
    following = talk.stream(joining.prompt)
    following.read(1)
    talk.require(
        following.has_begun or following.end == "open",
        "a reader has left, and whoever asks next has no answer: " + _ending(following),
    )
    task = _followed(talk, gone.task_id, version)
    if task is None:
        return
    if is_terminal(gone.state):
        talk.require(
            task.state is gone.state,
            f"a reader has left when the task was {tell_state(gone.state)}, and now it is {tell_state(task.state)}",
        )


def _followed(talk: Talk, task_id: str, version: str) -> Task | None:
    """The task that a reader has left, when it has settled; None where nobody tells."""
    again = talk.subscribe(task_id, version)
    again.read_until_settled()
    if again.error is None and again.items and again.end == "silent":
        talk.require(
            again.has_settled,
            f"a reader has left, and {talk.patience:g} seconds later the task is still {tell_state(again.state)}",
        )
    stored = talk.get(task_id, version)
    if stored.error is not None and stored.error.code == Code.TASK_NOT_FOUND:
        talk.fail(f"a reader has left, and nobody knows the task {task_id!r} any more")
    return stored.task


def _ending(answer: Answer) -> str:
    return answer.conversation.reason or f"nothing for {answer.patience:g} seconds"


def at_once(talk: Talk, several: Several) -> None:
    """Conversations at one time have nothing of each other."""
    answers = [talk.stream(prompt) for prompt in several.prompts]
    for turn in several.turns:
        answers[turn % len(answers)].next()
    for answer in answers:
        answer.read_all()
    told = [answer for answer in answers if answer.task is not None]
    owners: dict[str, int] = {}
    for answer in told:
        number = 1 + answers.index(answer)
        talk.require(answer.flaw is None, f"of {len(answers)} conversations at once, number {number}: {answer.flaw}")
        for task_id in dict.fromkeys(_task_ids(answer)):
            owner = owners.setdefault(task_id, number)
            talk.require(
                owner == number, f"the task {task_id!r} is in the streams of two callers, number {owner} and {number}"
            )


def _task_ids(answer: Answer) -> list[str]:
    found = [item.id if isinstance(item, Task) else item.task_id for item in answer.items]
    return [each for each in found if each is not None]
