"""Address: where an agent is spoken to, and how; it makes calls of requests, and puts them on HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, field, frozen

from hocket.a2a import AgentCapabilities, AgentInterface, ClientCall, ClientLimits, Dialect, Operation, Params
from hocket.errors import Code, ErrorObject, LocalProtocolError, NotSupported
from hocket.http.bindings import Binding
from hocket.http.call import HttpCall
from hocket.http.messages import Headers
from hocket.http.old_card import OldCardBinding
from hocket.http.rest_binding import RestBinding
from hocket.http.rpc_binding import RpcBinding

__all__ = ["Address"]

_PUSH = ("push_notifications", Code.PUSH_NOTIFICATION_NOT_SUPPORTED, "sends no push notifications")
_NEEDS: Mapping[Operation, tuple[str, Code, str]] = {
    Operation.SUBSCRIBE: ("streaming", Code.UNSUPPORTED_OPERATION, "does not stream: get the task instead"),
    Operation.PUSH_CREATE: _PUSH,
    Operation.PUSH_GET: _PUSH,
    Operation.PUSH_LIST: _PUSH,
    Operation.PUSH_DELETE: _PUSH,
    Operation.EXTENDED_CARD: ("extended_agent_card", Code.UNSUPPORTED_OPERATION, "has no extended card"),
}
"""The capability that an operation needs, the error of a server without it, and that in words (1.0 section 3.3.4)."""


@frozen(kw_only=True)
class Address:
    """One interface of one agent.

    Attributes:
        interface: Its address, binding and tenant.
        dialect: What is spoken there.
        capabilities: What the agent's card says it can do.
        headers: Header fields to send with every request.
        extensions: URIs of the extensions to ask for.
        limits: Of what comes back.
    """

    interface: AgentInterface
    dialect: Dialect
    capabilities: AgentCapabilities = field(factory=AgentCapabilities)
    headers: Headers = ()
    extensions: tuple[str, ...] = ()
    limits: ClientLimits = ClientLimits()

    def call(
        self, operation: Operation, params: Params, request_id: str, last_event_id: int | None = None
    ) -> ClientCall:
        """A call of this agent. Where it does not stream, a message is sent all the same, and its answer told at once.

        Args:
            operation: What is asked for.
            params: Its parameters; the tenant is added.
            request_id: Id of the request.
            last_event_id: Of a subscription: offset of the last event that was seen.

        Raises:
            LocalProtocolError: The dialect has no such method, or the agent requires extensions that are not asked for.
            NotSupported: The agent's card says that it cannot do that.
        """
        self._check(operation)
        if self.interface.tenant:
            params = evolve(params, tenant=self.interface.tenant)
        as_stream = operation is Operation.STREAM and self.capabilities.streaming is False
        return ClientCall(
            Operation.SEND if as_stream else operation,
            params,
            self.dialect,
            request_id,
            last_event_id,
            self.limits,
            as_stream=as_stream,
            is_resumable=True,
        )

    def carry(self, call: ClientCall) -> HttpCall:
        """The call as requests and responses of HTTP."""
        headers = (*self._extension_header(), *self.headers)
        return HttpCall(call, self.interface.url, headers, call.last_event_id, self._binding(call.operation))

    def _binding(self, operation: Operation) -> Binding:
        if self.interface.protocol_binding == "HTTP+JSON":
            return RestBinding()
        if operation is Operation.EXTENDED_CARD and self.interface.protocol_version.startswith("0.2"):
            return OldCardBinding()
        return RpcBinding()

    def _extension_header(self) -> Headers:
        name = "a2a-extensions" if self.dialect.sends_version else "x-a2a-extensions"
        return ((name, ", ".join(self.extensions)),) if self.extensions else ()

    def _check(self, operation: Operation) -> None:
        if operation not in self.dialect.methods:
            raise LocalProtocolError(f"A2A {self.dialect.version}, which is spoken here, has no {operation.value}")
        missing = [
            each.uri for each in self.capabilities.extensions if each.required and each.uri not in self.extensions
        ]
        if missing:
            listed = ", ".join(missing)
            raise LocalProtocolError(
                f"the agent requires extensions that were not asked for: {listed}; name them in extensions=[…]"
            )
        capability, code, words = _NEEDS.get(operation, ("", None, ""))
        if code is not None and getattr(self.capabilities, capability) is False:
            raise NotSupported(ErrorObject.of(code, f"the agent's card says that it {words}"))
