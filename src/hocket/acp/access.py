"""Access: who may do what in a stream. Denied is what is not allowed here.

Membership is asked for with every input, by `hocket.acp.stream`. Roles (`metadata.roles`, `metadata.rules`) belong here
too: they will give `permissions_of` more to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

from hocket.acp.limits import StreamLimits
from hocket.acp.refusals import denied, over_limit
from hocket.acp.roster import Roster
from hocket.acp.states import Input
from hocket.errors import ErrorObject

__all__ = [
    "NEEDS",
    "Permission",
    "invite_refusal",
    "join_refusal",
    "participants_limit",
    "permission_refusal",
    "permissions_of",
    "room_refusal",
]


class Permission(Enum):
    """What only some members may do; the values are those of `metadata.roles`."""

    MODERATE = "moderate"
    INVITE = "invite"
    END_STREAM = "end_stream"


NEEDS: Mapping[Input, Permission] = MappingProxyType(
    {
        Input.PAUSE: Permission.MODERATE,
        Input.RESUME: Permission.MODERATE,
        Input.REMOVE: Permission.MODERATE,
        Input.INVITE: Permission.INVITE,
    }
)
"""The permission that an input takes; what is not here, every member may do. (`stream.end` takes `end_stream` where a
stream has roles.)"""


def permissions_of(agent_id: str, roster: Roster) -> frozenset[Permission]:
    """What a member may do besides talking: whoever started the stream, everything."""
    return frozenset(Permission) if agent_id == roster.initiator else frozenset()


def permission_refusal(kind: Input, agent_id: str, roster: Roster) -> ErrorObject | None:
    """Why this member may not do this; None if it may."""
    needed = NEEDS.get(kind)
    if needed is None or needed in permissions_of(agent_id, roster):
        return None
    who = roster.initiator
    reason = f"{agent_id} may not {kind.value} here: that takes the permission {needed.value!r}, which {who} has"
    return denied("permission", reason, permission=needed.value)


def participants_limit(metadata: Mapping[str, Any] | None, limits: StreamLimits) -> int:
    """How many members there may be: what the hub allows, or less if the stream's own `maxParticipants` says so."""
    wanted = (metadata or {}).get("maxParticipants")
    if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted > 0:
        return min(wanted, limits.participants)
    return limits.participants


def join_refusal(
    agent_id: str,
    capabilities: tuple[str, ...],
    roster: Roster,
    metadata: Mapping[str, Any] | None,
) -> ErrorObject | None:
    """Why somebody who is no member may not become one by itself; None if it may (spec section 5, join).

    Who was invited may. Otherwise the stream's metadata must say `allowDynamicJoin`, and one of the capabilities must
    be among its `expertiseRequired`, if there are any.
    """
    if agent_id in roster.invited:
        return None
    rules = metadata or {}
    if rules.get("allowDynamicJoin") is not True:
        return denied("not_open", "only agents that were invited can join this stream: ask a member for an invitation")
    wanted = rules.get("expertiseRequired")
    required = [skill for skill in wanted if isinstance(skill, str)] if isinstance(wanted, list | tuple) else []
    if required and not any(skill in capabilities for skill in required):
        reason = "joining this stream takes one of the capabilities in data.expertiseRequired"
        return denied("expertise", reason, expertiseRequired=required)
    return None


def room_refusal(
    roster: Roster, metadata: Mapping[str, Any] | None, limits: StreamLimits, *, more: int = 1
) -> ErrorObject | None:
    """Why there cannot be `more` members than there are; None if there can."""
    maximum = participants_limit(metadata, limits)
    return _full(maximum) if len(roster) + more > maximum else None


def invite_refusal(
    agent_id: str, roster: Roster, metadata: Mapping[str, Any] | None, limits: StreamLimits
) -> ErrorObject | None:
    """Why nobody can be invited now; None if this agent can. There are no more invitations than members can be."""
    if agent_id not in roster.invited and len(roster.invited) >= limits.participants:
        return _full(limits.participants)
    return room_refusal(roster, metadata, limits)


def _full(maximum: int) -> ErrorObject:
    return over_limit("participants", maximum, f"the stream has its {maximum} participants already")
