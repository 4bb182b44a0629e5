"""The mcp SDK in the pipe benchmark: a tool of a child process that reports progress as it goes, and its client.

`with_mcp.py` is the parent, `with_mcp.py child` the child; see `orders`. A message is a progress notification
with words, as the SDK's own documentation streams while a tool runs.
"""

import asyncio
import os
import sys

from mcp import StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client
from mcp.server.mcpserver import Context, MCPServer
from orders import Order, orders, text

server = MCPServer("words", log_level="ERROR")


@server.tool()
async def say(count: int, ctx: Context) -> str:
    """Say something, word by word."""
    for number in range(count):
        await ctx.report_progress(number, count, text(number))
    return "said"


@server.tool()
async def pid() -> int:
    """The number of this process."""
    return os.getpid()


async def parent() -> None:
    child = StdioServerParameters(command=sys.executable, args=[__file__, "child"])
    async with Client(stdio_client(child)) as client:
        pid = int((await client.call_tool("pid")).content[0].text)
        for order in orders():
            with order.measured(pid):
                await obey(order, client)


async def obey(order: Order, client: Client) -> None:
    for count in order.answers:
        heard = 0

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            nonlocal heard
            heard += bool(message)

        await client.call_tool("say", {"count": count}, progress_callback=hear if count else None)
        while heard < count:  # the last may be told after the result
            await asyncio.sleep(0)


if __name__ == "__main__":
    if sys.argv[1:] == ["child"]:
        server.run("stdio")
    else:
        asyncio.run(parent())
