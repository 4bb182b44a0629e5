"""A proxy that harms what a web server answers: on real sockets, where and how a plan says.

It has one request per connection, and reads the HTTP of both sides: a body can thus end in good order in the midst of
an event, which no cut of the bytes does.
"""

import socket
import struct
import sys
from collections import deque
from contextlib import closing, contextmanager, suppress
from enum import Enum, auto
from socketserver import BaseRequestHandler, ThreadingTCPServer

import h11
from attrs import define, field, frozen

from support.threaded import served_in_thread


class Ending(Enum):
    """How a response ends before its time."""

    REFUSE = auto()
    """Nothing is answered, and the server never sees the request."""
    CUT = auto()
    """The connection is closed."""
    RESET = auto()
    """It is reset: what the other side has not read yet may be lost."""
    STALL = auto()
    """It stays open, and nothing comes any more."""
    CLOSE = auto()
    """The body ends in good order, as if that had been all."""


@frozen(kw_only=True)
class Fault:
    """What becomes of one response.

    Attributes:
        ending: How it ends before its time; None to let it through whole.
        after: Bytes of the body that come through before that.
        piece: Bytes in each packet: 1 splits everywhere, None leaves the pieces as they come.
        is_merged: What comes is held back, and sent at once when it is all there.
    """

    ending: Ending | None = None
    after: int = 0
    piece: int | None = None
    is_merged: bool = False


@define(eq=False)
class FaultProxy:
    """Stands before a server: each request, but those for a card, takes the next fault of the plan if there is one.

    A request says which plan it is of, by the fields that `follow` gives: one of a client that has gone may be late.
    """

    upstream: tuple[str, int]
    url: str
    plan: deque[Fault] = field(factory=deque)
    asked: list[str] = field(factory=list)
    """The methods and paths of the requests that took a fault, or could have."""
    broken: list[BaseException] = field(factory=list)
    """Mistakes of the proxy itself."""
    number: int = 0
    """Of the plan."""

    def follow(self, faults):
        """A new plan, and nothing asked yet. Returns the header fields by which requests are of this plan."""
        self.plan, self.asked = deque(faults), []
        self.number += 1
        return {"X-Plan": str(self.number)}

    def fault_for(self, request):
        path = request.target.decode()
        if "/.well-known/" in path or (b"x-plan", b"%d" % self.number) not in request.headers:
            return Fault()
        self.asked.append(f"{request.method.decode()} {path}")
        return self.plan.popleft() if self.plan else Fault()


@contextmanager
def fault_proxy(upstream):
    """A FaultProxy before the server at the address `upstream`, a host and a port."""

    class Connection(BaseRequestHandler):
        def handle(self):
            with suppress(ConnectionError):  # a client that has what it wanted goes
                _relay(proxy, self.request)

    class Connections(ThreadingTCPServer):
        def handle_error(self, request, client_address):
            proxy.broken.append(sys.exception())

    with served_in_thread(Connections(("127.0.0.1", 0), Connection)) as server:
        proxy = FaultProxy(upstream, f"http://127.0.0.1:{server.server_address[1]}/")
        yield proxy
    assert not proxy.broken


def _relay(proxy, client):
    """One request and its response."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    near = h11.Connection(h11.SERVER)
    request, *body = _events(near, client)
    fault = proxy.fault_for(request)
    if fault.ending is Ending.REFUSE:
        return
    with closing(socket.create_connection(proxy.upstream)) as server:
        far = h11.Connection(h11.CLIENT)
        fields = [*_without(request, b"connection"), (b"connection", b"close")]
        asked = h11.Request(method=request.method, target=request.target, headers=fields)
        server.sendall(b"".join(far.send(event) for event in [asked, *body]))
        answer = _events(far, server)
        head = next(answer)
        # In chunks, whatever it was: a body of a length that is known cannot end before its time in good order.
        fields = [*_without(head, b"connection", b"content-length", b"transfer-encoding"), (b"connection", b"close")]
        fields.append((b"transfer-encoding", b"chunked"))
        client.sendall(near.send(h11.Response(status_code=head.status_code, headers=fields)))
        for data in _harmed(fault, answer):
            client.sendall(near.send(h11.Data(data=data)))
    match fault.ending:
        case None | Ending.CLOSE:
            client.sendall(near.send(h11.EndOfMessage()))
        case Ending.STALL:
            client.recv(1)  # until the client goes
        case Ending.RESET:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()


def _events(connection, sock):
    """The events of one message."""
    while True:
        match connection.next_event():
            case h11.NEED_DATA:
                connection.receive_data(sock.recv(65_536))
            case h11.EndOfMessage() as event:
                yield event
                return
            case event:
                yield event


def _without(message, *names):
    return [(name, value) for name, value in message.headers if name not in names]


def _harmed(fault, answer):
    """The pieces of the body that come through."""
    pieces = _first(fault.after, answer) if fault.ending else _first(sys.maxsize, answer)
    if fault.is_merged:
        pieces = filter(None, [b"".join(pieces)])
    for data in pieces:
        size = fault.piece or len(data)
        yield from (data[at : at + size] for at in range(0, len(data), size))


def _first(size, answer):
    """So many bytes of a body."""
    for event in answer:
        if size <= 0:
            return
        if isinstance(event, h11.Data):
            yield bytes(event.data[:size])
            size -= len(event.data)
