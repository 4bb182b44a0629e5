"""Listening: an ASGI application on a port, with uvicorn."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hocket.errors import HocketError, LocalProtocolError
from hocket.http import HEAD_TIMEOUT, HeadLimits
from hocket_io.addresses import shown_address

if TYPE_CHECKING:
    import uvicorn

__all__ = ["AddressInUse", "cannot_listen", "listen", "refuse_within_a_loop", "web_server"]


_CUTS = (
    "ASGI callable returned without starting response.",
    "ASGI callable returned without completing response.",
)
_REFUSED = "ASGI callable returned without completing handshake."

_LATE = "socket.send() raised exception."

_LAST_WORDS = 1.0
"""Seconds that calls may take to end which uvicorn has cancelled."""

_PACKET = 256 * 1024
"""Bytes that an event loop reads at once, at the most."""


class AddressInUse(HocketError):
    """The port is taken, or the address is not ours."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        host: The address.
        port: The port; 0 picks a free one.

    Raises:
        AddressInUse: Nothing can listen there.
        LocalProtocolError: That is no host, or no port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer waits 40 ms for an ACK.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except (OSError, OverflowError) as error:
        listening.close()
        raise cannot_listen(host, port, error) from None
    except TypeError:
        listening.close()
        raise LocalProtocolError(
            f"host must be a name or an address, and port a number, not {host!r} and {port!r}"
        ) from None
    return listening


def cannot_listen(host: str, port: int, error: OSError | OverflowError) -> AddressInUse:
    """Why nothing can listen there, and what to do about it."""
    match error:
        case OverflowError():
            why = "a port is a number from 0 to 65535"
        case socket.gaierror() | OSError(errno=errno.EADDRNOTAVAIL):
            why = f"{error.strerror}; the host is an address of this machine, or 0.0.0.0 for all of them"
        case _:
            why = f"{error.strerror or error}; try another port"
    return AddressInUse(f"cannot listen on {shown_address(host, port)}: {why}")


def refuse_within_a_loop(what: str, app: str) -> None:
    """Refuse to run an event loop within another one, as that of a notebook is.

    Args:
        what: The function that runs one.
        app: What could be given to a server within the other.

    Raises:
        LocalProtocolError: This is called within an event loop.
    """
    import anyio

    try:
        anyio.get_cancelled_exc_class()
    except RuntimeError:
        return
    raise LocalProtocolError(
        f"{what} runs an event loop of its own, and there is one already: give {app} to a web server that runs on it"
    )


def web_server(
    app: Callable[..., Any],
    *,
    when_ready: Callable[[], object],
    before_shutdown: Callable[[], None],
    message_limit: int = 16 * 1024 * 1024,
    head_limits: HeadLimits = HeadLimits(),
    head_timeout: float | None = HEAD_TIMEOUT,
) -> uvicorn.Server:
    """A uvicorn server that says when it is up, and that ends open streams before it waits for their connections.

    Args:
        app: The ASGI application; it has a lifespan.
        when_ready: Called once it can be reached.
        before_shutdown: Called when the server was told to stop.
        message_limit: Bytes of one WebSocket message.
        head_limits: Of the heads of requests, which the application holds them to.
        head_timeout: Seconds that the head of a request may take to arrive; None for no end.

    Raises:
        LocalProtocolError: `head_timeout` is no number of seconds over 0.
    """
    import uvicorn

    from hocket_io.http.heads import PromptConnection, incomplete_head

    timeout = _checked(head_timeout)

    class Connection(PromptConnection):
        __slots__ = ()
        head_timeout = timeout
        head_size = incomplete_head(head_limits)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            for name, is_worth_a_line in _FILTERS:
                logging.getLogger(name).addFilter(is_worth_a_line)
            await super().startup(sockets)
            if self.started:
                when_ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            log = logging.getLogger("uvicorn.error")
            log.addFilter(_is_no_cut)
            before_shutdown()
            try:
                await super().shutdown(sockets)
                if self.server_state.tasks and not self.force_exit:  # given up, and about to be logged
                    await asyncio.wait(self.server_state.tasks, timeout=_LAST_WORDS)
            finally:
                log.removeFilter(_is_no_cut)
                for name, is_worth_a_line in _FILTERS:
                    logging.getLogger(name).removeFilter(is_worth_a_line)

    config = uvicorn.Config(
        app,
        http=Connection,
        h11_max_incomplete_event_size=Connection.head_size + _PACKET,  # the connection itself is to be the first
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=5,
        ws_max_size=message_limit,
        # Who does not read for a while answers no ping either, and should lose nothing by it. Who is gone does not even
        # acknowledge the bytes of a ping: that ends the connection, too, if later.
        ws_ping_timeout=None,
    )
    return Server(config)


def _checked(seconds: Any) -> float | None:
    if seconds is not None and not (isinstance(seconds, int | float) and seconds > 0):
        raise LocalProtocolError(f"head_timeout must be a number of seconds over 0, or None for never, not {seconds!r}")
    return seconds


def _is_no_cut(record: logging.LogRecord) -> bool:
    """A record that is worth a line when calls are cut on purpose; uvicorn has one for each of them that is not.

    It has a traceback, too, for each call of those who do not read, which it gives up in the end. How many, it says.
    """
    error = record.exc_info[1] if record.exc_info else None
    return record.msg not in _CUTS and not isinstance(error, asyncio.CancelledError)


def _is_no_refusal(record: logging.LogRecord) -> bool:
    """A record that is worth a line; uvicorn has one for each WebSocket that was refused, as if that were a mistake."""
    return record.msg != _REFUSED


def _shorten(record: logging.LogRecord) -> bool:
    """What a client did wrong is worth a line, and no traceback: there is nothing to mend here."""
    if record.msg == "Invalid UTF-8 sequence received from client.":
        record.exc_info = None
    return True


def _is_no_late_write(record: logging.LogRecord) -> bool:
    """A record that is worth a line; asyncio has one for each write between a client's reset and the news of it."""
    return record.msg != _LATE


_FILTERS = (("uvicorn.error", _is_no_refusal), ("uvicorn.error", _shorten), ("asyncio", _is_no_late_write))
"""What loggers are told to leave out as long as a server runs."""
