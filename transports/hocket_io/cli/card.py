"""`hocket card`: what an agent says of itself (a2a-cli §10.1)."""

from __future__ import annotations

import click

from hocket_io.cli.access import Access
from hocket_io.cli.exits import Failure
from hocket_io.cli.options import AgentCommand, asks_an_agent
from hocket_io.client.async_client import AsyncClient

__all__ = ["card"]


@click.group()
def card() -> None:
    """Look at an agent's card."""


@card.command(cls=AgentCommand)
@click.option("--extended", is_flag=True, help="The longer card, for those whom the agent knows.")
@asks_an_agent
def get(access: Access, extended: bool) -> None:
    """Show the agent's card: who it is, what it can do, and where."""

    async def work(client: AsyncClient) -> None:
        found = await client.extended_card() if extended else await client.card()
        if found is None:
            raise Failure(f"there is no card at {access.target}", "A2ACLI_ERR_UNREACHABLE")
        access.output().card(found)

    access.run(work)
