"""Binding: how one call of a client is put on HTTP, and how its answer is read. Each binding has its own."""

from __future__ import annotations

from typing import Any, Protocol

from hocket.a2a import ClientCall, StreamItem
from hocket.errors import ErrorObject
from hocket.http.messages import Headers, Request
from hocket.http.response_body import ResponseBody

__all__ = ["Binding"]


class Binding(Protocol):
    """The form of a question and of its answer: JSON-RPC messages, bare objects, or whatever else a dialect has."""

    def request(self, call: ClientCall, url: str, headers: Headers) -> Request:
        """What to ask.

        Args:
            call: The call.
            url: The address of the agent's interface.
            headers: Header fields to send beside those that say what the body is, and what it may be answered with.

        Raises:
            LocalProtocolError: The parameters cannot be said over this binding.
        """

    def read_event(self, call: ClientCall, data: bytes) -> StreamItem | ErrorObject:
        """What is in an event of a stream.

        Raises:
            CodecError: Neither an item nor an error.
        """

    def read_answer(self, call: ClientCall, body: ResponseBody) -> Any | ErrorObject:
        """What is in a body that is whole: the result as it is written, or the error.

        Raises:
            HocketError: Neither of them.
        """
