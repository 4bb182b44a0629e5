"""The JSON-RPC 2.0 specification by example, and every hostile input we know of: message in, reply and events out.

Written by hand from the specification (section 7 for the examples) and not from the code.
"""

import pytest

from hocket.errors import ErrorObject
from hocket.jsonrpc import (
    ErrorReceived,
    MessageRejected,
    NotificationReceived,
    Peer,
    PeerLimits,
    RequestReceived,
    ResultReceived,
    UnexpectedResponse,
)
from support.drain import drain
from support.jsonrpc import sent

PARSE, INVALID, UNKNOWN_METHOD = -32700, -32600, -32601


def subtract(peer, request):
    """The server of the specification's examples."""
    match request.method, request.params:
        case "subtract", [a, b]:
            peer.send_result(request.id, a - b, now=0)
        case "subtract", {"minuend": a, "subtrahend": b}:
            peer.send_result(request.id, a - b, now=0)
        case "sum", numbers:
            peer.send_result(request.id, sum(numbers), now=0)
        case "get_data", None:
            peer.send_result(request.id, ["hello", 5], now=0)
        case _:
            peer.send_error(request.id, ErrorObject(UNKNOWN_METHOD, "Method not found"), now=0)


def serve(text):
    """What the server of the examples sends for `text`, errors reduced to their codes."""
    peer = Peer()
    peer.receive_message(text.encode(), now=0)
    for event in drain(peer):
        if isinstance(event, RequestReceived):
            subtract(peer, event)
    answers = []
    for message in sent(peer):
        batch = message if isinstance(message, list) else [message]
        reduced = [
            (answer["id"], answer["error"]["code"] if "error" in answer else {"result": answer["result"]})
            for answer in batch
        ]
        answers.append(reduced if isinstance(message, list) else reduced[0])
        assert all(answer["jsonrpc"] == "2.0" for answer in batch)
    return answers


V = '"jsonrpc":"2.0"'

EXAMPLES = [
    ("positional", f'{{{V},"method":"subtract","params":[42,23],"id":1}}', [(1, {"result": 19})]),
    ("positional, turned", f'{{{V},"method":"subtract","params":[23,42],"id":2}}', [(2, {"result": -19})]),
    (
        "named",
        f'{{{V},"method":"subtract","params":{{"subtrahend":23,"minuend":42}},"id":3}}',
        [(3, {"result": 19})],
    ),
    (
        "named, turned",
        f'{{{V},"method":"subtract","params":{{"minuend":42,"subtrahend":23}},"id":4}}',
        [(4, {"result": 19})],
    ),
    ("notification", f'{{{V},"method":"update","params":[1,2,3,4,5]}}', []),
    ("notification without params", f'{{{V},"method":"foobar"}}', []),
    ("unknown method", f'{{{V},"method":"foobar","id":"1"}}', [("1", UNKNOWN_METHOD)]),
    ("invalid JSON", f'{{{V},"method":"foobar,"params":"bar","baz]', [(None, PARSE)]),
    ("invalid Request", f'{{{V},"method":1,"params":"bar"}}', [(None, INVALID)]),
    (
        "batch of invalid JSON",
        f'[{{{V},"method":"sum","params":[1,2,4],"id":"1"}},{{{V},"method"',
        [(None, PARSE)],
    ),
    ("empty array", "[]", [(None, INVALID)]),
    ("invalid batch, not empty", "[1]", [[(None, INVALID)]]),
    ("invalid batch", "[1,2,3]", [[(None, INVALID)] * 3]),
    (
        "mixed batch",
        (
            f'[{{{V},"method":"sum","params":[1,2,4],"id":"1"}},{{{V},"method":"notify_hello","params":[7]}},'
            f'{{{V},"method":"subtract","params":[42,23],"id":"2"}},{{"foo":"boo"}},'
            f'{{{V},"method":"foo.get","params":{{"name":"myself"}},"id":"5"}},{{{V},"method":"get_data","id":"9"}}]'
        ),
        [
            [
                ("1", {"result": 7}),
                ("2", {"result": 19}),
                (None, INVALID),
                ("5", UNKNOWN_METHOD),
                ("9", {"result": ["hello", 5]}),
            ]
        ],
    ),
    (
        "batch of notifications",
        f'[{{{V},"method":"notify_sum","params":[1,2,4]}},{{{V},"method":"notify_hello","params":[7]}}]',
        [],
    ),
]


@pytest.mark.parametrize(("text", "answers"), [row[1:] for row in EXAMPLES], ids=[row[0] for row in EXAMPLES])
def test_the_examples_of_the_specification(text, answers):
    assert serve(text) == answers


# name, message, code of the reply (None: no reply), id of the reply. Every row is rejected and nothing else.
REJECTED = [
    ("empty text", b"", PARSE, None),
    ("a lone bracket", b"[", PARSE, None),
    ("not UTF-8", b'{"jsonrpc":"2.0","method":"\xff","id":1}', PARSE, None),
    ("UTF-16", '{"jsonrpc":"2.0","method":"m","id":1}'.encode("utf-16"), PARSE, None),
    ("byte order mark", b'\xef\xbb\xbf{"jsonrpc":"2.0","method":"m","id":1}', PARSE, None),
    ("NaN", b'{"jsonrpc":"2.0","method":"m","params":[NaN],"id":1}', PARSE, None),
    ("a number without end", b'{"jsonrpc":"2.0","method":"m","id":' + b"9" * 400 + b"}", PARSE, None),
    ("an infinite number", b'{"jsonrpc":"2.0","method":"m","id":1e400}', PARSE, None),
    ("deep", b"[" * 100_000, PARSE, None),
    ("deep and closed", b"[" * 100_000 + b"]" * 100_000, PARSE, None),
    ("two messages", b'{"jsonrpc":"2.0","method":"m"}{"jsonrpc":"2.0","method":"m"}', PARSE, None),
    ("method twice", b'{"jsonrpc":"2.0","method":"safe","method":"unsafe","id":1}', PARSE, None),
    ("id twice", b'{"jsonrpc":"2.0","method":"m","id":1,"id":2}', PARSE, None),
    ("a string", b'"hello"', INVALID, None),
    ("null", b"null", INVALID, None),
    ("true", b"true", INVALID, None),
    ("empty object", b"{}", INVALID, None),
    ("version missing", b'{"method":"m","id":1}', INVALID, 1),
    ("version 1.0", b'{"jsonrpc":"1.0","method":"m","id":1}', INVALID, 1),
    ("version as number", b'{"jsonrpc":2.0,"method":"m","id":1}', INVALID, 1),
    ("method null", b'{"jsonrpc":"2.0","method":null,"id":1}', INVALID, 1),
    ("method a list", b'{"jsonrpc":"2.0","method":["m"],"id":1}', INVALID, 1),
    ("method and nothing of use", b'{"jsonrpc":"2.0","method":{},"result":1}', INVALID, None),
    ("method too long", b'{"jsonrpc":"2.0","method":"' + b"m" * 257 + b'","id":1}', INVALID, 1),
    (
        "method too long in bytes",
        b'{"jsonrpc":"2.0","method":"' + "😀".encode() * 65 + b'","id":1}',
        INVALID,
        1,
    ),
    ("params a string", b'{"jsonrpc":"2.0","method":"m","params":"p","id":1}', INVALID, 1),
    ("params a number", b'{"jsonrpc":"2.0","method":"m","params":0,"id":"x"}', INVALID, "x"),
    ("params false", b'{"jsonrpc":"2.0","method":"m","params":false,"id":null}', INVALID, None),
    ("id true", b'{"jsonrpc":"2.0","method":"m","id":true}', INVALID, None),
    ("id a list", b'{"jsonrpc":"2.0","method":"m","id":[1]}', INVALID, None),
    ("id an object", b'{"jsonrpc":"2.0","method":"m","id":{}}', INVALID, None),
    ("id too long", b'{"jsonrpc":"2.0","method":"m","id":"' + b"i" * 257 + b'"}', INVALID, None),
    (
        "id too long in bytes",
        b'{"jsonrpc":"2.0","method":"m","id":"' + "é".encode() * 129 + b'"}',
        INVALID,
        None,
    ),
    ("id with too many digits", b'{"jsonrpc":"2.0","method":"m","id":' + b"9" * 257 + b"}", INVALID, None),
    ("neither call nor response", b'{"jsonrpc":"2.0","id":1}', INVALID, None),
    ("params alone", b'{"jsonrpc":"2.0","params":[],"id":1}', INVALID, None),
    # A notification is never answered, however wrong it is.
    ("notification: params", b'{"jsonrpc":"2.0","method":"m","params":1}', None, None),
    ("notification: version", b'{"method":"m"}', None, None),
    ("notification: method too long", b'{"jsonrpc":"2.0","method":"' + b"m" * 257 + b'"}', None, None),
    # Neither is a response: two peers would answer each other for ever.
    ("response: version", b'{"id":1,"result":1}', None, None),
    ("response: no id", b'{"jsonrpc":"2.0","result":1}', None, None),
    ("response: id true", b'{"jsonrpc":"2.0","id":true,"result":1}', None, None),
    ("response: id an object", b'{"jsonrpc":"2.0","id":{},"error":{"code":1,"message":"m"}}', None, None),
    ("response: id too long", b'{"jsonrpc":"2.0","id":"' + b"i" * 257 + b'","result":1}', None, None),
    ("response: both", b'{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":"m"}}', None, None),
]


@pytest.mark.parametrize(("data", "code", "reply_id"), [row[1:] for row in REJECTED], ids=[row[0] for row in REJECTED])
def test_what_is_malformed_is_reported_and_answered_if_it_asked_for_an_answer(data, code, reply_id):
    peer = Peer()
    peer.receive_message(data, now=0)
    (event,) = drain(peer)
    assert isinstance(event, MessageRejected)
    assert event.raw == data[:256]
    assert event.answered is (code is not None)
    replies = sent(peer)
    if code is None:
        assert replies == []
    else:
        (reply,) = replies
        assert set(reply) == {"jsonrpc", "id", "error"}
        assert reply["error"]["code"] == code == event.error.code
        assert reply["id"] == reply_id
        assert type(reply["id"]) is type(reply_id)
    assert peer.unanswered == ()


# name, message, what it is taken for
ACCEPTED = [
    (
        "params null",
        b'{"jsonrpc":"2.0","method":"m","params":null,"id":1}',
        RequestReceived(id=1, method="m"),
    ),
    ("id null", b'{"jsonrpc":"2.0","method":"m","id":null}', RequestReceived(id=None, method="m")),
    ("id 0", b'{"jsonrpc":"2.0","method":"m","id":0}', RequestReceived(id=0, method="m")),
    ("id empty", b'{"jsonrpc":"2.0","method":"m","id":""}', RequestReceived(id="", method="m")),
    ("id negative", b'{"jsonrpc":"2.0","method":"m","id":-5}', RequestReceived(id=-5, method="m")),
    ("id a fraction", b'{"jsonrpc":"2.0","method":"m","id":1.5}', RequestReceived(id=1.5, method="m")),
    (
        "id of 256 bytes",
        b'{"jsonrpc":"2.0","method":"m","id":"%b"}' % (b"i" * 256),
        RequestReceived(id="i" * 256, method="m"),
    ),
    (
        "id of 256 digits",
        b'{"jsonrpc":"2.0","method":"m","id":-%b}' % (b"9" * 256),
        RequestReceived(id=1 - 10**256, method="m"),
    ),
    (
        "id a lone surrogate",
        b'{"jsonrpc":"2.0","method":"m","id":"\\ud800"}',
        RequestReceived(id="\ud800", method="m"),
    ),
    ("method empty", b'{"jsonrpc":"2.0","method":"","id":1}', RequestReceived(id=1, method="")),
    (
        "method of 256 bytes",
        b'{"jsonrpc":"2.0","method":"%b"}' % (b"m" * 256),
        NotificationReceived(method="m" * 256),
    ),
    (
        "members nobody knows",
        b'{"jsonrpc":"2.0","method":"m","id":1,"result":3,"x":[]}',
        RequestReceived(id=1, method="m"),
    ),
    ("space around", b' \r\n\t{"jsonrpc":"2.0","method":"m"} ', NotificationReceived(method="m")),
    (
        "names twice inside",
        b'{"jsonrpc":"2.0","method":"m","params":{"a":1,"a":2}}',
        NotificationReceived(method="m", params={"a": 2}),
    ),
    (
        "error for nobody",
        b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}',
        ErrorReceived(id=None, method=None, error=ErrorObject(PARSE, "?")),
    ),
    ("result for nobody", b'{"jsonrpc":"2.0","id":null,"result":1}', UnexpectedResponse(id=None, result=1)),
    ("unknown id", b'{"jsonrpc":"2.0","id":"no","result":1}', UnexpectedResponse(id="no", result=1)),
    (
        "unknown id, error",
        b'{"jsonrpc":"2.0","id":9,"error":{"code":1,"message":"m","data":[]}}',
        UnexpectedResponse(id=9, error=ErrorObject(1, "m", [])),
    ),
]


@pytest.mark.parametrize(("data", "event"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_what_is_unusual_but_right_is_taken(data, event):
    peer = Peer()
    peer.receive_message(data, now=0)
    assert drain(peer) == [event]
    assert sent(peer) == []
    if isinstance(event, RequestReceived):
        peer.send_result(event.id, 0, now=0)
        (reply,) = sent(peer)
        assert (reply["id"], type(reply["id"])) == (event.id, type(event.id))


LIMITS = PeerLimits(batch=2, id=4, method=3, in_flight=1)

LIMITED = [
    (
        "batch",
        '[{"jsonrpc":"2.0","method":"m"},{"jsonrpc":"2.0","method":"m"},{"jsonrpc":"2.0","method":"m"}]',
        None,
        INVALID,
        {"limit": "batch", "max": 2},
    ),
    ("id", f'{{{V},"method":"m","id":"12345"}}', None, INVALID, {"limit": "id", "max": 4}),
    ("digits", f'{{{V},"method":"m","id":10000}}', None, INVALID, {"limit": "id", "max": 4}),
    ("method", f'{{{V},"method":"four","id":1}}', 1, INVALID, {"limit": "method", "max": 3}),
]


@pytest.mark.parametrize(
    ("text", "reply_id", "code", "data"), [row[1:] for row in LIMITED], ids=[row[0] for row in LIMITED]
)
def test_a_limit_is_named_in_the_error(text, reply_id, code, data):
    peer = Peer(limits=LIMITS)
    peer.receive_message(text.encode(), now=0)
    (reply,) = sent(peer)
    assert (reply["id"], reply["error"]["code"], reply["error"]["data"]) == (reply_id, code, data)
    assert [type(event) for event in drain(peer)] == [MessageRejected]


def test_at_the_limits_all_is_well():
    peer = Peer(limits=LIMITS)
    peer.receive_message(b'[{"jsonrpc":"2.0","method":"mmm","id":9999},{"jsonrpc":"2.0","method":"m"}]', now=0)
    assert [type(event) for event in drain(peer)] == [RequestReceived, NotificationReceived]


def test_too_many_requests_in_flight_are_refused_and_may_come_again():
    peer = Peer(limits=LIMITS)
    ask = '{{"jsonrpc":"2.0","method":"m","id":{}}}'
    peer.receive_message(ask.format(1).encode(), now=0)
    peer.receive_message(ask.format(2).encode(), now=0)
    accepted, rejected = drain(peer)
    assert accepted.id == 1
    assert rejected.answered
    (reply,) = sent(peer)
    assert reply["id"] == 2
    assert reply["error"]["code"] == -32050
    assert reply["error"]["data"] == {"limit": "in_flight", "max": 1, "retryable": True}
    peer.send_result(1, 0, now=0)
    peer.receive_message(ask.format(2).encode(), now=0)
    assert [type(event) for event in drain(peer)] == [RequestReceived]


def test_nested_arrays_and_responses_in_a_batch_are_looked_at_one_by_one():
    peer = Peer()
    asked = peer.send_request("asked", now=0)
    peer.messages_to_send()
    peer.receive_message(
        f'[[],{{{V},"id":"{asked}","result":1}},{{{V},"method":"m","id":"{asked}"}},{{{V},"id":3,"result":1,"error":1}}]'.encode(),
        now=0,
    )
    assert [type(event) for event in drain(peer)] == [
        MessageRejected,
        ResultReceived,
        RequestReceived,
        MessageRejected,
    ]
    assert sent(peer) == []
    peer.send_result(asked, "mine", now=0)
    ((refusal, answer),) = sent(peer)
    assert (refusal["id"], refusal["error"]["code"]) == (None, INVALID)
    assert answer["result"] == "mine"


def test_a_batch_of_responses_that_are_malformed_is_not_answered():
    peer = Peer()
    peer.receive_message(b'[{"jsonrpc":"2.0","result":1},{"id":1,"result":1}]', now=0)
    assert [event.answered for event in drain(peer)] == [False, False]
    assert sent(peer) == []
