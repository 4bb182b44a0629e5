"""Capabilities: what an agent has declared decides what may be asked of it (A2A 1.0 sections 3.3.4 and 4.6).

Pure decisions, made before anything else is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hocket.a2a.card import AgentCapabilities
from hocket.a2a.dialects import Operation
from hocket.a2a.parameters import ServiceParameters
from hocket.a2a.requests import Params, SendMessageRequest
from hocket.errors import Code, ErrorObject

__all__ = ["activated", "undeclared", "unsupported_content"]

_PUSH: Final = (
    "push_notifications",
    Code.PUSH_NOTIFICATION_NOT_SUPPORTED,
    "this agent sends no push notifications; stream or get the task instead",
)
_STREAMING: Final = (
    "streaming",
    Code.UNSUPPORTED_OPERATION,
    "this agent does not stream; send the message and get its task instead",
)
_EXTENDED: Final = (
    "extended_agent_card",
    Code.UNSUPPORTED_OPERATION,
    "this agent has no extended card; its public card is all there is",
)

_NEEDS: Final[Mapping[Operation, tuple[str, Code, str]]] = {
    Operation.PUSH_CREATE: _PUSH,
    Operation.PUSH_GET: _PUSH,
    Operation.PUSH_LIST: _PUSH,
    Operation.PUSH_DELETE: _PUSH,
    Operation.STREAM: _STREAMING,
    Operation.SUBSCRIBE: _STREAMING,
    Operation.EXTENDED_CARD: _EXTENDED,
}
"""What an operation needs (an attribute of the capabilities), and what is answered where it is missing."""


def activated(capabilities: AgentCapabilities, service: ServiceParameters) -> tuple[str, ...]:
    """The URIs of the extensions that a call uses: declared by the agent and asked for by the caller."""
    return tuple([each.uri for each in capabilities.extensions if each.uri in service.extensions])


def undeclared(capabilities: AgentCapabilities, operation: Operation, service: ServiceParameters) -> ErrorObject | None:
    """The error of a call that the agent's declaration does not allow, or None.

    A required extension that the caller did not activate comes first, then a capability that the agent has not.
    """
    missing = [each.uri for each in capabilities.extensions if each.required and each.uri not in service.extensions]
    if missing:
        reason = f"this agent requires an extension: name {', '.join(missing)} in the header A2A-Extensions"
        return ErrorObject.of(Code.EXTENSION_SUPPORT_REQUIRED, reason, {"extensions": ",".join(missing)})
    capability, code, reason = _NEEDS.get(operation, (None, Code.UNSUPPORTED_OPERATION, ""))
    if capability is None or getattr(capabilities, capability):
        return None
    return ErrorObject.of(code, reason)


def unsupported_content(
    capabilities: AgentCapabilities, input_modes: tuple[str, ...], params: Params
) -> ErrorObject | None:
    """The error of a message that brings what the agent does not take, or None.

    That is a configuration of push notifications where it sends none, or a part of a media type that is not among
    `input_modes`. A part that does not say what it is, is taken; and without `input_modes` every part is.
    """
    if not isinstance(params, SendMessageRequest):
        return None
    configuration = params.configuration
    if configuration and configuration.task_push_notification_config and not capabilities.push_notifications:
        return ErrorObject.of(*_PUSH[1:])
    if not input_modes:
        return None
    for index, part in enumerate(params.message.parts):
        if part.media_type and not any(_matches(part.media_type, mode) for mode in input_modes):
            taken = ", ".join(input_modes)
            return ErrorObject.of(
                Code.CONTENT_TYPE_NOT_SUPPORTED,
                f"message.parts[{index}] is {part.media_type[:64]}; this agent takes {taken}",
                {"supportedMediaTypes": taken},
            )
    return None


def _matches(media_type: str, mode: str) -> bool:
    """Whether a media type is one that a mode names, which may be a range: `text/*`. Parameters do not count."""
    (kind, subtype), (wanted, wanted_subtype) = _names(media_type), _names(mode)
    return wanted in ("*", kind) and wanted_subtype in ("*", subtype)


def _names(media_type: str) -> tuple[str, str]:
    kind, _, subtype = media_type.partition(";")[0].strip().lower().partition("/")
    return kind, subtype
