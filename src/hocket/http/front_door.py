"""FrontDoor: what every request passes before anybody looks at what it asks for. Values in, values out."""

from __future__ import annotations

from attrs import frozen

from hocket.http.cors import Cors
from hocket.http.head_limits import HeadLimits
from hocket.http.host_names import HostNames
from hocket.http.messages import Request, Response

__all__ = ["FrontDoor"]


@frozen
class FrontDoor:
    """Who is let in.

    Args:
        hosts: The names under which requests are answered.
        cors: The web pages that may ask.
        head: How large the head of a request may be.

    >>> strange = Request(method="GET", path="/", headers=(("Host", "evil.example"),))
    >>> FrontDoor().refusal(strange, "127.0.0.1").status
    421
    """

    hosts: HostNames = HostNames()
    cors: Cors = Cors()
    head: HeadLimits = HeadLimits()

    def refusal(self, request: Request, listening: str | None) -> Response | None:
        """The answer to a request that goes no further, which may be what it wanted; None for all others.

        Args:
            request: As it came; its body is not looked at.
            listening: The address at which the server took the connection; None where it is not known.
        """
        return self.refusal_of_socket(request, listening) or self.cors.preflight(request) or self.cors.refusal(request)

    def refusal_of_socket(self, request: Request, listening: str | None) -> Response | None:
        """`refusal`, for the handshake of a WebSocket, but for pages from elsewhere: those are told in other ways."""
        return self.head.refusal(request) or self.hosts.refusal(request, listening)
