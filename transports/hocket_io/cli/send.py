"""`hocket send`: say something to an agent and show what it answers (a2a-cli §8.2)."""

from __future__ import annotations

import uuid

import click
from attrs import evolve

from hocket.a2a import Message, Part, Role, Task
from hocket_io.cli.access import Access
from hocket_io.cli.options import AgentCommand, hears_an_agent, no_resume
from hocket_io.cli.parts import json_object, message_parts, positional_text
from hocket_io.client.async_client import AsyncClient

__all__ = ["send"]


@click.command(cls=AgentCommand)
@click.argument("text", required=False)
@click.option("--text", "part_text", multiple=True, help="A text part. Parts can be repeated, and keep their order.")
@click.option("--file", "part_file", multiple=True, metavar="PATH|URL", help="A file part.")
@click.option("--data", "part_data", multiple=True, metavar="PATH|-", help="A data part: JSON from a file or stdin.")
@click.option("--media-type", multiple=True, metavar="TYPE", help="Media type of the part just before it.")
@click.option("--metadata", metavar="JSON", help="An object to attach to the message.")
@click.option("--context-id", metavar="ID", envvar="A2ACLI_CONTEXT_ID", show_envvar=True, help="Join this context.")
@click.option("--task-id", metavar="ID", envvar="A2ACLI_TASK_ID", show_envvar=True, help="Continue this task.")
@click.option("--stream", is_flag=True, help="Show the answer as it comes.")
@click.option(
    "--async",
    "--return-immediately",
    "--no-wait",
    "is_async",
    is_flag=True,
    envvar="A2ACLI_ASYNC",
    show_envvar=True,
    help="Do not wait until the task has settled.",
)
@click.option("--wait", is_flag=True, help="Wait until the task has settled, whatever A2ACLI_ASYNC says.  [default]")
@no_resume
@hears_an_agent
@click.pass_context
def send(
    context: click.Context,
    access: Access,
    text: str | None,
    part_text: tuple[str, ...],
    part_file: tuple[str, ...],
    part_data: tuple[str, ...],
    media_type: tuple[str, ...],
    metadata: str | None,
    context_id: str | None,
    task_id: str | None,
    stream: bool,
    is_async: bool,
    wait: bool,
    no_resume: bool,
) -> None:
    """Send TEXT to an agent, and show what it answers. TEXT `-` is read from stdin.

    With -o raw, what one agent says can be what the next is asked: hocket send -o raw -a A hi | hocket send -a B -
    """
    follows = stream or access.style == "raw"
    if follows and is_async and not wait:
        asked = "--stream follows" if stream else "-o raw prints"
        raise click.UsageError(f"{asked} the answer and --async does not wait for it: choose one.")
    given = {"text": part_text, "file": part_file, "data": part_data, "media_type": media_type}
    parts = message_parts(context.meta["hocket.order"], given)
    if text is not None:
        parts.insert(0, Part(text=positional_text(text)))
    if not parts:
        raise click.UsageError("There is nothing to send: give TEXT, --text, --file or --data.")
    message = Message(
        message_id=str(uuid.uuid4()),
        role=Role.USER,
        parts=tuple(parts),
        context_id=context_id,
        task_id=task_id,
        metadata=None if metadata is None else json_object(metadata, "--metadata"),
    )

    async def work(client: AsyncClient) -> None:
        output = access.voice()
        if follows:
            await access.follow(client.stream(message), output)
            return
        answer = await client.send(message, wait=wait or not is_async)
        output.answer(answer)
        if isinstance(answer, Task):
            access.note(answer)

    evolve(access, resumes=not no_resume).run(work)
