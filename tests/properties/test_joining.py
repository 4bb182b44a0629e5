"""Joining: what is ready together is written together; nothing that could be written now waits for what comes later.

On a clock that jumps, an agent says words and waits by turns, as a script has it, and each message of the response is
noted with the time at which it was written.
"""

import json
import re

import anyio
import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from hocket_io.http.asgi import App
from support.agents import agent_of
from support.asgi import Request, message, rpc

WORDS = re.compile(rb"word-at-(\d+) ")
WAITS = st.sampled_from([0, 1, 30]).map(lambda seconds: ("wait", seconds))
STEPS = st.lists(st.integers(1, 5).map(lambda count: ("say", count)) | WAITS)


class Noting(Request):
    """Notes when each piece of the body was written."""

    async def send(self, message):
        await super().send(message)
        if message.get("body"):
            self.written.append((anyio.current_time(), message["body"]))


def saying(steps):
    async def agent(task):
        for kind, amount in steps:
            if kind == "wait":
                await anyio.sleep(amount)
                continue
            for _ in range(amount):
                yield f"word-at-{anyio.current_time():.0f} "

    return agent


@given(STEPS)
def test_what_is_said_before_a_wait_is_written_before_it(steps):
    async def ask():
        request = Noting(
            App(agent_of(saying(steps)), allowed_hosts=["*"]),
            body=json.dumps(rpc("message/stream", message())).encode(),
            headers=[(b"content-type", b"application/json")],
        )
        request.written = []
        await request.perform()
        return request.written

    written = trio.run(ask, clock=trio.testing.MockClock(autojump_threshold=0))
    said = [(time, int(word)) for time, body in written for word in WORDS.findall(body)]
    assert len(said) == sum(amount for kind, amount in steps if kind == "say")
    assert all(time == pytest.approx(at, abs=0.5) for time, at in said)
