"""Discovery: finding an agent's card, and with it the address and the dialect to use. Values in, values out."""

from __future__ import annotations

from urllib.parse import urlsplit

from attrs import define, field

from hocket.a2a import (
    BINDINGS,
    DIALECTS,
    V1_0,
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    ClientLimits,
    Dialect,
    choose_interface,
    dialect_for,
    read_card,
)
from hocket.errors import CodecError, ConnectionFailed, LocalProtocolError
from hocket.http.address import Address
from hocket.http.messages import Headers, Request
from hocket.http.routes import CARD_PATHS

__all__ = ["CardSearch"]


@define(eq=False)
class CardSearch:
    """Asks at the known places, one after the other, until there is a card.

    Where there is none, the address itself is taken for the agent's interface.

    Args:
        url: What the person gave.
        version: The protocol version they want; None for the newest that both sides speak.
        headers: Header fields to send along.
        limit: Bytes that a transport reads of what is found; what is larger is no card.
        binding: The binding they want, of `BINDINGS`; None for the one that the card names first.

    Attributes:
        card: What was found.
        interface: Where to go.
        dialect: What to speak there.

    Raises:
        LocalProtocolError: The version or the binding is none that we speak.

    >>> search = CardSearch("http://127.0.0.1:8000/a2a")
    >>> search.next_request().path
    'http://127.0.0.1:8000/a2a/.well-known/agent-card.json'
    >>> CardSearch("http://127.0.0.1:8000/cards/ada.json").next_request().path
    'http://127.0.0.1:8000/cards/ada.json'
    """

    url: str
    version: str | None = None
    headers: Headers = ()
    limit: int = 16 * 1024 * 1024
    binding: str | None = None
    card: AgentCard | None = field(default=None, init=False)
    interface: AgentInterface = field(init=False)
    dialect: Dialect = field(init=False)
    _places: list[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        parts = urlsplit(self.url)
        root = f"{parts.scheme}://{parts.netloc}"
        bases = dict.fromkeys([self.url.partition("?")[0].rstrip("/"), root])
        is_card = parts.path.endswith(".json")  # then it is that card or none: a neighbour's would be another agent
        self._places = [self.url] if is_card else [base + path for base in bases for path in CARD_PATHS]
        self.dialect = self._wanted_dialect()
        self.interface = AgentInterface(
            url=self.url, protocol_binding=self.binding or "JSONRPC", protocol_version=self.dialect.version
        )

    def _wanted_dialect(self) -> Dialect:
        dialect = dialect_for(self.version) if self.version else DIALECTS[0]
        if dialect is None:
            spoken = ", ".join(each.version for each in DIALECTS)
            raise LocalProtocolError(f"A2A {self.version} is not spoken here; the versions are {spoken}")
        if self.binding is not None and self.binding not in BINDINGS:
            raise LocalProtocolError(
                f"the binding {self.binding!r} is not spoken here; the bindings are {', '.join(BINDINGS)}"
            )
        if self.binding == "HTTP+JSON" and dialect is not V1_0:
            raise LocalProtocolError(f"HTTP+JSON is spoken here in A2A 1.0, not in {self.version}")
        return dialect

    def next_request(self) -> Request | None:
        """Where to ask next; None once there is a card, or nowhere left to ask."""
        if self.card is not None or not self._places:
            return None
        fields = (("accept", "application/json"), ("accept-encoding", "identity"), *self.headers)
        return Request(method="GET", path=self._places.pop(0), headers=fields)

    def receive(self, status: int, body: bytes) -> None:
        """What was found there: all of it, or its beginning as soon as that is over `limit`.

        Raises:
            ConnectionFailed: A card, but none of its addresses can be spoken with.
        """
        if not 200 <= status < 300 or len(body) > self.limit:
            return
        try:
            card = read_card(body)
        except CodecError:
            return  # a page of some other kind
        chosen = choose_interface(card, self.version, (self.binding,) if self.binding else BINDINGS)
        if chosen is None:
            wanted = f"A2A {self.version}" if self.version else " or ".join(each.version for each in DIALECTS)
            over = self.binding or " or ".join(BINDINGS)
            raise ConnectionFailed(f"the card of {card.name!r} has no interface for {wanted} over {over}")
        self.card, (self.interface, self.dialect) = card, chosen

    def address(self, extensions: tuple[str, ...] = (), limits: ClientLimits = ClientLimits()) -> Address:
        """Where the agent is spoken to, as far as it is known by now.

        Args:
            extensions: URIs of the extensions to ask for.
            limits: Of what comes back.
        """
        return Address(
            interface=self.interface,
            dialect=self.dialect,
            capabilities=AgentCapabilities() if self.card is None else self.card.capabilities,
            headers=self.headers,
            extensions=extensions,
            limits=limits,
        )
