"""Dialects: what is written is read back as it was, in every version that can say it; nothing read ever raises."""

import contextlib
import json

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket import codec
from hocket.a2a import (
    DIALECTS,
    V0_3,
    V1_0,
    Message,
    Operation,
    Task,
    TaskArtifactUpdateEvent,
    TaskStatusUpdateEvent,
    card_json,
    read_card,
)
from hocket.errors import CodecError, ErrorObject
from hocket.testing.strategies.a2a import ANYTHING, messages, stream_items
from hocket.testing.strategies.calls import params as params_of
from hocket.testing.strategies.calls import results
from hocket.testing.strategies.cards import cards

CARDS = cards(None)
FEWER = settings(max_examples=settings().max_examples // 2)
"""For objects that are large: half of what the profile says."""
ANSWERED_AT_ONCE = [each for each in Operation if each not in (Operation.STREAM, Operation.SUBSCRIBE)]
VERSIONS = pytest.mark.parametrize("version", DIALECTS, ids=lambda each: each.version)


@VERSIONS
@given(data=st.data())
def test_an_item_of_a_stream_is_read_as_it_was_written(version, data):
    item = data.draw(stream_items(version))
    written = version.write_item(item)
    assert version.read_item(codec.loads(written)) == item
    response = b'{"jsonrpc":"2.0","id":1,"result":%b}' % written
    assert version.read_response(response) == item


@VERSIONS
@given(data=st.data())
def test_what_is_written_is_one_line_for_every_reader(version, data):
    """U+2028, U+2029 and U+0085 break clients that split lines as Python's str does."""
    written = version.write_item(data.draw(stream_items(version)))
    assert len(written.decode().splitlines()) == 1
    json.loads(written)


@VERSIONS
@FEWER
@given(data=st.data())
def test_results_are_read_as_they_were_written(version, data):
    operation = data.draw(st.sampled_from([each for each in ANSWERED_AT_ONCE if each in version.methods]))
    expected = data.draw(results(operation, version))
    result = codec.loads(version.write_result(operation, expected))
    assert version.read_result(operation, result) == expected


@FEWER
@given(data=st.data())
def test_a_card_of_both_versions_loses_nothing(data):
    card = data.draw(CARDS)
    assert read_card(card_json(card)) == card


@VERSIONS
@given(data=st.data())
def test_params_are_read_as_they_were_written(version, data):
    operation = data.draw(st.sampled_from(list(version.methods)))
    params = data.draw(params_of(operation, version))
    written = codec.loads(codec.dumps(version.write_params(operation, params)))
    assert version.read_params(operation, written) == params


@VERSIONS
@given(data=st.data())
def test_a_bare_message_is_read_whether_it_is_sent_or_streamed(version, data):
    message = data.draw(messages(version))
    written = version.wire.writer(Message).to_value(message)
    result = {"message": written} if version is V1_0 else written
    assert version.read_result(Operation.SEND, result) == message
    assert version.read_item(result) == message
    assert version.write_item(message) is None, "the log may hold it, no stream of ours carries it"


@given(st.data())
def test_what_both_versions_can_say_is_the_same_object_in_both(data):
    item = data.draw(stream_items(V0_3))
    assert V1_0.read_item(codec.loads(V1_0.write_item(item))) == item


@given(st.data())
def test_what_0_3_asks_is_what_1_0_asks(data):
    """A request of 0.3, sent on in 1.0 and back again, is the same.

    (But 1.0 keeps one scheme of authentication, and who only looks has no metadata there.)
    """
    operation = data.draw(st.sampled_from(list(V0_3.methods)))
    params = data.draw(params_of(operation, V0_3))
    once = V1_0.read_params(operation, codec.loads(codec.dumps(V1_0.write_params(operation, params))))
    if operation in (Operation.GET, Operation.SUBSCRIBE):
        params = evolve(params, metadata=None)
    old = codec.loads(codec.dumps(V0_3.write_params(operation, params)))
    assert one_scheme(codec.loads(codec.dumps(V0_3.write_params(operation, once)))) == one_scheme(old)


@FEWER
@given(st.data())
def test_what_0_3_is_answered_is_what_1_0_is_answered(data):
    operation = data.draw(st.sampled_from([each for each in ANSWERED_AT_ONCE if each in V0_3.methods]))
    result = data.draw(results(operation, V0_3))
    once = V1_0.read_result(operation, codec.loads(V1_0.write_result(operation, result)))
    if operation is not Operation.EXTENDED_CARD:  # the two kinds of cards say different things
        old = codec.loads(V0_3.write_result(operation, result))
        assert one_scheme(codec.loads(V0_3.write_result(operation, once))) == one_scheme(old)


def one_scheme(value):
    """With only the first of each list of schemes."""
    match value:
        case {"schemes": [first, *_], **rest}:
            return {**rest, "schemes": [first]}
        case dict():
            return {name: one_scheme(inner) for name, inner in value.items()}
        case list():
            return [one_scheme(inner) for inner in value]
    return value


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
    return draw(ANYTHING)


@VERSIONS
@given(data=st.data())
def test_any_params_are_read_or_refused_with_the_path_of_what_is_wrong(version, data):
    operation = data.draw(st.sampled_from(list(version.methods)))
    written = version.write_params(operation, data.draw(params_of(operation, version)))
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
def test_any_item_is_read_or_a_codec_error(version, data):
    changed = mutated(data.draw, codec.loads(version.write_item(data.draw(stream_items(version)))))
    with contextlib.suppress(CodecError):
        assert isinstance(version.read_item(changed), Task | Message | TaskStatusUpdateEvent | TaskArtifactUpdateEvent)


@VERSIONS
@FEWER
@given(data=st.data())
def test_any_result_is_read_or_a_codec_error(version, data):
    operation = data.draw(st.sampled_from([each for each in ANSWERED_AT_ONCE if each in version.methods]))
    result = data.draw(results(operation, version))
    changed = mutated(data.draw, codec.loads(version.write_result(operation, result)))
    for asked in version.methods:
        with contextlib.suppress(CodecError):
            read = version.read_result(asked, changed)
            assert read is None if asked is Operation.PUSH_DELETE else read is not None


@VERSIONS
@given(st.binary(max_size=60) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_in_an_event_are_an_item_an_error_or_a_codec_error(version, data):
    with contextlib.suppress(CodecError):
        assert isinstance(version.read_response(data), ErrorObject), "no item is so short"


def test_a_dialect_prints_as_its_version():
    assert [repr(dialect) for dialect in DIALECTS] == ["<Dialect 1.0>", "<Dialect 0.3>"]
