"""A session of acp-sdk-python's own client, run by an interpreter that has it: `acp_sdk_session.py URL TOKEN`.

Prints what each call gave, as one JSON object a line.
"""

import asyncio
import json
import sys

import acp


def said(text, **more):
    return acp.Message(role="agent", agentId="alice", parts=[acp.Part(type="TextPart", content=text, **more)])


async def attempt(call):
    try:
        print(json.dumps({"result": await call}), flush=True)
    except acp.JsonRpcError as error:
        print(json.dumps({"code": error.code, "message": error.message, "data": error.data}), flush=True)


async def main(url, token):
    async with acp.Client(url, oauth_token=token, allow_http=True) as client:
        started = await client.stream_start(
            acp.StreamStartParams(participants=["alice", "bob"], metadata={"purpose": "interop"})
        )
        print(json.dumps({"result": started}), flush=True)
        stream_id = started["stream"]["streamId"]
        await attempt(client.stream_message(acp.StreamMessageParams(streamId=stream_id, message=said("hi", width=3))))
        for number, text in enumerate(["Grüße, ", "in ", "chunks"], 1):
            chunk = acp.StreamChunkParams(streamId=stream_id, chunk=said(text), sequence=number, isLast=number == 3)
            await attempt(client.stream_chunk(chunk))
        late = acp.StreamChunkParams(streamId=stream_id, chunk=said("lost"), sequence=200, isLast=False)
        await attempt(client.stream_chunk(late))
        await attempt(client.stream_end(acp.StreamEndParams(streamId=stream_id, reason="done")))
        await attempt(client.stream_end(acp.StreamEndParams(streamId=stream_id)))
        await attempt(client.stream_end(acp.StreamEndParams(streamId="stream-nobody-knows")))


asyncio.run(main(*sys.argv[1:]))
