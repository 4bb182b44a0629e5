"""OldCardBinding: the extended card of an agent of A2A 0.2, which has no method for it, but a page by its address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from attrs import frozen

from hocket.a2a import ClientCall, StreamItem
from hocket.codec import loads
from hocket.errors import Code, CodecError, ConnectionFailed, ErrorObject
from hocket.http.media import JSON
from hocket.http.messages import Headers, Request
from hocket.http.response_body import ResponseBody

__all__ = ["OldCardBinding"]


@frozen
class OldCardBinding:
    """That page, as the answer to a call.

    >>> from hocket.a2a import V0_3, GetExtendedAgentCardRequest, Operation
    >>> call = ClientCall(Operation.EXTENDED_CARD, GetExtendedAgentCardRequest(), V0_3, "1")
    >>> OldCardBinding().request(call, "http://agent/a2a", ()).path
    'http://agent/agent/authenticatedExtendedCard'
    """

    def request(self, call: ClientCall, url: str, headers: Headers) -> Request:
        """A GET of `{url}/../agent/authenticatedExtendedCard` (A2A 0.2 §5.6)."""
        page = urljoin(url, "agent/authenticatedExtendedCard")
        return Request(method="GET", path=page, headers=(("accept", JSON), *headers))

    def read_event(self, call: ClientCall, data: bytes) -> StreamItem | ErrorObject:
        """A page is no stream."""
        raise CodecError("must be a page, not a stream of events")

    def read_answer(self, call: ClientCall, body: ResponseBody) -> Any | ErrorObject:
        """The card; where there is no page, there is no such card."""
        if body.status == 404:
            return ErrorObject.of(Code.EXTENDED_AGENT_CARD_NOT_CONFIGURED)
        if not body.is_success:
            raise ConnectionFailed(f"{body.url} gave HTTP {body.status} in place of its extended card")
        return loads(body.whole)
