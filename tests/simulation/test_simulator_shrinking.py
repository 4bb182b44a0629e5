"""Shrinking: what is left of a session is the same finding, and nothing of it can be left out."""

import itertools

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from hocket.testing.simulation import Campaign, Session, Step, play, shrink
from support.letters import BUGS, Letters, with_bug

SMALLEST = {
    "order": ["write 0, write 0, carry 1", "write 0, burn 0, write 0", "write 0, write 0, burn 0"],
    "exactly-once": ["write 0, copy 0"],
    "all-arrive": ["write 0, burn 0"],
    "crash": ["write 0, burn 0, write 2"],
}
"""The smallest sessions of each bug."""


def found(bug, seed):
    """The first session of a campaign that shows it."""
    campaign = Campaign(name="letters", make=with_bug(bug), seed=seed, steps=40)
    sessions = map(campaign.play, itertools.count())
    return campaign.make, next(played for played in sessions if played.finding is not None)


@given(st.sampled_from(sorted(SMALLEST)), st.integers())
def test_whatever_session_shows_a_bug_shrinks_to_the_smallest_that_does(bug, seed):
    make, played = found(bug, seed)
    shrunk = shrink(make, played)
    assert shrunk.is_minimal
    assert ", ".join(map(str, shrunk.played.session.steps)) in SMALLEST[bug]
    assert shrunk.played.session.options == {"agents": 3 if bug == "crash" else 1}
    assert shrunk.played.session.seed == 0
    assert shrunk.played.finding.kind == played.finding.kind


@given(st.sampled_from(BUGS), st.integers(), st.integers(0, 60))
def test_without_any_one_of_its_steps_a_shrunk_session_passes(bug, seed, effort):
    make, played = found(bug, seed)
    shrunk = shrink(make, played, effort=effort)
    session = shrunk.played.session
    assert shrunk.tries <= effort
    assert play(make, session) == shrunk.played
    assert shrunk.played.finding.kind == played.finding.kind
    assert len(session.steps) <= len(played.session.steps)
    if shrunk.is_minimal:
        for at in range(len(session.steps)):
            fewer = evolve(session, steps=session.steps[:at] + session.steps[at + 1 :])
            finding = play(make, fewer).finding
            assert finding is None or finding.kind != played.finding.kind


def test_numbers_that_matter_become_as_small_as_they_can():
    make = with_bug("does-not-rest")
    waits = (Step("write", (9,)), Step("wait", (959,)), Step("wait", (659,)), Step("carry", (7,)))
    shrunk = shrink(make, play(make, Session(seed=5, options={"agents": 4}, steps=waits)))
    assert shrunk.is_minimal
    (first, second) = shrunk.played.session.steps
    assert first.numbers[0] + second.numbers[0] == 100
    assert shrunk.played.session.options == {"agents": 1}
    assert shrunk.played.session.seed == 0


@pytest.mark.parametrize(
    "steps",
    [
        "write 0, copy 0, write 0, carry 2",  # without the copy the last number means another letter
        "write 0, copy 0, carry 0, write 0, carry 0, write 0, carry 1",  # the copy makes up for one of the carries
    ],
)
def test_what_cannot_go_alone_goes_together(steps):
    words = [step.split() for step in steps.split(", ")]
    session = Session(options={"agents": 1}, steps=tuple(Step(name, (int(number),)) for name, number in words))
    make = with_bug("order")
    assert ", ".join(map(str, shrink(make, play(make, session)).played.session.steps)) in SMALLEST["order"]


def test_another_finding_on_the_way_is_not_taken_for_this_one():
    class Two(Letters):
        bug = "order"

        def burn(self, which):
            super().burn(which)
            raise LookupError("burnt")

    writes = (Step("write", (0,)), Step("write", (0,)), Step("carry", (1,)))
    shrunk = shrink(Two, play(Two, Session(options={"agents": 1}, steps=(Step("wait", (1,)), *writes))))
    assert (shrunk.played.finding.kind, shrunk.played.session.steps) == ("order", writes)
    shrunk = shrink(Two, play(Two, Session(options={"agents": 1}, steps=(*writes[:2], Step("burn", (1,))))))
    assert shrunk.played.finding.kind.startswith("crash LookupError")
    assert [step.action for step in shrunk.played.session.steps] == ["write", "burn"]


@pytest.mark.parametrize("effort", [0, 5_000])
def test_what_passed_stays_as_it_is(effort):
    played = play(Letters, Session(steps=(Step("write", (0,)), Step("wait", (5,)))))
    shrunk = shrink(Letters, played, effort=effort)
    assert shrunk.played is played
    assert shrunk.tries == 0
