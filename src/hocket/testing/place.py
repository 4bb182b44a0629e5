"""Place: where an agent of HTTP takes what it is asked, by its card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from attrs import define, field, frozen

from hocket import codec
from hocket.a2a import DIALECTS, dialect_for, read_card
from hocket.a2a.discovery import interfaces_of
from hocket.http import CardSearch
from hocket.testing.probe import Ask

__all__ = ["CardFound", "Place"]


@frozen(kw_only=True)
class Place:
    """An agent's address, and what its card says of it.

    Attributes:
        url: The address that was given.
        card: The card as JSON; None where there is none.
        addresses: Where JSON-RPC is taken, by the version of A2A; the newest first.

    >>> place = Place(url="http://host/ada")
    >>> place.url_of(Ask.get("/status")), place.url_of(Ask.get("tasks/7")), place.url_of(Ask.call("tasks/get"))
    ('http://host/status', 'http://host/ada/tasks/7', 'http://host/ada')
    """

    url: str
    card: Mapping[str, Any] | None = None
    addresses: Mapping[str, str] = field(factory=dict)

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that can be spoken."""
        return tuple(self.addresses) or tuple([dialect.version for dialect in DIALECTS])

    def url_of(self, ask: Ask) -> str:
        """Where an ask is sent."""
        if ask.path is not None:
            return urljoin(f"{self.url.partition('?')[0].rstrip('/')}/", ask.path)
        fields = {name.lower(): value for name, value in ask.headers.items()}
        dialect = dialect_for(fields.get("a2a-version", "0.3"))
        return self.addresses.get("" if dialect is None else dialect.version) or next(
            iter(self.addresses.values()), self.url
        )


@define(eq=False)
class CardFound:
    """A `CardSearch` that keeps the card's own words, and makes a `Place` of them.

    Args:
        url: The agent's address, or that of its card.
    """

    url: str
    search: CardSearch = field(init=False)
    _said: bytes = field(default=b"", init=False)

    def __attrs_post_init__(self) -> None:
        self.search = CardSearch(self.url, binding="JSONRPC")

    @property
    def has_card(self) -> bool:
        """Whether there was one."""
        return self.search.card is not None

    def next_ask(self) -> Ask | None:
        """What to ask for next."""
        request = self.search.next_request()
        return None if request is None else Ask.get(request.path)

    def receive(self, status: int, body: bytes) -> None:
        """What was found there.

        Raises:
            ConnectionFailed: A card, but none of its addresses can be spoken with.
        """
        self.search.receive(status, body)
        if self.has_card:
            self._said = body

    def place(self) -> Place:
        """What is known by now."""
        if not self.has_card:
            return Place(url=self.url)
        by_version: dict[str, str] = {}
        for interface in interfaces_of(read_card(self._said)):
            dialect = dialect_for(interface.protocol_version)
            if dialect is not None and interface.protocol_binding == "JSONRPC":
                by_version.setdefault(dialect.version, interface.url)
        ordered = {each.version: by_version[each.version] for each in DIALECTS if each.version in by_version}
        card = codec.loads(self._said)
        assert isinstance(card, dict), "it was read as one"
        return Place(url=_without_card(self.url), card=card, addresses=ordered)


def _without_card(url: str) -> str:
    """The agent's address, where that of its card was given."""
    head, well_known, _ = url.partition("/.well-known/")
    return f"{head}/" if well_known else url
