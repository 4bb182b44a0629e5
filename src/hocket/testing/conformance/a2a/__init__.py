"""The rules of A2A, 1.0 and 0.3."""

from hocket.testing.conformance.a2a.capabilities import CAPABILITY_RULES
from hocket.testing.conformance.a2a.card import CARD_RULES
from hocket.testing.conformance.a2a.envelope import ENVELOPE_RULES
from hocket.testing.conformance.a2a.lists import LIST_RULES
from hocket.testing.conformance.a2a.rest import REST_RULES
from hocket.testing.conformance.a2a.sending import SENDING_RULES
from hocket.testing.conformance.a2a.streams import STREAM_RULES
from hocket.testing.conformance.a2a.tasks import TASK_RULES
from hocket.testing.conformance.a2a.versions import VERSION_RULES
from hocket.testing.conformance.rule import Rule

__all__ = ["A2A_RULES"]

_ALL: tuple[Rule, ...] = (
    *CARD_RULES,
    *ENVELOPE_RULES,
    *VERSION_RULES,
    *SENDING_RULES,
    *STREAM_RULES,
    *LIST_RULES,
    *CAPABILITY_RULES,
    *REST_RULES,
    *TASK_RULES,  # last: there are servers that a cancel of no task breaks, and then every rule after it
)

A2A_RULES: tuple[Rule, ...] = tuple(sorted(_ALL, key=lambda rule: rule.version != "1.0"))
"""Those of 1.0 first; within a version in the order in which a caller meets them."""
