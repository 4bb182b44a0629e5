"""`hocket serve`: an agent over HTTP."""

from __future__ import annotations

import click

from hocket.errors import HocketError
from hocket.http import CARD_PATHS
from hocket_io.cli.echo import echo_agent
from hocket_io.cli.exits import Failure, failure_of
from hocket_io.cli.load import load_agent
from hocket_io.cli.output import leave_quietly, one_line, write_line
from hocket_io.server import AddressInUse
from hocket_io.server import serve as serve_agent

__all__ = ["serve"]


@click.command()
@click.argument("file", metavar="FILE[:NAME]", required=False)
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8000, type=click.IntRange(0, 65_535), help="Port to listen on; 0 picks a free one.")
@click.option("--url", help="Address to put on the card.  [default: the one that the caller used]")
@click.option("--echo", is_flag=True, help="Serve a built-in agent that echoes, instead of FILE.")
@click.option("--debug", is_flag=True, envvar="HOCKET_DEBUG", help="Show the traceback of a FILE that fails.")
def serve(file: str | None, host: str, port: int, url: str | None, echo: bool, debug: bool) -> None:
    """Serve the agent in FILE over HTTP, until Ctrl-C.

    NAME is the variable that holds the Agent; it can be left out where FILE has only one.
    """
    if echo is (file is not None):
        raise click.UsageError("Give either FILE or --echo.")
    agent = echo_agent() if file is None else load_agent(file, debug=debug)

    def announce(here: str) -> None:
        shown = here if url is None else url
        lines = (
            f"{one_line(agent.name)} is streaming",
            f"  agent      {here}",
            f"  card       {here.rstrip('/')}{CARD_PATHS[0]}",
            f'  try        hocket send -a {shown.rstrip("/")} --stream "hi"',
        )
        try:
            write_line("\n".join(lines))
        except BrokenPipeError:
            leave_quietly()  # nobody wants to know; serving goes on

    try:
        serve_agent(agent, host=host, port=port, url=url, on_ready=announce)
    except AddressInUse as error:
        raise Failure(str(error)) from None
    except HocketError as error:
        raise failure_of(error) from None
