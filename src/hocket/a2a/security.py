"""How a caller shows who it is, as a card declares it (A2A 1.0 section 4.5, 0.3 section 5.5; OpenAPI's own words).

A2A only describes this; the credentials travel in the header fields of HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from attrs import field, frozen

__all__ = [
    "APIKeySecurityScheme",
    "HTTPAuthSecurityScheme",
    "MutualTlsSecurityScheme",
    "OAuth2SecurityScheme",
    "OAuthFlow",
    "OAuthFlows",
    "OpenIdConnectSecurityScheme",
    "SecurityRequirement",
    "SecurityScheme",
]

SecurityRequirement: TypeAlias = Mapping[str, tuple[str, ...]]
"""Schemes that are needed together: the scopes of each, by its name."""


@frozen(kw_only=True)
class APIKeySecurityScheme:
    """A key, in the "query", the "header" or a "cookie" (`location`), under this name."""

    location: str
    name: str
    description: str | None = None


@frozen(kw_only=True)
class HTTPAuthSecurityScheme:
    """A scheme of HTTP's `Authorization`: "Bearer", "Basic" …; `bearer_format` is a hint, "JWT" for example."""

    scheme: str
    bearer_format: str | None = None
    description: str | None = None


@frozen(kw_only=True)
class OAuthFlow:
    """One way to get a token with OAuth 2; which of the addresses there are depends on the way.

    Attributes:
        authorization_url: Where the user agrees (authorization code, implicit).
        device_authorization_url: Where a device asks for a code (device code).
        token_url: Where the token comes from.
        refresh_url: Where it is renewed.
        scopes: What can be asked for, each with a description.
        pkce_required: Whether PKCE is needed (RFC 7636; authorization code).
    """

    authorization_url: str | None = None
    device_authorization_url: str | None = None
    token_url: str | None = None
    refresh_url: str | None = None
    scopes: Mapping[str, str] = field(factory=dict)
    pkce_required: bool = False


@frozen(kw_only=True)
class OAuthFlows:
    """The ways to get a token. 1.0 allows one of them; 0.3 has no device code."""

    authorization_code: OAuthFlow | None = None
    client_credentials: OAuthFlow | None = None
    implicit: OAuthFlow | None = None
    password: OAuthFlow | None = None
    device_code: OAuthFlow | None = None


@frozen(kw_only=True)
class OAuth2SecurityScheme:
    """OAuth 2; the metadata are those of RFC 8414."""

    flows: OAuthFlows
    oauth2_metadata_url: str | None = None
    description: str | None = None


@frozen(kw_only=True)
class OpenIdConnectSecurityScheme:
    """OpenID Connect, with the address of its discovery document."""

    open_id_connect_url: str
    description: str | None = None


@frozen(kw_only=True)
class MutualTlsSecurityScheme:
    """A certificate of the client."""

    description: str | None = None


SecurityScheme: TypeAlias = (
    APIKeySecurityScheme
    | HTTPAuthSecurityScheme
    | OAuth2SecurityScheme
    | OpenIdConnectSecurityScheme
    | MutualTlsSecurityScheme
)
"""A way to show who one is."""
