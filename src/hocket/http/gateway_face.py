"""GatewayFace: the paths at which an agent behind a gateway speaks the gateway's dialect. `Routes` answers all others.

POST /a2a                   JSON-RPC as in A2A 0.3: message/stream is answered with typed events, the rest with JSON
GET  /a2a/stream?taskId=T   the events of a task for an EventSource, from its beginning or after Last-Event-ID
GET  /a2a/stream            the events of every task that begins from now on
"""

from __future__ import annotations

from functools import partial

from attrs import define, evolve, field

from hocket.a2a import (
    V0_3,
    V1_0,
    Call,
    Delivery,
    Link,
    Operation,
    Server,
    SubscribeToTaskRequest,
    is_streaming,
)
from hocket.a2a.capabilities import undeclared
from hocket.a2a.dialects.gateway import GatewayDialect
from hocket.a2a.dialects.gateway_errors import gateway_error
from hocket.errors import Code, ErrorObject
from hocket.http.answer import Answer
from hocket.http.event_body import KEEP_ALIVE
from hocket.http.gateway_body import GatewayBody, Place, failure_json
from hocket.http.gateway_call import GatewayCall, refused, status_of
from hocket.http.gateway_config import TASK_ID, GatewayLimits, StreamConfig, read_stream_config
from hocket.http.gateway_stream import GatewayStream
from hocket.http.gateway_telling import NewTasks, OneTask
from hocket.http.media import unsupported_media_type
from hocket.http.messages import Request, Response, json_response, text_response
from hocket.http.service import service_parameters
from hocket.jsonrpc import Peer, PeerLimits, RequestReceived

__all__ = ["GatewayFace", "failed"]


@define(eq=False)
class GatewayFace:
    """One agent as the clients of a gateway see it.

    Args:
        dialect: Its events.
        keep_alive: Seconds between comments on silent streams; None for none.
        limits: What a client may ask for.
        peer_limits: Of the messages that are read and written.
    """

    dialect: GatewayDialect
    keep_alive: float | None = KEEP_ALIVE
    limits: GatewayLimits = field(default=GatewayLimits())
    peer_limits: PeerLimits = field(default=PeerLimits())

    def receive(self, link: Link, request: Request, server: Server, now: float) -> Response | Answer[Delivery] | None:
        """Answer what is asked in the gateway's dialect; None for anything else.

        Whoever names a version of A2A, or calls a method that only A2A 1.0 has, is no client of a gateway.
        """
        if request.path == "/a2a/stream":
            return self._events(link, request, server, now)
        if request.path != "/a2a" or request.method != "POST" or _names_version(request):
            return None
        problem = unsupported_media_type(request)
        if problem is not None:
            return refused(None, gateway_error(problem))
        peer = Peer(limits=self.peer_limits)
        peer.receive_message(request.body, now)
        calls: list[RequestReceived] = []
        while (event := peer.next_event()) is not None:
            if isinstance(event, RequestReceived):
                calls.append(event)
        if any(call.method in V1_0.operations for call in calls):
            return None
        is_batch = request.body.lstrip()[:1] == b"["
        if not is_batch and calls and is_streaming(calls[0].method):
            return self._stream(link, calls[0], request, server, now)
        return self._answer(link, calls, GatewayCall(peer, is_batch), request, server, now)

    def _stream(
        self, link: Link, asked: RequestReceived, request: Request, server: Server, now: float
    ) -> Response | GatewayStream:
        """`message/stream` and `tasks/resubscribe`."""
        params = asked.params
        wanted = params.get("streamConfig") if isinstance(params, dict) else None
        config = read_stream_config(wanted, self.limits)
        call = config if isinstance(config, ErrorObject) else self._call(asked, request, server, config)
        if isinstance(call, ErrorObject):
            return refused(asked.id, gateway_error(call))
        assert isinstance(config, StreamConfig), "else it was refused"
        server.perform(link, call, now)
        body = GatewayBody(server.epoch, config, self.keep_alive)
        begins = call.operation is Operation.STREAM
        seen = Place() if begins else Place.of(request.header("last-event-id"))
        return GatewayStream(body, OneTask(seen), partial(refused, asked.id))

    def _answer(
        self,
        link: Link,
        calls: list[RequestReceived],
        answer: GatewayCall,
        request: Request,
        server: Server,
        now: float,
    ) -> GatewayCall:
        """What is answered with JSON: everything else."""
        for asked in calls:
            call = self._call(asked, request, server, None)
            if is_streaming(asked.method):
                reason = "a streaming method cannot be part of a batch: send it alone"
                call = ErrorObject.of(Code.INVALID_REQUEST, reason)
            if isinstance(call, ErrorObject):
                answer.refuse(asked.id, gateway_error(call), now)
            else:
                answer.expect()
                server.perform(link, call, now)
        answer.deliver((), now)
        return answer

    def _call(
        self, asked: RequestReceived, request: Request, server: Server, config: StreamConfig | None
    ) -> Call | ErrorObject:
        operation = V0_3.operations.get(asked.method)
        if operation is None:
            return ErrorObject.of(Code.METHOD_NOT_FOUND, f"there is no method {asked.method!r} at a gateway")
        service = evolve(service_parameters(request), last_event_id=Place.of(request.header("last-event-id")).offset)
        refusal = undeclared(server.capabilities, operation, service)
        params = refusal or V0_3.read_params(operation, asked.params, server.limits.id)
        if isinstance(params, ErrorObject):
            return params
        return Call(
            request_id=asked.id,
            dialect=self.dialect,
            operation=operation,
            params=params,
            service=service,
            silence=config.timeout if config is not None and operation is Operation.STREAM else None,
        )

    def _events(self, link: Link, request: Request, server: Server, now: float) -> Response | GatewayStream:
        """The stream of an EventSource, which can only GET."""
        if request.method != "GET":
            return text_response(405, f"{request.path} can only be read, by GET", (("allow", "GET"),))
        task_id = next((value for name, value in request.parameters() if name in TASK_ID), None)
        seen = Place.of(request.header("last-event-id"))
        service = evolve(service_parameters(request), last_event_id=seen.offset)
        body = GatewayBody(server.epoch, keep_alive=self.keep_alive)
        refusal = partial(failed, task_id=task_id, now=server.epoch + now)
        if task_id is None:
            if not server.capabilities.streaming:
                return refusal(ErrorObject.of(Code.UNSUPPORTED_OPERATION))
            server.watch(link, self.dialect, service, now)
            return GatewayStream(body, NewTasks(), refusal)
        params = SubscribeToTaskRequest(id=task_id)
        call = Call(
            request_id=task_id, dialect=self.dialect, operation=Operation.SUBSCRIBE, params=params, service=service
        )
        server.perform(link, call, now)
        return GatewayStream(body, OneTask(seen, is_event_source=True), refusal)


def failed(error: ErrorObject, task_id: str | None, now: float, *, status: int | None = None) -> Response:
    """The response to a request that is no call, and fails.

    Args:
        error: In the numbers of the gateway.
        task_id: The task it is about, if it is about one.
        now: Unix time in seconds.
        status: By default that of the error.
    """
    return json_response(failure_json(error, task_id, now), status=status or status_of(error))


def _names_version(request: Request) -> bool:
    """Whether the caller says which A2A it speaks."""
    said = (request.header("a2a-version"), request.parameter("A2A-Version"), request.header("accept-profile"))
    return any(said)
