"""AgentCard: what an agent says of itself. One object for all versions; see `discovery` for its JSON."""

from __future__ import annotations

from attrs import frozen

__all__ = ["AgentCapabilities", "AgentCard", "AgentInterface", "AgentProvider", "AgentSkill"]


@frozen(kw_only=True)
class AgentInterface:
    """An address at which an agent speaks one protocol version over one binding."""

    url: str
    protocol_binding: str = "JSONRPC"
    protocol_version: str = "1.0"
    tenant: str | None = None


@frozen(kw_only=True)
class AgentProvider:
    """Who runs the agent."""

    url: str = ""
    organization: str = ""


@frozen(kw_only=True)
class AgentCapabilities:
    """Which optional parts of A2A the agent has."""

    streaming: bool | None = None
    push_notifications: bool | None = None


@frozen(kw_only=True)
class AgentSkill:
    """Something the agent can do."""

    id: str
    name: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@frozen(kw_only=True)
class AgentCard:
    """An agent's description of itself (A2A 1.0 section 4.4.1, 0.3 section 5.5).

    Attributes:
        name: The agent's name.
        description: What it does.
        version: The agent's own version.
        url: Where a 0.3 client goes; `preferred_transport` is spoken there.
        protocol_version: The A2A version of that address.
        preferred_transport: The binding of that address.
        additional_interfaces: More addresses for 0.3 clients.
        supported_interfaces: Where a 1.0 client goes: it takes the first entry that it can speak.
    """

    name: str
    description: str = ""
    version: str = ""
    url: str | None = None
    protocol_version: str | None = None
    preferred_transport: str | None = None
    additional_interfaces: tuple[AgentInterface, ...] = ()
    supported_interfaces: tuple[AgentInterface, ...] = ()
    capabilities: AgentCapabilities = AgentCapabilities()
    default_input_modes: tuple[str, ...] = ("text/plain",)
    default_output_modes: tuple[str, ...] = ("text/plain",)
    skills: tuple[AgentSkill, ...] = ()
    provider: AgentProvider | None = None
    documentation_url: str | None = None
    icon_url: str | None = None
