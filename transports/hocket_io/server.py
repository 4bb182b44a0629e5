"""serve: an agent over HTTP, on uvicorn."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from hocket.agent import Agent
from hocket.errors import HocketError
from hocket_io.extras import needs

if TYPE_CHECKING:
    import uvicorn

__all__ = ["AddressInUse", "serve"]


class AddressInUse(HocketError):
    """The port is taken, or the address is not ours."""


def serve(
    agent: Agent,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    url: str | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve an agent over HTTP until the process is told to stop (SIGINT, SIGTERM).

    Args:
        agent: What is served.
        host: The address to listen on.
        port: The port; 0 picks a free one.
        url: The address to put on the card; by default the one that each caller used.
        on_ready: Called with the agent's URL once it can be called.

    Raises:
        AddressInUse: Nothing can listen there.
        LocalProtocolError: The agent has no function.
        MissingExtra: uvicorn is not installed.
    """
    with needs("http", "serving over HTTP"):
        import uvicorn

        from hocket_io.http.asgi import App

    _ = agent.function  # one without would fail every task
    listening = _listen(host, port)
    address, taken = listening.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    app = App(agent, url=url)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=5,
    )
    url_here = f"http://{shown}:{taken}/"
    server = _server(config, app.close_calls, lambda: on_ready and on_ready(url_here))
    try:
        server.run([listening])
    except KeyboardInterrupt:
        pass  # uvicorn has shut down in good order and passes the signal on; for us this is the end that was wanted


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or error
        raise AddressInUse(f"cannot listen on {host}:{port}: {reason}; try another port") from None
    return listening


def _server(
    config: uvicorn.Config, before_shutdown: Callable[[], None], when_ready: Callable[[], object]
) -> uvicorn.Server:
    """A uvicorn server that says when it is up, and that ends open streams before it waits for their connections."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                when_ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            log = logging.getLogger("uvicorn.error")
            log.addFilter(_is_no_cut)
            before_shutdown()
            try:
                await super().shutdown(sockets)
            finally:
                log.removeFilter(_is_no_cut)

    return Server(config)


def _is_no_cut(record: logging.LogRecord) -> bool:
    """A record that is worth a line when streams are cut on purpose; uvicorn has one for each of them that is not."""
    return record.msg != "ASGI callable returned without completing response."
