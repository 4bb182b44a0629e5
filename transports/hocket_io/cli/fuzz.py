"""`hocket fuzz`: try to break somebody's agent."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from hocket.codec import dumps
from hocket.errors import LocalProtocolError
from hocket_io.cli.exits import Exit
from hocket_io.cli.output import leave_quietly, write_line
from hocket_io.cli.reaching import Reaching, reaches_a_target
from hocket_io.cli.shared_options import seed_or_new
from hocket_io.extras import needs

__all__ = ["fuzz"]

_EXAMPLES = 100
_EXAMPLES_ELSEWHERE = 25
"""Inputs for each check where time is real, and what is asked may cost something."""


def _list(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        with needs("test", "hocket fuzz"):
            from hocket.testing.fuzzing import CHECKS
            from hocket_io.cli.fuzzing import listed
        for line in listed(CHECKS):
            write_line(line)
        context.exit()


def _names(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> list[str]:
    return [name.strip() for each in value for name in each.split(",")]


@click.command()
@reaches_a_target
@click.option(
    "--max-examples",
    type=click.IntRange(1),
    metavar="N",
    help=f"Inputs for each check.  [default: {_EXAMPLES} in this process, {_EXAMPLES_ELSEWHERE} elsewhere]",
)
@click.option(
    "--seed", type=click.IntRange(0), metavar="N", help="What the inputs are drawn from.  [default: a new one]"
)
@click.option("--checks", multiple=True, callback=_names, metavar="NAME,…", help="Run only these.")
@click.option("-x", "--without", multiple=True, callback=_names, metavar="NAME,…", help="Leave these out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--list-checks", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="Show the checks, and exit."
)
def fuzz(
    reaching: Reaching,
    max_examples: int | None,
    seed: int | None,
    checks: Sequence[str],
    without: Sequence[str],
    as_json: bool,
) -> None:
    """Try to break the agent TARGET, with messages that nobody has thought of.

    TARGET is FILE or FILE:NAME, an agent in a Python file, which then runs in this process and on virtual time; or
    http(s)://…, ws(s)://… or "stdio:COMMAND". What is found is made as small as it can be, and told with a line that
    finds it again, and a test to be pasted.

    The exit code is 1 if something is found, 3 if there is no agent at TARGET.
    """
    with needs("test", "hocket fuzz"):
        from hocket.testing.fuzzing import Effort, chosen
        from hocket_io.cli.fuzzing import Run
        from hocket_io.testing.notes import notes_kept_elsewhere
        from hocket_io.testing.source_words import source_words

    try:
        wanted = chosen(checks, without)
    except LocalProtocolError as error:
        raise click.UsageError(str(error)) from None
    with notes_kept_elsewhere(), reaching.probe() as probe:
        if probe.protocol != "a2a":
            raise click.UsageError(f"{probe.target} is a hub, and agents are fuzzed; hocket conformance checks hubs")
        effort = Effort(
            max_examples=max_examples or (_EXAMPLES if probe.binding == "memory" else _EXAMPLES_ELSEWHERE),
            seed=seed_or_new(seed),
            words=source_words(reaching.target),
            patience=reaching.timeout,
            loop=None if reaching.loop == "asyncio" else reaching.loop,
        )
        run = Run(probe, effort, is_shown=not as_json)
        try:
            run.play(wanted)
            if as_json:
                write_line(dumps(run.json()).decode())
        except BrokenPipeError:
            leave_quietly()
            sys.exit(Exit.OK)
        reaching.write_junit(f"hocket fuzz {probe.target}", run.cases())
    sys.exit(run.exit)
