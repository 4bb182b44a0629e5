"""Driver for a blocking socket: any Endpoint in a thread of its own, without an event loop; TCP, Unix sockets, TLS."""

from __future__ import annotations

import os
import selectors
import socket
import ssl
import stat
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from attrs import define, field

from hocket.endpoint import Endpoint
from hocket.errors import ConnectionFailed
from hocket_io.reasons import reason_of

__all__ = ["Driver", "accept", "connect", "connect_unix", "listen", "listen_unix"]

EventT = TypeVar("EventT")

_CHUNK = 65_536
_WRITE = 262_144
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@define(eq=False)
class Driver(Generic[EventT]):
    """Runs an Endpoint on a socket, for as long as `run` runs, in the thread that has called it.

    Args:
        endpoint: What is to be run; it belongs to this driver.
        on_event: Told each event, in order, and may give the endpoint commands. If it raises, the connection is
            dropped, and `run` raises the same.
        unsent: Bytes that may wait to be written. Beyond it nothing is read, so that a peer that reads none of
            its answers can ask for no more.
    """

    endpoint: Endpoint[EventT]
    on_event: Callable[[EventT], None]
    unsent: int = field(default=1024 * 1024, kw_only=True)
    is_closed: bool = field(default=False, init=False)
    """True once the connection is gone."""
    _is_closing: bool = field(default=False, init=False)
    _is_aborted: bool = field(default=False, init=False)
    _has_ended: bool = field(default=False, init=False)
    _failure: ConnectionFailed | None = field(default=None, init=False)
    _unwritten: bytearray = field(factory=bytearray, init=False)
    _mask: int = field(default=0, init=False)
    _commands: deque[Callable[[], object]] = field(factory=deque, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _bell: socket.socket | None = field(default=None, init=False)

    def now(self) -> float:
        """The time in seconds, for the commands of the endpoint."""
        return time.monotonic()

    def call_soon(self, command: Callable[[], object]) -> None:
        """Have the thread that runs the endpoint call something, such as a command of it. Any thread may ask.

        Args:
            command: If it raises, the connection is dropped, and `run` raises the same.

        Raises:
            ConnectionFailed: The connection is gone.
        """
        with self._lock:
            if self.is_closed:
                raise ConnectionFailed("the connection is closed")
            self._commands.append(command)
            if self._bell is not None:
                _ring(self._bell)

    def close(self) -> None:
        """Write what is still to be written, then close the connection. Within `on_event` or by `call_soon`."""
        self._is_closing = True

    def abort(self) -> None:
        """Drop the connection at once, whatever was still to be written. Within `on_event` or by `call_soon`."""
        self._is_aborted = True

    def run(self, sock: socket.socket) -> None:
        """Run the endpoint until the connection is gone; then the socket is closed.

        Args:
            sock: What `connect` or `accept` has given, or any other that is connected.

        Raises:
            ConnectionFailed: It broke.
        """
        ear, bell = socket.socketpair()
        with sock, ear, bell, selectors.DefaultSelector() as selector:
            selector.register(ear, selectors.EVENT_READ)
            for each in (sock, ear, bell):
                each.settimeout(0)
            with self._lock:
                self._bell = bell
            try:
                self._run(sock, ear, selector)
            finally:
                with self._lock:
                    self.is_closed, self._bell = True, None
        self._end()
        if self._failure is not None:
            raise self._failure

    # --- within

    def _run(self, sock: socket.socket, ear: socket.socket, selector: selectors.BaseSelector) -> None:
        self._work_off()
        while not self._is_over():
            self._watch(sock, selector)
            ready = {key.fileobj for key, _ in selector.select(self._patience(sock))}
            if ear in ready:
                ear.recv(_CHUNK)
            if self._unwritten:
                self._write(sock)
            if self._wants_more():
                self._read(sock)
            if (at := self.endpoint.next_timeout()) is not None and at <= self.now():
                self.endpoint.handle_timeout(self.now())
            self._work_off()

    def _work_off(self) -> None:
        while self._commands:
            self._commands.popleft()()
        while (event := self.endpoint.next_event()) is not None:
            self.on_event(event)
        for data in self.endpoint.data_to_send():
            self._unwritten += data

    def _is_over(self) -> bool:
        is_leaving = self._is_closing or self.endpoint.is_closed
        return self._is_aborted or (is_leaving and not self._unwritten)

    def _wants_more(self) -> bool:
        return not self._has_ended and len(self._unwritten) <= self.unsent

    def _patience(self, sock: socket.socket) -> float | None:
        """Seconds to wait for something to happen; None for as long as it takes."""
        if isinstance(sock, ssl.SSLSocket) and self._wants_more() and sock.pending():
            return 0.0
        at = self.endpoint.next_timeout()
        return None if at is None else max(0.0, at - self.now())

    def _watch(self, sock: socket.socket, selector: selectors.BaseSelector) -> None:
        mask = selectors.EVENT_READ * self._wants_more() | selectors.EVENT_WRITE * bool(self._unwritten)
        if mask != self._mask:
            if self._mask:
                selector.unregister(sock)
            if mask:
                selector.register(sock, mask)
            self._mask = mask

    def _write(self, sock: socket.socket) -> None:
        try:
            del self._unwritten[: sock.send(self._unwritten[:_WRITE])]
        except _NOT_NOW:
            pass  # the selector says when
        except OSError as error:
            self._break(error)

    def _read(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(_CHUNK)
        except _NOT_NOW:
            return
        except OSError as error:
            self._break(error)
            return
        if data:
            self.endpoint.receive_data(data, self.now())
        else:
            self._is_aborted = isinstance(sock, ssl.SSLSocket)  # which is closed in both directions at once
            self._end()

    def _break(self, error: OSError) -> None:
        self._is_aborted = True
        self._failure = ConnectionFailed(f"the connection broke: {reason_of(error)}")

    def _end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self.endpoint.receive_eof(self.now())
            self._work_off()


def connect(host: str, port: int, *, tls: ssl.SSLContext | None = None, timeout: float = 10.0) -> socket.socket:
    """Connect by TCP.

    Args:
        host: A name or an address.
        port: From 1 to 65535.
        tls: `ssl.create_default_context()`, or None for plain TCP.
        timeout: Seconds that each step of it may take.

    Raises:
        ConnectionFailed: There is no connection to be had.
    """
    try:
        sock = socket.create_connection((host, port), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock if tls is None else tls.wrap_socket(sock, server_hostname=host)
    except TimeoutError:
        raise ConnectionFailed(f"cannot reach {host}:{port} in {timeout:g} seconds") from None
    except OSError as error:
        raise ConnectionFailed(f"cannot reach {host}:{port}: {reason_of(error)}") from None


def connect_unix(path: str) -> socket.socket:
    """Connect to a Unix socket; as `connect`."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(path)
    except OSError as error:
        sock.close()
        raise ConnectionFailed(f"cannot reach {path}: {reason_of(error)}") from None
    return sock


def listen(host: str, port: int) -> socket.socket:
    """Listen on TCP, for `accept`; port 0 is any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def listen_unix(path: str) -> socket.socket:
    """Listen on a Unix socket, for `accept`. A socket that somebody has left there is removed."""
    if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
        os.remove(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
        sock.listen()
    except BaseException:
        sock.close()
        raise
    return sock


def accept(listener: socket.socket, *, tls: ssl.SSLContext | None = None) -> socket.socket:
    """Wait for the next connection: give it to the `run` of a new Driver, in a thread.

    Args:
        listener: Of `listen` or `listen_unix`.
        tls: A context with a certificate, or None for plain TCP. It is `run` that speaks TLS, so that a slow peer
            keeps nobody else waiting.
    """
    sock, _ = listener.accept()
    return sock if tls is None else tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)


def _ring(bell: socket.socket) -> None:
    try:
        bell.send(b"!")
    except BlockingIOError:
        pass  # it rings already
