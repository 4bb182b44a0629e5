"""Agent: the declaration of an agent, and what each value that its function yields means.

An agent is a function that is given a task and yields its answer. This package declares it and turns what it
yields into A2A events; running it, on whatever event loop, is the business of a transport (`hocket_io`).

    declaration   Agent: the function, and what the world is told about it
    task          AgentTask: what the function is given
    question      Question: what `task.ask(…)` makes
    artifacts     ArtifactBlock: what `with task.artifact(…)` opens
    speech        Speech: what the function says during one run, as A2A events
"""

from hocket.agent.artifacts import Addition, ArtifactBlock
from hocket.agent.declaration import Agent
from hocket.agent.question import Question
from hocket.agent.speech import Speech
from hocket.agent.task import AgentTask, RunningTurn
from hocket.agent.values import Progress

__all__ = ["Addition", "Agent", "AgentTask", "ArtifactBlock", "Progress", "Question", "RunningTurn", "Speech"]
