"""Timers: a table of names and times behaves like the plainest model of one."""

from weakref import ref

from hypothesis import example, given
from hypothesis import strategies as st

from hocket.timers import Timers, soonest


class Name:
    """A name that can be watched."""


class Time(float):
    """A time that can be watched."""

    __slots__ = ("__weakref__",)


names = st.sampled_from("abcde")
times = st.integers(0, 10).map(float)


@given(
    st.lists(
        st.tuples(st.just("set"), names, times) | st.tuples(st.just("clear"), names) | st.tuples(st.just("due"), times),
        max_size=30,
    )
)
@example([("set", "a", 5.0), ("clear", "a"), ("set", "a", 5.0)])
@example([("set", "a", 5.0), ("due", 6.0), ("set", "a", 5.0)])
@example([("set", "a", 5.0), ("set", "b", 5.0), ("set", "a", 5.0), ("due", 5.0)])
def test_it_does_what_a_list_of_pairs_does(steps):
    timers, model = Timers(), []
    for step in steps:
        match step:
            case "set", name, at:
                timers.set(name, at)
                model = [pair for pair in model if pair[0] != name] + [(name, at)]
            case "clear", name:
                timers.clear(name)
                model = [pair for pair in model if pair[0] != name]
            case "due", now:
                fired = sorted((pair for pair in model if pair[1] <= now), key=lambda pair: pair[1])
                assert timers.due(now) == [name for name, _ in fired]
                model = [pair for pair in model if pair[1] > now]
        assert timers.next_timeout() == min((at for _, at in model), default=None)
        assert len(timers) == len(model)
        assert [name in timers for name in "abcde"] == [name in dict(model) for name in "abcde"]


def test_what_is_moved_again_and_again_takes_no_room():
    timers = Timers()
    timers.set("first", 0.0)
    watched = []
    for number in range(1_000):
        name = Name()
        watched.append(ref(name))
        timers.set(name, 1e9)
        timers.clear(name)
        del name
        timers.set("last", 1e9 + number)
    assert sum(name() is not None for name in watched) < 100
    assert timers.due(1e10) == ["first", "last"]


def test_a_time_that_was_moved_is_forgotten():
    timers = Timers()
    watched = []
    for number in range(1_000):
        at = Time(1e9 - number)
        watched.append(ref(at))
        timers.set("name", at)
        del at
    assert sum(at() is not None for at in watched) < 200
    assert timers.due(1e10) == ["name"]


def test_names_need_no_order_of_their_own():
    timers = Timers()
    timers.set((str, "1"), 1.0)
    timers.set((int, 1), 1.0)
    timers.set(None, 0.5)
    assert timers.due(1.0) == [None, (str, "1"), (int, 1)]


@given(st.lists(st.none() | times, max_size=5))
def test_soonest_is_the_least_of_those_that_are_set(deadlines):
    assert soonest(*deadlines) == min((at for at in deadlines if at is not None), default=None)
