"""`hocket hub`: a hub of ACP streams, over HTTP, WebSocket and TCP, or on stdin and stdout."""

from __future__ import annotations

import signal
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

import anyio
import click
from click.core import ParameterSource

from hocket.errors import ConnectionFailed, HocketError
from hocket.http.principal import bearer_tokens
from hocket_io.acp.host import HubHost
from hocket_io.acp.server import Served, serve_hub
from hocket_io.acp.serving import serve_stdio
from hocket_io.cli.exits import Failure, failure_of
from hocket_io.cli.output import leave_quietly, one_line, write_line
from hocket_io.cli.shared_options import allowed_host_option
from hocket_io.cli.tapping import tap_option
from hocket_io.http.listening import AddressInUse
from hocket_io.stdio import StandardStreams, take_standard_streams

if TYPE_CHECKING:
    from hocket_io.tap import Tap

__all__ = ["hub"]

_PORT = click.IntRange(0, 65_535)

_OF_A_NETWORK = {
    "host": "--host",
    "port": "--port",
    "tcp": "--tcp",
    "tokens": "--token",
    "cors_origins": "--cors-origin",
    "allowed_hosts": "--allowed-host",
}
"""Options that say nothing to a hub on stdin and stdout."""


@click.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8100, type=_PORT, help="Port for HTTP and WebSocket; 0 picks a free one.")
@click.option("--tcp", type=_PORT, help="Port for lines of JSON over TCP as well, which has no tokens.")
@click.option(
    "--token",
    "tokens",
    metavar="AGENT=TOKEN",
    multiple=True,
    envvar="HOCKET_HUB_TOKENS",
    show_envvar=True,
    help="Let AGENT in with this bearer token, and nobody without one. Can be repeated; in the environment, separated "
    "by spaces, they do not show in the process table.  [default: everybody is believed]",
)
@click.option(
    "--cors-origin",
    "cors_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Let web pages of ORIGIN speak here, and read what is answered; may be repeated, and * lets in all.",
)
@allowed_host_option
@tap_option
@click.option("--stdio", is_flag=True, help="Serve on stdin and stdout, until stdin ends, and nowhere else.")
@click.pass_context
def hub(
    ctx: click.Context,
    host: str,
    port: int,
    tcp: int | None,
    tokens: tuple[str, ...],
    cors_origins: tuple[str, ...],
    allowed_hosts: tuple[str, ...],
    tap: Tap | None,
    stdio: bool,
) -> None:
    """Serve a hub in which agents talk to each other in streams, until Ctrl-C.

    Its streams are kept in memory.
    """
    if stdio:
        given = [option for name, option in _OF_A_NETWORK.items() if _was_typed(ctx, name)]
        if given:
            raise click.UsageError(f"--stdio goes alone: {given[0]} is for a hub on a network.")
        _serve_stdio(tap)
        return
    agents = _agents(tokens)
    if agents and tcp is not None:
        raise click.UsageError("--tcp has no way to send a token: with --token, let agents use HTTP or WebSocket.")
    serving = HubHost(authenticate=bearer_tokens(agents) if agents else None)
    try:
        serve_hub(
            serving,
            host=host,
            port=port,
            tcp=tcp,
            cors_origins=cors_origins,
            allowed_hosts=allowed_hosts or None,
            tap=tap,
            on_ready=lambda served: _announce(served, host, agents),
        )
    except AddressInUse as error:
        raise Failure(str(error)) from None
    except HocketError as error:
        raise failure_of(error) from None


def _was_typed(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _agents(tokens: tuple[str, ...]) -> dict[str, str]:
    """The agent that each token belongs to."""
    agents: dict[str, str] = {}
    for each in tokens:
        agent, _, token = each.partition("=")
        if not agent or not token or not (token.isascii() and token.isprintable()) or " " in token:
            raise click.UsageError("--token takes AGENT=TOKEN, with a TOKEN that a header field can carry.")
        if agents.setdefault(token, agent) != agent:
            raise click.UsageError(f"--token: {agents[token]} and {agent} have the same token.")
    return agents


def _announce(served: Served, host: str, agents: dict[str, str]) -> None:
    name = next(iter(agents.values()), "ada")
    token = " --token …" if agents else ""
    lines = [
        "the hub is open",
        f"  http       {served.url}",
        f"  websocket  ws{served.url.removeprefix('http')}jsonrpc",
    ]
    if served.tcp is not None:
        lines.append(f"  tcp        {served.tcp}")
    lines.append(f"  try        hocket join -a {served.url.rstrip('/')} --as {one_line(name)}{token}")
    if not agents and not _is_loopback(host):
        lines.append("  beware     whoever reaches it is believed to be whom they say; --token asks for proof")
    try:
        write_line("\n".join(lines))
    except BrokenPipeError:
        leave_quietly()  # nobody wants to know; serving goes on


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _serve_stdio(tap: Tap | None) -> None:
    try:
        streams = take_standard_streams()
        signal.signal(signal.SIGTERM, _interrupt)
        anyio.run(partial(_serve_on, streams, tap))
    except ConnectionFailed as error:
        raise Failure(str(error)) from None
    except KeyboardInterrupt:
        pass  # the end that was wanted


async def _serve_on(streams: StandardStreams, tap: Tap | None) -> None:
    async with HubHost() as serving:
        await serve_stdio(serving, streams=streams, tap=tap)


def _interrupt(_number: int, _frame: object) -> None:
    """End in good order, as on Ctrl-C."""
    signal.raise_signal(signal.SIGINT)
