"""The JSON of a card where it is not that of its attributes: what 1.0 wraps, and what we do not know.

A2A 1.0 writes `[{"google": ["openid"]}]` as `[{"schemes": {"google": {"list": ["openid"]}}}]`; cards that were
written by its own examples still have `security`, as 0.3 has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["dressed", "known_schemes", "tidied"]

_NAMES: Final = (
    "apiKeySecurityScheme",
    "httpAuthSecurityScheme",
    "oauth2SecurityScheme",
    "openIdConnectSecurityScheme",
    "mtlsSecurityScheme",
    "api_key_security_scheme",
    "http_auth_security_scheme",
    "oauth2_security_scheme",
    "open_id_connect_security_scheme",
    "mtls_security_scheme",
)


def known_schemes(card: Any, is_known: Callable[[dict[str, Any]], bool]) -> Any:
    """The card without the security schemes of a kind that we have never heard of: it can be used all the same."""
    if not isinstance(card, dict):
        return card
    name = "securitySchemes" if "securitySchemes" in card else "security_schemes"
    schemes = card.get(name)
    if not isinstance(schemes, dict):
        return card
    kept = {key: each for key, each in schemes.items() if not isinstance(each, dict) or is_known(each)}
    return {**card, name: kept}


def tidied(card: Any) -> Any:
    """A card of 1.0 with its requirements as its attributes have them."""
    card = _plain(known_schemes(card, lambda scheme: any(name in scheme for name in _NAMES)))
    if isinstance(card, dict) and isinstance(card.get("skills"), list):
        return {**card, "skills": [_plain(skill) for skill in card["skills"]]}
    return card


def dressed(card: Any) -> Any:
    """The opposite of `tidied`."""
    return {**_wrapped(card), "skills": [_wrapped(skill) for skill in card["skills"]]}


def _plain(value: Any) -> Any:
    """A card or a skill with its requirements as 0.3 writes them; what is not shaped so stays, to be refused."""
    if not isinstance(value, dict):
        return value
    for name in ("securityRequirements", "security_requirements"):
        requirements = value.get(name)
        if isinstance(requirements, list):
            return {**value, name: [_plain_requirement(each) for each in requirements]}
        if requirements is not None:
            return value
    found = value.get("security")
    return value if found is None else {**value, "securityRequirements": found}


def _plain_requirement(value: Any) -> Any:
    if not isinstance(value, dict) or not isinstance(schemes := value.get("schemes", {}), dict):
        return value
    return {name: _plain_scopes(scopes) for name, scopes in schemes.items()}


def _plain_scopes(value: Any) -> Any:
    return value.get("list", []) if isinstance(value, dict) else value


def _wrapped(value: Mapping[str, Any]) -> Mapping[str, Any]:
    requirements = value.get("securityRequirements")
    if requirements is None:
        return value
    wrapped = [{"schemes": {name: {"list": scopes} for name, scopes in each.items()}} for each in requirements]
    return {**value, "securityRequirements": wrapped}
