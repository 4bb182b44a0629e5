"""AgentCall: a call of an agent of which no more is known than a URL. It finds the agent, asks, and reads, without I/O.

    the card ──found──> the agent's address ──> the call, which may go on with others (`ResumingCall`)
     │    ^ nothing there: the next place; none left: the URL is the address
     └────┘ out of reach, or a card of nobody whom we can speak with: the end

What `Client` does with httpx2 is this, so whoever has another way to send a request has all of it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from attrs import Attribute, define, field

from hocket.a2a import AgentCard, ClientCall, ClientLimits, Operation, Params, Result, StreamEvent
from hocket.backoff import Backoff
from hocket.entropy import Entropy
from hocket.errors import ConnectionFailed, HocketError, LocalProtocolError
from hocket.http.address import Address
from hocket.http.discovery import CardSearch
from hocket.http.messages import Headers, Request
from hocket.http.redirects import redirected
from hocket.http.resuming import ResumingCall
from hocket.http.words import shown_url

__all__ = ["AgentCall"]

_REDIRECTS = 5
"""Places in a row that a server may send a request to."""


def _is_address(url: object) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_address(instance: object, attribute: Attribute[str], url: object) -> None:
    """A validator for the URL, which repeats nothing of it that may be a secret."""
    if not _is_address(url):
        shown = shown_url(url) if isinstance(url, str) else url
        raise LocalProtocolError(f"{attribute.alias} must be http(s)://HOST…, not {shown!r}")


@define(eq=False)
class _Way:
    """Where the last request is on its way to: a server may send it on.

    Attributes:
        awaited: What was asked, until the head of the response is there.
        moved: What is to be asked again, at the place where the server has it.
        times: How often in a row it was sent on.
    """

    awaited: Request | None = None
    moved: Request | None = None
    times: int = 0

    def ask(self, request: Request) -> Request:
        """This is asked now."""
        self.times = 0 if self.moved is None else self.times + 1
        self.awaited, self.moved = request, None
        return request

    def receive_head(self, status: int, headers: Headers) -> None:
        """The head is there."""
        asked, self.awaited = self.awaited, None
        if asked is not None and self.times < _REDIRECTS:
            self.moved = redirected(asked, status, headers)


@define(eq=False)
class _Place:
    """One of the places where the card may be, and what is found there."""

    request: Request
    is_asked: bool = False
    status: int = 0
    body: bytearray = field(factory=bytearray)


@define(eq=False)
class AgentCall:
    """One call of the agent at a URL, from the search for its card to the last event or the answer.

    As long as it is not `is_closed`: send what `next_request` gives and hand in the response, until it ends or
    `is_reading` is False; where there is no request, wait until `next_timeout` and call `handle_timeout` (with `resume`
    alone it comes to that). Drain `next_event` after each call. A redirect at the same host is followed by a request
    of its own. What goes wrong is told: by the last event of a stream, by `result` of what does not stream.

    Args:
        url: The agent's address, or that of its card.
        operation: What is asked for.
        params: Its parameters.
        entropy: Where the id of the request and the jitter come from.
        headers: Header fields to send with every request.
        extensions: URIs of the extensions to ask for.
        version: The protocol version to speak; None for the newest that both sides speak.
        binding: The binding to speak, of `hocket.a2a.BINDINGS`; None for the one that the card names first.
        limits: Of what comes back.
        resume: How long to wait before a stream that was cut is asked for again, and how often; None for never.

    Attributes:
        address: Where the agent is, once that is known: further calls of it need no search
            (`address.call`, `ResumingCall`).

    Raises:
        LocalProtocolError: The URL is none, or the version or the binding is none that we speak.

    >>> from hocket.a2a import GetTaskRequest
    >>> from hocket.entropy import seeded
    >>> call = AgentCall("http://agent/", Operation.GET, GetTaskRequest(id="T"), seeded(1))
    >>> while (request := call.next_request()).method == "GET":
    ...     print(request.path)
    ...     call.receive_head(404, (), now=0.0)
    ...     call.receive_eof(now=0.0)
    http://agent/.well-known/agent-card.json
    http://agent/.well-known/agent.json
    >>> request.method, request.path
    ('POST', 'http://agent/')
    """

    url: str = field(validator=_check_address, repr=shown_url)
    operation: Operation
    params: Params
    entropy: Entropy = field(repr=False)
    headers: Headers = field(default=(), kw_only=True, repr=False)
    extensions: tuple[str, ...] = field(default=(), kw_only=True)
    version: str | None = field(default=None, kw_only=True)
    binding: str | None = field(default=None, kw_only=True)
    limits: ClientLimits = field(default=ClientLimits(), kw_only=True)
    resume: Backoff | None = field(default=None, kw_only=True)
    address: Address | None = field(default=None, init=False)
    _search: CardSearch = field(init=False, repr=False)
    _place: _Place | None = field(default=None, init=False, repr=False)
    _machine: ResumingCall[Request] | None = field(default=None, init=False, repr=False)
    _way: _Way = field(factory=_Way, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._search = CardSearch(self.url, self.version, self.headers, binding=self.binding)
        self._go_on()

    @property
    def is_closed(self) -> bool:
        """True once the answer, or the end of the stream, is known."""
        return self._machine is not None and self._machine.is_closed

    @property
    def is_reading(self) -> bool:
        """Whether (more of) the response to the last request is wanted."""
        is_asked = self._asked_place is not None or (self._machine is not None and self._machine.is_reading)
        return is_asked and self._way.moved is None

    @property
    def card(self) -> AgentCard | None:
        """What the agent says of itself, if a card was found."""
        return self._search.card

    def next_request(self) -> Request | None:
        """What to ask now, once; None where there is nothing to ask (yet). `path` is the whole URL.

        Raises:
            LocalProtocolError: The parameters cannot be said over the agent's binding.
        """
        request = self._way.moved
        if request is None and self._place is not None and not self._place.is_asked:
            self._place.is_asked, request = True, self._place.request
        elif request is None and self._machine is not None:
            request = self._machine.next_request()
        return None if request is None else self._way.ask(request)

    def receive_head(self, status: int, headers: Headers, now: float) -> None:
        """The status and header fields (names in lower case) of the response."""
        self._way.receive_head(status, headers)
        if self._way.moved is not None:
            return
        if (place := self._asked_place) is not None:
            place.status = status
        elif self._machine is not None:
            self._machine.receive_head(status, headers, now)

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the body."""
        if self._way.moved is not None:
            return
        if (place := self._asked_place) is not None:
            place.body += data
            if len(place.body) > self._search.limit:
                self._judge(place)
        elif self._machine is not None:
            self._machine.receive_data(data, now)

    def receive_eof(self, now: float) -> None:
        """The response is complete; without a head, there was none."""
        if self._way.moved is not None:
            return
        if self._way.awaited is not None:
            self.receive_failure(ConnectionFailed(f"{shown_url(self.url)} gave no response"), now)
        elif (place := self._asked_place) is not None:
            self._judge(place)
        elif self._machine is not None:
            self._machine.receive_eof(now)

    def receive_failure(self, error: HocketError, now: float) -> None:
        """The server cannot be reached, or the connection broke."""
        if self._way.moved is not None:
            return
        if self._asked_place is not None:
            self._fail(error)
        elif self._machine is not None:
            self._machine.receive_failure(error, now)

    def next_event(self) -> StreamEvent | None:
        """The next event of a stream, or None when all has been told."""
        return None if self._machine is None else self._machine.next_event()

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return None if self._machine is None else self._machine.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Ask again, if it is time to."""
        if self._machine is not None:
            self._machine.handle_timeout(now)

    def result(self) -> Result:
        """The answer of a call that does not stream.

        Raises:
            RpcError: The server answered with an error.
            ConnectionFailed, AuthenticationError, CodecError, LimitExceeded: No answer came, or none that can be read.
            LocalProtocolError, NotSupported: The agent's card says that it cannot be asked that.
        """
        if self._machine is None:
            raise ConnectionFailed(f"{shown_url(self.url)} has not answered yet")
        return self._machine.call.result()

    @property
    def _asked_place(self) -> _Place | None:
        """Where an answer is awaited from, if it is a place where the card may be."""
        return self._place if self._place is not None and self._place.is_asked else None

    def _go_on(self) -> None:
        """Look at the next place; where none is left, it is known what there is to know."""
        request = self._search.next_request()
        self._place = None if request is None else _Place(request)
        if request is None:
            self._begin()

    def _judge(self, place: _Place) -> None:
        """A place has told all that it has to tell."""
        try:
            self._search.receive(place.status, bytes(place.body))
        except ConnectionFailed as error:
            self._fail(error)
        else:
            self._go_on()

    def _begin(self) -> None:
        """It is known who is asked, and how: ask."""
        self.address = self._search.address(self.extensions, self.limits)
        try:
            call = self.address.call(self.operation, self.params, self.entropy.new_id())
        except HocketError as error:  # by what the card says, of which the caller could not know
            self._fail(error)
        else:
            self._machine = ResumingCall(call, self.address.carry, self.resume, self.entropy)

    def _fail(self, error: HocketError) -> None:
        """There is nobody to ask: the end of a call that was never made."""
        self._place = None
        call = ClientCall(self.operation, self.params, self._search.dialect, "")
        call.fail(error)
        self._machine = ResumingCall(call, self._search.address().carry, None, self.entropy)
