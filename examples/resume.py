"""A stream that was cut is not lost: the task goes on, and `resume` reads on from the last event that was seen."""

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
                    break  # as if the connection were lost here
        assert stream.task_id is not None
        print("--- cut, and resumed")
        for event in agent.resume(stream.task_id, after=seen):
            show(event)
        print(f"settled, {agent.get(stream.task_id).state.value}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else calendar)
