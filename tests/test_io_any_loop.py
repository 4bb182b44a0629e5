"""any_loop: a call for whatever loop carries it, with this computer's clock: what it is handed, and what it tells."""

import json

import pytest
from attrs import define, field, frozen

from hocket.a2a import ClientLimits, Message, Part, Role
from hocket.backoff import Backoff
from hocket.errors import AuthenticationError, ConnectionFailed, LocalProtocolError, RequestTimeout
from hocket.framing import FramingLimits
from hocket_io import any_loop
from hocket_io.any_loop import ask
from support.wire import DONE, TASK, chunk

URL = "http://agent/"


def block(item, number):
    data = json.dumps({"jsonrpc": "2.0", "id": "r", "result": item})
    return f"id: {number}\ndata: {data}\n\n".encode()


@frozen
class Octets:
    """Bytes as some libraries have them: in a class of their own."""

    octets: bytes

    def __bytes__(self):
        return self.octets


@define
class Loop:
    """A loop that does what the test says, at the time that the test says."""

    told: list = field(factory=list)
    now: float = 100.0

    def ask(self, content="Ada", **options):
        return ask(URL, content, self.told.append, **options)

    def find_nothing(self, asking):
        """There is no card: the request that follows is the question."""
        for _ in range(2):
            assert asking.next_request().method == "GET"
            asking.receive_head(404, ())
            asking.receive_eof()
        return asking.next_request()

    @property
    def text(self):
        return "".join(event.text for event in self.told)


@pytest.fixture
def loop(monkeypatch):
    made = Loop()
    monkeypatch.setattr(any_loop.time, "monotonic", lambda: made.now)
    return made


@pytest.mark.parametrize("form", [str, str.encode, lambda text: Octets(text.encode())], ids=["str", "bytes", "a class"])
def test_header_fields_and_data_are_taken_as_a_library_has_them(loop, form):
    asking = loop.ask()
    loop.find_nothing(asking)
    asking.receive_head(200, [(form("Content-Type"), form("text/event-stream"))])
    data = block({"task": TASK}, 1) + block(chunk("Hello"), 2)
    asking.receive_data(data if form is str else Octets(data))
    assert (loop.text, asking.is_closed) == ("Hello", False), "as soon as it can be read"
    asking.receive_data(bytearray(block(DONE, 3)))
    assert (loop.told[-1].done, asking.is_closed) == (True, True)
    asking.receive_eof()
    assert (asking.next_request(), asking.delay) == (None, None)


def test_a_name_that_is_no_ascii_breaks_nothing(loop):
    asking = loop.ask()
    loop.find_nothing(asking)
    asking.receive_head(200, [(b"x-\xff", b"\xe9"), (b"content-type", b"text/event-stream")])
    asking.receive_data(block({"task": TASK}, 1) + block(DONE, 2))
    assert loop.told[-1].done


def test_each_message_has_an_id_that_nobody_guesses(loop):
    asked = [json.loads(loop.find_nothing(loop.ask()).body) for _ in range(2)]
    assert len({each["id"] for each in asked} | {each["params"]["message"]["messageId"] for each in asked}) == 4


def test_what_is_asked_for_is_sent(loop):
    message = Message(message_id="m", role=Role.USER, parts=(Part(text="Q2"),))
    asking = loop.ask(message, task_id="t", context_id="c", headers={"authorization": "Bearer x"}, version="0.3")
    request = loop.find_nothing(asking)
    asked = json.loads(request.body)
    sent = asked["params"]["message"]
    assert (sent["messageId"], sent["taskId"], sent["contextId"]) == ("m", "t", "c")
    assert (asked["method"], request.header("authorization")) == ("message/stream", "Bearer x")


def test_a_refusal_is_told_when_the_head_has_come(loop):
    asking = loop.ask()
    loop.find_nothing(asking)
    asking.receive_head(401, [("www-authenticate", "Bearer")])
    (event,) = loop.told
    assert (event.done, type(event.error)) == (True, AuthenticationError)


def test_what_comes_back_has_limits(loop):
    asking = loop.ask(limits=ClientLimits(framing=FramingLimits(sse_event=100)))
    loop.find_nothing(asking)
    asking.receive_head(200, [("content-type", "text/event-stream")])
    asking.receive_data(block(chunk("x" * 100), 1))
    assert "sse_event" in str(loop.told[-1].error)


def test_that_there_is_nobody_to_ask_is_told_at_once(loop):
    asking = loop.ask()
    asking.next_request()
    asking.receive_head(200, [("content-type", "application/json")])
    asking.receive_data(
        b'{"name":"a","url":"http://agent/","capabilities":{"extensions":[{"uri":"urn:x","required":true}]}}'
    )
    asking.receive_eof()
    assert (loop.told[-1].done, asking.is_closed, asking.next_request()) == (True, True, None)
    assert "urn:x" in str(loop.told[-1].error)


@pytest.mark.parametrize("reason", ["no route", RequestTimeout("too slow")])
def test_a_failure_is_told_in_the_words_of_the_loop(loop, reason):
    asking = loop.ask()
    asking.next_request()
    asking.receive_failure(reason)
    (event,) = loop.told
    assert (event.done, str(event.error)) == (True, str(reason))
    assert isinstance(event.error, ConnectionFailed if isinstance(reason, str) else RequestTimeout)
    assert (asking.is_closed, asking.next_request()) == (True, None)


def test_a_stream_that_was_cut_is_asked_for_again_when_its_time_has_come(loop):
    asking = loop.ask(resume=Backoff(base=2.0, jitter=False))
    loop.find_nothing(asking)
    assert asking.delay is None
    asking.receive_head(200, [("content-type", "text/event-stream")])
    asking.receive_data(block({"task": TASK}, 1) + block(chunk("Hello "), 2))
    asking.receive_failure("reset")
    assert (asking.is_closed, asking.next_request(), asking.delay) == (False, None, 2.0)
    loop.now += 1.5
    assert (asking.next_request(), asking.delay) == (None, 0.5)
    loop.now += 1.0
    assert asking.delay == 0.0
    assert asking.next_request().header("last-event-id") == "2"
    asking.receive_head(200, [("content-type", "text/event-stream")])
    asking.receive_data(block(chunk("Ada"), 3) + block(DONE, 4))
    assert (loop.text, asking.is_closed) == ("Hello Ada", True)
    assert [event.kind for event in loop.told if event.error is None and event.item is None] == ["resumed"]


def test_what_on_event_raises_comes_out_and_loses_nothing(loop):
    def on_event(event):
        loop.told.append(event)
        if event.text == "Hello ":
            raise ZeroDivisionError

    asking = ask(URL, "Ada", on_event)
    loop.find_nothing(asking)
    asking.receive_head(200, [("content-type", "text/event-stream")])
    with pytest.raises(ZeroDivisionError):
        asking.receive_data(block({"task": TASK}, 1) + block(chunk("Hello "), 2) + block(chunk("Ada"), 3))
    asking.receive_data(block(DONE, 4))
    assert (loop.text, asking.is_closed) == ("Hello Ada", True)


@pytest.mark.parametrize("wrong", [{"content": 5}, {"content": []}, {"version": "7"}])
def test_what_cannot_be_asked_is_refused_at_once(loop, wrong):
    with pytest.raises(LocalProtocolError):
        loop.ask(**wrong)
