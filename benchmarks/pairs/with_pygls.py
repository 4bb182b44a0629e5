"""pygls in the pipe benchmark: a language server in a child process that sends its own notifications, and its client.

`with_pygls.py` is the parent, `with_pygls.py child` the child; see `orders`. Messages are framed by
Content-Length, as in the Language Server Protocol.
"""

import asyncio
import sys
from typing import Any

from orders import Order, orders, text
from pygls.client import JsonRPCClient
from pygls.lsp.server import LanguageServer


def child() -> None:
    server = LanguageServer("words", "1")

    @server.feature("say")
    async def say(asked: Any) -> str:
        for number in range(asked.count):
            server.protocol.notify("word", {"id": 1, "text": text(number)})
        return "said"

    server.start_io()


async def parent() -> None:
    client = JsonRPCClient()
    heard = [0]

    @client.feature("word")
    def hear(word: Any) -> None:
        heard[0] += bool(word.text)

    await client.start_io(sys.executable, __file__, "child")
    for order in orders():
        with order.measured(client._server.pid):
            await obey(order, client, heard)
    client._server.kill()
    await client.stop()


async def obey(order: Order, client: JsonRPCClient, heard: list[int]) -> None:
    for count in order.answers:
        heard[0] = 0
        await client.protocol.send_request_async("say", {"count": count})
        assert heard[0] == count


if __name__ == "__main__":
    child() if sys.argv[1:] == ["child"] else asyncio.run(parent())
