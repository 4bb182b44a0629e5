"""Principal: who a call is from (spec section 1, "Principal")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from hocket.acp.refusals import denied, invalid
from hocket.acp.wire import ChunkParams, MemberParams, MessageParams, Params, StartParams
from hocket.codec import JsonValue
from hocket.errors import StreamRefused

__all__ = ["declared", "speaker", "speakers_of_unread"]


def speaker(
    params: Params, principal: str | None, voices: Iterable[str], may_speak_for: Callable[[str, str], bool]
) -> str:
    """The agent that a call is from.

    Args:
        params: What is called for, and perhaps by whom.
        principal: Who the connection speaks for; None if it declared nobody.
        voices: Whom it has spoken for so far, and who started the stream: the first counts where nobody is named.
        may_speak_for: Whether a principal may speak for an agent of another name.

    Raises:
        StreamRefused: The call names an agent that the principal may not speak for, or nobody is named at all.
    """
    claims = _claims(params)
    if principal is None and isinstance(params, StartParams):
        claims += params.participants[:1]
    return _speaker(claims, principal, voices, may_speak_for)


def speakers_of_unread(
    value: Mapping[str, JsonValue],
    principal: str | None,
    voices: Iterable[str],
    fed: Iterable[str],
    may_speak_for: Callable[[str, str], bool],
) -> list[str]:
    """The agents that a `stream.chunk` may have been from that cannot be read.

    Args:
        value: Its params.
        principal: As in `speaker`.
        voices: As in `speaker`.
        fed: Who has said something in chunks on this connection.
        may_speak_for: As in `speaker`.
    """
    chunk = value.get("chunk")
    names = [chunk.get("agentId") if isinstance(chunk, dict) else None, value.get("agentId")]
    claims = [name for name in names if isinstance(name, str)]
    try:
        name = _speaker(claims, principal, voices, may_speak_for)
    except StreamRefused:
        return []  # nobody's: it would not have been taken
    return [name] if claims else list(dict.fromkeys([name, *fed]))


def _speaker(
    claims: list[str], principal: str | None, voices: Iterable[str], may_speak_for: Callable[[str, str], bool]
) -> str:
    if principal is not None:
        for claimed in claims:
            if claimed != principal and not may_speak_for(principal, claimed):
                reason = f"this connection speaks for {principal}, and not for {claimed}"
                raise StreamRefused(denied("not_yours", reason, principal=principal))
        return claims[0] if claims else principal
    name = next(iter([*claims, *voices]), None)
    if name is None:
        reason = "nobody has said who this is from: put agentId into the call, or declare an agent when you connect"
        raise StreamRefused(denied("nobody", reason))
    return name


def declared(params: JsonValue, principal: str | None, longest: int) -> str:
    """The agent that a connection declares it speaks for (`wire.DECLARE`).

    Args:
        params: What it says.
        principal: Who it speaks for already; None if nobody was declared.
        longest: Bytes that a name may have.

    Raises:
        StreamRefused: That is no name, or the connection speaks for somebody else.
    """
    name = params.get("agentId") if isinstance(params, dict) else None
    if not isinstance(name, str) or not name or len(name.encode("utf-8", "surrogatepass")) > longest:
        raise StreamRefused(invalid(f"params.agentId: must be the name of an agent, of at most {longest} bytes"))
    if principal is not None and name != principal:
        reason = f"this connection speaks for {principal}, and not for {name}"
        raise StreamRefused(denied("not_yours", reason, principal=principal))
    return name


def _claims(params: Params) -> list[str]:
    """Who a call says it is from; what is said closest to the content counts."""
    if params.__class__ is ChunkParams and params.agent_id is None:  # as nearly all are
        return [] if params.chunk.agent_id is None else [params.chunk.agent_id]
    match params:
        case MessageParams(message=message):
            names = [message.agent_id, params.agent_id]
        case ChunkParams(chunk=chunk):
            names = [chunk.agent_id, params.agent_id]
        case MemberParams():
            names = []  # its agent_id is whom the call is about
        case _:
            names = [params.agent_id]
    return [name for name in names if name is not None]
