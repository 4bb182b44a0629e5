"""A hub over HTTP without sockets: a transport of httpx2 that asks the test what to answer."""

import httpx2


class Body(httpx2.AsyncByteStream):
    """A body in pieces: bytes; an event, which is waited for; or an exception, which is raised."""

    def __init__(self, *pieces):
        self.pieces = pieces
        self.is_closed = False

    async def __aiter__(self):
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, bytes):
                yield piece
            else:
                await piece.wait()

    async def aclose(self):
        self.is_closed = True


def reply(status, *pieces, **headers):
    """A response whose body comes piece by piece."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, headers=fields, stream=Body(*pieces))


def feed(*pieces):
    """The head of a feed, and its pieces."""
    return reply(200, *pieces, content_type="text/event-stream; charset=utf-8")
