"""Strategies for what agents say, lives of tasks and chunks on their way among it: only that, and all of it."""

import importlib
import sys

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from hocket import codec
from hocket.a2a import DIALECTS, V1_0, Message, Role, Task, TaskArtifactUpdateEvent, TaskState, fold
from hocket.a2a.states import PHASES
from hocket.a2a.states import Phase as PhaseOf
from hocket.acp import Message as AcpMessage
from hocket.acp.limits import StreamLimits
from hocket.acp.params import read_params
from hocket.acp.wire import ACP, PARAMS
from hocket.errors import MissingExtra
from hocket.testing.strategies import (
    acp_messages,
    acp_requests,
    chunk_deliveries,
    event_sequences,
    parts,
    tasks,
)
from hocket.testing.strategies.chunks import whole
from support.reach import unreached

VERSIONS = pytest.mark.parametrize("dialect", [None, *DIALECTS], ids=lambda each: each.version if each else "all")


# A2A.


@VERSIONS
@given(data=st.data())
def test_what_all_versions_can_say_every_version_reads_back(dialect, data):
    task = data.draw(tasks(dialect))
    assert len({artifact.artifact_id for artifact in task.artifacts}) == len(task.artifacts)
    for version in [dialect] if dialect else DIALECTS:
        assert version.read_item(codec.loads(version.write_item(task))) == task


def test_parts_are_of_every_kind():
    names = {
        "text": lambda part: part.text == "",
        "a line end of Unicode": lambda part: part.text == "\u2028",
        "bytes": lambda part: part.raw,
        "a URL": lambda part: part.url,
        "null": lambda part: part.data is None,
        "a list": lambda part: isinstance(part.data, list),
        "an object": lambda part: isinstance(part.data, dict) and part.data,
        "metadata": lambda part: part.metadata,
        "a name": lambda part: part.filename,
    }
    assert unreached(parts(V1_0), names) == []


# Lives of tasks.


def state_of(item):
    return item.status.state if hasattr(item, "status") else None


def is_lawful(items):
    """The rules of a task's log, once more and by looking back."""
    first, *rest = items
    assert isinstance(first, Task)
    for at, item in enumerate(rest, 1):
        before = fold(items[:at])
        assert PHASES[before.state] is not PhaseOf.TERMINAL, "nothing follows the end"
        assert not isinstance(item, Task)
        if isinstance(item, Message):
            assert PHASES[before.state] is PhaseOf.INTERRUPTED
            assert item.role is Role.USER
        elif isinstance(item, TaskArtifactUpdateEvent):
            assert PHASES[before.state] is PhaseOf.ACTIVE
            earlier = [each for each in rest[: at - 1] if isinstance(each, TaskArtifactUpdateEvent)]
            same = [each for each in earlier if each.artifact.artifact_id == item.artifact.artifact_id]
            assert not item.append or (same and not same[-1].last_chunk), "only what is there and open grows"
        elif PHASES[before.state] is PhaseOf.INTERRUPTED:
            assert item.status.state is TaskState.WORKING, "an answer, and then it goes on"
        assert (item.task_id, item.context_id) == (first.id, first.context_id)


@given(event_sequences())
def test_a_life_is_lawful_and_every_event_of_it_can_be_said(items):
    is_lawful(items)
    for item in items:
        for version in DIALECTS:
            if not isinstance(item, Message):
                assert version.read_item(codec.loads(version.write_item(item))) == item


ENDS = [TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED, TaskState.REJECTED]


def begun(items):
    """The ids of the artifacts that were begun, as often as they were."""
    return [item.artifact.artifact_id for item in items if getattr(item, "append", None) is False]


LIVES = {
    **{f"ends {state.value}": lambda items, state=state: state_of(items[-1]) is state for state in ENDS},
    "stops in the middle": lambda items: state_of(items[-1]) is TaskState.WORKING or len(items) == 1,
    "asks, and is answered": lambda items: any(isinstance(item, Message) for item in items),
    "needs a login": lambda items: any(state_of(item) is TaskState.AUTH_REQUIRED for item in items),
    "appends": lambda items: any(getattr(item, "append", False) for item in items),
    "seals": lambda items: any(getattr(item, "append", False) and item.last_chunk for item in items),
    "replaces": lambda items: len(set(begun(items))) < len(begun(items)),
    "does nothing at all": lambda items: len(items) == 2 and state_of(items[-1]) is TaskState.COMPLETED,
}


def test_lives_are_of_every_kind_and_shrink_to_few_events():
    assert unreached(event_sequences(), LIVES) == []
    asked = find(event_sequences(endings=("terminal",), max_events=1), LIVES["asks, and is answered"])
    assert [type(item).__name__ for item in asked] == [
        "Task", "TaskStatusUpdateEvent", "Message", "TaskStatusUpdateEvent", "TaskStatusUpdateEvent"
    ]  # fmt: skip


@given(event_sequences(answers=False, endings=("terminal",), numbered=True))
def test_a_stream_has_no_answers_and_may_be_numbered(items):
    assert not any(isinstance(item, Message) for item in items)
    assert [item.generation for item in items] == list(range(1, len(items) + 1))
    assert PHASES[fold(items).state] is PhaseOf.TERMINAL


# Chunks.


def in_order_of(delivery):
    """Where each chunk that arrives stood when it was said."""
    return [delivery.said.index(sent) for sent in delivery.arrived]


def senders_of(delivery):
    return [sent.sender for sent in delivery.said]


@given(chunk_deliveries(ordered=True) | chunk_deliveries())
def test_what_arrives_was_said_and_what_is_lost_is_told(delivery):
    assert all(sent in delivery.said for sent in delivery.arrived)
    assert all((sent in delivery.lost) is not (sent in delivery.arrived) for sent in delivery.said)
    assert all((sent.sender, sent.message) in delivery.broken for sent in delivery.lost)
    for sender, _ in delivery.numberings:
        said = [sent.chunk.text for sent in delivery.said if sent.sender == sender]
        assert [text for message in whole(delivery.said, sender) for text in message] == said


@given(chunk_deliveries(ordered=True))
def test_on_an_ordered_line_senders_keep_their_order(delivery):
    for sender, _ in delivery.numberings:
        places = [delivery.said.index(sent) for sent in delivery.arrived if sent.sender == sender]
        assert places == sorted(places)


@given(chunk_deliveries(loses=False, duplicates=False))
def test_a_good_network_loses_and_doubles_nothing(delivery):
    assert delivery.lost == delivery.broken == ()
    assert len(delivery.arrived) == len(delivery.said)


def test_deliveries_are_of_every_kind_and_shrink_to_the_chunks_that_matter():
    names = {
        "a loss": lambda delivery: delivery.lost,
        "a permutation": lambda delivery: in_order_of(delivery) != sorted(in_order_of(delivery)),
        "a duplicate": lambda delivery: len(set(in_order_of(delivery))) < len(delivery.arrived),
        "all is well": lambda delivery: delivery.said == delivery.arrived,
        "several senders": lambda delivery: len(delivery.numberings) > 1,
        "the last is lost": lambda delivery: any(sent.is_last for sent in delivery.lost),
    }
    counted = {
        "from 0": lambda delivery: ("ada", "zero") in delivery.numberings,
        "on and on": lambda delivery: ("ada", "continue") in delivery.numberings,
        "interleaved": lambda delivery: senders_of(delivery) != sorted(senders_of(delivery)),
    }
    assert unreached(chunk_deliveries(), names) == []
    assert unreached(chunk_deliveries(ordered=True), counted) == []
    swapped = find(chunk_deliveries(), names["a permutation"])
    assert len(swapped.said) == len(swapped.arrived) == 2


# ACP.


@given(acp_messages())
def test_a_message_of_acp_is_read_as_it_was_written(message):
    assert ACP.reader(AcpMessage).from_value(codec.loads(ACP.writer(AcpMessage).to_json(message)), "message") == message


@given(acp_requests())
def test_a_request_of_acp_is_understood(request):
    message = codec.loads(request.body, envelope=True)
    assert ("id" in message) is not request.is_notification
    assert isinstance(read_params(request.method, message["params"], StreamLimits()), PARAMS[request.method])


def test_every_method_of_acp_is_asked():
    names = {method: lambda request, method=method: request.method == method for method in PARAMS}
    assert unreached(acp_requests(), names) == []


def test_without_hypothesis_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, "hocket.testing.strategies")
    with pytest.raises(MissingExtra, match=r'pip install "hocket\[test\]"'):
        importlib.import_module("hocket.testing.strategies")
