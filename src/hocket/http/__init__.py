"""The HTTP binding of A2A as values: a Request becomes a Response or a stream of events. No sockets here.

`routes` says which path answers what, `exchange` is the server's side of one call, `call` the client's.
"""

from hocket.http.answer import Answer
from hocket.http.call import HttpCall
from hocket.http.discovery import CardSearch
from hocket.http.event_body import KEEP_ALIVE
from hocket.http.exchange import Exchange
from hocket.http.messages import Headers, Request, Response, json_response, text_response
from hocket.http.routes import CARD_PATHS, Routes, too_large

__all__ = [
    "CARD_PATHS",
    "KEEP_ALIVE",
    "Answer",
    "CardSearch",
    "Exchange",
    "Headers",
    "HttpCall",
    "Request",
    "Response",
    "Routes",
    "json_response",
    "text_response",
    "too_large",
]
