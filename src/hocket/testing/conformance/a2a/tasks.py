"""Tasks that are there: looked at, cancelled, followed."""

from __future__ import annotations

from typing import Any

from hocket.testing.conformance.a2a.caller import Caller, compact
from hocket.testing.conformance.a2a.rules import SHOULD, Line, a2a_rules
from hocket.testing.conformance.a2a.shapes import mistakes_in
from hocket.testing.conformance.a2a.streams import artifacts_of
from hocket.testing.conformance.a2a.wire import SETTLED, TERMINAL, WAITING, Item
from hocket.testing.conformance.trial import Heard

__all__ = ["TASK_RULES"]

_PARAMS, _NOT_FOUND, _NOT_CANCELABLE, _UNSUPPORTED = -32602, -32001, -32002, -32004
_NO_TASK = {"id": "no-such-task"}


def _get(caller: Caller) -> None:
    task = caller.settled_task()
    found = caller.get(task["id"])
    caller.trial.require(found["id"] == task["id"], f"the task {task['id']} was asked for, and {found['id']} came")
    mistakes = mistakes_in(Item(kind="task", value=found), caller.wire)
    caller.trial.require(not mistakes, "; ".join(mistakes[:5]))


def _get_unknown(caller: Caller) -> None:
    caller.refusal(caller.call("get", _NO_TASK), _NOT_FOUND)


def _get_twice(caller: Caller) -> None:
    task = caller.ended_task()
    first, second = caller.get(task["id"]), caller.get(task["id"])
    caller.trial.require(first == second, f"two looks at a task that is over differ: {compact([first, second])}")


def _no_history(caller: Caller) -> None:
    found = caller.get(caller.settled_task()["id"], historyLength=0)
    caller.trial.require(not found.get("history"), f"historyLength 0 gave {compact(found.get('history'))}")


def _some_history(caller: Caller) -> None:
    task = caller.settled_task()
    whole = caller.get(task["id"]).get("history") or []
    if not whole:
        caller.trial.skip("the agent keeps no history")
    some = caller.get(task["id"], historyLength=1).get("history") or []
    caller.trial.require(len(some) <= 1, f"historyLength 1 gave {len(some)} messages")
    caller.trial.require(
        some in ([], whole[-1:]), f"historyLength 1 gave another message than the latest: {compact(some)}"
    )


def _negative_history(caller: Caller) -> None:
    caller.refusal(caller.call("get", {"id": caller.settled_task()["id"], "historyLength": -1}), _PARAMS)


def _cancel(caller: Caller) -> None:
    heard, task = caller.running()
    state = _cancelled(caller, task["id"])
    if state in TERMINAL - {"canceled"}:
        caller.trial.skip(f"the agent's task was {state} before it could be cancelled")
    caller.trial.require(state == "canceled", f"a task that was cancelled is {state}")
    rest = caller.told(heard).items
    states = [caller.wire.state(item.value) for item in rest if item.kind in ("task", "status")]
    if states and states[-1] in SETTLED - TERMINAL:
        caller.trial.skip(f"the agent's task was {states[-1]}, and its stream at its end, before it could be cancelled")
    caller.trial.require(states[-1:] == ["canceled"], f"the stream of a cancelled task ended with {states[-1:]}")
    caller.trial.require(heard.end == "complete", f"the stream of a cancelled task was {heard.end}")


def _cancel_without_stream(caller: Caller) -> None:
    task = caller.new_task(waits=False)
    if caller.wire.state(task) in TERMINAL:
        caller.trial.skip("the agent ended before it could be cancelled")
    state = _cancelled(caller, task["id"])
    found = caller.wire.state(caller.get(task["id"]))
    caller.trial.require(found == state, f"the answer to a cancel says {state}, and the task is {found}")


def _cancelled(caller: Caller, task_id: Any) -> str:
    """The state that the answer to a cancel has."""
    answer = caller.call("cancel", {"id": task_id})
    if answer.error is not None:
        caller.refusal(answer, _NOT_CANCELABLE, _UNSUPPORTED)
        caller.trial.skip(f"the agent did not let itself be cancelled: {compact(answer.error)}")
    return caller.wire.state(caller.task_in(caller.result(answer)))


def _cancel_ended(caller: Caller) -> None:
    task = caller.ended_task()
    if caller.wire.state(task) == "canceled":
        caller.trial.skip("the agent's task ended canceled")
    caller.refusal(caller.call("cancel", {"id": task["id"]}), _NOT_CANCELABLE)


def _cancel_unknown(caller: Caller) -> None:
    caller.refusal(caller.call("cancel", _NO_TASK), _NOT_FOUND)


def _cancel_twice(caller: Caller) -> None:
    task = caller.new_task(waits=False)
    if caller.wire.state(task) in TERMINAL:
        caller.trial.skip("the agent ended before it could be cancelled")
    if _cancelled(caller, task["id"]) != "canceled":
        caller.trial.skip("the agent's task was not cancelled")
    again = caller.call("cancel", {"id": task["id"]})
    if again.error is not None:
        caller.refusal(again, _NOT_CANCELABLE, _NOT_FOUND)
    else:
        state = caller.wire.state(caller.task_in(caller.result(again)))
        caller.trial.require(state == "canceled", f"after the second cancel the task is {state}")


def _subscribed(caller: Caller, task_id: Any) -> Heard:
    return caller.trial.open(caller.ask("subscribe", {"id": task_id}))


def _subscribe_unknown(caller: Caller) -> None:
    caller.needs("streaming")
    caller.refusal(caller.read(_subscribed(caller, "no-such-task")), _NOT_FOUND)


def _subscribe_ended(caller: Caller) -> None:
    caller.needs("streaming")
    caller.refusal(caller.read(_subscribed(caller, caller.ended_task()["id"])), _UNSUPPORTED)


def _subscribe_first(caller: Caller) -> None:
    _, task = caller.running()
    first = caller.item(_joined_in_time(caller, task["id"])[1])
    caller.trial.require(first.kind == "task", f"the first event of a subscription is a {first.kind}, and no Task")
    caller.trial.require(first.task_id == task["id"], f"the subscription to {task['id']} is to {first.task_id}")


def _joined_in_time(caller: Caller, task_id: Any) -> tuple[Heard, Any]:
    """A second reader, and the first it was given, if the task was still there to be joined."""
    second = _subscribed(caller, task_id)
    answer = caller.read(second)
    if answer.error is not None:
        caller.refusal(answer, _UNSUPPORTED)
        caller.trial.skip("the agent ended before a second reader could join")
    return second, answer


def _subscribe_same(caller: Caller) -> None:
    heard, task = caller.running()
    second, first_answer = _joined_in_time(caller, task["id"])
    joined = caller.told(second)
    caller.told(heard)
    if heard.end == second.end == "silent":
        caller.trial.skip("the agent takes longer than is waited")
    items = (caller.item(first_answer), *joined.items)
    told = artifacts_of(items)
    kept = caller.get(task["id"])
    last = [caller.wire.state(item.value) for item in items if item.kind in ("task", "status")][-1]
    caller.trial.require(last == caller.wire.state(kept), f"the second reader's last state is {last}")
    is_over = second.end == "complete" or (second.end == "silent" and last in WAITING)
    caller.trial.require(is_over, f"the second reader's stream was {second.how} after {last}")
    wanted = artifacts_of((Item(kind="task", value=kept),))
    caller.trial.require(told == wanted, f"the second reader was told {compact(told)}, and there is {compact(wanted)}")


TASK_RULES = a2a_rules(
    "tasks",
    (
        Line(
            name="get",
            title="A task can be looked at, and is given without anything around it",
            sections={"1.0": "§3.1.3", "0.3": "§7.3"},
            play=_get,
        ),
        Line(
            name="get-unknown",
            title="A task that is not there is answered with -32001",
            sections={"1.0": "§3.1.3", "0.3": "§8.2"},
            play=_get_unknown,
        ),
        Line(
            name="get-again",
            title="A task that is over stays as it is",
            sections={"1.0": "§3.3.1", "0.3": "§7.3"},
            play=_get_twice,
        ),
        Line(
            name="history-none",
            title="historyLength 0 gives no history",
            sections={"1.0": "§3.2.4"},
            play=_no_history,
        ),
        Line(
            name="history-some",
            title="historyLength 1 gives the latest message at the most",
            sections={"1.0": "§3.2.4", "0.3": "§7.3.1"},
            play=_some_history,
        ),
        Line(
            name="history-negative",
            title="A negative historyLength is refused with -32602",
            sections={"1.0": "§3.2.4"},
            play=_negative_history,
            level=SHOULD,
        ),
        Line(
            name="cancel",
            title="A cancelled task is CANCELED, and so its stream ends",
            sections={"1.0": "§3.1.5", "0.3": "§7.4"},
            play=_cancel,
        ),
        Line(
            name="cancel-get",
            title="After a cancel the task is in the state that the answer said",
            sections={"1.0": "§3.1.5", "0.3": "§7.4"},
            play=_cancel_without_stream,
        ),
        Line(
            name="cancel-ended",
            title="To cancel a task that is over is refused with -32002",
            sections={"1.0": "§3.1.5", "0.3": "§8.2"},
            play=_cancel_ended,
        ),
        Line(
            name="cancel-again",
            title="A second cancel does no more than the first",
            sections={"1.0": "§3.3.1", "0.3": "§7.4"},
            play=_cancel_twice,
        ),
        Line(
            name="subscribe-unknown",
            title="To follow a task that is not there is refused with -32001",
            sections={"1.0": "§3.1.6", "0.3": "§8.2"},
            play=_subscribe_unknown,
        ),
        Line(
            name="subscribe-ended",
            title="To follow a task that is over is refused with -32004",
            sections={"1.0": "§3.1.6"},
            play=_subscribe_ended,
        ),
        Line(
            name="subscribe-first",
            title="A subscription begins with the Task as it stands",
            sections={"1.0": "§3.1.6"},
            play=_subscribe_first,
        ),
        Line(
            name="subscribe-same",
            title="A second reader has in the end what the first has, and is told the end",
            sections={"1.0": "§3.5.2"},
            play=_subscribe_same,
        ),
        Line(
            name="cancel-unknown",
            title="To cancel a task that is not there is refused with -32001",
            sections={"1.0": "§3.1.5", "0.3": "§8.2"},
            play=_cancel_unknown,
        ),
    ),
)
