"""Dialects: what is written is read back as it was, in every version that can say it; nothing read ever raises."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket import codec
from hocket.a2a import (
    DIALECTS,
    V0_3,
    V1_0,
    Artifact,
    CancelTaskRequest,
    GetTaskRequest,
    Message,
    Operation,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.errors import CodecError, ErrorObject
from support.values import FLOATS, json_values

TEXT = st.text(max_size=4) | st.sampled_from(["\u2028", "\x85", "\x00", "😀", 'a"\\\n'])
IDS = st.text(min_size=1, max_size=4)
JSON = json_values(TEXT, st.integers(-(2**60), 2**60) | FLOATS, leaves=5)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=2)
METADATA = st.none() | OBJECTS
NAMES = st.none() | TEXT
URIS = st.lists(TEXT, max_size=2).map(tuple)


def models(version):
    """Strategies for everything this version can say."""
    described = {"filename": NAMES, "media_type": NAMES}
    plain = described if version is V1_0 else {}
    part = st.one_of(
        st.builds(Part, text=TEXT, metadata=METADATA, **plain),
        st.builds(Part, raw=st.binary(max_size=5), metadata=METADATA, **described),
        st.builds(Part, url=TEXT, metadata=METADATA, **described),
        st.builds(Part, data=JSON if version is V1_0 else OBJECTS, metadata=METADATA, **plain),
    )
    parts = st.lists(part, min_size=1, max_size=3).map(tuple)
    message = st.builds(
        Message,
        message_id=IDS,
        role=st.sampled_from(Role),
        parts=parts,
        context_id=st.none() | IDS,
        task_id=st.none() | IDS,
        metadata=METADATA,
        extensions=URIS,
        reference_task_ids=URIS,
    )
    status = st.builds(TaskStatus, state=st.sampled_from(TaskState), message=st.none() | message, timestamp=NAMES)
    artifact = st.builds(
        Artifact,
        artifact_id=TEXT,
        parts=parts,
        name=NAMES,
        description=NAMES,
        metadata=METADATA,
        extensions=URIS,
    )
    task = st.builds(
        Task,
        id=IDS,
        status=status,
        context_id=st.none() | IDS,
        artifacts=st.lists(artifact, max_size=2).map(tuple),
        history=st.lists(message, max_size=2).map(tuple),
        metadata=METADATA,
    )
    changed = st.builds(
        TaskStatusUpdateEvent, task_id=IDS, status=status, context_id=st.none() | IDS, metadata=METADATA
    )
    chunk = st.builds(
        TaskArtifactUpdateEvent,
        task_id=IDS,
        artifact=artifact,
        context_id=st.none() | IDS,
        append=st.booleans(),
        last_chunk=st.booleans(),
        metadata=METADATA,
    )
    tenant = {"tenant": NAMES} if version is V1_0 else {}
    about_task = {"id": IDS, "metadata": METADATA, **tenant}
    lengths = st.none() | st.integers(0, 2**31 - 1)
    configuration = st.builds(
        SendMessageConfiguration,
        accepted_output_modes=URIS,
        history_length=lengths,
        return_immediately=st.booleans(),
    )
    send = st.builds(
        SendMessageRequest,
        message=message,
        configuration=st.none() | configuration,
        metadata=METADATA,
        **tenant,
    )
    params = {
        Operation.SEND: send,
        Operation.STREAM: send,
        Operation.GET: st.builds(GetTaskRequest, history_length=lengths, **about_task),
        Operation.CANCEL: st.builds(CancelTaskRequest, **about_task),
        Operation.SUBSCRIBE: st.builds(SubscribeToTaskRequest, **about_task),
    }
    return {"task": task, "item": st.one_of(task, changed, chunk), "message": message, "params": params}


MODELS = {version: models(version) for version in DIALECTS}
VERSIONS = pytest.mark.parametrize("version", DIALECTS, ids=lambda each: each.version)


@VERSIONS
@given(data=st.data())
def test_an_item_of_a_stream_is_read_as_it_was_written(version, data):
    item = data.draw(MODELS[version]["item"])
    written = version.write_item(item)
    assert version.read_item(codec.loads(written)) == item
    response = b'{"jsonrpc":"2.0","id":1,"result":%b}' % written
    assert version.read_response(response) == item


@VERSIONS
@given(data=st.data())
def test_what_is_written_is_one_line_for_every_reader(version, data):
    """U+2028, U+2029 and U+0085 break clients that split lines as Python's str does."""
    written = version.write_item(data.draw(MODELS[version]["item"]))
    assert len(written.decode().splitlines()) == 1
    json.loads(written)


@VERSIONS
@given(data=st.data())
def test_results_are_read_as_they_were_written(version, data):
    task = data.draw(MODELS[version]["task"])
    for operation in (Operation.SEND, Operation.GET, Operation.CANCEL):
        result = codec.loads(version.write_result(operation, task))
        assert version.read_result(operation, result) == task


@VERSIONS
@given(operation=st.sampled_from(Operation), data=st.data())
def test_params_are_read_as_they_were_written(version, operation, data):
    params = data.draw(MODELS[version]["params"][operation])
    written = codec.loads(codec.dumps(version.write_params(operation, params)))
    assert version.read_params(operation, written) == params


@VERSIONS
@given(data=st.data())
def test_a_bare_message_is_read_whether_it_is_sent_or_streamed(version, data):
    message = data.draw(MODELS[version]["message"])
    written = version.wire.writer(Message).to_value(message)
    result = {"message": written} if version is V1_0 else written
    assert version.read_result(Operation.SEND, result) == message
    assert version.read_item(result) == message
    assert version.write_item(message) is None, "the log may hold it, no stream of ours carries it"


@given(st.data())
def test_what_both_versions_can_say_is_the_same_object_in_both(data):
    item = data.draw(MODELS[V0_3]["item"])
    assert V1_0.read_item(codec.loads(V1_0.write_item(item))) == item


def mutated(draw, value):
    """A JSON value with something else somewhere in it."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        name = draw(st.sampled_from(sorted(value)))
        if not draw(st.integers(0, 4)):
            return {other: inner for other, inner in value.items() if other != name}
        return {**value, name: mutated(draw, value[name])}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], mutated(draw, value[place]), *value[place + 1 :]]
    return draw(JSON)


@VERSIONS
@given(operation=st.sampled_from(Operation), data=st.data())
def test_any_params_are_read_or_refused_with_the_path_of_what_is_wrong(version, operation, data):
    written = version.write_params(operation, data.draw(MODELS[version]["params"][operation]))
    outcome = version.read_params(operation, mutated(data.draw, codec.loads(codec.dumps(written))))
    if isinstance(outcome, ErrorObject):
        assert outcome.code == -32602
        assert outcome.message.startswith("params")
        codec.dumps(version.write_error(outcome).data)
    else:
        again = codec.loads(codec.dumps(version.write_params(operation, outcome)))
        assert version.read_params(operation, again) == outcome


@VERSIONS
@given(data=st.data())
def test_any_item_or_result_is_read_or_a_codec_error(version, data):
    written = codec.loads(version.write_item(data.draw(MODELS[version]["item"])))
    changed = mutated(data.draw, written)
    for read in (version.read_item, *[_result_reader(version, operation) for operation in Operation]):
        with contextlib.suppress(CodecError):
            assert isinstance(read(changed), Task | Message | TaskStatusUpdateEvent | TaskArtifactUpdateEvent)


def _result_reader(version, operation):
    return lambda result: version.read_result(operation, result)


@VERSIONS
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_in_an_event_are_an_item_an_error_or_a_codec_error(version, data):
    with contextlib.suppress(CodecError):
        assert isinstance(version.read_response(data), ErrorObject), "no item is so short"
