"""The world around an `a2a.Server`: a store that does as it is asked, and an agent that the test plays step by step."""

import json

from attrs import define, field

from hocket.a2a import (
    Append,
    Artifact,
    Checkpoint,
    Ended,
    Find,
    Interrupt,
    Load,
    Opened,
    Part,
    Ready,
    Refused,
    Release,
    Reply,
    Run,
    Server,
    ServiceParameters,
    StartPush,
    StopPush,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.entropy import seeded
from hocket.log import LogConflict
from hocket_io.stores import MemoryStore
from support.items import one_by_one


def keep(output, server, store, now=0.0):
    """Carry out one wish for the store, and tell the server."""
    match output:
        case Append(task_id=task_id, expect=expect, items=items, owner=owner):
            try:
                entries = store.append(task_id, expect, items, owner)
            except LogConflict:
                server.append_refused(task_id, now)
            else:
                server.feed(task_id, entries, now)
        case Load(task_id=task_id):
            server.loaded(task_id, store.load(task_id), now)
        case Checkpoint():
            store.checkpoint(output)
        case Find(ticket=ticket, query=query):
            server.found(ticket, store.find(query), now)


def outputs(server, store, now=0.0):
    """What the server wants, until it wants nothing: what is for the store is done, the rest is given."""
    while (output := server.next_output()) is not None:
        if isinstance(output, Append | Load | Checkpoint | Find):
            keep(output, server, store, now)
        else:
            yield output


@define(eq=False)
class World:
    """A server, a runner that only takes notes, and a store that can be held back: `hold`, then `release`."""

    server: Server
    store: MemoryStore = field(factory=MemoryStore)
    runs: list[Run] = field(factory=list)
    interrupts: list[Interrupt] = field(factory=list)
    replies: list[Reply] = field(factory=list)
    releases: list[Release] = field(factory=list)
    pushes: list[StartPush | StopPush] = field(factory=list)
    rang: list[str] = field(factory=list)
    held: list | None = None
    now: float = 0.0

    @classmethod
    def of(cls, **options):
        return cls(Server(entropy=seeded(1), **options))

    def pump(self):
        while (output := self.server.next_output()) is not None:
            match output:
                case Append() | Load() | Checkpoint() | Find() if self.held is not None:
                    self.held.append(output)
                case Append() | Load() | Checkpoint() | Find():
                    keep(output, self.server, self.store, self.now)
                case Run():
                    self.runs.append(output)
                case Interrupt():
                    self.interrupts.append(output)
                case Reply():
                    self.replies.append(output)
                case Release():
                    self.releases.append(output)
                case StartPush() | StopPush():
                    self.pushes.append(output)
                case Ready(link=link):
                    self.rang.append(link)

    def hold(self):
        self.held = []

    def release(self):
        held, self.held = self.held, None
        for output in held:
            keep(output, self.server, self.store, self.now)
        self.pump()

    # Clients

    def ask(self, link, method, task_id=None, *, version="1.0", request_id=1, service=(), last_event_id=None, **params):
        service = ServiceParameters(version=version, last_event_id=last_event_id, **dict(service))
        params = {**params, "id": task_id} if task_id is not None else params
        self.server.receive(link, request_id, method, params, service, self.now)
        self.pump()

    def send(self, link="ada", *, text="hi", stream=True, message_id="m1", task=None, context=None, **more):
        message = {"messageId": message_id, "role": "ROLE_USER", "parts": [{"text": text}]}
        message |= {} if task is None else {"taskId": task}
        message |= {} if context is None else {"contextId": context}
        self.ask(link, "SendStreamingMessage" if stream else "SendMessage", message=message, **more)

    def deliveries(self, link="ada"):
        """All that the link can take."""
        taken = []
        while out := self.server.take(link):
            taken += one_by_one(out)
        return taken

    def take(self, link="ada"):
        """What the link was given, in short: states, text of chunks, ends and error codes."""
        return [short(each) for each in self.deliveries(link) if not isinstance(each, Opened)]

    # The agent

    def begin(self, link="ada", **more):
        """A message whose turn the runner has begun; returns the task's id."""
        self.send(link, **more)
        self.start()
        return self.runs[-1].task.id

    def start(self):
        run = self.runs[-1]
        self.server.started(run.task.id, run.run, self.now)
        self.pump()

    def emit(self, *items):
        run = self.runs[-1]
        self.server.emit(run.task.id, run.run, items, self.now)
        self.pump()

    def say(self, text, *, append=True, last=False):
        task_id = self.runs[-1].task.id
        artifact = Artifact(artifact_id="a", parts=(Part(text=text),))
        self.emit(TaskArtifactUpdateEvent(task_id=task_id, artifact=artifact, append=append, last_chunk=last))

    def become(self, state):
        self.emit(TaskStatusUpdateEvent(task_id=self.runs[-1].task.id, status=TaskStatus(state=state)))

    def wonder(self, state=TaskState.INPUT_REQUIRED):
        """Ask, and wait for an answer."""
        run = self.runs[-1]
        status = TaskStatusUpdateEvent(task_id=run.task.id, status=TaskStatus(state=state))
        self.server.emit(run.task.id, run.run, [status], self.now)
        self.server.asked(run.task.id, run.run, self.now)
        self.pump()

    def end(self):
        run = self.runs[-1]
        self.server.ended(run.task.id, run.run, self.now)
        self.pump()

    def finish(self, state=TaskState.COMPLETED):
        self.become(state)
        self.end()

    def pass_time(self, to):
        """Let it be `to`."""
        self.now = to
        self.server.handle_timeout(to)
        self.pump()

    def is_empty(self):
        return not self.server._tasks and not self.server._mailboxes and self.server.next_timeout() is None


def short(delivery):
    """One delivery in a word: a state, the text of a chunk, an end, an error code."""
    match delivery:
        case Refused(error=error):
            return error.code
        case Ended(state=state):
            return f"ended {state.value}"
    result = json.loads(delivery.result)
    match result.get("task", result):
        case {"statusUpdate": {"status": {"state": state}}} | {"kind": "status-update", "status": {"state": state}}:
            return state.removeprefix("TASK_STATE_").lower()
        case {"id": _, "status": {"state": state}, **rest}:
            text = "".join(part["text"] for each in rest.get("artifacts", []) for part in each["parts"])
            return f"task {state.removeprefix('TASK_STATE_').lower()}" + (f" {text}" if text else "")
        case {"artifactUpdate": {"artifact": {"parts": parts}}} | {"artifact": {"parts": parts}}:
            return parts[0]["text"]
