"""`reach`: from a target, as a command or a test names it, to a probe of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from ssl import SSLContext
from typing import TYPE_CHECKING

from hocket.agent import Agent
from hocket.errors import LocalProtocolError
from hocket.framing import FramingLimits
from hocket.http.words import shown_url
from hocket.testing.probe import Ask, Binding, Probe
from hocket_io.client.targets import CommandTarget, HttpTarget, MemoryTarget, WebSocketTarget, parse_target
from hocket_io.extras import needs
from hocket_io.testing.clocks import LoopName
from hocket_io.timeouts import phases_of

if TYPE_CHECKING:
    from hocket_io.acp.host import HubHost
    from hocket_io.acp.links.protocol import MessageLink
    from hocket_io.testing.http_probe import HttpProbe
    from hocket_io.testing.hub_probe import HubProbe
    from hocket_io.testing.pipe_probe import PipeProbe

__all__ = ["loaded", "reach"]

_PIPES = ("stdio:", "stdio+")
_HUB = "acp+"
"""What an address of a hub begins with where it could be that of an agent, too: `acp+http://…`."""


@contextmanager
def reach(
    target: str | Agent | Callable[[], HubHost],
    *,
    name: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    proxy: str | None = None,
    tls: SSLContext | None = None,
    loop: LoopName = "asyncio",
    seed: int = 0,
) -> Iterator[Probe]:
    """A way to ask what is tested, as a context manager.

    An agent or a hub in this process is on virtual time: what it waits for takes no time, and each start is the same.

    Args:
        target: `FILE:NAME` or `FILE` (an Agent in a Python file), `http(s)://…` (an agent, or its card), `ws(s)://…`,
            `stdio:COMMAND`, `stdio+content-length:COMMAND`, or an Agent. Of hubs: `tcp://…`, `acp+http(s)://…`,
            `acp+ws(s)://…`, or a function that makes a HubHost, such as `HubHost` itself.
        name: What it is called in reports, such as what can be given to `reach` again; by default the target itself.
        headers: Header fields to send with every request, or with the handshake of a WebSocket.
        timeout: Seconds to connect, and to write; None for 10.
        proxy: `http(s)://HOST:PORT` of the proxy to go through.
        tls: Which certificates are trusted; None for those that the system trusts.
        loop: The event loop of what runs in this process.
        seed: What its ids come from.

    Raises:
        LocalProtocolError: The target cannot be understood, there is no such agent, or an event loop runs here.
        ConnectionFailed: It cannot be reached, or what is there is no agent and no hub.
        AuthenticationError: It wants other credentials.

    >>> from hocket import Agent
    >>> from hocket.testing.probe import Ask
    >>> agent = Agent("parrot")
    >>> @agent.stream
    ... def parrot(task):
    ...     yield task.text
    >>> with reach(agent) as probe:
    ...     probe.open(Ask.get("/.well-known/agent-card.json")).next()[:16]
    b'{"name":"parrot"'
    """
    with needs("test", "reaching what is tested"):
        if isinstance(target, str) and _is_hub(target):
            probe: HttpProbe | PipeProbe | HubProbe = _hub_at(target.removeprefix(_HUB), headers, tls)
        elif isinstance(target, Agent):
            probe = _agent(target, name or target.name, loop, seed)
        elif not isinstance(target, str):
            probe = _hub(target, loop, seed)
        elif _is_file(target):
            probe = _agent(_agent_in(target), name or target, loop, seed)
        else:
            probe = _agent_at(target, headers or {}, timeout, proxy, tls)
    with probe:
        yield probe


def _is_hub(target: str) -> bool:
    return target.startswith((_HUB, "tcp://"))


def _is_file(target: str) -> bool:
    return "://" not in target and not target.startswith(_PIPES)


def loaded(target: str) -> str | Agent:
    """A target as `reach` and `Client` take it: the Agent, where it is one in a file; else what was given.

    Args:
        target: `FILE:NAME`, `FILE`, or any other.

    Raises:
        LocalProtocolError: There is no such file, or no such agent in it.
    """
    return _agent_in(target) if _is_file(target) else target


def _agent_in(reference: str) -> Agent:
    with needs("cli", "loading an agent from a file"):
        from hocket_io.cli.exits import Failure
        from hocket_io.cli.load import load_agent

    try:
        return load_agent(reference)
    except Failure as failure:
        raise LocalProtocolError(failure.message) from None


def _agent(agent: Agent, target: str, loop: LoopName, seed: int) -> HttpProbe:
    from hocket_io.testing.http_probe import HttpProbe
    from hocket_io.testing.memory import Memory

    return HttpProbe(target, Memory(agent, loop, seed))


def _agent_at(
    target: str, headers: Mapping[str, str], timeout: float | None, proxy: str | None, tls: SSLContext | None
) -> HttpProbe | PipeProbe:
    """A probe of an agent that is somewhere else."""
    match parse_target(target):
        case HttpTarget(url=url):
            from hocket_io.http.options import HttpOptions
            from hocket_io.testing.http_probe import HttpProbe
            from hocket_io.testing.web import Web

            options = HttpOptions(headers=headers, timeout=timeout, proxy=proxy, tls=tls)
            return HttpProbe(shown_url(url), Web(url, options), _prefix())
        case CommandTarget() as command:
            from hocket_io.testing.pipe_ends import child_end
            from hocket_io.testing.pipe_probe import PipeProbe

            return PipeProbe(target, child_end(command), _prefix())
        case WebSocketTarget(url=url):
            with needs("ws", "talking over a WebSocket"):
                from hocket_io.testing.pipe_ends import websocket_end
                from hocket_io.testing.pipe_probe import PipeProbe
                from hocket_io.websocket.pipe import websocket_opening

            connect = websocket_opening(
                url,
                headers=headers,
                limits=FramingLimits(),
                timeout=phases_of(timeout),
                tls=tls,
                proxy=proxy,
                tap=None,
            )
            return PipeProbe(shown_url(url), websocket_end(connect), _prefix())
        case MemoryTarget():
            raise AssertionError("an Agent is no text")


def _hub(make: Callable[[], HubHost], loop: LoopName, seed: int) -> HubProbe:
    if not callable(make):
        raise LocalProtocolError(f"{make!r} is no target: give a text, an Agent, or a function that makes a HubHost")
    from hocket_io.testing.hub_probe import HubProbe

    return HubProbe("a hub in memory", "memory", make=make, loop=loop, seed=seed)


def _hub_at(target: str, headers: Mapping[str, str] | None, tls: SSLContext | None) -> HubProbe:
    from hocket_io.acp.links.open import open_link
    from hocket_io.acp.links.targets import TcpTarget, WebSocketTarget, WebTarget, parse_link_target
    from hocket_io.http.options import HttpOptions
    from hocket_io.testing.hub_probe import HubProbe
    from hocket_io.testing.web import Web

    parsed = parse_link_target(target)
    if not isinstance(parsed, WebTarget | WebSocketTarget | TcpTarget):
        raise LocalProtocolError("a hub as a child process has one client: give acp+http://…, acp+ws://… or tcp://…")
    is_web = target.startswith(("http", "ws"))

    async def connect(ask: Ask) -> MessageLink:
        fields = {**(headers or {}), **ask.headers}
        agent = next((fields.pop(name) for name in list(fields) if name.lower() == "x-agent-id"), None)
        return await open_link(target, agent=agent, headers=fields if is_web else None, tls=tls)

    web = Web(parsed.url, HttpOptions(headers=headers or {}, tls=tls)) if isinstance(parsed, WebTarget) else None
    binding: Binding = "http" if web is not None else "websocket" if is_web else "pipe"
    return HubProbe(target, binding, connect=connect, web=web, prefix=_prefix())


def _prefix() -> str:
    """Ids that are made here begin with it: whoever is asked may remember those of an earlier time."""
    return uuid.uuid4().hex[:8]
