"""The words of the pipe binding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hocket.a2a.parameters import ServiceParameters

__all__ = ["PIPE_BINDING", "STREAM_METHOD", "read_meta", "write_meta"]

PIPE_BINDING = "urn:hocket:a2a:pipe:1"
"""The URI of the binding, for the `protocolBinding` of an agent card's interface."""

STREAM_METHOD = "$/stream"
"""The notification that carries one item of a stream."""


def read_meta(params: Any, *, principal: str = "", base_url: str = "") -> ServiceParameters:
    """The service parameters in the `_meta` of a request's params.

    Args:
        params: The params, whatever they are.
        principal: Who calls, as the transport has found out; never taken from the params.
        base_url: The address the caller used.
    """
    meta = params.get("_meta") if isinstance(params, dict) else None
    headers = meta.get("headers") if isinstance(meta, dict) else None
    fields = headers if isinstance(headers, dict) else {}
    return ServiceParameters.of(fields, principal=principal, base_url=base_url)


def write_meta(params: Any, headers: Mapping[str, str]) -> Any:
    """The params with these headers in their `_meta`."""
    return {**(params or {}), "_meta": {"headers": dict(headers)}}
