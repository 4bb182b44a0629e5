"""AgentSocket: a WebSocket to an agent as values. What is too long, what comes last, and what is said after that."""

import json

import pytest

from hocket.a2a import Server
from hocket.entropy import seeded
from hocket.http import Request
from hocket.http.agent_socket import AgentSocket
from hocket.http.close import Close

ASKED = "what is answered at once, since it is no JSON"


def opened(limit=1_000):
    return AgentSocket(Server(entropy=seeded(1)), 1, Request(method="GET", path="/"), limit)


def answers(socket):
    return [json.loads(message)["error"]["code"] for message in socket.messages_to_send([], 0.0)]


def test_a_message_at_the_limit_and_one_past_it():
    socket = opened(len(ASKED))
    socket.receive_text(ASKED, 0.0)
    assert answers(socket) == [-32700]
    socket.receive_text(ASKED + " ", 0.0)
    assert socket.close == Close(1009, f"a message has at most {len(ASKED)} bytes; raise body_limit on the server")


def test_it_is_bytes_that_count():
    socket = opened(5)
    socket.receive_text("éé", 0.0)
    assert socket.close is None
    socket.receive_text("ééé", 0.0)
    assert socket.close.code == 1009


ENDS = {
    1003: lambda socket: socket.receive_bytes(),
    1009: lambda socket: socket.receive_text("x" * 1_001, 0.0),
    1012: lambda socket: socket.cut(),
}


@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("second", ENDS)
def test_the_first_end_counts(first, second):
    socket = opened()
    for code in first, second:
        ENDS[code](socket)
    assert socket.close.code == first


@pytest.mark.parametrize("code", ENDS)
def test_nothing_is_read_or_said_after_the_end(code):
    socket = opened()
    socket.receive_text(ASKED, 0.0)
    ENDS[code](socket)
    socket.receive_text(ASKED, 0.0)
    assert socket.messages_to_send([], 0.0) == []
