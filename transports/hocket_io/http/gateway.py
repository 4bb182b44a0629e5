"""Agents at one address: what each of them is called there, and what it answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from re import compile as regex
from typing import TypeAlias

from attrs import evolve

from hocket.a2a import AgentCard
from hocket.a2a.dialects.gateway import GatewayDialect
from hocket.agent import Agent
from hocket.errors import LocalProtocolError
from hocket.http import Routes
from hocket.http.agent_socket import with_websocket
from hocket.http.gateway import GatewayRoutes, Neighbour, agent_id
from hocket.http.gateway_config import GatewayLimits
from hocket.http.gateway_face import GatewayFace
from hocket.http.progress import ProgressRoutes

__all__ = ["agents_by_id", "gateway_routes"]

OnCard: TypeAlias = Callable[[AgentCard, str], AgentCard]
"""Adds to the card of an agent that is found at a URL."""

_ID = regex(r"[\w~-][\w.~-]{0,127}")


def agents_by_id(agents: Agent | Sequence[Agent] | Mapping[str, Agent]) -> dict[str, Agent]:
    """The agents by what they are called in addresses.

    Args:
        agents: One, several, or several that are given their ids; otherwise an id is made of the agent's name.

    Raises:
        LocalProtocolError: There is no agent or one without a function, an id is none, or two agents have the same.
    """
    if isinstance(agents, Agent):
        agents = [agents]
    _check_each(agents)
    pairs = list(agents.items()) if isinstance(agents, Mapping) else [(agent_id(each.name), each) for each in agents]
    if not pairs:
        raise LocalProtocolError("there is no agent to serve")
    by_id = dict(pairs)
    for each, agent in pairs:
        if not _ID.fullmatch(each):
            raise LocalProtocolError(f"{each!r} cannot be part of an address: an id has letters, digits, . _ ~ and -")
        if by_id[each] is not agent:
            raise LocalProtocolError(f"two agents would be at /agents/{each}: give them ids, {{id: agent, …}}")
    return by_id


def _check_each(agents: object) -> None:
    """Refuse what is no agent, and an agent without a function: it would fail every task."""
    several = agents.values() if isinstance(agents, Mapping) else agents
    for each in several if isinstance(several, Iterable) and not isinstance(several, str) else [several]:
        if not isinstance(each, Agent):
            raise LocalProtocolError(f"{each!r} is no Agent: give one, a list of them, or {{id: agent, …}}")
        _ = each.function


def gateway_routes(
    agents: Mapping[str, Agent],
    *,
    root: str | None,
    keep_alive: float | None,
    limits: GatewayLimits,
    websockets: bool = False,
) -> GatewayRoutes:
    """What answers at the address of these agents.

    Args:
        agents: By id.
        root: The id of the agent that is at the root as well; None for nobody.
        keep_alive: Seconds between comments on silent streams; None for none.
        limits: What clients of the gateway may ask for.
        websockets: Whether cards name the address for WebSockets, too.

    Raises:
        LocalProtocolError: No agent has the id `root`.
    """
    if root is not None and root not in agents:
        raise LocalProtocolError(
            f"no agent is called {root!r} that could be at the root: there are {', '.join(agents)}"
        )
    since = time.time()
    on_card = with_websocket if websockets else _as_it_is
    neighbours: dict[str, Neighbour] = {}
    for each, agent in agents.items():
        face = GatewayFace(GatewayDialect(agent_id=each, agent_name=agent.name), keep_alive, limits)
        routes = Routes(_progressive(agent, on_card), keep_alive, modified=since, faces=(face.receive,))
        neighbours[each] = Neighbour(agent.name, routes)
    at_root = None if root is None else (root, Routes(_card_of(agents[root], on_card), keep_alive, modified=since))
    return GatewayRoutes(neighbours, at_root, ProgressRoutes(keep_alive, limits))


def _as_it_is(card: AgentCard, url: str) -> AgentCard:
    return card


def _card_of(agent: Agent, on_card: OnCard) -> Callable[[str], AgentCard]:
    return lambda url: on_card(agent.card(url), url)


def _progressive(agent: Agent, on_card: OnCard) -> Callable[[str], AgentCard]:
    """The card of an agent behind a gateway, which says of itself that its results come piece by piece."""

    def card(url: str) -> AgentCard:
        own = on_card(agent.card(url), url)
        return evolve(own, capabilities=evolve(own.capabilities, progressive_artifacts=True))

    return card
