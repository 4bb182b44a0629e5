"""OldCardCall: the extended card of an agent of A2A 0.2, which has no method for it, but a page beside its address."""

from __future__ import annotations

from urllib.parse import urljoin

from attrs import define, field

from hocket.a2a import ClientCall
from hocket.codec import loads
from hocket.errors import Code, CodecError, ConnectionFailed, ErrorObject, HocketError
from hocket.http.messages import Headers, Request
from hocket.http.response_body import ResponseBody

__all__ = ["OldCardCall"]


@define(eq=False)
class OldCardCall:
    """One request for that page, used as `HttpCall` is.

    Args:
        call: Where the card goes.
        url: The agent's address, as its card has it.
        headers: Header fields to send along.

    >>> from hocket.a2a import V0_3, GetExtendedAgentCardRequest, Operation
    >>> call = ClientCall(Operation.EXTENDED_CARD, GetExtendedAgentCardRequest(), V0_3, "1")
    >>> OldCardCall(call, "http://agent/a2a").next_request().path
    'http://agent/agent/authenticatedExtendedCard'
    """

    call: ClientCall
    url: str
    headers: Headers = ()
    _is_asked: bool = field(default=False, init=False)
    _body: ResponseBody = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._body = ResponseBody(self.url, self.call.limits.framing)

    @property
    def retry(self) -> None:
        """A page is no stream."""

    def next_request(self) -> Request | None:
        """What to ask, once. `path` is the whole URL: `{url}/../agent/authenticatedExtendedCard` (A2A 0.2 §5.6)."""
        if self._is_asked:
            return None
        self._is_asked = True
        fields = (("accept", "application/json"), ("accept-encoding", "identity"), *self.headers)
        return Request(method="GET", path=urljoin(self.url, "agent/authenticatedExtendedCard"), headers=fields)

    def receive_head(self, status: int, headers: Headers, now: float) -> None:
        """The status and header fields (names in lower case) of the response."""
        self._body.receive_head(status, headers)
        self._look()

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the body."""
        if not self.call.is_closed:
            self._body.receive_data(data)
            self._look()

    def receive_eof(self, now: float) -> None:
        """The body is complete."""
        if self.call.is_closed:
            return
        status = self._body.status
        if status == 404:
            self.call.receive_error(ErrorObject.of(Code.EXTENDED_AGENT_CARD_NOT_CONFIGURED))
        elif 200 <= status < 300:
            self._read(self._body.whole)
        else:
            self.call.fail(ConnectionFailed(f"{self._body.url} gave HTTP {status} in place of its extended card"))

    def receive_failure(self, error: HocketError, now: float) -> None:
        """The connection broke."""
        self.call.fail(error)

    def _look(self) -> None:
        if self._body.refusal is not None:
            self.call.fail(self._body.refusal)

    def _read(self, body: bytes) -> None:
        try:
            self.call.receive_result(loads(body))
        except CodecError as error:
            self.call.fail(error)
