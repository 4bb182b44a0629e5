"""`--tap`: the option of commands that have connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hocket_io.cli.output import write_stderr

if TYPE_CHECKING:
    from hocket_io.tap import Tap, Tapped

__all__ = ["tap_option"]


def tap_option(command: Any) -> Any:
    """A decorator: the command gets `--tap`, and with it the argument `tap`, a Tap or None."""
    return click.option(
        "--tap",
        metavar="FILE",
        envvar="HOCKET_TAP",
        show_envvar=True,
        callback=_opened,
        help="Append all that passes to FILE, for `hocket tail FILE`; - shows it on stderr. What agents say to each "
        "other is in it, and no header field.",
    )(command)


def _opened(context: click.Context, parameter: click.Parameter, path: str | None) -> Tap | None:
    """The tap that was asked for; its file is closed with the command."""
    if path is None or context.resilient_parsing:
        return None
    if path == "-":
        return _shown()
    from hocket_io.tap import file_tap

    try:
        return context.with_resource(file_tap(path))
    except OSError as error:
        raise click.BadParameter(f"{path!r} cannot be written: {error.strerror or error}") from None


def _shown() -> Tap:
    """Shows on stderr what passes, as `hocket tail` would."""
    from hocket_io.tap.lines import Lines, clock

    lines = Lines()

    def tap(tapped: Tapped) -> None:
        write_stderr(f"{clock(tapped.time)} {lines.line(tapped)}")

    return tap
