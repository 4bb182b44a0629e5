"""hocket: one answer, streamed between agents. The sans-I/O core; `hocket_io` touches the world.

`from hocket import Agent` declares an agent; `Connection` is JSON-RPC over any byte stream, without I/O;
`hocket.a2a` and `hocket.http` are the A2A protocol and its HTTP binding as values.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hocket.agent import Addition, Agent, AgentTask, Progress, Question
    from hocket.backoff import Backoff
    from hocket.connection import Connection
    from hocket.endpoint import Endpoint
    from hocket.entropy import Entropy
    from hocket.errors import ErrorObject, HocketError, LocalProtocolError, RpcError
else:
    from hocket.deferred import deferred

    __getattr__, __dir__ = deferred(
        __name__,
        {
            "hocket.agent": ["Addition", "Agent", "AgentTask", "Progress", "Question"],
            "hocket.backoff": ["Backoff"],
            "hocket.connection": ["Connection"],
            "hocket.endpoint": ["Endpoint"],
            "hocket.entropy": ["Entropy"],
            "hocket.errors": ["ErrorObject", "HocketError", "LocalProtocolError", "RpcError"],
        },
    )

__version__ = "0.1.0"

__all__ = [
    "Addition",
    "Agent",
    "AgentTask",
    "Backoff",
    "Connection",
    "Endpoint",
    "Entropy",
    "ErrorObject",
    "HocketError",
    "LocalProtocolError",
    "Progress",
    "Question",
    "RpcError",
    "__version__",
]
