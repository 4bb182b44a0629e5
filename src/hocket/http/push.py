"""Push notifications over HTTP: the header that goes with one, and what its answer means. No sockets here.

Events go out in order, each at least once. A receiver that does not take an event is asked again after a while; one
that refuses it has seen it, and gets the next. Who fails too often in a row is given up altogether: what it got until
then is without a gap, apart from what it has refused (A2A 1.0 section 4.3.3).
"""

from __future__ import annotations

import re
from typing import TypeAlias

from attrs import define, field, frozen

from hocket.a2a import PushTarget
from hocket.a2a.requests import TaskPushNotificationConfig
from hocket.backoff import Backoff
from hocket.http.messages import Headers
from hocket.timestamps import http_moment

__all__ = ["OFFSET", "Again", "GiveUp", "Next", "PushReceiver", "Step", "push_headers", "retry_after"]

OFFSET = "x-hocket-offset"
"""The header field with the place of the event in the log of its task. By it a receiver knows what it has already."""

_MEDIA_TYPES = {"1.0": "application/a2a+json", "0.3": "application/json"}
_NOT_NOW = frozenset([408, 425, 429])
_GONE = 410
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


@frozen(kw_only=True)
class Next:
    """Go on with the next event. `refusal` says why this one was not taken; None: it was."""

    refusal: str | None = None


@frozen(kw_only=True)
class Again:
    """Send the same event again after `delay` seconds."""

    delay: float
    reason: str


@frozen(kw_only=True)
class GiveUp:
    """Send nothing more."""

    reason: str


Step: TypeAlias = Next | Again | GiveUp
"""What follows from an attempt."""


def push_headers(config: TaskPushNotificationConfig, target: PushTarget, dialect: str) -> Headers:
    """The header of a notification (A2A 1.0 section 4.3.3).

    Args:
        config: One that `PushRules.violation` has found nothing wrong with.
        target: Where it leads.
        dialect: "1.0" or "0.3".

    >>> config = TaskPushNotificationConfig(url="https://receiver.example/hook", token="t")
    >>> target = PushTarget(scheme="https", host="receiver.example", port=443, path="/hook")
    >>> for name, value in push_headers(config, target, "0.3"):
    ...     print(f"{name}: {value}")
    host: receiver.example
    content-type: application/json
    x-a2a-notification-token: t
    """
    fields = [("host", target.authority), ("content-type", _MEDIA_TYPES[dialect])]
    if dialect != "0.3":
        fields.append(("a2a-version", dialect))
    if config.token:
        fields.append(("x-a2a-notification-token", config.token))
    known = config.authentication
    if known is not None and known.scheme and known.credentials:
        fields.append(("authorization", f"{known.scheme} {known.credentials}"))
    return tuple(fields)


def retry_after(headers: Headers, unix_now: float) -> float | None:
    """Seconds that a server asks us to wait, or None (RFC 9110 section 10.2.3).

    Args:
        headers: Of its answer.
        unix_now: Unix time, in seconds.

    >>> retry_after((("retry-after", "120"),), 0.0)
    120.0
    >>> retry_after((("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),), 784_111_717.0)
    60.0
    """
    text = next((value.strip() for name, value in headers if name == "retry-after"), "")
    if _SECONDS.fullmatch(text) is not None:
        return float(text)
    moment = http_moment(text)
    return None if moment is None else max(0.0, moment - unix_now)


@define(eq=False)
class PushReceiver:
    """How one receiver does, and what follows from each of its answers.

    Args:
        backoff: How long to wait after a failure, and how many failures in a row are too many.
    """

    backoff: Backoff
    failures: int = field(default=0, init=False)
    """Failures since it last took an event."""

    def answered(self, status: int, headers: Headers, *, unix_now: float, random: float) -> Step:
        """It answered.

        Args:
            status: Of HTTP. 2xx: taken. 408, 425, 429 and 5xx: not now. 410: never again. Anything else, redirects
                too: refused.
            headers: Of the answer; `Retry-After` counts up to the longest delay.
            unix_now: Unix time, in seconds.
            random: For the jitter, 0 <= random < 1.
        """
        if 200 <= status < 300:
            self.failures = 0
            return Next()
        if status == _GONE:
            return GiveUp(reason="it answered 410: it is gone")
        reason = f"it answered {status}"
        if status in _NOT_NOW or status >= 500:
            return self.failed(reason, random=random, at_least=retry_after(headers, unix_now) or 0.0)
        self.failures += 1
        return Next(refusal=reason) if self._may_go_on() else self._given_up(reason)

    def failed(self, reason: str, *, random: float, at_least: float = 0.0) -> Step:
        """It could not be reached, or gave no answer.

        Args:
            reason: Why, for the log.
            random: For the jitter, 0 <= random < 1.
            at_least: Seconds that it asked for; no more than the longest delay of the backoff.
        """
        self.failures += 1
        if not self._may_go_on():
            return self._given_up(reason)
        delay = self.backoff.delay(self.failures - 1, random)
        return Again(delay=max(delay, min(at_least, self.backoff.maximum)), reason=reason)

    def _may_go_on(self) -> bool:
        return self.backoff.allows(self.failures - 1)

    def _given_up(self, reason: str) -> GiveUp:
        return GiveUp(reason=f"{reason}, and failed {self.failures} times in a row")
