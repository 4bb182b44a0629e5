"""Fitting a tap where one was given. Where none was, everything stays as it is, and the taps are not even imported."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from copy import deepcopy
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

from hocket.endpoint import Endpoint
from hocket.framing import Framing, FramingLimits, MakeFraming, Ndjson

if TYPE_CHECKING:
    import httpx2

    from hocket_io.acp.links.protocol import MessageLink
    from hocket_io.pipes.blocking import BlockingPipe
    from hocket_io.pipes.transport import BytePipe
    from hocket_io.tap import Tap
    from hocket_io.tap.asgi import AsgiApp

EventT = TypeVar("EventT")

__all__ = [
    "fit_app",
    "fit_blocking_pipe",
    "fit_client",
    "fit_endpoint",
    "fit_link",
    "fit_opening",
    "fit_pipe",
    "shown_command",
]


def shown_command(command: Sequence[str]) -> str:
    """A child process as a peer: its name only, since an argument may be a secret.

    >>> shown_command(["/usr/bin/python3", "-m", "agent", "--token", "s3cret"])
    'stdio:python3'
    """
    return f"stdio:{PurePath(command[0]).name}"


def fit_endpoint(
    tap: Tap | None, endpoint: Endpoint[EventT], transport: str, peer: str, framing: Framing
) -> Endpoint[EventT]:
    """The endpoint, with the tap; see `fit_pipe`. `framing` is like that of the endpoint, and was not used yet."""
    if tap is None:
        return endpoint
    from hocket_io.tap import TappedEndpoint

    return TappedEndpoint(endpoint, tap, lambda _: deepcopy(framing), transport=transport, peer=peer)


def fit_pipe(
    tap: Tap | None,
    pipe: BytePipe,
    transport: str,
    peer: str,
    framing: MakeFraming = Ndjson,
    limits: FramingLimits = FramingLimits(),
) -> BytePipe:
    """The pipe, with the tap.

    Args:
        tap: Who is told; None for the pipe as it is.
        pipe: The pipe.
        transport: What it is made of.
        peer: Who is at its other end.
        framing: What cuts its bytes into messages.
        limits: Of one message.
    """
    if tap is None:
        return pipe
    from hocket_io.tap import TappedPipe, TapPoint

    return TappedPipe(pipe, TapPoint(tap, transport, peer), framing, limits)


def fit_blocking_pipe(
    tap: Tap | None,
    pipe: BlockingPipe,
    transport: str,
    peer: str,
    framing: MakeFraming = Ndjson,
    limits: FramingLimits = FramingLimits(),
) -> BlockingPipe:
    """As `fit_pipe`."""
    if tap is None:
        return pipe
    from hocket_io.tap import TappedBlockingPipe, TapPoint

    return TappedBlockingPipe(pipe, TapPoint(tap, transport, peer), framing, limits)


def fit_opening(
    tap: Tap | None,
    opening: AbstractAsyncContextManager[BytePipe],
    transport: str,
    peer: str,
    limits: FramingLimits = FramingLimits(),
) -> AbstractAsyncContextManager[BytePipe]:
    """What gives a pipe of lines when it is entered: then that one has the tap; see `fit_pipe`."""
    if tap is None:
        return opening
    from hocket_io.tap import TapPoint
    from hocket_io.tap.pipes import TappedOpening

    return TappedOpening(opening, TapPoint(tap, transport, peer), limits)


def fit_link(tap: Tap | None, link: MessageLink, transport: str, peer: str) -> MessageLink:
    """The link, with the tap; see `fit_pipe`."""
    if tap is None:
        return link
    from hocket_io.tap import TappedLink, TapPoint

    return TappedLink(link, TapPoint(tap, transport, peer))


def fit_client(tap: Tap | None, client: httpx2.Client | httpx2.AsyncClient) -> None:
    """Have a client of httpx2 tell the tap."""
    if tap is not None:
        from hocket_io.tap.http_client import tap_client

        tap_client(client, tap)


def fit_app(tap: Tap | None, app: AsgiApp) -> AsgiApp:
    """The ASGI application, with the tap."""
    if tap is None:
        return app
    from hocket_io.tap import TappedApp

    return TappedApp(app, tap)
