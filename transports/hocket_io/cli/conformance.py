"""`hocket conformance`: what A2A and ACP say, rule by rule, and whether a target does it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

import click
from attrs import evolve

from hocket.codec import dumps
from hocket.testing.conformance import RULES, Outcome, Report, Rule, Session, check, rules_for
from hocket.testing.probe import Probe
from hocket_io.cli.conformance_lines import case_of, list_lines, outcome_lines, total_line
from hocket_io.cli.exits import Exit
from hocket_io.cli.output import leave_quietly, write_line
from hocket_io.cli.reaching import Reaching, reaches_a_target

__all__ = ["conformance"]

_VERSIONS = {"1.0": ("1.0",), "0.3": ("0.3",), "all": ("1.0", "0.3")}


def _list(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        for line in list_lines(RULES):
            write_line(line)
        context.exit()


def _patterns(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([name.strip() for each in value for name in each.split(",")]) or ("*",)


def _hub_at(target: str) -> str:
    """The target, said to be a hub."""
    if target.startswith(("acp+", "tcp://")):
        return target
    if "://" not in target and not target.startswith("stdio"):
        raise click.UsageError("--acp is for an address: what is in a file is an agent.")
    return f"acp+{target}"


@click.command()
@reaches_a_target
@click.option(
    "--a2a",
    type=click.Choice([*_VERSIONS]),
    help="The version of A2A whose rules are checked.  [default: those that the agent's card declares]",
)
@click.option("--acp", is_flag=True, help="The target is a hub, where its address could be that of an agent too.")
@click.option(
    "--rules",
    "patterns",
    multiple=True,
    callback=_patterns,
    metavar="PATTERN,…",
    help="Check only rules with such names: 1.0/stream-*, acp/*.",
)
@click.option("--text", default="hello", help="What the agent is asked: something that it answers.")
@click.option("--strict", is_flag=True, help="A SHOULD that is broken is a failure, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="Show the rules, and exit."
)
def conformance(
    reaching: Reaching,
    a2a: str | None,
    acp: bool,
    patterns: Sequence[str],
    text: str,
    strict: bool,
    as_json: bool,
) -> None:
    """Check whether TARGET keeps to the rules of A2A, or, if it is a hub, of ACP streams.

    TARGET is FILE or FILE:NAME, an agent in a Python file, which then runs in this process and on virtual time; or
    http(s)://…, ws(s)://… or "stdio:COMMAND". Hubs are at tcp://…, acp+http(s)://… or
    acp+ws(s)://….

    The exit code is 1 if a MUST is broken, 3 if there is nothing at TARGET.
    """
    if acp:
        reaching = evolve(reaching, target=_hub_at(reaching.target))
    with reaching.probe() as probe:
        chosen = rules_for(probe, versions=None if a2a is None else _VERSIONS[a2a], names=patterns)
        if not chosen:
            raise click.UsageError("There is no such rule for this target; --list shows all.")
        outcomes = check(Session(probe=probe, text=text, timeout=reaching.timeout), chosen)
        try:
            report, is_whole = _told(probe, chosen, outcomes, strict=strict, as_json=as_json)
        except BrokenPipeError:
            leave_quietly()
            sys.exit(Exit.OK)
    reaching.write_junit(
        f"hocket conformance {probe.target}", [case_of(each, strict=strict) for each in report.outcomes]
    )
    if not is_whole:
        sys.exit(Exit.INTERRUPTED)
    sys.exit(Exit.OK if report.is_conformant(strict=strict) else Exit.FAILURE)


def _told(
    probe: Probe, rules: Sequence[Rule], outcomes: Iterable[Outcome], *, strict: bool, as_json: bool
) -> tuple[Report, bool]:
    """Check, and print what becomes of each rule, at once, or all of it as JSON; and whether nobody pressed Ctrl-C."""
    width = max([len(rule.name) for rule in rules])
    known: list[Outcome] = []
    is_whole = True
    try:
        for outcome in outcomes if as_json else _shown(outcomes, width, strict=strict):
            known.append(outcome)  # noqa: PERF402  -- what is known when it is interrupted counts
    except KeyboardInterrupt:
        is_whole = False
    report = Report(target=probe.target, outcomes=tuple(known))
    if as_json:
        write_line(dumps(report.to_value()).decode())
    else:
        write_line("")
        write_line(f"{probe.target}: {total_line(report)}" + ("" if is_whole else "; interrupted"))
    return report, is_whole


def _shown(outcomes: Iterable[Outcome], width: int, *, strict: bool) -> Iterator[Outcome]:
    """The outcomes, each printed when it is known."""
    group = None
    for outcome in outcomes:
        if outcome.rule.group != group:
            if group is not None:
                write_line("")
            group = outcome.rule.group
            write_line(group)
        for line in outcome_lines(outcome, strict=strict, width=width):
            write_line(line)
        yield outcome
