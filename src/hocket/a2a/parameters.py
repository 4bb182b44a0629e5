"""Service parameters: what travels beside a call (A2A 1.0 section 3.2.6)."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

__all__ = ["ServiceParameters"]


@frozen(kw_only=True)
class ServiceParameters:
    """Header fields that belong to A2A rather than to HTTP; on a pipe, the `headers` of `_meta`.

    Attributes:
        version: The `A2A-Version`, as sent; None or "" means 0.3.
        extensions: URIs of the extensions the caller wants.
        last_event_id: Offset of the last event a returning reader has seen.
        principal: Who calls, as the transport has found out; "" where nobody is asked.
        base_url: The address the caller used: what the extended card gives as the agent's own; "" if unknown.
    """

    version: str | None = None
    extensions: tuple[str, ...] = ()
    last_event_id: int | None = None
    principal: str = ""
    base_url: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, object], *, principal: str = "", base_url: str = "") -> ServiceParameters:
        """The parameters among these header fields, whose names may be in any case.

        Args:
            headers: The fields.
            principal: Who calls; never taken from a field.
            base_url: The address the caller used.

        >>> parameters = ServiceParameters.of({"A2A-Version": "1.0", "Last-Event-ID": "7"})
        >>> parameters.version, parameters.last_event_id
        ('1.0', 7)
        """
        fields = {name.lower(): value for name, value in headers.items() if isinstance(value, str)}
        wanted = fields.get("a2a-extensions") or fields.get("x-a2a-extensions") or ""
        return cls(
            version=fields.get("a2a-version"),
            extensions=tuple([uri.strip() for uri in wanted.split(",") if uri.strip()]),
            last_event_id=_offset(fields.get("last-event-id")),
            principal=principal,
            base_url=base_url,
        )


def _offset(text: str | None) -> int | None:
    """A Last-Event-ID that is one of ours; anything else is as good as none."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 18 else None
