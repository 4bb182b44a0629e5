"""Sessions: the same seed plays the same; what is wrong is found and said; what was played can be played again."""

import itertools
from collections import Counter
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hocket.codec import dumps, loads
from hocket.errors import LocalProtocolError
from hocket.testing.simulation import FAULTS, Action, Campaign, Played, Session, Step, Tally, play, read_session
from hocket.testing.simulation.actions import allowed
from hocket.testing.simulation.draw import moods
from hocket.testing.simulation.saved import write_session
from support.letters import BUGS, Letters, with_bug

bugs = st.sampled_from((None, *BUGS))
seeds = st.integers(0, 1_000_000)
steps = st.builds(
    Step,
    st.sampled_from([action.name for action in Letters.ACTIONS]),
    st.integers(-5, 2_000).map(lambda number: (number,)),
)
sessions = st.builds(
    Session,
    world=st.text(),
    seed=st.integers(),
    options=st.fixed_dictionaries({"agents": st.integers(1, 4)}),
    steps=st.lists(steps, max_size=30).map(tuple),
)


def campaign(world=Letters, **more):
    return Campaign(**{"name": "letters", "make": world, "seed": 1, "steps": 30, **more})


def first_finding(world, **more):
    many = campaign(world, **more)
    return next(played for number in itertools.count() if (played := many.play(number)).finding is not None)


# Drawing and playing


@given(bugs, seeds, st.integers(0, 99))
def test_the_same_seed_and_number_are_the_same_session_again_and_so_is_what_was_drawn_when_played(bug, seed, number):
    world = with_bug(bug)
    drawn, again = (campaign(world, seed=seed).play(number) for _ in range(2))
    played = play(world, drawn.session)
    assert drawn == again == played
    assert drawn.trace == again.trace == played.trace
    assert drawn.world.counts == played.world.counts


def test_sessions_of_a_campaign_differ_in_everything():
    many = [campaign().play(number).session for number in range(60)]
    assert len({session.seed for session in many}) == 60
    assert {session.options["agents"] for session in many} == {1, 2, 3, 4}
    lengths = {len(session.steps) for session in many}
    assert lengths <= set(range(1, 31))
    assert len(lengths) > 15
    assert campaign(seed=2).play(0).session != many[0]
    assert len({step.numbers for session in many for step in session.steps}) > 500


def test_a_session_has_kinds_of_faults_and_a_mood_of_its_own():
    fault_of = {action.name: action.fault for action in Letters.ACTIONS}
    weight_of = {action.name: action.weight for action in Letters.ACTIONS}
    kinds, factors = Counter(), Counter()
    for seed in range(200):
        weights = moods(Letters.ACTIONS, Random(seed))
        kinds[frozenset(fault_of[name] for name in weights) - {None}] += 1
        factors.update((name, weight / weight_of[name]) for name, weight in weights.items())
        assert {"write", "carry", "wait"} <= weights.keys()
    assert min(kinds[frozenset(each)] for each in ((), ("cut",), ("duplicate",), ("cut", "duplicate"))) > 20
    assert set(factors) == {(name, factor) for name in weight_of for factor in (1, 2, 5)}


def test_what_is_frequent_comes_more_often():
    taken = Counter(step.action for number in range(100) for step in campaign().play(number).session.steps)
    assert taken["write"] > 1.5 * taken["wait"]


def test_another_world_is_drawn_otherwise():
    assert campaign().play(0).session.seed != campaign(name="others").play(0).session.seed


@given(st.sets(st.sampled_from(["cut", "duplicate", "slow"])), seeds)
def test_only_faults_that_were_asked_for_happen(faults, seed):
    fault_of = {action.name: action.fault for action in Letters.ACTIONS}
    many = campaign(seed=seed, faults=tuple(faults))
    assert set(many.fault_of.values()) <= faults
    for number in range(5):
        happened = {fault_of[step.action] for step in many.play(number).session.steps}
        assert happened - {None} <= faults


def test_faults_and_options_that_are_not_there_are_refused():
    with pytest.raises(LocalProtocolError, match="there is no fault 'flood'; there are: cut, "):
        campaign(faults=("flood",))
    with pytest.raises(LocalProtocolError, match="letters has no 'size' to choose; it has: agents"):
        campaign(most={"size": 3})
    with pytest.raises(LocalProtocolError, match="agents must be at least 1, not 0"):
        campaign(most={"agents": 0})
    with pytest.raises(LocalProtocolError, match="steps must be a whole number over 0, not 0"):
        campaign(steps=0)
    with pytest.raises(ValueError, match="fault"):
        Action("flood", fault="flood")


@pytest.mark.parametrize(("most", "drawn"), [(1, {1}), (3, {1, 2, 3}), (7, {1, 2, 3, 4})])
def test_an_option_may_have_less_than_the_world_says(most, drawn):
    many = campaign(most={"agents": most})
    assert {many.play(number).session.options["agents"] for number in range(50)} == drawn


def test_faults_have_names_that_commands_know():
    table = [Action(name, fault=name) for name in FAULTS]
    assert allowed(table, FAULTS) == tuple(table)
    assert allowed(table, ()) == ()


def test_a_world_where_nothing_is_possible_comes_to_its_end():
    class Empty(Letters):
        def possible(self):
            return []

    assert campaign(Empty).play(0) == Played(session=campaign(Empty).play(0).session, world=None)
    assert campaign(Empty).play(0).session.steps == ()


# What is found


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug):
    finding = first_finding(with_bug(bug)).finding
    assert finding.invariant == bug


def test_nothing_is_found_where_nothing_is_wrong():
    assert all(campaign().play(number).finding is None for number in range(100))


def test_a_finding_says_after_which_step():
    session = Session(steps=(Step("write", (0,)), Step("write", (0,)), Step("carry", (1,)), Step("wait", (0,))))
    played = play(with_bug("order"), session)
    assert played.finding.at == 3
    assert played.finding.detail == "0 is read as [2]"
    assert played.session == Session(steps=session.steps[:3])
    assert played.trace == [
        "0.000 * step 1: write 0",
        "0.000 * step 2: write 0",
        "0.000 * step 3: carry 1",
        "0.250 letter 2 of 0",
    ]


def test_a_finding_may_be_at_the_end_alone():
    played = play(with_bug("all-arrive"), Session(steps=(Step("write", (0,)), Step("burn", (0,)))))
    assert (played.finding.invariant, played.finding.at) == ("all-arrive", None)
    assert played.trace[-1] == "0.000 * the end"


def test_an_exception_that_is_no_violation_is_a_crash_with_its_place():
    writes = (Step("write", (0,)), Step("burn", (0,)), Step("write", (2,)))
    finding = play(with_bug("crash"), Session(options={"agents": 3}, steps=writes)).finding
    assert finding.invariant == "crash"
    assert finding.detail == "KeyError: 'a letter of the third', raised in support.letters.Letters.write"
    assert finding.kind == "crash KeyError support.letters.Letters.write"
    assert isinstance(finding.error, KeyError)


def test_a_world_that_cannot_be_made_is_a_crash_at_the_beginning():
    played = play(Letters, Session(options={"agents": -1, "size": 3}))
    assert (played.finding.invariant, played.finding.at, played.trace) == ("crash", 0, [])


def test_an_interrupt_is_no_finding():
    class Interrupted(Letters):
        def check(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play(Interrupted, Session())


@given(bugs, sessions)
def test_whatever_steps_are_played_only_what_is_planted_is_found(bug, session):
    finding = play(with_bug(bug), session).finding
    assert finding is None or finding.invariant == bug


# Kept in a file


@given(sessions)
@example(Session(world='"\n', seed=-(10**30), options={"": -1}, steps=(Step("\u2028"),)))
def test_a_session_is_read_as_it_was_written(session):
    text = write_session(Played(session=session, world=None))
    assert read_session(text) == session
    assert len(text.splitlines()) == 8 + len(session.steps)


def test_what_was_wrong_is_in_the_file():
    played = first_finding(with_bug("order"))
    assert loads(write_session(played))["violation"] == {"invariant": "order", "detail": played.finding.detail}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"steps": [["write", 0], ["carry", "x"]]}, "step 2 is no name of an action with whole numbers after it"),
        ({"steps": [["write", True]]}, "step 1 is no name"),
        ({"steps": [["write", 1.5]]}, "step 1 is no name"),
        ({"steps": [[]]}, "step 1 is no name"),
        ({"steps": ["write"]}, "step 1 is no name"),
        ({"options": {"agents": "many"}}, 'the option "agents" is no whole number'),
        ({"options": {"agents": True}}, 'the option "agents" is no whole number'),
        ({"seed": "1"}, 'it needs "world", "seed", "options" and "steps"'),
        ({"seed": True}, 'it needs "world", "seed", "options" and "steps"'),
        ({"world": None}, 'it needs "world", "seed", "options" and "steps"'),
    ],
)
def test_a_file_that_is_no_session_is_refused_with_the_place(change, complaint):
    whole = {"world": "letters", "seed": 1, "options": {}, "steps": []}
    assert read_session(dumps(whole)) == Session(world="letters", seed=1)
    with pytest.raises(LocalProtocolError, match=complaint):
        read_session(dumps(whole | change))
    for name in change:
        with pytest.raises(LocalProtocolError, match="this is no saved session"):
            read_session(dumps({key: value for key, value in whole.items() if key != name}))


@given(st.binary(max_size=20))
def test_other_bytes_are_refused(text):
    with pytest.raises(LocalProtocolError, match="this is no saved session"):
        read_session(text)


# Counting


def test_a_tally_counts_what_happened():
    played = play(Letters, Session(steps=(Step("write", (0,)), Step("copy", (0,)), Step("burn", (0,)))))
    tally = Tally()
    tally.add(played, {"copy": "duplicate", "burn": "cut"})
    assert tally == Tally(
        sessions=1,
        steps=3,
        seconds=0.5,
        counts=Counter(messages=1, events=1),
        faults=Counter(duplicate=1, cut=1),
    )


@given(st.integers(0, 12))
def test_tallies_of_parts_are_the_tally_of_all(cut):
    many = campaign(with_bug("order"))
    whole, first, rest = Tally(), Tally(), Tally()
    for number in range(12):
        played = many.play(number)
        whole.add(played, many.fault_of)
        (first if number < cut else rest).add(played, many.fault_of)
    first.merge(rest)
    assert first == whole
    assert whole.sessions == 12
    assert whole.violations["order"] > 0
