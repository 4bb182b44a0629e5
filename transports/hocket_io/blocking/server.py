"""Server: listens without an event loop, and gives each connection a driver and a thread."""

from __future__ import annotations

import logging
import selectors
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from attrs import define, field

from hocket.errors import ConnectionFailed
from hocket_io.blocking.bell import Bell
from hocket_io.blocking.driver import Driver
from hocket_io.blocking.network import accept, closed_if_it_fails, listen, listen_unix
from hocket_io.drivers.connecting import attended
from hocket_io.reasons import reason_of

__all__ = ["Server", "serve", "serve_unix"]

_log = logging.getLogger(__name__)

_PAUSE = 1.0  # seconds, where no connection can be accepted, such as for want of file descriptors


def serve(
    new_driver: Callable[[], Driver[Any]],
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    connections: int = 256,
) -> Server:
    """Serve on TCP, in threads, until it is closed. A connection that breaks, or whose `on_event` raises, is logged.

    Args:
        new_driver: Called for each connection, in the thread that accepts them.
        host: The address to listen on.
        port: 0 for any that is free.
        tls: A context with a certificate, or None for plain TCP.
        connections: How many there may be at a time; the next one waits until one of them ends.
    """
    return Server(listen(host, port), new_driver, tls=tls, connections=connections)


def serve_unix(new_driver: Callable[[], Driver[Any]], path: str, *, connections: int = 256) -> Server:
    """Serve on a Unix socket; as `serve`."""
    return Server(listen_unix(path), new_driver, connections=connections)


@define(eq=False)
class Server:
    """What `serve` has started. It ends by `close`, or with its `with` block.

    Args:
        listener: A socket that listens; it belongs to this server.
        new_driver: As for `serve`; so are `tls` and `connections`. `new_selector` makes what waits for them.
    """

    listener: socket.socket
    new_driver: Callable[[], Driver[Any]]
    tls: ssl.SSLContext | None = field(default=None, kw_only=True)
    connections: int = field(default=256, kw_only=True)
    new_selector: Callable[[], selectors.BaseSelector] = field(default=selectors.DefaultSelector, kw_only=True)
    _drivers: dict[threading.Thread, Driver[Any]] = field(factory=dict, init=False)
    _is_closed: bool = field(default=False, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _selector: selectors.BaseSelector = field(init=False)
    _bell: Bell = field(init=False)
    _thread: threading.Thread = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.listener.settimeout(0)
        self._selector = self.new_selector()
        self._bell = Bell(self._selector)
        self._thread = threading.Thread(target=self._accept, name="hocket accepts", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more, drop the connections, and wait for their threads: for what each `on_event` does just now."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            self._bell.ring()
        self._thread.join()
        drivers = dict(self._drivers)
        for driver in drivers.values():
            with suppress(ConnectionFailed):  # it has ended by itself
                driver.call_soon(driver.abort)
        for thread in drivers.keys() - {threading.current_thread()}:
            thread.join()
        self._bell.close()
        self._selector.close()

    def _accept(self) -> None:
        with self.listener:
            while not self._is_closed:
                try:
                    if self._has_guest():
                        self._begin(accept(self.listener, tls=self.tls))
                except (BlockingIOError, ConnectionError, ConnectionFailed):
                    pass  # who was there has left
                except OSError as error:
                    _log.warning("cannot accept a connection: %s", reason_of(error))
                    self._selector.select(_PAUSE)

    def _has_guest(self) -> bool:
        """Wait for a connection that there is room for, or for the bell."""
        has_room = len(self._drivers) < self.connections
        if has_room:
            self._selector.register(self.listener, selectors.EVENT_READ)
        try:
            ready = {key.fileobj for key, _ in self._selector.select()}
        finally:
            if has_room:
                self._selector.unregister(self.listener)
        self._bell.hush()
        return self.listener in ready

    def _begin(self, sock: socket.socket) -> None:
        with attended(_log), closed_if_it_fails(sock):
            driver = self.new_driver()
            thread = threading.Thread(target=self._attend, args=[driver, sock], name="hocket attends", daemon=True)
            self._drivers[thread] = driver
            try:
                thread.start()
            except RuntimeError:  # there can be no more threads
                del self._drivers[thread]
                raise

    def _attend(self, driver: Driver[Any], sock: socket.socket) -> None:
        try:
            with attended(_log), sock:
                driver.run(sock)
        finally:  # also by SystemExit, which ends a thread without a word
            with self._lock:
                if not self._is_closed:
                    del self._drivers[threading.current_thread()]
                    self._bell.ring()
