"""Items on a pipe are read by a short cut where they are usual: it must not mean anything else than the long way."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket import Connection
from hocket.a2a import (
    DIALECTS,
    V1_0,
    Artifact,
    Operation,
    Part,
    PipeClient,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.a2a.pipe.streamed import Streamed, StreamedItems
from hocket.framing import Ndjson
from hocket.jsonrpc import LSP
from hocket.testing.strategies.a2a import stream_items
from support.drain import drain
from support.messages import user_says

IDS = ['"1"', '"2"', "1", '"\\u0031"', '"é"', '"a"', "null", "[]", '"1","id":"2"']
OFFSETS = ["1", "0", "7", "01", "-1", "1.0", "1e2", '"1"', "null", "true", "9" * 18, "9" * 400, '1,"offset":2']
HEADS = [
    '{"jsonrpc":"2.0","method":"$/stream","params":{"id":%s,"offset":%s,"result":',
    '{"jsonrpc": "2.0", "method": "$/stream", "params": {"id": %s, "offset": %s, "result": ',
    '{"jsonrpc":"2.0","method":"$/stream","params":{"offset":%.0s5,"id":%s,"result":',
    '{"jsonrpc":"2.0","params":{"id":%s,"offset":%s,"result":',
    '{"jsonrpc":"2.0","id":"1","method":"$/stream","params":{"id":%s,"offset":%s,"result":',
    '{"jsonrpc":"2.0","method":"$/other","params":{"id":%s,"offset":%s,"result":',
    '{"jsonrpc":"1.0","method":"$/stream","params":{"id":%s,"offset":%s,"result":',
    '[{"jsonrpc":"2.0","method":"$/stream","params":{"id":%s,"offset":%s,"result":',
]
TAILS = ["}}", "} }", "}", "}}}", "", "}}]", "]}", ',"more":1}}', ',"id":"2"}}', ',"result":null}}', '},"method":"m"}']


def told(pipe, data):
    """What a client of a pipe makes of a line: the events of its two calls, and whether they are over."""
    calls = [pipe.call(Operation.STREAM, user_says("hi"), 0.0) for _ in range(2)]
    pipe.data_to_send()
    pipe.receive_data(data + b"\n", 0.0)
    seen = [[_plain(event) for event in drain(call)] for call in calls]
    return seen, [call.is_closed for call in calls], pipe.data_to_send(), len(drain(pipe))


def _plain(event):
    return event.kind, event.text, event.offset, event.done, event.item, str(event.error)


def both_ways(dialect, data):
    by_short_cut, the_long_way = PipeClient(Ndjson(), dialect), PipeClient(Ndjson(), dialect)
    the_long_way.connection = Connection(Ndjson(), limits=by_short_cut.connection.limits, cancellation=LSP)
    assert told(by_short_cut, data) == told(the_long_way, data)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.version)
@given(data=st.data())
def test_both_ways_tell_the_same(dialect, data):
    written = data.draw(st.one_of(_items(dialect), st.sampled_from(["[]", "{", "", "null", '"\\ud800"', "1" * 400])))
    head = data.draw(st.sampled_from(HEADS)) % (data.draw(st.sampled_from(IDS)), data.draw(st.sampled_from(OFFSETS)))
    both_ways(dialect, (head + written + data.draw(st.sampled_from(TAILS))).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.version)
@given(data=st.data())
def test_both_ways_tell_the_same_of_many_chunks_of_two_calls(dialect, data):
    lines = []
    for offset, literal in enumerate(data.draw(st.lists(st.sampled_from(LITERALS), max_size=8))):
        chunk = dialect.write_item(_chunk(data.draw(st.sampled_from("ab")), data.draw(st.booleans()))).decode()
        head = data.draw(st.sampled_from(HEADS[:2])) % (data.draw(st.sampled_from(['"1"', '"2"'])), offset)
        lines.append(head + chunk.replace('"the text"', literal) + "}}")
    both_ways(dialect, "\n".join(lines).encode("utf-8", "surrogatepass"))


LITERALS = ['"word"', '"words "', '"the text"', '"a"', '""', '"\\u00e9 \\" \\n"', '"é 😀"', '"\\ud800"', '"\ud800"']
LITERALS += ['"t"', "1", "null", '"x","y":"z"', '"x"},{"text":"y"', '{"a":"b"}', '"x', '"\x07"']


def _chunk(artifact, append):
    parts = (Part(text="the text"),)
    return TaskArtifactUpdateEvent(task_id="t", artifact=Artifact(artifact_id=artifact, parts=parts), append=append)


def _items(dialect):
    return stream_items(dialect).map(dialect.write_item).filter(lambda text: text is not None).map(bytes.decode)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("call", IDS)
def test_both_ways_tell_the_same_of_whatever_is_odd(head, call):
    item = V1_0.write_item(TaskStatusUpdateEvent(task_id="t", status=TaskStatus(state=TaskState.WORKING))).decode()
    for offset in OFFSETS:
        for tail in TAILS:
            both_ways(V1_0, (head % (call, offset) + item + tail).encode())


@pytest.mark.parametrize("depth", [56, 57, 58, 100_000])
def test_the_depth_counts_from_the_envelope(depth):
    part = '{"artifactUpdate":{"taskId":"t","artifact":{"artifactId":"a","parts":[{"data":%s}]}}}'
    both_ways(V1_0, (HEADS[0] % ('"1"', "1") + part % ("[" * depth + "]" * depth) + "}}").encode())


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.version)
def test_the_short_cut_is_taken_for_what_a_server_writes(dialect):
    item = TaskStatusUpdateEvent(task_id="t", status=TaskStatus(state=TaskState.WORKING))
    for head in HEADS[:2]:
        text = (head % ('"1"', "7")).encode() + dialect.write_item(item) + b"}}"
        items = StreamedItems(dialect)
        items.begin("1")
        assert items.usual().read(text).params == Streamed("1", 7, item)
        items.end("1")
        assert items.usual().read(text) is None
    assert json.loads(text)["params"]["offset"] == 7
