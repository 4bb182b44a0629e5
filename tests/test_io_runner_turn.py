"""Turn: what comes to a run at the wrong moment."""

import anyio

from hocket.a2a import Message, Part, Role, Run, Task, TaskState, TaskStatus
from hocket.agent import Speech
from hocket.entropy import seeded
from hocket_io.runner.turn import Turn


class Listening:
    """A server core that takes everything."""

    def __init__(self):
        self.items = []

    def emit(self, task_id, run, items, now):
        self.items += items

    def asked(self, task_id, run, now):
        pass


def test_an_answer_that_comes_when_nobody_waits_any_more_answers_nothing(run):
    """The core and the function may make up their minds at the same moment."""
    said = Message(message_id="m", role=Role.USER, parts=(Part(text="go"),))
    late = Message(message_id="late", role=Role.USER, parts=(Part(text="too late"),))

    async def talk():
        server = Listening()
        task = Task(id="t", context_id="c", status=TaskStatus(state=TaskState.WORKING))
        speech = Speech("t", "c", 1, seeded(1))
        turn = Turn(Run(task=task, run=1, message=said), speech, server, lambda: 0.0, lambda: None)
        for words in ("First?", "Second?"):
            with anyio.CancelScope() as scope:
                question = turn.task.ask(words)
                scope.cancel()
                await question
            turn.reply(late)
        turn.say("well then")
        turn.hand_on()
        return [item.status.state if hasattr(item, "status") else item.artifact.text for item in server.items]

    asks, works = TaskState.INPUT_REQUIRED, TaskState.WORKING
    assert run(talk) == [asks, works, asks, works, "well then"]
