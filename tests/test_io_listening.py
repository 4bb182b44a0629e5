"""The sockets that servers listen on."""

import asyncio
import logging
import socket
import struct
from contextlib import nullcontext

import pytest

from hocket.errors import ConnectionFailed, LocalProtocolError
from hocket_io.http.asgi import App
from hocket_io.http.listening import AddressInUse, cannot_listen, listen, web_server
from hocket_io.http.scopes import live
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


@pytest.mark.parametrize(("host", "port"), [("ä..b", 0), ("127.0.0.1", "8000")])
def test_what_is_no_host_or_no_port(host, port):
    with pytest.raises(LocalProtocolError, match=r"^host must be a name or an address, and port a number, not "):
        listen(host, port)


def test_a_host_that_nobody_knows():
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    said = str(cannot_listen("nobody.example", 80, unknown))
    assert said.startswith("cannot listen on nobody.example:80: Name or service not known; the host is an address of")


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


@pytest.mark.process
def test_a_call_that_does_not_end_holds_up_the_end_for_a_while_and_is_worth_one_line(caplog):
    """That of a client that does not read, say. uvicorn logs a traceback for each that it gives up in the end."""
    log = logging.getLogger("uvicorn.error")

    async def main(listening):
        is_up, is_asked = asyncio.Event(), asyncio.Event()

        async def stuck(scope, receive, send):
            if scope["type"] == "lifespan":
                await live(nullcontext(), receive, send, lambda: None)
                return
            is_asked.set()
            try:
                await asyncio.Event().wait()
            finally:
                for _ in range(5):  # task groups that end one in another
                    await asyncio.sleep(0)

        server = web_server(stuck, when_ready=is_up.set, before_shutdown=lambda: None)
        server.config.timeout_graceful_shutdown = 0.1
        log.addHandler(caplog.handler)
        running = asyncio.create_task(server.serve([listening]))
        await is_up.wait()
        _, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await is_asked.wait()
        server.should_exit = True
        await running
        writer.close()

    with listen("127.0.0.1", 0) as listening:
        try:
            asyncio.run(main(listening))
        finally:
            log.removeHandler(caplog.handler)
    (record,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert record.getMessage() == "Cancel 1 running task(s), timeout graceful shutdown exceeded"


@pytest.mark.process
def test_writes_to_a_client_that_was_reset_are_not_worth_a_line_each(caplog):
    async def write_to_nobody():
        accepted = asyncio.get_running_loop().create_future()
        async with await asyncio.start_server(lambda *streams: accepted.set_result(streams), "127.0.0.1", 0) as here:
            with socket.create_connection(here.sockets[0].getsockname()) as client:
                _, writer = await accepted
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            for _ in range(10):
                writer.write(b"x")
            writer.close()
            with pytest.raises(ConnectionError):
                await writer.wait_closed()

    async def main(listening):
        await write_to_nobody()
        told = len(caplog.records)
        is_up = asyncio.Event()
        server = web_server(App(greeter()), when_ready=is_up.set, before_shutdown=lambda: None)
        running = asyncio.create_task(server.serve([listening]))
        await is_up.wait()
        await write_to_nobody()
        server.should_exit = True
        await running
        told_by_server = len(caplog.records) - told
        await write_to_nobody()
        return told, told_by_server, len(caplog.records) - told

    with listen("127.0.0.1", 0) as listening:
        before, meanwhile, after = asyncio.run(main(listening))
    assert before == after > 3
    assert meanwhile == 0
