"""Checks of what no client should send: it is answered with an error that says so, and the target goes on."""

from __future__ import annotations

from typing import Any

from hocket import codec
from hocket.a2a import DIALECTS, Operation
from hocket.errors import Code, CodecError
from hocket.testing.answers import as_frame
from hocket.testing.fuzzing.answer import Answer
from hocket.testing.fuzzing.checks.faults import leaked, unhurt
from hocket.testing.fuzzing.talk import Talk
from hocket.testing.fuzzing.telling import clipped
from hocket.testing.probe import Ask
from hocket.testing.strategies import BrokenRequest, HostileJson

__all__ = ["broken_requests", "hostile_json"]

_FOR_ALL = (Operation.SEND, Operation.STREAM, Operation.GET, Operation.CANCEL, Operation.SUBSCRIBE)
_METHODS_FOR_ALL = frozenset([dialect.methods[each] for dialect in DIALECTS for each in _FOR_ALL])
_NOT_HERE = (
    Code.METHOD_NOT_FOUND,
    Code.UNSUPPORTED_OPERATION,
    Code.PUSH_NOTIFICATION_NOT_SUPPORTED,
    Code.EXTENDED_AGENT_CARD_NOT_CONFIGURED,
)
"""What a target says of operations that it need not have, whatever is wrong with the request."""

_UNKNOWN_THERE = (Code.VERSION_NOT_SUPPORTED, Code.METHOD_NOT_FOUND)
"""What a target says of a method that is of another version than it takes the request for."""

_UNREADABLE = (Code.PARSE_ERROR, Code.INVALID_REQUEST)
_REFUSED = 400
_VERSION = b"A2A-Version"
_SOON = 0.2


def broken_requests(talk: Talk, broken: BrokenRequest) -> None:
    """A request that is wrong in one way is answered with the error for that."""
    if not _is_carried(talk, broken.body):
        return
    answer = _answered(talk, broken.ask, broken.id)
    if not answer.heard or _is_refused_by_http(answer):
        return
    talk.forbid(answer.flaw)
    if answer.error is None:
        talk.fail(f"{broken.flaw}: the request is served as if nothing were wrong with it")
    others = () if broken.method in _METHODS_FOR_ALL else _NOT_HERE
    unsaid = () if _says_its_version(talk, broken) else _UNKNOWN_THERE
    if answer.error.code not in (*broken.codes, *others, *unsaid):
        wanted = " or ".join([str(code.value) for code in broken.codes])
        said = f"{answer.error.code} ({clipped(answer.error.message, 80)!r})"
        talk.fail(f"{broken.flaw}: the error is {said}, and should be {wanted}")


def hostile_json(talk: Talk, hostile: HostileJson) -> None:
    """Whatever text comes in place of a request, the answer is an error, or nobody answers."""
    if not _is_carried(talk, hostile.text):
        return
    answer = _answered(talk, Ask(body=hostile.text, headers={"Content-Type": "application/json"}), None)
    if not answer.heard or _is_refused_by_http(answer):
        return
    wrong = _unfair(answer.heard[0])
    if wrong is not None:
        talk.fail(f"{hostile.flaw} in place of a request: {wrong}")


def _answered(talk: Talk, ask: Ask, request_id: Any) -> Answer:
    """What comes, after which the target is as well as before.

    Raises:
        Violation: It has broken, shows its inside, or answers nobody any more.
    """
    version = talk.probe.versions[0]
    answer = talk.ask(ask, version, request_id=request_id)
    if talk.probe.binding in ("pipe", "websocket"):  # there, what nobody can read need not be answered
        _still_answers(talk, version)
        answer.patience = _SOON
    answer.next()
    unhurt(talk, answer)
    leaked(talk, answer)
    if talk.probe.binding in ("http", "memory"):
        if answer.end == "silent":
            talk.fail(f"there is no answer for {talk.patience:g} seconds")
        _still_answers(talk, version)
    return answer


def _still_answers(talk: Talk, version: str) -> None:
    alive = talk.get("no-such-task", version)
    if not alive.heard:
        why = alive.conversation.reason or f"nothing came for {talk.patience:g} seconds"
        talk.fail(f"afterwards a good request has no answer: {why}")


def _says_its_version(talk: Talk, broken: BrokenRequest) -> bool:
    """Whether the target knows of which version the request is: on a pipe that is in its params, if these are whole."""
    return talk.probe.binding in ("http", "memory") or _VERSION in as_frame(broken.ask)


def _is_carried(talk: Talk, data: bytes) -> bool:
    """Whether this can be a message at all: one of a WebSocket is text, and who gets another closes the connection."""
    if talk.probe.binding != "websocket":
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_refused_by_http(answer: Answer) -> bool:
    """Whether the request was refused before JSON-RPC had a say."""
    status = answer.conversation.status
    return status is not None and status >= _REFUSED and answer.error is None


def _unfair(message: bytes) -> str | None:
    """What is wrong with this as an answer to what is no request."""
    try:
        said = codec.loads(message)
    except CodecError as error:
        return f"what comes back is no JSON: {error}"
    found = [_code(each) for each in said] if isinstance(said, list) else [_code(said)]
    if None in found or not found:
        return f"what comes back is no JSON-RPC error: {clipped(message.decode('utf-8', 'replace'))!r}"
    if isinstance(said, list):  # each of its requests has an answer of its own
        return None
    codes = " or ".join([str(code.value) for code in _UNREADABLE])
    return None if found[0] in _UNREADABLE else f"the error is {found[0]}, and should be {codes}"


def _code(response: Any) -> int | None:
    match response:
        case {"jsonrpc": "2.0", "error": {"code": int() as code, "message": str()}}:
            return code
    return None
