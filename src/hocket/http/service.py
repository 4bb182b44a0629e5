"""Service parameters over HTTP: what a request says beside its body, and what is said back (A2A 1.0 section 3.2.6)."""

from __future__ import annotations

from hocket.a2a import V0_3, Dialect, Server, ServiceParameters
from hocket.http.messages import Headers, Request

__all__ = ["activated_extensions", "service_parameters"]


def service_parameters(request: Request) -> ServiceParameters:
    """The service parameters of a request. `A2A-Version` may be in the query; the header counts before it.

    >>> service_parameters(Request(method="GET", path="/tasks", query="A2A-Version=1.0")).version
    '1.0'
    """
    fields: dict[str, object] = {"a2a-version": request.parameter("A2A-Version")}
    for name in ("a2a-version", "a2a-extensions", "x-a2a-extensions", "last-event-id"):
        value = request.header(name)
        if value:
            fields[name] = value
    return ServiceParameters.of(fields, principal=request.principal, base_url=request.base_url)


def activated_extensions(service: ServiceParameters, server: Server, dialect: Dialect) -> Headers:
    """The header field that names the extensions that are both wanted and there; none where there are none."""
    declared = [extension.uri for extension in server.capabilities.extensions]
    activated = [uri for uri in declared if uri in service.extensions]
    if not activated:
        return ()
    return (("x-a2a-extensions" if dialect is V0_3 else "a2a-extensions", ", ".join(activated)),)
