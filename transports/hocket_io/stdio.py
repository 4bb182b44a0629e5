"""stdio: an agent as a child process, and an agent that is one.

`ChildProcess` starts a command and talks to it through its pipes (asyncio and trio alike, through anyio).
`serve_stdio` is the other end: it takes file descriptors 0 and 1 for itself, so that what the agent prints goes
to stderr and stdout carries frames only.
"""

from __future__ import annotations

import logging
import os
import select
import sys
from collections.abc import Sequence
from functools import partial
from subprocess import PIPE
from typing import TYPE_CHECKING

from attrs import define, frozen

from hocket.a2a import PipeServer, ServerLimits
from hocket.agent import Agent
from hocket.endpoint import Endpoint
from hocket.errors import ChildExited, ConnectionFailed
from hocket.framing import Framing, Ndjson
from hocket_io.extras import needs

with needs("http", "an agent on pipes, under an event loop,"):
    import anyio
    import anyio.abc

    from hocket_io.concurrency.groups import scratch_group
    from hocket_io.concurrency.shield import shielded
    from hocket_io.fitting import fit_endpoint
    from hocket_io.host import Host, HostLink
    from hocket_io.pipes.descriptors import read_from, write_to
    from hocket_io.runner.threads import call_in_daemon

if TYPE_CHECKING:
    from hocket_io.tap import Tap

__all__ = ["ChildProcess", "StandardStreams", "open_child", "serve_stdio", "take_standard_streams"]

_log = logging.getLogger(__name__)

_CHUNK = 65_536
_PATIENCE = 2.0
"""Seconds a child gets to leave after its stdin was closed, and again after SIGTERM."""


@define(eq=False)
class ChildProcess:
    """A child process as a pair of byte streams."""

    process: anyio.abc.Process
    command: Sequence[str]

    async def receive(self) -> bytes:
        """Bytes that the child wrote; b"" once it has closed its stdout."""
        assert self.process.stdout is not None
        try:
            return await self.process.stdout.receive(_CHUNK)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return b""

    async def send(self, data: bytes) -> None:
        """Write to the child.

        Raises:
            ChildExited: It has ended.
            ConnectionFailed: It no longer reads.
        """
        assert self.process.stdin is not None
        try:
            await self.process.stdin.send(data)
            await self.process.stdin.send(b"")  # asyncio takes a turn more to tell that the pipe was closed meanwhile
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise await self._end("stdin") from None

    async def farewell(self) -> ConnectionFailed:
        """Why a child that has closed its stdout gives nothing more: a ChildExited if it has ended."""
        return await self._end("stdout")

    async def aclose(self) -> None:
        """Let the child go: close its stdin, then ask it to leave, then end it. It is always waited for."""
        await shielded(self._let_go)

    async def _let_go(self) -> None:
        try:
            assert self.process.stdin is not None
            await self.process.stdin.aclose()
        except (anyio.BrokenResourceError, BrokenPipeError):
            pass  # it is gone already
        for end, signal in ((self.process.terminate, "SIGTERM"), (self.process.kill, "SIGKILL")):
            with anyio.move_on_after(_PATIENCE):
                await self._gone()
            if self.process.returncode is not None:
                break
            _log.warning("the child process %r is still there, and gets %s", self.command[0], signal)
            end()
        await self.process.aclose()  # its pipes, too, though a process that it has left behind may hold the other ends

    async def _gone(self) -> None:
        """Wait for the end of the child, which may have things to say that nobody wants any more."""
        async with scratch_group() as group:
            group.start_soon(self._drain)
            await self.process.wait()

    async def _drain(self) -> None:
        while await self.receive():
            pass

    async def _end(self, closed: str) -> ConnectionFailed:
        with anyio.move_on_after(_PATIENCE):
            return ChildExited(self.command[0], await self.process.wait())
        return ConnectionFailed(f"the child process {self.command[0]!r} closed its {closed} and still runs")


async def open_child(command: Sequence[str], *, stderr: int | None = None) -> ChildProcess:
    """Start a command whose stdin and stdout are ours.

    Args:
        command: What is started.
        stderr: Where its stderr goes, as in `subprocess`; None for where ours goes.

    Raises:
        ConnectionFailed: It cannot be started.
    """
    start = partial(anyio.open_process, list(command), stdin=PIPE, stdout=PIPE, stderr=stderr)
    try:
        process = await shielded(start)  # asyncio forgets a child whose start is cancelled halfway
    except OSError as error:
        raise ConnectionFailed(f"cannot start {command[0]!r}: {error.strerror or error}") from None
    return ChildProcess(process, command)


@frozen
class StandardStreams:
    """The process's own stdin and stdout, as file descriptors that only the frames use."""

    stdin: int
    stdout: int


def take_standard_streams() -> StandardStreams:
    """Take stdin and stdout away from everybody else in this process.

    Afterwards file descriptor 1 and `sys.stdout` are stderr, so that a `print()` cannot corrupt the frames, and
    file descriptor 0 is empty.

    Raises:
        ConnectionFailed: One of the two is closed.
    """
    for name, stream in ("stdin", sys.stdin), ("stdout", sys.stdout):
        if stream is None:  # Python's way to say so
            raise ConnectionFailed(f"{name} is closed: an agent on a pipe needs both stdin and stdout")
    sys.stdout.flush()
    streams = StandardStreams(os.dup(0), os.dup(1))
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout = sys.stderr
    return streams


async def serve_stdio(
    agent: Agent,
    *,
    framing: Framing | None = None,
    limits: ServerLimits = ServerLimits(),
    streams: StandardStreams | None = None,
    tap: Tap | None = None,
) -> None:
    """Serve an agent on stdin and stdout until stdin has ended and what came from it is answered.

    Where nobody is left to read the answers, it ends at once.

    Args:
        agent: What is served.
        framing: How messages are cut out of the bytes, and how long one may be; NDJSON by default, and 16 MiB.
        limits: Of the A2A server.
        streams: Where to read and write; by default this process's own, taken away from everybody else.
        tap: Told what passes, message by message; see `hocket_io.tap`.

    Raises:
        ConnectionFailed: stdin or stdout is closed, or stdout cannot be written (a full disk, say).
        RemoteProtocolError: What came on stdin cannot be cut into messages: a WrongFraming, mostly. Whoever wrote it
            was told.
    """
    taken = streams or take_standard_streams()
    async with Host(agent, limits=limits) as host:
        link = host.open_link()
        framing = framing or Ndjson()
        pipe = PipeServer(host.server, link.name, framing)
        wire: Endpoint[None] = fit_endpoint(tap, pipe, "stdio", "stdio:-", framing)
        async with scratch_group() as group:
            group.start_soon(_read, wire, host, link, taken, group.cancel_scope)
            await _write(pipe, wire, host, link, taken.stdout)
    if pipe.error is not None:
        raise pipe.error


async def _read(
    wire: Endpoint[None], host: Host, link: HostLink, streams: StandardStreams, everything: anyio.CancelScope
) -> None:
    while data := await _next_bytes(streams.stdin):
        wire.receive_data(data, host.now())
        host.pump()
        link.ring()
    wire.receive_eof(host.now())
    host.pump()
    link.ring()
    if hasattr(select, "poll"):  # the agent may be silent for long: a write alone would be late to tell
        await call_in_daemon(partial(_wait_for_hangup, streams.stdout))
        everything.cancel()


async def _next_bytes(stdin: int) -> bytes:
    try:
        return await read_from(stdin)
    except OSError as error:
        _log.warning("stdin has ended, since it cannot be read: %s", error.strerror or error)
        return b""


def _wait_for_hangup(stdout: int) -> None:
    """Wait until nobody can read any more what is written."""
    poll = select.poll()
    poll.register(stdout, 0)  # errors and hang-ups are always told
    poll.poll()


async def _write(pipe: PipeServer, wire: Endpoint[None], host: Host, link: HostLink, stdout: int) -> None:
    """Write what the server has, at the pace of whoever reads: nothing is taken before the last write is through."""
    while True:
        deliveries = link.take()
        pipe.deliver(deliveries, host.now())
        pieces = wire.data_to_send()
        if pieces:
            try:
                await write_to(stdout, b"".join(pieces))
            except BrokenPipeError:
                return  # whoever read has left
            except OSError as error:
                raise ConnectionFailed(f"stdout cannot be written: {error.strerror or error}") from None
        elif pipe.is_closed:
            return
        elif not deliveries:
            await link.wait()
