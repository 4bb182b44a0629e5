"""Sending a message: what comes back, when, and in which conversation it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hocket.testing.conformance.a2a.caller import Caller
from hocket.testing.conformance.a2a.rules import SHOULD, Line, a2a_rules
from hocket.testing.conformance.a2a.shapes import mistakes_in
from hocket.testing.conformance.a2a.wire import SETTLED, TERMINAL, Item

__all__ = ["SENDING_RULES"]

_NOT_FOUND, _UNSUPPORTED, _CONTENT_TYPE = -32001, -32004, -32005


def _answers(caller: Caller) -> None:
    found = caller.item(caller.sent())
    caller.trial.require(found.kind in ("task", "message"), f"a {found.kind} is no answer to a message")


def _shape(caller: Caller) -> None:
    item = caller.item(caller.sent())
    mistakes = mistakes_in(item, caller.wire)
    caller.trial.require(not mistakes, "; ".join(mistakes[:5]))
    if item.kind == "message":
        role = item.value.get("role")
        caller.trial.require(role == caller.wire.agent, f"the role of an answer is {role!r}")


def _camel_case(caller: Caller) -> None:
    wrong = sorted({name for name in _names_in(caller.item(caller.sent()).value) if "_" in name})
    caller.trial.require(not wrong, f"members are to be in camelCase, and are {', '.join(wrong)}")


def _names_in(value: Any) -> Iterator[str]:
    """The names of members, but for those in what may hold anything."""
    if isinstance(value, Mapping):
        yield from value
        for name, each in value.items():
            yield from () if name in ("metadata", "data") else _names_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _names_in(each)


def _waits(caller: Caller) -> None:
    task = caller.new_task()
    state = caller.wire.state(task)
    caller.trial.require(state in SETTLED, f"the call was to wait for its task, and came back while it was {state}")


def _waits_unasked(caller: Caller) -> None:
    item = caller.item(caller.call("send", {"message": caller.message()}))
    if item.kind != "task":
        caller.trial.skip("the agent answers with a Message, and has no task to wait for")
    state = caller.wire.state(item.value)
    caller.trial.require(state in SETTLED, f"without returnImmediately the call came back while its task was {state}")


def _begins(caller: Caller) -> None:
    task = caller.new_task(waits=False)
    found = caller.get(task["id"])
    caller.trial.require(found["id"] == task["id"], f"the task that was begun is {task['id']}, not {found['id']}")


def _new_tasks(caller: Caller) -> None:
    first, second = caller.settled_task(), caller.new_task()
    caller.trial.require(first["id"] != second["id"], f"two messages without a taskId are the same task {first['id']}")


def _new_context(caller: Caller) -> None:
    item = caller.item(caller.sent())
    if item.kind == "message":
        caller.trial.skip("the agent answers with a Message, which need not be in a context")
    context = item.value.get("contextId")
    made = caller.get(item.task_id).get("contextId") if caller.wire.is_new else "one"  # in 1.0 a server may make none
    is_said = bool(context) or not made
    caller.trial.require(is_said, f"the server has made the contextId {made!r}, and the answer does not say it")


def _keeps_context(caller: Caller) -> None:
    context = caller.trial.probe.fresh_id()
    answer = caller.sent(caller.message(contextId=context))
    if answer.error is not None:
        return  # it may refuse the contexts of others; it may not put another in their place
    found = caller.item(answer).value.get("contextId")
    caller.trial.require(found == context, f"the contextId was {context!r}, and the answer has {found!r}")


def _unknown_task(caller: Caller) -> None:
    caller.refusal(caller.sent(caller.message(taskId="no-such-task")), _NOT_FOUND)


def _over_is_over(caller: Caller) -> None:
    task = caller.ended_task()
    answer = caller.sent(caller.message(**caller.following(task)))
    if caller.wire.is_new:
        caller.refusal(answer, _UNSUPPORTED)
    else:
        caller.refusal(answer)
    state = caller.wire.state(caller.get(task["id"]))
    before = caller.wire.state(task)
    caller.trial.require(state == before, f"the task was {before}, and after one more message it is {state}")


def _other_context(caller: Caller) -> None:
    task = caller.settled_task()
    caller.context_of(task)
    caller.refusal(caller.sent(caller.message(taskId=task["id"], contextId=caller.trial.probe.fresh_id())))


def _goes_on(caller: Caller) -> None:
    task = caller.waiting_task()
    item = caller.item(caller.sent(caller.message(**caller.following(task))))
    _is_same(caller, task, item)


def _infers_context(caller: Caller) -> None:
    task = caller.waiting_task()
    item = caller.item(caller.sent(caller.message(taskId=task["id"])))
    _is_same(caller, task, item)


def _is_same(caller: Caller, task: Mapping[str, Any], item: Item) -> None:
    caller.trial.require(item.task_id == task["id"], f"the answer to {task['id']} went on as {item.task_id}")
    found, wanted = item.value.get("contextId"), task.get("contextId")
    caller.trial.require(found == wanted, f"the task's contextId is {wanted!r}, and after the answer {found!r}")


def _waits_with_words(caller: Caller) -> None:
    message = caller.waiting_task()["status"].get("message")
    caller.trial.require(isinstance(message, Mapping), "a task that waits for input does not say for what")


def _media_type(caller: Caller) -> None:
    part: dict[str, Any] = {"text": "x", "mediaType": "application/x-hocket-nobody-reads-this"}
    if not caller.wire.is_new:
        file = {"bytes": "eA==", "mimeType": "application/x-hocket-nobody-reads-this"}
        part = {"kind": "file", "file": file}
    answer = caller.sent({**caller.message(), "parts": [part]})
    if answer.error is not None:
        caller.refusal(answer, _CONTENT_TYPE)


def _at_the_same_time(caller: Caller) -> None:
    asked = [caller.ask("send", {"message": caller.message()}, request_id=name) for name in ("a", "b", "c")]
    heard = [caller.trial.open(each) for each in asked]
    answers = [caller.read(each) for each in reversed(heard)]
    ids = [answer.id for answer in answers]
    caller.trial.require(ids == ["c", "b", "a"], f"calls at the same time were answered with the ids {ids}")
    items = [caller.item(each) for each in answers]
    tasks = [item.task_id for item in items if item.kind == "task"]
    caller.trial.require(len(set(tasks)) == len(tasks), f"calls at the same time got the same task: {tasks}")


def _final_state(caller: Caller) -> None:
    task = caller.ended_task()
    state = caller.wire.state(caller.get(task["id"]))
    caller.trial.require(state in TERMINAL, f"the call waited for the end of the task, which is now {state!r}")


SENDING_RULES = a2a_rules(
    "messages",
    (
        Line(
            name="send",
            title="A message is answered with a Task or a Message, and with nothing else",
            sections={"1.0": "§3.1.1", "0.3": "§7.1"},
            play=_answers,
        ),
        Line(
            name="send-shape",
            title="The answer has all members that are required, in the form that they must have",
            sections={"1.0": "§4.1", "0.3": "§6"},
            play=_shape,
        ),
        Line(
            name="send-names",
            title="The names of members are in camelCase",
            sections={"1.0": "§5.5"},
            play=_camel_case,
        ),
        Line(
            name="send-waits",
            title="A call that is to wait comes back when its task is over or waits for the caller",
            sections={"1.0": "§3.2.2", "0.3": "§7.1.2"},
            play=_waits,
        ),
        Line(
            name="send-waits-unasked",
            title="A call waits where it does not say returnImmediately",
            sections={"1.0": "§3.2.2"},
            play=_waits_unasked,
        ),
        Line(
            name="send-at-once",
            title="A call that is not to wait gives a task that is there",
            sections={"1.0": "§3.2.2", "0.3": "§7.1.2"},
            play=_begins,
        ),
        Line(
            name="send-final",
            title="The state with which a waiting call comes back is what the task says, too",
            sections={"1.0": "§3.2.2", "0.3": "§7.3"},
            play=_final_state,
        ),
        Line(
            name="task-ids",
            title="Each message without a taskId has a task of its own",
            sections={"1.0": "§3.4.2", "0.3": "§7.1"},
            play=_new_tasks,
        ),
        Line(
            name="calls-at-once",
            title="Calls at the same time get each its own answer",
            sections={"1.0": "§3.3.3", "0.3": "§6.11"},
            play=_at_the_same_time,
        ),
        Line(
            name="context-new",
            title="Where the server makes a contextId, it says it",
            sections={"1.0": "§3.4.1", "0.3": "§6.1"},
            play=_new_context,
        ),
        Line(
            name="context-kept",
            title="A contextId of the caller is kept or refused, and never replaced",
            sections={"1.0": "§3.4.1"},
            play=_keeps_context,
        ),
        Line(
            name="context-mismatch",
            title="A taskId with the contextId of something else is refused",
            sections={"1.0": "§3.4.3"},
            play=_other_context,
        ),
        Line(
            name="message-unknown-task",
            title="A message to a task that is not there is refused with -32001",
            sections={"1.0": "§3.4.2", "0.3": "§8.2"},
            play=_unknown_task,
        ),
        Line(
            name="message-to-ended",
            title="A message to a task that is over is refused, and changes nothing",
            sections={"1.0": "§3.1.1", "0.3": "§6.3"},
            play=_over_is_over,
        ),
        Line(
            name="follow-up",
            title="The answer to a question goes on with the same task",
            sections={"1.0": "§3.4.3", "0.3": "§9.4"},
            play=_goes_on,
        ),
        Line(
            name="follow-up-context",
            title="The context of a follow-up is known from its task",
            sections={"1.0": "§3.4.3"},
            play=_infers_context,
        ),
        Line(
            name="question-said",
            title="A task that waits for input says what for",
            sections={"1.0": "§3.4.3", "0.3": "§9.4"},
            play=_waits_with_words,
            level=SHOULD,
        ),
        Line(
            name="media-type",
            title="A media type that the agent does not take is refused with -32005, if it is refused",
            sections={"1.0": "§3.1.1", "0.3": "§8.2"},
            play=_media_type,
        ),
    ),
)
