"""What a server writes of a stream: all that there is, in order, in pieces that are bounded, and one end or none."""

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket.a2a import Ended, Items, Opened, TaskState
from hocket.http import Exchange
from hocket.http.rest import RestEnvelope
from hocket_io.http import scopes
from hocket_io.http.scopes import write_answer
from support.items import run_of

PIECE = 8
"""Bytes in one write, in place of 256 KiB."""


class Script:
    """Gives deliveries as they become ready: so many at a time, after each wait; and the cut, if there is one."""

    def __init__(self, exchange, deliveries, steps, cut_at):
        self.exchange, self.coming, self.ready = exchange, list(deliveries), []
        self.steps, self.cut_at = list(steps), cut_at
        self.taken, self.before_cut = [], None

    def take(self, limit):
        taken, self.ready = self.ready[:limit], self.ready[limit:]
        self.taken += taken
        return taken

    async def wait(self, until):
        if self.cut_at == 0 or not self.coming:
            self.exchange.cut()
            self.before_cut = len(self.taken)
            self.ready += self.coming  # what ends with the server comes at the same time
            return
        self.cut_at -= 1
        step = self.steps.pop() if self.steps else len(self.coming)
        self.ready += self.coming[:step]
        del self.coming[:step]


@settings(max_examples=60)
@given(
    sizes=st.lists(st.integers(0, 5 * PIECE), max_size=60),
    steps=st.lists(st.integers(1, 40), max_size=10),
    cut_at=st.integers(0, 12),
)
def test_what_is_taken_is_written_once_in_order_and_in_small_pieces(sizes, steps, cut_at):
    exchange = Exchange(RestEnvelope("application/json"))
    items = [run_of(b"x" * size, request_id=0, after=n) for n, size in enumerate(sizes)]
    deliveries = [Opened(request_id=0, task_id="t"), *items]
    deliveries.append(Ended(request_id=0, offset=len(items), state=TaskState.COMPLETED))
    script = Script(exchange, deliveries, steps, cut_at)
    sent = []

    async def send(told):
        sent.append(told)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scopes, "_AT_ONCE", PIECE)
        anyio.run(write_answer, exchange, script, lambda: 0.0, send)
    head, *bodies = sent
    if exchange.is_cut and not script.taken:
        assert (head["status"], len(bodies)) == (503, 1)  # nothing was said: whoever asked may ask again
        return
    assert (head["status"], head["type"]) == (200, "http.response.start")
    said = [each for each in script.taken if isinstance(each, Items)]
    written = b"".join(body["body"] for body in bodies)
    assert written == b"".join(b"id: %d\ndata: %b\n\n" % (*each.offsets, *each.results) for each in said)
    assert all(len(body["body"]) <= PIECE for body in bodies)
    ends = [body for body in bodies if not body["more_body"]]
    assert ends == ([] if exchange.is_cut else bodies[-1:])
    assert len(script.taken) == script.before_cut if exchange.is_cut else said == items
