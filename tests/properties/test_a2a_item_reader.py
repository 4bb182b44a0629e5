"""A reader that remembers reads what a reader without memory reads, whatever it has read before."""

from functools import partial
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hocket import codec
from hocket.a2a import V0_3, V1_0, ClientCall, Operation
from hocket.a2a.dialects import item_reader
from hocket.a2a.dialects.item_reader import ItemReader
from hocket.errors import CodecError
from hocket.http.rest_binding import RestBinding
from support.messages import user_says

ENGINES = [each for each in (codec.STDLIB, codec.MSGSPEC) if each is not None]

UPDATE = '"taskId":"t","contextId":"c","artifact":{"artifactId":"a","parts":[%s]},"append":true'
NEW = '{"artifactUpdate":{%s}}'
OLD = '{"kind":"artifact-update",%s}'

PARTS = [
    '{"text":@}',
    '{"text": @ }',
    '{"text":"\\u0041","text":@}',
    '{"text":@,"text":"\\u0041"}',
    '{"text":"\\u0041","extra":@}',
    '{"text":"\\u0041","extra":[@,@]}',
    '{"text":@,"extra":@}',
    '{"text":"\\u0041",@:1}',
    '{"text":"\\u002c"@"extra":1}',
    '{"text":"\\u002c"}],"x":["y"@"z"',
    '{"text":"\\u003a","extra"@"x"}',
    '{"text":@,"filename":"f"}',
    '{"text":@,"metadata":{"m":@}}',
    '{"text":"\\\\"@}',
    '{"text":"A@"}',
    '{"data":@}',
    '{"text":@},{"text":"A"}',
    "@",
]
"""Where a literal may stand: as the text, as something else, and where it makes no sense at all."""

WHOLES = [
    (NEW, UPDATE),
    (NEW, UPDATE.replace('"a"', '"b"')),
    (NEW, UPDATE.replace("true", "false")),
    (NEW, UPDATE + ',"lastChunk":true'),
    (NEW, UPDATE.replace('"taskId":"t"', '"taskId":@')),
    (NEW, UPDATE.replace('"artifactId":"a"', '"artifactId":"a","name":@')),
    (NEW, UPDATE + ',"extra":@'),
    (NEW, UPDATE + ',"generation":"7"'),
    ('{"message":{"messageId":"m","role":"ROLE_AGENT","parts":[%s]}}', "%s"),
    (
        '{"statusUpdate":{"taskId":"t","status":{"state":"TASK_STATE_WORKING","message":%s}}}',
        '{"messageId":"m","role":"ROLE_AGENT","parts":[%s]}',
    ),
]
LITERALS = [
    '"A"',
    '"B"',
    '""',
    '" "',
    '","',
    '":"',
    '"\\u0041"',
    '"\\u002c"',
    '"\\""',
    '"\\\\"',
    '"\\ud800"',
    '"\ud800"',
    '"å"',
    '"\u2028"',
    '"\n"',
    '"A',
    'A"',
    "A",
    "7",
    "null",
    "[]",
    ' "C"\t',
    '"A","B"',
    '"A","text":"B"',
    '"A"}],"parts":[{"text":"B"',
    "[" * 2_000,
    '"A"' + "[" * 2_000,
    "",
]
FRAMES = [whole % inner % part for whole, inner in WHOLES for part in PARTS[:2]]
FRAMES += [NEW % UPDATE % part for part in PARTS[2:]]
ENVELOPE = '{"jsonrpc":"2.0","id":"1","result":%s}'

TEXTS = st.text(max_size=3).map(lambda text: codec.escape_string(text).decode())
RUNS = st.sampled_from(FRAMES).flatmap(
    lambda frame: st.lists(st.tuples(st.just(frame), st.sampled_from(LITERALS) | TEXTS), max_size=4)
)
STREAMS = st.lists(RUNS, max_size=3).map(lambda runs: [event for run in runs for event in run])
PLAIN, ASIDE, BETWEEN = (NEW % UPDATE % PARTS[number] for number in (0, 4, 9))


def of_stream(frame, literal):
    """One event, as it may come: also as text that is not UTF-8."""
    return frame.replace("@", literal).encode(errors="surrogatepass")


def outcome(read, data):
    try:
        return read(data)
    except CodecError as error:
        return "refused", error.path, error.reason


@given(events=STREAMS, engine=st.sampled_from(ENGINES))
@example(events=[(ASIDE, each) for each in ('"A"', '"B"', '"C"', '"D"')], engine=codec.default)
@example(events=[(ASIDE, each) for each in ('"A"', '"A"', '"B"')], engine=codec.default)
@example(events=[(PLAIN, '"A"'), (PLAIN, '"B"'), (ASIDE, '"A"'), (ASIDE, '"B"')], engine=codec.default)
@example(events=[(PLAIN, '"A"'), (ASIDE, '"A"'), (PLAIN, '"B"'), (ASIDE, '"B"')], engine=codec.default)
@example(events=[(BETWEEN, each) for each in ('","', '"B"', '","', '"D"')], engine=codec.default)
@example(events=[(PLAIN, each) for each in ('"A"', '"B"', *LITERALS)], engine=codec.default)
def test_a_reader_with_a_memory_reads_what_one_without_reads(events, engine):
    with patch.object(item_reader, "default", engine):
        read = ItemReader(V1_0.read_response).read
        for frame, literal in events:
            data = of_stream(ENVELOPE % frame, literal)
            assert outcome(read, data) == outcome(V1_0.read_response, data)


@given(events=STREAMS)
def test_and_so_it_does_where_events_have_no_envelope(events):
    call = ClientCall(Operation.STREAM, user_says(), V1_0, "1")
    without = partial(RestBinding().read_event, call)
    read = ItemReader(without).read
    for frame, literal in events:
        data = of_stream(frame, literal)
        assert outcome(read, data) == outcome(without, data)


@given(st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(LITERALS)), max_size=6))
def test_and_so_it_does_in_0_3(events):
    read = ItemReader(V0_3.read_response).read
    for part, literal in events:
        data = of_stream(ENVELOPE % OLD % UPDATE % part.replace("{", '{"kind":"text",', 1), literal)
        assert outcome(read, data) == outcome(V0_3.read_response, data)


LONG = "x" * 16 * 1024
STATUS = ENVELOPE % '{"statusUpdate":{"taskId":"t","status":{"state":"TASK_STATE_WORKING"}}}'


@pytest.mark.parametrize(
    ("texts", "long_ways"),
    [
        (["one", "two", "three", "four"], ["one", "two"]),
        (["one", "one", "one", "two", "three"], ["one", "one", "one", "two"]),
        (["one", "two", None, "three"], ["one", "two", None]),
        (["", "one", "two", "", "å\n", "three"], ["", "one", "two"]),
        ([LONG, "one", "two", LONG], [LONG, "one", "two"]),
        ([LONG, LONG + "1", LONG + "2"], [LONG, LONG + "1", LONG + "2"]),
    ],
)
def test_chunks_that_differ_in_their_text_are_read_the_long_way_until_two_did(texts, long_ways):
    taken = []
    reader = ItemReader(lambda data: taken.append(data) or V1_0.read_response(data))

    def event(text):
        literal = codec.escape_string(text or "").decode()
        return STATUS.encode() if text is None else of_stream(ENVELOPE % FRAMES[0], literal)

    for text in texts:
        assert reader.read(event(text)) == V1_0.read_response(event(text))
    assert taken == [event(text) for text in long_ways]


@pytest.mark.parametrize(("artifacts", "long_ways"), [(4, 8), (5, 20)])
def test_so_they_are_where_a_few_artifacts_take_turns(artifacts, long_ways):
    taken = []
    reader = ItemReader(lambda data: taken.append(data) or V1_0.read_response(data))
    for turn in range(4):
        for artifact in range(artifacts):
            frame = FRAMES[0].replace('"artifactId":"a"', f'"artifactId":"{artifact}"')
            data = of_stream(ENVELOPE % frame, f'"turn {turn}"')
            assert reader.read(data) == V1_0.read_response(data)
    assert len(taken) == long_ways
