"""A server of 1.0 that numbers nothing: wherever its streams break, the text is read once, and whole."""

import json

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import V1_0, ClientCall, Operation, Outcome
from hocket.backoff import Backoff
from hocket.entropy import seeded
from hocket.errors import ConnectionFailed
from hocket.http import HttpCall, ResumingCall
from hocket_io.client.answers import StreamView
from support.drain import drain
from support.messages import user_says
from support.wire import DONE, TASK, chunk, said

WORKING = {"statusUpdate": {"taskId": "t", "contextId": "c", "status": {"state": "TASK_STATE_WORKING"}}}


def whole(text):
    artifact = {"artifactId": "a", "parts": [{"text": text}]}
    return {"artifactUpdate": {"taskId": "t", "contextId": "c", "artifact": artifact}}


def last_words(text):
    return {"statusUpdate": {**DONE["statusUpdate"], "status": {"state": "TASK_STATE_COMPLETED", **said(text)}}}


@st.composite
def logs(draw):
    """What an agent says, and its text: word by word, then perhaps all of it once more, as some do."""
    words = [f"{number} " for number in range(draw(st.integers(2, 6)))]
    items = [each for word in words for each in draw(st.sampled_from([[chunk(word)], [chunk(word), WORKING]]))]
    text = "".join(words)
    return [*items, *draw(st.sampled_from([[DONE], [whole(text), DONE], [last_words(text)]]))], text


@define(eq=False)
class Forgetful:
    """A server whose every stream breaks, and that begins each with the Task as it is by then."""

    log: list
    steps: list
    repeats: bool
    at: int = field(default=0, init=False)

    def go_on(self):
        """The agent says something, seen or unseen: this many items."""
        begin, self.at = self.at, min(len(self.log), self.at + (self.steps.pop(0) if self.steps else 1))
        return self.log[begin : self.at]

    def task(self):
        text, status = "", TASK["status"]
        for item in self.log[: self.at]:
            if "statusUpdate" in item:
                status = item["statusUpdate"]["status"]
            else:
                (part,) = item["artifactUpdate"]["artifact"]["parts"]
                text = text + part["text"] if item["artifactUpdate"].get("append") else part["text"]
        return {**TASK, "status": status, "artifacts": [{"artifactId": "a", "parts": [{"text": text}]}] if text else []}

    def answer(self, method):
        """The content type of an answer and what is in it; a stream is never ended."""
        if self.at:
            self.go_on()  # while nobody listened
        if method == "GetTask":
            return "application/json", [{"result": self.task()}]
        if method == "SubscribeToTask" and self.at == len(self.log):
            return "application/json", [{"error": {"code": -32004, "message": "the task is over"}}]
        again = self.log[self.at - 1 : self.at] if self.repeats and 0 < self.at < len(self.log) else []
        return "text/event-stream", [{"result": item} for item in [{"task": self.task()}, *again, *self.go_on()]]


def read(server):
    call = ClientCall(Operation.STREAM, user_says(), V1_0, "r", is_resumable=True)
    backoff = Backoff(attempts=50)
    machine = ResumingCall(call, lambda each: HttpCall(each, "http://agent/"), backoff, seeded(1))
    now, events = 0.0, []
    while not machine.is_closed:
        request = machine.next_request()
        if request is None:
            now = machine.next_timeout()
            machine.handle_timeout(now)
            continue
        kind, answers = server.answer(json.loads(request.body)["method"])
        bodies = [json.dumps({"jsonrpc": "2.0", "id": "r", **each}).encode() for each in answers]
        machine.receive_head(200, (("content-type", kind),), now)
        if kind == "application/json":
            machine.receive_data(bodies[0], now)
            machine.receive_eof(now)
        else:
            for body in bodies:
                machine.receive_data(b"data: " + body + b"\n\n", now)
            machine.receive_failure(ConnectionFailed("broken"), now)
        events += drain(machine)
    return call, events


@given(logs(), st.lists(st.integers(0, 3), max_size=12), st.booleans())
def test_text_is_read_once_and_whole(story, steps, repeats):
    log, text = story
    call, events = read(Forgetful(log, steps, repeats))
    assert call.outcome is Outcome.SETTLED
    view = StreamView()
    view._call = call
    view._end(events[-1])
    assert view._whole_text() == text
    if not repeats:  # else a piece that was on its way may be told twice in between
        assert "".join(event.text for event in events) == text
