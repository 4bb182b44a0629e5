"""AgentCard: what an agent says of itself. One object for all versions; see `discovery` for its JSON."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from hocket.a2a.model import Metadata
from hocket.a2a.security import SecurityRequirement, SecurityScheme

__all__ = [
    "AgentCapabilities",
    "AgentCard",
    "AgentCardSignature",
    "AgentExtension",
    "AgentInterface",
    "AgentProvider",
    "AgentSkill",
]


@frozen(kw_only=True)
class AgentInterface:
    """An address at which an agent speaks one protocol version over one binding.

    Attributes:
        url: The address.
        protocol_binding: "JSONRPC", "HTTP+JSON", "GRPC", or the URI of another one.
        protocol_version: Of A2A, Major.Minor.
        tenant: What a client repeats in every request to this address.
    """

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
class AgentExtension:
    """Something beyond A2A that the agent can do (A2A 1.0 section 4.6).

    Attributes:
        uri: Its name, which a client repeats in `A2A-Extensions`.
        description: How the agent uses it.
        required: Whether a request without it is refused (-32008).
        params: Its settings, as it defines them.
    """

    uri: str
    description: str | None = None
    required: bool = False
    params: Metadata | None = None


@frozen(kw_only=True)
class AgentCapabilities:
    """Which optional parts of A2A the agent has. None says nothing, which means no.

    Attributes:
        streaming: Streams, of messages and of tasks that were begun before.
        push_notifications: Posts the events of a task to a URL.
        extended_agent_card: Has a longer card for those who are authenticated.
        state_transition_history: Keeps the states a task has been in (0.3 only).
        progressive_artifacts: Sends artifacts in pieces (in the cards of a gateway).
        extensions: What it can do beyond A2A.
    """

    streaming: bool | None = None
    push_notifications: bool | None = None
    extended_agent_card: bool | None = None
    state_transition_history: bool | None = None
    progressive_artifacts: bool | None = None
    extensions: tuple[AgentExtension, ...] = ()


@frozen(kw_only=True)
class AgentSkill:
    """Something the agent can do.

    Attributes:
        id: Its name for programs.
        name: Its name for people.
        description: What it does.
        tags: Words to find it by.
        examples: What one may ask.
        input_modes: Media types it takes, where they are not the card's.
        output_modes: Media types it gives, where they are not the card's.
        security: What it asks of a caller beyond what the card does.
    """

    id: str
    name: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    input_modes: tuple[str, ...] = ()
    output_modes: tuple[str, ...] = ()
    security: tuple[SecurityRequirement, ...] = ()


@frozen(kw_only=True)
class AgentCardSignature:
    """A JSON Web Signature of the card (RFC 7515), over its canonical form (RFC 8785) without the signatures."""

    protected: str
    signature: str
    header: Metadata | None = None


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
        capabilities: Which optional parts of A2A it has.
        default_input_modes: Media types that all skills take.
        default_output_modes: Media types that all skills give.
        skills: What it can do.
        provider: Who runs it.
        documentation_url: Where more is written about it.
        icon_url: A picture of it.
        security_schemes: The ways to show who one is, by a name.
        security: Which of these a caller needs: one of the list, and of that one all.
        supports_authenticated_extended_card: 0.3's word for `capabilities.extended_agent_card`.
        signatures: Who vouches for the card.
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
    security_schemes: Mapping[str, SecurityScheme] = field(factory=dict)
    security: tuple[SecurityRequirement, ...] = ()
    supports_authenticated_extended_card: bool | None = None
    signatures: tuple[AgentCardSignature, ...] = ()
