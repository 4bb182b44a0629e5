"""ProgressRoutes: the tasks of all agents of a gateway as progress events, and the two buttons that go with them.

GET  /tasks/stream                       every task that begins from now on
GET  /tasks/stream?task_id=A&task_id=B   these tasks, from their beginning (or Last-Event-ID) to their end
POST /tasks                              {"agent": ID, "text": …} starts one; `agent` is needed if there are several
POST /tasks/ID/cancel                    cancels one

Whose a task is need not be said: each agent is asked, and the one that knows it answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from attrs import define, evolve, field, frozen

from hocket.a2a import (
    Call,
    CancelTaskRequest,
    Delivery,
    Link,
    Message,
    Operation,
    Params,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    Server,
    SubscribeToTaskRequest,
)
from hocket.a2a.dialects.gateway_errors import GatewayCode, gateway_error
from hocket.a2a.dialects.invalid import invalid_params
from hocket.a2a.dialects.progress import PROGRESS
from hocket.codec import loads
from hocket.errors import Code, CodecError, ErrorObject
from hocket.http.answer import Answer
from hocket.http.event_body import KEEP_ALIVE
from hocket.http.gateway_body import GatewayBody
from hocket.http.gateway_config import TASK_ID, GatewayLimits, StreamConfig
from hocket.http.gateway_face import failed
from hocket.http.gateway_stream import GatewayStream
from hocket.http.gateway_telling import NewTasks
from hocket.http.media import unsupported_media_type
from hocket.http.messages import Request, Response, text_response
from hocket.http.progress_answer import ProgressAnswer
from hocket.http.progress_telling import TaskProgress, places_of
from hocket.http.service import service_parameters

__all__ = ["PROGRESS_TASKS", "Desk", "ProgressRoutes", "is_about_progress"]

PROGRESS_TASKS = "/tasks"
"""Where tasks are begun, by POST."""

_STREAM, _CANCEL = "/tasks/stream", "/cancel"


@frozen
class Desk:
    """One agent, and the link by which it is asked."""

    agent_id: str
    link: Link
    server: Server


def is_about_progress(request: Request) -> bool:
    """Whether `ProgressRoutes` answers a request. A2A over HTTP has other methods for `/tasks`."""
    return (
        request.path == _STREAM
        or (request.path == PROGRESS_TASKS and request.method == "POST")
        or _canceled_task(request) is not None
    )


@define(eq=False)
class ProgressRoutes:
    """Progress events of several agents.

    Args:
        keep_alive: Seconds between comments on silent streams; None for none.
        limits: What a client may ask for.
    """

    keep_alive: float | None = KEEP_ALIVE
    limits: GatewayLimits = field(default=GatewayLimits())

    def receive(self, desks: Sequence[Desk], request: Request, now: float) -> Response | Answer[Delivery]:
        """Answer a request: at once, or with what the agents at these desks will say.

        Args:
            desks: All agents, each at a link that it does not know yet.
            request: What is asked.
            now: The time in seconds.
        """
        if request.path == _STREAM:
            return self._stream(desks, request, now)
        task_id = _canceled_task(request)
        if task_id is None:
            return self._start(desks, request, now)
        if request.method != "POST":
            return text_response(405, f"{request.path[:256]} can only be POSTed to", (("allow", "POST"),))
        return self._ask(desks, Operation.CANCEL, CancelTaskRequest(id=task_id), request, now)

    def _stream(self, desks: Sequence[Desk], request: Request, now: float) -> Response | Answer[Delivery]:
        if request.method != "GET":
            return text_response(405, f"{_STREAM} can only be read, by GET", (("allow", "GET"),))
        epoch = desks[0].server.epoch
        body = GatewayBody(epoch, StreamConfig(heartbeat=0), self.keep_alive)
        refusal = partial(_failed, now=epoch + now)
        task_ids = list(dict.fromkeys([value for name, value in request.parameters() if name in TASK_ID]))
        service = service_parameters(request)
        if not task_ids:
            for desk in desks:
                if desk.server.capabilities.streaming:
                    desk.server.watch(desk.link, PROGRESS, service, now)
            return GatewayStream(body, NewTasks(), refusal)
        if len(task_ids) > self.limits.followed:
            reason = f"must be at most {self.limits.followed} ids; raise the limit followed on the gateway"
            return refusal(_invalid("task_id", reason))
        places = places_of(task_ids, request.header("last-event-id"))
        for desk in desks:
            for task_id, offset in places.items():
                call = Call(
                    request_id=task_id,
                    dialect=PROGRESS,
                    operation=Operation.SUBSCRIBE,
                    params=SubscribeToTaskRequest(id=task_id),
                    service=evolve(service, last_event_id=offset),
                )
                desk.server.perform(desk.link, call, now)
        return GatewayStream(body, TaskProgress(places, len(desks)), refusal)

    def _start(self, desks: Sequence[Desk], request: Request, now: float) -> Response | Answer[Delivery]:
        epoch = desks[0].server.epoch
        problem = unsupported_media_type(request)
        wanted = _read_start(request.body) if problem is None else gateway_error(problem)
        if isinstance(wanted, ErrorObject):
            return _failed(wanted, epoch + now)
        agent_id, text = wanted
        chosen = [desk for desk in desks if agent_id in (None, desk.agent_id)]
        if agent_id is None and len(desks) > 1:
            return _failed(
                _invalid("agent", f"must be one of {', '.join(desk.agent_id for desk in desks)}"), epoch + now
            )
        if not chosen:
            reason = f"there is no agent {str(agent_id)[:64]!r}; GET /agents says who is here"
            return failed(ErrorObject(int(GatewayCode.AGENT_NOT_AVAILABLE), reason), None, epoch + now, status=404)
        (desk,) = chosen
        message = Message(message_id=desk.server.entropy.new_id(), role=Role.USER, parts=(Part(text=text),))
        params = SendMessageRequest(message=message, configuration=SendMessageConfiguration(return_immediately=True))
        return self._ask([desk], Operation.SEND, params, request, now, status=201)

    def _ask(
        self,
        desks: Sequence[Desk],
        operation: Operation,
        params: Params,
        request: Request,
        now: float,
        status: int = 200,
    ) -> ProgressAnswer:
        for desk in desks:
            call = Call(
                request_id=0,
                dialect=PROGRESS,
                operation=operation,
                params=params,
                service=service_parameters(request),
            )
            desk.server.perform(desk.link, call, now)
        epoch = desks[0].server.epoch
        return ProgressAnswer(len(desks), partial(_failed, now=epoch + now), status)


def _canceled_task(request: Request) -> str | None:
    """The id in `/tasks/ID/cancel`."""
    path = request.path
    if not path.startswith(f"{PROGRESS_TASKS}/") or not path.endswith(_CANCEL):
        return None
    return path[len(PROGRESS_TASKS) + 1 : -len(_CANCEL)] or None


def _read_start(body: bytes) -> tuple[str | None, str] | ErrorObject:
    """The agent and the text of a task that is to begin."""
    try:
        value: Any = loads(body)
    except CodecError as error:
        return ErrorObject.of(Code.PARSE_ERROR, f"the body is not JSON: {error}")
    if not isinstance(value, dict):
        return _invalid("body", 'must be an object like {"agent": "calendar", "text": "Find an hour"}')
    agent_id, text = value.get("agent"), value.get("text")
    if not isinstance(text, str) or not text:
        return _invalid("text", "must be a text that is not empty")
    if agent_id is not None and not isinstance(agent_id, str):
        return _invalid("agent", "must be the id of an agent")
    return agent_id, text


def _invalid(name: str, reason: str) -> ErrorObject:
    return gateway_error(invalid_params((name, reason), under=""))


def _failed(error: ErrorObject, now: float) -> Response:
    return failed(error, None, now)
