"""Agents of somebody else, with mistakes: a web application, and a program that talks on stdin and stdout.

What they say comes from a `Liar`; how it gets onto the wire is written here, and has mistakes of its own.
`python foreign.py LIE` is the program.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from support.liar import ENDED, Liar

CARD = {
    "name": "foreign",
    "description": "An agent of somebody else.",
    "version": "1",
    "capabilities": {"streaming": True},
    "defaultInputModes": ["text/plain"],
    "defaultOutputModes": ["text/plain"],
    "skills": [],
}


def web_app(lie, url):
    """An A2A 1.0 agent over HTTP, honest but for this mistake."""
    agent = Liar(lie, binding="http")
    interface = {"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        if scope["method"] == "GET":
            await respond(
                send, 200, b"application/json", json.dumps({**CARD, "supportedInterfaces": [interface]}).encode()
            )
            return
        await converse(agent, body, send)

    return app


async def respond(send, status, kind, body, *, more=False):
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def converse(agent, body, send):
    answer = agent.open(SimpleNamespace(body=body))
    if b"SendStreamingMessage" not in body and b"SubscribeToTask" not in body:
        await respond(send, answer.status, b"application/json", answer.next() or b"")
        return
    await respond(send, answer.status, b"text/event-stream", b"", more=True)
    while (message := answer.next()) is not None:
        await send({"type": "http.response.body", "body": event_of(agent.lie, message), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def event_of(lie, message):
    """A server-sent event; this server breaks lines as `str.splitlines` does, if that is its mistake."""
    if lie != "breaks lines":
        return b"data: " + message + b"\n\n"
    text = json.dumps(json.loads(message), ensure_ascii=False)
    return "".join([f"data: {line}\n" for line in text.splitlines()]).encode() + b"\n"


def program(lie):
    """An A2A 1.0 agent on stdin and stdout that repeats responses with one id, as the first of them did."""
    agent = Liar(lie)
    for line in sys.stdin.buffer:
        if lie == "dies of a batch" and line.lstrip().startswith(b"["):
            raise TypeError("list indices must be integers or slices, not str")
        answer = agent.open(SimpleNamespace(body=line))
        if lie == "prints" and b"SendStreamingMessage" in line:
            print("thinking …")
        while (message := answer.next()) is not None:
            sys.stdout.buffer.write(message + b"\n")
        sys.stdout.buffer.flush()
        agent.tasks = {name: task for name, task in agent.tasks.items() if task.state in ENDED}


if __name__ == "__main__":
    program(sys.argv[1])
