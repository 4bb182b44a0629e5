"""Declaring an agent: what may stand under @agent.stream, and the card that comes of it."""

import json

import pytest

from hocket import Agent
from hocket.a2a import (
    AgentCard,
    AgentExtension,
    AgentSkill,
    Message,
    Part,
    Role,
    Run,
    ServiceParameters,
    Task,
    TaskState,
    TaskStatus,
    card_json,
)
from hocket.agent import AgentTask, Progress
from hocket.errors import LocalProtocolError
from hocket_io.host import Host
from support.hosts import read

EXTENSION = AgentExtension(uri="urn:example:citations", required=False)


def hello(task):
    """Greets whoever asks.

    And more that no card needs.
    """
    yield "Hello"


class Callable:
    def __call__(self, task):
        return "Hello"


def test_the_decorator_gives_the_function_back_unchanged():
    agent = Agent("a")
    assert agent.stream(hello) is hello
    assert agent.function is hello


async def coroutine(task):
    return "x"


async def generator(task):
    yield "x"


@pytest.mark.parametrize(
    "function",
    [
        hello,
        coroutine,
        generator,
        lambda task: "x",
        lambda *tasks: "x",
        lambda task, more=1: "x",
        Callable(),
        str,
    ],
    ids=["generator", "coroutine", "async-generator", "plain", "star", "default", "object", "class"],
)
def test_whatever_takes_the_task_is_an_agent(function):
    agent = Agent("a")
    agent.stream(function)
    assert agent.function is function
    assert agent.card("http://x/").skills[0].name == "a"


@pytest.mark.parametrize("function", [lambda: "x", lambda task, other: "x", lambda *, task: "x"])
def test_what_cannot_take_the_task_is_refused(function):
    agent = Agent("a")
    with pytest.raises(LocalProtocolError, match="must take the task as its one argument"):
        agent.stream(function)
    with pytest.raises(LocalProtocolError, match="agent 'a' has no function: put @agent"):
        agent.function
    assert agent.stream(hello) is hello


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": ""}, "name must be a text that is not empty, not ''"),
        ({"name": 3}, "name must be a text that is not empty, not 3"),
        ({"name": hello}, "name must be a text that is not empty, not <function"),
        ({"on_disconnect": "cancle"}, "on_disconnect must be 'continue' or 'cancel', not 'cancle'"),
        ({"push_notifications": "yes"}, "push_notifications must be True or False, not 'yes'"),
        ({"description": None}, "description must be a text, not None"),
        ({"streaming": None}, "streaming must be True or False, not None"),
        (
            {"input_modes": "text/csv"},
            "input_modes must be a tuple of media types, not 'text/csv': write ('text/csv',)",
        ),
        ({"output_modes": ["csv"]}, "output_modes must be a tuple of media types, not 'csv' in it"),
        ({"input_modes": (3,)}, "input_modes must be a tuple of media types, not 3 in it"),
        ({"extensions": ("urn:x",)}, "extensions must be a tuple of AgentExtensions, not 'urn:x' in it"),
        ({"extensions": EXTENSION}, "extensions must be a tuple of AgentExtensions, not AgentExtension("),
        ({"skills": {"id": "x"}}, "skills must be a tuple of AgentSkills, not {'id': 'x'}"),
        ({"extended_card": {"name": "x"}}, "extended_card must be an AgentCard or a function"),
    ],
)
def test_an_option_of_the_wrong_kind_is_refused_at_once(options, said):
    with pytest.raises(LocalProtocolError) as caught:
        Agent(**{"name": "a", **options})
    assert said in str(caught.value)


def test_a_value_that_is_long_is_not_repeated_whole():
    with pytest.raises(LocalProtocolError) as caught:
        Agent("a", extensions=EXTENSION)
    assert str(caught.value) == (
        "extensions must be a tuple of AgentExtensions, not "
        "AgentExtension(uri='urn:example:citations', description=None…: write (…,)"
    )


def test_a_list_does_as_well_as_a_tuple():
    agent = Agent("a", input_modes=["text/*"], extensions=[EXTENSION], skills=[])
    assert (agent.input_modes, agent.extensions, agent.skills) == (("text/*",), (EXTENSION,), ())


def test_an_agent_has_one_function():
    agent = Agent("a")
    agent.stream(hello)
    with pytest.raises(LocalProtocolError, match="agent 'a' has a function already: hello"):
        agent.stream(lambda task: "x")
    assert agent.function is hello


def test_the_card_says_what_the_function_says():
    agent = Agent("greeter", version="2.1.0")
    agent.stream(hello)
    card = agent.card("http://host/")
    assert (card.name, card.description, card.version) == ("greeter", "Greets whoever asks.", "2.1.0")
    (skill,) = card.skills
    assert (skill.id, skill.name, skill.description) == ("hello", "greeter", "Greets whoever asks.")


def test_what_is_declared_beats_what_is_guessed():
    skill = AgentSkill(id="s", name="S", description="D", tags=("t",))
    agent = Agent("greeter", description="Declared.", skills=(skill,))
    agent.stream(hello)
    card = agent.card("http://host/")
    assert (card.description, card.skills) == ("Declared.", (skill,))


def test_an_agent_without_words_is_called_by_its_name():
    agent = Agent("greeter")
    agent.stream(lambda task: "x")
    assert agent.card("http://host/").description == "greeter"


def test_the_card_serves_clients_of_every_version():
    agent = Agent("greeter")
    agent.stream(hello)
    card = json.loads(card_json(agent.card("http://host/")))
    assert card["url"] == "http://host/"
    assert card["preferredTransport"] == "JSONRPC"
    assert card["protocolVersion"] == "0.3.0"
    assert [(each["protocolBinding"], each["protocolVersion"]) for each in card["supportedInterfaces"]] == [
        ("JSONRPC", "1.0"),
        ("HTTP+JSON", "1.0"),
        ("JSONRPC", "0.3"),
    ]
    assert card["capabilities"]["streaming"] is True
    required = ("description", "version", "defaultInputModes", "defaultOutputModes", "skills")
    assert all(name in card for name in required)


def test_what_is_declared_is_on_the_card():
    agent = Agent(
        "a",
        streaming=False,
        push_notifications=True,
        extensions=(EXTENSION,),
        extended_card=AgentCard(name="longer"),
        input_modes=("text/plain", "application/json"),
        output_modes=("text/csv",),
    )
    agent.stream(hello)
    card = agent.card("http://host/")
    assert card.capabilities == agent.capabilities
    assert (card.capabilities.streaming, card.capabilities.push_notifications) == (False, True)
    assert card.capabilities.extensions == (EXTENSION,)
    assert card.capabilities.extended_agent_card is card.supports_authenticated_extended_card is True
    assert card.default_input_modes == card.skills[0].input_modes == ("text/plain", "application/json")
    assert card.default_output_modes == card.skills[0].output_modes == ("text/csv",)


def test_what_is_not_declared_is_not_there():
    agent = Agent("a")
    agent.stream(hello)
    assert (agent.capabilities.streaming, agent.capabilities.push_notifications) == (True, False)
    card = json.loads(card_json(agent.card("http://host/")))
    assert "extendedAgentCard" not in card["capabilities"]
    assert "supportsAuthenticatedExtendedCard" not in card
    assert card["defaultInputModes"] == card["defaultOutputModes"] == ["text/plain"]
    with pytest.raises(LocalProtocolError, match="agent 'a' has no extended card"):
        agent.extended_card_at("http://host/")


def test_an_extended_card_without_addresses_is_given_those_of_the_agent():
    agent = Agent("a", extended_card=AgentCard(name="longer", version="2"))
    agent.stream(hello)
    extended, card = agent.extended_card_at("http://host/"), agent.card("http://host/")
    assert (extended.name, extended.version) == ("longer", "2")
    assert (extended.url, extended.protocol_version) == (card.url, card.protocol_version)
    assert extended.supported_interfaces == card.supported_interfaces


def test_an_extended_card_with_an_address_stays_as_it_is():
    elsewhere = AgentCard(name="longer", url="http://elsewhere/")
    assert Agent("a", extended_card=elsewhere).extended_card_at("http://host/") is elsewhere


def test_an_extended_card_may_be_made_for_the_address():
    agent = Agent("a", extended_card=lambda url: AgentCard(name=f"at {url}"))
    assert agent.extended_card_at("http://host/").name == "at http://host/"


def test_the_server_keeps_to_what_is_declared(run):
    agent = Agent("a", streaming=False, input_modes=("text/plain",), extended_card=AgentCard(name="longer"))
    agent.stream(hello)

    async def talk():
        async with Host(agent) as host:
            server = host.server
            return server.capabilities, server.input_modes, server.extended_card("http://host/")

    capabilities, input_modes, card = run(talk)
    assert (capabilities, input_modes) == (agent.capabilities, ("text/plain",))
    assert (card.name, card.url) == ("longer", "http://host/")


def test_an_extended_card_that_cannot_be_made_is_an_internal_error_and_is_logged(run, caplog):
    def make(url):
        raise KeyError("secret")

    agent = Agent("a", extended_card=make)
    agent.stream(hello)

    async def talk():
        async with Host(agent) as host:
            link = host.open_link()
            service = ServiceParameters(version="1.0")
            host.server.receive(link.name, 1, "GetExtendedAgentCard", {}, service, host.now())
            host.pump()
            return await read(link, lambda each: True)

    (refused,) = run(talk)
    assert (refused.error.code, refused.error.message) == (-32603, "the extended card could not be made")
    assert "agent 'a' could not make its extended card" in caplog.text


def asks_plainly(task, seen):
    seen.append((task.extensions, task.accepted_output_modes, task.metadata))
    yield task.ask("?")
    seen.append((task.extensions, task.accepted_output_modes, task.metadata))


async def asks_asynchronously(task, seen):
    seen.append((task.extensions, task.accepted_output_modes, task.metadata))
    await task.ask("?")
    seen.append((task.extensions, task.accepted_output_modes, task.metadata))


def test_the_function_is_told_what_the_caller_wants(run):
    seen = []

    def looks(task):
        seen.append((task.extensions, task.accepted_output_modes, task.metadata))

    agent = Agent("a", extensions=(EXTENSION,))
    agent.stream(looks)
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "go"}]}
    params = {"message": message, "configuration": {"acceptedOutputModes": ["text/csv"]}, "metadata": {"n": 1}}
    service = ServiceParameters(version="1.0", extensions=("urn:unknown", EXTENSION.uri))

    async def talk():
        async with Host(agent) as host:
            link = host.open_link()
            host.server.receive(link.name, 1, "SendMessage", params, service, host.now())
            host.pump()
            await read(link, lambda each: True)

    run(talk)
    assert seen == [((EXTENSION.uri,), ("text/csv",), {"n": 1})]


@pytest.mark.parametrize("colour", [asks_plainly, asks_asynchronously])
def test_the_function_is_told_what_the_one_who_answers_wants(run, colour):
    agent = Agent("a", extensions=(EXTENSION,))
    seen = []
    agent.stream(lambda task: colour(task, seen))
    message = {"messageId": "m1", "role": "ROLE_USER", "parts": [{"text": "go"}]}
    first = {"message": message, "configuration": {"acceptedOutputModes": ["text/csv"]}, "metadata": {"n": 1}}

    async def talk():
        async with Host(agent) as host:
            link = host.open_link()

            async def send(params, *extensions):
                service = ServiceParameters(version="1.0", extensions=extensions)
                host.server.receive(link.name, 1, "SendMessage", params, service, host.now())
                host.pump()
                (answered,) = await read(link, lambda each: True)
                return json.loads(answered.result)["task"]["id"]

            task_id = await send(first)
            await send({"message": {**message, "messageId": "m2", "taskId": task_id}}, EXTENSION.uri)

    run(talk)
    assert seen == [((), ("text/csv",), {"n": 1}), ((EXTENSION.uri,), (), {})]


def test_what_the_function_is_given():
    message = Message(message_id="m", role=Role.USER, parts=(Part(text="a"), Part(data={}), Part(text="b")))
    earlier = Message(message_id="m0", role=Role.USER, parts=())
    status = TaskStatus(state=TaskState.SUBMITTED)
    task = AgentTask.of(
        Run(task=Task(id="t", context_id="c", status=status, history=(earlier, message)), run=1, message=message)
    )
    assert (task.id, task.context_id, task.text, task.parts) == ("t", "c", "ab", message.parts)
    assert task.history == (earlier, message)
    assert (task.extensions, task.accepted_output_modes, task.metadata) == ((), (), {})


@pytest.mark.parametrize("percent", [0, 0.5, 100])
def test_progress(percent):
    task = AgentTask("t", "c", Message(message_id="m", role=Role.USER, parts=()))
    assert task.progress(percent, "at it") == Progress(percent, "at it")


@pytest.mark.parametrize("percent", [-1, 100.1, float("nan"), float("inf"), "50", None])
def test_progress_is_from_0_to_100(percent):
    task = AgentTask("t", "c", Message(message_id="m", role=Role.USER, parts=()))
    with pytest.raises(LocalProtocolError, match="from 0 to 100"):
        task.progress(percent)
