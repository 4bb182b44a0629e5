"""Ahead awaits exactly as a plain `await` does, and says so each time before it waits."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket_io.concurrency.ahead import Ahead


class Oops(Exception):
    pass


class Signal(BaseException):
    """Stands for a cancellation: not an Exception."""


class Scripted:
    """An awaitable that follows a script, and writes down what it is given."""

    def __init__(self, steps, end):
        self.steps, self.end, self.seen = steps, end, []

    def __await__(self):
        for number, step in enumerate(self.steps):
            try:
                self.seen.append((yield ("wish", number)))
            except (Oops, Signal) as error:
                self.seen.append(type(error))
                if step == "let through":
                    raise
            except GeneratorExit:
                self.seen.append("closed")
                if step == "let through":
                    raise
                return "closed in good order"
        if isinstance(self.end, BaseException):
            raise self.end
        return self.end


def drive(awaitable, actions):
    """Step an awaitable as an event loop would; everything that can be seen from outside."""
    steps = awaitable.__await__()
    trace = []
    action = ("send", None)
    actions = iter(actions)
    while True:
        try:
            match action:
                case ("send", value):
                    wish = steps.send(value)
                case ("throw", error):
                    wish = steps.throw(error())
                case ("close", _):
                    steps.close()
                    return [*trace, "was closed"]
        except StopIteration as stop:
            return [*trace, ("returned", stop.value)]
        except (Oops, Signal, RuntimeError) as error:
            return [*trace, ("raised", type(error), str(error))]
        trace.append(wish)
        action = next(actions, ("send", "late"))


STEPS = st.lists(st.sampled_from(["catch", "let through"]), max_size=6)
ENDS = st.one_of(st.integers(), st.none(), st.builds(Oops, st.just("end")), st.builds(Signal, st.just("end")))
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers()),
        st.tuples(st.just("throw"), st.sampled_from([Oops, Signal])),
        st.tuples(st.just("close"), st.none()),
    ),
    max_size=8,
)


@given(STEPS, ENDS, ACTIONS)
def test_it_cannot_be_told_from_a_plain_await(steps, end, actions):
    plain, wrapped = Scripted(steps, end), Scripted(steps, end)
    expected = drive(plain, actions)
    assert drive(Ahead(wrapped, lambda: None), actions) == expected
    assert wrapped.seen == plain.seen


@given(STEPS, ENDS, ACTIONS)
def test_it_speaks_up_each_time_and_before_anybody_sees_it_wait(steps, end, actions):
    calls = []
    trace = drive(_Watched(Ahead(Scripted(steps, end), lambda: calls.append("before")), calls), actions)
    waits = sum(isinstance(each, tuple) and each[0] == "wish" for each in trace)
    assert calls == ["before", "wish"] * waits


class _Watched:
    """Notes each wish on its way to the event loop."""

    def __init__(self, awaitable, calls):
        self.awaitable, self.calls = awaitable, calls

    def __await__(self):
        steps = self.awaitable.__await__()
        action = partial(next, steps)
        while True:
            try:
                wish = action()
            except StopIteration as stop:
                return stop.value
            self.calls.append("wish")
            try:
                reply = yield wish
            except GeneratorExit:
                steps.close()
                raise
            except BaseException as error:
                action = partial(steps.throw, error)
            else:
                action = partial(steps.send, reply)


def test_what_before_waiting_raises_is_not_swallowed():
    def refuse():
        raise Oops("no")

    with pytest.raises(Oops, match="no"):
        next(Ahead(Scripted(["catch"], 1), refuse).__await__())
