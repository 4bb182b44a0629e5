"""An agent that asks in the middle of its work, and the conversation that comes of it."""
# mypy: allow-untyped-defs

from hocket import Agent
from hocket_io import Client

agent = Agent("revenue", description="Knows the revenue of every quarter.")


@agent.stream
def tell(task):
    quarter = yield task.ask("Which quarter?")
    yield f"In {quarter.text} it was 1.2 million."


if __name__ == "__main__":
    with Client(agent) as client:
        stream = client.stream("What was our revenue?")
        print(stream.text())
        print(client.text("Q2", task_id=stream.task_id))
