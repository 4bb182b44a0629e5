"""`hocket serve`: agents over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hocket.a2a import PushRules
from hocket.agent import Agent
from hocket.errors import HocketError
from hocket.http import CARD_PATHS, KEEP_ALIVE
from hocket_io.cli.echo import echo_agent
from hocket_io.cli.exits import Failure, failure_of
from hocket_io.cli.load import load_agent
from hocket_io.cli.output import leave_quietly, one_line, write_line
from hocket_io.cli.shared_options import allowed_host_option
from hocket_io.cli.tapping import tap_option
from hocket_io.http.gateway import agents_by_id
from hocket_io.push import PushOptions
from hocket_io.server import AddressInUse
from hocket_io.server import serve as serve_agents

if TYPE_CHECKING:
    from hocket_io.tap import Tap

__all__ = ["serve"]


@click.command()
@click.argument("files", metavar="FILE[:NAME]…", nargs=-1)
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8000, type=click.IntRange(0, 65_535), help="Port to listen on; 0 picks a free one.")
@click.option("--url", help="Address to put on cards.  [default: the one that the caller used]")
@click.option(
    "--keep-alive",
    default=KEEP_ALIVE,
    show_default=True,
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Write a comment to streams that were silent for so long; 0 for never.",
)
@click.option(
    "--cors-origin",
    "cors_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Let web pages of ORIGIN read what is answered; may be repeated, and * lets in all.",
)
@allowed_host_option
@click.option("--push-private", is_flag=True, help="Let push notifications go to this machine and private networks.")
@tap_option
@click.option("--echo", is_flag=True, help="Serve a built-in agent that echoes, instead of FILE.")
@click.option("--debug", is_flag=True, envvar="HOCKET_DEBUG", help="Show the traceback of a FILE that fails.")
def serve(
    files: tuple[str, ...],
    host: str,
    port: int,
    url: str | None,
    keep_alive: float,
    cors_origins: tuple[str, ...],
    allowed_hosts: tuple[str, ...],
    push_private: bool,
    tap: Tap | None,
    echo: bool,
    debug: bool,
) -> None:
    """Serve the agents in the FILEs over HTTP, until Ctrl-C.

    One agent is at the root; of several, each is at /agents/ID, where the ID is made of its name. NAME is the variable
    that holds the Agent; it can be left out where FILE has only one.
    """
    if echo is bool(files):
        raise click.UsageError("Give either FILE or --echo.")
    agents = [echo_agent()] if echo else [load_agent(file, debug=debug) for file in files]

    def announce(here: str) -> None:
        shown = here if url is None else url
        lines = _of_one(agents[0], here, shown) if len(agents) == 1 else _of_several(agents, here, shown)
        try:
            write_line("\n".join(lines))
        except BrokenPipeError:
            leave_quietly()  # nobody wants to know; serving goes on

    served = agents[0] if len(agents) == 1 else agents
    push = PushOptions(rules=PushRules(private=push_private))
    try:
        serve_agents(
            served,
            host=host,
            port=port,
            url=url,
            keep_alive=keep_alive or None,
            cors_origins=cors_origins,
            allowed_hosts=allowed_hosts or None,
            push=push,
            tap=tap,
            on_ready=announce,
        )
    except AddressInUse as error:
        raise Failure(str(error)) from None
    except HocketError as error:
        raise failure_of(error) from None


def _of_one(agent: Agent, here: str, shown: str) -> list[str]:
    return [
        f"{one_line(agent.name)} is streaming",
        f"  agent      {here}",
        f"  card       {here.rstrip('/')}{CARD_PATHS[0]}",
        f'  try        hocket send -a {shown.rstrip("/")} --stream "hi"',
    ]


def _of_several(agents: list[Agent], here: str, shown: str) -> list[str]:
    ids = list(agents_by_id(agents))
    return [
        f"{len(ids)} agents are streaming",
        *[f"  agent      {here}agents/{each}/" for each in ids],
        f"  list       {here}agents",
        f'  try        hocket send -a {shown.rstrip("/")}/agents/{ids[0]} --stream "hi"',
    ]
