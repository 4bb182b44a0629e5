"""The floor: an ASGI application that writes ready-made bytes, one event for each `send`, and knows no protocol.

It is asked as the others are, `5000 0` for 5,000 events without a pause, and its events look like those of A2A.
"""

import asyncio
import json
import time

from listening import serve

_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")],
}
_ID = "01234567-89ab-cdef-0123-456789abcdef"


def _event(**result):
    return (
        b"data: " + json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}, separators=(",", ":")).encode() + b"\n\n"
    )


def _chunk(text):
    artifact = {"artifactId": "text-1", "parts": [{"text": text}]}
    return _event(artifactUpdate={"taskId": _ID, "contextId": _ID, "artifact": artifact, "append": True})


def _piece(data):
    return {"type": "http.response.body", "body": data, "more_body": True}


def _status(state):
    return _piece(_event(statusUpdate={"taskId": _ID, "contextId": _ID, "status": {"state": state}}))


_BEGINNING = [
    _piece(_event(task={"id": _ID, "contextId": _ID, "status": {"state": "TASK_STATE_SUBMITTED"}})),
    _status("TASK_STATE_WORKING"),
]
_READY = _piece(_chunk("chunk number 1234 of the answer "))
_COMPLETED = _status("TASK_STATE_COMPLETED")
_END = {"type": "http.response.body", "body": b"", "more_body": False}
_TIMED = _chunk("@TIME and a few words more")


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    count, pause = json.loads(body)["params"]["message"]["parts"][0]["text"].split()
    pause = float(pause)
    await send(_START)
    for event in _BEGINNING:
        await send(event)
    begun = time.monotonic()
    for number in range(1, int(count) + 1):
        if pause:
            await asyncio.sleep(begun + number * pause - time.monotonic())
            await send(_piece(_TIMED.replace(b"TIME", b"%.6f" % time.time())))
        else:
            await send(_READY)
    await send(_COMPLETED)
    await send(_END)


serve(lambda url: app)
