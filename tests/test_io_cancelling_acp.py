"""AcpClient and its hub: cancelled at any wait, in any way, they leave nothing behind."""

from contextlib import asynccontextmanager

import anyio
import pytest

from hocket_io.acp import AcpClient, HubHost
from hocket_io.acp.serving import serve_tcp
from hocket_io.http.hub_app import HubApp
from support.cancelling import WAYS, cancel_everywhere
from support.serving import serving


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


@asynccontextmanager
async def running_hub():
    async with HubHost() as hub:
        yield hub


@asynccontextmanager
async def hub_on_tcp():
    async with HubHost() as hub, anyio.create_task_group() as group:
        address, port = await group.start(serve_tcp, hub, "127.0.0.1", 0)
        yield f"tcp://{address}:{port}"
        group.cancel_scope.cancel()


@pytest.fixture(scope="module")
def url():
    with serving(lambda url: HubApp(HubHost())) as url:
        yield url


async def talk(target, two_ways=True):
    """Two agents in a stream: a message, chunks, a batch, an end."""
    async with AcpClient(target, agent="ada") as ada, AcpClient(target, agent="bob") as bob:
        hers = await ada.start(["bob"])
        if two_ways:
            async for invitation in bob.invitations():
                if invitation.stream_id == hers.stream_id:  # and not that of a round before, at a hub that lives longer
                    break
        his = await bob.join(hers.stream_id)
        await hers.send("one")
        async with hers.chunks() as writer:
            await writer.text("two, ")
            await writer.text("three")
        async with his.batch() as batch:
            await batch.send("four")
        await hers.end("done")
        async for _ in his:
            pass


async def works(target):
    """Whoever comes next is served."""
    async with AcpClient(target, agent="eve") as eve:
        await (await eve.start()).send("still here")


def test_in_memory(way):
    cancel_everywhere(talk, way, around=running_hub, after=works, fewest=8)


def test_over_tcp(way):
    cancel_everywhere(talk, way, around=hub_on_tcp, after=works, step=2, fewest=4)


def test_over_http(way, url):
    cancel_everywhere(lambda: talk(url, two_ways=False), way, step=4, fewest=4)


def test_over_a_websocket(way, url):
    pytest.importorskip("websockets")
    cancel_everywhere(lambda: talk(url.replace("http", "ws")), way, step=3, fewest=3)
