"""Which dialect a request is in: the method's name first, then `A2A-Version` (A2A 1.0 section 3.6)."""

from __future__ import annotations

from hocket.a2a.dialects.dialect import Dialect, Operation
from hocket.a2a.dialects.v0_3 import V0_3
from hocket.a2a.dialects.v1_0 import V1_0
from hocket.errors import Code, ErrorObject

__all__ = ["DIALECTS", "dialect_for", "is_streaming", "negotiate"]

DIALECTS = (V1_0, V0_3)
"""What we speak, the newest first."""

_BY_METHOD = {name: dialect for dialect in DIALECTS for name in dialect.operations}
_SERVES = {"1.0": V1_0, "0.3": V0_3, "0.2": V0_3}


def dialect_for(version: str) -> Dialect | None:
    """The dialect that serves a protocol version: "1.0.1" → 1.0, "0.2.5" → 0.3. None if there is none."""
    return _SERVES.get(".".join(version.split(".")[:2]))


def is_streaming(method: str) -> bool:
    """Whether a method is answered with a stream, in the dialect that has it."""
    dialect = _BY_METHOD.get(method)
    return dialect is not None and dialect.operations[method] in (Operation.STREAM, Operation.SUBSCRIBE)


def negotiate(method: str, version: str | None) -> tuple[Dialect, Operation | ErrorObject]:
    """The dialect in which to answer, and what is asked for, or why it cannot be.

    An absent or empty version means 0.3. A method of 1.0 must come with a version of 1.0; the methods of 0.3 are
    understood under any version that is supported at all, since their clients do not send one.

    >>> negotiate("message/stream", None)[1]
    <Operation.STREAM: 'stream'>
    >>> negotiate("SendMessage", None)[1].code
    -32009
    """
    asked = dialect_for(version or "0.3")
    dialect = _BY_METHOD.get(method)
    if asked is None or (dialect is V1_0 and asked is not V1_0):
        return dialect or V1_0, _unsupported(method, version)
    if dialect is None:
        return asked, ErrorObject.of(Code.METHOD_NOT_FOUND, f"there is no method {method!r} in A2A {asked.version}")
    return dialect, dialect.operations[method]


def _unsupported(method: str, version: str | None) -> ErrorObject:
    supported = ", ".join(dialect.version for dialect in DIALECTS)
    if version:
        reason = f"A2A-Version {version[:32]} is not supported for {method[:64]!r}; supported are {supported}"
    else:
        reason = f"{method} belongs to A2A 1.0: send the header A2A-Version: 1.0 (without it a request counts as 0.3)"
    return ErrorObject.of(Code.VERSION_NOT_SUPPORTED, reason, {"supportedVersions": supported})
