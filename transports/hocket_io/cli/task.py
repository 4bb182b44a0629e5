"""`hocket task`: a task that is there already (a2a-cli §8.3, §8.4)."""

from __future__ import annotations

import anyio
import click

from hocket.a2a import Task
from hocket.a2a.states import settles
from hocket_io.async_client import AsyncClient
from hocket_io.cli.access import Access
from hocket_io.cli.options import AgentCommand, asks_an_agent, duration

__all__ = ["task"]

_SLOWEST = 8
"""How many times `--poll-interval` the pauses between two looks grow to."""


@click.group()
def task() -> None:
    """Look at a task, follow it, cancel it."""


@task.command(cls=AgentCommand)
@click.argument("task_id", metavar="ID")
@click.option("--history", type=click.IntRange(min=0), metavar="N", help="Messages of its history.  [default: all]")
@click.option("--wait", "--watch", is_flag=True, help="Look again until the task has settled.")
@click.option(
    "--poll-interval",
    type=duration,
    default="2s",
    envvar="A2ACLI_POLL_INTERVAL",
    show_envvar=True,
    help="Pause between the first looks; later ones are up to 8 times as long.",
)
@asks_an_agent
def get(access: Access, task_id: str, history: int | None, wait: bool, poll_interval: float) -> None:
    """Show the task ID as it stands."""

    async def work(client: AsyncClient) -> None:
        found = await client.get(task_id, history_length=history)
        pause = poll_interval
        while wait and not settles(found.state):
            await anyio.sleep(pause)
            pause = min(pause * 1.5, poll_interval * _SLOWEST)
            found = await client.get(task_id, history_length=history)
        _show(access, found)

    access.run(work)


@task.command(cls=AgentCommand)
@click.argument("task_id", metavar="ID")
@asks_an_agent
def cancel(access: Access, task_id: str) -> None:
    """Cancel the task ID, and show it."""

    async def work(client: AsyncClient) -> None:
        access.output().task(await client.cancel(task_id))

    access.run(work)


@task.command(cls=AgentCommand)
@click.argument("task_id", metavar="ID")
@click.option("--stream", is_flag=True, help="Show what comes as it comes, rather than the task when it has settled.")
@asks_an_agent
def subscribe(access: Access, task_id: str, stream: bool) -> None:
    """Follow the task ID, which is under way, until it has settled."""

    async def work(client: AsyncClient) -> None:
        following = client.resume(task_id)
        await access.follow(following, access.output() if stream else None)
        if not stream and following.task is not None:
            access.output().task(following.task)

    access.run(work)


def _show(access: Access, found: Task) -> None:
    access.output().task(found)
    access.note(found)
