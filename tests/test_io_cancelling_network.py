"""AsyncClient through a proxy and over TLS: cancelled at any of its waits, in any way, it leaves nothing behind."""

import json

import pytest

from hocket_io import AsyncClient
from support.cancelling import WAYS, cancel_everywhere
from support.http_proxy import http_proxy
from support.tls import client_context, server_context
from support.web import agent_that_streams, web
from support.wire import DONE, TASK, chunk


@pytest.mark.parametrize("way", WAYS)
def test_through_a_proxy_and_over_tls(way):
    bodies = [{"jsonrpc": "2.0", "id": "1", "result": each} for each in ({"task": TASK}, chunk("so far"), DONE)]
    events = [b"data: " + json.dumps(each).encode() + b"\n\n" for each in bodies]
    context = client_context()

    with http_proxy() as proxy, web(agent_that_streams(*events), server_context()) as (url, _):

        async def talk():
            async with AsyncClient(url, proxy=proxy.url, tls=context) as client:
                async with client.stream("left") as stream:
                    async for _ in stream:
                        break
                assert await client.text("Ada") == "so far"

        cancel_everywhere(talk, way, step=7, fewest=3)
