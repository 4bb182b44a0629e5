"""Addresses: a host and a port in words."""

from __future__ import annotations

__all__ = ["shown_address"]


def shown_address(address: str, port: int) -> str:
    """`address:port`, as it is written in a URL.

    >>> shown_address("::1", 80)
    '[::1]:80'
    """
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
