"""`hocket pipe`: an agent on stdin and stdout."""

from __future__ import annotations

import signal
from functools import partial

import anyio
import click

from hocket.errors import ConnectionFailed
from hocket.framing import ContentLength, Framing, Ndjson
from hocket_io.cli.exits import Failure
from hocket_io.cli.load import load_agent
from hocket_io.stdio import serve_stdio, take_standard_streams

__all__ = ["pipe"]

_FRAMINGS: dict[str, type[Framing]] = {"ndjson": Ndjson, "content-length": ContentLength}


@click.command()
@click.argument("file", metavar="FILE[:NAME]")
@click.option("--framing", type=click.Choice(list(_FRAMINGS)), default="ndjson", help="How messages are cut apart.")
@click.option("--debug", is_flag=True, envvar="HOCKET_DEBUG", help="Show the traceback of a FILE that fails.")
def pipe(file: str, framing: str, debug: bool) -> None:
    """Serve the agent in FILE on stdin and stdout, until stdin ends. What FILE prints goes to stderr.

    A client starts it as the target "stdio:python -m hocket pipe FILE".
    """
    try:
        streams = take_standard_streams()  # before the file gets a chance to print
        agent = load_agent(file, debug=debug)
        signal.signal(signal.SIGTERM, _interrupt)
        anyio.run(partial(serve_stdio, agent, framing=_FRAMINGS[framing](), streams=streams))
    except ConnectionFailed as error:
        raise Failure(str(error)) from None
    except KeyboardInterrupt:
        pass  # the end that was wanted


def _interrupt(_number: int, _frame: object) -> None:
    """End in good order, as on Ctrl-C: an agent that is at work gets to its `finally`."""
    signal.raise_signal(signal.SIGINT)
