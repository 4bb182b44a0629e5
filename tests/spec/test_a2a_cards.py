"""Agent cards, written by hand from the specification (A2A 1.0 section 4.4 and 8, 0.3 section 5.5): each is read whole;
one JSON object serves both; and which address a client takes (1.0 section 8.3.2).
"""

import json
import re

import pytest

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
    HTTPAuthSecurityScheme,
    MutualTlsSecurityScheme,
    OAuth2SecurityScheme,
    OAuthFlow,
    OAuthFlows,
    OpenIdConnectSecurityScheme,
    card_json,
    choose_interface,
    read_card,
)
from hocket.errors import CodecError

URL = "http://127.0.0.1:9100/"
NEW = {
    "name": "Sample",
    "description": "streams chunks",
    "version": "1.0.0",
    "supportedInterfaces": [
        {"url": URL, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
        {"url": f"{URL}rest", "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0", "tenant": "acme"},
    ],
    "provider": {"url": "http://example.com", "organization": "x"},
    "capabilities": {
        "streaming": True,
        "pushNotifications": True,
        "extendedAgentCard": True,
        "extensions": [{"uri": "https://e/x/v1", "required": False}],
    },
    "securitySchemes": {
        "google": {"openIdConnectSecurityScheme": {"openIdConnectUrl": "https://id/"}},
        "key": {"apiKeySecurityScheme": {"location": "header", "name": "X-API-Key"}},
        "bearer": {"httpAuthSecurityScheme": {"scheme": "Bearer", "bearerFormat": "JWT"}},
        "oauth": {
            "oauth2SecurityScheme": {
                "flows": {
                    "deviceCode": {
                        "deviceAuthorizationUrl": "https://id/device",
                        "tokenUrl": "https://id/token",
                        "scopes": {"read": "to read"},
                    }
                },
                "oauth2MetadataUrl": "https://id/meta",
            }
        },
        "cert": {"mtlsSecurityScheme": {"description": "a certificate"}},
    },
    "securityRequirements": [{"schemes": {"google": {"list": ["openid"]}}}, {"schemes": {"key": {"list": []}}}],
    "defaultInputModes": ["text/plain"],
    "defaultOutputModes": ["text/plain", "image/png"],
    "skills": [
        {
            "id": "s",
            "name": "s",
            "description": "s",
            "tags": ["s"],
            "inputModes": ["text/markdown"],
            "securityRequirements": [{"schemes": {"bearer": {"list": []}}}],
        }
    ],
    "signatures": [{"protected": "eyJ", "signature": "c2ln", "header": {"kid": "1"}}],
    "iconUrl": "https://i/",
    "documentationUrl": "https://d/",
}
NEW_CARD = AgentCard(
    name="Sample",
    description="streams chunks",
    version="1.0.0",
    supported_interfaces=(
        AgentInterface(url=URL),
        AgentInterface(url=f"{URL}rest", protocol_binding="HTTP+JSON", tenant="acme"),
    ),
    provider=AgentProvider(url="http://example.com", organization="x"),
    capabilities=AgentCapabilities(
        streaming=True,
        push_notifications=True,
        extended_agent_card=True,
        extensions=(AgentExtension(uri="https://e/x/v1"),),
    ),
    security_schemes={
        "google": OpenIdConnectSecurityScheme(open_id_connect_url="https://id/"),
        "key": APIKeySecurityScheme(location="header", name="X-API-Key"),
        "bearer": HTTPAuthSecurityScheme(scheme="Bearer", bearer_format="JWT"),
        "oauth": OAuth2SecurityScheme(
            flows=OAuthFlows(
                device_code=OAuthFlow(
                    device_authorization_url="https://id/device",
                    token_url="https://id/token",
                    scopes={"read": "to read"},
                )
            ),
            oauth2_metadata_url="https://id/meta",
        ),
        "cert": MutualTlsSecurityScheme(description="a certificate"),
    },
    security=({"google": ("openid",)}, {"key": ()}),
    default_output_modes=("text/plain", "image/png"),
    skills=(
        AgentSkill(
            id="s",
            name="s",
            description="s",
            tags=("s",),
            input_modes=("text/markdown",),
            security=({"bearer": ()},),
        ),
    ),
    signatures=(AgentCardSignature(protected="eyJ", signature="c2ln", header={"kid": "1"}),),
    icon_url="https://i/",
    documentation_url="https://d/",
)
OLD = {
    "protocolVersion": "0.3.0",
    "name": "Sample",
    "description": "streams chunks",
    "url": URL,
    "preferredTransport": "JSONRPC",
    "additionalInterfaces": [{"url": f"{URL}rest", "transport": "HTTP+JSON"}],
    "version": "1.0.0",
    "capabilities": {"streaming": True, "stateTransitionHistory": False},
    "securitySchemes": {
        "google": {"type": "openIdConnect", "openIdConnectUrl": "https://id/"},
        "key": {"type": "apiKey", "in": "cookie", "name": "k"},
        "bearer": {"type": "http", "scheme": "Bearer", "description": "a token"},
        "oauth": {
            "type": "oauth2",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": "https://id/auth",
                    "tokenUrl": "https://id/token",
                    "scopes": {},
                }
            },
        },
        "cert": {"type": "mutualTLS"},
    },
    "security": [{"google": ["openid"]}, {"key": [], "bearer": []}],
    "defaultInputModes": ["text/plain"],
    "defaultOutputModes": ["text/plain"],
    "skills": [{"id": "s", "name": "s", "description": "s", "tags": ["s"], "security": [{"key": []}]}],
    "supportsAuthenticatedExtendedCard": True,
    "signatures": [{"protected": "eyJ", "signature": "c2ln"}],
}
OLD_CARD = AgentCard(
    protocol_version="0.3.0",
    name="Sample",
    description="streams chunks",
    url=URL,
    preferred_transport="JSONRPC",
    additional_interfaces=(AgentInterface(url=f"{URL}rest", protocol_binding="HTTP+JSON"),),
    version="1.0.0",
    capabilities=AgentCapabilities(streaming=True, state_transition_history=False, extended_agent_card=True),
    security_schemes={
        "google": OpenIdConnectSecurityScheme(open_id_connect_url="https://id/"),
        "key": APIKeySecurityScheme(location="cookie", name="k"),
        "bearer": HTTPAuthSecurityScheme(scheme="Bearer", description="a token"),
        "oauth": OAuth2SecurityScheme(
            flows=OAuthFlows(
                authorization_code=OAuthFlow(authorization_url="https://id/auth", token_url="https://id/token")
            )
        ),
        "cert": MutualTlsSecurityScheme(),
    },
    security=({"google": ("openid",)}, {"key": (), "bearer": ()}),
    skills=(AgentSkill(id="s", name="s", description="s", tags=("s",), security=({"key": ()},)),),
    supports_authenticated_extended_card=True,
    signatures=(AgentCardSignature(protected="eyJ", signature="c2ln"),),
)


def read(value):
    return read_card(json.dumps(value).encode())


@pytest.mark.parametrize(("frame", "card"), [(NEW, NEW_CARD), (OLD, OLD_CARD)], ids=["1.0", "0.3"])
def test_a_card_is_read_whole(frame, card):
    assert read(frame) == card


def test_the_card_of_1_0_is_written_as_it_was_read():
    assert V1_0.write(AgentCard, NEW_CARD) == NEW


def test_the_card_of_0_3_is_written_as_it_was_read():
    written = V0_3.write(AgentCard, OLD_CARD)
    assert written.pop("capabilities") == {**OLD["capabilities"], "extendedAgentCard": True}
    assert written == {name: value for name, value in OLD.items() if name != "capabilities"}


def test_0_2_5_says_less():
    card = read({"protocolVersion": "0.2.5", "name": "n", "url": URL, "capabilities": {}, "skills": [], "version": "1"})
    assert card == AgentCard(name="n", url=URL, protocol_version="0.2.5", version="1")


def test_one_object_has_what_either_version_reads():
    both = {**NEW, **{name: OLD[name] for name in ("url", "preferredTransport", "protocolVersion")}}
    card = read(both)
    assert (card.supported_interfaces, card.url) == (NEW_CARD.supported_interfaces, URL)
    written = json.loads(card_json(card))
    assert written["securitySchemes"]["key"] == {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "apiKeySecurityScheme": {"location": "header", "name": "X-API-Key"},
    }
    assert written["security"] == [{"google": ["openid"]}, {"key": []}]
    assert written["securityRequirements"] == NEW["securityRequirements"]
    assert written["supportsAuthenticatedExtendedCard"] is True
    assert written["capabilities"] == NEW["capabilities"]
    (skill,) = written["skills"]
    assert (skill["security"], skill["securityRequirements"]) == (
        [{"bearer": []}],
        NEW["skills"][0]["securityRequirements"],
    )


def test_requirements_of_1_0_as_its_own_examples_still_write_them():
    old_style = {name: value for name, value in NEW.items() if name != "securityRequirements"}
    assert read({**old_style, "security": OLD["security"]}).security == OLD_CARD.security


def snake(value):
    """The same in the other spelling of ProtoJSON."""
    match value:
        case dict():
            return {re.sub(r"(?=[A-Z])", "_", name).lower(): snake(inner) for name, inner in value.items()}
        case list():
            return [snake(inner) for inner in value]
    return value


def test_a_card_of_1_0_may_be_in_snake_case():
    assert read(snake(NEW)) == NEW_CARD


@pytest.mark.parametrize("frame", [NEW, OLD], ids=["1.0", "0.3"])
def test_a_scheme_that_nobody_knows_does_not_make_a_card_useless(frame):
    schemes = {**frame["securitySchemes"], "odd": {"type": "retina", "retinaSecurityScheme": {}}}
    assert read({**frame, "securitySchemes": schemes}) == read(frame)


def test_what_only_0_3_says_may_be_broken_in_a_card_of_1_0():
    assert read({**NEW, "additionalInterfaces": "none"}) == NEW_CARD


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"securityRequirements": [{"schemes": {"google": {"list": "openid"}}}]}, "card.securityRequirements[0]"),
        ({"securityRequirements": [{"schemes": 5}]}, "card.securityRequirements[0]"),
        ({"securityRequirements": 5}, "card.securityRequirements"),
        ({"securitySchemes": []}, "card.securitySchemes"),
        ({"securitySchemes": {"a": 5}}, "card.securitySchemes"),
        ({"skills": [5]}, "card.skills[0]"),
        ({"name": None}, "card.name"),
    ],
)
def test_a_card_that_is_none_says_where(change, path):
    with pytest.raises(CodecError) as caught:
        read({**NEW, **change})
    assert caught.value.path.startswith(path)


@pytest.mark.parametrize("value", [5, [], "card", {"supportedInterfaces": [{}], "name": "n"}, {}])
def test_no_card_at_all(value):
    with pytest.raises(CodecError):
        read(value)


# Which address a client takes

RPC = AgentInterface(url="rpc")
REST = AgentInterface(url="rest", protocol_binding="HTTP+JSON", tenant="acme")
GRPC = AgentInterface(url="grpc", protocol_binding="GRPC")
OWN = AgentInterface(url="own", protocol_binding="https://example.com/own")
RPC_OLD = AgentInterface(url="rpc-old", protocol_version="0.3")
REST_OLD = AgentInterface(url="rest-old", protocol_binding="HTTP+JSON", protocol_version="0.3")
LATER = AgentInterface(url="later", protocol_version="2.0")


@pytest.mark.parametrize(
    ("interfaces", "wanted", "taken"),
    [
        ((RPC, REST), {}, "rpc"),
        ((REST, RPC), {}, "rest"),
        ((GRPC, OWN, LATER, REST, RPC), {}, "rest"),
        ((RPC_OLD, RPC), {}, "rpc-old"),
        ((RPC_OLD, RPC), {"version": "1.0"}, "rpc"),
        ((RPC_OLD, RPC), {"version": "1.0.1"}, "rpc"),
        ((RPC_OLD,), {"version": "1.0"}, None),
        ((RPC,), {"version": "0.3"}, None),
        ((RPC,), {"version": "3.0"}, None),
        ((RPC, REST), {"bindings": ("HTTP+JSON",)}, "rest"),
        ((RPC_OLD, REST), {"bindings": ("JSONRPC",), "version": "1.0"}, None),
        ((REST_OLD,), {}, None),
        ((REST_OLD, RPC_OLD), {}, "rpc-old"),
        ((GRPC, OWN, LATER), {}, None),
        ((), {}, None),
    ],
)
def test_the_first_that_can_be_spoken_is_taken(interfaces, wanted, taken):
    chosen = choose_interface(AgentCard(name="n", supported_interfaces=interfaces), **wanted)
    assert (chosen[0].url if chosen else None) == taken


def test_the_old_members_come_after_the_new_ones():
    card = AgentCard(
        name="n",
        url="main",
        protocol_version="0.3.0",
        preferred_transport="GRPC",
        additional_interfaces=(REST, AgentInterface(url="more")),
        supported_interfaces=(GRPC,),
    )
    interface, dialect = choose_interface(card)
    assert (interface.url, dialect) == ("more", V0_3)


def test_the_tenant_comes_with_its_address():
    interface, dialect = choose_interface(NEW_CARD, bindings=("HTTP+JSON",))
    assert (interface.tenant, dialect) == ("acme", V1_0)
