"""What a person gives a client to say, and the request that says it."""

import pytest

from hocket.a2a import Message, Part, Role
from hocket.errors import LocalProtocolError
from hocket_io.client.requests import message_request

WHOLE = Message(message_id="m", role=Role.USER, parts=(Part(text="hi"),), task_id="t0", context_id="c0")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("hi", (Part(text="hi"),)),
        (Part(data=[1]), (Part(data=[1]),)),
        ([Part(text="a"), Part(raw=b"b")], (Part(text="a"), Part(raw=b"b"))),
    ],
)
def test_text_and_parts_become_a_message_of_the_user(content, parts):
    message = message_request(content, task_id="t", context_id="c").message
    assert (message.role, message.parts) == (Role.USER, parts)
    assert (message.task_id, message.context_id) == ("t", "c")


def test_every_message_has_an_id_of_its_own():
    assert message_request("hi").message.message_id != message_request("hi").message.message_id


def test_a_whole_message_is_sent_as_it_is_unless_a_task_is_named():
    assert message_request(WHOLE).message == WHOLE
    moved = message_request(WHOLE, task_id="t1").message
    assert (moved.message_id, moved.task_id, moved.context_id) == ("m", "t1", "c0")


@pytest.mark.parametrize("wait", [True, False])
def test_who_does_not_wait_says_so(wait):
    configuration = message_request("hi", wait=wait).configuration
    assert (configuration is None) == wait
    assert wait or configuration.return_immediately


def test_an_empty_list_is_no_message():
    with pytest.raises(LocalProtocolError, match="a message has one part at the least: there is none in the list"):
        message_request([])


@pytest.mark.parametrize("content", [None, 3, b"bytes", ["text"], {"text": "hi"}])
def test_anything_else_is_refused_in_words(content):
    with pytest.raises(LocalProtocolError, match=f"{type(content).__name__} cannot be sent: give text, a Part"):
        message_request(content)
