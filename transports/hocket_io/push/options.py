"""PushOptions: where push notifications may go, and how hard it is tried."""

from __future__ import annotations

import ssl

from attrs import field, frozen
from attrs.validators import ge, gt

from hocket.a2a import PushRules
from hocket.backoff import Backoff
from hocket.options import one_of_kind

__all__ = ["PushOptions"]


@frozen(kw_only=True)
class PushOptions:
    """How push notifications are sent.

    Where receivers are on the same machine, as in tests, it takes `PushOptions(rules=PushRules(private=True))`.

    Attributes:
        rules: Which addresses may be posted to, and how long the texts of a configuration may be.
        backoff: How long to wait after a failure, and how many failures in a row are too many: by default
            those of up to five minutes.
        timeout: Seconds for one attempt, from the name's address to the end of the answer.
        connections: How many events are posted at the same time at the most, and connections kept.
        per_receiver: How many of them to one host and port: one that hangs keeps no other from its events.
        grace: Seconds in which what is on its way may still arrive once the host ends.
        tls: What certificates are checked with; None for the authorities that this machine trusts.
    """

    rules: PushRules = field(default=PushRules(), validator=one_of_kind("PushRules", PushRules))
    backoff: Backoff = field(
        default=Backoff(base=1.0, factor=2.0, maximum=60.0, attempts=10), validator=one_of_kind("a Backoff", Backoff)
    )
    timeout: float = field(default=15.0, validator=gt(0))
    connections: int = field(default=64, validator=ge(1))
    per_receiver: int = field(default=8, validator=ge(1))
    grace: float = field(default=5.0, validator=ge(0))
    tls: ssl.SSLContext | None = None
