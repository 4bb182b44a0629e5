"""Access: how a command talks to its agent, and what it makes of what goes wrong on the way."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from shlex import quote
from ssl import SSLContext
from typing import TYPE_CHECKING, Literal, TypeAlias

import anyio
from attrs import field, frozen

from hocket.a2a import StreamEvent, Task, TaskState
from hocket.a2a.states import is_terminal
from hocket.backoff import Backoff
from hocket.errors import HocketError, StreamCut
from hocket_io.cli.exits import Exit, Failure, failure_of
from hocket_io.cli.output import leave_quietly, one_line, write_stderr
from hocket_io.cli.render import JsonOutput, Output, RawOutput, TextOutput, Voice
from hocket_io.client.async_client import AsyncClient
from hocket_io.client.streams import AsyncStream

if TYPE_CHECKING:
    from hocket_io.tap import Tap

__all__ = ["Access", "Style"]

Style: TypeAlias = Literal["text", "json", "raw"]


@frozen(kw_only=True)
class Access:
    """The agent that a command talks to, and how.

    Attributes:
        target: As `AsyncClient` takes it.
        version: The A2A version to speak; None for the newest that both sides speak.
        binding: The binding to speak; None for the one that the agent's card names first.
        extensions: URIs of the extensions to ask for.
        headers: Header fields of every request.
        timeout: Seconds until the command gives up; None to wait as long as the agent is not silent.
        style: How what comes back is printed: as "text" for people, as "json", or "raw": the agent's words alone.
        resumes: Whether a stream that was cut is tried again.
        proxy: URL of the proxy to go through; None for the one that the environment names.
        tls: Whose certificates are believed, and which is shown; None for what the system trusts.
        tap: Told what passes.
    """

    target: str
    version: str | None = None
    binding: str | None = None
    extensions: tuple[str, ...] = ()
    headers: dict[str, str] = field(factory=dict, repr=False)
    timeout: float | None = None
    style: Style = "text"
    resumes: bool = True
    proxy: str | None = field(default=None, repr=False)
    tls: SSLContext | None = None
    tap: Tap | None = None

    def output(self) -> Output:
        """Where results go that are more than words."""
        return JsonOutput() if self.style == "json" else TextOutput()

    def voice(self) -> Voice:
        """Where the agent's words go."""
        return RawOutput() if self.style == "raw" else self.output()

    def command(self, words: str) -> str:
        """A command to suggest, for the same agent."""
        return f"hocket {words} -a {quote(self.target)}"

    def run(self, work: Callable[[AsyncClient], Awaitable[None]]) -> None:
        """Connect, do the work, and end with the right exit code if that fails.

        Raises:
            Failure: It failed.
            SystemExit: It was interrupted, or nobody reads what it prints.
        """
        try:
            anyio.run(self._run, work)
        except HocketError as error:
            raise self.failure(error) from None
        except TimeoutError:
            reason = f"there was no end after {self.timeout:g} seconds (--timeout)"
            raise Failure(reason, "A2ACLI_ERR_TIMEOUT") from None
        except BrokenPipeError:
            leave_quietly()
            sys.exit(Exit.OK)
        except KeyboardInterrupt:
            sys.exit(Exit.INTERRUPTED)

    async def _run(self, work: Callable[[AsyncClient], Awaitable[None]]) -> None:
        with anyio.fail_after(self.timeout):
            async with self.client() as client:
                await work(client)

    def client(self) -> AsyncClient:
        """A client of the agent, which is not entered yet."""
        return AsyncClient(
            self.target,
            version=self.version,
            binding=self.binding,
            headers=self.headers,
            extensions=self.extensions,
            timeout=self.timeout,
            resume=Backoff() if self.resumes else None,
            proxy=self.proxy,
            tls=self.tls,
            tap=self.tap,
        )

    def failure(self, error: HocketError) -> Failure:
        """What an error means for the command."""
        return failure_of(error, has_credentials=any(name.lower() == "authorization" for name in self.headers))

    async def follow(self, stream: AsyncStream, output: Voice | None) -> None:
        """Read a stream until its task has settled, showing what comes on `output`, if there is one.

        Raises:
            HocketError: There is no stream, or it failed.
            Failure: It was cut; or, where its words are all that is printed, its task gave no answer.
        """
        try:
            async for event in stream:
                if event.done and event.error is not None:
                    raise event.error
                self._tell_connection(event)
                is_last = _is_last(event)
                if output is not None:
                    output.event(event, is_last=is_last)
                if is_last:
                    break
        except StreamCut as error:
            hint = self.command(f"task get {quote(stream.task_id)} --wait") if stream.task_id else None
            raise failure_of(error, hint=hint) from None
        finally:
            await stream.aclose()
        if stream.task is not None:
            self.note(stream.task)

    def _tell_connection(self, event: StreamEvent) -> None:
        """Say on stderr that a stream was lost and is tried again, and that it goes on."""
        if event.kind == "cut":
            write_stderr(f"warning: {one_line(str(event.error))}")
        elif event.kind == "resumed":
            write_stderr("note: the stream was resumed")

    def note(self, task: Task) -> None:
        """Say on stderr if the task did not succeed, or waits for the caller (a2a-cli §6.3, §9.6).

        Raises:
            Failure: It did not succeed, and its words are all that is printed: the exit code has to say it.
        """
        said = f": {task.status.message.text}" if task.status.message else ""
        if task.state in (TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED):
            wants = "an answer" if task.state is TaskState.INPUT_REQUIRED else "authorization"
            write_stderr(f"warning: the task waits for {wants}{one_line(said)}")
            write_stderr(f'hint: {one_line(self.command(f"send --task-id {quote(task.id)}"))} "…"')
        elif is_terminal(task.state) and task.state is not TaskState.COMPLETED:
            if self.style == "raw":
                raise Failure(f"the task is {task.state.value}{said}")
            write_stderr(f"warning: the task is {task.state.value}{one_line(said)}")


def _is_last(event: StreamEvent) -> bool:
    """A wait for authorization ends it as well: a stream may stay open then, and the caller has to act."""
    return event.done or event.state is TaskState.AUTH_REQUIRED
