"""Requests: each is what its version says, and each broken one is answered as it says itself."""

import itertools
import json

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from hocket import codec
from hocket.a2a import (
    DIALECTS,
    V0_3,
    V1_0,
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    Operation,
    SubscribeToTaskRequest,
    dialect_for,
    negotiate,
)
from hocket.errors import ErrorObject
from hocket.testing.source import as_source, imports_for
from hocket.testing.strategies import WireRequest, broken_requests, requests
from hocket.testing.strategies.broken_requests import BREAKAGES
from support.messages import user_says
from support.reach import unreached
from support.scripted import Scripted

VERSIONS = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.version)


@VERSIONS
@given(data=st.data())
def test_a_request_is_what_its_version_says(dialect, data):
    request = data.draw(requests(dialect))
    message = codec.loads(request.body, envelope=True)
    assert message == request.message
    assert (message["id"], type(message["id"])) == (request.id, type(request.id))
    assert negotiate(message["method"], request.headers.get("A2A-Version")) == (dialect, request.operation)
    assert dialect.read_params(request.operation, message["params"]) == request.params
    assert request.ask.body == request.body


@VERSIONS
@given(data=st.data())
def test_a_request_is_printed_so_that_it_can_be_sent_again(dialect, data):
    request = data.draw(requests(dialect))
    room = {}
    exec("\n".join(imports_for(request)), room)
    assert eval(f"({as_source(request)})", room) == request


def test_a_question_shrinks_to_one_empty_text():
    found = find(requests(operations=[Operation.STREAM]), lambda request: True)
    assert found.message["params"] == {"message": {"messageId": "0", "role": "ROLE_USER", "parts": [{"text": ""}]}}


def answer_to(broken):
    """What a server of ours answers to it, be it a response or the first event of a stream."""
    _, response, sent = Scripted(["hi"]).respond(broken.body, broken.headers.get("A2A-Version"))
    body = getattr(response, "body", b"") or b"".join(sent)
    return json.loads(body if body.startswith(b"{") else body.partition(b"data: ")[2].partition(b"\n")[0])


@VERSIONS
@given(data=st.data())
def test_a_broken_request_is_answered_as_it_says_itself(dialect, data):
    broken = data.draw(broken_requests(dialect))
    assert b'"configuration"' not in broken.body, "a server may refuse that, whatever else is wrong"
    answer = answer_to(broken)
    assert answer["error"]["code"] in broken.codes
    assert answer["id"] == broken.id


SIMPLEST = {
    **dict.fromkeys([Operation.SEND, Operation.STREAM], user_says()),
    Operation.GET: GetTaskRequest(id="0"),
    Operation.CANCEL: CancelTaskRequest(id="0"),
    Operation.SUBSCRIBE: SubscribeToTaskRequest(id="0"),
    Operation.LIST: ListTasksRequest(),
}


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda each: each.flaw)
def test_every_way_to_break_a_request_has_the_code_that_it_says(breakage):
    tried = 0
    for version, operation in itertools.product(breakage.versions, SIMPLEST):
        if operation in breakage.operations and operation in dialect_for(version).methods:
            request = WireRequest(operation=operation, params=SIMPLEST[operation], id="7", version=version)
            broken = breakage.applied(request)
            assert (broken.body, broken.headers) != (request.body, request.headers)
            answer = answer_to(broken)
            assert answer["error"]["code"] in broken.codes
            assert answer["id"] == ("7" if breakage.keeps_id else None)
            tried += 1
    assert tried


@VERSIONS
def test_broken_requests_are_of_most_operations_and_broken_in_many_ways(dialect):
    known = [each.flaw for each in BREAKAGES if dialect.version in each.versions]
    flaws = {flaw: lambda broken, flaw=flaw: broken.flaw == flaw for flaw in known}
    methods = {name: lambda broken, name=name: broken.method == name for name in dialect.methods.values()}
    missed = unreached(broken_requests(dialect), flaws | methods, examples=100)
    assert len(flaws.keys() & missed) < 0.75 * len(flaws)
    assert len(methods.keys() & missed) < 0.4 * len(methods)


def test_a_request_of_no_version_is_a_mistake():
    request = find(requests(V0_3), lambda request: True)
    with pytest.raises(Exception, match="no version 7 of A2A"):
        _ = WireRequest(operation=request.operation, params=request.params, id=1, version="7").body
    assert isinstance(V1_0.read_params(Operation.GET, {}), ErrorObject)
