"""What Hypothesis does with the rules of the machines: the talk that there is to break, and faults in their turn."""

from collections import Counter

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from hocket.testing.machines import A2AMachine, HubMachine
from hocket.testing.machines.balance import Balance


@given(st.lists(st.booleans(), max_size=30))
def test_a_fault_comes_after_two_deeds_of_its_own(wanted):
    balance, deeds, faults = Balance(), 0, 0
    for is_fault in wanted:
        if not is_fault:
            balance.count(None)
            deeds += 1
        elif balance.allows_fault:
            balance.count("cut")
            faults += 1
            assert deeds > 2 * (faults - 1)
        else:
            assert deeds <= 2 * faults


def played(machine):
    """What is done in some examples, and how often."""
    done = Counter()

    class Counting(machine):
        def _act(self, name, *numbers):
            done[name] += 1
            super()._act(name, *numbers)

        def _by(self, who, name, *rest):
            done[name] += self.can(name)
            super()._by(who, name, *rest)

    quick = settings(max_examples=40, stateful_step_count=20, phases=[Phase.generate], derandomize=True, database=None)
    run_state_machine_as_test(Counting, settings=quick)
    return done


@pytest.mark.parametrize(
    ("machine", "talk"),
    [(HubMachine, ["say", "begin", "post", "join"]), (A2AMachine, ["speak", "subscribe", "ask", "revise", "cancel"])],
)
def test_there_is_talk_to_break(machine, talk):
    done = played(machine)
    assert sum(done[each] for each in talk) > 40, done
    assert 0 < done["crash"] < done["wait"]


def test_who_has_met_may_speak_at_once():
    for met in (False, True):
        machine = HubMachine()
        machine.begin(agents=3, history=1000, window=65_536, seed=1, met=met)
        assert machine.can("say") == met
        machine.teardown()


def test_an_agent_at_work_may_speak_at_once():
    for at_work in (False, True):
        machine = A2AMachine()
        machine.begin(seed=1, agents=1, clients=1, at_work=at_work)
        assert machine.can("speak") == at_work
        machine.teardown()
