"""`hocket join`: take part in a stream from a terminal, or from a script."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.abc
import click
from attrs import define, field

from hocket.acp.states import ClientState
from hocket.errors import HocketError, LocalProtocolError
from hocket_io.acp.client import AcpClient
from hocket_io.acp.files import FileTransferFailed
from hocket_io.acp.stream import AcpStream
from hocket_io.cli.exits import Exit, Failure, failure_of
from hocket_io.cli.options import AgentCommand, duration
from hocket_io.cli.output import leave_quietly, one_line, write_stderr
from hocket_io.cli.shared_options import output_option
from hocket_io.cli.talk import JsonTalk, Talk, TextTalk
from hocket_io.cli.tapping import tap_option
from hocket_io.cli.trust import context_of, trust_options
from hocket_io.concurrency.groups import scratch_group
from hocket_io.runner.threads import call_in_daemon

if TYPE_CHECKING:
    from hocket_io.tap import Tap

__all__ = ["join"]

_CHUNK = 65_536
_LONGEST = 1_000_000
"""Bytes of a line: what a hub takes as one text."""
_FILES = 8
"""Files that are saved at the same time; of more, only the names are shown."""
_COMMANDS = "/end [REASON]  /leave [REASON]  /pause [REASON]  /resume  /invite AGENT  /remove AGENT  /file PATH"


@click.command(cls=AgentCommand)
@click.argument("stream_id", metavar="[STREAM]", required=False)
@click.option(
    "-a",
    "--hub",
    "target",
    metavar="TARGET",
    required=True,
    envvar="HOCKET_HUB",
    show_envvar=True,
    help='The hub: http(s)://…, ws(s)://…, tcp://HOST:PORT, or "stdio:COMMAND" for a child process.',
)
@click.option(
    "--as", "agent", metavar="AGENT", required=True, envvar="HOCKET_AGENT", show_envvar=True, help="Who you are there."
)
@click.option("--invite", metavar="AGENT", multiple=True, help="Ask AGENT to take part. Can be repeated.")
@click.option(
    "--token",
    metavar="TOKEN",
    envvar="HOCKET_TOKEN",
    show_envvar=True,
    help="Bearer token. A token on the command line shows in the process table and in the shell's history.",
)
@click.option(
    "--save", metavar="DIR", type=click.Path(exists=True, file_okay=False), help="Save files that come in DIR."
)
@click.option("--wait", is_flag=True, help="When the input ends, listen on until the stream ends.")
@output_option
@click.option("--timeout", type=duration, help="Give up on an answer after this time: 90, 500ms, 5m.")
@trust_options
@tap_option
def join(
    stream_id: str | None,
    target: str,
    agent: str,
    invite: tuple[str, ...],
    token: str | None,
    save: str | None,
    wait: bool,
    output: str,
    timeout: float | None,
    cacert: str | None,
    cert: str | None,
    insecure: bool,
    tap: Tap | None,
) -> None:
    """Talk in STREAM, or start a stream and print its name.

    Each line of the input is a message, and what the others say is printed as it comes. The command ends with its
    input, and when the stream ends; it does not leave the stream unless you say so.

    \b
    /end [REASON]     end the stream         /invite AGENT   ask AGENT to take part
    /leave [REASON]   leave it               /remove AGENT   send AGENT away
    /pause, /resume   suspend it for all     /file PATH      send a file
    A line that is to begin with a slash begins with two.
    """  # noqa: D301  -- \b is click's mark for a paragraph that is not to be wrapped
    if target.strip() == "stdio:-":
        raise click.UsageError("stdio:- would need the input and the output that you talk on.")
    tls = context_of(cacert, cert, insecure=insecure)
    if tls is not None and target.startswith(("stdio:", "tcp:")):
        raise click.UsageError("--cacert, --cert and --insecure are for hubs at https:// and wss://.")
    talk = JsonTalk() if output == "json" else TextTalk()
    conversation = Conversation(talk, stream_id, invite, save, waits=wait)
    connect = partial(AcpClient, target, agent=agent, token=token, timeout=timeout, tls=tls, tap=tap)
    try:
        anyio.run(_converse, conversation, connect)
    except HocketError as error:
        raise failure_of(error, has_credentials=token is not None) from None
    except BrokenPipeError:
        leave_quietly()
    except OSError as error:  # a file could not be saved
        raise Failure(str(error)) from None
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    if conversation.has_failed:
        sys.exit(Exit.FAILURE)


async def _converse(conversation: Conversation, connect: Callable[[], AcpClient]) -> None:
    async with connect() as client:
        await conversation.hold(client)


@define(eq=False)
class Conversation:
    """A stream, the lines that are typed into it, and what is shown of it.

    Args:
        talk: Where it is shown.
        stream_id: The stream to join; None to start one.
        invite: Whom to ask to take part.
        save: Where files go; None to save none.
        waits: Whether to listen on when there is nothing more to say.

    Attributes:
        has_failed: Whether something that was typed could not be done.
    """

    talk: Talk
    stream_id: str | None
    invite: tuple[str, ...]
    save: str | None
    waits: bool = field(kw_only=True)
    has_failed: bool = field(default=False, init=False)

    async def hold(self, client: AcpClient) -> None:
        """Talk until the stream is over, or there is nothing more to say.

        Raises:
            HocketError: It could not be joined, or the connection is over.
            OSError: Nobody reads what is shown, or a file could not be saved.
        """
        stream = await self._enter(client)
        self.talk.entered(stream.snapshot)
        errors: list[HocketError | OSError] = []
        async with scratch_group() as group:

            async def beside(
                work: Callable[[AcpStream], Awaitable[None]],
                *,
                task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
            ) -> None:
                task_status.started()
                try:
                    await work(stream)
                except (HocketError, OSError) as error:
                    errors.append(error)
                    group.cancel_scope.cancel()

            async def speak(stream: AcpStream) -> None:
                await self._speak(stream)
                if not self.waits:
                    group.cancel_scope.cancel()

            for _ in range(_FILES if self.save is not None else 0):
                await group.start(beside, self._save)
            group.start_soon(beside, speak)
            async for event in stream:
                self.talk.event(event)
        for error in errors:
            raise error

    async def _enter(self, client: AcpClient) -> AcpStream:
        if self.stream_id is None:
            return await client.start(self.invite)
        stream = await client.join(self.stream_id)
        for agent_id in self.invite:
            await stream.invite(agent_id)
        return stream

    async def _save(self, stream: AcpStream) -> None:
        assert self.save is not None, "asked for"
        while True:
            try:
                self.talk.saved(str(await stream.receive_file(self.save)))
            except FileTransferFailed as error:
                if stream.state is ClientState.CLOSED:
                    return
                write_stderr(f"error: {one_line(str(error))}")

    async def _speak(self, stream: AcpStream) -> None:
        async for line in _typed_lines():
            try:
                await self._do(stream, line)
            except (HocketError, OSError) as error:
                self.has_failed = True
                write_stderr(f"error: {one_line(str(error))}")

    async def _do(self, stream: AcpStream, line: str) -> None:
        """One line of input."""
        if not line.startswith("/") or line.startswith("//"):
            if line.strip():
                await stream.send(line.removeprefix("/") if line.startswith("//") else line)
            return
        name, _, rest = line[1:].partition(" ")
        match name, rest.strip() or None:
            case "end", reason:
                await stream.end(reason)
            case "leave", reason:
                await stream.leave(reason)
            case "pause", reason:
                await stream.pause(reason)
            case "resume", reason:
                await stream.resume(reason)
            case "invite", str(agent_id):
                await stream.invite(agent_id)
            case "remove", str(agent_id):
                await stream.remove(agent_id)
            case "file", str(path):
                await stream.send_file(os.path.expanduser(path))
            case _:
                raise LocalProtocolError(f"{line!r} is no command; there are: {_COMMANDS}")


async def _typed_lines() -> AsyncIterator[str]:
    """The lines of the input, as they are typed."""
    rest = b""
    while data := await call_in_daemon(partial(os.read, 0, _CHUNK)):
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > _LONGEST:
            raise LocalProtocolError(f"a line of the input has more than {_LONGEST} bytes: use /file for a file")
        for line in lines:
            yield line.decode("utf-8", "replace").rstrip("\r")
    if rest:
        yield rest.decode("utf-8", "replace")
