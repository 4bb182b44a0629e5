"""`hocket simulate`: whole sessions of clients, servers and agents, under faults, in virtual time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from hocket.codec import dumps
from hocket.errors import LocalProtocolError
from hocket.testing.simulation import FAULTS, Campaign, play, read_session
from hocket.testing.simulation.shrink import Shrunk
from hocket.testing.simulation.telling import step_lines
from hocket_io.cli.campaigning import Results, Wanted, run
from hocket_io.cli.exits import Exit, Failure
from hocket_io.cli.output import escaped, leave_quietly, write_line
from hocket_io.cli.shared_options import seed_or_new
from hocket_io.cli.violations import Violated
from hocket_io.cli.worlds import WORLDS, world_named

__all__ = ["progress_bar", "simulate"]

_STEPS = 100


def _faults(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    if value in ("all", "none"):
        return tuple(FAULTS) if value == "all" else ()
    names = tuple(name.strip() for name in value.split(","))
    for name in names:
        if name not in FAULTS:
            raise click.BadParameter(f"there is no {name!r}; there are: {', '.join(FAULTS)}, all, none")
    return names


@click.command()
@click.option("--seed", type=click.IntRange(0), metavar="N", help="What all is drawn from.  [default: a new one]")
@click.option("--sessions", type=click.IntRange(1), default=500, metavar="N", help="How many, of each protocol.")
@click.option("--session", type=click.IntRange(1), metavar="K", help="Play the session number K alone.")
@click.option("--protocol", type=click.Choice([*WORLDS, "both"]), default="both", help="What is spoken.")
@click.option("--world", metavar="FILE:NAME", help="Play in a world of your own instead.")
@click.option("--agents", type=click.IntRange(1), metavar="N", help="The most agents of a session.")
@click.option("--steps", type=click.IntRange(1), default=_STEPS, metavar="N", help="The most steps of a session.")
@click.option(
    "--faults",
    default="all",
    metavar="KIND,…",
    callback=_faults,
    help=f"Which faults there may be: {', '.join(FAULTS)}; all or none.",
)
@click.option("--jobs", type=click.IntRange(1), default=1, metavar="N", help="How many processes play.")
@click.option("--keep-going", is_flag=True, help="Go on after a violation; one of each kind is shown.")
@click.option("--trace", "whole_trace", is_flag=True, help="Show the whole trace of a violation.")
@click.option(
    "--save", type=click.Path(path_type=Path), metavar="FILE", help="Where to keep the session that is wrong."
)
@click.option("--replay", type=click.Path(path_type=Path), metavar="FILE", help="Play a session that was kept.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def simulate(
    seed: int | None,
    sessions: int,
    session: int | None,
    protocol: str,
    world: str | None,
    agents: int | None,
    steps: int,
    faults: tuple[str, ...],
    jobs: int,
    keep_going: bool,
    whole_trace: bool,
    save: Path | None,
    replay: Path | None,
    as_json: bool,
) -> None:
    """Play whole sessions under faults, in virtual time, and check after every step what must always hold.

    Clients, servers and agents are hocket's; the network between them cuts, delays, doubles and reorders, and they
    crash and come back. The same seed plays the same, byte for byte. What is found is made as small as it can be.

    The exit code is 1 if something is found.
    """
    try:
        if replay is not None:
            sys.exit(_replay(replay, as_json=as_json))
        chosen = seed_or_new(seed)
        worlds = [world] if world is not None else list(WORLDS) if protocol == "both" else [protocol]
        most = {} if agents is None else {"agents": agents}
        wanted = Wanted(
            campaigns=[
                Campaign(name=name, make=world_named(name), seed=chosen, steps=steps, faults=faults, most=most)
                for name in worlds
            ],
            numbers=range(1, sessions + 1) if session is None else [session],
            jobs=jobs,
            goes_on=keep_going,
            save=save,
            flags=_flags(agents, steps, faults),
        )
        sys.exit(_campaign(wanted, chosen, whole_trace=whole_trace, as_json=as_json))
    except LocalProtocolError as error:
        raise click.UsageError(str(error)) from None
    except BrokenPipeError:
        leave_quietly()


def _flags(agents: int | None, steps: int, faults: tuple[str, ...]) -> tuple[str, ...]:
    """What has to be given again, because it is not the default."""
    return (
        *(() if agents is None else ("--agents", str(agents))),
        *(() if steps == _STEPS else ("--steps", str(steps))),
        *(() if faults == tuple(FAULTS) else ("--faults", ",".join(faults) or "none")),
    )


def _campaign(wanted: Wanted, seed: int, *, whole_trace: bool, as_json: bool) -> Exit:
    results = Results()
    if not as_json:
        write_line(f"seed {seed}")
    try:
        with progress_bar(len(wanted.campaigns) * len(wanted.numbers), sys.stderr) as progress:
            run(wanted, results, progress)
    except KeyboardInterrupt:
        results.is_interrupted = True
    if as_json:
        write_line(dumps({"seed": seed, **results.json()}).decode())
        return results.exit
    for violated in results.violations:
        write_line("\n".join(["", *violated.lines(whole_trace=whole_trace)]))
    write_line("\n".join(["", *results.lines()]))
    return results.exit


@contextmanager
def progress_bar(sessions: int, file: TextIO) -> Iterator[Callable[[int], object]]:
    """A bar, where a person waits for it; it is told how many more sessions were played.

    Args:
        sessions: How many there are to be.
        file: Where it is shown, if that is a terminal.
    """
    if not file.isatty():
        yield lambda more: None
        return
    with click.progressbar(length=sessions, label="simulating", file=file) as bar:
        yield bar.update


def _replay(path: Path, *, as_json: bool) -> Exit:
    """Play the session of a file; its whole trace is shown, the same each time."""
    try:
        session = read_session(path.read_bytes())
    except OSError as error:
        raise Failure(f"{str(path)!r} cannot be read: {error.strerror}", "A2ACLI_ERR_USAGE") from None
    make = world_named(session.world)
    played = play(make, session)
    violated = None
    if played.finding is not None:
        violated = Violated(
            make=make,
            drawn=len(session.steps),
            shrunk=Shrunk(played=played, tries=0, is_minimal=False),
            where=f"{session.world}, {path}",
            again=("hocket", "simulate", "--replay", str(path)),
        )
    if as_json:
        told = {"trace": played.trace} if violated is None else violated.json()
        write_line(dumps({"isViolated": violated is not None, **told}).decode())
    elif violated is not None:
        write_line("\n".join(violated.lines(whole_trace=True)))
    else:
        lines = [*step_lines(played.session), "", *played.trace, "", "no violation"]
        write_line("\n".join(escaped(line) for line in lines))
    return Exit.OK if violated is None else Exit.FAILURE
