"""A2ATargetMachine: a client that believes nothing, against agents in memory and at a URL."""

import json

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from hocket.testing.machines import A2ATargetMachine
from hocket.testing.violation import Violation
from hocket_io.http.asgi import App
from hocket_io.testing import reach
from support.agents import agent_of
from support.serving import serving


async def talk(task):
    """Says what it is told, word by word; asks once if it is told so."""
    for word in task.text.split():
        yield f"{word} "
    if "ask" in task.text:
        answer = yield task.ask("What?")
        yield answer.text


WORDS = st.sampled_from(["hello", "", "ask", "one two three"])


class InMemory(A2ATargetMachine):
    words = WORDS

    def reach(self):
        return reach(agent_of(talk))


class InMemory03(InMemory):
    version = "0.3"


TestInMemory = InMemory.TestCase
TestInMemory03 = InMemory03.TestCase
TestInMemory.settings = TestInMemory03.settings = settings(max_examples=8, stateful_step_count=15)


def test_an_agent_at_a_url():
    with serving(lambda url: App(agent_of(talk))) as url:

        class AtAUrl(A2ATargetMachine):
            words = WORDS
            reach = staticmethod(lambda: reach(url))

        few = settings(max_examples=3, stateful_step_count=10, phases=[Phase.generate], database=None)
        run_state_machine_as_test(AtAUrl, settings=few)


def test_a_machine_that_reaches_nothing_says_what_to_do():
    with pytest.raises(NotImplementedError, match="say where the agent is"):
        A2ATargetMachine().begin()


# An agent that does wrong: one that is right, and a probe that changes what it says


class Meddler:
    """A probe or a conversation, with each message changed, dropped or added to on its way."""

    def __init__(self, right, meddle):
        self.right, self.meddle, self.waiting = right, meddle, []

    def __getattr__(self, name):
        return getattr(self.right, name)

    def open(self, ask):
        return Meddler(self.right.open(ask), self.meddle)

    def next(self, timeout):
        while not self.waiting:
            data = self.right.next(timeout)
            if data is None:
                return None
            self.waiting += self.meddle(json.loads(data))
        return json.dumps(self.waiting.pop(0)).encode()


def state_of(message):
    result = message.get("result", {})
    task = result.get("statusUpdate") or result.get("task") or result
    return task.get("status", {}).get("state")


def is_update(message):
    return "statusUpdate" in message.get("result", {})


def forgets_the_end(message):
    return [] if is_update(message) and state_of(message) == "TASK_STATE_COMPLETED" else [message]


def says_the_end_twice(message):
    return [message] * (2 if is_update(message) and state_of(message) == "TASK_STATE_COMPLETED" else 1)


def changes_what_is_over(message):
    if message.get("result", {}).get("status") and state_of(message) == "TASK_STATE_COMPLETED":  # the answer to a get
        message["result"]["artifacts"] = []
    return [message]


def loses_tasks(message):
    if message.get("result", {}).get("status"):
        return [{"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32001, "message": "Task not found"}}]
    return [message]


def is_unreadable(message):
    return [{"jsonrpc": "2.0", "id": message["id"], "result": {"statusUpdate": {"status": 7}}}]


def a_short_life_of(machine):
    machine.stream(Drawn("one two"))
    machine.send(Drawn("hello"))
    machine.teardown()


@pytest.mark.parametrize(
    ("meddle", "invariant"),
    [
        (forgets_the_end, "ended-not-cut"),
        (says_the_end_twice, "one-terminal"),
        (changes_what_is_over, "over-is-over"),
        (loses_tasks, "refusal"),
        (is_unreadable, "readable"),
    ],
)
def test_an_agent_that_does_wrong_is_caught(meddle, invariant):
    with reach(agent_of(talk)) as probe:
        machine = A2ATargetMachine()
        machine._probe = Meddler(probe, meddle)
        with pytest.raises(Violation) as caught:
            a_short_life_of(machine)
        assert caught.value.invariant == invariant, caught.value
        machine.teardown()  # what failed is not tried a second time


class Drawn:
    """What Hypothesis draws, known before."""

    def __init__(self, words):
        self.words = words

    def draw(self, strategy, label):
        return self.words
