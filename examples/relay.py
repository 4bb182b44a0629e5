"""An agent that passes on what another one says, while it says it. Here the other one is a child process."""
# mypy: allow-untyped-defs

import os
from pathlib import Path

from hocket import Agent
from hocket_io import Client

HELLO = Path(__file__).with_name("hello.py")
TARGET = os.environ.get("RELAY_TO", f"stdio:python -m hocket pipe {HELLO}")

agent = Agent("relay", description="Says what another agent says.")


@agent.stream
def relay(task):
    with Client(TARGET) as other:
        stream = other.stream(task.text)
        for event in stream:
            yield event.text
        stream.result()  # raises where the other one gave no whole answer: then this one has failed, too
