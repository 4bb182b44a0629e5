"""HeadLimits: how much a request may say before its body: web servers differ in what they let through."""

from __future__ import annotations

from attrs import field, frozen

from hocket.http.messages import Request, Response, text_response
from hocket.options import must_be

__all__ = ["HeadLimits"]

_COUNT = must_be("a number over 0", lambda count: isinstance(count, int) and count > 0)


@frozen(kw_only=True)
class HeadLimits:
    """Limits of the head of a request.

    Args:
        target: Bytes of the path, as it was sent, and the query together.
        fields: Header fields.
        size: Bytes of the names and values of all header fields together.

    Raises:
        LocalProtocolError: A limit is no number over 0.

    >>> HeadLimits(target=10).refusal(Request(method="GET", path="/tasks", query="id=12345")).status
    414
    >>> HeadLimits(fields=1).refusal(Request(method="GET", path="/", headers=(("a", "b"), ("c", "d")))).status
    431
    """

    target: int = field(default=8 * 1024, validator=_COUNT)
    fields: int = field(default=100, validator=_COUNT)
    size: int = field(default=16 * 1024, validator=_COUNT)

    def refusal(self, request: Request) -> Response | None:
        """Why a head is too large: 414 or 431 (RFC 9110 section 15.5.15, RFC 6585 section 5); None for one that is not.

        Args:
            request: As it came; its body is not looked at.
        """
        if len(request.raw_path) + len(request.query) > self.target:
            return _refusal(414, f"path and query have more than {self.target} bytes", "target")
        if len(request.headers) > self.fields:
            return _refusal(431, f"there are more than {self.fields} header fields", "fields")
        if sum([len(name) + len(value) for name, value in request.headers]) > self.size:
            return _refusal(431, f"the header fields have more than {self.size} bytes", "size")
        return None


def _refusal(status: int, what: str, limit: str) -> Response:
    return text_response(status, f"{what}; send less, or raise the limit {limit} of head_limits on the server")
