"""The checks of the fuzzer: an honest agent passes each, and each lie is found by the checks that are meant for it."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from hocket.a2a import Part
from hocket.errors import Code
from hocket.testing.fuzzing import CHECKS, Check, Dialogue, Joining, Prompt, Several, check_named
from hocket.testing.probe import Ask
from hocket.testing.strategies import BrokenRequest, HostileJson
from hocket.testing.violation import Violation
from support.liar import Liar, LiarAnswer, refusal, response

ZERO = Prompt(parts=(Part(text="0"),))
AWKWARD = Prompt(parts=(Part(text="a\0b\u2028c"),))
NO_PARAMS = BrokenRequest(
    flaw="no params",
    body=b'{"jsonrpc":"2.0","id":7,"method":"GetTask"}',
    headers={"A2A-Version": "1.0"},
    codes=(Code.INVALID_PARAMS,),
    id=7,
    method="GetTask",
)
UNREADABLE = BrokenRequest(flaw="half of it is missing", body=b'{"jsonrpc":', headers={}, codes=(Code.PARSE_ERROR,))
VALUES: dict[str, Sequence[Any]] = {
    "joinings": [Joining(prompt=ZERO, after=after) for after in range(8)],
    "dialogues": [Dialogue(prompt=ZERO, replies=(ZERO, ZERO), with_context=named) for named in (False, True)],
    "broken": [NO_PARAMS, UNREADABLE],
    "hostile": [HostileJson(b"NaN", "NaN", True), HostileJson(b"[{}]", "a batch of 1", False)],
    "several": [Several(prompts=(ZERO, AWKWARD), turns=turns) for turns in ((), (0, 1, 1, 0, 1))],
}

# What is wrong with the agent: which checks say so, and in which words.
LIES: dict[str | None, dict[str, str]] = {
    None: {},
    "a refusal": {},
    "HTTP 429": {},
    "no subscriptions": {},
    "asks": {},
    "raises": {"no-crash": "the agent raised ValueError: no zeros here"},
    "an internal error": {"no-crash": "the answer is an internal error (-32603): 'no'"},
    "HTTP 500": {"no-crash": "the answer has the HTTP status 500"},
    "gone": {"no-crash": "the target is gone: the connection was closed without an answer"},
    "silent": {
        "silence": "nothing came for 60 seconds after status WORKING, and the stream is open",
        "cancel": "the cancel was answered with CANCELED, and 60 seconds later its stream is still open",
    },
    "another id": {"events": "message 1 cannot be read: id: its id is 'other', and that of the request was 'i2'"},
    "no JSON": {"events": "message 1 cannot be read: not JSON: "},
    "the update first": {
        "events": "event 1 (status WORKING) comes first, and a stream begins with the Task or is one Message"
    },
    "no state": {"events": "event 2 (status UNKNOWN) has no state"},
    "a Message in between": {"events": "event 3 (message 'hi') is a Message in the stream of a task"},
    "a foreign event": {"events": "event 3 (artifact 'a' 'x') is of task 'other', and the stream is that of 'task-i3'"},
    "another context": {"events": "event 3 (artifact 'a' 'x') is of context 'other', and the task belongs to "},
    "appends to nothing": {
        "events": "event 2 (artifact 'b' 'x' (append)) appends to an artifact of which nothing was sent before"
    },
    "the last chunk twice": {
        "events": "event 6 (artifact 'a' 'three' (append, last chunk)) appends to an artifact after its last chunk"
    },
    "no terminal status": {
        "one-end": "the stream ended while the task was WORKING: its readers wait for ever",
        "send": "the answer is the task while it was WORKING: its end was to be waited for",
    },
    "cut": {"one-end": "the stream was cut while the task was WORKING: its readers wait for ever"},
    "ends without the Task": {"one-end": "the stream ended without any event"},
    "two ends": {"one-end": "after the task has ended as COMPLETED there came: status COMPLETED"},
    "something after the end": {"one-end": "after the task has ended as COMPLETED there came: artifact 'b' 'four'"},
    "stays open": {"one-end": "the stream is still open 60 seconds after its last event, status COMPLETED"},
    "does not wait": {"send": "the answer is the task while it was SUBMITTED: its end was to be waited for"},
    "two answers": {"send": "there came 2 answers to one request"},
    "forgets": {
        "send": "the answer has the task 'task-i3', and nobody knows it when it is asked for",
        "get-agrees": "the stream has the task 'task-i3', and nobody knows it when it is asked for",
    },
    "loses the first chunk": {
        "send": "of the artifact 'a' the answer has 'one two three', and GetTask has 'two three'",
        "get-agrees": "of the artifact 'a' the stream has 'one two three', and GetTask has 'two three'",
    },
    "a stream of nobody": {"subscribe-agrees": "the task 'task-i3' is being streamed, and a second reader is told "},
    "loses the chunk in flight": {
        "subscribe-agrees": "of the artifact 'a' the first reader has 'one two three', and the second one has 'one "
    },
    "leaves the second reader": {
        "subscribe-agrees": "the first reader has seen COMPLETED, and the second one waits for ever at SUBMITTED"
    },
    "cancels what has ended": {"cancel": "the task had ended as COMPLETED, and a cancel is answered with CANCELED"},
    "goes on after a cancel": {"cancel": "the cancel was answered with CANCELED, and the stream ended with COMPLETED"},
    "a cancel of another task": {"cancel": "'task-i3' was to be canceled, and the answer is of 'other'"},
    "tells no cancel": {
        "cancel": "the cancel was answered with CANCELED, and 60 seconds later its stream is still open"
    },
    "sticks when left": {"leaves": "a reader has left, and 60 seconds later the task is still SUBMITTED"},
    "forgets the left": {"leaves": "a reader has left, and nobody knows the task 'task-i3' any more"},
    "is offended": {"leaves": "a reader has left, and whoever asks next has no answer: nothing came for 60 seconds"},
    "one task for all": {"at-once": "the task 'task-i3' is in the streams of two callers, number 1 and 2"},
    "restarts what has ended": {
        "follow-up": "a message to the task, which had ended as COMPLETED, is answered with the same task as WORKING"
    },
    "asks, and begins anew": {
        "follow-up": "a message to the task 'task-i3' is answered with an event of 'task-i6'",
    },
    "asks, and changes the context": {
        "follow-up": "a message to a task of context 'context-task-i3' is answered in context 'other'"
    },
    "NUL is lost": {"unicode": "the history has 'ab\\u2028c' of a message that said 'a\\x00b\\u2028c'"},
    "breaks at line separators": {
        "events": "message 1 cannot be read: not JSON: ",
        "unicode": "message 1 cannot be read: not JSON: ",
    },
    "a page to garbage": {},
    "stumbles": {"broken-requests": "the answer is an internal error (-32603): 'no'"},
    "serves anything": {"broken-requests": "no params: the request is served as if nothing were wrong with it"},
    "one code for all": {
        "broken-requests": "half of it is missing: the error is -32000 ('no'), and should be -32700",
        "hostile-json": "NaN in place of a request: the error is -32000, and should be -32700 or -32600",
    },
    "garbage to garbage": {
        "broken-requests": "message 1 cannot be read: not JSON: ",
        "hostile-json": "NaN in place of a request: what comes back is no JSON: not JSON: ",
    },
    "nothing to garbage": {
        "broken-requests": "there is no answer for 60 seconds",
        "hostile-json": "there is no answer for 60 seconds",
    },
    "shows its inside": {
        "broken-requests": "what went wrong is told with a line of a traceback: ",
        "hostile-json": "what went wrong is told with a line of a traceback: ",
    },
    "dies of a batch": {"hostile-json": "afterwards a good request has no answer: nothing came for 60 seconds"},
    "a traceback": {"no-leaks": "what went wrong is told with a traceback of Python: 'Traceback (most recent call "},
}


def found_by(check: Check, lie: str | None) -> str | None:
    """What the check says of an agent with this lie."""
    values = VALUES.get(check.inputs.__name__, [ZERO, AWKWARD])
    for value in values:
        try:
            check.play(Liar(lie), value)
        except Violation as violation:
            return str(violation).removeprefix(f"{check.name}: ")
    return None


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_each_lie_is_found_by_the_checks_that_are_meant_for_it(lie: str | None) -> None:
    found = {check.name: said for check in CHECKS if (said := found_by(check, lie)) is not None}
    expected = LIES[lie]
    assert {name: said[: len(expected.get(name, said))] for name, said in found.items()} == expected


class Hasty(Liar):
    """An agent of A2A 0.3 that has said all before anybody subscribes, and writes tasks down a moment later."""

    def open(self, ask: Ask) -> LiarAnswer:
        asked = json.loads(ask.body or b"")
        if asked["method"] == "tasks/resubscribe":
            return LiarAnswer(asked["id"])
        task = {"kind": "task", "id": "T", "contextId": "C", "status": {"state": "working"}}
        if asked["method"] == "tasks/get":
            state = "completed" if self.has_waited else "working"
            return LiarAnswer(asked["id"], [response(asked["id"], {**task, "status": {"state": state}})])
        end = {
            "kind": "status-update",
            "taskId": "T",
            "contextId": "C",
            "status": {"state": "completed"},
            "final": True,
        }
        return LiarAnswer(asked["id"], [response(asked["id"], each) for each in (task, {**end, "final": True})])

    has_waited = False

    def wait(self, seconds: float) -> None:
        self.has_waited = seconds > 0


def test_who_is_only_slow_or_comes_too_late_is_no_liar() -> None:
    old = Prompt(parts=(Part(text=""),), version="0.3")
    check_named("subscribe-agrees").play(Hasty(), Joining(prompt=old))
    check_named("get-agrees").play(Hasty(), old)


def test_what_no_websocket_carries_is_not_sent_on_one() -> None:
    agent = Liar(binding="websocket")
    check_named("hostile-json").play(agent, HostileJson(b'"\xff"', "no UTF-8", True))
    broken = BrokenRequest(flaw="no UTF-8", body=b'"\xff"', headers={}, codes=(Code.PARSE_ERROR,))
    check_named("broken-requests").play(agent, broken)
    assert agent.answers == []
    check_named("hostile-json").play(agent, HostileJson(b"nonsense", "no JSON", True))
    assert agent.answers != []


def test_a_request_that_cannot_say_its_version_may_be_refused_for_that() -> None:
    class Old(Liar):
        def open(self, ask: Ask) -> LiarAnswer:
            return LiarAnswer(7, [refusal(7, -32009)] if b"[]" in (ask.body or b"") else [refusal(7, -32001)])

    body = b'{"jsonrpc":"2.0","id":7,"method":"GetTask","params":[]}'
    broken = BrokenRequest(
        flaw="an array", body=body, headers={"A2A-Version": "1.0"}, codes=(Code.INVALID_PARAMS,), id=7, method="GetTask"
    )
    check_named("broken-requests").play(Old(binding="pipe"), broken)
    with pytest.raises(Violation, match="an array: the error is -32009"):
        check_named("broken-requests").play(Old(binding="http"), broken)


def test_every_check_finds_something() -> None:
    assert {name for found in LIES.values() for name in found} == {check.name for check in CHECKS}


def test_what_a_check_asks_is_left_when_it_is_over() -> None:
    agent = Liar("silent")
    with pytest.raises(Violation):
        check_named("silence").play(agent, ZERO)
    assert [answer.end for answer in agent.answers] == ["cut"]
