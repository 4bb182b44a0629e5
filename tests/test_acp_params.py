"""Params: what each method takes, what is refused and where it says it is wrong, and how large a part is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.acp.assembly import weight
from hocket.acp.limits import StreamLimits
from hocket.acp.model import Encoding, Message, Part, PartType, Role, text_part
from hocket.acp.params import event_id_of, read_params, size_refusal
from hocket.acp.wire import PARAMS, ChunkParams, GetParams, JoinParams, MemberParams, MessageParams, StartParams
from hocket.errors import ErrorObject
from hocket.testing.strategies.values import json_values

JSON = json_values(st.text())

LIMITS = StreamLimits()
SAID = {"role": "agent", "parts": [{"type": "TextPart", "content": "hi"}]}


def read(method, value, limits=LIMITS):
    params = read_params(method, value, limits)
    assert not isinstance(params, ErrorObject), params
    return params


def refused(method, value, limits=LIMITS):
    error = read_params(method, value, limits)
    assert isinstance(error, ErrorObject), error
    return error


def nested(levels, bottom=0):
    value = bottom
    for _ in range(levels):
        value = [value]
    return value


# --- what is taken


def test_the_members_of_every_method():
    assert read(
        "stream.start", {"participants": ["a", "b"], "metadata": {"x": 1}, "streamId": "s", "agentId": "a"}
    ) == (StartParams(participants=("a", "b"), metadata={"x": 1}, stream_id="s", agent_id="a"))
    assert read("stream.start", None) == StartParams()
    message = Message(role=Role.AGENT, parts=(Part(type=PartType.TEXT, content="hi"),))
    assert read("stream.message", {"streamId": "s", "message": SAID}) == MessageParams(stream_id="s", message=message)
    chunk = read("stream.chunk", {"streamId": "s", "chunk": SAID, "sequence": 3, "isLast": True})
    assert chunk == ChunkParams(stream_id="s", chunk=message, sequence=3, is_last=True)
    assert not read("stream.chunk", {"streamId": "s", "chunk": SAID, "sequence": 3}).is_last
    join = read("stream.join", {"streamId": "s", "capabilities": ["c"], "lastEventId": "12"})
    assert join == JoinParams(stream_id="s", capabilities=("c",), last_event_id="12")
    get = read("stream.get", {"streamId": "s", "lastEventId": "0", "limit": 5})
    assert get == GetParams(stream_id="s", last_event_id="0", limit=5)
    for method in ("stream.invite", "stream.remove"):
        assert read(method, {"streamId": "s", "agentId": "b", "reason": "r"}) == (
            MemberParams(stream_id="s", agent_id="b", reason="r")
        )
    for method in ("stream.end", "stream.pause", "stream.resume", "stream.leave"):
        params = read(method, {"streamId": "s", "reason": "r", "agentId": "a"})
        assert (params.stream_id, params.reason, params.agent_id) == ("s", "r", "a")


@pytest.mark.parametrize("method", PARAMS)
def test_null_is_absent_and_what_nobody_knows_does_not_matter(method):
    full = {"streamId": "s", "agentId": "a", "message": SAID, "chunk": SAID, "sequence": 1}
    nothing = {"reason": None, "metadata": None, "isLast": None, "lastEventId": None, "limit": None, "x": nested(3)}
    assert read(method, {**full, **nothing}) == read(method, full)


# --- what is not


def test_a_method_that_is_none():
    error = refused("stream.fly" * 100, {})
    assert (error.code, error.data["methods"]) == (-32601, list(PARAMS))
    assert len(error.message) < 200


@pytest.mark.parametrize(
    ("method", "value", "where"),
    [
        ("stream.end", {}, "params.streamId"),
        ("stream.end", [], "params"),
        ("stream.end", {"streamId": 7}, "params.streamId"),
        ("stream.end", {"streamId": None}, "params.streamId"),
        ("stream.start", {"participants": "ada"}, "params.participants"),
        ("stream.start", {"participants": ["ada", 7]}, "params.participants[1]"),
        ("stream.start", {"metadata": []}, "params.metadata"),
        ("stream.invite", {"streamId": "s"}, "params.agentId"),
        ("stream.message", {"streamId": "s"}, "params.message"),
        ("stream.message", {"streamId": "s", "message": {"role": "agent"}}, "params.message.parts"),
        ("stream.message", {"streamId": "s", "message": {"role": "agent", "parts": []}}, "params.message.parts"),
        ("stream.message", {"streamId": "s", "message": {**SAID, "role": "boss"}}, "params.message.role"),
        (
            "stream.message",
            {"streamId": "s", "message": {**SAID, "parts": [*SAID["parts"], {"type": "Nope"}]}},
            "params.message.parts[1].type",
        ),
        ("stream.chunk", {"streamId": "s", "chunk": {**SAID, "parts": []}, "sequence": 1}, "params.chunk.parts"),
        ("stream.chunk", {"streamId": "s", "chunk": SAID}, "params.sequence"),
        ("stream.chunk", {"streamId": "s", "chunk": SAID, "sequence": 1, "isLast": "yes"}, "params.isLast"),
        ("stream.join", {"streamId": "s", "capabilities": "law"}, "params.capabilities"),
        ("stream.join", {"streamId": "s", "lastEventId": "x"}, "params.lastEventId"),
        ("stream.get", {"streamId": "s", "lastEventId": "-1"}, "params.lastEventId"),
        ("stream.get", {"streamId": "s", "limit": "many"}, "params.limit"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_path(method, value, where):
    error = refused(method, value)
    assert error.code == -32602
    assert error.message.startswith(where + ":"), error.message


@pytest.mark.parametrize("sequence", ["7", True, 1.5, [], {}])
def test_a_sequence_that_is_no_integer(sequence):
    error = refused("stream.chunk", {"streamId": "s", "chunk": SAID, "sequence": sequence})
    assert (error.code, "params.sequence" in error.message) == (-32602, True)


@pytest.mark.parametrize("sequence", [0, 1, 1.0, 2**53 - 1])
def test_a_sequence_that_is_one(sequence):
    assert read("stream.chunk", {"streamId": "s", "chunk": SAID, "sequence": sequence}).sequence == sequence


@pytest.mark.parametrize(
    "value",
    [
        ("stream.end", {"streamId": "NAME"}),
        ("stream.end", {"streamId": "s", "agentId": "NAME"}),
        ("stream.start", {"participants": ["ada", "NAME"]}),
        ("stream.start", {"participants": ["ada"], "streamId": "NAME"}),
        ("stream.invite", {"streamId": "s", "agentId": "NAME"}),
        ("stream.message", {"streamId": "s", "message": {**SAID, "agentId": "NAME"}}),
        ("stream.chunk", {"streamId": "s", "chunk": {**SAID, "agentId": "NAME"}, "sequence": 1}),
    ],
    ids=str,
)
def test_ids_have_at_least_one_byte_and_at_most_256(value):
    method, params = value

    def named(name, value=params):
        if isinstance(value, dict):
            return {key: named(name, each) for key, each in value.items()}
        if isinstance(value, list):
            return [named(name, each) for each in value]
        return name if value == "NAME" else value

    assert refused(method, named("")).code == -32602
    read(method, named("å" * 128))
    error = refused(method, named("å" * 128 + "a"))
    assert (error.code, error.data) == (-40012, {"limit": "id", "max": 256})
    assert refused(method, named("a" * 257)).data == error.data
    assert refused(method, named("\ud800" * 257)).code == -40012


@pytest.mark.parametrize("levels", [48, 49])
@pytest.mark.parametrize(
    ("method", "where", "wrap"),
    [
        ("stream.start", "params.metadata", lambda deep: {"metadata": {"x": deep[0]}}),
        ("stream.message", "params.message.parts[1]", lambda deep: {"message": said(content=deep)}),
        ("stream.message", "params.message.parts[1]", lambda deep: {"message": said(more=deep[0])}),
        ("stream.chunk", "params.chunk.parts[1]", lambda deep: {"chunk": said(content={"x": deep[0]}), "sequence": 1}),
        ("stream.message", "params.message", lambda deep: {"message": {**SAID, "more": deep[0]}}),
    ],
)
def test_what_is_passed_on_is_not_nested_too_deeply(method, where, wrap, levels):
    value = {"streamId": "s", **wrap(nested(levels))}
    if levels == 48:
        read(method, value)
    else:
        error = refused(method, value)
        assert (error.code, error.message.split(":")[0]) == (-32602, where)


def said(**members):
    return {"role": "agent", "parts": [*SAID["parts"], {"type": "DataPart", "content": 1, **members}]}


# --- sizes


@pytest.mark.parametrize(
    ("part", "limit", "size"),
    [
        (text_part("a" * 10), "text", 10),
        (text_part("å" * 5), "text", 10),
        (text_part("\ud800" * 5), "text", 15),
        (Part(type=PartType.IMAGE, content="A" * 12), "image", 9),
        (Part(type=PartType.AUDIO, content="A" * 12, encoding=Encoding.BASE64), "audio", 9),
        (Part(type=PartType.FILE, content="å" * 6, encoding=Encoding.UTF8), "file", 12),
        (Part(type=PartType.FILE, content=[1, 2, 3]), "file", 7),
        (Part(type=PartType.FILE), "file", 0),
    ],
)
def test_the_size_of_a_part(part, limit, size):
    message = Message(role=Role.AGENT, parts=(text_part("a"), part))
    if size > 1:
        error = size_refusal("chunk", message, weight(message), StreamLimits(**{limit: size - 1}))
        assert (error.code, error.data) == (-40012, {"limit": limit, "max": size - 1})
        assert error.message.startswith("params.chunk.parts[1].content: ")
    assert size_refusal("chunk", message, weight(message), StreamLimits(**{limit: max(1, size)})) is None


def test_the_limits_are_those_of_the_specification():
    assert (LIMITS.text, LIMITS.image, LIMITS.audio, LIMITS.file) == (1_000_000, 5_000_000, 10_000_000, 25_000_000)


def test_data_has_no_limit_of_its_own():
    part = Part(type=PartType.DATA, content="a" * 100)
    message = Message(role=Role.AGENT, parts=(part,))
    assert size_refusal("message", message, weight(message), StreamLimits(text=1, file=1)) is None


# --- event ids


@pytest.mark.parametrize(("text", "number"), [(None, None), ("0", 0), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_event_ids(text, number):
    assert event_id_of(text) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", " 1", "x", "²", "٣", "9" * 19])
def test_what_is_no_event_id(text):
    error = event_id_of(text)
    assert isinstance(error, ErrorObject)
    assert error.code == -32602


# --- anything at all


@given(st.sampled_from(list(PARAMS)), JSON)
def test_nothing_raises(method, value):
    read_params(method, value, LIMITS)


@given(
    st.sampled_from(list(PARAMS)),
    st.dictionaries(
        st.sampled_from(
            ["streamId", "agentId", "participants", "message", "chunk", "sequence", "isLast", "lastEventId"]
        ),
        JSON | st.just(SAID) | st.just("s") | st.just(1),
    ),
)
def test_nothing_that_looks_right_raises_either(method, value):
    read_params(method, value, LIMITS)
