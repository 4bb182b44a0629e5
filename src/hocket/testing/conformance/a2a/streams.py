"""Streams: what they begin with, what comes in between, and how they end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hocket.testing.conformance.a2a.caller import Caller, Story, compact
from hocket.testing.conformance.a2a.rules import HTTP, SHOULD, Line, a2a_rules
from hocket.testing.conformance.a2a.shapes import mistakes_in
from hocket.testing.conformance.a2a.wire import SETTLED, TERMINAL, WAITING, Item

__all__ = ["STREAM_RULES", "artifacts_of"]

_NOT_FOUND = -32001

_A_WHILE = 0.3
"""Seconds after which an agent has noticed that a reader is gone."""


def _is_event_stream(caller: Caller) -> None:
    heard = caller.story().heard
    kind = heard.headers.get("content-type", "")
    is_stream = heard.status == 200 and kind.partition(";")[0].strip().lower() == "text/event-stream"
    caller.trial.require(is_stream, f"a stream came with the status {heard.status} and the Content-Type {kind!r}")


def _first(caller: Caller) -> None:
    story = caller.story()
    caller.trial.require(bool(story.items), f"there was no event; the stream was {story.how}")
    kind = story.items[0].kind
    caller.trial.require(kind in ("task", "message"), f"the first event is a {kind}, and neither Task nor Message")


def _ids(caller: Caller) -> None:
    caller.needs("streaming")
    heard = caller.trial.open(caller.ask("stream", {"message": caller.message()}, request_id="stream-7"))
    for message in caller.trial.rest(heard):
        body = caller.json(message)
        found = body.get("id") if isinstance(body, Mapping) else None
        caller.trial.require(found == "stream-7", f"the id of the request is 'stream-7', of an event {found!r}")


def _shape(caller: Caller) -> None:
    for item in caller.story().items:
        mistakes = mistakes_in(item, caller.wire)
        caller.trial.require(not mistakes, "; ".join(mistakes[:5]))


def _one_task(caller: Caller) -> None:
    story, task = _task_story(caller)
    for item in story.items[1:]:
        found = item.task_id, item.value.get("contextId")
        wanted = task.get("id"), task.get("contextId")
        caller.trial.require(found == wanted, f"the task and context are {wanted}, and a {item.kind} has {found}")


def _ends(caller: Caller) -> None:
    story = caller.story()
    end = story.end
    wait = caller.trial.session.timeout
    last = _last_state(caller, story)
    how = f"stayed open for {wait:g} s" if end == "silent" else f"was {story.how}"
    may_stay_open = caller.wire.is_new and end == "silent" and last in WAITING
    is_over = end == "complete" or may_stay_open
    caller.trial.require(is_over, f"the stream {how} after its last event ({last or 'no status'})")


def _ends_settled(caller: Caller) -> None:
    story, _ = _task_story(caller)
    last = _last_state(caller, story)
    is_settled = last in SETTLED
    caller.trial.require(is_settled, f"the stream ended while its task was {last or 'in no state'}")


def _nothing_after(caller: Caller) -> None:
    story, _ = _task_story(caller)
    states = [caller.wire.state(item.value) if item.kind in ("task", "status") else "" for item in story.items]
    over = [number for number, state in enumerate(states) if state in TERMINAL]
    if not over:
        caller.trial.skip("the agent's task does not end in one turn")
    after = [item for item in story.items[over[0] + 1 :] if item.kind != "task"]
    what = compact(after[0].value) if after else ""
    caller.trial.require(not after, f"after {states[over[0]]} there came a {after[0].kind if after else ''}: {what}")


def _message_alone(caller: Caller) -> None:
    story = caller.story()
    messages = [item for item in story.items if item.kind == "message"]
    if not messages:
        caller.trial.skip("the agent answers with a task, and not with a Message")
    caller.trial.require(len(story.items) == 1, f"a stream with a Message has {len(story.items)} events, and not one")


def _final_once(caller: Caller) -> None:
    story, _ = _task_story(caller)
    updates = [item.value for item in story.items if item.kind == "status"]
    finals = [update.get("final") is True for update in updates]
    is_right = bool(finals) and finals[-1] and not any(finals[:-1])
    caller.trial.require(is_right, f"final must be true on the last status of a stream and on no other: {finals}")


def _nothing_old(caller: Caller) -> None:
    for item in caller.story().items:
        old = [name for name in ("final", "kind") if name in item.value]
        caller.trial.require(not old, f"{' and '.join(old)} of 0.3 is in a {item.kind} of 1.0")


def _artifacts_begin(caller: Caller) -> None:
    story, task = _task_story(caller)
    known = {each.get("artifactId") for each in task.get("artifacts") or []}
    for item in story.items:
        if item.kind == "artifact":
            artifact = item.value.get("artifact") or {}
            name = artifact.get("artifactId")
            is_begun = name in known or item.value.get("append") is not True
            caller.trial.require(is_begun, f"the first chunk of the artifact {name!r} is an append")
            known.add(name)


def _get_agrees(caller: Caller) -> None:
    story, task = _task_story(caller)
    found = caller.get(task["id"])
    state, last = caller.wire.state(found), _last_state(caller, story)
    caller.trial.require(state == last, f"the stream ended with {last}, and the task is {state}")
    told, kept = artifacts_of(story.items), _artifacts_in(found)
    caller.trial.require(told == kept, f"the stream gave {compact(told)}, and the task has {compact(kept)}")


def _send_agrees(caller: Caller) -> None:
    story, _ = _task_story(caller)
    called, last = caller.wire.state(caller.settled_task()), _last_state(caller, story)
    if called not in SETTLED:
        caller.trial.skip("the call did not wait for its task")
    is_same = (last in TERMINAL) == (called in TERMINAL)
    caller.trial.require(is_same, f"after a call the task is {called}, and after a stream {last}")


def _unknown_task(caller: Caller) -> None:
    caller.needs("streaming")
    heard = caller.open_stream(caller.message(taskId="no-such-task"))
    caller.refusal(caller.read(heard), _NOT_FOUND)


def _refused_plainly(caller: Caller) -> None:
    caller.needs("streaming")
    answer = caller.read(caller.open_stream(caller.message(taskId="no-such-task")))
    caller.refusal(answer)
    kind = answer.heard.headers.get("content-type", "")
    is_plain = not kind.startswith("text/event-stream")
    caller.trial.require(is_plain, "a stream that was refused before it began came as text/event-stream")


def _leaving(caller: Caller) -> None:
    heard, task = caller.running()
    heard.conversation.close()
    caller.trial.probe.wait(_A_WHILE)
    state = caller.wire.state(caller.get(task["id"]))
    caller.trial.require(state != "canceled", "a reader left its stream, and the task was cancelled")


def _others_go_on(caller: Caller) -> None:
    if caller.story().end == "silent":
        caller.trial.skip("the agent takes longer than is waited")
    heard, task = caller.running()
    other = caller.trial.open(caller.ask("subscribe", {"id": task["id"]}))
    if caller.read(other).error is not None:
        caller.trial.skip("the agent ended before a second reader could join")
    other.conversation.close()
    items = caller.told(heard).items
    states = [caller.wire.state(item.value) for item in items if item.kind in ("task", "status")]
    is_told = heard.end != "cut" and states[-1:] != [] and states[-1] in SETTLED
    caller.trial.require(is_told, f"a second reader left, and the first one's stream was {heard.how} after {states}")


def _task_story(caller: Caller) -> tuple[Story, Mapping[str, Any]]:
    """A stream that is that of a task."""
    story = caller.story()
    if story.task is None:
        caller.trial.skip("the stream does not begin with a Task")
    return story, story.task


def _last_state(caller: Caller, story: Story) -> str:
    states = [caller.wire.state(item.value) for item in story.items if item.kind in ("task", "status")]
    return states[-1] if states else ""


def artifacts_of(items: Iterable[Item]) -> dict[str, list[Any]]:
    """The Parts of each artifact that events make: replaced, or extended with `append`."""
    found: dict[str, list[Any]] = {}
    for item in items:
        if item.kind == "task":
            found = _artifacts_in(item.value)
        elif item.kind == "artifact" and isinstance(item.value.get("artifact"), Mapping):
            artifact = item.value["artifact"]
            name, parts = str(artifact.get("artifactId")), list(artifact.get("parts") or [])
            found[name] = [*found.get(name, []), *parts] if item.value.get("append") is True else parts
    return {name: _joined(parts) for name, parts in found.items()}


def _artifacts_in(task: Mapping[str, Any]) -> dict[str, list[Any]]:
    listed = task.get("artifacts") or []
    return {str(each.get("artifactId")): _joined(each.get("parts") or []) for each in listed}


def _joined(parts: list[Any]) -> list[Any]:
    """Parts, neighbouring plain texts as one: how a text was cut does not matter here."""
    joined: list[Any] = []
    for part in parts:
        text = part.get("text") if isinstance(part, Mapping) and set(part) <= {"text", "kind"} else None
        if isinstance(text, str):
            if joined and isinstance(joined[-1], str):
                joined[-1] += text
            else:
                joined.append(text)
        else:
            joined.append(part)
    return joined


STREAM_RULES = a2a_rules(
    "streams",
    (
        Line(
            name="stream-type",
            title="A stream has the status 200 and the Content-Type text/event-stream",
            sections={"1.0": "§9.4.2", "0.3": "§3.3.1"},
            play=_is_event_stream,
            bindings=HTTP,
        ),
        Line(
            name="stream-ids",
            title="Each event is a response with the id of the request",
            sections={"1.0": "§9.4.2", "0.3": "§3.3.1"},
            play=_ids,
        ),
        Line(
            name="stream-first",
            title="The first event is a Task, or a Message",
            sections={"1.0": "§3.1.2", "0.3": "§7.2.1"},
            play=_first,
        ),
        Line(
            name="stream-shape",
            title="Each event is one thing, and has all members that are required",
            sections={"1.0": "§4.2", "0.3": "§7.2"},
            play=_shape,
        ),
        Line(
            name="stream-one-task",
            title="All events have the ids of the task and of its context",
            sections={"1.0": "§4.2", "0.3": "§7.2"},
            play=_one_task,
        ),
        Line(
            name="stream-ends",
            title="The stream is closed by the agent when its task is over",
            sections={"1.0": "§3.1.2", "0.3": "§7.2"},
            play=_ends,
        ),
        Line(
            name="stream-settled",
            title="A stream does not end while its task is at work",
            sections={"1.0": "§3.1.2", "0.3": "§7.2"},
            play=_ends_settled,
        ),
        Line(
            name="stream-nothing-after",
            title="Nothing comes after a final state",
            sections={"1.0": "§3.1.2", "0.3": "§7.2"},
            play=_nothing_after,
        ),
        Line(
            name="stream-message",
            title="A stream with a Message has nothing else",
            sections={"1.0": "§3.1.2", "0.3": "§7.2.1"},
            play=_message_alone,
        ),
        Line(
            name="stream-final",
            title="The last status has final: true, and no other has",
            sections={"0.3": "§7.2.2"},
            play=_final_once,
        ),
        Line(
            name="stream-no-final",
            title="No event has the members final or kind of 0.3",
            sections={"1.0": "§4.2"},
            play=_nothing_old,
        ),
        Line(
            name="stream-append",
            title="An artifact does not begin with append: true",
            sections={"1.0": "§4.2.2", "0.3": "§7.2.3"},
            play=_artifacts_begin,
            level=SHOULD,
        ),
        Line(
            name="stream-get",
            title="When the stream has ended, the task has the state and the artifacts that it told",
            sections={"1.0": "§3.5.2", "0.3": "§7.3"},
            play=_get_agrees,
        ),
        Line(
            name="stream-send",
            title="A stream and a call come to the same kind of end",
            sections={"1.0": "§5.1", "0.3": "§3.4.1"},
            play=_send_agrees,
            level=SHOULD,
        ),
        Line(
            name="stream-unknown-task",
            title="A stream for a task that is not there is refused with -32001",
            sections={"1.0": "§3.1.2", "0.3": "§8.2"},
            play=_unknown_task,
        ),
        Line(
            name="stream-refused",
            title="A stream that is refused before it begins is a plain response",
            sections={"1.0": "§9.4.2"},
            play=_refused_plainly,
            level=SHOULD,
            bindings=HTTP,
        ),
        Line(
            name="stream-leave",
            title="A task goes on when a reader leaves its stream",
            sections={"1.0": "§3.5.2", "0.3": "§7.2"},
            play=_leaving,
            level=SHOULD,
        ),
        Line(
            name="stream-others",
            title="A stream goes on when another reader of its task leaves",
            sections={"1.0": "§3.5.2"},
            play=_others_go_on,
        ),
    ),
)
