"""What the fuzzer reads of an answer: in each version, to its end, and no further than anybody would."""

import json
from typing import Any

import pytest

from hocket.a2a import (
    V0_3,
    V1_0,
    Artifact,
    Dialect,
    Message,
    Operation,
    Part,
    Role,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.testing.fuzzing.answer import MOST_EVENTS, Answer
from hocket.testing.fuzzing.comparing import difference
from hocket.testing.fuzzing.soundness import flawed_event, is_sound, more_after_the_end
from hocket.testing.fuzzing.telling import tell_answer
from hocket.testing.probe import Ask
from support.liar import LiarAnswer

WORKING = TaskStatusUpdateEvent(task_id="T", context_id="C", status=TaskStatus(state=TaskState.WORKING))
COMPLETED = TaskStatusUpdateEvent(task_id="T", context_id="C", status=TaskStatus(state=TaskState.COMPLETED))
ASKS = TaskStatusUpdateEvent(task_id="T", context_id="C", status=TaskStatus(state=TaskState.INPUT_REQUIRED))
BEGUN = Task(id="T", context_id="C", status=TaskStatus(state=TaskState.SUBMITTED))
ENDED = Task(id="T", context_id="C", status=TaskStatus(state=TaskState.COMPLETED))
SAID = Message(message_id="M", role=Role.AGENT, parts=(Part(text="hi"),))
CHUNK = TaskArtifactUpdateEvent(task_id="T", artifact=Artifact(artifact_id="a", parts=(Part(text="x"),)), append=True)


def heard(*items: StreamItem, dialect: Dialect = V1_0) -> Answer:
    """The answer of a stream with these items, read to its end."""
    messages = [
        json.dumps({"jsonrpc": "2.0", "id": "1", "result": dialect.write(StreamItem, item)}).encode() for item in items
    ]
    return read(*messages, dialect=dialect)


def read(*messages: bytes, dialect: Dialect = V1_0, operation: Operation | None = Operation.STREAM) -> Answer:
    answer = Answer(Ask(), operation, "1", dialect, LiarAnswer("1", list(messages)), 60.0)
    answer.read_all()
    return answer


def error(**members: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "error": {"code": -32602, "message": "no"}, **members}).encode()


@pytest.mark.parametrize("dialect", [V1_0, V0_3], ids=lambda dialect: dialect.version)
@pytest.mark.parametrize(
    "items",
    [
        (SAID,),
        (BEGUN, WORKING, COMPLETED),
        (BEGUN, ASKS),
        (ENDED,),
    ],
)
def test_sound_streams(items: tuple[StreamItem, ...], dialect: Dialect) -> None:
    answer = heard(*items, dialect=dialect)
    assert answer.flaw is None
    assert (flawed_event(answer), more_after_the_end(answer)) == (None, None)
    assert is_sound(answer)


def test_the_whole_task_may_come_once_more() -> None:
    assert is_sound(heard(BEGUN, COMPLETED, ENDED))
    assert not is_sound(heard(BEGUN, COMPLETED, ENDED, dialect=V0_3))


@pytest.mark.parametrize(
    ("items", "wrong"),
    [
        ((BEGUN, COMPLETED, WORKING), "after the task has ended as COMPLETED there came: status WORKING"),
        ((BEGUN, COMPLETED, BEGUN), "after the task has ended as COMPLETED there came: task SUBMITTED"),
        ((SAID, SAID), "after a Message that is the answer there came more"),
    ],
)
def test_more_after_the_end(items: tuple[StreamItem, ...], wrong: str) -> None:
    assert more_after_the_end(heard(*items)) == wrong
    assert not is_sound(heard(*items))


def test_the_older_versions_say_which_event_is_the_last() -> None:
    asks_and_goes_on = (BEGUN, ASKS, WORKING, COMPLETED)
    assert more_after_the_end(heard(*asks_and_goes_on)) is None
    said = more_after_the_end(heard(*asks_and_goes_on, dialect=V0_3))
    assert said == 'after the event with "final": true there came more'


def test_what_only_the_newer_version_forbids() -> None:
    for items in ((WORKING, COMPLETED), (BEGUN, SAID, COMPLETED)):
        assert flawed_event(heard(*items)) is not None
        assert flawed_event(heard(*items, dialect=V0_3)) is None
    assert flawed_event(heard(BEGUN, CHUNK, COMPLETED, dialect=V0_3)) == (
        "event 2 (artifact 'a' 'x' (append)) appends to an artifact of which nothing was sent before"
    )


@pytest.mark.parametrize(
    ("message", "flaw"),
    [
        (b"{", "not JSON"),
        (b"[]", "it is no JSON-RPC response"),
        (b'{"jsonrpc":"2.0","id":"1"}', "it is no JSON-RPC response"),
        (b'{"jsonrpc":"1.0","id":"1","result":{}}', "it is no JSON-RPC response"),
        (error(result={}, id="1"), "it is no JSON-RPC response"),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', "id: its id is 1, and that of the request was '1'"),
        (b'{"jsonrpc":"2.0","result":{}}', "id: its id is None"),
        (error(id="2"), "id: its id is '2'"),
        (b'{"jsonrpc":"2.0","id":"1","id":"1","result":{}}', "id"),
        (b'{"jsonrpc":"2.0","id":"1","result":{"status":7}}', "result"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_read_after_it(message: bytes, flaw: str) -> None:
    answer = read(message, error(id="1"))
    assert answer.flaw is not None
    assert answer.flaw.startswith("message 1 cannot be read: ")
    assert flaw in answer.flaw
    assert answer.heard == [message]
    assert answer.error is None


@pytest.mark.parametrize("message", [error(id="1"), error(id=None), error()])
def test_an_error_need_not_know_the_id(message: bytes) -> None:
    answer = read(message)
    assert answer.flaw is None
    assert answer.error is not None
    assert answer.is_refused
    assert tell_answer(answer) == [message.decode(), "the end"]


def test_of_what_is_no_call_any_id_will_do() -> None:
    answer = Answer(Ask(), None, None, V1_0, LiarAnswer(None, [error(id=7)]), 60.0)
    answer.read_all()
    assert answer.flaw is None
    assert answer.error is not None


def test_a_stream_without_end_is_left() -> None:
    message = json.dumps({"jsonrpc": "2.0", "id": "1", "result": V1_0.write(StreamItem, WORKING)}).encode()
    conversation = LiarAnswer("1", [message] * (MOST_EVENTS + 5))
    answer = Answer(Ask(), Operation.STREAM, "1", V1_0, conversation, 60.0)
    answer.read_all()
    assert answer.is_endless
    assert len(answer.heard) == MOST_EVENTS
    assert (conversation.end, answer.end) == ("cut", "open")  # left by us, which is no fault of theirs
    assert tell_answer(answer)[-2:] == [f"… and {MOST_EVENTS - 12} more", "left"]


def artifact(*parts: Part) -> Task:
    return Task(id="T", status=ENDED.status, artifacts=(Artifact(artifact_id="a", parts=parts),))


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (artifact(Part(text="a"), Part(text="b")), artifact(Part(text="ab")), None),
        (artifact(Part(text="a"), Part(text="")), artifact(Part(text="a")), None),
        (artifact(Part(text="")), artifact(), None),
        (artifact(Part(text="a")), artifact(Part(text="b")), "of the artifact 'a' X has 'a', and Y has 'b'"),
        (artifact(Part(text="a")), ENDED, "of the artifact 'a' X has 'a', and Y has nothing"),
        (
            artifact(Part(data=1)),
            artifact(Part(data=2)),
            "of the artifact 'a' X has a part that is no text, and Y ",
        ),
        (BEGUN, ENDED, "X has the task as SUBMITTED, and Y as COMPLETED"),
        (ENDED, Task(id="U", status=ENDED.status), "X has the task 'T', and Y 'U'"),
    ],
)
def test_two_accounts_of_a_task(one: Task, other: Task, said: str | None) -> None:
    found = difference(one, other, names=("X", "Y"))
    assert found == said or (found is not None and said is not None and found.startswith(said))
