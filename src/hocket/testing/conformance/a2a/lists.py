"""Lists of tasks, in pages (1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hocket.testing.conformance.a2a.caller import Caller, CallerPlay, compact
from hocket.testing.conformance.a2a.rules import SHOULD, Line, a2a_rules
from hocket.testing.conformance.a2a.wire import SETTLED, state_of

__all__ = ["LIST_RULES"]

_METHOD, _PARAMS, _UNSUPPORTED = -32601, -32602, -32004
_PAGES = 50
"""Pages that are turned before a list counts as endless."""


def _page(caller: Caller, **params: Any) -> Mapping[str, Any]:
    """One page, which must be whole."""
    page = caller.result(caller.call("list", params))
    require = caller.trial.require
    if not isinstance(page, Mapping):
        caller.trial.fail(f"a page is no object: {compact(page)}")
    require(isinstance(page.get("tasks"), list), f"a page has no list of tasks: {compact(page)}")
    token = page.get("nextPageToken")
    require(isinstance(token, str), f'nextPageToken must be there, "" on the last page, and is {token!r}')
    return page


def _having_lists(play: CallerPlay) -> CallerPlay:
    """A play for agents that have lists: that there are none is told once, by the first rule."""

    def played(caller: Caller) -> None:
        error = caller.trial.sample("lists", lambda: caller.call("list", {"pageSize": 1})).error
        if error is not None and error.get("code") in (_METHOD, _UNSUPPORTED):
            caller.trial.skip(f"the agent has no lists: {compact(error)}")
        play(caller)

    return played


def _is_whole(caller: Caller) -> None:
    caller.settled_task()
    page = _page(caller)
    for name in ("pageSize", "totalSize"):
        found = page.get(name)
        is_count = isinstance(found, int) and not isinstance(found, bool) and found >= 0
        caller.trial.require(is_count, f"{name} of a page must be a number, and is {found!r}")
    for task in page["tasks"]:
        caller.task_in(task)


def _has_the_new_one(caller: Caller) -> None:
    task = caller.new_task()
    ids = [each.get("id") for each in _page(caller)["tasks"]]
    caller.trial.require(task["id"] in ids, f"the task {task['id']} has just been begun, and is not in the list")


def _of_a_context(caller: Caller) -> None:
    context = caller.context_of(caller.settled_task())
    tasks = _page(caller, contextId=context)["tasks"]
    caller.trial.require(bool(tasks), f"the context {context} has a task, and its list is empty")
    others = [each.get("contextId") for each in tasks if each.get("contextId") != context]
    caller.trial.require(not others, f"the list of {context} has tasks of other contexts: {others}")


def _of_a_state(caller: Caller) -> None:
    task = caller.settled_task()
    tasks = _page(caller, status=state_of(task))["tasks"]
    states = [state_of(each) for each in tasks]
    caller.trial.require(bool(states), f"a task is {state_of(task)}, and the list of those is empty")
    caller.trial.require(set(states) == {state_of(task)}, f"the list of what is {state_of(task)} has {states}")


def _without_artifacts(caller: Caller) -> None:
    caller.settled_task()
    for task in _page(caller)["tasks"]:
        caller.trial.require("artifacts" not in task, f"artifacts were not asked for: {compact(task)}")


def _with_artifacts(caller: Caller) -> None:
    task = caller.settled_task()
    if not task.get("artifacts"):
        caller.trial.skip("the agent makes no artifacts")
    tasks = _page(caller, includeArtifacts=True, contextId=caller.context_of(task))["tasks"]
    found = [each for each in tasks if each.get("id") == task["id"] and each.get("artifacts")]
    caller.trial.require(bool(found), f"the artifacts of {task['id']} were asked for, and are not in the list")


def _without_history(caller: Caller) -> None:
    caller.settled_task()
    for task in _page(caller, historyLength=0)["tasks"]:
        caller.trial.require(not task.get("history"), f"historyLength is 0, and there is one: {compact(task)}")


def _in_pages(caller: Caller) -> None:
    context = caller.context_of(caller.settled_task())
    begun = {caller.settled_task()["id"]}
    for _ in range(2):
        task = caller.new_task(contextId=context)
        begun |= {task["id"]} if task.get("contextId") == context else set()
    seen: list[Any] = []
    token = ""
    for _ in range(_PAGES):
        page = _page(caller, contextId=context, pageSize=1, **({"pageToken": token} if token else {}))
        caller.trial.require(len(page["tasks"]) <= 1, f"a page of 1 has {len(page['tasks'])} tasks")
        seen += [each.get("id") for each in page["tasks"]]
        token = page["nextPageToken"]
        if not token:
            break
    caller.trial.require(not token, f"there is no last page: {_PAGES} were turned")
    caller.trial.require(len(set(seen)) == len(seen), f"pages repeat a task: {seen}")
    missing = [each for each in sorted(begun) if each not in seen]
    caller.trial.require(not missing, f"no page has {', '.join(missing)}")


def _newest_first(caller: Caller) -> None:
    begun = [caller.new_task() for _ in range(3)]
    if not all(caller.wire.state(task) in SETTLED for task in begun):
        caller.trial.skip("its calls do not wait for their tasks, which may change in any order")
    stamps = {task["id"]: task["status"].get("timestamp") for task in begun}
    if not all(isinstance(stamp, str) for stamp in stamps.values()):
        caller.trial.skip("the statuses of its tasks have no timestamps")
    listed = [stamps[each["id"]] for each in _page(caller)["tasks"] if each.get("id") in stamps]
    keys = [_instant(stamp) for stamp in listed]
    caller.trial.require(keys == sorted(keys, reverse=True), f"the newest are not first: {compact(listed)}")


def _instant(stamp: str) -> str:
    """A time in UTC, so that the later one is the greater text, however many digits it has."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    return f"{whole}.{fraction:0<9}"


def _since(caller: Caller) -> None:
    task = caller.settled_task()
    if not isinstance(task["status"].get("timestamp"), str):
        caller.trial.skip("the statuses of its tasks have no timestamps")
    for since, is_there in (("2000-01-01T00:00:00Z", True), ("9999-01-01T00:00:00Z", False)):
        page = _page(caller, statusTimestampAfter=since, pageSize=100)
        found = any(each.get("id") == task["id"] for each in page["tasks"])
        says = "is missing" if is_there else "is there"
        caller.trial.require(found is is_there, f"{task['id']} {says} among the tasks that changed since {since}")


def _sizes(caller: Caller) -> None:
    for size in (0, 101, -1):
        caller.refusal(caller.call("list", {"pageSize": size}), _PARAMS)


def _wrong_token(caller: Caller) -> None:
    caller.refusal(caller.call("list", {"pageToken": "of-nobody"}), _PARAMS)


def _wrong_status(caller: Caller) -> None:
    caller.refusal(caller.call("list", {"status": "TASK_STATE_TIRED"}), _PARAMS)


_SECTION = {"1.0": "§3.1.4"}

LIST_RULES = a2a_rules(
    "lists",
    (
        Line(
            name="list-members",
            title="A page has tasks, nextPageToken, pageSize and totalSize",
            sections=_SECTION,
            play=_is_whole,
        ),
        Line(
            name="list-new",
            title="A task that was just begun is on the first page",
            sections=_SECTION,
            play=_having_lists(_has_the_new_one),
        ),
        Line(
            name="list-context",
            title="The list of a context has its tasks and no others",
            sections=_SECTION,
            play=_having_lists(_of_a_context),
        ),
        Line(
            name="list-status",
            title="The list of a state has tasks in that state and no others",
            sections=_SECTION,
            play=_having_lists(_of_a_state),
        ),
        Line(
            name="list-no-artifacts",
            title="Where artifacts are not asked for, tasks have no member artifacts",
            sections=_SECTION,
            play=_having_lists(_without_artifacts),
        ),
        Line(
            name="list-artifacts",
            title="includeArtifacts gives the artifacts",
            sections=_SECTION,
            play=_having_lists(_with_artifacts),
        ),
        Line(
            name="list-history",
            title="historyLength 0 gives no history in a list either",
            sections={"1.0": "§3.2.4"},
            play=_having_lists(_without_history),
        ),
        Line(
            name="list-pages",
            title="Pages have as many tasks as asked for at the most, repeat none, lose none, and end",
            sections=_SECTION,
            play=_having_lists(_in_pages),
        ),
        Line(
            name="list-order",
            title="The task that changed last comes first",
            sections=_SECTION,
            play=_having_lists(_newest_first),
        ),
        Line(
            name="list-since",
            title="statusTimestampAfter gives the tasks that have changed since then",
            sections=_SECTION,
            play=_having_lists(_since),
        ),
        Line(
            name="list-sizes",
            title="A pageSize that is not from 1 to 100 is refused with -32602",
            sections=_SECTION,
            play=_having_lists(_sizes),
            level=SHOULD,
        ),
        Line(
            name="list-token",
            title="A pageToken that the agent has not given is refused with -32602",
            sections=_SECTION,
            play=_having_lists(_wrong_token),
            level=SHOULD,
        ),
        Line(
            name="list-wrong-status",
            title="A state that there is not is refused with -32602",
            sections={"1.0": "§3.3.2"},
            play=_having_lists(_wrong_status),
            level=SHOULD,
        ),
    ),
)
