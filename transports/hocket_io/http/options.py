"""HttpOptions: how an agent is spoken to over HTTP."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import httpx2
from attrs import field, frozen

from hocket.a2a import ClientLimits
from hocket.backoff import Backoff
from hocket.entropy import Entropy
from hocket_io.entropy import system_entropy
from hocket_io.timeouts import Phases, phases_of

if TYPE_CHECKING:
    from hocket_io.tap import Tap

__all__ = ["HttpOptions"]


@frozen(kw_only=True)
class HttpOptions:
    """How an agent is spoken to over HTTP.

    Attributes:
        version: The protocol version to speak; None for the newest that both sides speak.
        binding: "JSONRPC" or "HTTP+JSON"; None for the one that the agent's card names first.
        headers: Header fields to send with every request.
        extensions: URIs of the extensions to ask for.
        timeout: Seconds, or an httpx2.Timeout for each phase; None for 10 to connect and 300 of silence.
        limits: Of what comes back.
        resume: When to try a stream again that was cut; None for never.
        proxy: URL of the proxy that all requests go through; None for the one that the environment names, if any.
        tls: Which certificates are trusted, and which is shown; None for those that the system trusts.
        entropy: Where the jitter of the delays comes from.
        tap: Who is told of each request, and of what answers it.
    """

    version: str | None = None
    binding: str | None = None
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    extensions: Sequence[str] = ()
    timeout: float | httpx2.Timeout | Phases | None = None
    limits: ClientLimits = ClientLimits()
    resume: Backoff | None = field(factory=Backoff)
    proxy: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None
    entropy: Entropy = field(factory=system_entropy, repr=False)
    tap: Tap | None = field(default=None, repr=False)

    @property
    def phases(self) -> Phases:
        """The timeout of each phase."""
        return phases_of(self.timeout)
