"""The way to a receiver: a name becomes addresses once, each of them is judged, and only they are connected to.

A name that is judged first and looked up again by whoever connects can lead elsewhere the second time (DNS rebinding).
Here both is one step, below TLS and HTTP, which go on to speak to the name.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from ipaddress import ip_address
from typing import TypeAlias

import anyio
import httpcore2
from attrs import define, field

from hocket.a2a import PushRules
from hocket.a2a.addresses import Address
from hocket_io.push.ports import AddressRefused
from hocket_io.runner.threads import call_in_daemon

__all__ = ["JudgedNetwork", "Resolve", "system_resolver"]

_TRIED = 4
"""Addresses of one name that are tried."""

_LOOKUPS = 64
"""Names that are looked up at the same time."""

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[Address]]]
"""Gives the addresses of a host, in the order in which they should be tried; raises OSError where it has none."""


def system_resolver() -> Resolve:
    """What this machine says of names. A server of names that hangs holds up no other thread of the program."""
    lookups = anyio.CapacityLimiter(_LOOKUPS)

    async def addresses_of(host: str, port: int) -> Sequence[Address]:
        try:
            return [ip_address(host)]
        except ValueError:
            look_up = partial(socket.getaddrinfo, host.encode("ascii"), port, type=socket.SOCK_STREAM)
            found = await call_in_daemon(look_up, lookups)
            return list(dict.fromkeys(ip_address(where[0]) for *_, where in found))

    return addresses_of


@define(eq=False)
class JudgedNetwork(httpcore2.AsyncNetworkBackend):
    """TCP connections to addresses that the rules allow, and to no others.

    Args:
        rules: What is allowed.
        resolve: Gives the addresses of a host.
        network: Makes the connections.
    """

    rules: PushRules
    resolve: Resolve = field(factory=system_resolver)
    network: httpcore2.AsyncNetworkBackend = field(factory=httpcore2.AnyIOBackend)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of a host that answers.

        Raises:
            AddressRefused: One of its addresses is not allowed; then none is tried.
            httpcore2.ConnectError, httpcore2.ConnectTimeout: None of them answers.
        """
        try:
            addresses = await self.resolve(host, port)
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        for address in addresses:
            if (refusal := self.rules.refusal_of(address)) is not None:
                raise AddressRefused(f"{host} {refusal}")
        failure: Exception = httpcore2.ConnectError("the name has no address")
        tried = addresses[:_TRIED]
        share = None if timeout is None else timeout / max(1, len(tried))
        for address in tried:
            try:
                return await self.network.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self.network.sleep(seconds)
