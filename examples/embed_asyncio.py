"""The protocol core on an event loop: any Endpoint as an asyncio.Protocol, in three steps after every call."""

import asyncio
from collections.abc import Callable

from hocket import Connection, Endpoint
from hocket.framing import Ndjson
from hocket.jsonrpc import Event, RequestReceived, ResultReceived


class Driver(asyncio.Protocol):
    """Runs an Endpoint on asyncio. `react` is told what happened; call `pump` after each command of your own."""

    def __init__(self, endpoint: Endpoint[Event], react: Callable[[Event], None]) -> None:
        self.endpoint = endpoint
        self.react = react
        self.loop = asyncio.get_running_loop()
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.pump()

    def data_received(self, data: bytes) -> None:
        self.endpoint.receive_data(data, self.loop.time())
        self.pump()

    def connection_lost(self, exc: Exception | None) -> None:
        self.endpoint.receive_eof(self.loop.time())
        self.pump()

    def timed_out(self) -> None:
        self.endpoint.handle_timeout(self.loop.time())
        self.pump()

    def pump(self) -> None:
        while (event := self.endpoint.next_event()) is not None:  # 1. take what happened
            self.react(event)
        self.transport.writelines(self.endpoint.data_to_send())  # 2. write what is to be sent
        if self.timer is not None:
            self.timer.cancel()
        at = self.endpoint.next_timeout()  # 3. set one timer
        self.timer = None if at is None else self.loop.call_at(at, self.timed_out)
        if self.endpoint.is_closed:
            self.transport.close()


def adder() -> Driver:
    """The server's side: it answers `add`."""
    connection = Connection(Ndjson())

    def react(event: Event) -> None:
        if isinstance(event, RequestReceived):
            connection.send_result(event.id, sum(event.params), now=driver.loop.time())

    driver = Driver(connection, react)
    return driver


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(adder, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    connection, over = Connection(Ndjson()), loop.create_future()

    def react(event: Event) -> None:
        print(event)
        if isinstance(event, ResultReceived):
            connection.close(loop.time())
            over.set_result(None)

    connection.send_request("add", [1, 2], now=loop.time(), timeout=5.0)
    await loop.create_connection(lambda: Driver(connection, react), host, port)
    await over
    server.close()
    await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(main())
