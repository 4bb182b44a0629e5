"""Plans of faults: played, they do what they say, always the same, and mend in the end what can be mended."""

import pytest
from hypothesis import given, settings

from hocket import Connection
from hocket.errors import LocalProtocolError
from hocket.framing import Ndjson
from hocket.jsonrpc import ErrorReceived, RequestReceived, ResultReceived
from hocket.testing.faults import KINDS, Fault, play
from hocket.testing.network import Carrier, VirtualNetwork
from hocket.testing.source import as_source, imports_for
from hocket.testing.strategies import fault_plans
from support.recorders import Recorder

FEWER = settings(max_examples=settings().max_examples // 2)
GENTLE = ["stall", "slow", "delay", "partition", "jump"]


def asked_and_answered(plan, until=60.0):
    """A client asks three times while the plan is played; what it is told, and the trace."""
    net = VirtualNetwork(seed=7)
    client, server = Connection(Ndjson()), Connection(Ndjson())
    net.connect(client, server, names=("client", "server"))
    for number in range(3):
        client.send_request("double", [number], now=net.now_at("client"))
    play(net, plan, until=until)
    told = []
    while (event := net.next_event(until=until + 600.0)) is not None:
        match event.event:
            case RequestReceived(id=request_id, params=[number]):
                server.send_result(request_id, 2 * number, now=net.now_at("server"))
            case ResultReceived() | ErrorReceived():
                told.append(event.event.result)
    return told, net


@given(fault_plans(GENTLE))
@FEWER
def test_what_is_only_slow_arrives_in_the_end(plan):
    told, net = asked_and_answered(plan)
    assert told == [0, 2, 4]
    assert net.now >= 60.0


@given(fault_plans())
@FEWER
def test_the_same_plan_gives_the_same_trace(plan):
    (told, net), (again, other) = asked_and_answered(plan), asked_and_answered(plan)
    assert told == again == [0, 2, 4][: len(told)]
    assert net.trace.text() == other.trace.text()


@given(fault_plans())
@FEWER
def test_a_plan_is_printed_so_that_it_can_be_played_again(plan):
    room = {}
    exec("\n".join(imports_for(plan)), room)
    assert eval(f"({as_source(plan)})", room) == plan
    assert [fault.at for fault in plan] == sorted(fault.at for fault in plan)


SEEN = {
    "cut": "cut, ",
    "stall": "0 bytes/s",
    "slow": "3 bytes/s",
    "delay": "takes 0 to 9 s",
    "partition": "partition near",
    "crash": "near crashes",
    "jump": "the clock of near jumps 9 s",
    "duplicate": "doubles unit 0",
    "swap": "swaps units 0 and 1",
    "lose": "loses unit 0",
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_fault_is_seen_in_the_trace(kind):
    net = VirtualNetwork(seed=1, carrier=Carrier(latency=(1.0, 1.0), units=True))
    near, far = Recorder(), Recorder()
    net.connect(near, far, names=("near", "far"))
    near.unsaid += [b"one", b"two"]
    fault = Fault(kind=kind, at=0.5, lasts=9.0, number=2)
    play(net, [fault, Fault(kind=kind, at=99.0)], until=20.0)
    text = net.trace.text()
    assert text.count(SEEN[kind]) == 1, text
    assert net.now == 20.0


@pytest.mark.parametrize(("number", "words"), [(0, "with its log"), (1, "without its log")])
@pytest.mark.parametrize("lasts", [5.0, 500.0])
def test_who_crashed_is_up_again_in_the_end(number, words, lasts):
    net = VirtualNetwork(seed=1)
    net.add("server")
    play(net, [Fault(kind="crash", at=1.0, lasts=lasts, number=number)], until=10.0, places=["server"])
    assert net.is_up("server")
    assert f"server restarts {words}" in net.trace.text()


def test_partitions_that_overlap_are_healed_with_the_last_one():
    net = VirtualNetwork(seed=1)
    net.connect(Recorder(), Recorder(), names=("near", "far"))
    play(net, [Fault(kind="partition", at=at, target=int(at), lasts=4.0) for at in (1.0, 3.0)], until=10.0)
    healed = [line for line in net.trace.lines if "healed" in line]
    assert len(healed) == 1
    assert " 7." in healed[0] or healed[0].lstrip().startswith("7")


def test_a_fault_that_meets_nothing_does_nothing():
    net = VirtualNetwork(seed=1)
    play(net, [Fault(kind=kind, at=0.0) for kind in KINDS], until=1.0)
    assert net.now == 1.0


def test_mistakes_are_told():
    net = VirtualNetwork(seed=1)
    play(net, [], until=5.0)
    with pytest.raises(LocalProtocolError, match="cannot run until 4"):
        play(net, [], until=4.0)
    with pytest.raises(ValueError, match="kind"):
        Fault(kind="flood", at=0.0)
