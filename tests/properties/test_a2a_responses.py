"""Events of a stream are read by a short cut where they are usual: it must not mean anything else than the long way."""

import json

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from hocket import codec
from hocket.a2a import (
    DIALECTS,
    V0_3,
    V1_0,
    Artifact,
    Message,
    Part,
    Role,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.errors import CodecError, ErrorObject


def without_msgspec(dialect):
    """The dialect as it reads the items of streams where msgspec is not installed."""
    copy = evolve(dialect)
    object.__setattr__(copy, "_items", dialect.wire.reader(StreamItem, codec.STDLIB))
    return copy


READERS = [
    *[pytest.param(each, id=each.version) for each in DIALECTS],
    *[pytest.param(without_msgspec(each), id=f"{each.version} without msgspec") for each in DIALECTS],
]

TEXT = st.text(max_size=4) | st.sampled_from(['"id"', '"result"', "\\u0069d", "\u2028", "😀"])
PARTS = st.lists(
    st.builds(Part, text=TEXT) | st.builds(Part, raw=st.binary(max_size=4)) | st.builds(Part, data=st.just({"id": 1})),
    min_size=1,
    max_size=2,
).map(tuple)
MESSAGES = st.builds(Message, message_id=TEXT, role=st.sampled_from(Role), parts=PARTS)
STATUSES = st.builds(TaskStatus, state=st.sampled_from(TaskState), message=st.none() | MESSAGES)
ARTIFACTS = st.builds(Artifact, artifact_id=TEXT, parts=PARTS, name=st.none() | TEXT)
ITEMS = st.one_of(
    MESSAGES,
    st.builds(Task, id=TEXT, status=STATUSES, artifacts=st.lists(ARTIFACTS, max_size=1).map(tuple)),
    st.builds(TaskStatusUpdateEvent, task_id=TEXT, status=STATUSES),
    st.builds(
        TaskArtifactUpdateEvent, task_id=TEXT, artifact=ARTIFACTS, append=st.booleans(), last_chunk=st.booleans()
    ),
)
MEMBERS = [
    '"jsonrpc":"2.0"',
    '"jsonrpc":"1.0"',
    '"jsonrpc":2',
    '"id":"7"',
    '"id":null',
    '"id":{"id":1}',
    '"error":null',
    '"error":{"code":-32001,"message":"Task not found"}',
    '"extra":1',
    '"\\u0069d":3',
    '"result":null',
]


def the_long_way(dialect, data):
    """The definition: the text as values, the names of the envelope told apart, then the checked readers."""
    match codec.STDLIB.loads(data, envelope=True):
        case {"error": {"code": int() as code, "message": str() as message, **more}}:
            return ErrorObject(code, message, more.get("data"))
        case {"result": result}:
            return dialect.read_item(result)
    raise CodecError("neither")


def outcome(read, *arguments):
    try:
        return read(*arguments)
    except CodecError as error:
        return "refused", error.path


@pytest.mark.parametrize("dialect", READERS)
@given(data=st.data())
def test_the_short_cut_means_what_the_long_way_means(dialect, data):
    written = (dialect.wire.writer(StreamItem).to_json(data.draw(ITEMS))).decode()
    members = data.draw(st.lists(st.sampled_from(MEMBERS), max_size=4))
    members.insert(data.draw(st.integers(0, len(members))), f'"result":{written}')
    separators = data.draw(st.sampled_from([",", ", ", "\n,\t"]))
    text = ("{" + separators.join(members) + "}").encode()
    assert outcome(dialect.read_response, text) == outcome(the_long_way, dialect, text)


@pytest.mark.parametrize("dialect", READERS)
@given(item=ITEMS, text=st.text(max_size=3))
@example(
    item=TaskArtifactUpdateEvent(task_id="t", artifact=Artifact(artifact_id="a", parts=(Part(text="x"),))), text=""
)
def test_a_usual_response_is_read_as_what_was_written(dialect, item, text):
    response = b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (
        codec.dumps(text),
        dialect.wire.writer(StreamItem).to_json(item),
    )
    assert dialect.read_response(response) == item


@pytest.mark.skipif(codec.MSGSPEC is None, reason="without msgspec there is no short cut")
@pytest.mark.parametrize("dialect", [V0_3, V1_0], ids=lambda dialect: dialect.version)
def test_the_short_cut_is_taken_for_a_chunk_of_text(dialect):
    chunk = TaskArtifactUpdateEvent(
        task_id="t", context_id="c", artifact=Artifact(artifact_id="a", parts=(Part(text="word "),)), append=True
    )
    response = b'{"jsonrpc":"2.0","id":"1","result":%b}' % dialect.write_item(chunk)
    assert dialect._read_canonical(response) == chunk
    assert dialect._read_canonical(json.dumps(json.loads(response)).encode()) == chunk, "white space does not matter"
    twice = response.replace(b'"id":"1"', b'"id":"1","id":"2"')
    assert dialect._read_canonical(twice) is None
    with pytest.raises(CodecError, match='"id" occurs twice'):
        dialect.read_response(twice)


IDS = ["1", "-7", "0", "-0", "01", "1.5", "1e3", "9" * 18, "9" * 19, "null", "true", '""', '"a-1"', '"\\u0031"', '"é"']
IDS += ['"\udc80"', "+1", '"\x7f"', '"\x80"', '"\n"', '"\\"', '"a', '"a":1,"b', "{}"]
HEADS = ['{"jsonrpc":"2.0","id":%s,"result":', '{"id": %s, "jsonrpc": "2.0", "result": ']
TAILS = [
    "}",
    " }",
    "\n}",
    "}\n",
    "]",
    "}}",
    "",
    ',"id":2}',
    ',"error":null}',
    ',"error":{"code":1,"message":"m"}}',
    ",}",
]
OTHER_HEADS = [
    '{"jsonrpc":"1.0","id":1,"result":',
    '{"jsonrpc":"3.0","id":1,"result":',
    '{"jsonrpc":"2.0","id":1,"id":2,"result":',
    '{"jsonrpc":"2.0","result":',
    '{"id":1,"result":',
    '{"id":1,"jsonrpc":"2.0","jsonrpc":"2.0","result":',
    '[{"jsonrpc":"2.0","id":1,"result":',
    '{"jsonrpc":"2.0","id":1,"results":',
    '{"jsonrpc":"2.0","id":1,"result" :',
    '{"jsonrpc":"2.0","id":1,"error":',
    ' {"jsonrpc":"2.0","id":1,"result":',
]


@pytest.mark.parametrize("dialect", READERS)
@pytest.mark.parametrize("head", [head % text for head in HEADS for text in IDS] + OTHER_HEADS)
def test_an_envelope_that_is_nearly_usual_means_what_it_means_the_long_way(dialect, head):
    item = TaskStatusUpdateEvent(task_id="t", status=TaskStatus(state=TaskState.WORKING))
    for result in (dialect.write_item(item).decode(), "[]", "{", ""):
        for tail in TAILS:
            text = (head + result + tail).encode(errors="surrogateescape")
            assert outcome(dialect.read_response, text) == outcome(the_long_way, dialect, text)


DEEP = '{"artifactUpdate":{"taskId":"t","artifact":{"artifactId":"a","parts":[{"data":%s}]}}}'


@pytest.mark.parametrize("extra", [0, 1, 2])
def test_the_depth_of_an_event_counts_from_its_envelope(extra):
    """Six containers stand around the data of a part; 64 are the most there may be."""
    text = '{"jsonrpc":"2.0","id":1,"result":%s}' % (DEEP % ("[" * (57 + extra) + "]" * (57 + extra)))
    seen = outcome(V1_0.read_response, text.encode())
    assert seen == outcome(the_long_way, V1_0, text.encode())
    assert isinstance(seen, TaskArtifactUpdateEvent) == (extra < 2)
