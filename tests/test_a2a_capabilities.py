"""What an agent has declared decides what may be asked (A2A 1.0 sections 3.3.4 and 4.6), before anything else."""

import json

import pytest

from hocket.a2a import (
    V1_0,
    AgentCapabilities,
    AgentCard,
    AgentExtension,
    AgentInterface,
    Call,
    Operation,
    Server,
    SubscribeToTaskRequest,
)
from hocket.a2a.capabilities import activated
from hocket.a2a.parameters import ServiceParameters
from hocket.entropy import seeded
from support.world import World

NONE = AgentCapabilities()
STREAMING = AgentCapabilities(streaming=True)
EXTENDED = AgentCapabilities(streaming=True, extended_agent_card=True)
REQUIRED = AgentCapabilities(
    streaming=True,
    extensions=(AgentExtension(uri="urn:a", required=True), AgentExtension(uri="urn:b")),
)
HELLO = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hi"}]}}
HELLO_0_3 = {"message": {"messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "hi"}]}}
PUSHED = {**HELLO, "configuration": {"taskPushNotificationConfig": {"url": "https://hooks.example.com/"}}}


def refusal(capabilities, method, params=None, *, version="1.0", extensions=(), **options):
    world = World(Server(entropy=seeded(1), capabilities=capabilities, **options))
    world.ask("ada", method, version=version, service={"extensions": extensions}, **(params or {}))
    (first, *_) = world.deliveries("ada") or [None]
    return getattr(first, "error", None)


@pytest.mark.parametrize(
    ("capabilities", "method", "params", "version", "code"),
    [
        # Streams
        (NONE, "SendStreamingMessage", HELLO, "1.0", -32004),
        (NONE, "SubscribeToTask", {"id": "t"}, "1.0", -32004),
        (NONE, "message/stream", HELLO_0_3, None, -32004),
        (NONE, "tasks/resubscribe", {"id": "t"}, None, -32004),
        (NONE, "SendMessage", HELLO, "1.0", None),
        (NONE, "ListTasks", {}, "1.0", None),
        (STREAMING, "SubscribeToTask", {"id": "t"}, "1.0", -32001),
        # Push notifications
        (STREAMING, "CreateTaskPushNotificationConfig", {"taskId": "t", "url": "https://a.example/"}, "1.0", -32003),
        (STREAMING, "GetTaskPushNotificationConfig", {"taskId": "t", "id": "c"}, "1.0", -32003),
        (STREAMING, "ListTaskPushNotificationConfigs", {"taskId": "t"}, "1.0", -32003),
        (STREAMING, "DeleteTaskPushNotificationConfig", {"taskId": "t", "id": "c"}, "1.0", -32003),
        (STREAMING, "tasks/pushNotificationConfig/set", {}, None, -32003),
        (STREAMING, "tasks/pushNotificationConfig/get", {}, None, -32003),
        (STREAMING, "tasks/pushNotificationConfig/list", {}, None, -32003),
        (STREAMING, "tasks/pushNotificationConfig/delete", {}, None, -32003),
        (STREAMING, "SendMessage", PUSHED, "1.0", -32003),
        (STREAMING, "SendStreamingMessage", PUSHED, "1.0", -32003),
        # The extended card
        (STREAMING, "GetExtendedAgentCard", {}, "1.0", -32004),
        (STREAMING, "agent/getAuthenticatedExtendedCard", {}, None, -32004),
        (EXTENDED, "GetExtendedAgentCard", {}, "1.0", -32007),
        (EXTENDED, "agent/getAuthenticatedExtendedCard", {}, None, -32007),
        # A required extension comes before all that, and before the parameters are looked at
        (REQUIRED, "SendMessage", HELLO, "1.0", -32008),
        (REQUIRED, "SendMessage", {}, "1.0", -32008),
        (REQUIRED, "GetTask", {"id": "t"}, "1.0", -32008),
        (REQUIRED, "GetTaskPushNotificationConfig", {}, "1.0", -32008),
        (REQUIRED, "GetExtendedAgentCard", {}, "1.0", -32008),
        (REQUIRED, "message/send", HELLO_0_3, None, -32008),
    ],
)
def test_what_is_refused(capabilities, method, params, version, code):
    error = refusal(capabilities, method, params, version=version)
    assert (error.code if error else None) == code


def test_a_call_that_was_read_elsewhere_is_judged_too():
    world = World.of(capabilities=NONE)
    call = Call(
        request_id=1,
        dialect=V1_0,
        operation=Operation.SUBSCRIBE,
        params=SubscribeToTaskRequest(id="t"),
        service=ServiceParameters(),
    )
    world.server.perform("ada", call, 0.0)
    (refused,) = world.deliveries("ada")
    assert refused.error.code == -32004


def test_the_error_names_the_extension_that_is_missing():
    error = refusal(REQUIRED, "SendMessage", HELLO, extensions=("urn:b",))
    assert "urn:a" in error.message
    assert error.data[0]["metadata"] == {"extensions": "urn:a"}


def test_who_activates_what_is_required_may_ask():
    assert refusal(REQUIRED, "SendMessage", HELLO, extensions=("urn:c", "urn:a")) is None
    assert refusal(REQUIRED, "GetTaskPushNotificationConfig", {}, extensions=("urn:a",)).code == -32003


def test_in_use_is_what_is_declared_and_asked_for():
    service = ServiceParameters(extensions=("urn:b", "urn:c"))
    assert activated(REQUIRED, service) == ("urn:b",)


@pytest.mark.parametrize("version", ["1.0", None])
def test_the_extended_card_has_the_address_that_the_caller_has_used(version):
    def extended(url):
        return AgentCard(name="more", supported_interfaces=(AgentInterface(url=url),), url=url)

    world = World.of(capabilities=EXTENDED, extended_card=extended)
    method = "GetExtendedAgentCard" if version else "agent/getAuthenticatedExtendedCard"
    world.ask("ada", method, version=version, service={"base_url": "http://agent/"})
    (answered,) = world.deliveries("ada")
    card = json.loads(answered.result)
    assert card["name"] == "more"
    assert (card["supportedInterfaces"][0]["url"] if version else card["url"]) == "http://agent/"


# Media types


@pytest.mark.parametrize(
    ("modes", "media_type", "is_taken"),
    [
        ((), "image/png", True),
        (("text/plain",), None, True),
        (("text/plain",), "", True),
        (("text/plain",), "text/plain", True),
        (("text/plain",), "Text/Plain; charset=utf-8", True),
        (("text/plain",), "image/png", False),
        (("text/plain",), "text/html", False),
        (("text/*",), "text/html", True),
        (("text/*",), "image/png", False),
        (("*/*",), "image/png", True),
        (("application/json", "image/png"), "image/png", True),
    ],
)
def test_parts_of_other_media_types_are_refused(modes, media_type, is_taken):
    part = {"raw": "aGk=", "mediaType": media_type}
    message = {**HELLO["message"], "parts": [{"text": "see"}, part]}
    error = refusal(STREAMING, "SendMessage", {"message": message}, input_modes=modes)
    assert (error is None) == is_taken
    if error:
        assert error.code == -32005
        assert "message.parts[1]" in error.message
        assert error.data[0]["metadata"]["supportedMediaTypes"] == ", ".join(modes)
