"""`hocket pipe`: an agent on stdin and stdout."""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING

import anyio
import click

from hocket.a2a import ServerLimits
from hocket.errors import ConnectionFailed, RemoteProtocolError, WrongFraming
from hocket.framing import FramingLimits
from hocket_io.cli.exits import Failure
from hocket_io.cli.load import load_agent
from hocket_io.cli.tapping import tap_option
from hocket_io.client.targets import FRAMINGS
from hocket_io.collecting import seldom_collected
from hocket_io.stdio import serve_stdio, take_standard_streams

if TYPE_CHECKING:
    from hocket_io.tap import Tap

__all__ = ["pipe"]

_BOTH_SIDES = (
    "both sides have to be told the same: `hocket pipe` goes with the target stdio:…, "
    "and `hocket pipe --framing content-length` with stdio+content-length:…"
)


@click.command()
@click.argument("file", metavar="FILE[:NAME]")
@click.option("--framing", type=click.Choice(list(FRAMINGS)), default="ndjson", help="How messages are cut apart.")
@click.option(
    "--max-frame",
    type=click.IntRange(min=1_024),
    default=FramingLimits().frame,
    show_default=True,
    help="Bytes that one message may have, either way. A task may have twice as many.",
)
@tap_option
@click.option("--debug", is_flag=True, envvar="HOCKET_DEBUG", help="Show the traceback of a FILE that fails.")
def pipe(file: str, framing: str, max_frame: int, tap: Tap | None, debug: bool) -> None:
    """Serve the agent in FILE on stdin and stdout, until stdin ends. What FILE prints goes to stderr.

    A client starts it as the target "stdio:python -m hocket pipe FILE", and with --framing content-length as
    "stdio+content-length:python -m hocket pipe --framing content-length FILE".
    """
    try:
        streams = take_standard_streams()  # before the file gets a chance to print
        agent = load_agent(file, debug=debug)
        signal.signal(signal.SIGTERM, _interrupt)
        frames = FRAMINGS[framing](FramingLimits(frame=max_frame))
        limits = ServerLimits(task_size=max(ServerLimits().task_size, 2 * max_frame))
        with seldom_collected():
            anyio.run(partial(serve_stdio, agent, framing=frames, limits=limits, streams=streams, tap=tap))
    except ConnectionFailed as error:
        raise Failure(str(error)) from None
    except RemoteProtocolError as error:
        hint = _BOTH_SIDES if isinstance(error, WrongFraming) else None
        raise Failure(f"stdin cannot be read any further: {error}", hint=hint) from None
    except KeyboardInterrupt:
        pass  # the end that was wanted


def _interrupt(_number: int, _frame: object) -> None:
    """End in good order, as on Ctrl-C: an agent that is at work gets to its `finally`."""
    signal.raise_signal(signal.SIGINT)
