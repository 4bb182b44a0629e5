"""The client of fasta2a as a reader, which speaks A2A 0.3: `with_fasta2a.py URL`; see `asked`."""

import asyncio
import sys
import uuid

from asked import asked
from fasta2a.client import A2AClient


async def read() -> None:
    client = A2AClient(sys.argv[1])
    for each in asked():
        with each.measured() as seen:
            for _ in range(each.streams):
                part = {"kind": "text", "text": each.text}
                message = {"kind": "message", "role": "user", "message_id": uuid.uuid4().hex, "parts": [part]}
                events = 0
                async for _event in client.stream_message(message):
                    events += 1
                seen.append(events)


asyncio.run(read())
