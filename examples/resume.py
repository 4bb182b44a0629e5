"""A task goes on without its reader, and `resume` reads on from the last event that was seen.

A client does so by itself where its connection breaks. This is for a program that comes back later: the task's id
and the offset of the last event are all it has to remember.
"""

import sys

from calendar_search import agent as calendar

from hocket import Agent
from hocket.a2a import StreamEvent
from hocket_io import Client


def show(event: StreamEvent) -> None:
    if event.progress is not None:
        print(f"{event.progress:3.0f} %  {event.message}")
    elif event.text:
        print(f"       {event.text}")


def main(target: str | Agent) -> None:
    with Client(target) as agent:
        with agent.stream("An hour for the whole team") as stream:
            for event in stream:
                show(event)
                if event.progress == 25:
                    seen = event.offset
                    break  # as if the program had ended here
        assert stream.task_id is not None
        print("--- cut, and resumed")
        for event in agent.resume(stream.task_id, after=seen):
            show(event)
        print(f"settled, {agent.get(stream.task_id).state.value}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else calendar)
