"""Where an agent is and how it is spoken to: what the card says goes into every request."""

import json

import pytest

from hocket.a2a import (
    V0_3,
    V1_0,
    AgentCapabilities,
    AgentCard,
    AgentExtension,
    AgentInterface,
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTasksRequest,
    Operation,
    SubscribeToTaskRequest,
    TaskPushNotificationConfig,
    card_json,
)
from hocket.errors import (
    AuthenticationError,
    CodecError,
    ConnectionFailed,
    LocalProtocolError,
    NotSupported,
    RpcError,
)
from hocket.http import Address, CardSearch
from support.messages import user_says

REQUESTS = {
    Operation.SEND: user_says(),
    Operation.STREAM: user_says(),
    Operation.GET: GetTaskRequest(id="t"),
    Operation.LIST: ListTasksRequest(),
    Operation.CANCEL: CancelTaskRequest(id="t"),
    Operation.SUBSCRIBE: SubscribeToTaskRequest(id="t"),
    Operation.PUSH_CREATE: TaskPushNotificationConfig(task_id="t", url="https://hooks.example/"),
    Operation.PUSH_GET: GetTaskPushNotificationConfigRequest(task_id="t", id="c"),
    Operation.PUSH_LIST: ListTaskPushNotificationConfigsRequest(task_id="t"),
    Operation.PUSH_DELETE: DeleteTaskPushNotificationConfigRequest(task_id="t", id="c"),
    Operation.EXTENDED_CARD: GetExtendedAgentCardRequest(),
}


def address(binding="JSONRPC", *, dialect=V1_0, tenant=None, **options):
    interface = AgentInterface(url="http://agent/a2a", protocol_binding=binding, tenant=tenant)
    return Address(interface=interface, dialect=dialect, **options)


def asked(where, operation):
    call = where.call(operation, REQUESTS[operation], "1")
    return where.carry(call).next_request()


@pytest.mark.parametrize("operation", Operation)
def test_the_tenant_goes_into_every_request(operation):
    assert json.loads(asked(address(tenant="acme"), operation).body)["params"]["tenant"] == "acme"
    assert asked(address("HTTP+JSON", tenant="acme"), operation).path.startswith("http://agent/a2a/acme/")


@pytest.mark.parametrize(
    ("binding", "dialect", "name"),
    [
        ("JSONRPC", V1_0, "a2a-extensions"),
        ("HTTP+JSON", V1_0, "a2a-extensions"),
        ("JSONRPC", V0_3, "x-a2a-extensions"),
    ],
)
def test_extensions_are_asked_for_under_the_name_of_the_version(binding, dialect, name):
    request = asked(address(binding, dialect=dialect, extensions=("urn:a", "urn:b")), Operation.GET)
    assert request.header(name) == "urn:a, urn:b"
    assert sum("extensions" in field for field, _ in request.headers) == 1
    request = asked(address(binding, dialect=dialect), Operation.GET)
    assert not any("extensions" in field for field, _ in request.headers)


@pytest.mark.parametrize("streaming", [True, None])
def test_an_agent_that_may_stream_is_asked_to(streaming):
    call = address(capabilities=AgentCapabilities(streaming=streaming)).call(
        Operation.STREAM, REQUESTS[Operation.STREAM], "1"
    )
    assert (call.operation, call.as_stream) == (Operation.STREAM, False)


def test_one_that_says_it_does_not_is_sent_the_message():
    call = address(capabilities=AgentCapabilities(streaming=False)).call(
        Operation.STREAM, REQUESTS[Operation.STREAM], "1"
    )
    assert (call.operation, call.as_stream) == (Operation.SEND, True)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (Operation.SUBSCRIBE, -32004),
        (Operation.PUSH_CREATE, -32003),
        (Operation.PUSH_GET, -32003),
        (Operation.PUSH_LIST, -32003),
        (Operation.PUSH_DELETE, -32003),
        (Operation.EXTENDED_CARD, -32004),
    ],
)
def test_what_the_card_rules_out_is_not_asked(operation, code):
    no = AgentCapabilities(streaming=False, push_notifications=False, extended_agent_card=False)
    with pytest.raises(NotSupported, match="the agent's card says that it") as caught:
        asked(address(capabilities=no), operation)
    assert caught.value.code == code
    asked(address(capabilities=AgentCapabilities()), operation)


def test_required_extensions_are_named():
    wanted = AgentCapabilities(
        extensions=(
            AgentExtension(uri="urn:a", required=True),
            AgentExtension(uri="urn:b"),
            AgentExtension(uri="urn:c", required=True),
        )
    )
    with pytest.raises(LocalProtocolError, match="not asked for: urn:c; name them in extensions"):
        asked(address(capabilities=wanted, extensions=("urn:a",)), Operation.SEND)
    asked(address(capabilities=wanted, extensions=("urn:c", "urn:a")), Operation.SEND)


# The extended card of A2A 0.2


def old_card_call(url="http://agent/a2a"):
    interface = AgentInterface(url=url, protocol_version="0.2.6")
    where = Address(interface=interface, dialect=V0_3, headers=(("authorization", "Bearer x"),))
    return where.carry(where.call(Operation.EXTENDED_CARD, GetExtendedAgentCardRequest(), "1"))


def answered(status, body, headers=()):
    carrier = old_card_call()
    carrier.next_request()
    carrier.receive_head(status, headers, 0.0)
    carrier.receive_data(body, 0.0)
    carrier.receive_eof(0.0)
    return carrier.call


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("http://agent/", "http://agent/agent/authenticatedExtendedCard"),
        ("http://agent/a2a", "http://agent/agent/authenticatedExtendedCard"),
        ("http://agent/a2a/", "http://agent/a2a/agent/authenticatedExtendedCard"),
    ],
)
def test_0_2_has_a_page_for_it(url, page):
    carrier = old_card_call(url)
    request = carrier.next_request()
    assert (request.method, request.path, request.header("authorization")) == ("GET", page, "Bearer x")
    assert carrier.next_request() is None
    assert answered(200, card_json(AgentCard(name="more"))).result().name == "more"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, b"", RpcError),
        (500, b"", ConnectionFailed),
        (401, b"", AuthenticationError),
        (200, b"<html>", CodecError),
        (200, b"{}", CodecError),
    ],
)
def test_a_page_that_is_none(status, body, error):
    with pytest.raises(error):
        answered(status, body).result()


def test_a_page_that_is_a_stream():
    with pytest.raises(CodecError, match="must be a page"):
        answered(200, b"data: {}\n\n", (("content-type", "text/event-stream"),)).result()


def test_a_page_that_cannot_be_reached():
    carrier = old_card_call()
    carrier.next_request()
    carrier.receive_failure(ConnectionFailed("nobody is there"), 0.0)
    with pytest.raises(ConnectionFailed, match="nobody is there"):
        carrier.call.result()


def test_the_other_methods_of_0_2_are_those_of_0_3():
    where = Address(interface=AgentInterface(url="http://agent/", protocol_version="0.2.6"), dialect=V0_3)
    assert json.loads(asked(where, Operation.GET).body)["method"] == "tasks/get"


# Discovery

BOTH = AgentCard(
    name="both",
    supported_interfaces=(
        AgentInterface(url="http://agent/grpc", protocol_binding="GRPC"),
        AgentInterface(url="http://agent/rest", protocol_binding="HTTP+JSON", tenant="acme"),
        AgentInterface(url="http://agent/rpc"),
        AgentInterface(url="http://agent/old", protocol_version="0.3"),
    ),
)


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({}, "http://agent/rest"),
        ({"binding": "JSONRPC"}, "http://agent/rpc"),
        ({"binding": "HTTP+JSON"}, "http://agent/rest"),
        ({"version": "0.3"}, "http://agent/old"),
        ({"version": "1.0"}, "http://agent/rest"),
    ],
)
def test_the_first_address_that_fits_is_taken(options, where):
    search = CardSearch("http://agent/", **options)
    search.next_request()
    search.receive(200, card_json(BOTH))
    assert search.interface.url == where
    assert search.interface.tenant == ("acme" if where.endswith("rest") else None)


def test_a_card_without_the_binding_that_is_wanted():
    search = CardSearch("http://agent/", binding="HTTP+JSON")
    only = AgentCard(name="rpc only", supported_interfaces=(AgentInterface(url="http://agent/rpc"),))
    with pytest.raises(ConnectionFailed, match=r"'rpc only' has no interface for 1\.0 or 0\.3 over HTTP\+JSON"):
        search.receive(200, card_json(only))


def test_where_there_is_no_card_the_address_is_the_interface():
    search = CardSearch("http://agent/", binding="HTTP+JSON")
    assert (search.interface.url, search.interface.protocol_binding) == ("http://agent/", "HTTP+JSON")
