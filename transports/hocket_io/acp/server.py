"""serve_hub: a hub of ACP streams over HTTP and WebSocket, on uvicorn, and over TCP if that is wanted."""

from __future__ import annotations

from collections.abc import Callable

import anyio
from attrs import frozen

from hocket_io.acp.host import HubHost
from hocket_io.acp.serving import serve_tcp
from hocket_io.extras import needs
from hocket_io.groups import scratch_group
from hocket_io.http.listening import listen, shown_address, web_server

__all__ = ["Served", "serve_hub"]


@frozen
class Served:
    """Where a hub can be reached.

    Attributes:
        url: `http://…/`: JSON-RPC is at `jsonrpc` below it, and so are WebSockets.
        tcp: `tcp://…`; None where there is no TCP.
    """

    url: str
    tcp: str | None = None


def serve_hub(
    hub: HubHost | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8100,
    tcp: int | None = None,
    on_ready: Callable[[Served], None] | None = None,
) -> None:
    """Serve a hub over HTTP and WebSocket until the process is told to stop (SIGINT, SIGTERM).

    Args:
        hub: What is served; by default a new hub with the usual limits, which takes everybody's word.
        host: The address to listen on.
        port: The port; 0 picks a free one.
        tcp: A port for NDJSON over TCP as well; 0 picks a free one. Nobody is authenticated there.
        on_ready: Called with the addresses once the hub can be reached.

    Raises:
        AddressInUse: Nothing can listen there.
        MissingExtra: uvicorn or websockets is not installed.
    """
    with needs("http", "serving a hub over HTTP"):
        import uvicorn  # noqa: F401  -- to say at once that it is missing
    with needs("ws", "serving a hub to WebSockets"):
        import websockets  # noqa: F401  -- likewise

    from hocket_io.http.hub_app import HubApp

    listening = listen(host, port)
    app = HubApp(HubHost() if hub is None else hub)
    url = f"http://{shown_address(*listening.getsockname()[:2])}/"

    async def run() -> None:
        async with app.host, scratch_group() as group:
            address = None if tcp is None else await group.start(serve_tcp, app.host, host, tcp)
            served = Served(url, None if address is None else f"tcp://{shown_address(*address)}")
            server = web_server(
                app,
                when_ready=lambda: on_ready and on_ready(served),
                before_shutdown=app.close_calls,
                message_limit=app.host.limits.message,
            )
            await server.serve([listening])

    try:
        anyio.run(run)
    except KeyboardInterrupt:
        pass  # uvicorn has shut down in good order and passes the signal on; for us this is the end that was wanted
    finally:
        listening.close()
