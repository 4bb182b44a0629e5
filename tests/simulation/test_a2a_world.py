"""The world of A2A, in the hands of Hypothesis and of seeds. What is wrong in a server is found."""

import re

import pytest
from attrs import define, field
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from hocket.testing.machines import A2AMachine
from hocket.testing.simulation import Session, Step, play, replay, shrink
from hocket.testing.violation import Violation
from hocket.testing.worlds import A2AWorld
from hocket.testing.worlds.a2a import OurServer
from support.meddling import Meddler

PLAYED = settings(max_examples=20, stateful_step_count=50)


PIPE = 1
"""The number of the way that is a pipe with streams."""


class LonelyMachine(A2AMachine):
    """The same with an agent that stops when nobody is left."""

    most_agents = 1

    def make_server(self, seed):
        return OurServer(seed, on_disconnect="cancel")


TestA2AMachine = A2AMachine.TestCase
TestLonelyMachine = LonelyMachine.TestCase
TestA2AMachine.settings = TestLonelyMachine.settings = PLAYED


# A server that is somebody else's: all that is known of it are its bytes


def drops_the_third(line):
    return [] if b'"offset":3,"result"' in line else [line]


def doubles_the_second(line):
    return [line, line] if b'"offset":2,"result"' in line else [line]


def doubles_everything(line):
    return [line, line] if b"$/stream" in line else [line]


def swaps_words(line):
    return [line.replace(b"word", b"sword") if b'"artifactUpdate"' in line else line]


def drops_the_end(line):
    return [] if b"TASK_STATE_COMPLETED" in line else [line]


def ends_too_soon(line):
    match = re.match(rb'{"jsonrpc":"2.0","method":"\$/stream","params":{"id":("\w+"),"offset":3,', line)
    if match is None:
        return [line]
    return [b'{"jsonrpc":"2.0","id":%b,"result":{"state":"completed","offset":2}}' % match[1]]


def tells_no_reason(line):
    task_not_found = b'{"code":-32001,"message":"there is no such task"}'
    return [re.sub(rb'"result":{"id":.*}$', b'"error":' + task_not_found + b"}", line)]


def wrong_server(meddle):
    class Wrong(OurServer):
        def pipe(self, link, now):
            return Meddler(super().pipe(link, now), meddle)

    return Wrong


@pytest.mark.parametrize(
    ("meddle", "invariant"),
    [
        (drops_the_third, "order"),
        (doubles_the_second, "exactly-once"),
        (swaps_words, "order"),
        (drops_the_end, "ended-not-cut"),
        (ends_too_soon, "ended-not-cut"),
        (tells_no_reason, "refusal"),
    ],
)
def test_a_server_that_does_wrong_is_caught(meddle, invariant):
    a_life = [
        ("send", (0, 0, PIPE)),
        ("wait", (3,)),
        ("speak", (0, 2)),
        ("wait", (3,)),
        ("get", (0, 0, PIPE)),
        ("wait", (3,)),
        ("end", (0, 0)),
        ("wait", (3,)),
    ]
    session = Session(seed=1, steps=[Step(*step) for step in a_life])
    replay(A2AWorld, session)
    with pytest.raises(Violation) as caught:
        replay(lambda seed: A2AWorld(seed, server=wrong_server(meddle)), session)
    assert caught.value.invariant == invariant, caught.value


def test_hypothesis_finds_what_is_wrong_and_tells_it_in_a_program_that_can_be_read():
    class Machine(A2AMachine):
        faults = ()
        most_agents = most_clients = 1
        make_server = staticmethod(wrong_server(doubles_everything))

    quick = settings(max_examples=300, stateful_step_count=8, database=None, phases=[Phase.generate])
    with pytest.raises(Violation) as caught:
        run_state_machine_as_test(Machine, settings=settings(quick, report_multiple_bugs=False))
    assert caught.value.invariant == "exactly-once", caught.value
    told = "\n".join(caught.value.__notes__)
    program = [line.strip() for line in told.splitlines() if line.strip().startswith("state.")]
    assert program[0].startswith("state.begin(")
    assert program[-1] == "state.teardown()" or program[-1].startswith("state.wait(seconds=")
    assert re.search(r"state\.\w+\(.*way='\w+ on a pipe'", told), "the argument is said in words"


def test_what_is_wrong_is_shrunk_to_the_steps_that_matter():
    @define(eq=False)
    class World(A2AWorld):
        server = field(default=wrong_server(tells_no_reason), kw_only=True)

    noise = [Step("list", (0, 0, 0)), Step("wait", (0,)), Step("hostile", (0, 3, 0)), Step("jump", (0, 0))]
    steps = [*noise, Step("send", (0, 0, 0)), *noise, Step("wait", (3,)), *noise, Step("get", (0, 5, 49)), *noise]
    shrunk = shrink(World, play(World, Session(seed=1, steps=steps)))
    assert shrunk.played.finding.invariant == "refusal"
    assert [step.action for step in shrunk.played.session.steps] == ["send", "wait", "get"]
