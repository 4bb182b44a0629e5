"""serve: an agent over HTTP, on uvicorn."""

from __future__ import annotations

from collections.abc import Callable

from hocket.agent import Agent
from hocket_io.extras import needs
from hocket_io.http.listening import AddressInUse, listen, shown_address, web_server

__all__ = ["AddressInUse", "serve"]


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
        import uvicorn  # noqa: F401  -- to say at once that it is missing

        from hocket_io.http.asgi import App

    _ = agent.function  # one without would fail every task
    listening = listen(host, port)
    url_here = f"http://{shown_address(*listening.getsockname()[:2])}/"
    app = App(agent, url=url)
    server = web_server(app, when_ready=lambda: on_ready and on_ready(url_here), before_shutdown=app.close_calls)
    try:
        server.run([listening])
    except KeyboardInterrupt:
        pass  # uvicorn has shut down in good order and passes the signal on; for us this is the end that was wanted
