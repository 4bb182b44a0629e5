"""Everything by hand, as a reader: httpx2, `split`, and `json.loads` of each event: `with_httpx2.py URL`; see `asked`.

It believes whatever comes, and gives dictionaries: the floor of what a client on httpx2 and json costs.
"""

import asyncio
import json
import sys
import uuid

import httpx2
from asked import asked


async def results(client, text):
    part = {"text": text}
    message = {"messageId": uuid.uuid4().hex, "role": "ROLE_USER", "parts": [part]}
    call = {"jsonrpc": "2.0", "id": "1", "method": "SendStreamingMessage", "params": {"message": message}}
    rest = b""
    async with client.stream("POST", sys.argv[1], json=call) as response:
        async for piece in response.aiter_raw():
            *whole, rest = (rest + piece).split(b"\n\n")
            for event in whole:
                yield json.loads(event.partition(b"data: ")[2])["result"]


async def read():
    async with httpx2.AsyncClient() as client:
        for each in asked():
            with each.measured() as seen:
                for _ in range(each.streams):
                    events = 0
                    async for _event in results(client, each.text):
                        events += 1
                    seen.append(events)


asyncio.run(read())
