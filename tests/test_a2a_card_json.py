"""A card has every member that the specification requires, whether or not its value is the default.

A2A 1.0 section 4.4 (REQUIRED fields of AgentCard, AgentInterface, AgentProvider, AgentSkill), 0.3 section 5.5.
"""

import json

from hocket import Agent
from hocket.a2a import AgentCard, AgentInterface, AgentProvider, AgentSkill, card_json, read_card

URL = "http://127.0.0.1:8000/"


def hello_card() -> AgentCard:
    agent = Agent("hello")
    agent.stream(lambda task: "Hello")
    return agent.card(URL)


def test_a_client_of_1_0_finds_binding_and_version_of_each_address() -> None:
    interfaces = json.loads(card_json(hello_card()))["supportedInterfaces"]
    assert interfaces == [
        {"url": URL, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
        {"url": URL, "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0"},
        {"url": URL, "protocolBinding": "JSONRPC", "protocolVersion": "0.3"},
    ]


def test_a_client_of_0_3_finds_the_transport_of_each_address() -> None:
    card = AgentCard(name="a", url=URL, additional_interfaces=(AgentInterface(url=URL),))
    assert json.loads(card_json(card))["additionalInterfaces"] == [{"url": URL, "transport": "JSONRPC"}]


def test_a_bare_card_has_all_that_is_required() -> None:
    card = AgentCard(name="a", provider=AgentProvider(), skills=(AgentSkill(id="s"),))
    written = json.loads(card_json(card))
    assert written["skills"] == [{"id": "s", "name": "", "description": "", "tags": []}]
    assert written["provider"] == {"organization": "", "url": ""}
    assert {"name", "description", "version", "capabilities", "skills", "supportedInterfaces"} <= set(written)


def test_what_is_written_is_read() -> None:
    card = read_card(card_json(hello_card()))
    assert card.supported_interfaces == hello_card().supported_interfaces
    assert card.skills == hello_card().skills
