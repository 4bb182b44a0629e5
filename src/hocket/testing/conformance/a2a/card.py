"""The agent card: where it is, what it has, and whether it agrees with itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from hocket.testing.conformance.a2a.caller import Answer, Caller, compact
from hocket.testing.conformance.a2a.rules import HTTP, SHOULD, Line, a2a_rules
from hocket.testing.probe import Ask

__all__ = ["CARD_RULES"]

_CARD_PATH = "/.well-known/agent-card.json"

_REQUIRED: Mapping[str, Mapping[str, type]] = {
    "1.0": {
        "name": str,
        "description": str,
        "version": str,
        "supportedInterfaces": list,
        "capabilities": dict,
        "defaultInputModes": list,
        "defaultOutputModes": list,
        "skills": list,
    },
    "0.3": {
        "protocolVersion": str,
        "name": str,
        "description": str,
        "url": str,
        "version": str,
        "capabilities": dict,
        "defaultInputModes": list,
        "defaultOutputModes": list,
        "skills": list,
    },
}
"""The members that a card must have, and what they are."""

_TRANSPORTS = ("JSONRPC", "GRPC", "HTTP+JSON")
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+*-]+( *;.*)?")


def _page(caller: Caller) -> Answer:
    return caller.trial.sample("card page", lambda: caller.answer(Ask.get(_CARD_PATH)))


def _is_there(caller: Caller) -> None:
    heard = caller.trial.open(Ask.get(_CARD_PATH))
    body = caller.trial.next(heard)
    caller.trial.require(heard.status == 200, f"GET {_CARD_PATH} is answered with the status {heard.status}")
    caller.trial.require(isinstance(caller.json(body or b""), Mapping), "the card is no JSON object")


def _is_json(caller: Caller) -> None:
    kind = _page(caller).heard.headers.get("content-type", "")
    is_json = kind.partition(";")[0].strip() in ("application/json", "application/a2a+json")
    caller.trial.require(is_json, f"the card's Content-Type is {kind!r}, and not application/json")


def _may_be_kept(caller: Caller) -> None:
    headers = _page(caller).heard.headers
    for name in ("cache-control", "etag"):
        caller.trial.require(name in headers, f"the response with the card has no {name}")


def _has_its_members(caller: Caller) -> None:
    for name, kind in _REQUIRED[caller.wire.version].items():
        found = caller.card.get(name)
        caller.trial.require(isinstance(found, kind), f"{name} must be a {kind.__name__}, and is {compact(found)}")


def _says_where(caller: Caller) -> None:
    interfaces = _objects(caller, caller.card.get("supportedInterfaces"), "supportedInterfaces")
    caller.trial.require(bool(interfaces), "supportedInterfaces is empty")
    for each in interfaces:
        url, binding, version = each.get("url"), each.get("protocolBinding"), each.get("protocolVersion")
        caller.trial.require(isinstance(url, str) and bool(url), f"an interface has no url: {compact(each)}")
        caller.trial.require(isinstance(binding, str) and bool(binding), f"an interface has no protocolBinding: {each}")
        is_version = isinstance(version, str) and re.match(r"\d+\.\d+", version) is not None
        caller.trial.require(is_version, f"protocolVersion must be like 1.0, and is {version!r}")


def _is_known_or_uri(caller: Caller) -> None:
    card = caller.card
    if caller.wire.is_new:
        interfaces = _objects(caller, card.get("supportedInterfaces"), "supportedInterfaces")
        names = [each.get("protocolBinding") for each in interfaces]
    else:
        others = _objects(caller, card.get("additionalInterfaces") or [], "additionalInterfaces")
        names = [card.get("preferredTransport", "JSONRPC"), *[each.get("transport") for each in others]]
    for name in names:
        is_it = name in _TRANSPORTS or (isinstance(name, str) and bool(urlsplit(name).scheme))
        caller.trial.require(is_it, f"{name!r} is none of {', '.join(_TRANSPORTS)}, and no URI")


def _has_no_patches(caller: Caller) -> None:
    for each in _objects(caller, caller.card.get("supportedInterfaces"), "supportedInterfaces"):
        version = str(each.get("protocolVersion"))
        caller.trial.require(version.count(".") < 2, f"protocolVersion has a patch number: {version}")


def _says_transport(caller: Caller) -> None:
    card = caller.card
    preferred = card.get("preferredTransport", "JSONRPC")
    caller.trial.require(isinstance(preferred, str), f"preferredTransport is no text: {compact(preferred)}")
    for each in _objects(caller, card.get("additionalInterfaces") or [], "additionalInterfaces"):
        has_both = isinstance(each.get("url"), str) and isinstance(each.get("transport"), str)
        caller.trial.require(has_both, f"an additional interface has not both url and transport: {compact(each)}")


def _transports_agree(caller: Caller) -> None:
    card = caller.card
    others = _objects(caller, card.get("additionalInterfaces") or [], "additionalInterfaces")
    here = [each.get("transport") for each in others if each.get("url") == card.get("url")]
    if not here:
        caller.trial.skip("no additional interface has the card's url")
    preferred = card.get("preferredTransport", "JSONRPC")
    caller.trial.require(preferred in here, f"the url speaks {preferred}, and additionalInterfaces says {here}")


def _skills_are_whole(caller: Caller) -> None:
    for each in _objects(caller, caller.card.get("skills"), "skills"):
        for name in ("id", "name", "description"):
            is_text = isinstance(each.get(name), str) and bool(each[name])
            caller.trial.require(is_text, f"a skill has no {name}: {compact(each)}")
        caller.trial.require(isinstance(each.get("tags"), list), f"a skill has no list of tags: {compact(each)}")


def _modes_are_media_types(caller: Caller) -> None:
    for name in ("defaultInputModes", "defaultOutputModes"):
        modes = caller.card.get(name)
        for mode in modes if isinstance(modes, list) else []:
            is_type = isinstance(mode, str) and _MEDIA_TYPE.fullmatch(mode) is not None
            caller.trial.require(is_type, f"{name} has {mode!r}, which is no media type")


def _capabilities_are_said(caller: Caller) -> None:
    capabilities = caller.card.get("capabilities")
    for name, value in capabilities.items() if isinstance(capabilities, Mapping) else ():
        if name == "extensions":
            for each in _objects(caller, value, "capabilities.extensions"):
                is_named = isinstance(each.get("uri"), str) and bool(each["uri"])
                caller.trial.require(is_named, f"an extension has no uri: {compact(each)}")
        elif name in ("streaming", "pushNotifications", "extendedAgentCard", "stateTransitionHistory"):
            caller.trial.require(isinstance(value, bool), f"capabilities.{name} is not true or false: {value!r}")


def _schemes_are_there(caller: Caller) -> None:
    card = caller.card
    needed = card.get("securityRequirements" if caller.wire.is_new else "security")
    if not needed:
        caller.trial.skip("its card requires no credentials")
    schemes = card.get("securitySchemes")
    known = schemes if isinstance(schemes, Mapping) else {}
    for each in _objects(caller, needed, "security"):
        names = each.get("schemes", {}) if caller.wire.is_new else each
        missing = [name for name in names if name not in known]
        caller.trial.require(not missing, f"{', '.join(missing)} is required, and not in securitySchemes")


def _objects(caller: Caller, value: Any, name: str) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        caller.trial.fail(f"{name} is no list of objects: {compact(value)}")
    return value


CARD_RULES = a2a_rules(
    "the card",
    (
        Line(
            name="card-place",
            title=f"The card is at {_CARD_PATH}",
            sections={"1.0": "§8.2", "0.3": "§5.3"},
            play=_is_there,
            level=SHOULD,
            bindings=HTTP,
        ),
        Line(
            name="card-type",
            title="The card's Content-Type is JSON",
            sections={"1.0": "§8.2", "0.3": "§5.3"},
            play=_is_json,
            level=SHOULD,
            bindings=HTTP,
        ),
        Line(
            name="card-caching",
            title="The response with the card has Cache-Control and ETag",
            sections={"1.0": "§8.6"},
            play=_may_be_kept,
            level=SHOULD,
            bindings=HTTP,
        ),
        Line(
            name="card-members",
            title="The card has all members that are required",
            sections={"1.0": "§4.4.1", "0.3": "§5.5"},
            play=_has_its_members,
            bindings=HTTP,
        ),
        Line(
            name="card-interfaces",
            title="Each interface has a URL, a binding and a version",
            sections={"1.0": "§4.4.6"},
            play=_says_where,
            bindings=HTTP,
        ),
        Line(
            name="card-binding",
            title="A binding that A2A does not have is named by a URI",
            sections={"1.0": "§5.8", "0.3": "§5.5.5"},
            play=_is_known_or_uri,
            level=SHOULD,
            bindings=HTTP,
        ),
        Line(
            name="card-patch",
            title="The versions of interfaces have no patch number",
            sections={"1.0": "§3.6"},
            play=_has_no_patches,
            level=SHOULD,
            bindings=HTTP,
        ),
        Line(
            name="card-transports",
            title="The preferred transport is a text, and additional interfaces have a URL and a transport",
            sections={"0.3": "§5.6"},
            play=_says_transport,
            bindings=HTTP,
        ),
        Line(
            name="card-main-url",
            title="Where additionalInterfaces has the main URL, it has it with the preferred transport",
            sections={"0.3": "§5.6.4"},
            play=_transports_agree,
            level=SHOULD,
            bindings=HTTP,
        ),
        Line(
            name="card-skills",
            title="Each skill has an id, a name, a description and tags",
            sections={"1.0": "§4.4.5", "0.3": "§5.5.4"},
            play=_skills_are_whole,
            bindings=HTTP,
        ),
        Line(
            name="card-modes",
            title="The default modes are media types",
            sections={"1.0": "§4.4.1", "0.3": "§5.5"},
            play=_modes_are_media_types,
            level=SHOULD,
            bindings=HTTP,
        ),
        Line(
            name="card-capabilities",
            title="Capabilities are true or false, and extensions have a URI",
            sections={"1.0": "§4.4.3", "0.3": "§5.5.2"},
            play=_capabilities_are_said,
            bindings=HTTP,
        ),
        Line(
            name="card-security",
            title="The security schemes that are required are declared",
            sections={"1.0": "§4.4.1", "0.3": "§5.5"},
            play=_schemes_are_there,
            bindings=HTTP,
        ),
    ),
)
