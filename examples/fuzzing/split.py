"""An agent with a mistake in it, for `hocket fuzz` to find: it says what everybody owes."""
# mypy: allow-untyped-defs

from hocket import Agent

agent = Agent("split", description="Splits a bill.")


@agent.stream
def split(task):
    numbers = [int(word) for word in task.text.split() if word.isdecimal() and len(word) < 10]
    if len(numbers) < 2:
        yield "Say what the bill is and how many you are, as in: 90 for 3"
        return
    bill, people = numbers[:2]
    yield f"{bill} for {people}: "
    yield f"that is {bill / people:.2f} each."
