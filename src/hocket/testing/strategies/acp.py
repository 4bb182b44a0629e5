"""What ACP talks about: parts, messages, and the requests to a hub."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, TypeAlias

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
    >>> find(acp_requests(), lambda request: True).body
    b'{"jsonrpc":"2.0","id":"","method":"stream.start","params":{"participants":[]}}'
    """
    return draw(_about(streams, agents))


@lru_cache(maxsize=64)
def _about(streams: SearchStrategy[str] | None, agents: SearchStrategy[str] | None) -> SearchStrategy[AcpRequest]:
    params = _params(names() if streams is None else streams, names() if agents is None else agents)
    return st.one_of([_requests(method, *members) for method, members in params.items()])


_Members: TypeAlias = Mapping[str, SearchStrategy[Any]]


def _requests(method: str, members: _Members, optional: _Members) -> SearchStrategy[AcpRequest]:
    return st.builds(
        AcpRequest,
        method=st.just(method),
        params=st.fixed_dictionaries(dict(members), optional=dict(optional)),
        id=request_ids(),
        is_notification=st.booleans() if method in _TELLING else st.just(value=False),
    )


def _params(streams: SearchStrategy[str], agents: SearchStrategy[str]) -> Mapping[str, tuple[_Members, _Members]]:
    """For each method the members that its params must have, and those that they may have."""
    said = acp_messages().map(_as_json)
    purpose = {"purpose": texts(), "roles": st.dictionaries(agents, texts(), max_size=1)}
    stream, reason, seen = {"streamId": streams}, {"reason": texts()}, {"lastEventId": _EVENT_IDS}
    member = {**stream, "agentId": agents}
    return {
        "stream.start": (
            {"participants": st.lists(agents, max_size=3)},
            {"metadata": st.fixed_dictionaries({}, optional=purpose)},
        ),
        "stream.message": ({**stream, "message": said}, {}),
        "stream.chunk": ({**stream, "chunk": said, "sequence": st.integers(0, 5)}, {"isLast": st.booleans()}),
        "stream.join": (stream, {"capabilities": st.lists(texts(), max_size=2), **seen}),
        "stream.get": (stream, {**seen, "limit": st.integers(1, 100)}),
        "stream.invite": (member, reason),
        "stream.remove": (member, reason),
        "stream.end": (stream, reason),
        "stream.pause": (stream, reason),
        "stream.resume": (stream, reason),
        "stream.leave": (stream, reason),
    }


_TELLING = ("stream.message", "stream.chunk")


def _as_json(message: Message) -> Any:
    return codec.loads(ACP.writer(Message).to_json(message))
