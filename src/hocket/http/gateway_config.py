"""StreamConfig: how a client of a gateway wants to be streamed to. What it leaves out has the value of the source."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from hocket.a2a.dialects.invalid import invalid_params
from hocket.errors import ErrorObject

__all__ = ["TASK_ID", "GatewayLimits", "StreamConfig", "read_stream_config"]

TASK_ID = ("taskId", "task_id")
"""What a query calls a task: the typed events have the first word, the progress events the second, and each reads both.
A word that nobody knows would ask for all tasks."""


@frozen(kw_only=True)
class GatewayLimits:
    """What a client of a gateway may ask for at the most.

    Attributes:
        heartbeat: Seconds between heartbeats.
        buffer_size: Bytes of events in one write.
        timeout: Seconds for which an agent may be silent.
        followed: Tasks that one stream of progress events follows by their ids.
    """

    heartbeat: int = 3_600
    buffer_size: int = 1024 * 1024
    timeout: int = 86_400
    followed: int = 32


@frozen(kw_only=True)
class StreamConfig:
    """The member `streamConfig` of the parameters of `message/stream`.

    Attributes:
        heartbeat: Seconds of silence after which a heartbeat is sent; 0 for none.
        buffer_size: Bytes of events that are ready at the same time and may go out in one write. No event waits for
            the next one, and none is cut: one that is larger goes out alone.
        timeout: Seconds for which the agent may be silent before its task fails.
    """

    heartbeat: int = 30
    buffer_size: int = 1024
    timeout: int = 300


_MEMBERS: dict[str, tuple[str, int]] = {
    "heartbeat": ("heartbeat", 0),
    "bufferSize": ("buffer_size", 1),
    "timeout": ("timeout", 1),
}
"""For each member its attribute, here and in the limits, and the least it can be."""


def read_stream_config(value: Any, limits: GatewayLimits) -> StreamConfig | ErrorObject:
    """What a client asked for; or the error that names every member that is wrong.

    Args:
        value: The member; None where it is missing. Members that nobody knows are passed over.
        limits: The most that may be asked for.

    >>> read_stream_config({"heartbeat": 5}, GatewayLimits())
    StreamConfig(heartbeat=5, buffer_size=1024, timeout=300)
    >>> read_stream_config({"heartbeat": -1}, GatewayLimits()).message
    'params.streamConfig.heartbeat: must be an integer from 0 to 3600'
    """
    if value is None:
        return StreamConfig()
    if not isinstance(value, dict):
        return invalid_params(("streamConfig", "must be an object"))
    given: dict[str, int] = {}
    violations: list[tuple[str, str]] = []
    for member, (name, least) in _MEMBERS.items():
        if member not in value:
            continue
        number, most = value[member], getattr(limits, name)
        if type(number) is int and least <= number <= most:
            given[name] = number
        else:
            violations.append((f"streamConfig.{member}", f"must be an integer from {least} to {most}"))
    return invalid_params(*violations) if violations else StreamConfig(**given)
