"""The client of fasta2a as a reader: `with_fasta2a.py URL`; see `asked`.

All members of its results may be missing, so an event that it does not understand is an empty one: those do not count.
"""

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
                async for event in client.stream_message(message):
                    events += bool(event["result"])
                seen.append(events)


asyncio.run(read())
