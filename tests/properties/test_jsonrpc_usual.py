"""A call that is written in the usual way is read by a short cut; it says and is answered what it is the long way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.jsonrpc import Notification, Peer, PeerLimits, Request
from hocket.testing.strategies.hostile_json import hostile_json
from hocket.testing.strategies.values import json_values
from support.drain import drain

ENVELOPES = [
    b'{"jsonrpc":"2.0","method":"add","params":%b}',
    b'{"jsonrpc": "2.0", "id": 7, "method": "add", "params": %b}',
    b'{"jsonrpc":"2.0","id":"a","method":"$/cancelRequest","params":%b}',
    b'{"jsonrpc":"2.0","id":"a","method":"$/ping","params":%b}',
    b'{"jsonrpc":"2.0","id":-0,"method":"add","params":%b}',
    b'{"jsonrpc":"2.0","id":07,"method":"add","params":%b}',
    b'{"jsonrpc":"2.0","id":1.5,"method":"add","params":%b}',
    b'{"jsonrpc":"2.0","id":null,"method":"add","params":%b}',
    b'{"jsonrpc":"2.0","id":"\\u0061","method":"add","params":%b}',
    b'{"jsonrpc":"2.0","id":"a","method":"\\u0061","params":%b}',
    b'{"jsonrpc":"2.0","id":"a","method":"","params":%b}',
    b'{"jsonrpc":"2.0","method":"add","id":"a","params":%b}',
    b'{"jsonrpc":"2.0","id":"a","method":"add","params":%b} ',
    b'{"jsonrpc":"2.0","id":"a","method":"add","params":%b}}',
    b'{"jsonrpc":"2.0","id":"a","method":"add","params":%b]',
    b'{"jsonrpc":"3.0","id":"a","method":"add","params":%b}',
    b'[{"jsonrpc":"2.0","id":"a","method":"add","params":%b}]',
]
PARAMS = [
    b"[1]",
    b'{"a":1}',
    b'{"a":1,"a":2}',
    b"{}",
    b" [] ",
    b"null",
    b"1",
    b'"text"',
    b"",
    b"[",
    b"[1],2",
    b'[],"id":"b"',
    b'[],"params":{}',
    b"[NaN]",
    b"[1e400]",
    b"[%b]" % (b"1" * 310),
    b"[" * 62 + b"]" * 62,
    b"[" * 63 + b"]" * 63,
    b"[" * 64 + b"]" * 64,
    b'["\xff"]',
    b'["\\ud800"]',
]


def told(data, is_short):
    """What a peer makes of a message: its events, its answers, and what it owes."""
    peer = Peer()
    if not is_short:
        peer._incoming.usual = None
    peer.receive_message(b'{"jsonrpc":"2.0","id":7.5,"method":"open","params":[]}', 0.0)
    why = peer.receive_message(data, 0.0)
    return repr((drain(peer), peer.messages_to_send(), peer.unanswered, str(why)))


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_the_short_cut_means_what_the_long_way_means(envelope):
    for params in PARAMS:
        assert told(envelope % params, is_short=True) == told(envelope % params, is_short=False)


@given(st.sampled_from(ENVELOPES), hostile_json())
def test_whatever_the_params_are(envelope, params):
    text = envelope % params.text
    assert told(text, is_short=True) == told(text, is_short=False)


@given(
    st.sampled_from([Request, Notification]),
    st.text(max_size=70),
    st.none() | st.lists(json_values(), max_size=2) | st.dictionaries(st.text(max_size=3), json_values(), max_size=2),
)
def test_what_a_peer_writes_arrives(kind, method, params):
    sender, receiver = Peer(limits=PeerLimits(method=1024)), Peer(limits=PeerLimits(method=1024))
    if kind is Request:
        sender.send_request(method, params, now=0.0)
    else:
        sender.send_notification(method, params, now=0.0)
    for message in sender.messages_to_send():
        receiver.receive_message(message, 0.0)
    event = receiver.next_event()
    assert (event.method, event.params) == (method, params)
