"""The sockets that servers listen on."""

import asyncio
import socket

import pytest

from hocket_io.http.listening import AddressInUse, listen


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
