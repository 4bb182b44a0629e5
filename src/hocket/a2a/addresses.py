"""Addresses: which of them are on the public internet, and what the others are.

Whoever sets a push notification says where this server is to connect to. An address inside of its own network, or on
the machine itself, would make the server ask on a stranger's behalf what the stranger cannot ask (server-side request
forgery, A2A 1.0 section 13.2). The table is that of the IANA registries of special-purpose addresses; it is written
here because the one of Python's `ipaddress` differs from release to release.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import TypeAlias

__all__ = ["Address", "AddressKind", "Network", "bare", "kind_of"]

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


class AddressKind(Enum):
    """What an address is good for; the values are words for a person."""

    PUBLIC = "a public address"
    LOOPBACK = "a loopback address"
    PRIVATE = "a private address"
    SHARED = "an address of a carrier's network"
    LINK_LOCAL = "a link-local address"
    CLOUD = "an address of a cloud's own services"
    MULTICAST = "a multicast address"
    UNSPECIFIED = "the unspecified address"
    RESERVED = "a reserved address"


def _table(rows: Sequence[tuple[str, AddressKind]]) -> tuple[tuple[Network, AddressKind], ...]:
    return tuple([(ip_network(network), kind) for network, kind in rows])


_SPECIAL = _table(
    [
        ("168.63.129.16/32", AddressKind.CLOUD),  # Azure
        ("100.100.100.200/32", AddressKind.CLOUD),  # Alibaba
        ("0.0.0.0/8", AddressKind.UNSPECIFIED),
        ("10.0.0.0/8", AddressKind.PRIVATE),
        ("100.64.0.0/10", AddressKind.SHARED),
        ("127.0.0.0/8", AddressKind.LOOPBACK),
        ("169.254.0.0/16", AddressKind.LINK_LOCAL),
        ("172.16.0.0/12", AddressKind.PRIVATE),
        ("192.0.0.0/24", AddressKind.RESERVED),
        ("192.0.2.0/24", AddressKind.RESERVED),
        ("192.88.99.0/24", AddressKind.RESERVED),
        ("192.168.0.0/16", AddressKind.PRIVATE),
        ("198.18.0.0/15", AddressKind.RESERVED),
        ("198.51.100.0/24", AddressKind.RESERVED),
        ("203.0.113.0/24", AddressKind.RESERVED),
        ("224.0.0.0/4", AddressKind.MULTICAST),
        ("240.0.0.0/4", AddressKind.RESERVED),
        ("0.0.0.0/0", AddressKind.PUBLIC),
        ("fd00:ec2::/32", AddressKind.CLOUD),  # Amazon
        ("fd20:ce::/32", AddressKind.CLOUD),  # Google
        ("::/128", AddressKind.UNSPECIFIED),
        ("::1/128", AddressKind.LOOPBACK),
        ("fc00::/7", AddressKind.PRIVATE),
        ("fe80::/10", AddressKind.LINK_LOCAL),
        ("fec0::/10", AddressKind.PRIVATE),
        ("ff00::/8", AddressKind.MULTICAST),
        ("2001::/23", AddressKind.RESERVED),
        ("2001:db8::/32", AddressKind.RESERVED),
        ("3fff::/20", AddressKind.RESERVED),
        ("2000::/3", AddressKind.PUBLIC),
        ("::/0", AddressKind.RESERVED),
    ]
)
"""The first row that has the address says what it is."""

_CARRIERS = (
    (ip_network("::ffff:0:0/96"), 0),  # IPv4-mapped, RFC 4291
    (ip_network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (ip_network("2002::/16"), 80),  # 6to4, RFC 3056
)
"""IPv6 networks whose addresses carry an IPv4 address, and how many bits come after it."""


def bare(address: Address) -> Address:
    """The address that is meant: the IPv4 address that an IPv6 address carries, or the address itself.

    >>> from ipaddress import ip_address
    >>> bare(ip_address("::ffff:127.0.0.1"))
    IPv4Address('127.0.0.1')
    """
    if isinstance(address, IPv4Address):
        return address
    number = int(address)  # without the zone, which says nothing about where the packets go in the end
    for network, bits in _CARRIERS:
        if IPv6Address(number) in network:
            return IPv4Address(number >> bits & 0xFFFF_FFFF)
    return IPv6Address(number)


def kind_of(address: Address) -> AddressKind:
    """What an address is; of one that carries an IPv4 address, what that one is.

    >>> from ipaddress import ip_address
    >>> kind_of(ip_address("2002:a00:1::")), kind_of(ip_address("8.8.8.8"))
    (<AddressKind.PRIVATE: 'a private address'>, <AddressKind.PUBLIC: 'a public address'>)
    """
    meant = bare(address)
    return next(kind for network, kind in _SPECIAL if meant in network)
