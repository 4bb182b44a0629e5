"""A2A on a pipe or a WebSocket: JSON-RPC both ways on one connection, any number of calls at a time.

The specification has no such binding; ours is a custom one (A2A 1.0 section 12), named by `PIPE_BINDING`:

* A streaming call's items are notifications `$/stream` {id, offset, result}; `result` is what an SSE event's
  result would be, `offset` its place in the task's log.
* The response to the call *is* the end of the stream: {"result": {"state": …, "offset": n}}, or an error.
* `$/cancelRequest` {id} ends the call, not the task.
* Service parameters travel as `headers` in the `_meta` member of params.
"""

from hocket.a2a.pipe.client import PipeClient
from hocket.a2a.pipe.server import PipeServer
from hocket.a2a.pipe.wire import PIPE_BINDING, STREAM_METHOD

__all__ = ["PIPE_BINDING", "STREAM_METHOD", "PipeClient", "PipeServer"]
