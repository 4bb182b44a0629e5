"""`hocket task`: a task that is there already (a2a-cli §8.3, §8.4)."""

from __future__ import annotations

import anyio
import click
from attrs import evolve

from hocket.a2a import Task, TaskState
from hocket.a2a.states import settles
from hocket_io.cli.access import Access
from hocket_io.cli.options import AgentCommand, asks_an_agent, duration, hears_an_agent, no_resume
from hocket_io.client.async_client import AsyncClient

__all__ = ["task"]

_SLOWEST = 8
"""How many times `--poll-interval` the pauses between two looks grow to."""


@click.group()
def task() -> None:
    """Look at tasks, follow one, cancel it."""


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
@hears_an_agent
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
@no_resume
@hears_an_agent
def subscribe(access: Access, task_id: str, stream: bool, no_resume: bool) -> None:
    """Follow the task ID, which is under way, until it has settled."""

    async def work(client: AsyncClient) -> None:
        following = client.resume(task_id)
        follows = stream or access.style == "raw"
        await access.follow(following, access.voice() if follows else None)
        if not follows and following.task is not None:
            access.output().task(following.task)

    evolve(access, resumes=not no_resume).run(work)


@task.command("list", cls=AgentCommand)
@click.option("--context-id", metavar="ID", help="Only tasks of this context.")
@click.option("--status", type=click.Choice([state.value for state in TaskState]), help="Only tasks in this state.")
@click.option("--after", metavar="TIME", help="Only tasks whose status is of this time (RFC 3339) or later.")
@click.option(
    "--history", type=click.IntRange(min=0), metavar="N", help="Messages of the history of each.  [default: all]"
)
@click.option("--artifacts", is_flag=True, help="Show the artifacts too.")
@click.option("--page-size", type=click.IntRange(1, 100), metavar="N", help="Tasks at the most.  [default: 50]")
@click.option("--page-token", metavar="TOKEN", help="Where to go on: the Next of the page before.")
@asks_an_agent
def list_(
    access: Access,
    context_id: str | None,
    status: str | None,
    after: str | None,
    history: int | None,
    artifacts: bool,
    page_size: int | None,
    page_token: str | None,
) -> None:
    """Show the agent's tasks, the one that changed last first."""

    async def work(client: AsyncClient) -> None:
        page = await client.list_tasks(
            context_id=context_id,
            status=None if status is None else TaskState(status),
            after=after,
            page_size=page_size,
            page_token=page_token,
            history_length=history,
            include_artifacts=artifacts,
        )
        access.output().page(page)

    access.run(work)


def _show(access: Access, found: Task) -> None:
    access.voice().task(found)
    access.note(found)
