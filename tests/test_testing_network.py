"""The virtual network, one thing after the other. What holds for all inputs is in properties/test_network.py."""

import gc
import random
from weakref import ref

import pytest
from attrs import evolve

from hocket import Connection
from hocket.errors import ConnectionFailed, LocalProtocolError
from hocket.framing import Ndjson
from hocket.heartbeat import Heartbeat
from hocket.jsonrpc import ConnectionClosed, NotificationReceived, RequestReceived, RequestTimedOut, ResultReceived
from hocket.testing.network import Carrier, Told, Trace, VirtualNetwork
from hocket.testing.violation import Violation
from support.recorders import FallibleRecorder, Ledger, Recorder

WHOLE = Carrier(latency=(1.0, 1.0), cuts=0)
"""One second, and in one piece."""


def pair(**options):
    """A network of ada and bob, one second apart."""
    network = VirtualNetwork(1, carrier=WHOLE, **options)
    ada, bob = FallibleRecorder(), FallibleRecorder()
    return network, ada, bob, network.connect(ada, bob, names=("ada", "bob"))


def with_hub(hub=None, **options):
    """A network of a hub and ada, who has dialed it."""
    network = VirtualNetwork(1, carrier=WHOLE)
    hub, ada = hub or Ledger(), FallibleRecorder([b"hi"])
    network.add("ada")
    network.add("hub", hub, **options)
    return network, hub, ada, network.dial("ada", ada, "hub")


# --- what arrives when


def test_the_trace_says_what_happened():
    network, ada, bob, link = pair()
    ada.unsaid += [b'{"a":1}\n', b"\xff" * 100]
    network.run()
    link.slow("bob", 50)
    link.stall("ada")
    link.resume()
    link.delay((0.5, 0.5))
    network.partition(["ada"])
    network.heal()
    network.jump_clock("bob", 60)
    bob.unsaid.append(b"bye")
    link.hang_up("bob")
    network.run()
    network.trace.note(network.now, "done")
    assert network.trace.lines == [
        r'1.000 ada→bob 8 bytes {"a":1}\n',
        "1.000 ada→bob 100 bytes " + r"\xff" * 60 + "…",
        "1.000 bob reads ada-bob at 50 bytes/s",
        "1.000 ada reads ada-bob at 0 bytes/s",
        "1.000 ada reads ada-bob as fast as it can",
        "1.000 bob reads ada-bob as fast as it can",
        "1.000 ada-bob takes 0.5 to 0.5 s",
        "1.000 partition ada | the rest",
        "1.000 healed",
        "1.000 the clock of bob jumps 60 s",
        "1.000 bob hangs up ada-bob",
        "1.500 bob→ada 3 bytes bye",
        "1.500 bob→ada end",
        "1.500 done",
    ]
    assert network.trace.text() == "".join(f"{line}\n" for line in network.trace.lines)


def test_the_trace_says_which_link_it_was_where_there_are_several():
    network = VirtualNetwork(1, carrier=WHOLE)
    for name in (None, None, "feed"):
        network.connect(Recorder([b"hi"]), Recorder(), names=("ada", "bob"), name=name)
    network.run()
    assert network.trace.lines == [
        "1.000 ada→bob 2 bytes hi",
        "1.000 ada→bob (ada-bob 2) 2 bytes hi",
        "1.000 ada→bob (feed) 2 bytes hi",
    ]


def test_a_trace_keeps_its_latest_lines():
    trace = Trace(limit=2)
    for number in range(5):
        trace.note(number, "tick")
    assert trace.text() == "… 3 lines before\n3.000 tick\n4.000 tick\n"
    assert (len(trace), trace.forgotten) == (2, 3)
    unlimited = Trace(limit=None)
    unlimited.note(0.0, "tick")
    assert unlimited.text() == "0.000 tick\n"


def test_bytes_are_cut_and_joined_and_each_piece_takes_a_time_of_its_own():
    network = VirtualNetwork(3, carrier=Carrier(latency=(1.0, 5.0)))
    ada, bob = Recorder([b"0123456789"] * 20), Recorder()
    network.connect(ada, bob)
    network.run()
    assert bob.data == b"0123456789" * 20
    assert len(bob.heard) > 20, "cut"
    assert len(set(bob.times)) > 3
    assert 1.0 < bob.times[0] < bob.times[-1] <= 5.0


def test_a_generator_of_random_numbers_makes_all_choices():
    traces = set()
    for seed in (1, 1, 2):
        network = VirtualNetwork(random.Random(seed))
        network.connect(Recorder([bytes(100)]), Recorder())
        network.run()
        traces.add(network.trace.text())
    assert len(traces) == 2


def test_time_goes_on_where_nothing_happens():
    network, *_ = pair()
    assert network.next_time is None
    assert not network.step()
    network.run(until=3_600.0)
    assert network.now == 3_600.0
    assert network.next_event(until=7_200.0) is None
    assert network.now == 7_200.0


def test_step_by_step():
    network, ada, bob, _ = pair()
    ada.unsaid += [b"one"]
    bob.unsaid += [b"two"]
    network.pump("ada")
    assert network.next_time == 1.0
    assert bob.unsaid, "nobody has asked bob"
    assert not network.step(until=0.9)
    assert network.step(until=1.0)
    assert (network.now, bob.data, ada.data) == (1.0, b"one", b"")
    assert network.step()
    assert ada.data == b"two"


def test_each_place_has_a_clock():
    network = VirtualNetwork(1, carrier=WHOLE)
    network.add("ada", clock=100.0)
    network.add("bob", clock=5_000.0)
    ada, bob = Recorder([b"hi"], alarm=101.5), Recorder(alarm=5_000.5)
    network.connect(ada, bob, names=("ada", "bob"))
    network.run()
    assert (ada.rang, bob.rang, bob.times[-1]) == ([101.5], [5_000.5], 5_001.0)
    assert (network.now, network.now_at("ada"), network.now_at("bob")) == (1.5, 101.5, 5_001.5)


def test_after_a_clock_has_jumped_timers_ring_late():
    network, ada, bob, _ = pair()
    ada.alarm, bob.alarm = 30.0, 30.0
    network.run(until=1.0)
    network.jump_clock("ada", 3_600)
    network.run()
    assert ada.rang == [3_601.0]
    assert bob.rang == [30.0]
    assert network.now_at("ada") == 3_630.0


def test_a_timer_never_rings_early_and_no_clock_goes_back_however_sums_are_rounded():
    class Chatty(Recorder):
        def handle_timeout(self, now):
            super().handle_timeout(now)
            self.unsaid.append(b"it is time")

    class Echo(Recorder):
        def receive_data(self, data, now):
            self.unsaid.append(data)

    rounded = 0
    for seed in range(50):
        network = VirtualNetwork(seed, carrier=Carrier(latency=(0.0, 0.0)))
        clock, at = -random.Random(seed).uniform(0, 1e6), random.Random(seed + 1).uniform(0, 1)
        network.add("ada", clock=clock)
        ada = Chatty(alarm=at)
        network.connect(ada, Echo(), names=("ada", "bob"))
        network.run()
        assert ada.rang == [pytest.approx(at)]
        assert ada.rang[0] >= at
        assert ada.data == b"it is time"
        assert ada.times == sorted(ada.times)
        rounded += network.now + clock < at
    assert rounded, "the sums are rounded down sometimes"


def test_a_timer_that_is_set_anew_again_and_again_is_said():
    class Restless(Recorder):
        def next_timeout(self):
            return 1.0

    network = VirtualNetwork(1)
    network.connect(Restless(), Recorder())
    with pytest.raises(Violation, match=r"does-not-rest: more than 100000 things happen at 1\.000 s"):
        network.run()


# --- nodes


def test_a_node_serves_many_links_and_is_told_of_their_ends():
    network, hub, ada, link = with_hub(clock=50.0)
    bob = Recorder([b"bob here"])
    other = network.dial("ada", bob, "hub")
    assert (link.name, other.name, link.places) == ("ada-hub", "ada-hub 2", ("ada", "hub"))
    assert not link.is_open
    network.run()
    assert link.is_open
    assert {name: end.data for name, end in hub.ends.items()} == {"ada-hub": b"hi", "ada-hub 2": b"bob here"}
    assert hub.ends["ada-hub"].times == [51.0]
    assert network.link("ada-hub") is link
    hub.ends["ada-hub"].unsaid.append(b"welcome")
    network.run()
    assert ada.data == b"welcome"
    link.hang_up("ada")
    network.run()
    assert (hub.left, ada.ends, link.is_over) == (["ada-hub"], [], True)
    assert network.links == [other]


def test_what_a_node_makes_of_one_link_goes_out_on_the_others():
    class Repeater(Recorder):
        def receive_data(self, data, now):
            for end in hub.ends.values():
                end.unsaid.append(data)

    class Echo(Ledger):
        def accept(self, link, now):
            self.ends[link] = Repeater()
            return self.ends[link]

    hub = Echo()
    network = VirtualNetwork(1, carrier=WHOLE)
    network.add("hub", hub)
    clients = [Recorder(), Recorder(), Recorder()]
    for number, client in enumerate(clients):
        network.add(str(number))
        network.dial(str(number), client, "hub")
    network.run()
    clients[1].unsaid.append(b"to all")
    network.run()
    assert [client.data for client in clients] == [b"to all"] * 3


def test_a_node_has_timers_with_links_and_without():
    hub = Ledger(alarm=70.0)
    network = VirtualNetwork(1)
    network.add("hub", hub, clock=50.0)
    network.run()
    assert hub.rang == [70.0]
    hub.alarm = 75.0
    network.pump("hub")
    network.jump_clock("hub", 60.0)
    network.run()
    assert hub.rang == [70.0, 130.0]


@pytest.mark.parametrize("refuse", ["no node", "crashed", "unwilling"])
def test_who_is_refused_is_told_so(refuse):
    network, hub, ada, link = with_hub()
    if refuse == "no node":
        network.add("desert")
        ada = FallibleRecorder([b"hi"])
        link = network.dial("ada", ada, "desert")
    elif refuse == "crashed":
        network.crash("hub")
    else:
        hub.is_open = False
    network.run()
    (error,) = ada.ends
    assert isinstance(error, ConnectionFailed)
    assert str(error).endswith("nobody is there")
    assert link.is_over
    assert ada.data == b""


def test_who_hangs_up_before_the_connection_is_there():
    network, hub, ada, link = with_hub()
    link.hang_up("ada")
    network.run()
    assert hub.ends["ada-hub"].data == b"hi"
    assert (hub.ends["ada-hub"].ends, hub.left, ada.ends) == (["eof"], ["ada-hub"], [])


def test_a_crash_and_a_restart():
    network, hub, ada, link = with_hub()
    network.run()
    hub.disk.append("kept")
    hub.ends["ada-hub"].alarm = hub.alarm = 500.0
    network.pump()
    network.crash("hub")
    network.crash("hub")
    assert not network.is_up("hub")
    network.run()
    assert network.now < 10.0, "nobody waits for the timers of the dead"
    assert str(ada.ends[0]) == "hub→ada: the connection broke"
    assert (hub.left, hub.rang, hub.ends["ada-hub"].rang, link.is_over) == ([], [], [], True)
    network.restart("hub")
    network.restart("hub")
    assert network.is_up("hub")
    (second,) = hub.restarts
    assert second.disk == ["kept"]
    again = Recorder([b"again"])
    network.dial("ada", again, "hub")
    network.run()
    assert second.ends["ada-hub 2"].data == b"again"
    network.crash("hub")
    network.restart("hub", keep_log=False)
    assert hub.restarts[1].disk == []


def test_what_the_dead_had_to_tell_is_not_told():
    network = VirtualNetwork(1, carrier=WHOLE)
    client, server = Connection(Ndjson()), Connection(Ndjson())
    network.connect(client, server, names=("client", "server"))
    client.send_notification("tick", now=0.0)
    network.run()
    network.crash("server")
    assert network.next_event().place == "client"
    assert network.next_event() is None


def test_a_node_that_dials_is_not_told_of_the_end_as_if_it_had_accepted():
    network, hub, _, _ = with_hub()
    other = Ledger()
    network.add("other", other)
    network.dial("hub", Recorder(is_polite=True), "other").hang_up("hub")
    network.run()
    assert (hub.left, other.left) == ([], ["hub-other"])


def test_units_do_not_overtake_the_connection():
    for seed in range(20):
        network = VirtualNetwork(seed)
        hub = Ledger()
        network.add("ada")
        network.add("hub", hub)
        carrier = Carrier(units=True, latency=(0.0, 5.0))
        network.dial("ada", Recorder([b"%d" % number for number in range(5)]), "hub", there=carrier)
        network.run()
        assert sorted(hub.ends["ada-hub"].heard) == [b"0", b"1", b"2", b"3", b"4"]


def test_a_link_that_is_over_takes_no_room():
    network, hub, _, _ = with_hub()
    network.run()
    for _ in range(3):
        ada = Recorder([bytes(100)])
        watched = ref(ada)
        network.dial("ada", ada, "hub").hang_up("ada")
        network.run()
        assert network.next_event() is None
        del ada
    network.dial("ada", Recorder(), "hub")
    gc.collect()
    assert watched() is None
    assert len(hub.left) == 3


def test_a_place_without_a_node_crashes_too():
    network, hub, ada, _ = with_hub()
    network.run()
    network.crash("ada")
    with pytest.raises(LocalProtocolError, match="'ada' has crashed; `restart` it first"):
        network.dial("ada", Recorder(), "hub")
    network.run()
    assert hub.left == ["ada-hub"]
    assert ada.ends == []
    network.restart("ada")
    network.dial("ada", Recorder(), "hub")
    network.run()
    assert "ada-hub 2" in hub.ends


# --- what breaks


def test_a_cut_keeps_as_many_bytes_as_is_said():
    network, ada, bob, link = pair()
    ada.unsaid.append(b"0123456789")
    bob.unsaid.append(b"abcdefghij")
    network.pump()
    assert link.in_flight == (10, 10)
    link.cut(kept=(3, 0))
    assert network.trace.lines[-1] == "0.000 ada-bob cut, 7 and 10 bytes lost"
    link.cut()
    assert len(network.trace) == 1
    ada.unsaid.append(b"into the void")
    network.run()
    assert (bob.data, ada.data, ada.unsaid) == (b"012", b"", [])
    assert [str(end) for end in ada.ends + bob.ends] == [
        "bob→ada: the connection broke",
        "ada→bob: the connection broke",
    ]


def test_who_hangs_up_is_heard_out_however_little_is_under_way_at_a_time():
    network = VirtualNetwork(1, carrier=Carrier(window=7))
    ada, bob = Recorder([bytes(100)]), Recorder()
    link = network.connect(ada, bob)
    link.hang_up("a")
    assert link.unsent == (93, 0)
    network.run()
    assert (bob.data, bob.ends) == (bytes(100), ["eof"])


def test_a_slow_reader_reads_on_while_more_arrives():
    network, ada, bob, link = pair()
    link.slow("bob", 10)
    for _ in range(20):
        ada.unsaid.append(b"12")
        network.run(until=network.now + 0.05)
    network.run()
    assert bob.times[0] == pytest.approx(1.1)
    assert bob.times[-1] == pytest.approx(1.0 + 4.0)


def test_who_is_stopped_at_the_moment_of_reading_does_not_read():
    network, ada, bob, link = pair()
    for name, end in (("ada", ada), ("bob", bob)):
        end.unsaid.append(b"1")
        link.slow(name, 10)
    network.run(until=1.05)
    assert network.step()
    assert len(ada.data + bob.data) == 1
    link.stall("ada")
    link.stall("bob")
    network.run()
    assert len(ada.data + bob.data) == 1
    link.resume()
    network.run()
    assert (ada.data, bob.data) == (b"1", b"1")


def test_a_unit_that_is_lost_makes_room():
    network = VirtualNetwork(1)
    ada, bob = Recorder([b"one", b"two"]), Recorder()
    link = network.connect(ada, bob, there=Carrier(units=True, window=1))
    assert link.in_flight == (3, 0)
    assert link.lose(0)
    network.run()
    assert bob.heard == [b"two"]


@pytest.mark.parametrize(("kept", "told"), [(10, ["eof", "the connection broke"]), (9, ["the connection broke"])])
def test_an_end_that_is_on_its_way_is_lost_with_the_bytes_before_it(kept, told):
    network, ada, bob, link = pair()
    ada.unsaid.append(b"0123456789")
    link.hang_up("ada")
    link.cut((kept, None))
    network.run()
    assert bob.data == b"0123456789"[:kept]
    assert [str(end).removeprefix("ada→bob: ") for end in bob.ends] == told
    assert network.bytes_carried == kept


def test_a_break_is_seen_by_a_reader_that_stands_still():
    network, ada, bob, link = pair()
    ada.unsaid.append(b"unread")
    link.stall("bob")
    network.run()
    link.cut()
    network.run()
    assert (bob.data, len(bob.ends), link.is_over) == (b"", 1, True)
    assert link.in_flight == (0, 0)


def test_an_end_is_read_after_what_is_unread():
    network, ada, bob, link = pair()
    ada.unsaid.append(b"unread")
    link.stall("bob")
    link.hang_up("ada")
    network.run()
    assert bob.ends == []
    link.slow("bob", 2)
    network.run()
    assert (bob.data, bob.ends, network.now) == (b"unread", ["eof"], 1.0 + 3.0)


def test_partitions_add_up_and_new_links_are_held_too():
    network = VirtualNetwork(1, carrier=WHOLE)
    hub = Ledger()
    network.add("hub", hub)
    for name in ("ada", "bob", "cyd"):
        network.add(name)
    network.partition(["ada"], ["hub"])
    network.partition(["bob"])
    for name in ("ada", "bob", "cyd"):
        network.dial(name, Recorder([b"hi"]), "hub")
    network.run(until=100.0)
    assert list(hub.ends) == ["cyd-hub"]
    assert network.trace.lines[:2] == ["0.000 partition ada | hub", "0.000 partition bob | the rest"]
    network.heal()
    network.run()
    assert list(hub.ends) == ["cyd-hub", "ada-hub", "bob-hub"]
    assert all(end.data == b"hi" for end in hub.ends.values())
    network.dial("ada", Recorder(), "hub")
    network.run()
    assert list(hub.ends)[-1] == "ada-hub 2"


@pytest.mark.parametrize("names", [("ada", "bob"), ("bob", "ada")])
def test_a_partition_has_no_direction(names):
    network = VirtualNetwork(1, carrier=WHOLE)
    ends = [Recorder([b"hi"]), Recorder([b"hi"])]
    network.connect(*ends, names=names)
    assert network.next_time == 1.0
    network.partition(["ada"], ["bob"])
    assert network.next_time is None
    network.run()
    assert [end.data for end in ends] == [b"", b""]


def test_a_cut_in_a_partition_is_learnt_when_it_heals():
    network, ada, bob, link = pair()
    network.partition(["ada"])
    link.cut()
    network.run(until=1_000.0)
    assert ada.ends == bob.ends == []
    network.heal()
    network.run()
    assert len(ada.ends) == len(bob.ends) == 1


# --- the protocols of hocket on it


def test_connections_talk_time_out_and_end():
    network = VirtualNetwork(1, carrier=WHOLE)
    client, server = Connection(Ndjson()), Connection(Ndjson())
    link = network.connect(client, server, names=("client", "server"))
    asked = client.send_request("add", [1, 2], now=0.0, timeout=5.0)
    assert network.next_event() == Told(
        at=1.0,
        place="server",
        link=link,
        endpoint=server,
        event=RequestReceived(id=asked, method="add", params=[1, 2]),
    )
    server.send_result(asked, 3, now=network.now_at("server"))
    assert network.next_event().event == ResultReceived(id=asked, method="add", result=3)
    network.partition(["server"])
    client.send_notification("tick", now=network.now)
    asked = client.send_request("add", now=network.now, timeout=5.0)
    assert network.next_event(until=100.0).event == RequestTimedOut(id=asked, method="add")
    assert network.now == 7.0
    network.heal()
    assert isinstance(network.next_event().event, NotificationReceived)
    assert network.now == 7.0, "it had long been there"
    client.close(network.now)
    told = [network.next_event() for _ in range(4)]
    assert [(each.place, type(each.event)) for each in told if each] == [
        ("server", RequestReceived),
        ("client", ConnectionClosed),
        ("server", ConnectionClosed),
    ]
    assert network.links == [link], "the server has not answered yet"
    server.send_result(asked, 3, now=network.now)
    network.run()
    assert network.links == []
    assert network.trace.lines[1].startswith("1.000 server is told RequestReceived(id='1', method='add'")


def test_a_heartbeat_notices_a_partition_after_an_hour():
    network = VirtualNetwork(1)
    beat = Heartbeat(interval=15, timeout=15)
    ends = [Connection(Ndjson(), heartbeat=beat) for _ in range(2)]
    network.connect(*ends, names=("ada", "bob"))
    assert network.next_event(until=3_600.0) is None
    assert len(network.trace) > 240
    network.partition(["ada"])
    told = network.next_event(until=3_700.0)
    assert "no sign of life for 30 s" in str(told.event.error)
    assert 3_615.0 < network.now <= 3_645.0


# --- mistakes of ours


@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        (lambda network, link: network.add("ada"), "there is a place 'ada' already"),
        (lambda network, link: network.now_at("eve"), "there is no place 'eve'; `add` it"),
        (lambda network, link: network.link("x"), "there is no link 'x', or it is over"),
        (lambda network, link: network.dial("ada", Recorder(), "ada"), "both ends are at 'ada'"),
        (
            lambda network, link: network.dial("ada", Recorder(), "bob", name=link.name),
            "there is a link 'ada-bob' already",
        ),
        (lambda network, link: network.jump_clock("ada", -1), "never goes back"),
        (lambda network, link: network.jump_clock("eve", 1), "no place 'eve'"),
        (lambda network, link: network.jump_clock("ada", float("inf")), "no clock jumps by inf s"),
        (lambda network, link: network.jump_clock("ada", float("nan")), "no clock jumps by nan s"),
        (lambda network, link: network.connect(Recorder(), Recorder(), names=("eve", "eve")), "both ends are at 'eve'"),
        (
            lambda network, link: network.connect(Recorder(), Recorder(), names=("eve", "ada"), name="ada-bob"),
            "there is a link 'ada-bob' already",
        ),
        (
            lambda network, link: network.connect(network.ada, Recorder(), names=("eve", "ada")),
            "at an end of 'ada-bob'",
        ),
        (
            lambda network, link: network.connect(Recorder(), network.ada, names=("eve", "ada")),
            "at an end of 'ada-bob'",
        ),
        (lambda network, link: network.dial("ada", network.ada, "bob"), "at an end of 'ada-bob'"),
        (lambda network, link: network.dial("ada", Recorder(), "eve"), "no place 'eve'"),
        (lambda network, link: network.dial("eve", Recorder(), "ada"), "no place 'eve'"),
        (lambda network, link: network.partition("ada"), "places are given as a list: \\['ada'\\]"),
        (lambda network, link: network.partition(["ada"], "bob"), "places are given as a list: \\['bob'\\]"),
        (lambda network, link: network.crash("eve"), "no place 'eve'"),
        (lambda network, link: link.hang_up("eve"), "no end at 'eve'"),
        (lambda network, link: network.partition(["eve"]), "no place 'eve'"),
        (lambda network, link: link.slow("ada", 0), "`stall`ed"),
        (lambda network, link: link.slow("ada", float("inf")), "`resume`d"),
        (lambda network, link: link.slow("ada", float("nan")), "some bytes in a second"),
        (lambda network, link: link.stall("eve"), "ada-bob is between ada and bob, and has no end at 'eve'"),
        (lambda network, link: link.delay((2, 1)), "latency is the least and the most seconds, not"),
        (lambda network, link: link.delay((0, float("inf"))), "latency is the least and the most seconds, not"),
        (lambda network, link: Carrier(latency=(-1, 1)), "latency"),
        (lambda network, link: Carrier(latency=0.5), "latency is the least and the most seconds, not 0.5"),
        (lambda network, link: Carrier(latency=(0.5,)), "latency"),
        (lambda network, link: Carrier(window=0), "window is 1 byte or more"),
        (lambda network, link: Carrier(cuts=-1), "cuts are 0 or more"),
        (lambda network, link: Carrier(lost=0.5), "need units"),
        (lambda network, link: Carrier(units=True, lost=1.5), "a share is 0 to 1"),
    ],
)
def test_mistakes_are_refused_and_change_nothing(mistake, says):
    network, ada, _, link = pair()
    with pytest.raises(LocalProtocolError, match=says):
        mistake(SeenBy(network, ada), link)
    assert len(network.trace) == 0
    assert network.links == [link]
    network.run()
    network.add("eve")  # it was not added by what was refused
    assert link.is_open


class SeenBy:
    """A network in which one endpoint is known."""

    def __init__(self, network, ada):
        self.network, self.ada = network, ada

    def __getattr__(self, name):
        return getattr(self.network, name)


def test_streams_of_bytes_have_no_units():
    network, ada, _, link = pair()
    ada.unsaid.append(b"data")
    network.pump()
    assert not any([link.duplicate(0), link.swap(0), link.lose(0)])
    assert repr(link) == "<Link ada-bob>"
    assert evolve(WHOLE, units=True).units


def test_what_a_link_told_last_is_told_though_others_came_since():
    network = VirtualNetwork(1, carrier=WHOLE)
    client, server = Connection(Ndjson()), Connection(Ndjson())
    link = network.connect(client, server, names=("client", "server"))
    link.cut()
    network.run()
    assert link.is_over
    network.connect(Recorder(), Recorder())
    told = [network.next_event() for _ in range(3)]
    assert [(each.place, each.link) for each in told if each] == [("client", link), ("server", link)]


def test_a_name_may_come_again_when_its_link_is_over():
    network, _, _, link = with_hub()
    network.run()
    for _ in range(20):
        again = network.dial("ada", Recorder(), "hub", name="again")
        with pytest.raises(LocalProtocolError, match="there is a link 'again' already"):
            network.dial("ada", Recorder(), "hub", name="again")
        again.cut()
        network.run()
        with pytest.raises(LocalProtocolError, match="there is no link 'again', or it is over"):
            network.link("again")
    assert network.links == [link]
    assert network.dial("ada", Recorder(), "hub").name == "ada-hub 2"
    assert network.dial("ada", Recorder(), "hub", name="ada-hub 3").name == "ada-hub 3"
    assert network.dial("ada", Recorder(), "hub").name == "ada-hub 4"


def test_a_link_of_the_same_name_is_not_the_same_play_again():
    heard = set()
    network = VirtualNetwork(1)
    for _ in range(5):
        ada, bob = Recorder([bytes(100)]), Recorder()
        link = network.connect(ada, bob, names=("ada", "bob"), name="again")
        began = network.now
        network.run()
        heard.add(tuple(round(at - began, 9) for at in bob.times))
        link.cut()
        network.run()
    assert len(heard) == 5
