"""Agent cards: everything that an agent may say of itself, in each version."""

from __future__ import annotations

from functools import cache
from typing import Any

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from hocket.a2a import (
    V0_3,
    V1_0,
    AgentCapabilities,
    AgentCard,
    AgentCardSignature,
    AgentExtension,
    AgentInterface,
    AgentProvider,
    AgentSkill,
    APIKeySecurityScheme,
    Dialect,
    HTTPAuthSecurityScheme,
    MutualTlsSecurityScheme,
    OAuth2SecurityScheme,
    OAuthFlow,
    OAuthFlows,
    OpenIdConnectSecurityScheme,
    SecurityScheme,
)
from hocket.testing.strategies.a2a import METADATA, TEXTS, URIS

__all__ = ["cards"]

_NAMES = st.none() | TEXTS
_FLAGS = st.none() | st.booleans()
_REQUIREMENTS = st.lists(st.dictionaries(TEXTS, URIS, max_size=2), max_size=2).map(tuple)
_FLOWS = ("authorization_code", "client_credentials", "implicit", "password")


@cache
def cards(dialect: Dialect | None = None) -> SearchStrategy[AgentCard]:
    """Agent cards.

    Args:
        dialect: The version that is to say them; None for those that all versions can say at once.
    """
    own: dict[str, SearchStrategy[Any]] = {}
    if dialect is not V1_0:
        own |= {
            "url": _NAMES,
            "protocol_version": _NAMES,
            "preferred_transport": _NAMES,
            "additional_interfaces": st.lists(_interfaces(V0_3), max_size=2).map(tuple),
        }
    if dialect is not V0_3:
        least = 1 if dialect is None else 0
        own["supported_interfaces"] = st.lists(_interfaces(V1_0), min_size=least, max_size=2).map(tuple)
    said = st.builds(
        AgentCard,
        name=TEXTS,
        description=TEXTS,
        version=TEXTS,
        capabilities=_capabilities(),
        default_input_modes=URIS,
        default_output_modes=URIS,
        skills=st.lists(_skills(), max_size=2).map(tuple),
        provider=st.none() | st.builds(AgentProvider, url=TEXTS, organization=TEXTS),
        documentation_url=_NAMES,
        icon_url=_NAMES,
        security_schemes=st.dictionaries(TEXTS, _schemes(dialect), max_size=2),
        security=_REQUIREMENTS,
        signatures=st.lists(
            st.builds(AgentCardSignature, protected=TEXTS, signature=TEXTS, header=METADATA), max_size=1
        ).map(tuple),
        **own,
    )
    return said if dialect is V1_0 else said.map(_said_as_before)


def _said_as_before(card: AgentCard) -> AgentCard:
    """Whether there is an extended card is said at the top in 0.3, and says the same there."""
    return evolve(card, supports_authenticated_extended_card=card.capabilities.extended_agent_card)


def _interfaces(dialect: Dialect) -> SearchStrategy[AgentInterface]:
    more = {"protocol_version": TEXTS, "tenant": _NAMES} if dialect is V1_0 else {}
    return st.builds(AgentInterface, url=TEXTS, protocol_binding=TEXTS, **more)


def _capabilities() -> SearchStrategy[AgentCapabilities]:
    extension = st.builds(AgentExtension, uri=TEXTS, description=_NAMES, required=st.booleans(), params=METADATA)
    return st.builds(
        AgentCapabilities,
        streaming=_FLAGS,
        push_notifications=_FLAGS,
        state_transition_history=_FLAGS,
        progressive_artifacts=_FLAGS,
        extended_agent_card=_FLAGS,
        extensions=st.lists(extension, max_size=2).map(tuple),
    )


def _skills() -> SearchStrategy[AgentSkill]:
    return st.builds(
        AgentSkill,
        id=TEXTS,
        name=TEXTS,
        description=TEXTS,
        tags=URIS,
        examples=URIS,
        input_modes=URIS,
        output_modes=URIS,
        security=_REQUIREMENTS,
    )


def _schemes(dialect: Dialect | None) -> SearchStrategy[SecurityScheme]:
    newer = {"pkce_required": st.booleans(), "device_authorization_url": _NAMES} if dialect is V1_0 else {}
    flow = st.builds(
        OAuthFlow,
        authorization_url=_NAMES,
        token_url=_NAMES,
        refresh_url=_NAMES,
        scopes=st.dictionaries(TEXTS, TEXTS, max_size=1),
        **newer,
    )
    return st.one_of(
        st.builds(APIKeySecurityScheme, location=TEXTS, name=TEXTS, description=_NAMES),
        st.builds(HTTPAuthSecurityScheme, scheme=TEXTS, bearer_format=_NAMES),
        st.builds(OpenIdConnectSecurityScheme, open_id_connect_url=TEXTS),
        st.builds(MutualTlsSecurityScheme, description=_NAMES),
        st.builds(
            OAuth2SecurityScheme,
            flows=st.builds(OAuthFlows, **{name: st.none() | flow for name in _FLOWS}),
            oauth2_metadata_url=_NAMES,
        ),
    )
