"""serve_hub: a hub of ACP streams over HTTP and WebSocket, on uvicorn, and over TCP if that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import anyio
from attrs import frozen

from hocket.http import BODY_TIMEOUT, HEAD_TIMEOUT, KEEP_ALIVE, HeadLimits
from hocket.http.host_names import is_unspecified
from hocket_io.acp.host import HubHost
from hocket_io.acp.serving import serve_tcp
from hocket_io.addresses import shown_address
from hocket_io.collecting import seldom_collected
from hocket_io.concurrency.groups import scratch_group
from hocket_io.extras import needs
from hocket_io.fitting import fit_app
from hocket_io.http.listening import listen, refuse_within_a_loop, web_server

if TYPE_CHECKING:
    from hocket_io.tap import Tap

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
    keep_alive: float | None = KEEP_ALIVE,
    body_timeout: float | None = BODY_TIMEOUT,
    cors_origins: Sequence[str] = (),
    allowed_hosts: Sequence[str] | None = None,
    head_limits: HeadLimits = HeadLimits(),
    head_timeout: float | None = HEAD_TIMEOUT,
    tap: Tap | None = None,
    on_ready: Callable[[Served], None] | None = None,
) -> None:
    """Serve a hub over HTTP and WebSocket until the process is told to stop (SIGINT, SIGTERM).

    Args:
        hub: What is served; by default a new hub with the usual limits, which takes everybody's word.
        host: The address to listen on.
        port: The port; 0 picks a free one.
        tcp: A port for NDJSON over TCP as well; 0 picks a free one. Nobody is authenticated there.
        keep_alive: Seconds between comments on silent feeds; None for none.
        body_timeout: Seconds that a request's body may take to arrive; None for no end.
        cors_origins: Web pages from elsewhere that may ask here, as `https://page.example`; `*` for all.
        allowed_hosts: Names and addresses under which requests are answered, as `hub.example`; `*` for all. By default
            those of the loopback interface, where `host` is there, and all elsewhere.
        head_limits: How many header fields a request may have, and how long they and its address may be.
        head_timeout: Seconds that the head of a request may take to arrive; None for no end.
        tap: Told what passes, message by message, over TCP as well; see `hocket_io.tap`.
        on_ready: Called with the addresses once the hub can be reached.

    Raises:
        AddressInUse: Nothing can listen there.
        LocalProtocolError: An option is not of its kind, or there is an event loop already.
        MissingExtra: uvicorn or websockets is not installed.
    """
    with needs("http", "serving a hub over HTTP"):
        import uvicorn  # noqa: F401  -- to say at once that it is missing
    with needs("ws", "serving a hub to WebSockets"):
        import websockets  # noqa: F401  -- likewise

    from hocket_io.http.hub_app import HubApp

    refuse_within_a_loop("serve_hub", "a HubApp")
    with listen(host, port) as listening:
        address, own_port = listening.getsockname()[:2]
        if allowed_hosts is None and is_unspecified(address):
            allowed_hosts = ("*",)
        app = HubApp(
            HubHost() if hub is None else hub,
            keep_alive=keep_alive,
            body_timeout=body_timeout,
            cors_origins=cors_origins,
            allowed_hosts=allowed_hosts,
            head_limits=head_limits,
        )
        url = f"http://{shown_address(address, own_port)}/"

        async def run() -> None:
            async with app.host, scratch_group() as group:
                there = None if tcp is None else await group.start(partial(serve_tcp, tap=tap), app.host, host, tcp)
                served = Served(url, None if there is None else f"tcp://{shown_address(*there)}")
                server = web_server(
                    fit_app(tap, app),
                    when_ready=lambda: on_ready and on_ready(served),
                    before_shutdown=app.close_calls,
                    message_limit=app.host.limits.message,
                    head_limits=head_limits,
                    head_timeout=head_timeout,
                )
                await server.serve([listening])

        try:
            with seldom_collected():
                anyio.run(run)
        except KeyboardInterrupt:
            pass  # uvicorn has shut down in good order and passes the signal on; for us this is the end that was wanted
