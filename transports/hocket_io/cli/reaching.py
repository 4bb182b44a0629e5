"""Reaching: what commands that test a target have in the same words, from the target to the file for CI."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import click
from attrs import field, frozen

from hocket.errors import HocketError
from hocket.testing.junit import JunitCase, junit_xml
from hocket.testing.probe import PATIENCE, Probe
from hocket_io.cli.exits import Failure, failure_of
from hocket_io.cli.options import duration, headers_of
from hocket_io.cli.shared_options import entry_options
from hocket_io.cli.trust import context_of, trust_options

if TYPE_CHECKING:
    from hocket_io.testing.clocks import LoopName

__all__ = ["Reaching", "reaches_a_target"]

P = ParamSpec("P")

_NAMES = ("target", "timeout", "bearer", "svc_param", "proxy", "cacert", "cert", "insecure", "loop", "junit")


@frozen(kw_only=True)
class Reaching:
    """What is tested, how it is reached, and where the results go.

    Attributes:
        target: As `reach` takes it.
        timeout: Seconds that are waited for each message, of the time that passes at the target.
        headers: Header fields of every request.
        proxy: URL of the proxy to go through; None for the one that the environment names.
        tls: Whose certificates are believed, and which is shown; None for what the system trusts.
        loop: The event loop of what runs in this process.
        junit: Where the results go as JUnit XML; None for nowhere.
    """

    target: str
    timeout: float = PATIENCE
    headers: dict[str, str] = field(factory=dict, repr=False)
    proxy: str | None = field(default=None, repr=False)
    tls: SSLContext | None = None
    loop: LoopName = "asyncio"
    junit: Path | None = None

    @contextmanager
    def probe(self) -> Iterator[Probe]:
        """The way to the target, for as long as the body runs.

        Raises:
            Failure: It cannot be reached, or is none.
        """
        from hocket_io.testing import reach

        try:
            with reach(self.target, headers=self.headers, proxy=self.proxy, tls=self.tls, loop=self.loop) as probe:
                yield probe
        except HocketError as error:
            has_credentials = any(name.lower() == "authorization" for name in self.headers)
            raise failure_of(error, has_credentials=has_credentials) from None

    def write_junit(self, suite: str, cases: Sequence[JunitCase]) -> None:
        """Keep the results where they were wanted.

        Raises:
            Failure: There is no such place.
        """
        if self.junit is None:
            return
        try:
            self.junit.write_bytes(junit_xml(suite, cases))
        except OSError as error:
            raise Failure(f"{str(self.junit)!r} cannot be written: {error.strerror}", "A2ACLI_ERR_USAGE") from None


def reaches_a_target(function: Callable[Concatenate[Reaching, P], None]) -> Callable[P, None]:
    """A decorator: the command gets TARGET and the options of this module, and a `Reaching` as its first argument."""

    @wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> None:
        given: dict[str, Any] = {name: kwargs.pop(name) for name in _NAMES}
        function(_reaching(**given), *args, **kwargs)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _reaching(
    *,
    target: str,
    timeout: float,
    bearer: str | None,
    svc_param: tuple[str, ...],
    proxy: str | None,
    cacert: str | None,
    cert: str | None,
    insecure: bool,
    loop: LoopName,
    junit: Path | None,
) -> Reaching:
    return Reaching(
        target=target,
        timeout=timeout,
        headers=headers_of(bearer, svc_param),
        proxy=proxy,
        tls=context_of(cacert, cert, insecure=insecure),
        loop=loop,
        junit=junit,
    )


_OPTIONS = (
    click.argument("target"),
    click.option(
        "--timeout",
        type=duration,
        default=f"{PATIENCE:g}",
        help="How long each message is waited for, of the time that passes at the target: 90, 500ms, 5m.",
    ),
    entry_options,
    trust_options,
    click.option(
        "--loop", type=click.Choice(["asyncio", "trio"]), default="asyncio", help="What runs an agent of this process."
    ),
    click.option(
        "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the results there as JUnit XML."
    ),
)
