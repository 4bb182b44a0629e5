"""HTTP+JSON (1.0): paths, statuses, and the same answers as over JSON-RPC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from attrs import frozen

from hocket import codec
from hocket.testing.conformance.a2a.caller import Caller, CallerPlay, compact
from hocket.testing.conformance.a2a.rules import HTTP, MUST, SHOULD, Line, a2a_rules
from hocket.testing.conformance.a2a.streams import artifacts_of
from hocket.testing.conformance.a2a.wire import TERMINAL, WAITING, Item
from hocket.testing.conformance.trial import Heard
from hocket.testing.probe import Ask

__all__ = ["REST_RULES"]

_JSON = ("application/json", "application/a2a+json")


@frozen
class _Rest:
    """An agent over HTTP+JSON.

    Attributes:
        caller: For what is the same in all bindings.
        base: The URL of its interface, without a slash at the end.
    """

    caller: Caller
    base: str

    def ask(self, http_method: str, path: str, body: Any = None, *, raw: bytes | None = None) -> Ask:
        """A request, not sent yet."""
        content = raw if raw is not None else None if body is None else codec.dumps(body)
        stream = "SendStreamingMessage" if path == "/message:stream" else None
        fields = {"A2A-Version": "1.0", "Content-Type": "application/json"}
        headers = {**fields, **self.caller.required_extensions()}
        return Ask(body=content, http_method=http_method, path=f"{self.base}{path}", headers=headers, method=stream)

    def open(self, ask: Ask) -> tuple[Heard, Any]:
        """What comes first, as JSON."""
        heard = self.caller.trial.open(ask)
        message = self.caller.trial.next(heard)
        if message is None:
            self.caller.trial.fail(f"there was no answer; it ended {heard.how}")
        return heard, self.caller.json(message)

    def ok(self, http_method: str, path: str, body: Any = None) -> tuple[Heard, Mapping[str, Any]]:
        """What is answered with the status 200."""
        heard, value = self.open(self.ask(http_method, path, body))
        self.caller.trial.require(heard.status == 200, f"{path} was answered with {heard.status}: {compact(value)}")
        self.caller.trial.require(isinstance(value, Mapping), f"the answer is no object: {compact(value)}")
        return heard, value

    def refused(self, ask: Ask, *statuses: int) -> Mapping[str, Any]:
        """The error of a request that must be refused with one of these statuses."""
        heard, value = self.open(ask)
        wanted = " or ".join(map(str, statuses))
        is_refused = heard.status in statuses
        self.caller.trial.require(is_refused, f"the status {wanted} was to come, and {heard.status}: {compact(value)}")
        error = value.get("error") if isinstance(value, Mapping) else None
        if not isinstance(error, Mapping):
            self.caller.trial.fail(f"the body of a refusal has no error: {compact(value)}")
        is_same = error.get("code") == heard.status
        self.caller.trial.require(is_same, f"the status is {heard.status}, and error.code {error.get('code')!r}")
        return error


def _rest(caller: Caller) -> _Rest:
    """The interface that the card has for it."""
    return _Rest(caller, caller.interface("HTTP+JSON").rstrip("/"))


def _sent(caller: Caller) -> None:
    _, value = _rest(caller).ok("POST", "/message:send", {"message": caller.message()})
    item = caller.wire.item(value)
    is_answer = item is not None and item.kind in ("task", "message")
    caller.trial.require(is_answer, f"the answer is neither a task nor a message: {compact(value)}")


def _type(caller: Caller) -> None:
    heard, _ = _rest(caller).ok("POST", "/message:send", {"message": caller.message()})
    kind = heard.headers.get("content-type", "")
    caller.trial.require(kind.partition(";")[0].strip() in _JSON, f"the Content-Type of an answer is {kind!r}")


def _streamed(caller: Caller) -> None:
    caller.needs("streaming")
    rest = _rest(caller)
    heard, first = rest.open(rest.ask("POST", "/message:stream", {"message": caller.message()}))
    kind = heard.headers.get("content-type", "")
    is_stream = heard.status == 200 and kind.startswith("text/event-stream")
    caller.trial.require(is_stream, f"a stream came with the status {heard.status} and the Content-Type {kind!r}")
    values = [first, *[caller.json(each) for each in caller.trial.rest(heard)]]
    items = [caller.wire.item(value) for value in values]
    wrong = [compact(value) for value, item in zip(values, items, strict=True) if item is None]
    caller.trial.require(not wrong, f"an event is no bare item of a stream: {wrong[:1]}")
    stays_open = heard.end == "silent" and items[-1] is not None and caller.wire.state(items[-1].value) in WAITING
    is_over = heard.end == "complete" or stays_open
    caller.trial.require(is_over, f"the stream was {heard.how} after its last event")
    kinds = [item.kind for item in items if item is not None]
    caller.trial.require(kinds[0] in ("task", "message"), f"the first event is a {kinds[0]}")


def _got(caller: Caller) -> None:
    task = caller.ended_task()
    _, found = _rest(caller).ok("GET", f"/tasks/{task['id']}")
    over_rpc = caller.get(task["id"])
    is_same = _essence(caller, found) == _essence(caller, over_rpc)
    caller.trial.require(is_same, f"HTTP+JSON has {compact(found)}, and JSON-RPC {compact(over_rpc)}")


def _essence(caller: Caller, task: Mapping[str, Any]) -> tuple[Any, ...]:
    """What must be the same in a task, however it is written."""
    artifacts = artifacts_of([Item(kind="task", value=task)])
    return task.get("id"), task.get("contextId"), caller.wire.state(task), artifacts


def _listed(caller: Caller) -> None:
    task = caller.settled_task()
    context = quote(str(caller.context_of(task)), safe="")
    _, page = _rest(caller).ok("GET", f"/tasks?contextId={context}&pageSize=10")
    ids = [each.get("id") for each in page.get("tasks") or () if isinstance(each, Mapping)]
    caller.trial.require(task["id"] in ids, f"the context of {task['id']} has the tasks {ids}")
    caller.trial.require(isinstance(page.get("nextPageToken"), str), f"a page has no nextPageToken: {compact(page)}")


def _unknown(caller: Caller) -> None:
    rest = _rest(caller)
    for method, path in (("GET", "/tasks/no-such-task"), ("POST", "/tasks/no-such-task:cancel")):
        rest.refused(rest.ask(method, path, None if method == "GET" else {}), 404)


def _reason(caller: Caller) -> None:
    rest = _rest(caller)
    error = rest.refused(rest.ask("GET", "/tasks/no-such-task"), 404)
    details = [each for each in error.get("details") or () if isinstance(each, Mapping)]
    found = [(each.get("@type"), each.get("reason"), each.get("domain")) for each in details]
    wanted = "type.googleapis.com/google.rpc.ErrorInfo", "TASK_NOT_FOUND", "a2a-protocol.org"
    caller.trial.require(wanted in found, f"error.details has not {wanted}, but {found}")


def _status(caller: Caller) -> None:
    rest = _rest(caller)
    error = rest.refused(rest.ask("GET", "/tasks/no-such-task"), 404)
    caller.trial.require(error.get("status") == "NOT_FOUND", f"error.status is {error.get('status')!r}")


def _subscribed(caller: Caller) -> None:
    caller.needs("streaming")
    rest = _rest(caller)
    rest.refused(rest.ask("POST", "/tasks/no-such-task:subscribe"), 404)
    rest.refused(rest.ask("POST", f"/tasks/{caller.ended_task()['id']}:subscribe"), 400)


def _not_cancelable(caller: Caller) -> None:
    task = caller.ended_task()
    if caller.wire.state(task) not in TERMINAL - {"canceled"}:
        caller.trial.skip("the agent's task did not come to an end of its own")
    rest = _rest(caller)
    rest.refused(rest.ask("POST", f"/tasks/{task['id']}:cancel", {}), 400, 409)


def _no_json(caller: Caller) -> None:
    rest = _rest(caller)
    rest.refused(rest.ask("POST", "/message:send", raw=b"{"), 400)


def _wrong_params(caller: Caller) -> None:
    rest = _rest(caller)
    rest.refused(rest.ask("POST", "/message:send", {"message": {"parts": 7}}), 400)
    rest.refused(rest.ask("GET", "/tasks?pageSize=many"), 400)


def _no_version(caller: Caller) -> None:
    rest = _rest(caller)
    asked = rest.ask("GET", "/tasks/no-such-task")
    for version in ("99.0", "0.1"):
        rest.refused(Ask(http_method="GET", path=asked.path, headers={"A2A-Version": version}), 400, 501)


def _line(name: str, title: str, section: str, play: CallerPlay, *, should: bool = False) -> Line:
    return Line(
        name=f"rest-{name}",
        title=title,
        sections={"1.0": section},
        play=play,
        level=SHOULD if should else MUST,
        bindings=HTTP,
    )


REST_RULES = a2a_rules(
    "HTTP+JSON",
    (
        _line("send", "POST /message:send is answered with a bare task or message", "§11.3.1", _sent),
        _line("type", "An answer is application/json or application/a2a+json", "§11.1", _type, should=True),
        _line("stream", "POST /message:stream is answered with a stream of bare items", "§11.7", _streamed),
        _line("get", "GET /tasks/ID gives what JSON-RPC gives", "§5.1", _got),
        _line("list", "GET /tasks lists, with what is asked for in the query", "§11.3.2", _listed),
        _line("unknown", "A task that is not there is answered with 404, and error.code says so", "§5.4", _unknown),
        _line("reason", "An error of A2A says its reason in a google.rpc.ErrorInfo", "§11.6", _reason),
        _line("status", "error.status names the status", "§11.6", _status, should=True),
        _line("subscribe", "To follow a task that is over or not there is refused", "§11.3.2", _subscribed),
        _line(
            "cancel-ended", "To cancel a task that is over is refused with 400 (1.0.0: 409)", "§5.4", _not_cancelable
        ),
        _line("no-json", "A body that is no JSON is refused with 400", "§11.6", _no_json),
        _line("params", "Parameters that are wrong are refused with 400", "§11.6", _wrong_params),
        _line("version", "A version that is not spoken is refused with 400", "§3.6.2", _no_version),
    ),
)
