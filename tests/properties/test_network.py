"""What the virtual network does to what is sent over it, whatever is sent and whatever goes wrong.

A stream of bytes arrives in order, none twice, none invented, and all of it unless the link is cut; units arrive whole.
"""

from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from hocket.testing.network import Carrier, VirtualNetwork
from support.recorders import Ledger, Recorder

SAID = st.binary(min_size=1, max_size=40)
CARRIERS = st.builds(
    Carrier,
    latency=st.sampled_from([(0.0, 0.0), (0.001, 0.05), (0.0, 2.0), (1.0, 1.0)]),
    window=st.sampled_from([1, 7, 50, 65_536]),
    cuts=st.sampled_from([0, 1, 3, 30]),
)
PACES = st.sampled_from([0.5, 3.0, 100.0])
NAMES = st.sampled_from(["ada", "bob"])


class Pair:
    """Two recorders on a link, and what each has said."""

    def __init__(self, network):
        self.network = network
        self.ends = {"ada": Recorder(), "bob": Recorder()}
        self.said = {"ada": b"", "bob": b""}
        self.link = network.connect(*self.ends.values(), names=("ada", "bob"))

    def say(self, name, data):
        self.ends[name].unsaid.append(data)
        self.said[name] += data

    def check(self):
        for name, other in (("ada", "bob"), ("bob", "ada")):
            assert self.said[name].startswith(self.ends[other].data), "in order, nothing twice, nothing invented"
            assert self.ends[other].times == sorted(self.ends[other].times), "no clock goes back"

    def has_everything(self):
        return all(self.ends[b].data == self.said[a] for a, b in (("ada", "bob"), ("bob", "ada")))


ACTIONS = st.one_of(
    st.tuples(st.just("say"), NAMES, SAID),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.01, 1.0, 60.0])),
    st.tuples(st.just("stall"), NAMES),
    st.tuples(st.just("slow"), NAMES, PACES),
    st.tuples(st.just("resume"), NAMES),
    st.tuples(st.just("part")),
    st.tuples(st.just("heal")),
    st.tuples(st.just("jump"), NAMES, st.sampled_from([0.0, 1.0, 1e6])),
)


def play(pair, actions):
    network = pair.network
    for action in actions:
        match action:
            case ("say", name, data):
                pair.say(name, data)
            case ("wait", seconds):
                network.run(until=network.now + seconds)
            case ("stall", name):
                pair.link.stall(name)
            case ("slow", name, pace):
                pair.link.slow(name, pace)
            case ("resume", name):
                pair.link.resume(name)
            case ("part",):
                network.partition(["ada"])
            case ("heal",):
                network.heal()
            case ("jump", name, seconds):
                network.jump_clock(name, seconds)
        pair.check()


@given(st.randoms(use_true_random=False), CARRIERS, st.lists(ACTIONS, max_size=20))
def test_everything_arrives_in_order_once_it_may(random, carrier, actions):
    pair = Pair(VirtualNetwork(random, carrier=carrier))
    play(pair, actions)
    pair.network.heal()
    pair.link.resume()
    pair.network.run()
    pair.check()
    assert pair.has_everything()
    assert pair.link.in_flight == pair.link.unsent == (0, 0)
    assert not any(end.ends for end in pair.ends.values())


@given(
    st.integers(),
    CARRIERS,
    st.lists(ACTIONS, max_size=20),
    st.lists(st.tuples(NAMES, SAID), max_size=5),
    st.tuples(*[st.none() | st.integers(0, 100)] * 2),
)
@example(0, Carrier(latency=(1.0, 1.0)), [("say", "bob", b"1"), ("slow", "ada", 3.0), ("wait", 1.0)], [], (0, 0))
def test_of_a_link_that_is_cut_a_beginning_arrives_and_both_ends_learn_it_once(seed, carrier, actions, later, kept):
    pair = Pair(VirtualNetwork(seed, carrier=carrier))
    play(pair, actions)
    there, back = pair.link.in_flight
    unread = [end.reader.unread for end in (pair.link._far, pair.link._near)]
    heard = [len(pair.ends[name].data) for name in ("bob", "ada")]
    pair.link.cut(kept)
    for name, data in later:  # into the void
        pair.say(name, data)
    assert pair.link in pair.network.links
    pair.network.heal()
    pair.network.run()
    pair.check()
    assert [end.ends for end in pair.ends.values()] == [["eof"], ["eof"]]
    for name, before, flying, here, some in zip(("bob", "ada"), heard, (there, back), unread, kept, strict=True):
        arrived = len(pair.ends[name].data) - before
        assert arrived <= (flying if some is None else min(here + some, flying))
    assert pair.network.links == []
    assert pair.network.next_time is None


@given(st.integers(), CARRIERS, st.lists(SAID, max_size=10), st.lists(SAID, max_size=10))
def test_who_hangs_up_is_heard_out(seed, carrier, ada, bob):
    pair = Pair(VirtualNetwork(seed, carrier=carrier))
    for data in ada:
        pair.say("ada", data)
    pair.network.run()
    for data in bob:
        pair.say("bob", data)
    pair.link.hang_up("ada", both=False)
    pair.network.run()
    assert pair.has_everything()
    assert pair.ends["bob"].ends == ["eof"]
    assert pair.ends["ada"].ends == []
    pair.ends["ada"].unsaid.append(b"after the end")
    pair.network.run()
    assert pair.ends["ada"].unsaid == []
    assert pair.ends["bob"].data == pair.said["ada"]
    pair.link.hang_up("bob")
    pair.network.run()
    assert pair.ends["ada"].ends == ["eof"]


UNITS = st.lists(st.integers(0, 10**6).map(lambda number: b"%d" % number), unique=True, max_size=12)


@given(st.randoms(use_true_random=False), CARRIERS, UNITS, st.booleans(), st.booleans())
def test_units_arrive_whole_and_as_often_as_is_said(random, carrier, units, are_doubled, are_lost):
    carrier = Carrier(
        latency=carrier.latency,
        window=carrier.window,
        units=True,
        duplicated=float(are_doubled),
        lost=float(are_lost),
    )
    ada, bob = Recorder(list(units)), Recorder()
    network = VirtualNetwork(random)
    link = network.connect(ada, bob, there=carrier)
    network.run()
    times = 0 if are_lost else 2 if are_doubled else 1
    assert ada.unsaid == []
    assert Counter(bob.heard) == {unit: times for unit in units if times}
    assert link.in_flight == (0, 0)


@given(
    st.randoms(use_true_random=False),
    UNITS,
    st.lists(st.tuples(st.sampled_from(["duplicate", "swap", "lose"]), st.integers(0, 30)), max_size=8),
)
def test_what_happens_to_units_on_their_way(random, units, faults):
    ada, bob = Recorder(list(units)), Recorder()
    network = VirtualNetwork(random)
    link = network.connect(ada, bob, there=Carrier(units=True))
    there = len(units)
    for fault, number in faults:
        done = getattr(link, fault)(number)
        assert done is (there > (fault == "swap"))
        there += done * {"duplicate": 1, "swap": 0, "lose": -1}[fault]
    link.hang_up("a")
    network.run()
    assert len(bob.heard) == there
    assert set(bob.heard) <= set(units)
    assert bob.ends == ["eof"]
    assert link.in_flight == (0, 0)


@given(st.integers(), CARRIERS, st.integers(1, 30), st.data())
def test_a_reader_that_stands_still_costs_a_window_and_a_piece(seed, carrier, size, data):
    pieces = [bytes([65 + number % 26]) * size for number in range(50)]
    ada, bob = Recorder(list(pieces)), Recorder()
    network = VirtualNetwork(seed, carrier=carrier)
    link = network.connect(ada, bob)
    link.stall("b")
    network.run()
    taken = sum(map(len, pieces)) - sum(map(len, ada.unsaid))
    assert bob.heard == []
    assert taken == sum(link.in_flight) + sum(link.unsent)
    assert taken < carrier.window + size or taken == size
    link.resume()
    network.run()
    assert bob.data == b"".join(pieces)


@given(st.integers(), CARRIERS, st.lists(SAID, min_size=1, max_size=5), PACES)
def test_a_slow_reader_takes_its_time(seed, carrier, said, pace):
    ada, bob = Recorder(list(said)), Recorder()
    network = VirtualNetwork(seed, carrier=carrier)
    network.connect(ada, bob).slow("b", pace)
    network.run()
    size = sum(map(len, said))
    assert bob.data == b"".join(said)
    least, most = carrier.latency
    assert bob.times[-1] >= size / pace + least - 1e-6
    rounds = len(said) * (1 + size // carrier.window)
    assert bob.times[-1] <= size / pace + (1 + rounds * (carrier.cuts + 1)) * most + 1e-6


@given(st.integers(), CARRIERS, st.lists(ACTIONS, max_size=20))
def test_the_same_seed_gives_the_same_trace(seed, carrier, actions):
    traces = []
    for _ in range(2):
        pair = Pair(VirtualNetwork(seed, carrier=carrier))
        play(pair, actions)
        traces.append(pair.network.trace.text())
    assert traces[0] == traces[1]


@given(st.integers(), CARRIERS, st.lists(ACTIONS, max_size=12), st.lists(SAID, max_size=6))
def test_what_happens_on_one_link_changes_no_choice_on_another(seed, carrier, actions, said):
    heard = []
    for is_crowded in (False, True):
        network = VirtualNetwork(seed, carrier=carrier)
        cyd, dan = Recorder(list(said)), Recorder()
        network.connect(cyd, dan, names=("cyd", "dan"))
        if is_crowded:
            pair = Pair(network)
            for _, name, data in [action for action in actions if action[0] == "say"]:
                pair.say(name, data)
        network.run(until=1_000.0)
        heard.append((dan.heard, dan.times))
    assert heard[0] == heard[1]


@given(
    st.integers(),
    st.lists(st.tuples(st.sampled_from(["dial", "say", "wait", "crash", "restart", "forget", "part", "heal"]), SAID)),
)
def test_a_crash_loses_what_is_in_memory_and_on_its_way_only(seed, actions):
    network = VirtualNetwork(seed)
    ledgers = [Ledger()]
    network.add("ada")
    network.add("hub", ledgers[0])
    clients, said, kept = [], {}, []
    for action, data in actions:
        match action:
            case "dial":
                clients.append(Recorder())
                said[str(len(clients))] = b""
                network.dial("ada", clients[-1], "hub", name=str(len(clients)))
            case "say" if clients:
                clients[-1].unsaid.append(data)
                said[str(len(clients))] += data
            case "wait":
                network.run(until=network.now + len(data) / 40)
            case "crash":
                kept = list(ledgers[-1].disk) if network.is_up("hub") else kept
                network.crash("hub")
                assert all(not link.is_open for link in network.links)
            case "restart" | "forget":
                was_up = network.is_up("hub")
                network.restart("hub", keep_log=action == "restart")
                assert len(ledgers[0].restarts) == len(ledgers) - was_up
                if not was_up:
                    ledgers.append(ledgers[0].restarts[-1])
                    assert ledgers[-1].disk == (kept if action == "restart" else [])
            case "part":
                network.partition(["ada"], ["hub"])
            case "heal":
                network.heal()
    network.heal()
    if not network.is_up("hub"):
        network.restart("hub")
        ledgers.append(ledgers[0].restarts[-1])
    network.run()
    cut = {name for name, client in enumerate(clients, 1) if client.ends}
    for link in network.links:
        link.hang_up("ada")
    network.run()
    assert network.links == []
    assert sorted(ledgers[-1].left) == sorted(ledgers[-1].ends), "each that was accepted is gone once"
    assert all(client.ends in ([], ["eof"]) for client in clients)
    for ledger in ledgers:
        for name, end in ledger.ends.items():
            assert said[name].startswith(end.data)
            assert int(name) in cut or end.data == said[name], "nothing else is lost"
