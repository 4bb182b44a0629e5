r"""HTTP/1.1 on a connection of bytes, as little of it as a world needs: one request, one response, chunks for a stream.

A body that has not come whole can be told from one that has: that is what it is for.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from attrs import define, field

from hocket.http import Headers, Request, Response

__all__ = ["ONE_MORE_CHUNK", "Incoming", "chunk", "request_bytes", "request_of", "response_bytes"]

ONE_MORE_CHUNK = b"0\r\n\r\n"
"""The end of a body in chunks."""


def chunk(data: bytes) -> bytes:
    r"""A piece of a body.

    >>> chunk(b"hello")
    b'5\r\nhello\r\n'
    """
    return b"%x\r\n%b\r\n" % (len(data), data)


def request_bytes(request: Request) -> bytes:
    """A request as a client sends it; its `path` is a whole URL, or a path."""
    url = urlsplit(request.path)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    fields = (("host", "agent"), *request.headers, ("content-length", str(len(request.body))))
    return _head(f"{request.method} {path} HTTP/1.1", fields) + request.body


def request_of(incoming: Incoming, body: bytes) -> Request:
    """A request as it has come."""
    method, target, _ = incoming.start.split(" ", 2)
    path, _, query = target.partition("?")
    decoded = unquote(path)
    return Request(
        method=method,
        path=decoded,
        raw_path=path,
        query=query,
        headers=incoming.headers,
        body=body,
        base_url="http://agent/",
    )


def response_bytes(response: Response) -> bytes:
    """A response as it is sent; of one without a body, which follows in chunks, the head."""
    start = f"HTTP/1.1 {response.status}"
    if response.body is None:
        return _head(start, (*response.headers, ("transfer-encoding", "chunked")))
    return _head(start, (*response.headers, ("content-length", str(len(response.body))))) + response.body


def _head(start: str, fields: Headers) -> bytes:
    lines = [start, *[f"{name}: {value}" for name, value in fields]]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@define(eq=False)
class Incoming:
    r"""A request or a response, read as it comes.

    Attributes:
        start: The first line; "" until the head is there.
        headers: The header fields.
        is_complete: Whether all of the body is there.

    >>> reading = Incoming()
    >>> reading.receive(b"HTTP/1.1 200\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel"), reading.start
    (b'hel', 'HTTP/1.1 200')
    >>> reading.receive(b"lo\r\n0\r\n\r\n"), reading.is_complete
    (b'lo', True)
    """

    start: str = field(default="", init=False)
    headers: Headers = field(default=(), init=False)
    is_complete: bool = field(default=False, init=False)
    _is_chunked: bool = field(default=False, init=False)
    _left: int = field(default=0, init=False)
    _held: bytes = field(default=b"", init=False)

    def receive(self, data: bytes) -> bytes:
        """Take bytes; what there is in them of the body."""
        self._held += data
        if not self.start and not self._read_head():
            return b""
        if self._is_chunked:
            return b"".join(self._chunks())
        body, self._held = self._held, b""
        self._left -= len(body)
        self.is_complete = self._left <= 0
        return body

    def _read_head(self) -> bool:
        head, end, rest = self._held.partition(b"\r\n\r\n")
        if not end:
            return False
        self.start, *lines = head.decode("latin-1").split("\r\n")
        self.headers = tuple(
            [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        )
        fields = dict(self.headers)
        self._is_chunked = fields.get("transfer-encoding") == "chunked"
        length = fields.get("content-length", "0")
        self._left = 0 if self._is_chunked or not length.isdigit() else int(length)
        self._held = rest
        return True

    def _chunks(self) -> list[bytes]:
        pieces = []
        while self._held and not self.is_complete:
            if self._left <= 0:
                size, end, rest = self._held.partition(b"\r\n")
                if not end:
                    break
                self._held = rest
                self._left = int(size, 16) if size else 0
                self.is_complete = size == b"0"
                continue
            piece, self._held = self._held[: self._left], self._held[self._left :]
            self._left -= len(piece)
            pieces.append(piece)
        return pieces
