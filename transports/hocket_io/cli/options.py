"""Options: those that every command which talks to an agent has (a2a-cli §5.2).

`@asks_an_agent` gives them to a command and hands it one `Access` in their place; `AgentCommand` is its class.
`@hears_an_agent` is for a command that shows what an agent says, and can print that alone; `@reaches_agents` for one
that finds out by itself where its agent is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from re import fullmatch
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import click

from hocket.a2a import BINDINGS, DIALECTS, dialect_for
from hocket.errors import LocalProtocolError
from hocket_io.cli.access import Access, Style
from hocket_io.cli.exits import Failure
from hocket_io.cli.shared_options import entry_options
from hocket_io.cli.tapping import tap_option
from hocket_io.cli.trust import context_of, trust_options
from hocket_io.client.targets import CommandTarget, parse_target

if TYPE_CHECKING:
    from hocket_io.tap import Tap

__all__ = ["AgentCommand", "asks_an_agent", "duration", "headers_of", "hears_an_agent", "no_resume", "reaches_agents"]

P = ParamSpec("P")

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_NAMES = (
    *("timeout", "a2a_version", "binding", "extension", "bearer", "svc_param"),
    *("proxy", "cacert", "cert", "insecure", "tap"),
)
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def duration(text: str) -> float:
    """Seconds, of a time such as `90`, `90s`, `1.5m`, `500ms`, `1h`: a type of click.

    Raises:
        click.BadParameter: It is none.
    """
    found = fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", text)
    if found is None or not float(found[1]):
        raise click.BadParameter(f"{text!r} is no duration: give seconds, or 500ms, 90s, 5m, 1h")
    return float(found[1]) * _UNITS[found[2] or "s"]


class AgentCommand(click.Command):
    """A command whose failures are told as JSON where JSON was asked for (a2a-cli §9.4).

    It also keeps the order of its options in `ctx.meta["hocket.order"]`, for those whose order means something.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does."""
        ctx.meta["hocket.as_json"] = _asks_for_json(args)
        with _told_as_asked(ctx):
            order = self.make_parser(ctx).parse_args(list(args))[2]
            ctx.meta["hocket.order"] = [parameter.name for parameter in order]
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """As click does."""
        with _told_as_asked(ctx):
            return super().invoke(ctx)


def _asks_for_json(args: list[str]) -> bool:
    """Whether JSON was asked for, in arguments that may be wrong otherwise."""
    for name, value in zip(args, [*args[1:], ""], strict=True):
        if name in ("-o", "--output"):
            return value == "json"
        if name.startswith(("-o", "--output=")):
            return name in ("-ojson", "--output=json")
    return os.environ.get("A2ACLI_OUTPUT") == "json"


@contextmanager
def _told_as_asked(ctx: click.Context) -> Iterator[None]:
    try:
        yield
    except Failure as failure:
        failure.as_json = ctx.meta["hocket.as_json"]
        raise
    except click.UsageError as error:
        if not ctx.meta["hocket.as_json"]:
            raise
        told = Failure(error.format_message(), "A2ACLI_ERR_USAGE")
        told.as_json = True
        raise told from None


def asks_an_agent(
    function: Callable[Concatenate[Access, P], None],
) -> Callable[P, None]:
    """A decorator: the command gets the options of this module, and an `Access` as its first argument."""
    return _with_options(function, [_TARGET, _output("text", "json"), *_OPTIONS])


def hears_an_agent(
    function: Callable[Concatenate[Access, P], None],
) -> Callable[P, None]:
    """As `asks_an_agent`, for a command that can print the agent's words alone, with `-o raw`."""
    return _with_options(function, [_TARGET, _output("text", "json", "raw"), *_OPTIONS])


def _with_options(
    function: Callable[Concatenate[Access, P], None], options: Sequence[Callable[[Any], Any]]
) -> Callable[P, None]:
    @wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> None:
        given: dict[str, Any] = {name: kwargs.pop(name) for name in ("agent_card", "output", *_NAMES)}
        function(_access(**given), *args, **kwargs)

    for option in reversed(options):
        command = option(command)
    return command


def reaches_agents(
    function: Callable[Concatenate[Callable[[str], Access], P], None],
) -> Callable[P, None]:
    """A decorator: the command gets the options of this module that say how an agent is spoken to, not which one.

    Its first argument is a function that gives an `Access` to the agent at a target.
    """

    @wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> None:
        given: dict[str, Any] = {name: kwargs.pop(name) for name in _NAMES}
        function(lambda target: _access(agent_card=target, output="text", **given), *args, **kwargs)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


no_resume = click.option(
    "--no-resume", is_flag=True, help="Give up at once if the stream is cut.  [default: try again]"
)
"""The option of commands that follow a stream."""


def _access(
    *,
    agent_card: str,
    a2a_version: str | None,
    binding: str | None,
    extension: tuple[str, ...],
    bearer: str | None,
    svc_param: tuple[str, ...],
    timeout: float | None,
    output: Style,
    proxy: str | None,
    cacert: str | None,
    cert: str | None,
    insecure: bool,
    tap: Tap | None,
) -> Access:
    target = _with_scheme(agent_card)
    try:
        parsed = parse_target(target)
    except LocalProtocolError as error:
        raise click.UsageError(str(error)) from None
    if a2a_version is not None and dialect_for(a2a_version) is None:
        known = ", ".join(dialect.version for dialect in DIALECTS)
        raise click.UsageError(f"A2A {a2a_version} is not spoken here; --a2a-version takes {known}")
    if isinstance(parsed, CommandTarget) and (svc_param or a2a_version or binding):
        raise click.UsageError("--svc-param, --a2a-version and --binding are for agents over HTTP")
    if isinstance(parsed, CommandTarget) and (proxy or cacert or cert or insecure):
        raise click.UsageError("--proxy, --cacert, --cert and --insecure are for agents elsewhere, and not for a pipe")
    if not all(fullmatch(r"[!-+\--~]+", uri) for uri in extension):
        raise click.UsageError("--extension takes a URI, without spaces and commas")
    return Access(
        target=target,
        version=a2a_version,
        binding=binding,
        extensions=extension,
        headers=headers_of(bearer, svc_param),
        timeout=timeout,
        style=output,
        proxy=proxy,
        tls=context_of(cacert, cert, insecure=insecure),
        tap=tap,
    )


def headers_of(bearer: str | None, parameters: Sequence[str]) -> dict[str, str]:
    """The header fields that `--bearer` and `--svc-param` ask for.

    Args:
        bearer: The token; None for none.
        parameters: Each NAME:VALUE.

    Raises:
        click.UsageError: They cannot be header fields.
    """
    headers = {}
    for parameter in parameters:
        name, colon, value = parameter.partition(":")
        if not colon or not fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise click.UsageError("--svc-param takes NAME:VALUE, with a NAME that can be a header field's")
        headers[name] = value.strip()
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    if not all(value.isprintable() and value.isascii() for value in headers.values()):
        raise click.UsageError("a value for --svc-param or --bearer has characters that no header field can carry")
    return headers


def _with_scheme(reference: str) -> str:
    """A bare host gets its scheme: http for this machine, https for any other."""
    if reference.startswith(("stdio:", "stdio+")) or "://" in reference:
        return reference
    is_here = reference.startswith(_LOOPBACK)
    return f"{'http' if is_here else 'https'}://{reference}"


def _output(*styles: Style) -> Callable[[Any], Any]:
    raw = "; raw is the agent's words and nothing else, as they come" if "raw" in styles else ""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(styles),
        default="text",
        envvar="A2ACLI_OUTPUT",
        show_envvar=True,
        help=f"Format of what is printed{raw}.",
    )


_TARGET = click.option(
    "-a",
    "--agent-card",
    metavar="TARGET",
    required=True,
    envvar="A2ACLI_AGENT_CARD",
    show_envvar=True,
    help='The agent: http(s)://…, a host, the URL of its card, ws(s)://…, or "stdio:COMMAND" for a child process.',
)
_OPTIONS = (
    click.option(
        "--timeout",
        type=duration,
        envvar="A2ACLI_TIMEOUT",
        show_envvar=True,
        help="Give up after this time: 90, 500ms, 5m.  [default: 10s to connect, 300s of silence]",
    ),
    click.option(
        "--a2a-version",
        metavar="VERSION",
        envvar="A2ACLI_A2A_VERSION",
        show_envvar=True,
        help="Protocol version to speak.  [default: the newest that both sides speak]",
    ),
    click.option(
        "--binding",
        "--transport",
        "binding",
        type=click.Choice(BINDINGS, case_sensitive=False),
        envvar="A2ACLI_TRANSPORT",
        show_envvar=True,
        help="Protocol binding to speak.  [default: the one that the agent's card names first]",
    ),
    click.option("--extension", metavar="URI", multiple=True, help="An A2A extension to ask for. Can be repeated."),
    entry_options,
    trust_options,
    tap_option,
)
