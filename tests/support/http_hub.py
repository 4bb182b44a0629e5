"""A hub over HTTP without sockets: a transport of httpx2 that asks the test what to answer."""

from contextlib import asynccontextmanager

import anyio
import httpx2

from hocket_io.acp.links.http import open_http_link

ASK = b'{"jsonrpc":"2.0","id":"a","method":"stream.get","params":{}}'
GONE = b'{"jsonrpc":"2.0","id":null,"error":{"code":-40003,"message":"Stream not found"}}'
EXPIRED = b'{"jsonrpc":"2.0","id":"a","error":{"code":-40009,"message":"The token has expired"}}'


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


@asynccontextmanager
async def linked(answer, *, limit=1_000, healthy=lambda: reply(200, b"{}"), **options):
    """A link to a hub for which the test answers; `asked` has what came, without the first look."""
    asked = []

    async def serve(request):
        await anyio.lowlevel.checkpoint()
        if request.url.path.endswith("/health"):
            return healthy()
        asked.append(request)
        answered = answer(request)
        return await answered if hasattr(answered, "__await__") else answered

    options = {"headers": {}, **options}
    link = await open_http_link("http://hub/base", limit=limit, transport=httpx2.MockTransport(serve), **options)
    async with link:
        yield link, asked


def fail(error):
    raise error
