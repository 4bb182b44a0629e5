"""Calls that are written in the usual way are read by a short cut: it must not mean anything else than the long way."""

import json

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from hocket.acp import Encoding
from hocket.acp.client.inbox import NOTIFICATIONS, read_notification
from hocket.acp.client.inbox import PARAMS as TOLD
from hocket.acp.hub.replies import fingerprint
from hocket.acp.limits import StreamLimits
from hocket.acp.params import read_params
from hocket.acp.wire import ACP, PARAMS, ChunkParams, MessageParams, usual_calls
from hocket.codec import MSGSPEC, dumps, loads
from hocket.errors import CodecError
from hocket.jsonrpc import NotificationReceived, Peer, PeerLimits, RequestReceived, UsualCalls
from hocket.testing.strategies.acp import acp_messages, acp_requests
from support.drain import drain

CHUNK = b'{"streamId":"s","chunk":{"role":"agent","parts":[{"type":"TextPart","content":"a"}]},"sequence":1}'
ENVELOPES = [
    b'{"jsonrpc":"2.0","method":"stream.chunk","params":%b}',
    b'{"jsonrpc":"2.0","id":"7","method":"stream.chunk","params":%b}',
    b'{"jsonrpc":"2.0","id":7,"method":"stream.chunk","params":%b}',
    b'{"jsonrpc": "2.0", "id": -7, "method": "stream.chunk", "params": %b}',
    b'{"jsonrpc":"2.0","id":0,"method":"stream.message","params":%b }',
    b'{"jsonrpc":"2.0","id":-0,"method":"stream.end","params":%b}',
    b'{"jsonrpc":"2.0","id":07,"method":"stream.end","params":%b}',
    b'{"jsonrpc":"2.0","id":1.0,"method":"stream.end","params":%b}',
    b'{"jsonrpc":"2.0","id":"\xc3\xa9","method":"stream.chunk","params":%b}',
    b'{"jsonrpc":"2.0","id":"\\u0041","method":"stream.chunk","params":%b}',
    b'{"jsonrpc":"2.0","id":"\x01","method":"stream.chunk","params":%b}',
    b'{"jsonrpc":"2.0","id":null,"method":"stream.chunk","params":%b}',
    b'{"jsonrpc":"2.0","method":"stream.chunk","params":%b,"id":"7"}',
    b'{"jsonrpc":"2.0","method":"stream.chunk","params":%b}}',
    b'{"jsonrpc":"2.0","method":"stream.chunk","params":%b',
    b'{"jsonrpc":"2.0","method":"stream.chunk","params":%b} ',
    b'{"jsonrpc":"2.0","method":"stream.chunk","params":[%b]}',
    b'{"jsonrpc":"2.0","method":"stream.event","params":%b}',
    b'{"jsonrpc":"2.0","method":"$/agent","params":%b}',
    b'{"jsonrpc":"1.0","method":"stream.chunk","params":%b}',
    b'[{"jsonrpc":"2.0","method":"stream.chunk","params":%b}]',
    b'{"jsonrpc":"2.0","id":"%b","method":"stream.chunk","params":{}}',
]
PARTS = [
    CHUNK,
    b"{}",
    b"null",
    b"",
    b"[]",
    CHUNK.replace(b"1}", b'"1"}'),
    CHUNK.replace(b"1}", b"1.0}"),
    CHUNK[:-1] + b',"sequence":2}',
    CHUNK.replace(b'"a"', b'"a","x-messageId":"m"'),
    CHUNK.replace(b'"a"', b'"a","x-messageId":null'),
    CHUNK.replace(b'"a"', b'"a","x-messageId":{"a":[1]}'),
    CHUNK.replace(b'"a"', b'"a","x-messageId":"m","x-messageId":"n"'),
    CHUNK.replace(b'"a"', b'"a","x-messageId":"m","y":1'),
    CHUNK[:-1] + b',"unknown":2}',
    CHUNK[:-1] + b',"isLast":null}',
    CHUNK[:-1] + b',"eventId":"12","firstEventId":"9"}',
    CHUNK.replace(b'"a"', b"[" * 60 + b"]" * 60),
    CHUNK.replace(b'"a"', b"[" * 59 + b"]" * 59),
    CHUNK.replace(b'"a"', b"1" * 310),
    CHUNK.replace(b'"a"', b"0." + b"0" * 309),
    CHUNK.replace(b"1}", b"1" * 310 + b"}"),
    CHUNK.replace(b"1}", b"-" + b"1" * 310 + b"}"),
    CHUNK.replace(b'"a"', b'"a","size":' + b"1" * 310),
    CHUNK.replace(b'"a"', b"[" * 100_000),
    CHUNK.replace(b'"a"', b'"\xff"'),
    CHUNK.replace(b'"a"', b'"\\ud800"'),
    CHUNK + b',"method":"stream.end"',
    b'{"streamId":"s","event":"PARTICIPANT_JOINED","eventId":"3","timestamp":"t","agentId":"a"}',
    b'{"streamId":"s","event":"what","eventId":"3","timestamp":"t"}',
]


@st.composite
def frames(draw):
    """Calls of every method as peers write them, and some that nobody would write."""
    if draw(st.booleans()):
        return draw(st.sampled_from(ENVELOPES)) % draw(st.sampled_from(PARTS))
    text = draw(acp_requests()).body
    match draw(st.integers(0, 3)):
        case 0:
            text = json.dumps(loads(text)).encode("utf-8", "surrogatepass")
        case 1:
            at = draw(st.integers(0, len(text)))
            text = text[:at] + draw(st.sampled_from([b"", b" ", b"}", b'"', b"\xff"])) + text[at + 1 :]
        case _:
            pass
    return text


def heard(data, usual, read):
    """What a peer tells of a frame, once params were read."""
    peer = Peer(usual=usual)
    peer.receive_message(data, now=0.0)
    told = [
        (type(event), getattr(event, "id", None), event.method, read(event.method, event.params))
        if isinstance(event, RequestReceived | NotificationReceived)
        else event
        for event in drain(peer)
    ]
    return told, peer.messages_to_send(), peer.unanswered


def at_a_hub(method, params):
    return read_params(method, params, StreamLimits())


def at_a_client(method, params):
    if method not in NOTIFICATIONS:
        return method
    try:
        return read_notification(method, params)
    except CodecError as error:
        return str(error)


def as_values(data):
    return loads(data)


BOTH_ENDS = pytest.mark.parametrize(("read", "params"), [(at_a_hub, PARAMS), (at_a_client, TOLD)])


@BOTH_ENDS
@given(data=frames())
def test_both_ways_say_the_same(read, params, data):
    check_both_ways(read, params, data)


@BOTH_ENDS
@pytest.mark.parametrize("envelope", range(len(ENVELOPES)))
def test_both_ways_say_the_same_of_whatever_is_odd(read, params, envelope):
    for part in PARTS:
        check_both_ways(read, params, ENVELOPES[envelope] % part)


def check_both_ways(read, params, data):
    long_way = heard(data, None, read)
    assert heard(data, usual_calls(params), read) == long_way
    # Without msgspec nothing is read straight from its text; with readers that give values, all calls take this way.
    assert heard(data, UsualCalls(dict.fromkeys(params, _object)), read) == long_way


def _object(text):
    try:
        value = loads(text)
    except CodecError:
        return None
    return value if isinstance(value, dict) else None


@pytest.mark.skipif(MSGSPEC is None, reason="there is no short cut")
@pytest.mark.parametrize("envelope", ENVELOPES[:5])
@pytest.mark.parametrize("chunk", [CHUNK, CHUNK.replace(b'"a"', b'"a","x-messageId":"m"')])
def test_what_is_usual_takes_the_short_cut(envelope, chunk):
    peer = Peer(usual=usual_calls({**PARAMS, "stream.message": ChunkParams}))
    peer.receive_message(envelope % chunk, now=0.0)
    assert type(peer.next_event().params) is ChunkParams


def test_a_peer_that_takes_no_usual_ids_has_no_short_cut():
    peer = Peer(limits=PeerLimits(id=3), usual=UsualCalls({"m": lambda _: object()}))
    peer.receive_message(b'{"jsonrpc":"2.0","id":"four","method":"m","params":{}}', now=0.0)
    assert peer.next_event().error.data == {"limit": "id", "max": 3}


def test_a_name_that_json_writes_in_another_way_is_no_usual_one():
    strange = 'a","method":"b'
    peer = Peer(usual=UsualCalls({strange: lambda params: pytest.fail("it is not called so")}))
    peer.receive_message(b'{"jsonrpc":"2.0","method":"%b","params":{}}' % strange.encode(), now=0.0)
    assert "occurs twice" in peer.next_event().error.message


# --- a request that is sent again

CHUNKS = st.builds(ChunkParams, stream_id=st.sampled_from("ab"), chunk=acp_messages(), sequence=st.integers(0, 2))
MESSAGES = st.builds(MessageParams, stream_id=st.sampled_from("ab"), message=acp_messages())


@given(st.tuples(CHUNKS, CHUNKS) | st.tuples(MESSAGES, MESSAGES))
def test_two_requests_have_the_same_mark_only_if_they_are_the_same(requests):
    first, second = requests
    assert (fingerprint("m", first) == fingerprint("m", second)) is (_text(first) == _text(second))
    again = ACP.reader(type(first)).from_value(loads(_text(first)))
    assert fingerprint("m", again) == fingerprint("m", first)


@given(CHUNKS | MESSAGES)
def test_whatever_is_different_makes_it_another_request(params):
    name = "chunk" if isinstance(params, ChunkParams) else "message"
    said = getattr(params, name)
    part = said.parts[0]
    parts = [
        evolve(part, content=[part.content]),
        evolve(part, mime_type="text/x"),
        evolve(part, filename="f"),
        evolve(part, size=7),
        evolve(part, encoding=None if part.encoding else Encoding.UTF8),
        evolve(part, extra={**part.extra, "new": 1}),
    ]
    messages = [
        *(evolve(said, parts=(other, *said.parts[1:])) for other in parts),
        evolve(said, parts=(*said.parts, part)),
        evolve(said, agent_id="somebody else"),
        evolve(said, timestamp="then"),
        evolve(said, extra={**said.extra, "new": 1}),
    ]
    others = [*(evolve(params, **{name: other}) for other in messages), evolve(params, stream_id="another")]
    if name == "chunk":  # the last three would have the marks of -2, -1 and 0 if numbers were hashed
        others += [evolve(params, sequence=number) for number in (7, -1, -2, params.sequence + 2**61 - 1)]
        others.append(evolve(params, is_last=True))
    marks = {fingerprint("m", other) for other in (params, *others)}
    assert len(marks) == 1 + len(others)


def _text(params):
    return dumps(loads(ACP.writer(type(params)).to_json(params)))
