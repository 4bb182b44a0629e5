"""The HTTP bindings of A2A as values: a Request becomes a Response or a stream of events. No sockets here.

`routes` says which path answers what; `rpc` and `rest` are the server's sides of the two bindings, JSON-RPC and
HTTP+JSON, around one `exchange`; `rpc_binding` and `rest_binding` are the client's sides,
around one `call`, which `resuming` takes up again where a stream was cut; `reconnecting` does so over WebSockets.
`agent_call` has all of the client's side, from the search for the card to the last event.
"""

from hocket.http.address import Address
from hocket.http.agent_call import AgentCall
from hocket.http.answer import Answer
from hocket.http.authentication import identified
from hocket.http.bindings import Binding
from hocket.http.call import HttpCall
from hocket.http.discovery import CardSearch
from hocket.http.envelopes import Envelope
from hocket.http.event_body import KEEP_ALIVE
from hocket.http.exchange import Exchange
from hocket.http.gateway_config import GatewayLimits
from hocket.http.head_limits import HeadLimits
from hocket.http.messages import BODY_TIMEOUT, HEAD_TIMEOUT, Headers, Request, Response, json_response, text_response
from hocket.http.principal import Authenticate, bearer_tokens
from hocket.http.reconnecting import ReconnectingClient
from hocket.http.rest_binding import RestBinding, rest_request
from hocket.http.resuming import Carrier, ResumingCall
from hocket.http.routes import CARD_PATHS, Face, Routes
from hocket.http.rpc import RpcEnvelope, receive_rpc
from hocket.http.rpc_binding import RpcBinding

__all__ = [
    "BODY_TIMEOUT",
    "CARD_PATHS",
    "HEAD_TIMEOUT",
    "KEEP_ALIVE",
    "Address",
    "AgentCall",
    "Answer",
    "Authenticate",
    "Binding",
    "CardSearch",
    "Carrier",
    "Envelope",
    "Exchange",
    "Face",
    "GatewayLimits",
    "HeadLimits",
    "Headers",
    "HttpCall",
    "ReconnectingClient",
    "Request",
    "Response",
    "RestBinding",
    "ResumingCall",
    "Routes",
    "RpcBinding",
    "RpcEnvelope",
    "bearer_tokens",
    "identified",
    "json_response",
    "receive_rpc",
    "rest_request",
    "text_response",
]
