"""A hub at work, and what an agent is pointed at to reach it: in memory, over TCP, WebSocket and HTTP."""

from contextlib import asynccontextmanager, contextmanager

import anyio

from hocket.backoff import Backoff
from hocket_io.acp.client import AcpClient
from hocket_io.acp.host import HubHost
from hocket_io.acp.serving import serve_tcp
from hocket_io.concurrency.groups import scratch_group
from support.serving import serving

KINDS = ["memory", "tcp", "ws", "http"]

AT_ONCE = Backoff(base=0.001, maximum=0.001, attempts=50)
"""A client that connects again at once, and does not give up soon."""


@contextmanager
def web_hub():
    """A hub on a real uvicorn, in a thread; gives its address."""
    from hocket_io.http.hub_app import HubApp

    with serving(lambda url: HubApp(HubHost())) as url:
        yield url.rstrip("/")


@asynccontextmanager
async def reach(kind, address):
    """What to point clients at. `address` is that of a `web_hub`, for those that need one."""
    match kind:
        case "memory":
            async with HubHost() as host:
                yield host
        case "tcp":
            async with HubHost() as host, scratch_group() as group:
                where, port = await group.start(serve_tcp, host, "127.0.0.1", 0)
                yield f"tcp://{where}:{port}"
        case "ws":
            yield address.replace("http:", "ws:")
        case "http":
            yield address


class Shaky:
    """A hub behind a TCP port that can be closed, with all its connections, and opened again."""

    def __init__(self, host, group):
        self.host, self.group, self.port = host, group, 0
        self.scope = None
        self.is_closed = anyio.Event()
        self.is_closed.set()

    async def open(self):
        await self.is_closed.wait()
        self.port = await self.group.start(self._serve)

    async def _serve(self, *, task_status):
        self.is_closed = anyio.Event()
        with anyio.CancelScope() as self.scope:
            async with scratch_group() as group:
                _, port = await group.start(serve_tcp, self.host, "127.0.0.1", self.port)
                task_status.started(port)
                await anyio.sleep_forever()
        self.is_closed.set()

    def close(self):
        self.scope.cancel()

    @property
    def target(self):
        return f"tcp://127.0.0.1:{self.port}"


@asynccontextmanager
async def shaky_hub():
    async with HubHost() as host, scratch_group() as group:
        hub = Shaky(host, group)
        await hub.open()
        yield hub


@asynccontextmanager
async def shaky_pair(reconnect=AT_ONCE):
    """A shaky hub, and the two ends of a stream: ada's, who is connected over it, and bob's, whose line is good."""
    async with (
        shaky_hub() as hub,
        AcpClient(hub.host, agent="bob") as bob,
        AcpClient(hub.target, agent="ada", reconnect=reconnect) as ada,
    ):
        here = await ada.start(["bob"])
        yield hub, here, await bob.join(here.stream_id)
