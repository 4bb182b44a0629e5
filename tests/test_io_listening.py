"""The sockets that servers listen on."""

import asyncio
import json
import logging
import socket
import struct

import pytest

from hocket.errors import ConnectionFailed
from hocket_io.http.asgi import App
from hocket_io.http.listening import AddressInUse, listen, web_server
from hocket_io.websocket.connection import open_websocket
from support.agents import agent_of, greeter
from support.asgi import message, rpc


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


@pytest.mark.process
def test_who_does_not_read_does_not_hold_up_the_end_and_is_worth_one_line(caplog):
    """uvicorn logs a traceback for each call that it gives up in the end."""
    log = logging.getLogger("uvicorn.error")

    async def much(task):
        for _ in range(100):
            yield "x" * 100_000
        await asyncio.sleep(60)

    async def main(listening):
        is_up = asyncio.Event()
        app = App(agent_of(much))
        server = web_server(app, when_ready=is_up.set, before_shutdown=app.close_calls)
        server.config.timeout_graceful_shutdown = 0.1
        log.addHandler(caplog.handler)
        running = asyncio.create_task(server.serve([listening]))
        await is_up.wait()
        reader, writer = await asyncio.open_connection(*listening.getsockname(), limit=1_000)
        body = json.dumps(rpc("message/stream", message())).encode()
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await reader.readuntil(b"working")
        while not any(each.flow.write_paused for each in server.server_state.connections):
            await asyncio.sleep(0.01)
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
