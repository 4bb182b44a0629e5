"""What ACP talks about: parts, messages, and the requests to a hub."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from hocket import codec
from hocket.acp import Encoding, Message, Part, PartType, Role, file_part, text_part
from hocket.acp.wire import ACP
from hocket.jsonrpc import Id
from hocket.testing.probe import Ask
from hocket.testing.strategies.values import awkward_texts, json_values, names, request_ids, texts, timestamps

__all__ = ["AcpRequest", "acp_messages", "acp_parts", "acp_requests"]

_FILES = [PartType.FILE, PartType.IMAGE, PartType.AUDIO]
_EXTRA = st.dictionaries(st.sampled_from(["x-messageId", "width", "checksum"]), json_values(leaves=3), max_size=2)
_REASONS = st.none() | texts()
_EVENT_IDS = st.integers(0, 2**53 - 1).map(str)


@cache
def acp_parts() -> SearchStrategy[Part]:
    """Pieces of content, with members that nobody knows: they must survive. The simplest is an empty text."""
    described = {"mime_type": st.none() | texts(), "extra": _EXTRA}
    return st.one_of(
        st.text(max_size=4).map(text_part),
        awkward_texts().map(text_part),
        st.builds(
            file_part,
            st.binary(max_size=5),
            filename=st.none() | texts(),
            mime_type=st.none() | texts(),
            kind=st.sampled_from(_FILES),
        ),
        st.builds(Part, type=st.just(PartType.DATA), content=json_values(leaves=4), **described),
        st.builds(Part, type=st.just(PartType.TEXT), content=texts(), encoding=st.just(Encoding.UTF8), **described),
    )


@cache
def acp_messages() -> SearchStrategy[Message]:
    """What somebody says in a stream.

    >>> from hypothesis import find
    >>> found = find(acp_messages(), lambda message: True)
    >>> found.role, [part.content for part in found.parts]
    (<Role.USER: 'user'>, [''])
    """
    return st.builds(
        Message,
        role=st.sampled_from(Role),
        parts=st.lists(acp_parts(), min_size=1, max_size=3).map(tuple),
        timestamp=st.none() | timestamps(),
        agent_id=st.none() | names(),
        extra=_EXTRA,
    )


@frozen(kw_only=True)
class AcpRequest:
    """A request to a hub, or a notification.

    Attributes:
        method: What is asked.
        params: Its params, as JSON.
        id: The JSON-RPC id; ignored where it is a notification.
        is_notification: Whether no answer is wanted.
    """

    method: str
    params: Mapping[str, Any]
    id: Id = "1"
    is_notification: bool = False

    @property
    def body(self) -> bytes:
        """What is sent."""
        identified = {} if self.is_notification else {"id": self.id}
        return codec.dumps({"jsonrpc": "2.0", **identified, "method": self.method, "params": dict(self.params)})

    @property
    def ask(self) -> Ask:
        """The same for a `Probe`."""
        return Ask(body=self.body, method=self.method)


@st.composite
def acp_requests(
    draw: DrawFn, *, streams: SearchStrategy[str] | None = None, agents: SearchStrategy[str] | None = None
) -> AcpRequest:
    """Requests of every method of ACP streams, each with params that a hub must understand.

    Args:
        draw: Given by Hypothesis.
        streams: The ids of the streams that are named; any by default.
        agents: The agents that are named; any by default.

    >>> from hypothesis import find
    >>> find(acp_requests(), lambda request: request.method == "stream.leave").body
    b'{"jsonrpc":"2.0","id":"","method":"stream.leave","params":{"streamId":"0"}}'
    """
    stream_ids = names() if streams is None else streams
    agent_ids = names() if agents is None else agents
    method = draw(st.sampled_from([*_OWN_PARAMS, *_PLAIN]))
    own = draw(_OWN_PARAMS[method](stream_ids, agent_ids)) if method in _OWN_PARAMS else {}
    if method != "stream.start":
        own = {"streamId": draw(stream_ids), **own}
    if method in _GIVES_REASON and (reason := draw(_REASONS)) is not None:
        own["reason"] = reason
    tells = method in ("stream.message", "stream.chunk") and draw(st.booleans())
    return AcpRequest(method=method, params=own, id=draw(request_ids()), is_notification=tells)


def _start(streams: SearchStrategy[str], agents: SearchStrategy[str]) -> SearchStrategy[dict[str, Any]]:
    purpose = st.fixed_dictionaries(
        {}, optional={"purpose": texts(), "roles": st.dictionaries(agents, texts(), max_size=1)}
    )
    return st.fixed_dictionaries({"participants": st.lists(agents, max_size=3)}, optional={"metadata": purpose})


def _message(streams: SearchStrategy[str], agents: SearchStrategy[str]) -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"message": acp_messages().map(_as_json)})


def _chunk(streams: SearchStrategy[str], agents: SearchStrategy[str]) -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"chunk": acp_messages().map(_as_json), "sequence": st.integers(0, 5)}, optional={"isLast": st.booleans()}
    )


def _join(streams: SearchStrategy[str], agents: SearchStrategy[str]) -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {}, optional={"capabilities": st.lists(texts(), max_size=2), "lastEventId": _EVENT_IDS}
    )


def _get(streams: SearchStrategy[str], agents: SearchStrategy[str]) -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={"lastEventId": _EVENT_IDS, "limit": st.integers(1, 100)})


def _member(streams: SearchStrategy[str], agents: SearchStrategy[str]) -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"agentId": agents})


def _as_json(message: Message) -> Any:
    return codec.loads(ACP.writer(Message).to_json(message))


_OWN_PARAMS = {
    "stream.start": _start,
    "stream.message": _message,
    "stream.chunk": _chunk,
    "stream.join": _join,
    "stream.get": _get,
    "stream.invite": _member,
    "stream.remove": _member,
}
_PLAIN = ("stream.end", "stream.pause", "stream.resume", "stream.leave")
_GIVES_REASON = (*_PLAIN, "stream.invite", "stream.remove")
