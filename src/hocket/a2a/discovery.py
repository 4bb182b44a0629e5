"""Discovery: the card's JSON, and which of its addresses a client goes to."""

from __future__ import annotations

from collections.abc import Sequence

from hocket.a2a.card import AgentCard, AgentInterface
from hocket.a2a.dialects import V0_3, V1_0, Dialect, dialect_for
from hocket.codec import dumps, loads

__all__ = ["BINDINGS", "card_json", "choose_interface", "read_card"]

BINDINGS = ("JSONRPC", "HTTP+JSON")
"""The bindings of A2A that we speak over HTTP."""


def card_json(card: AgentCard) -> bytes:
    """The card as one JSON object that clients of 0.2, 0.3 and 1.0 all understand: both sets of members."""
    old, new = (dialect.wire.writer(AgentCard).to_value(card) for dialect in (V0_3, V1_0))
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    return dumps({**old, **new})


def read_card(data: bytes) -> AgentCard:
    """A card from JSON, of whichever version.

    Raises:
        CodecError: It is not a card.
    """
    value = loads(data)
    is_new = isinstance(value, dict) and value.get("supportedInterfaces")
    return (V1_0 if is_new else V0_3).wire.reader(AgentCard).from_value(value, "card")


def choose_interface(
    card: AgentCard, version: str | None = None, bindings: Sequence[str] = BINDINGS
) -> tuple[AgentInterface, Dialect] | None:
    """The first address of the card that we can speak with (A2A 1.0 section 8.3.2), or None.

    Args:
        card: The card.
        version: Take only addresses of this protocol version.
        bindings: Take only addresses of these bindings; of HTTP+JSON, we speak that of 1.0.
    """
    for interface in (*card.supported_interfaces, *_old_interfaces(card)):
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


def _old_interfaces(card: AgentCard) -> list[AgentInterface]:
    version = card.protocol_version or "0.3"
    main = (
        []
        if card.url is None
        else [AgentInterface(url=card.url, protocol_binding=card.preferred_transport or "JSONRPC")]
    )
    return [
        AgentInterface(url=each.url, protocol_binding=each.protocol_binding, protocol_version=version)
        for each in (*main, *card.additional_interfaces)
    ]
