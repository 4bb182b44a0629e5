"""The life of a task, written a second time by hand from the specification, and driven through the real server.

Sources: A2A 1.0 sections 3.1.2 (a message to a terminal task is -32004), 3.1.5 and 3.3.1 (cancel: -32002 when
terminal, idempotent), 3.1.6 (subscribe: -32004 when terminal, else the Task first); A2A 0.3 section 9.4 (resubscribe,
where a finished task is given whole); and hocket's decisions where they are silent: a task that works takes no
message, INPUT_REQUIRED and AUTH_REQUIRED take one, a stream that a message has started ends at INPUT_REQUIRED.

Nothing in here reads the tables of the code.
"""

import json

import pytest

from hocket.a2a import (
    Ended,
    Interrupt,
    Opened,
    Run,
    Server,
    ServiceParameters,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.a2a.states import PHASES, is_terminal, settles
from hocket.entropy import seeded
from hocket.errors import LocalProtocolError
from hocket_io.stores import MemoryStore
from support.items import one_by_one
from support.world import World, outputs

ACTIVE = "submitted working"
INTERRUPTED = "input-required auth-required"
TERMINAL = "completed failed canceled rejected"

# state of the task, what is asked → error code, or the state the asker is told and what becomes of the task
TABLE = """
    submitted       message    -32004              submitted
    working         message    -32004              working
    input-required  message    submitted           submitted
    auth-required   message    submitted           submitted
    completed       message    -32004              completed
    failed          message    -32004              failed
    canceled        message    -32004              canceled
    rejected        message    -32004              rejected

    submitted       cancel     canceled            canceled
    working         cancel     canceled            canceled
    input-required  cancel     canceled            canceled
    auth-required   cancel     canceled            canceled
    completed       cancel     -32002              completed
    failed          cancel     -32002              failed
    canceled        cancel     canceled            canceled
    rejected        cancel     -32002              rejected

    submitted       subscribe  submitted           submitted
    working         subscribe  working             working
    input-required  subscribe  input-required      input-required
    auth-required   subscribe  auth-required       auth-required
    completed       subscribe  -32004|completed    completed
    failed          subscribe  -32004|failed       failed
    canceled        subscribe  -32004|canceled     canceled
    rejected        subscribe  -32004|rejected     rejected

    submitted       get        submitted           submitted
    working         get        working             working
    input-required  get        input-required      input-required
    auth-required   get        auth-required       auth-required
    completed       get        completed           completed
    failed          get        failed              failed
    canceled        get        canceled            canceled
    rejected        get        rejected            rejected
"""
"""`a|b`: a in 1.0, b in 0.3."""

ROWS = [line.split() for line in TABLE.strip().splitlines() if line.strip()]

METHODS = {
    "1.0": {
        "send": "SendStreamingMessage",
        "message": "SendStreamingMessage",
        "cancel": "CancelTask",
        "subscribe": "SubscribeToTask",
        "get": "GetTask",
    },
    "0.3": {
        "send": "message/stream",
        "message": "message/stream",
        "cancel": "tasks/cancel",
        "subscribe": "tasks/resubscribe",
        "get": "tasks/get",
    },
}


class Desk:
    """One server, spoken to in one version; a runner that does as it is told, and stops when interrupted."""

    def __init__(self, version):
        self.version = version
        self.server = Server(entropy=seeded(5))
        self.store = MemoryStore()
        self.run = None

    def pump(self):
        for output in outputs(self.server, self.store):
            match output:
                case Run():
                    self.run = output
                case Interrupt(task_id=task_id, run=run):
                    self.server.ended(task_id, run, 0.0)

    def message(self, message_id, **more):
        if self.version == "1.0":
            return {"messageId": message_id, "role": "ROLE_USER", "parts": [{"text": "hi"}], **more}
        parts = [{"kind": "text", "text": "hi"}]
        return {"kind": "message", "messageId": message_id, "role": "user", "parts": parts, **more}

    def ask(self, link, what, task_id=None):
        params = {"id": task_id}
        if what == "send":
            params = {"message": self.message("m1")}
        elif what == "message":
            params = {"message": self.message("m2", taskId=task_id)}
        header = "1.0" if self.version == "1.0" else None
        service = ServiceParameters(version=header)
        self.server.receive(link, link, METHODS[self.version][what], params, service, 0.0)
        self.pump()

    def task_in(self, state):
        """A task that the agent has left in this state; while it is active, its run goes on."""
        self.ask("owner", "send")
        task_id = self.run.task.id
        if state == "submitted":
            return task_id
        self.server.started(task_id, self.run.run, 0.0)
        if state != "working":
            event = TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=TaskState(state)))
            self.server.emit(task_id, self.run.run, [event], 0.0)
            self.server.ended(task_id, self.run.run, 0.0)
        self.pump()
        return task_id

    def state_of(self, result):
        """The state in a result, however the version wraps and spells it."""
        for wrapper in ("task", "statusUpdate"):
            result = result.get(wrapper, result)
        state = result["status"]["state"]
        if self.version == "1.0":
            assert state.startswith("TASK_STATE_")
            return state.removeprefix("TASK_STATE_").lower().replace("_", "-")
        return state


def expected(reply, version):
    one, _, other = reply.partition("|")
    return other if other and version == "0.3" else one


@pytest.mark.parametrize("version", ["1.0", "0.3"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(row[:2]))
def test_every_row_as_the_server_plays_it(row, version):
    state, what, reply, after = row
    desk = Desk(version)
    task_id = desk.task_in(state)
    desk.ask("caller", what, task_id)
    first = next(each for each in one_by_one(desk.server.take("caller")) if not isinstance(each, Opened))
    wanted = expected(reply, version)
    if wanted.startswith("-"):
        assert str(first.error.code) == wanted
    else:
        assert desk.state_of(json.loads(first.result)) == wanted
    desk.ask("witness", "get", task_id)
    (told,) = one_by_one(desk.server.take("witness"))
    assert desk.state_of(json.loads(told.result)) == after


def test_the_table_is_complete():
    states = f"{ACTIVE} {INTERRUPTED} {TERMINAL}".split()
    assert sorted((row[0], row[1]) for row in ROWS) == sorted(
        (state, what) for state in states for what in ("message", "cancel", "subscribe", "get")
    )
    assert {state.value for state in TaskState} == {*states, "unknown"}


@pytest.mark.parametrize("state", TaskState, ids=lambda state: state.value)
def test_phases(state):
    word = state.value
    assert is_terminal(state) == (word in TERMINAL.split())
    assert settles(state) == (word in TERMINAL.split() or word in INTERRUPTED.split())
    phase = "terminal" if word in TERMINAL else "interrupted" if word in INTERRUPTED else "active"
    assert PHASES[state].value == phase


@pytest.mark.parametrize("version", ["1.0", "0.3"])
@pytest.mark.parametrize("after", TaskState, ids=lambda state: state.value)
@pytest.mark.parametrize("before", f"{ACTIVE} {INTERRUPTED} {TERMINAL}".split())
def test_anything_may_follow_but_a_terminal_state_is_final(before, after, version):
    """Section 4.1.3 has no transition table: whatever is not terminal may become anything, what is terminal nothing."""
    desk = Desk(version)
    desk.ask("owner", "send")
    task_id, run = desk.run.task.id, desk.run.run
    first = TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=TaskState(before)))
    desk.server.emit(task_id, run, [first], 0.0)
    second = TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=after))
    if before in TERMINAL.split():
        with pytest.raises(LocalProtocolError, match=f"is {before}: nothing can follow"):
            desk.server.emit(task_id, run, [second], 0.0)
    else:
        desk.server.emit(task_id, run, [second], 0.0)
    desk.pump()
    desk.ask("witness", "get", task_id)
    (told,) = one_by_one(desk.server.take("witness"))
    last = before if before in TERMINAL.split() else after.value
    spelled = "unspecified" if version == "1.0" and last == "unknown" else last
    assert desk.state_of(json.loads(told.result)) == spelled


# whether the stream of a message that starts a turn, and that of a subscriber, ends at this state
STREAM_ENDS = {
    "submitted": (False, False),
    "working": (False, False),
    "input-required": (True, False),
    "auth-required": (False, False),
    "completed": (True, True),
    "failed": (True, True),
    "canceled": (True, True),
    "rejected": (True, True),
}


@pytest.mark.parametrize("version", ["1.0", "0.3"])
@pytest.mark.parametrize("state", STREAM_ENDS)
def test_which_states_end_a_stream(state, version):
    desk = Desk(version)
    desk.ask("owner", "send")
    task_id, run = desk.run.task.id, desk.run.run
    desk.ask("subscriber", "subscribe", task_id)
    for link in ("owner", "subscriber"):
        one_by_one(desk.server.take(link))
    event = TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=TaskState(state)))
    desk.server.emit(task_id, run, [event], 0.0)
    desk.pump()
    for link, ends in zip(("owner", "subscriber"), STREAM_ENDS[state], strict=True):
        item, *end = one_by_one(desk.server.take(link))
        result = json.loads(item.result)
        assert [type(each) for each in end] == ([Ended] if ends else [])
        if version == "0.3":
            assert result["final"] is ends
        else:
            assert "final" not in result["statusUpdate"]


# state, what the agent's function does → what a message to the task is told at once, runs, replies
TO_RUNS = """
    input-required  ended    task-submitted      2  0
    input-required  works    nothing             1  0
    input-required  waits    task-working        1  1
    input-required  stops    nothing             1  0

    auth-required   ended    task-submitted      2  0
    auth-required   works    task-auth-required  1  0
    auth-required   waits    task-working        1  1
    auth-required   stops    nothing             1  0
"""


@pytest.mark.parametrize("row", [line.split() for line in TO_RUNS.split("\n") if line.strip()], ids="-".join)
def test_what_a_message_meets_while_the_function_has_not_ended(row):
    state, doing, told, runs, replies = row
    world = World.of()
    task_id = world.begin()
    if doing == "waits":
        world.wonder(TaskState(state))
    else:
        world.become(TaskState(state))
    if doing == "ended":
        world.end()
    if doing == "stops":
        world.ask("eve", "CancelTask", task_id)
    world.send("bob", task=task_id, message_id="m2")
    words = [word.replace(" ", "-").replace("_", "-") for word in world.take("bob")]
    assert words == ([] if told == "nothing" else [told])
    assert (len(world.runs), len(world.replies)) == (int(runs), int(replies))
