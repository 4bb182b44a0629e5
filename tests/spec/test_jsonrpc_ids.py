"""JSON-RPC 2.0, what belongs together: answers and their requests, ids in use, cancellations.

Written by hand from the specification and not from the code.
"""

import json

import pytest

from hocket.errors import ErrorObject
from hocket.jsonrpc import (
    LSP,
    CancelReceived,
    ErrorReceived,
    MessageRejected,
    Peer,
    RequestReceived,
    ResultReceived,
)
from support.drain import drain
from support.jsonrpc import sent

INVALID = -32600
V = '"jsonrpc":"2.0"'
"""The version, to stand in texts."""

# name, the members of the response, what the request "asked" with id "1" ends in (None: it still waits)
RESPONSES = [
    ("result", '"result":7', ResultReceived(id="1", method="asked", result=7)),
    ("result null", '"result":null', ResultReceived(id="1", method="asked", result=None)),
    ("void", '"x":0', ResultReceived(id="1", method="asked", result=None)),
    (
        "error null beside a result",
        '"result":7,"error":null',
        ResultReceived(id="1", method="asked", result=7),
    ),
    ("error null alone", '"error":null', ResultReceived(id="1", method="asked", result=None)),
    (
        "error",
        '"error":{"code":5,"message":"m"}',
        ErrorReceived(id="1", method="asked", error=ErrorObject(5, "m")),
    ),
    (
        "error, result null",
        '"result":null,"error":{"code":5,"message":"m","data":1}',
        ErrorReceived(id="1", method="asked", error=ErrorObject(5, "m", 1)),
    ),
    ("both", '"result":0,"error":{"code":5,"message":"m"}', None),
    ("void with params", '"params":[]', None),
]


@pytest.mark.parametrize(("members", "event"), [row[1:] for row in RESPONSES], ids=[row[0] for row in RESPONSES])
def test_how_a_response_ends_a_request(members, event):
    peer = Peer()
    peer.send_request("asked", now=0)
    peer.messages_to_send()
    peer.receive_message(f'{{{V},"id":"1",{members}}}'.encode(), now=1)
    events = drain(peer)
    if event is None:
        assert [type(each) for each in events] == [MessageRejected]
        assert peer.pending == ("1",)
    else:
        assert events == [event]
        assert peer.pending == ()
        assert sent(peer) == []


@pytest.mark.parametrize(
    "error",
    ["5", '"no"', "[]", "{}", '{"code":"5","message":"m"}', '{"code":5}', '{"code":true,"message":"m"}'],
)
def test_a_failure_is_a_failure_however_badly_it_is_told(error):
    peer = Peer()
    peer.send_request("asked", now=0)
    peer.receive_message(f'{{{V},"id":"1","error":{error}}}'.encode(), now=1)
    (event,) = drain(peer)
    assert event == ErrorReceived(
        id="1",
        method="asked",
        error=ErrorObject(-32603, "the peer answered with an error that cannot be read", json.loads(error)),
    )


@pytest.mark.parametrize("id_text", ["1", "1.0", "null", "true"])
def test_an_answer_with_the_id_in_another_type_is_not_the_answer(id_text):
    peer = Peer()
    peer.send_request("asked", now=0, id="1")
    peer.receive_message(f'{{{V},"id":{id_text},"result":7}}'.encode(), now=1)
    assert peer.pending == ("1",)
    assert len(drain(peer)) == 1


def test_an_integer_and_a_float_and_a_string_are_three_requests():
    peer = Peer()
    for id_text in ("1", "1.0", '"1"', "null"):
        peer.receive_message(f'{{{V},"method":"m","id":{id_text}}}'.encode(), now=0)
    assert [(event.id, type(event.id)) for event in drain(peer)] == [
        (1, int),
        (1.0, float),
        ("1", str),
        (None, type(None)),
    ]
    peer.send_result(1.0, "float", now=0)
    peer.send_result(1, "int", now=0)
    peer.send_result(None, "null", now=0)
    assert peer.messages_to_send() == [
        b'{"jsonrpc":"2.0","id":1.0,"result":"float"}',
        b'{"jsonrpc":"2.0","id":1,"result":"int"}',
        b'{"jsonrpc":"2.0","id":null,"result":"null"}',
    ]
    assert peer.unanswered == ("1",)


@pytest.mark.parametrize(
    "again",
    [
        '"method":"m","id":1',
        '"method":"m","params":0,"id":1',
        '"method":7,"id":1',
    ],
)
def test_an_id_in_use_is_refused_without_an_answer_to_the_first(again):
    peer = Peer()
    peer.receive_message(f'{{{V},"method":"first","id":1}}'.encode(), now=0)
    peer.receive_message(f"{{{V},{again}}}".encode(), now=0)
    first, rejected = drain(peer)
    assert first == RequestReceived(id=1, method="first")
    (reply,) = sent(peer)
    assert (reply["id"], reply["error"]["code"]) == (None, INVALID)
    assert rejected.answered
    peer.send_result(1, "still", now=0)
    assert sent(peer) == [{"jsonrpc": "2.0", "id": 1, "result": "still"}]


def test_an_id_in_use_is_named_in_the_data():
    peer = Peer()
    peer.receive_message(f'[{{{V},"method":"a","id":"x"}},{{{V},"method":"b","id":"x"}}]'.encode(), now=0)
    assert [type(event) for event in drain(peer)] == [RequestReceived, MessageRejected]
    peer.send_result("x", 1, now=0)
    ((answer, refusal),) = sent(peer)
    assert answer == {"jsonrpc": "2.0", "id": "x", "result": 1}
    assert (refusal["id"], refusal["error"]["data"]) == (None, {"duplicateId": "x"})


# name, the params of $/cancelRequest, what is told about the request 7 (None: nothing; "rejected")
CANCELS = [
    ("known", '{"id":7}', CancelReceived(id=7)),
    ("unknown", '{"id":8}', None),
    ("other type", '{"id":"7"}', None),
    ("float", '{"id":7.0}', None),
    ("no params", "null", "rejected"),
    ("array", "[7]", "rejected"),
    ("no id", "{}", "rejected"),
    ("id true", '{"id":true}', "rejected"),
    ("id a list", '{"id":[7]}', "rejected"),
]


@pytest.mark.parametrize(("params", "event"), [row[1:] for row in CANCELS], ids=[row[0] for row in CANCELS])
def test_cancellations(params, event):
    peer = Peer(cancellation=LSP)
    peer.receive_message(f'{{{V},"method":"m","id":7}}'.encode(), now=0)
    drain(peer)
    peer.receive_message(f'{{{V},"method":"$/cancelRequest","params":{params}}}'.encode(), now=0)
    events = drain(peer)
    if event == "rejected":
        assert [(type(each), each.answered) for each in events] == [(MessageRejected, False)]
    else:
        assert events == ([] if event is None else [event])
    assert sent(peer) == []
    peer.send_error(7, ErrorObject(LSP.code, "Request cancelled"), now=0)
    assert sent(peer) == [{"jsonrpc": "2.0", "id": 7, "error": {"code": -32800, "message": "Request cancelled"}}]
