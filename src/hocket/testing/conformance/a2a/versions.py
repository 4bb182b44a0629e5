"""Versions: what is said in the header A2A-Version, and what follows from it; and extensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from hocket.testing.conformance.a2a.caller import Caller, compact
from hocket.testing.conformance.a2a.rules import HTTP, SHOULD, Line, a2a_rules
from hocket.testing.probe import Ask

__all__ = ["VERSION_RULES"]

_METHOD, _NOT_FOUND, _EXTENSION, _VERSION = -32601, -32001, -32008, -32009
_UNKNOWN = "https://example.com/extensions/of-nobody/v1"


def _at_version(caller: Caller, version: str | None) -> Ask:
    """A question for a task that is not there, in a version, or in none."""
    asked = caller.ask("get", {"id": "no-such-task"})
    headers = {name: value for name, value in asked.headers.items() if name != "A2A-Version"}
    return evolve(asked, headers=headers if version is None else {**headers, "A2A-Version": version})


def _unknown_version(caller: Caller) -> None:
    for version in ("99.0", "0.1"):
        caller.refusal(caller.answer(_at_version(caller, version)), _VERSION)


def _patch_is_ignored(caller: Caller) -> None:
    caller.refusal(caller.answer(_at_version(caller, "1.0.7")), _NOT_FOUND)


def _nothing_is_old(caller: Caller) -> None:
    for version in (None, ""):
        caller.refusal(caller.answer(_at_version(caller, version)), _VERSION, _METHOD)


def _in_the_query(caller: Caller) -> None:
    url = caller.interface("JSONRPC")
    asked = _at_version(caller, None)
    caller.refusal(caller.answer(evolve(asked, path=f"{url}{'&' if '?' in url else '?'}A2A-Version=1.0")), _NOT_FOUND)


def _extensions(caller: Caller) -> list[Mapping[str, Any]]:
    capabilities = caller.card.get("capabilities")
    listed = capabilities.get("extensions") if isinstance(capabilities, Mapping) else None
    return [each for each in listed or () if isinstance(each, Mapping) and isinstance(each.get("uri"), str)]


def _required_are_required(caller: Caller) -> None:
    required = [each["uri"] for each in _extensions(caller) if each.get("required") is True]
    if not required:
        caller.trial.skip("its card requires no extension")
    asked = caller.ask("send", {"message": caller.message()})
    headers = {name: value for name, value in asked.headers.items() if name != caller.wire.extensions}
    caller.refusal(caller.answer(evolve(asked, headers=headers)), _EXTENSION)


def _used_are_named(caller: Caller) -> None:
    extensions = [each["uri"] for each in _extensions(caller)]
    if not extensions:
        caller.trial.skip("its card declares no extension")
    asked = caller.ask("send", {"message": caller.message()}, headers={caller.wire.extensions: ", ".join(extensions)})
    named = caller.answer(asked).heard.headers.get(caller.wire.extensions.lower(), "")
    activated = [each.strip() for each in named.split(",") if each.strip()]
    caller.trial.require(bool(activated), f"the answer has no header {caller.wire.extensions}")
    others = [each for each in activated if each not in extensions]
    caller.trial.require(not others, f"{', '.join(others)} is activated, and was not asked for")


def _unknown_is_ignored(caller: Caller) -> None:
    required = [each["uri"] for each in _extensions(caller) if each.get("required") is True]
    headers = {caller.wire.extensions: ", ".join([*required, _UNKNOWN])}
    answer = caller.answer(caller.ask("send", {"message": caller.message()}, headers=headers))
    caller.trial.require(answer.error is None, f"an unknown extension was refused: {compact(answer.error)}")
    named = answer.heard.headers.get(caller.wire.extensions.lower(), "")
    caller.trial.require(_UNKNOWN not in named, "the agent says that it uses an extension that nobody has")


VERSION_RULES = a2a_rules(
    "versions and extensions",
    (
        Line(
            name="version-unknown",
            title="A version that is not spoken is refused with -32009",
            sections={"1.0": "§3.6.2"},
            play=_unknown_version,
        ),
        Line(
            name="version-patch",
            title="The patch number of a version does not matter",
            sections={"1.0": "§3.6"},
            play=_patch_is_ignored,
        ),
        Line(
            name="version-absent",
            title="A request without a version is one of 0.3, which has no method of 1.0: -32009 or -32601",
            sections={"1.0": "§3.6.2"},
            play=_nothing_is_old,
        ),
        Line(
            name="version-in-query",
            title="The version can be said in the query, as A2A-Version=1.0",
            sections={"1.0": "§3.6.1"},
            play=_in_the_query,
            level=SHOULD,
            bindings=HTTP,
        ),
        Line(
            name="extension-required",
            title="A call without a required extension is refused with -32008",
            sections={"1.0": "§3.3.4"},
            play=_required_are_required,
        ),
        Line(
            name="extension-named",
            title="The answer names the extensions that are used, and no others",
            sections={"1.0": "§4.6", "0.3": "§3.2.4"},
            play=_used_are_named,
            level=SHOULD,
            bindings=HTTP,
        ),
        Line(
            name="extension-unknown",
            title="An extension that the agent does not have is ignored",
            sections={"1.0": "§4.6.3"},
            play=_unknown_is_ignored,
            level=SHOULD,
        ),
    ),
)
