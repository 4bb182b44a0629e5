"""Bytes that are held back for the length of a turn: the same in the same order, in fewer pieces, and all of them."""

import asyncio
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket_io.http.corked import CorkedTransport
from hocket_io.http.heads import PromptConnection


class Transport:
    def __init__(self):
        self.written, self.is_closed = [], False

    def write(self, data):
        assert not self.is_closed
        if data:
            self.written.append(data)

    def write_eof(self):
        self.is_closed = True

    close = write_eof

    def get_extra_info(self, name):
        return f"the {name}"


def pieces_of(steps):
    """What arrives of steps: bytes (or a list of them) with whether they are a head, "turn", "close" or "write_eof"."""

    async def talk():
        transport, head = Transport(), False
        corked = CorkedTransport(transport, lambda: head)
        for step in steps:
            if step == "turn":
                await asyncio.sleep(0)
            elif step in ("close", "write_eof"):
                getattr(corked, step)()
                break
            elif isinstance(step[0], list):
                data, head = step
                corked.writelines(data)
            else:
                data, head = step
                corked.write(data)
        await asyncio.sleep(0)
        return transport.written

    return asyncio.run(talk())


@pytest.mark.parametrize(
    ("steps", "pieces"),
    [
        ([(b"head", True), (b"body", False), (b"more", False)], [b"headbody", b"more"]),
        ([(b"head", True), "turn", (b"body", False)], [b"head", b"body"]),
        ([(b"head", True)], [b"head"]),
        ([(b"head", True), "close"], [b"head"]),
        ([(b"head", True), "write_eof"], [b"head"]),
        ([(b"head", True), ([b"bo", b"dy"], False), (b"more", False)], [b"headbody", b"more"]),
        ([(b"head", True), (b"", False), (b"end", False)], [b"head", b"end"]),
        ([(b"100", False), (b"head", True), (b"body", False)], [b"100", b"headbody"]),
    ],
)
def test_a_head_goes_with_what_follows_it_in_the_same_turn(steps, pieces):
    assert pieces_of(steps) == pieces


@given(st.lists(st.tuples(st.binary(max_size=3), st.booleans()) | st.just("turn"), max_size=12), st.booleans())
def test_nothing_is_lost_or_overtaken(steps, closes):
    told = b"".join([step[0] for step in steps if step != "turn"])
    assert b"".join(pieces_of([*steps, "close"] if closes else steps)) == told


def test_everything_else_is_the_transports_own():
    assert CorkedTransport(Transport(), lambda: False).get_extra_info("peername") == "the peername"


def test_each_answer_of_a_connection_has_one_head():
    """It is what uvicorn writes first, once it has begun to answer; what it refuses by itself has none for us."""
    connection = PromptConnection.__new__(PromptConnection)
    connection._answered, connection._inner = None, SimpleNamespace(cycle=None)
    assert not connection._is_head()
    for _ in range(2):
        connection._inner.cycle = SimpleNamespace(response_started=False)
        assert not connection._is_head()  # 100 Continue
        connection._inner.cycle.response_started = True
        assert [connection._is_head() for _ in range(3)] == [True, False, False]
