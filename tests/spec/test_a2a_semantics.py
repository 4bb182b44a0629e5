"""What A2A says of streams, turns, cancels and histories, rule by rule, played through the server without I/O.

Written by hand from A2A 1.0 (sections 3.1 to 3.5, 7.6, 11.7), from 0.3 (sections 7 and 9) and, where they are silent
or contradict themselves, from hocket's decisions (marked "ours"). Each rule is a small play:

    ada stream              ada sends a message and reads its stream; `m1` is the message, if it matters
    agent say Hel           the agent says a chunk of the artifact `a`
    ada < task working      what ada was given since she looked last: `task STATE text`, a state, a chunk,
                            `ended STATE`, or an error's code; `!` marks what 0.3 calls final

A rule is played in both versions, unless its name ends with one of them.
"""

import json
import re

import pytest
from attrs import define, field

from hocket.a2a import (
    Artifact,
    Message,
    Opened,
    Part,
    Refused,
    Role,
    ServerLimits,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.errors import LocalProtocolError
from support.world import World, short

RULES = """
= a stream is the Task, then what happens, and ends after the terminal status
ada stream
agent start, say Hel, say lo, become completed
ada < task submitted, working, Hel, lo, completed!, ended completed

= a stream that has ended in every terminal state is closed: failed
ada stream
agent start, become failed
ada < task submitted, working, failed!, ended failed

= a task may be rejected before it works
ada stream
agent become rejected
ada < task submitted, rejected!, ended rejected

= ours: a stream ends after INPUT_REQUIRED
ada stream
agent start, become input-required
ada < task submitted, working, input-required!, ended input-required

= a stream stays open at AUTH_REQUIRED, and goes on when the agent does (1.0 section 7.6.1)
ada stream
agent start, become auth-required
ada < task submitted, working, auth-required
agent become working, become completed
ada < working, completed!, ended completed

= a follow-up stream begins with the Task too, with all that was before
ada stream
agent start, say old, become input-required, end
ada look
ada stream m2 to task
ada < task submitted old
agent start, say new, become completed
ada < working, new, completed!, ended completed

= so does a follow-up to an agent that has waited for it; the status that the answer brings is in the Task
ada stream
agent start, say old, wonder
ada look
ada stream m2 to task
ada < task working old
agent say new, become completed
ada < new, completed!, ended completed

= a follow-up at AUTH_REQUIRED reads along while the agent works on
ada stream
agent start, become auth-required
bob stream m2 to task
bob < task auth-required
agent become working, become completed
bob < working, completed!, ended completed

= a follow-up without a context belongs to the context of its task
ada stream in mine
agent start, become input-required, end
ada stream m2 to task
context mine

= a context that is not the task's is refused, and nothing runs
ada stream in mine
agent start, become input-required, end
ada look
bob stream m2 to task in another
bob < -32602
runs 1

= the right context may be named
ada stream in mine
agent start, become input-required, end
bob stream m2 to task in mine
bob < task submitted

= a context that the client has chosen is kept
ada stream in mine
context mine

= a task that is refined is a new task in the same context
ada stream in mine
agent start, become completed, end
bob stream m2 in mine
bob < task submitted
runs 2
context mine

= a task id that the client made up creates nothing
ada stream to nowhere
ada < -32001
runs 0

= a terminal task takes no message, and is as it was
ada stream
agent start, become completed, end
bob send m2 to task
bob < -32004
bob get task
bob < task completed

= ours: nor does one that works
ada stream
agent start
bob send m2 to task
bob < -32004

= a terminal state is final, whatever the agent says then
ada stream
agent start, become completed
agent cannot become working
agent cannot say more
bob get task
bob < task completed

= whatever is not terminal may become anything
ada stream
agent start, become auth-required, become working, become auth-required, become completed
ada < task submitted, working, auth-required, working, auth-required, completed!, ended completed

= send waits for the end of the task
ada send
agent start, say Hello
ada < nothing
agent become completed
ada < task completed Hello

= send waits for a question too
ada send
agent start, become input-required
ada < task input-required

= and for one about authentication
ada send
agent start, become auth-required
ada < task auth-required

= send that returns immediately is answered with the first Task
ada send now
ada < task submitted
runs 1

= a follow-up by send waits for the end of its own turn
ada send
agent start, wonder
ada < task input-required
ada send m2 to task
ada < nothing
agent become completed
ada < task completed

= the history is whole where nobody asks for less
ada stream
agent start, become input-required, end
ada stream m2 to task
bob get task
bob history m1 m2

= historyLength 0 leaves it out
ada stream
agent start, become input-required, end
ada stream m2 to task
bob get task with history 0
bob history

= historyLength n gives the n latest
ada stream
agent start, become input-required, end
ada stream m2 to task
bob get task with history 1
bob history m2

= more than there are is all there are
ada stream
bob get task with history 9
bob history m1

= historyLength is that of the Task on a stream
ada stream with history 0
ada history

= and of the Task that a follow-up begins with
ada stream
agent start, become input-required, end
ada look
ada stream m2 to task with history 1
ada history m2

= and of the answer to a message
ada send with history 0
agent start, become completed
ada history

= a negative historyLength is invalid: get
ada stream
bob get task with history -1
bob < -32602

= a negative historyLength is invalid: send
ada send with history -1
ada < -32602
runs 0

= a negative historyLength is invalid: stream
ada stream with history -1
ada < -32602
runs 0

= the message of a status goes into the history with the next status, and the question before its answer
ada stream
agent start, become input-required saying q, end
bob get task
bob history m1
ada stream m2 to task
bob get task
bob history m1 q m2

= a cancel is answered with the canceled Task, and every stream of it ends so
ada stream
agent start
bob subscribe task
ada look
bob look
eve cancel task
eve < nothing
interrupts 1
agent end
eve < task canceled
ada < canceled!, ended canceled
bob < canceled!, ended canceled

= a cancel again has the same effect
ada stream
agent start
eve cancel task
agent end
eve < task canceled
eve cancel task
eve < task canceled
interrupts 1

= a task that is over otherwise cannot be canceled
ada stream
agent start, become completed, end
eve cancel task
eve < -32002

= a task that waits for input is canceled at once
ada stream
agent start, become input-required, end
eve cancel task
eve < task canceled

= ours: an agent that does not stop is left behind
ada stream
agent start
eve cancel task
time 4.9
eve < nothing
time 5
eve < task canceled
agent cannot say more

= a cancel of what does not exist
eve cancel nowhere
eve < -32001

= a reader who goes is no cancel, and the others read on
ada stream
agent start
bob subscribe task
ada leave
agent say on, become completed
interrupts 0
bob < task working, on, completed!, ended completed

= every reader gets the same events in the same order
ada stream
bob subscribe task
eve subscribe task
agent start, say one, say two, become completed
ada < task submitted, working, one, two, completed!, ended completed
bob < task submitted, working, one, two, completed!, ended completed
eve < task submitted, working, one, two, completed!, ended completed

= a subscriber is given the Task at the moment of the subscription and every event after it, none twice
ada stream
agent start, say Hel
bob subscribe task
agent say lo
bob < task working Hel, lo
agent say on
bob < on

= a terminal task cannot be subscribed to: 1.0
ada stream
agent start, become completed, end
bob subscribe task
bob < -32004

= a terminal task is given whole to who subscribes: 0.3
ada stream
agent start, say all, become completed, end
bob subscribe task
bob < task completed all, ended completed

= a task that nobody knows cannot be subscribed to
bob subscribe nowhere
bob < -32001

= a subscriber to an interrupted task stays into the next turn, and `final` is only its last event
ada stream
agent start, become input-required, end
bob subscribe task
bob < task input-required
ada look
ada stream m2 to task
agent start, become input-required, end
bob < submitted, working, input-required
ada stream m3 to task
agent start, become completed
bob < submitted, working, completed!, ended completed

= the same event is final for who sent the message, and not for who reads on
ada stream
bob subscribe task
bob look
agent start, become input-required
ada < task submitted, working, input-required!, ended input-required
bob < working, input-required

= ours: a reader that comes back with the last offset it has seen gets exactly the rest
ada stream
agent start, say Hel, say lo, become completed, end
bob subscribe task after 3
bob < lo, completed!, ended completed

= an artifact is created, extended by append, and sealed by the last chunk
ada stream
agent start, say Hel as new, say lo, say . as last
bob get task
bob < task working Hello.
agent cannot say more

= without append an artifact is replaced, also after its last chunk
ada stream
agent start, say old as last, say new as new, say er
bob get task
bob < task working newer

= ours: append to an artifact that nobody knows creates it
ada stream
agent start, say first
bob get task
bob < task working first

= append extends the list of parts, not the text
ada stream
agent start, say Hel as new, say lo
bob get task
bob parts Hel lo

= ours: a message that was sent before is answered with its task, and runs nothing twice
ada stream
agent start, say Hi
bob stream m1 to task
bob < task submitted, working, Hi
eve send m1 to task
agent become completed, end
eve < task completed Hi
runs 1

= an answer that was sent before is given once
ada stream
agent start, wonder
bob send m2 to task
eve send m2 to task
agent become completed, end
bob < task completed
eve < task completed
replies 1

= ours: an agent that ends without a word has failed
ada stream
agent start, end
ada < task submitted, working, failed!, ended failed

= a task of somebody else does not exist
ada stream
agent start
mallory get task
mallory < -32001
mallory cancel task
mallory < -32001
mallory subscribe task
mallory < -32001
mallory send m2 to task
mallory < -32001
interrupts 0
"""

PLAYS = dict(re.findall(r"^= (.+)\n((?:.+\n)+)", RULES, re.MULTILINE))

METHODS = {
    "1.0": {
        "stream": "SendStreamingMessage",
        "send": "SendMessage",
        "get": "GetTask",
        "cancel": "CancelTask",
        "subscribe": "SubscribeToTask",
    },
    "0.3": {
        "stream": "message/stream",
        "send": "message/send",
        "get": "tasks/get",
        "cancel": "tasks/cancel",
        "subscribe": "tasks/resubscribe",
    },
}


@define(eq=False)
class Stage:
    """One server, spoken to in one version, and the play that goes over it."""

    version: str
    world: World = field(factory=lambda: World.of(limits=ServerLimits(cancel_grace=5.0)))
    numbers: int = 0

    def play(self, line):
        who, _, rest = line.partition(" ")
        verb, _, more = rest.partition(" ")
        if who == "agent":
            for deed in rest.split(", "):
                self.act(deed)
        elif verb == "<":
            expected = [] if more == "nothing" else more.split(", ")
            if self.version == "1.0":  # which has no `final`
                expected = [word.rstrip("!") for word in expected]
            assert self.told(who) == expected, line
        elif who == "time":
            self.world.pass_time(float(verb))
        elif who == "context":
            assert self.world.runs[-1].task.context_id == self.world.runs[-1].message.context_id == verb
        elif who in ("runs", "interrupts", "replies"):
            assert len(getattr(self.world, who)) == int(verb)
        elif verb == "look":
            self.world.deliveries(who)
        elif verb == "leave":
            self.world.server.disconnect(who, self.world.now)
            self.world.pump()
        elif verb == "history":
            assert [each["messageId"] for each in self.task(who).get("history", [])] == more.split()
        elif verb == "parts":
            assert [each["text"] for each in self.task(who)["artifacts"][0]["parts"]] == more.split()
        else:
            self.ask(who, verb, more)

    # The callers

    def ask(self, who, verb, more):
        said = re.fullmatch(
            r"(?P<now>now ?)?(?P<id>m\d ?)?(?:(?:to )?(?P<task>task|nowhere) ?)?(?:in (?P<context>\w+) ?)?"
            r"(?:with history (?P<history>-?\d+))?(?:after (?P<after>\d+))?",
            more,
        )
        assert said, more
        task_id = {"task": lambda: self.world.runs[0].task.id, "nowhere": lambda: "nowhere", None: lambda: None}[
            said["task"]
        ]()
        length = {} if said["history"] is None else {"historyLength": int(said["history"])}
        if verb in ("stream", "send"):
            message = self.message((said["id"] or "m1").strip(), task_id, said["context"])
            waits = {"returnImmediately": bool(said["now"])} if self.version == "1.0" else {"blocking": not said["now"]}
            params = {"message": message, "configuration": {**length, **waits}}
        else:
            params = {"id": task_id, **length}
        self.numbers += 1
        self.world.ask(
            who,
            METHODS[self.version][verb],
            **params,
            version=self.version,
            request_id=self.numbers,
            last_event_id=None if said["after"] is None else int(said["after"]),
            service={"principal": who} if who == "mallory" else (),
        )

    def message(self, message_id, task_id, context_id):
        kind = {} if self.version == "1.0" else {"kind": "text"}
        role = "ROLE_USER" if self.version == "1.0" else "user"
        message = {"messageId": message_id, "role": role, "parts": [{**kind, "text": "hi"}]}
        message |= {} if task_id is None else {"taskId": task_id}
        return message | ({} if context_id is None else {"contextId": context_id})

    def told(self, who):
        return [self.word(each) for each in self.world.deliveries(who) if not isinstance(each, Opened)]

    def word(self, delivery):
        if isinstance(delivery, Refused):
            return str(delivery.error.code)
        is_final = json.loads(getattr(delivery, "result", b"{}")).get("final", False)
        return short(delivery).replace("_", "-") + "!" * is_final

    def task(self, who):
        """The Task in the last result that this caller was given."""
        result = json.loads(self.world.deliveries(who)[-1].result)
        return result.get("task", result)

    # The agent

    def act(self, deed):
        verb, _, more = deed.partition(" ")
        match verb:
            case "start":
                self.world.start()
            case "end":
                self.world.end()
            case "wonder":
                self.world.wonder()
            case "cannot":
                with pytest.raises(LocalProtocolError):
                    self.act(more)
            case "become":
                state, _, message_id = more.partition(" saying ")
                self.become(TaskState(state), message_id)
            case "say":
                text, _, how = more.partition(" as ")
                artifact = Artifact(artifact_id="a", parts=(Part(text=text),))
                self.world.emit(
                    TaskArtifactUpdateEvent(
                        task_id=self.world.runs[-1].task.id,
                        artifact=artifact,
                        append=how != "new",
                        last_chunk=how == "last",
                    )
                )

    def become(self, state, message_id):
        said = Message(message_id=message_id, role=Role.AGENT, parts=(Part(text="?"),)) if message_id else None
        status = TaskStatus(state=state, message=said)
        self.world.emit(TaskStatusUpdateEvent(task_id=self.world.runs[-1].task.id, status=status))


def versions(name):
    """The versions that a rule is for."""
    return [name[-3:]] if name.endswith((": 1.0", ": 0.3")) else ["1.0", "0.3"]


CASES = [pytest.param(name, version, id=f"{version} {name}") for name in PLAYS for version in versions(name)]


@pytest.mark.parametrize(("name", "version"), CASES)
def test_rule(name, version):
    stage = Stage(version)
    for line in PLAYS[name].splitlines():
        stage.play(line)


def test_every_rule_is_played():
    """A play that could not be read, or that looks at nothing, would not fail."""
    names = re.findall(r"^= (.+)$", RULES, re.MULTILINE)
    assert list(PLAYS) == names
    assert len(names) == len(set(names))
    shows = re.compile(r"^(\w+ (<|history|parts)|runs|context|interrupts|replies|agent cannot)", re.MULTILINE)
    assert all(shows.search(play) for play in PLAYS.values())
