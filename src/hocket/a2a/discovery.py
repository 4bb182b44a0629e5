"""Discovery: the card's JSON, and which of its addresses a client goes to."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import asdict, evolve, frozen

from hocket.a2a.card import AgentCard, AgentInterface
from hocket.a2a.dialects import V0_3, V1_0, Dialect, dialect_for
from hocket.codec import JsonValue, dumps, loads
from hocket.errors import CodecError

__all__ = ["BINDINGS", "card_json", "choose_interface", "interfaces_of", "read_card"]

BINDINGS = ("JSONRPC", "HTTP+JSON")
"""The bindings of A2A that we speak over HTTP."""


@frozen(kw_only=True)
class _OldMembers:
    """What only the cards of 0.3 say."""

    url: str | None = None
    protocol_version: str | None = None
    preferred_transport: str | None = None
    additional_interfaces: tuple[AgentInterface, ...] = ()
    supports_authenticated_extended_card: bool | None = None


def card_json(card: AgentCard) -> bytes:
    """The card as one JSON object that clients of 0.2, 0.3 and 1.0 all understand: both sets of members."""
    return dumps(_merged(V0_3.write(AgentCard, card), V1_0.write(AgentCard, card)))


def read_card(data: bytes) -> AgentCard:
    """A card from JSON, of whichever version, or of both.

    Raises:
        CodecError: It is not a card.
    """
    value = loads(data)
    card: AgentCard
    if not isinstance(value, dict) or not (value.get("supportedInterfaces") or value.get("supported_interfaces")):
        card = V0_3.read(AgentCard, value, "card")
        return card
    card = V1_0.read(AgentCard, value, "card")
    try:
        old = V0_3.wire.reader(_OldMembers).from_value(value, "card")
    except CodecError:  # what 1.0 says is whole, and this is for clients of 0.3
        return card
    return evolve(card, **asdict(old, recurse=False))


def _merged(old: JsonValue, new: JsonValue) -> JsonValue:
    """Both at once: all members of objects, and of the objects in lists that are as long; else the new one."""
    match old, new:
        case dict(), dict():
            return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
        case list(), list() if len(old) == len(new):
            return [_merged(before, after) for before, after in zip(old, new, strict=True)]
    return new


def choose_interface(
    card: AgentCard, version: str | None = None, bindings: Sequence[str] = BINDINGS
) -> tuple[AgentInterface, Dialect] | None:
    """The first address of the card that we can speak with (A2A 1.0 section 8.3.2), or None.

    Args:
        card: The card.
        version: Take only addresses of this protocol version.
        bindings: Take only addresses of these bindings; of HTTP+JSON, we speak that of 1.0.
    """
    for interface in interfaces_of(card):
        dialect = dialect_for(interface.protocol_version)
        is_spoken = interface.protocol_binding == "JSONRPC" or dialect is V1_0
        if (
            dialect is not None
            and is_spoken
            and interface.protocol_binding in bindings
            and (not version or dialect is dialect_for(version))
        ):
            return interface, dialect
    return None


def interfaces_of(card: AgentCard) -> tuple[AgentInterface, ...]:
    """All addresses of the card, in the order in which a client looks at them, each once."""
    version = card.protocol_version or "0.3"
    main = () if card.url is None else ((card.url, card.preferred_transport or "JSONRPC"),)
    more = [(each.url, each.protocol_binding) for each in card.additional_interfaces]
    old = [
        AgentInterface(url=url, protocol_binding=binding, protocol_version=version) for url, binding in (*main, *more)
    ]
    return tuple(dict.fromkeys((*card.supported_interfaces, *old)))
