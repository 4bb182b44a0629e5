"""An agent that tells lies: an A2A 1.0 server behind a probe, honest but for the lies it was given.

It does something only when somebody waits for it: each time a reader has read all there is, its task says one thing
more. What it says is written out here by hand, and not made by the code that is tested.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

if TYPE_CHECKING:  # whoever runs this as a program starts sooner without hocket
    from hocket.testing.probe import Ask, End

JSON = dict[str, Any]
ENDED = ("TASK_STATE_COMPLETED", "TASK_STATE_CANCELED", "TASK_STATE_FAILED")
CARD = {"name": "liar", "capabilities": {"streaming": True}}


@define(eq=False)
class LiarTask:
    """A task, and what it will still say."""

    id: str
    context_id: str
    said: JSON
    plan: list[JSON]
    log: list[JSON] = field(factory=list)
    is_mute: bool = False

    @property
    def state(self) -> str:
        found = [item[kind]["status"]["state"] for item in self.log for kind in item if "status" in item[kind]]
        return str(found[-1])

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    def status(self, state: str, text: str | None = None) -> JSON:
        status: JSON = {"state": f"TASK_STATE_{state}"}
        if text is not None:
            status["message"] = {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": text}]}
        return {"statusUpdate": {"taskId": self.id, "contextId": self.context_id, "status": status}}

    def chunk(self, text: str, name: str = "a", **flags: bool) -> JSON:
        artifact = {"artifactId": name, "parts": [{"text": text}]}
        return {
            "artifactUpdate": {"taskId": self.id, "contextId": self.context_id, "artifact": artifact, **flags},
        }

    def snapshot(self, skip: int = 0) -> JSON:
        """The Task as the log has it, without the first `skip` pieces of its artifact."""
        pieces = [item["artifactUpdate"]["artifact"]["parts"][0] for item in self.log if "artifactUpdate" in item]
        artifacts = [{"artifactId": "a", "parts": pieces[skip:]}] if pieces[skip:] else []
        status = {"state": self.state}
        base = {"id": self.id, "contextId": self.context_id, "status": status, "history": [self.said]}
        return {**base, "artifacts": artifacts}


@define(eq=False)
class LiarAnswer:
    """What one request is answered with: a list, or what a task says from some place on."""

    request_id: Any
    messages: list[bytes] = field(factory=list)
    source: Callable[[], JSON | End] | None = None
    status: int | None = 200
    headers: Mapping[str, str] = field(factory=dict)
    last: End = "complete"
    end: End = "open"
    reason: str = ""
    raw: bytes = b""

    def next(self, timeout: float = 60.0) -> bytes | None:
        del timeout
        if self.messages:
            return self.messages.pop(0)
        found = self.source() if self.source is not None else self.last
        if isinstance(found, str):
            self.end = self.last = found
            self.source = None
            return None
        return response(self.request_id, found)

    def send(self, body: bytes) -> None:
        raise AssertionError("nobody says more to an A2A agent")

    def close(self) -> None:
        self.end = "cut"


def response(request_id: Any, result: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "result": result}).encode()


def refusal(request_id: Any, code: int, message: str = "no") -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}).encode()


@frozen
class Request:
    """A request as the agent reads it."""

    id: Any
    method: str
    params: JSON


@define(eq=False)
class Liar:
    """See the module. `lie` is one of those that the code below looks for; None for an honest agent."""

    lie: str | None = None
    binding: str = "memory"
    target: str = "liar.py:agent"
    protocol: str = "a2a"
    versions: tuple[str, ...] = ("1.0",)
    card: Mapping[str, Any] | None = field(factory=lambda: CARD)
    raised: list[BaseException] = field(factory=list)
    tasks: dict[str, LiarTask] = field(factory=dict)
    answers: list[LiarAnswer] = field(factory=list)
    starts: int = 0
    is_dead: bool = False
    _numbers: int = 0

    def open(self, ask: Ask) -> LiarAnswer:
        self.answers.append(self._answered(ask))
        return self.answers[-1]

    def _answered(self, ask: Ask) -> LiarAnswer:
        if self.is_dead:
            return LiarAnswer(None, status=None, last="cut")
        try:
            read = json.loads(ask.body or b"")
        except (ValueError, RecursionError):
            return self._unreadable(None, -32700)
        if isinstance(read, list):
            self.is_dead = self.lie == "dies of a batch"
            return LiarAnswer(None, [json.dumps([json.loads(refusal(None, -32601)) for _ in read]).encode()])
        if not isinstance(read, dict) or read.get("jsonrpc") != "2.0" or not isinstance(read.get("method"), str):
            return self._unreadable(read.get("id") if isinstance(read, dict) else None, -32600)
        if "params" not in read and self.lie != "serves anything":
            return LiarAnswer(read["id"], [refusal(read["id"], -32603 if self.lie == "stumbles" else -32602)])
        request = Request(read.get("id"), read["method"], read.get("params") or {})
        answer = {
            "SendStreamingMessage": self._stream,
            "SendMessage": self._send,
            "GetTask": self._get,
            "CancelTask": self._cancel,
            "SubscribeToTask": self._subscribe,
        }.get(request.method)
        if answer is None:
            return LiarAnswer(request.id, [refusal(request.id, -32601)])
        return answer(request)

    def curl(self, ask: Ask) -> str | None:
        return f"curl {ask.method}"

    def fresh_id(self) -> str:
        self._numbers += 1
        return f"i{self._numbers}"

    def wait(self, seconds: float) -> None:
        del seconds
        for task in self.tasks.values():
            if task.plan and self.lie != "sticks when left":
                task.log.append(task.plan.pop(0))

    def restart(self) -> None:
        self.starts += 1
        self.tasks.clear()
        self.raised.clear()

    # What it answers.

    def _unreadable(self, request_id: Any, code: int) -> LiarAnswer:
        match self.lie:
            case "garbage to garbage":
                return LiarAnswer(request_id, [b"what?"])
            case "a page to garbage":
                return LiarAnswer(request_id, [b"<html>"], status=400)
            case "nothing to garbage":
                return LiarAnswer(request_id, last="silent")
            case "shows its inside":
                return LiarAnswer(request_id, [refusal(None, code, '  File "/srv/a.py", line 7, in read')])
            case "one code for all":
                return LiarAnswer(request_id, [refusal(None, -32000)])
        return LiarAnswer(request_id, [refusal(None, code)])

    def _stream(self, request: Request) -> LiarAnswer:
        task_id = request.params["message"].get("taskId")
        if task_id is not None:
            return self._further(request, task_id)
        return self._follow(request, self._begin(request.params["message"]), 0)

    def _begin(self, message: JSON) -> LiarTask:
        shared = next(iter(self.tasks.values()), None)
        task_id = shared.id if self.lie == "one task for all" and shared else f"task-{self.fresh_id()}"
        text = message["parts"][0].get("text", "")
        said = message
        if self.lie == "NUL is lost":
            said = {**message, "parts": [{"text": text.replace("\0", "")}]}
        task = LiarTask(task_id, f"context-{task_id}", said, [])
        begun = {"id": task.id, "contextId": task.context_id, "status": {"state": "TASK_STATE_SUBMITTED"}}
        task.log.append({"task": {**begun, "history": [said]}})
        task.plan = self._plan(task, text)
        self.tasks[task.id] = task
        return task

    def _plan(self, task: LiarTask, text: str) -> list[JSON]:
        honest = [
            task.status("WORKING"),
            task.chunk("one "),
            task.chunk("two ", append=True),
            task.chunk("three", append=True, lastChunk=True),
            task.status("COMPLETED"),
        ]
        completed = honest[-1]
        message = {"message": {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": "hi"}]}}
        lies: dict[str, list[JSON]] = {
            "no terminal status": honest[:-1],
            "something after the end": [*honest, task.chunk("four", "b")],
            "two ends": [*honest, completed],
            "no state": [task.status("UNSPECIFIED"), *honest],
            "the last chunk twice": [*honest[:-1], honest[-2], completed],
            "appends to nothing": [task.chunk("x", "b", append=True), *honest],
            "a Message in between": [honest[0], message, *honest[1:]],
            "a foreign event": [honest[0], LiarTask("other", task.context_id, {}, []).chunk("x"), *honest[1:]],
            "another context": [honest[0], LiarTask(task.id, "other", {}, []).chunk("x"), *honest[1:]],
            "a traceback": [
                honest[0],
                task.status("FAILED", 'Traceback (most recent call last):\n  File "/srv/a.py", line 1'),
            ],
            "asks": [honest[0], task.status("INPUT_REQUIRED", "which one?")],
        }
        if self.lie == "raises" and "0" in text:
            self.raised.append(ValueError("no zeros here"))
        if self.lie is not None and self.lie.startswith("asks"):
            return lies["asks"]
        return lies.get(self.lie or "", honest)

    def _follow(self, request: Request, task: LiarTask, place: int) -> LiarAnswer:
        """A stream of all that a task says after `place`."""
        seen = place

        def source() -> JSON | End:
            nonlocal seen
            if task.is_mute:
                return "silent"
            if seen == len(task.log) and task.plan:
                task.log.append(task.plan.pop(0))
            if seen < len(task.log):
                seen += 1
                return self._spoilt(task.log[seen - 1], seen)
            is_stuck = self.lie == "stays open" and task.has_ended
            return "silent" if is_stuck else "complete"

        answer = LiarAnswer(request.id, [], source)
        return self._bent(answer, request)

    def _spoilt(self, item: JSON, number: int) -> JSON | End:
        if self.lie == "silent" and number == 3:
            return "silent"
        if self.lie == "cut" and number == 3:
            return "cut"
        if self.lie == "ends without the Task" and number == 1:
            return "complete"
        return item

    def _bent(self, answer: LiarAnswer, request: Request) -> LiarAnswer:
        """The answer to a message that is streamed, as some lies have it."""
        text = request.params.get("message", {"parts": [{}]})["parts"][0].get("text", "")
        match self.lie:
            case "another id":
                answer.request_id = "other"
            case "no JSON":
                answer.messages = [response(request.id, {"message": 1})[:-3]]
            case "breaks at line separators" if "\u2028" in text:
                answer.messages = [b'{"jsonrpc": "2.0"']
            case "the update first":
                assert answer.source is not None
                answer.source()
            case "an internal error":
                return LiarAnswer(request.id, [refusal(request.id, -32603)])
            case "HTTP 500":
                return LiarAnswer(request.id, [b"oh"], status=500)
            case "a refusal":
                return LiarAnswer(request.id, [refusal(request.id, -32602)])
            case "HTTP 429":
                return LiarAnswer(request.id, [b"slowly"], status=429)
            case "is offended" if len(self.tasks) > 1:
                return LiarAnswer(request.id, last="silent")
            case "gone":
                return LiarAnswer(request.id, status=None, last="cut")
        return answer

    def _send(self, request: Request) -> LiarAnswer:
        task = self._begin(request.params["message"])
        if self.lie == "does not wait":
            return LiarAnswer(request.id, [response(request.id, {"task": task.snapshot()})])
        while task.plan:
            task.log.append(task.plan.pop(0))
        answers = 2 if self.lie == "two answers" else 1
        return LiarAnswer(request.id, [response(request.id, {"task": task.snapshot()})] * answers)

    def _get(self, request: Request) -> LiarAnswer:
        task = self.tasks.get(request.params.get("id", ""))
        if task is None and self.lie == "serves anything" and not request.params:
            return LiarAnswer(request.id, [response(request.id, {"id": "T", "status": {"state": 3}})])
        if task is None or self.lie == "forgets" or (self.lie == "forgets the left" and task.plan):
            return LiarAnswer(request.id, [refusal(request.id, -32001)])
        skip = 1 if self.lie == "loses the first chunk" else 0
        return LiarAnswer(request.id, [response(request.id, task.snapshot(skip))])

    def _cancel(self, request: Request) -> LiarAnswer:
        task = self.tasks.get(request.params["id"])
        if task is None:
            return LiarAnswer(request.id, [refusal(request.id, -32001)])
        said = {**task.snapshot(), "status": {"state": "TASK_STATE_CANCELED"}}
        if task.has_ended and self.lie != "cancels what has ended":
            return LiarAnswer(request.id, [refusal(request.id, -32002)])
        if self.lie == "goes on after a cancel":
            return LiarAnswer(request.id, [response(request.id, said)])
        if self.lie == "a cancel of another task":
            return LiarAnswer(request.id, [response(request.id, {**said, "id": "other"})])
        task.plan = []
        task.log.append(task.status("CANCELED"))
        task.is_mute = self.lie == "tells no cancel"
        return LiarAnswer(request.id, [response(request.id, said)])

    def _subscribe(self, request: Request) -> LiarAnswer:
        task = self.tasks.get(request.params["id"])
        if task is None or self.lie == "a stream of nobody":
            return LiarAnswer(request.id, [refusal(request.id, -32001)])
        if task.has_ended:
            return LiarAnswer(request.id, [refusal(request.id, -32004)])
        if self.lie == "no subscriptions":
            return LiarAnswer(request.id, [refusal(request.id, -32004)])
        place = len(task.log) + (1 if self.lie == "loses the chunk in flight" and len(task.log) == 3 else 0)
        answer = self._follow(request, task, place)
        answer.messages = [response(request.id, {"task": task.snapshot()})]
        if place > len(task.log):
            task.log.append(task.plan.pop(0))
        if self.lie == "leaves the second reader":
            answer.source, answer.last = None, "silent"
        return answer

    def _further(self, request: Request, task_id: str) -> LiarAnswer:
        task = self.tasks.get(task_id)
        if task is None:
            return LiarAnswer(request.id, [refusal(request.id, -32001)])
        if task.has_ended and self.lie != "restarts what has ended":
            return LiarAnswer(request.id, [refusal(request.id, -32004)])
        if self.lie == "asks, and begins anew":
            return self._follow(request, self._begin(request.params["message"]), 0)
        place = len(task.log)
        if self.lie == "asks, and changes the context":
            task.context_id = "other"
        task.plan = [task.status("WORKING"), task.chunk("an answer "), task.status("COMPLETED")]
        answer = self._follow(request, task, place)
        answer.messages = [
            response(request.id, {"task": {**task.snapshot(), "status": {"state": "TASK_STATE_WORKING"}}})
        ]
        return answer
