"""The agent that every peer meets: it answers as the message asks."""

import anyio

from hocket import Agent
from hocket.a2a import TaskState, TaskStatus


def interop_agent(**options):
    """The agent; `options` are those of Agent."""
    agent = Agent("ours", description="The agent that every peer meets", **options)
    gates = {}

    @agent.stream
    async def ours(task):
        match task.text.split():
            case ["fail"]:
                raise ValueError("a secret")
            case ["ask"]:
                yield "Which month?"
                yield TaskStatus(state=TaskState.INPUT_REQUIRED)
            case ["turn"]:  # the same, but the run goes on with the answer
                answer = yield task.ask("Which month?")
                yield f"So it is {answer.text}"
            case ["extensions"]:
                yield ",".join(task.extensions)
            case ["mixed"]:
                yield task.progress(50, "half way")
                yield {"rows": [1, 2, 3]}
                yield b"\x00\xff"
                yield "é\u2028"
            case ["wait", gate]:
                yield "before "
                await gates.setdefault(gate, anyio.Event()).wait()
                yield "after"
            case ["open", gate]:
                gates.setdefault(gate, anyio.Event()).set()
            case words:
                for word in ("Hello ", " ".join(words), "!"):
                    yield word
                    await anyio.lowlevel.checkpoint()

    return agent
