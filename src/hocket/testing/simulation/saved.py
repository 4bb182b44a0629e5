"""Saved sessions: a session in a file, to be played again, looked at, and kept with the tests."""

from __future__ import annotations

from attrs import evolve

from hocket.codec import JsonValue, dumps, loads
from hocket.errors import CodecError, LocalProtocolError
from hocket.testing.simulation.session import Played, Session
from hocket.testing.simulation.world import Step

__all__ = ["read_session", "write_session"]


def write_session(played: Played) -> bytes:
    """The session as JSON, a line for each step, and what was wrong in it.

    >>> session = Session(world="acp", seed=7, options={"agents": 2}, steps=(Step("speak", (0, 3)), Step("cut", (1,))))
    >>> print(write_session(Played(session=session, world=None)).decode(), end="")
    {
    "world": "acp",
    "seed": 7,
    "options": {"agents":2},
    "steps": [
      ["speak",0,3],
      ["cut",1]
    ],
    "violation": null
    }
    """
    session, finding = played.session, played.finding
    steps = ",\n".join("  " + dumps([step.action, *step.numbers]).decode() for step in session.steps)
    violation = None if finding is None else {"invariant": finding.invariant, "detail": finding.detail}
    members: dict[str, JsonValue] = {"world": session.world, "seed": session.seed, "options": dict(session.options)}
    lines = [f'"{name}": {dumps(value).decode()},' for name, value in members.items()]
    lines += ['"steps": [', *([steps] if steps else []), "],", f'"violation": {dumps(violation).decode()}']
    return "\n".join(["{", *lines, "}", ""]).encode()


def read_session(text: bytes) -> Session:
    """The session of a file. What was wrong in it is not looked at: it is played to find out.

    Args:
        text: What `write_session` has made, or a person.

    Raises:
        LocalProtocolError: It is no session; says where.
    """
    try:
        members = loads(text)
    except CodecError as error:
        raise LocalProtocolError(f"this is no saved session: {error}") from None
    match members:
        case {
            "world": str() as world,
            "seed": int() as seed,
            "options": dict() as options,
            "steps": list() as steps,
        } if seed is not True and seed is not False:
            session = Session(world=world, seed=seed)
        case _:
            raise LocalProtocolError('this is no saved session: it needs "world", "seed", "options" and "steps"')
    for name, value in options.items():
        if type(value) is not int:
            raise LocalProtocolError(f'this is no saved session: the option "{name}" is no whole number')
    return evolve(session, options=options, steps=tuple(_step(at, each) for at, each in enumerate(steps, start=1)))


def _step(at: int, value: JsonValue) -> Step:
    match value:
        case [str() as action, *numbers] if all(type(number) is int for number in numbers):
            return Step(action, tuple(numbers))
        case _:
            raise LocalProtocolError(
                f"this is no saved session: step {at} is no name of an action with whole numbers after it"
            )
