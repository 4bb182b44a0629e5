"""A server whose streams cost it nothing: it answers with events that were written beforehand, over a bare socket.

It is asked for so many chunks by the text of a message, with `SendStreamingMessage` (A2A 1.0) or, by fasta2a, with
`message/stream`. `ready_stream_server.py EVENTS` puts so many events into each piece of the body, as servers do that
join what is ready; with 1, each event is a piece of its own. Everything else is what the readers want to know before
they ask.
"""

import asyncio
import json
import re
import sys
from functools import cache

TOGETHER = int(sys.argv[1])
ID = "01234567-89ab-cdef-0123-456789abcdef"
PART = 256 * 1024


def written(value):
    return json.dumps(value, separators=(",", ":")).encode()


def results_1_0(chunks):
    named = {"taskId": ID, "contextId": ID}
    yield {"task": {"id": ID, "contextId": ID, "status": {"state": "TASK_STATE_WORKING"}}}
    for number in range(chunks):
        artifact = {"artifactId": "text-1", "parts": [{"text": f"chunk number {number} of the answer "}]}
        yield {"artifactUpdate": {**named, "artifact": artifact, **({"append": True} if number else {})}}
    yield {"statusUpdate": {**named, "status": {"state": "TASK_STATE_COMPLETED"}}}


def results_between(chunks):
    """As fasta2a 2.1.1 says it: the objects of 1.0 with the words of 0.3."""
    named = {"taskId": ID, "contextId": ID}
    yield {"task": {"id": ID, "contextId": ID, "status": {"state": "working"}}}
    for number in range(chunks):
        artifact = {"artifactId": "text-1", "parts": [{"text": f"chunk number {number} of the answer "}]}
        yield {"artifactUpdate": {**named, "artifact": artifact, **({"append": True} if number else {})}}
    yield {"statusUpdate": {**named, "status": {"state": "completed"}}}


METHODS = {"SendStreamingMessage": results_1_0, "message/stream": results_between}


@cache
def pieces(method, chunks):
    """The pieces of a response's body, but for the id of the request."""
    events = [
        b"id: %d\ndata: %b\n\n" % (number, written({"jsonrpc": "2.0", "id": "@", "result": result}))
        for number, result in enumerate(METHODS[method](chunks), 1)
    ]
    return [b"".join(events[first : first + TOGETHER]) for first in range(0, len(events), TOGETHER)]


def body(method, chunks, request_id):
    """A response's body, ready to be sent, in large parts."""
    named, part, held = b'"id":' + written(request_id), [], 0
    for piece in pieces(method, chunks):
        data = piece.replace(b'"id":"@"', named)
        part.append(b"%x\r\n%b\r\n" % (len(data), data))
        held += len(data)
        if held > PART:
            yield b"".join(part)
            part, held = [], 0
    yield b"".join([*part, b"0\r\n\r\n"])


def card(port):
    interface = {"url": f"http://127.0.0.1:{port}/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
    return {
        "name": "ready",
        "description": "Streams that are ready",
        "version": "1",
        "supportedInterfaces": [interface],
        "capabilities": {"streaming": True},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [],
    }


async def answer(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET"):
                found = written(card(writer.get_extra_info("sockname")[1])) if b"/agent-card.json" in head else b""
                status = b"200 OK" if found else b"404 Not Found"
                fields = b"content-type: application/json\r\ncontent-length: %d" % len(found)
                writer.write(b"HTTP/1.1 %b\r\n%b\r\n\r\n%b" % (status, fields, found))
                continue
            length = re.search(rb"content-length: *(\d+)", head.lower())
            call = json.loads(await reader.readexactly(int(length[1])))
            chunks = int(call["params"]["message"]["parts"][0]["text"])
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            for part in body(call["method"], chunks, call["id"]):
                writer.write(part)
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the reader has left
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
    await server.serve_forever()


asyncio.run(main())
