"""serve_hub: what it gives the web server, without one."""

import socket
import threading
from types import SimpleNamespace

import pytest

from hocket.acp.limits import HubLimits
from hocket_io.acp import server
from hocket_io.acp.host import HubHost
from hocket_io.acp.server import Served, serve_hub
from hocket_io.http.hub_app import HubApp
from hocket_io.http.listening import AddressInUse, listen, web_server


@pytest.fixture
def given(monkeypatch):
    """What a web server is given that says at once that it is ready, and then ends."""
    seen = SimpleNamespace(app=None, sockets=[], was_running=None, options={})

    def web_server(app, **options):
        seen.app, seen.options = app, options

        async def serve(sockets):
            seen.sockets = sockets
            seen.was_running = app.host.is_running
            options["when_ready"]()

        return SimpleNamespace(serve=serve)

    monkeypatch.setattr(server, "web_server", web_server)
    return seen


def test_the_hub_runs_while_the_web_server_does(given):
    hub = HubHost(HubLimits(message=5))
    told = []
    serve_hub(hub, port=0, tcp=0, on_ready=told.append)
    assert given.app.host is hub
    assert (given.was_running, hub.is_running) == (True, False)
    assert given.options["message_limit"] == 5
    assert given.options["before_shutdown"] == given.app.close_calls
    (served,) = told
    assert isinstance(served, Served)
    assert served.url.startswith("http://127.0.0.1:")
    assert served.tcp.startswith("tcp://127.0.0.1:")
    assert [each.fileno() for each in given.sockets] == [-1]  # it is closed


def test_without_tcp_there_is_none(given):
    told = []
    serve_hub(port=0, on_ready=told.append)
    assert told[0].tcp is None
    serve_hub(port=0)  # nobody has to listen


def test_a_tcp_port_that_is_taken_is_told_as_itself_and_frees_the_other_port(given):
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        other.close()
        with pytest.raises(AddressInUse, match="try another port"):
            serve_hub(port=port, tcp=taken.getsockname()[1])
        socket.create_server(("127.0.0.1", port)).close()
    assert given.app is None


def test_a_websocket_that_is_not_read_for_a_while_stays_open():
    """Its reader answers no pings meanwhile: the hub goes on asking, and does not hang up."""
    app = HubApp()
    server = web_server(app, when_ready=lambda: None, before_shutdown=app.close_calls)
    server.config.ws_ping_interval = 0.01
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()) as client:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            client.settimeout(10.0)
            client.sendall(
                b"GET /jsonrpc HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            got = b""
            while got.partition(b"\r\n\r\n")[2].count(b"\x89\x04") < 3:  # pings of four bytes
                piece = client.recv(4096)
                assert piece, got
                got += piece
        finally:
            server.should_exit = True
            thread.join(10)
