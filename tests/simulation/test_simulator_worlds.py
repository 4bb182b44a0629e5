"""Our worlds in the simulator: nothing is wrong in them, and what is drawn in them can be played again."""

import re
from pathlib import Path

import pytest

from hocket.testing import worlds
from hocket.testing.simulation import FAULTS, Campaign, play, read_session, write_session
from hocket.testing.worlds import A2AWorld, AcpWorld

PAGE = Path(__file__).parents[2] / "docs" / "simulation.md"
WORLDS = [A2AWorld, AcpWorld]


@pytest.mark.parametrize("world", WORLDS)
def test_a_session_that_was_drawn_is_played_again_byte_for_byte_from_a_file(world):
    campaign = Campaign(name="ours", make=world, seed=20, steps=60)
    for number in range(3):
        drawn = campaign.play(number)
        played = play(world, read_session(write_session(drawn)))
        assert drawn.finding is None
        assert played == drawn
        assert played.world.trace.text() == drawn.world.trace.text()
        assert played.world.counts == drawn.world.counts


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("world", WORLDS)
def test_nothing_is_wrong_in_sessions_with_all_faults(world, number):
    played = Campaign(name="ours", make=world, seed=2026).play(number)
    assert played.finding is None, played.session


@pytest.mark.parametrize("world", WORLDS)
def test_the_same_session_has_the_same_trace(world):
    campaign = Campaign(name="ours", make=world, seed=5)
    first, second = campaign.play(3), campaign.play(3)
    assert first.session == second.session
    assert first.trace == second.trace
    assert first.world.counts == second.world.counts


@pytest.mark.parametrize("make", WORLDS)
def test_an_action_that_makes_no_sense_does_nothing(make):
    world = make(1)
    before, possible = world.trace.text(), world.possible()
    assert possible == [action.name for action in make.ACTIONS if action.name in possible]
    for action in make.ACTIONS:
        if action.name not in possible:
            world.act(action.name, (7,) * action.numbers)
    assert (world.now, world.counts["events"], world.trace.text()) == (0, 0, before)
    assert world.possible() == possible
    world.finish()


@pytest.mark.parametrize("world", WORLDS)
def test_a_world_has_actions_and_options_as_the_simulator_takes_them(world):
    names = [action.name for action in world.ACTIONS]
    assert len(set(names)) == len(names)
    assert {"cut", "delay", "partition", "crash", "slow", "jump", "duplicate", "hostile"} <= {
        action.fault for action in world.ACTIONS
    }
    assert "agents" in world.OPTIONS
    for least, most in world.OPTIONS.values():
        assert 1 <= least <= most
    smallest = world(0, **{name: least for name, (least, _) in world.OPTIONS.items()})
    assert set(smallest.possible()) <= set(names)
    smallest.finish()


def rows_after(heading):
    """The first two cells of a table of the page."""
    table = PAGE.read_text(encoding="utf-8").partition(f"| {heading} ")[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| `([\w-]+)` +\| (.*?) +\|$", table, re.MULTILINE))


def test_the_page_has_the_faults():
    assert rows_after("fault") == dict(FAULTS)


@pytest.mark.parametrize(("heading", "world"), [("in A2A", "a2a"), ("in ACP", "acp")])
def test_the_page_has_what_must_hold(heading, world):
    folder = Path(worlds.__file__).parent / world
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    told = rows_after(heading)
    assert set(re.findall(r'iolation\(\s*"([a-z-]+)"', source)) - {"does-not-rest"} <= set(told)
    assert [name for name in told if f'"{name}"' not in source] == []
