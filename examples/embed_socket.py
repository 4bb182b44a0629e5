"""The protocol core in a loop of one's own: a Connection on a plain socket, blocking, without any event loop."""

import socket
import threading
import time
from collections.abc import Callable

from hocket import Connection, Endpoint
from hocket.framing import Ndjson
from hocket.jsonrpc import Event, RequestReceived, ResultReceived


def run(endpoint: Endpoint[Event], sock: socket.socket, react: Callable[[Event], None]) -> None:
    """Drive any Endpoint over a blocking socket until it is closed."""
    while True:
        while (event := endpoint.next_event()) is not None:  # 1. take what happened
            react(event)
        if pieces := endpoint.data_to_send():  # 2. write what is to be sent
            sock.sendall(b"".join(pieces))
        if endpoint.is_closed:
            return
        at = endpoint.next_timeout()  # 3. wait for bytes, but no longer than this
        sock.settimeout(None if at is None else max(0.001, at - time.monotonic()))
        try:
            data = sock.recv(65_536)
        except TimeoutError:
            endpoint.handle_timeout(time.monotonic())
        else:
            now = time.monotonic()
            endpoint.receive_data(data, now) if data else endpoint.receive_eof(now)


def adder(sock: socket.socket) -> None:
    """A peer that adds."""
    connection = Connection(Ndjson())

    def react(event: Event) -> None:
        if isinstance(event, RequestReceived):
            connection.send_result(event.id, sum(event.params), now=time.monotonic())

    run(connection, sock, react)


def main() -> None:
    here, there = socket.socketpair()
    peer = threading.Thread(target=adder, args=[there])
    peer.start()
    connection = Connection(Ndjson())
    connection.send_request("add", [1, 2], now=time.monotonic(), timeout=5.0)

    def react(event: Event) -> None:
        print(event)
        if isinstance(event, ResultReceived):
            connection.close(time.monotonic())

    with here:
        run(connection, here, react)
    peer.join()
    there.close()


if __name__ == "__main__":
    main()
