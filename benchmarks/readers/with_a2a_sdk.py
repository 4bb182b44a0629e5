"""The client of a2a-sdk 1.3.0 as a reader: `with_a2a_sdk.py URL`; see `asked`."""

import asyncio
import sys
import uuid

from a2a.client import create_client
from a2a.types import Message, Part, Role, SendMessageRequest
from asked import asked


async def read() -> None:
    client = await create_client(sys.argv[1])
    for each in asked():
        with each.measured() as seen:
            for _ in range(each.streams):
                message = Message(message_id=uuid.uuid4().hex, role=Role.ROLE_USER, parts=[Part(text=each.text)])
                events = 0
                async for _event in client.send_message(SendMessageRequest(message=message)):
                    events += 1
                seen.append(events)


asyncio.run(read())
