"""A session of fasta2a 2's own client with a server: `fasta2a_client.py URL`."""

import asyncio
import sys
import uuid

from fasta2a.client import A2AClient, UnexpectedResponseError
from pydantic import ValidationError
from telling import tell


def said(text, **more):
    return {"role": "user", "parts": [{"text": text}], "kind": "message", "message_id": uuid.uuid4().hex, **more}


async def attempt(did, call):
    """Tell what a call gave, or why their client could not read it; give it."""
    try:
        answer = await call
    except UnexpectedResponseError as error:
        tell(did, status=error.status_code)
    except ValidationError as error:
        tell(did, unreadable=sorted({".".join(map(str, each["loc"])) for each in error.errors()}))
    else:
        tell(did, **answer)
        return answer


async def found(url):
    return {"result": A2AClient(url, fetch_card=True).agent_card}


async def heard(stream):
    return {"result": [event async for event in stream]}


async def main(url):
    await attempt("card", found(url))
    client = A2AClient(url)
    await attempt("send", client.send_message(said("Ada")))
    await attempt("stream", heard(client.stream_message(said("Ada"))))
    await attempt("get unknown", client.get_task("nobody-knows"))
    # the version that their servers say they speak
    client.http_client.headers["A2A-Version"] = "1.0"
    await attempt("send as 1.0", client.send_message(said("Ada")))
    await attempt("stream as 1.0", heard(client.stream_message(said("Ada"))))


asyncio.run(main(*sys.argv[1:]))
