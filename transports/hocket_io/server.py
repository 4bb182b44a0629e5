"""serve: agents over HTTP, on uvicorn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from hocket.a2a import ServerLimits
from hocket.agent import Agent
from hocket.http import BODY_TIMEOUT, HEAD_TIMEOUT, KEEP_ALIVE, HeadLimits
from hocket.http.host_names import is_unspecified
from hocket.http.principal import Authenticate
from hocket_io.addresses import shown_address
from hocket_io.collecting import seldom_collected
from hocket_io.extras import needs
from hocket_io.fitting import fit_app
from hocket_io.http.listening import AddressInUse, listen, refuse_within_a_loop, web_server
from hocket_io.push import PushOptions

if TYPE_CHECKING:
    from hocket_io.tap import Tap

__all__ = ["AddressInUse", "serve"]


def serve(
    agents: Agent | Sequence[Agent] | Mapping[str, Agent],
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    url: str | None = None,
    root: str | None = None,
    keep_alive: float | None = KEEP_ALIVE,
    body_limit: int = 16 * 1024 * 1024,
    body_timeout: float | None = BODY_TIMEOUT,
    limits: ServerLimits = ServerLimits(),
    cors_origins: Sequence[str] = (),
    allowed_hosts: Sequence[str] | None = None,
    push: PushOptions | None = None,
    authenticate: Authenticate | None = None,
    head_limits: HeadLimits = HeadLimits(),
    head_timeout: float | None = HEAD_TIMEOUT,
    websockets: bool = True,
    tap: Tap | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve an agent, or several, over HTTP until the process is told to stop (SIGINT, SIGTERM).

    Args:
        agents: Who is served. One agent is at the root; of several, each is at /agents/ID, where the ID is made of its
            name if a mapping does not give it.
        host: The address to listen on.
        port: The port; 0 picks a free one.
        url: The address to put on cards; by default the one that each caller used.
        root: The ID of the agent, of several, that is at the root as well.
        keep_alive: Seconds between comments on silent streams; None for none.
        body_limit: Bytes of a request's body, and of a message that comes over a WebSocket.
        body_timeout: Seconds that a request's body may take to arrive; None for no end.
        limits: Of the A2A server of each agent.
        cors_origins: Web pages from elsewhere that may read what is answered, as `https://page.example`; `*` for all.
        allowed_hosts: Names and addresses under which requests are answered, as `agent.example`; `*` for all. By
            default those of the loopback interface, and of `url`, where `host` is there, and all elsewhere.
        push: How push notifications are sent, and where to.
        authenticate: Says for whom the header fields of a call vouch, or why for nobody; None asks nobody.
        head_limits: How many header fields a request may have, and how long they and its address may be.
        head_timeout: Seconds that the head of a request may take to arrive; None for no end.
        websockets: Whether cards name the address for WebSockets, too, where `websockets` is installed; say no if a
            proxy lets none through.
        tap: Told what passes, message by message; see `hocket_io.tap`.
        on_ready: Called with the URL once it can be called.

    Raises:
        AddressInUse: Nothing can listen there.
        LocalProtocolError: An agent has no function, two would have the same ID, an option is not of its kind, or there
            is an event loop already.
        MissingExtra: uvicorn is not installed.
    """
    with needs("http", "serving over HTTP"):
        import uvicorn  # noqa: F401  -- to say at once that it is missing

        from hocket_io.http.asgi import App

    refuse_within_a_loop("serve", "an App")
    with listen(host, port) as listening:
        address, own_port = listening.getsockname()[:2]
        if allowed_hosts is None and is_unspecified(address):
            allowed_hosts = ("*",)
        app = App(
            agents,
            root=root,
            url=url,
            keep_alive=keep_alive,
            body_limit=body_limit,
            body_timeout=body_timeout,
            limits=limits,
            cors_origins=cors_origins,
            allowed_hosts=allowed_hosts,
            push=push or PushOptions(),
            authenticate=authenticate,
            head_limits=head_limits,
            websockets=websockets and find_spec("websockets") is not None,
        )
        url_here = f"http://{shown_address(address, own_port)}/"
        server = web_server(
            fit_app(tap, app),
            when_ready=lambda: on_ready and on_ready(url_here),
            before_shutdown=app.close_calls,
            message_limit=body_limit,
            head_limits=head_limits,
            head_timeout=head_timeout,
        )
        try:
            with seldom_collected():
                server.run([listening])
        except KeyboardInterrupt:
            pass  # uvicorn has shut down in good order and passes the signal on; for us this is the end that was wanted
