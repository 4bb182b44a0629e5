"""The web servers that the application is proven on, each in a thread of the test."""

import importlib
import socket
import time
from contextlib import contextmanager

import anyio
import anyio.from_thread
from attrs import frozen

from hocket_io.http.listening import listen, web_server

GRACE = 0.2
"""Seconds for which a server that is told to stop lets calls go on, where it has such a setting."""


@frozen
class Running:
    """A server that runs.

    Attributes:
        app: What it serves.
        port: Where.
        stop: Tells it to stop, and does not wait.
    """

    app: object
    port: int
    stop: object

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"


async def on_serve(app, listening, stop):
    """What `hocket_io.serve` starts."""
    await _uvicorn(web_server(app, when_ready=lambda: None, before_shutdown=app.close_calls), listening, stop)


async def on_uvicorn(app, listening, stop):
    import uvicorn

    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE)
    await _uvicorn(uvicorn.Server(config), listening, stop)


async def _uvicorn(server, listening, stop):
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve, [listening])
        await stop.wait()
        server.should_exit = True


async def on_hypercorn(app, listening, stop):
    import sniffio
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.accesslog = config.errorlog = None
    config.graceful_timeout = GRACE
    serve = importlib.import_module(f"hypercorn.{sniffio.current_async_library()}").serve
    await serve(app, config, shutdown_trigger=stop.wait)


async def on_granian(app, listening, stop):
    from granian.constants import Interfaces
    from granian.server.embed import Server

    address, port = listening.getsockname()
    listening.close()  # it takes no socket of ours
    server = Server(app, address, port, interface=Interfaces.ASGI, log_enabled=False)
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve)
        await stop.wait()
        server.stop()


SERVERS = {
    "serve": ("asyncio", on_serve, "uvicorn"),
    "uvicorn": ("asyncio", on_uvicorn, "uvicorn"),
    "hypercorn": ("asyncio", on_hypercorn, "hypercorn"),
    "hypercorn-trio": ("trio", on_hypercorn, "hypercorn"),
    "granian": ("asyncio", on_granian, "granian"),
}
"""By name: the event loop, what runs an application on it, and the package that is needed."""


@contextmanager
def running(name, app):
    """Serve an application until the end of the body, or until it is stopped there."""
    backend, serve, _ = SERVERS[name]
    listening = listen("127.0.0.1", 0)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)  # of each connection, where it is not Granian's
    port = listening.getsockname()[1]
    with anyio.from_thread.start_blocking_portal(backend) as portal:
        stop = portal.call(anyio.Event)
        ended = portal.start_task_soon(serve, app, listening, stop)
        try:
            _await_answer(port)
            yield Running(app, port, lambda: portal.call(stop.set))
        finally:
            portal.call(stop.set)
            ended.result(20)


def _await_answer(port):
    """Granian opens a port of its own when it is ready; the others were given one that is open."""
    until = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
                client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if client.recv(1):
                    return
        except ConnectionError:
            assert time.monotonic() < until
        time.sleep(0.005)
