"""ProgressAnswer: what several agents say to one question, of whom only one knows the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field

from hocket.a2a import Answered, Delivery, Refused
from hocket.a2a.dialects.gateway_errors import GatewayCode
from hocket.errors import ErrorObject
from hocket.http.gateway_stream import SHUTTING_DOWN
from hocket.http.messages import Response, json_response

__all__ = ["ProgressAnswer"]


@define(eq=False)
class ProgressAnswer:
    """The answer to a question about a task. Drain `next_response` after every method.

    Args:
        asked: How many agents were asked. That a task is unknown is the answer only if none of them knows it.
        refusal: Makes the response for an error.
        status: The status of a response that is none.
    """

    asked: int
    refusal: Callable[[ErrorObject], Response]
    status: int = 200
    is_closed: bool = field(default=False, init=False)
    is_cut: bool = field(default=False, init=False)
    _response: Response | None = field(default=None, init=False)

    def deliver(self, deliveries: Sequence[Delivery], now: float) -> None:
        """Take what the agents say."""
        for delivery in deliveries:
            match delivery:
                case Answered(result=result):
                    self._respond(json_response(result, status=self.status))
                case Refused(error=error):
                    self.asked -= 1
                    if error.code != GatewayCode.TASK_NOT_FOUND or not self.asked:
                        self._respond(self.refusal(error))

    def cut(self) -> None:
        """The gateway is about to stop."""
        if not self.is_closed:
            self.is_cut = True
            self._respond(self.refusal(SHUTTING_DOWN))

    def next_response(self) -> Response | None:
        """The response, once, as soon as it is known."""
        response, self._response = self._response, None
        return response

    def data_to_send(self) -> list[bytes]:
        """Nothing: the response is whole."""
        return []

    def next_timeout(self) -> float | None:
        """Never: it waits for the agents alone."""
        return None

    def handle_timeout(self, now: float) -> None:
        """Nothing is due."""

    def _respond(self, response: Response) -> None:
        if not self.is_closed:
            self._response, self.is_closed = response, True
