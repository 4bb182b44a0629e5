"""Requests that are wrong in exactly one way, each with the error that it must be answered with.

The ways are a table: `BREAKAGES`. Most come from JSON-RPC 2.0 (section 4 and 5.1), the rest from A2A 1.0, sections 3.6
(versions), 5.4 (errors) and 9.5 (invalid parameters).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from attrs import evolve, field, frozen
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from hocket import codec
from hocket.a2a import V1_0, Dialect, Operation, SendMessageRequest
from hocket.errors import Code
from hocket.jsonrpc import Id
from hocket.testing.probe import Ask
from hocket.testing.strategies.requests import WireRequest, requests

__all__ = ["BREAKAGES", "Breakage", "BrokenRequest", "broken_requests"]

_ALL = tuple(Operation)
_SENDS = (Operation.SEND, Operation.STREAM)
_OF_TASKS = (Operation.GET, Operation.CANCEL, Operation.SUBSCRIBE)
_BAD_PARAMS = (Code.INVALID_PARAMS,)


@frozen(kw_only=True)
class BrokenRequest:
    """A request that cannot be served.

    Attributes:
        flaw: What is wrong with it, in words: the name of its `Breakage`.
        body: What is sent.
        headers: The header fields that go with it.
        codes: What it may be answered with, the most fitting first.
        id: The id of the answer; None where the request has none that could be trusted.
        method: The method in it, where there is one.
    """

    flaw: str
    body: bytes
    headers: Mapping[str, str]
    codes: tuple[Code, ...]
    id: Id = None
    method: str | None = None

    @property
    def ask(self) -> Ask:
        """The same for a `Probe`."""
        return Ask(body=self.body, method=self.method, headers=self.headers)


@frozen(kw_only=True)
class Breakage:
    """One way to break a request.

    Attributes:
        flaw: What is wrong afterwards.
        codes: What must be answered; several where the specifications leave it open.
        text: Breaks the text; None where it stays as it is.
        message: Breaks the JSON, by changing it or by giving something else in its place.
        headers: Header fields that are set; None for one that is left out.
        operations: Of which requests.
        versions: In which versions of A2A.
        keeps_id: Whether the id can be trusted afterwards.
    """

    flaw: str
    codes: tuple[Code, ...]
    text: Callable[[bytes], bytes] | None = None
    message: Callable[[dict[str, Any]], Any] | None = None
    headers: Mapping[str, str | None] = field(factory=dict)
    operations: tuple[Operation, ...] = _ALL
    versions: tuple[str, ...] = ("1.0", "0.3")
    keeps_id: bool = True

    def applied(self, request: WireRequest) -> BrokenRequest:
        """The request, broken."""
        message: Any = request.message
        if self.message is not None:
            message = self.message(message)
        body = codec.dumps(message)
        headers = {name: value for name, value in {**request.headers, **self.headers}.items() if value is not None}
        return BrokenRequest(
            flaw=self.flaw,
            body=body if self.text is None else self.text(body),
            headers=headers,
            codes=self.codes,
            id=request.id if self.keeps_id else None,
            method=request.method,
        )


# --- of the text


def _text(flaw: str, change: Callable[[bytes], bytes], *codes: Code) -> Breakage:
    return Breakage(flaw=flaw, codes=(Code.PARSE_ERROR, *codes), text=change, keeps_id=False)


_OF_TEXT = (
    _text("the last brace is missing", lambda body: body[:-1]),
    _text("half of it is missing", lambda body: body[: len(body) // 2]),
    _text("it comes twice in one body", lambda body: body + body),
    _text("a comma before the last brace", lambda body: body[:-1] + b",}"),
    _text("single quotes", lambda body: body.replace(b'"', b"'")),
    _text("a comment before it", lambda body: b"/* hello */" + body),
    _text("a byte that is no UTF-8", lambda body: body[:-1] + b',"more":"\xff"}'),
    _text("a NaN in it", lambda body: body[:-1] + b',"more":NaN}'),
    _text("nothing at all", lambda body: b"", Code.INVALID_REQUEST),
)


# --- of the envelope


def _set(**members: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda message: {**message, **members}


def _without(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda message: {each: value for each, value in message.items() if each != name}


def _only(value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda message: value


def _envelope(flaw: str, change: Callable[[dict[str, Any]], Any], *codes: Code, keeps_id: bool = True) -> Breakage:
    return Breakage(flaw=flaw, codes=(*codes, Code.INVALID_REQUEST), message=change, keeps_id=keeps_id)


_OF_THE_ENVELOPE = (
    _envelope("no jsonrpc", _without("jsonrpc")),
    _envelope("jsonrpc is 1.0", _set(jsonrpc="1.0")),
    _envelope("jsonrpc is a number", _set(jsonrpc=2.0)),
    _envelope("no method", _without("method"), keeps_id=False),
    _envelope("the method is a number", _set(method=1)),
    _envelope("the method is null", _set(method=None)),
    _envelope("the params are a text", _set(params="text"), Code.INVALID_PARAMS),
    _envelope("the params are a number", _set(params=7), Code.INVALID_PARAMS),
    _envelope("the id is a boolean", _set(id=True), keeps_id=False),
    _envelope("the id is an array", _set(id=[1]), keeps_id=False),
    _envelope("the id is an object", _set(id={}), keeps_id=False),
    _envelope("a number", _only(1), keeps_id=False),
    _envelope("a text", _only("SendMessage"), keeps_id=False),
    _envelope("null", _only(None), keeps_id=False),
    _envelope("an empty batch", _only([]), keeps_id=False),
)


# --- of the method and the version


_OF_THE_METHOD = (
    Breakage(
        flaw="a method that is not there",
        codes=(Code.METHOD_NOT_FOUND,),
        message=lambda message: {**message, "method": message["method"] + "!"},
    ),
    Breakage(
        flaw="a method in capitals",
        codes=(Code.METHOD_NOT_FOUND,),
        message=lambda message: {**message, "method": message["method"].upper()},
    ),
    Breakage(
        flaw="a version that is not there",
        codes=(Code.VERSION_NOT_SUPPORTED,),
        headers={"A2A-Version": "99.0"},
        versions=("1.0",),
    ),
    Breakage(
        flaw="a method of 1.0 without a version",
        codes=(Code.VERSION_NOT_SUPPORTED, Code.METHOD_NOT_FOUND),
        headers={"A2A-Version": None},
        versions=("1.0",),
    ),
)


# --- of the parameters


def _at(path: str, change: Callable[[dict[str, Any], str], None]) -> Callable[[dict[str, Any]], Any]:
    """A change of one member somewhere in the params."""
    *above, last = path.split(".")

    def changed(message: dict[str, Any]) -> dict[str, Any]:
        inside = message["params"]
        for name in above:
            inside = inside[name]
        change(inside, last)
        return message

    return changed


def _removed(inside: dict[str, Any], name: str) -> None:
    inside.pop(name, None)


def _to(value: Any) -> Callable[[dict[str, Any], str], None]:
    return lambda inside, name: inside.__setitem__(name, value)


def _params(
    flaw: str,
    path: str,
    change: Callable[[dict[str, Any], str], None],
    operations: tuple[Operation, ...] = _SENDS,
    versions: tuple[str, ...] = ("1.0", "0.3"),
    codes: tuple[Code, ...] = _BAD_PARAMS,
) -> Breakage:
    return Breakage(flaw=flaw, codes=codes, message=_at(path, change), operations=operations, versions=versions)


_NEW = ("1.0",)

_OF_THE_PARAMS = (
    Breakage(
        flaw="the params are an array",
        codes=(Code.INVALID_PARAMS, Code.INVALID_REQUEST),
        message=_set(params=[]),
        operations=(*_SENDS, *_OF_TASKS),
    ),
    Breakage(flaw="no params", codes=_BAD_PARAMS, message=_without("params"), operations=(*_SENDS, *_OF_TASKS)),
    _params("no message", "message", _removed),
    _params("the message is a text", "message", _to("hello")),
    _params("the message is an array", "message", _to([])),
    _params("a message without an id", "message.messageId", _removed),
    _params("the id of the message is a number", "message.messageId", _to(7)),
    _params("a message without a role", "message.role", _removed),
    _params("a role that is not there", "message.role", _to("nobody")),
    _params("a message without parts", "message.parts", _removed),
    _params("no part in the message", "message.parts", _to([]), versions=_NEW),
    _params("the parts are a text", "message.parts", _to("hello")),
    _params("a part is a text", "message.parts", _to(["hello"])),
    _params("a part with nothing in it", "message.parts", _to([{}])),
    _params("a part with two contents", "message.parts", _to([{"text": "a", "url": "b"}]), versions=_NEW),
    _params("a part of no known kind", "message.parts", _to([{"kind": "smell", "text": "a"}]), versions=("0.3",)),
    _params("the metadata are an array", "metadata", _to([1])),
    _params("no id of a task", "id", _removed, _OF_TASKS),
    _params("the id of the task is a number", "id", _to(7), _OF_TASKS),
    _params("a negative length of the history", "historyLength", _to(-1), (Operation.GET,), _NEW),
    _params("a page of nothing", "pageSize", _to(0), (Operation.LIST,), _NEW),
    _params("a page of too much", "pageSize", _to(101), (Operation.LIST,), _NEW),
    _params("a task that is not there", "id", _to("no such task"), _OF_TASKS, codes=(Code.TASK_NOT_FOUND,)),
    _params(
        "a message to a task that is not there", "message.taskId", _to("no such task"), codes=(Code.TASK_NOT_FOUND,)
    ),
)

BREAKAGES: tuple[Breakage, ...] = (*_OF_TEXT, *_OF_THE_ENVELOPE, *_OF_THE_METHOD, *_OF_THE_PARAMS)
"""Every way to break a request."""


@st.composite
def broken_requests(draw: st.DrawFn, dialect: Dialect = V1_0) -> BrokenRequest:
    """Requests that are wrong in exactly one way, and what each must be answered with.

    Args:
        draw: Given by Hypothesis.
        dialect: The version of the request that is broken.

    >>> from hypothesis import find
    >>> broken = find(broken_requests(), lambda broken: True)
    >>> isinstance(broken.body, bytes) and all(code < 0 for code in broken.codes)
    True
    """
    return draw(_broken(dialect))


@cache
def _broken(dialect: Dialect) -> SearchStrategy[BrokenRequest]:
    ways = [each for each in BREAKAGES if dialect.version in each.versions]
    return st.one_of([requests(dialect, each.operations).map(_undemanding).map(each.applied) for each in ways])


def _undemanding(request: WireRequest) -> WireRequest:
    """Without what a server may refuse before it sees what is wrong: to post events, to answer in other media types."""
    if not isinstance(request.params, SendMessageRequest):
        return request
    return evolve(request, params=evolve(request.params, configuration=None))
