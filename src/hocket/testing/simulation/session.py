"""Sessions: what happens in a world from its beginning to its end, as data that can be kept and played again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType

from attrs import field, frozen

from hocket.testing.simulation.world import Step, World, WorldFactory
from hocket.testing.violation import Violation

__all__ = ["CRASH", "Choose", "Finding", "Played", "Session", "play", "play_by", "replay"]

CRASH = "crash"
"""The invariant that is broken by an exception which is no Violation: what is tested raises none."""

Choose = Callable[[World], Step | None]
"""What is to happen next in a world; None when it is to come to its end."""


@frozen(kw_only=True)
class Session:
    """Everything that is needed to play it again: the same session gives the same trace, byte for byte.

    Args:
        world: The name of the world, as `hocket simulate --protocol` has it.
        seed: What all chances in the world come from.
        options: What was chosen for the world, such as how many `agents`.
        steps: What happens, in order. Then the world comes to its end.
    """

    world: str = ""
    seed: int = 0
    options: Mapping[str, int] = field(factory=dict)
    steps: tuple[Step, ...] = ()


@frozen(kw_only=True)
class Finding:
    """Something that must always hold, and did not.

    Attributes:
        invariant: Its name; `crash` for an exception that is no Violation.
        detail: What is so and should not be.
        kind: What two findings have in common that are the same: the name, and for a crash what was raised where.
        at: After how many steps it showed; None where it was at the end.
        error: What was raised.
    """

    invariant: str
    detail: str
    kind: str
    at: int | None
    error: Exception = field(eq=False, repr=False)


@frozen(kw_only=True)
class Played:
    """What became of a session.

    Attributes:
        session: The session; its steps are those that were taken.
        world: The world as it was left; None where it could not even be made.
        finding: What was wrong; None for nothing.
    """

    session: Session
    world: World | None = field(eq=False, repr=False)
    finding: Finding | None = None

    @property
    def trace(self) -> list[str]:
        """A line for each thing that happened."""
        return [] if self.world is None else list(self.world.trace.lines)


def play(make: WorldFactory, session: Session) -> Played:
    """Play a session.

    Args:
        make: Makes the world.
        session: What is to happen in it.

    >>> from hocket.testing.worlds import AcpWorld
    >>> play(AcpWorld, Session(seed=7)).finding is None
    True
    """
    steps = iter(session.steps)
    return play_by(make, session, lambda world: next(steps, None))


def replay(make: WorldFactory, session: Session) -> None:
    """Play a session in a test.

    Args:
        make: Makes the world.
        session: What is to happen in it; `hocket simulate` prints one with every violation.

    Raises:
        Violation: Something that must always hold does not.
        Exception: Whatever else the code under test raises.

    >>> from hocket.testing.worlds import AcpWorld
    >>> replay(AcpWorld, Session(seed=7))
    """
    finding = play(make, session).finding
    if finding is not None:
        raise finding.error


def play_by(make: WorldFactory, session: Session, choose: Choose) -> Played:
    """Play a session whose steps are chosen while it goes on.

    Args:
        make: Makes the world.
        session: What it begins with. Its steps are replaced by those that are taken.
        choose: Chooses them.
    """
    world: World | None = None
    steps: list[Step] = []
    at: int | None = 0
    finding = None
    try:
        world = make(session.seed, **session.options)
        world.check()
        while (step := choose(world)) is not None:
            steps.append(step)
            at = len(steps)
            world.trace.note(world.now, f"* step {at}: {step}")
            world.act(step.action, step.numbers)
            world.check()
        at = None
        world.trace.note(world.now, "* the end")
        world.finish()
    except Exception as error:  # noqa: BLE001  -- whatever the code under test raises is what we look for
        finding = _finding(error, at)
    taken = Session(world=session.world, seed=session.seed, options=session.options, steps=tuple(steps))
    return Played(session=taken, world=world, finding=finding)


def _finding(error: Exception, at: int | None) -> Finding:
    if isinstance(error, Violation):
        return Finding(invariant=error.invariant, detail=error.detail, kind=error.invariant, at=at, error=error)
    what, where = type(error).__name__, _place(error.__traceback__)
    said = f"{what}: {error}" if str(error) else what
    return Finding(
        invariant=CRASH, detail=f"{said}, raised in {where}", kind=f"{CRASH} {what} {where}", at=at, error=error
    )


def _place(traceback: TracebackType | None) -> str:
    """The function that raised it: `hocket.acp.lane.push`."""
    assert traceback is not None, "it was raised"
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    frame = traceback.tb_frame
    return f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}"
