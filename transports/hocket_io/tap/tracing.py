"""span_tap: what passes, as spans of OpenTelemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hocket_io.extras import needs
from hocket_io.tap.tapped import Tap

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

__all__ = ["span_tap"]


def span_tap(tracer: Tracer | None = None) -> Tap:
    """A tap that makes a span of each JSON-RPC call: kind CLIENT for those we make, SERVER for those we answer.

    A span begins with the request and ends with its response; that of a stream over HTTP with the end of the stream.
    A call that was never answered ends with its connection, as an error. What passes unchanged cannot carry the
    caller's trace to the other side: the spans of the two are not joined.

    Args:
        tracer: Who makes the spans; by default OpenTelemetry's own for "hocket".

    Raises:
        MissingExtra: OpenTelemetry is not installed.
    """
    with needs("otel", "making spans"):
        from opentelemetry.trace import get_tracer

        from hocket_io.tap.spans import Spans
    return Spans(get_tracer("hocket") if tracer is None else tracer)
