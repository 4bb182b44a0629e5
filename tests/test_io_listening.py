"""The sockets that servers listen on."""

import asyncio
import logging
import socket

import pytest

from hocket.errors import ConnectionFailed
from hocket_io.http.asgi import App
from hocket_io.http.listening import AddressInUse, listen, web_server
from hocket_io.websocket.connection import open_websocket
from support.agents import greeter


def test_what_is_written_goes_out_at_once():
    """Otherwise the second of two small writes waits until the first is acknowledged, 40 ms and more."""

    async def main():
        accepted = asyncio.get_running_loop().create_future()
        server = await asyncio.start_server(lambda _, writer: accepted.set_result(writer), sock=listen("127.0.0.1", 0))
        _, ours = await asyncio.open_connection(*server.sockets[0].getsockname())
        theirs = await accepted
        assert theirs.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        for writer in (ours, theirs):
            writer.close()
            await writer.wait_closed()
        server.close()
        await server.wait_closed()

    asyncio.run(main())


def test_an_address_that_is_taken():
    with listen("127.0.0.1", 0) as taken, pytest.raises(AddressInUse, match="try another port"):
        listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.process
def test_a_web_socket_that_is_refused_is_no_mistake(caplog):
    """uvicorn logs an error for each handshake that is answered with a response."""
    log = logging.getLogger("uvicorn.error")

    async def main(listening):
        is_up = asyncio.Event()
        server = web_server(App(greeter()), when_ready=is_up.set, before_shutdown=lambda: None)
        log.addHandler(caplog.handler)
        running = asyncio.create_task(server.serve([listening]))
        await is_up.wait()
        with pytest.raises(ConnectionFailed, match=r"HTTP 404 .* there is no agent at /nowhere"):
            await open_websocket(f"ws://127.0.0.1:{listening.getsockname()[1]}/nowhere")
        server.should_exit = True
        await running

    with listen("127.0.0.1", 0) as listening:
        try:
            asyncio.run(main(listening))
        finally:
            log.removeHandler(caplog.handler)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert log.filters == []
