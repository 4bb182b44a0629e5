"""Push notifications without a server or a network: a source and a receiver that do as they are told."""

from collections import deque

import anyio

from hocket.a2a import Ended, TaskState
from hocket.a2a.ports import PushLink
from hocket.a2a.requests import AuthenticationInfo, TaskPushNotificationConfig
from hocket.http import Response
from hocket_io.push import PushOptions
from hocket_io.push.sender import PushSender
from support.items import run_of

LINK = PushLink("t-1", "c-1", 1)
CONFIG = TaskPushNotificationConfig(
    url="https://receiver.example/hook?key=s3cret-key",
    id="c-1",
    task_id="t-1",
    token="s3cret-token",
    authentication=AuthenticationInfo(scheme="Bearer", credentials="s3cret-credentials"),
)


class Source:
    """Events of a task, as a link of a host gives them."""

    def __init__(self, *bodies, is_over=True):
        self.waiting = deque()
        self.bell = anyio.Event()
        self.is_closed = False
        self.taken = 0
        self.say(*bodies)
        if is_over:
            self.end()

    def say(self, *bodies):
        self.waiting += [run_of(body, request_id="c-1", after=number) for number, body in enumerate(bodies)]
        self.ring()

    def end(self):
        self.waiting.append(Ended(request_id="c-1", offset=0, state=TaskState.COMPLETED))
        self.ring()

    def take(self, limit):
        taken = [self.waiting.popleft() for _ in range(min(limit, len(self.waiting)))]
        self.taken += len(taken)
        return taken

    async def wait(self):
        await self.bell.wait()
        self.bell = anyio.Event()

    def ring(self):
        self.bell.set()

    def close(self):
        self.is_closed = True


class Receiver:
    """Answers with the statuses it is given, then with 204. An exception is raised, a float is how long it takes."""

    def __init__(self, *answers):
        self.answers = deque(answers)
        self.got = []
        self.times = []
        self.targets = []

    async def post(self, target, headers, body):
        self.targets.append((target, dict(headers)))
        self.times.append(anyio.current_time())
        self.got.append(body)
        answer = self.answers.popleft() if self.answers else 204
        match answer:
            case Exception():
                raise answer
            case float():
                await anyio.sleep(answer)
                return Response(status=204)
            case int():
                return Response(status=answer)
            case Response():
                return answer

    def sender(self, **options):
        return PushSender(PushOptions(**options), lambda: 0.5, self.post)
