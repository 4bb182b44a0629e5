"""The world of ACP, in the hands of Hypothesis and of seeds. What is wrong in a hub, or in a client, is found."""

import re
from contextlib import contextmanager

import pytest
from anyio.from_thread import start_blocking_portal
from attrs import define, field
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from hocket.acp.client import Client
from hocket.acp.hub import Hub
from hocket.acp.limits import HubLimits, LaneLimits, StreamLimits
from hocket.testing.machines import HubMachine, HubTargetMachine
from hocket.testing.simulation import Session, Step, play, replay, shrink
from hocket.testing.violation import Violation
from hocket.testing.worlds import AcpWorld
from hocket.testing.worlds.acp.hosted import Hosted, hosted
from hocket_io.acp import HubHost
from hocket_io.acp.serving import serve_tcp
from hocket_io.testing import reach
from support.meddling import Meddler

TestHubMachine = HubMachine.TestCase
TestHubMachine.settings = settings(max_examples=20, stateful_step_count=50)


# A hub that is somebody else's: all that is known of it are its bytes


@define(eq=False)
class WrongHub:
    """A hub that says all that it says through a Meddler."""

    hub: object
    meddle: object

    def __getattr__(self, name):
        return getattr(self.hub, name)

    def accept(self, road, now):
        end = self.hub.accept(road, now)
        return None if end is None else Meddler(end, self.meddle)


def wrong_hub(meddle):
    return lambda entropy, history: WrongHub(hosted(entropy, history), meddle)


def drops_an_event(line):
    return [] if b'"eventId":"2"' in line else [line]


def swaps_words(line):
    return [line.replace(b"ada1.0", b"ada1.9")]


def tells_another_sender(line):
    return [line.replace(b'"agentId":"ada"', b'"agentId":"eve"') if b'"stream.chunk"' in line else line]


def answers_twice(line):
    return [line, line] if b'"type":"success"' in line else [line]


def does_not_answer(line):
    return [] if b'"type":"success"' in line else [line]


def gives_another_reason(line):
    return [line.replace(b'"code":-40010', b'"code":-40004')]


def ends_what_goes_on(line):
    told = b'{"jsonrpc":"2.0","method":"stream.end","params":{"streamId":'
    return (
        [told + line.split(b'"streamId":')[1].split(b",")[0] + b',"eventId":"9"}}']
        if b"stream.message" in line
        else [line]
    )


PAUSED = [("pause", (0,)), ("say", (1,)), ("wait", (0, 2))]
A_LIFE = [("start", (0, 2, 1)), ("wait", (0, 2)), ("join", (0,)), ("wait", (0, 2))]
SPEECH = [("begin", (0, 1, 0, 0)), ("go on", (0,)), ("say", (0,)), ("say", (1,)), ("wait", (0, 2))]


def session(*more):
    return Session(seed=1, options={"agents": 2}, steps=[Step(*step) for step in [*A_LIFE, *more]])


@pytest.mark.parametrize(
    ("meddle", "invariant"),
    [
        (drops_an_event, "lost-is-told"),
        (swaps_words, "no-corrupt-message"),
        (tells_another_sender, "no-corrupt-message"),
        (answers_twice, "exactly-once"),
        (does_not_answer, "every-call-ends"),
        (gives_another_reason, "states"),
        (ends_what_goes_on, "states"),
    ],
)
def test_a_hub_that_does_wrong_is_caught(meddle, invariant):
    played = session(*SPEECH, *PAUSED)
    replay(AcpWorld, played)
    with pytest.raises(Violation) as caught:
        replay(lambda seed, **options: AcpWorld(seed, hub=wrong_hub(meddle), **options), played)
    assert caught.value.invariant == invariant, caught.value


def test_a_hub_that_waits_too_long_for_a_piece_is_caught():
    """cyd posts: one piece, not the next one, and the one after it."""

    def patient(entropy, history):
        lane = LaneLimits(gap=1_000.0, stall=1_000.0)
        return Hosted(Hub(entropy=entropy, limits=HubLimits(stream=StreamLimits(lane=lane))))

    posts = [Step("start", (0, 0, 1)), Step("wait", (0, 2))]
    pieces = [Step("begin", (0, 3, 0, 1)), Step("skip", (0,)), Step("go on", (0,)), Step("wait", (0, 0))]
    played = Session(seed=1, options={"agents": 1}, steps=[*posts, *pieces])
    replay(lambda seed, **options: AcpWorld(seed, kinds=["posts"], **options), played)
    with pytest.raises(Violation, match=r"lost-is-told: .* waits since .* for piece 2"):
        replay(lambda seed, **options: AcpWorld(seed, kinds=["posts"], hub=patient, **options), played)


class Deaf(Client):
    """A client that does not hear one of the events."""

    def receive_message(self, data, now):
        if b'"eventId":"3"' not in data:
            super().receive_message(data, now)


def test_a_client_that_does_wrong_is_caught():
    def deaf(name, kind, entropy):
        return Deaf(name, entropy=entropy)

    with pytest.raises(Violation, match=r"lost-is-told"):
        replay(lambda seed, **options: AcpWorld(seed, client=deaf, kinds=["known"], **options), session(*SPEECH))


def test_what_is_wrong_is_shrunk_to_the_steps_that_matter():
    @define(eq=False)
    class World(AcpWorld):
        hub = field(default=wrong_hub(gives_another_reason), kw_only=True)

    noise = [("get", (0,)), ("post", (0, 0)), ("delay", (0, 1)), ("attack", (0, 0, 0)), ("wait", (0, 1))]
    found = play(World, session(*noise, *SPEECH, *noise, *PAUSED, *noise))
    shrunk = shrink(World, found)
    assert shrunk.played.finding.invariant == "states"
    assert len(shrunk.played.session.steps) <= 6
    assert {"start", "pause", "say"} <= {step.action for step in shrunk.played.session.steps}


def test_hypothesis_finds_what_is_wrong_and_tells_it_in_a_program_that_can_be_read():
    class Machine(HubMachine):
        faults = ()
        kinds = ("known",)
        make_hub = staticmethod(wrong_hub(answers_twice))

    quick = settings(max_examples=300, stateful_step_count=8, database=None, phases=[Phase.generate], derandomize=True)
    with pytest.raises(Violation) as caught:
        run_state_machine_as_test(Machine, settings=settings(quick, report_multiple_bugs=False))
    assert caught.value.invariant == "exactly-once", caught.value
    told = "\n".join(caught.value.__notes__)
    program = [line.strip() for line in told.splitlines() if line.strip().startswith("state.")]
    assert program[0].startswith("state.begin(")
    assert any(re.search(r"who='\w+'\)$", line) for line in program), "an argument is said in words"


# A hub that is somewhere


def test_a_hub_in_this_process_is_played_in_its_own_time():
    class Machine(HubTargetMachine):
        def reach(self):
            return reach(HubHost)

    run_state_machine_as_test(Machine, settings=settings(max_examples=8, stateful_step_count=25, database=None))


@contextmanager
def hub_on_tcp():
    """A hub of ours behind a real port, on an event loop in another thread."""

    async def serve(*, task_status):
        async with HubHost() as host:
            await serve_tcp(host, "127.0.0.1", 0, task_status=task_status)

    with start_blocking_portal() as portal:
        future, (where, port) = portal.start_task(serve)
        yield f"tcp://{where}:{port}"
        future.cancel()


def test_a_hub_on_tcp_is_played_too():
    with hub_on_tcp() as address:

        class Machine(HubTargetMachine):
            def reach(self):
                return reach(address)

        run_state_machine_as_test(
            Machine, settings=settings(max_examples=4, stateful_step_count=15, database=None, deadline=None)
        )
