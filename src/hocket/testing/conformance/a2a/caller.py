"""Caller: a client of one A2A version, of few words and strict, with which plays talk to an agent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from attrs import evolve, field, frozen

from hocket import codec
from hocket.errors import CodecError
from hocket.testing.conformance.a2a.wire import SETTLED, TERMINAL, Item, Wire
from hocket.testing.conformance.trial import Heard, Trial
from hocket.testing.probe import Ask, End
from hocket.testing.violation import NotApplicable

__all__ = ["Answer", "Caller", "CallerPlay", "Story", "compact"]

_TURNS = 3
"""Questions of an agent that are answered until its task is over."""

CallerPlay: TypeAlias = "Callable[[Caller], None]"


@frozen(kw_only=True)
class Answer:
    """The first message of an answer, read.

    Attributes:
        body: It, as JSON.
        heard: The conversation.
    """

    body: Any
    heard: Heard

    @property
    def id(self) -> Any:
        """The JSON-RPC id; None where there is none."""
        return self.body.get("id") if isinstance(self.body, Mapping) else None

    @property
    def error(self) -> Mapping[str, Any] | None:
        """The error; None where there is none."""
        found = self.body.get("error") if isinstance(self.body, Mapping) else None
        return found if isinstance(found, Mapping) else None


@frozen(kw_only=True)
class Story:
    """A stream from its first event to its end.

    Attributes:
        items: Its events.
        heard: The conversation.
        end: How it had ended when it was read.
        how: The same in words, and why.
    """

    items: tuple[Item, ...]
    heard: Heard
    end: End
    how: str

    @property
    def task(self) -> Mapping[str, Any] | None:
        """The Task that it began with; None where it did not."""
        first = self.items[0] if self.items else None
        return first.value if first is not None and first.kind == "task" else None


@frozen
class Caller:
    """A client of one version.

    Attributes:
        trial: The rule that is checked.
        wire: The version.
    """

    trial: Trial
    wire: Wire = field()

    # What is known of the agent

    @property
    def card(self) -> Mapping[str, Any]:
        """Its card; a target without one cannot be asked what it declares."""
        card = self.trial.probe.card
        return card if card is not None else self.trial.skip("the target has no agent card")

    def declares(self, capability: str) -> bool:
        """Whether the card says that the agent has a capability."""
        card = self.trial.probe.card
        if card is None:
            return capability == "streaming"  # a pipe has no card; what it can do is seen by trying
        capabilities = card.get("capabilities")
        return isinstance(capabilities, Mapping) and capabilities.get(capability) is True

    def needs(self, capability: str) -> None:
        """Go on only if the card declares a capability."""
        if not self.declares(capability):
            self.trial.skip(f"its card does not declare {capability}")

    def interface(self, binding: str) -> str:
        """The URL at which 1.0 is spoken in a binding, as the card says it."""
        listed = self.card.get("supportedInterfaces")
        for each in listed if isinstance(listed, list) else []:
            is_it = isinstance(each, Mapping) and each.get("protocolBinding") == binding and not each.get("tenant")
            if is_it and isinstance(each.get("url"), str):
                return str(each["url"])
        raise NotApplicable(f"its card has no interface for {binding}")

    # Asking

    def ask(self, operation: str, params: Any = None, *, request_id: Any = None, headers: Any = ()) -> Ask:
        """A request, not sent yet; with an id of its own where none is given."""
        own = self.trial.probe.fresh_id() if request_id is None else request_id
        asked = Ask.call(self.wire.methods[operation], params, id=own, version=self.wire.version)
        extensions = self.required_extensions()
        return evolve(asked, headers={**asked.headers, **extensions, **dict(headers)})

    def required_extensions(self) -> dict[str, str]:
        """The header field that names the extensions without which the agent answers nothing."""
        capabilities = (self.trial.probe.card or {}).get("capabilities")
        listed = capabilities.get("extensions") if isinstance(capabilities, Mapping) else None
        uris = [each["uri"] for each in listed or () if isinstance(each, Mapping) and each.get("required") is True]
        return {self.wire.extensions: ", ".join(uris)} if uris else {}

    def call(self, operation: str, params: Any = None, **options: Any) -> Answer:
        """A call that has one answer, or the first of several."""
        return self.answer(self.ask(operation, params, **options))

    def answer(self, ask: Ask) -> Answer:
        """What is answered to any request."""
        heard = self.trial.open(ask)
        return self.read(heard)

    def read(self, heard: Heard) -> Answer:
        """The next message of an answer, which must be there and be JSON."""
        message = self.trial.next(heard)
        if message is None:
            self.trial.fail(f"there was no answer; it ended {heard.how}")
        return Answer(body=self.json(message), heard=heard)

    def json(self, message: bytes) -> Any:
        """A message as JSON."""
        try:
            return codec.loads(message)
        except CodecError as error:
            self.trial.fail(f"what came is no JSON ({error}): {message[:200]!r}")

    # Judging

    def result(self, answer: Answer) -> Any:
        """The result of an answer, which must have one."""
        require = self.trial.require
        require(isinstance(answer.body, Mapping), f"the answer is no object: {compact(answer.body)}")
        require(answer.error is None, f"it was refused: {compact(answer.error)}")
        require("result" in answer.body, f"the answer has neither result nor error: {compact(answer.body)}")
        return answer.body["result"]

    def refusal(self, answer: Answer, *codes: int) -> Mapping[str, Any]:
        """The error of an answer, which must be one of these; any, if none is named."""
        wanted = " or ".join([str(code) for code in codes]) or "an error"
        error = answer.error
        if error is None:
            self.trial.fail(f"{wanted} was to come, and this came: {compact(answer.body)}")
        if codes:
            self.trial.require(error.get("code") in codes, f"{wanted} was to come, and this came: {compact(error)}")
        return error

    def task_in(self, result: Any) -> Mapping[str, Any]:
        """The Task that the result of a call for a task is: in all versions without anything around it."""
        if not (isinstance(result, Mapping) and "id" in result and isinstance(result.get("status"), Mapping)):
            self.trial.fail(f"the result is no Task: {compact(result)}")
        return result

    # Messages

    def message(self, text: str | None = None, **more: Any) -> dict[str, Any]:
        """A Message with an id of its own."""
        return self.wire.message(self.trial.probe.fresh_id(), self.trial.session.text if text is None else text, **more)

    def sent(self, message: Any = None, *, waits: bool = True, **configuration: Any) -> Answer:
        """What is answered to a message."""
        settings = {**self.wire.waiting(waits=waits), **configuration}
        return self.call("send", {"message": message or self.message(), "configuration": settings})

    def item(self, answer: Answer) -> Item:
        """The Task or Message, or the event, that an answer is."""
        result = self.result(answer)
        found = self.wire.item(result)
        if found is None:
            self.trial.fail(f"the result is not one of {', '.join(self.wire.kinds)}: {compact(result)}")
        return found

    def new_task(self, *, waits: bool = True, **more: Any) -> Mapping[str, Any]:
        """A task that has just been begun, and has settled if `waits`; or the rule cannot be checked."""
        answer = self.sent(self.message(**more), waits=waits)
        if answer.error is not None:
            self.trial.skip(f"the agent refused a message: {compact(answer.error)}")
        found = self.wire.item(answer.body.get("result")) if isinstance(answer.body, Mapping) else None
        if found is None or found.kind != "task" or not isinstance(found.value.get("id"), str):
            said = "a Message" if found is not None and found.kind == "message" else compact(answer.body)
            self.trial.skip(f"the agent answered with {said}, and not with a task")
        return found.value

    def settled_task(self) -> Mapping[str, Any]:
        """A task that has settled; the same for all rules that only look at it."""
        return self.trial.sample(f"{self.wire.version} task", self.new_task)

    def ended_task(self) -> Mapping[str, Any]:
        """A task in a terminal state; the same for all rules that cannot change it. Who asks is answered."""
        return self.trial.sample(f"{self.wire.version} ended task", self._end)

    def _end(self) -> Mapping[str, Any]:
        task = self.new_task() if self.wire.state(self.settled_task()) not in TERMINAL else self.settled_task()
        for _ in range(_TURNS):
            if self.wire.state(task) in TERMINAL:
                break
            self.sent(self.message(**self.following(task)))
            task = self.get(task["id"])
        state = self.wire.state(task)
        return task if state in TERMINAL else self.trial.skip(f"the agent's task has no end: it is {state}")

    def waiting_task(self) -> Mapping[str, Any]:
        """A new task that waits for input."""
        if self.wire.state(self.settled_task()) != "input-required":
            self.trial.skip("the agent asks nothing: its task ended in one turn")
        return self.new_task()

    def following(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """The members of a Message that goes on with a task, which in 1.0 may have no context."""
        return {"taskId": task["id"], **({"contextId": task["contextId"]} if task.get("contextId") else {})}

    def context_of(self, task: Mapping[str, Any]) -> Any:
        """The context of a task, for rules about contexts."""
        return task.get("contextId") or self.trial.skip("the agent's tasks have no contextId")

    # Streams

    def story(self) -> Story:
        """A stream, read to its end; the same for all rules that look at one."""
        self.needs("streaming")
        return self.trial.sample(f"{self.wire.version} stream", lambda: self.told(self.open_stream()))

    def open_stream(self, message: Any = None) -> Heard:
        """A stream that has just been asked for."""
        return self.trial.open(self.ask("stream", {"message": message or self.message()}))

    def told(self, heard: Heard) -> Story:
        """A stream, read to its end."""
        messages = self.trial.rest(heard)
        bodies = [self.json(each) for each in messages]
        if bodies and isinstance(bodies[0], Mapping) and isinstance(bodies[0].get("error"), Mapping):
            self.trial.skip(f"the agent refused a stream: {compact(bodies[0]['error'])}")
        answers = [Answer(body=body, heard=heard) for body in bodies]
        return Story(items=tuple([self.item(each) for each in answers]), heard=heard, end=heard.end, how=heard.how)

    def running(self) -> tuple[Heard, Mapping[str, Any]]:
        """A stream whose task is not over yet, and that task; nothing is read that is not needed."""
        self.needs("streaming")
        heard = self.open_stream()
        first = self.item(self.read(heard))
        if first.kind != "task" or not isinstance(first.value.get("id"), str):
            self.trial.skip(f"the stream begins with a {first.kind}, and not with a task")
        if self.wire.state(first.value) in SETTLED:
            self.trial.skip("the agent ended before anything else could be asked")
        return heard, first.value

    def get(self, task_id: Any, **more: Any) -> Mapping[str, Any]:
        """A task as it stands."""
        return self.task_in(self.result(self.call("get", {"id": task_id, **more})))


def compact(value: Any) -> str:
    """A value on one line, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 300 else f"{text[:300]}…"
