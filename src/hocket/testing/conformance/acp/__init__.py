"""The rules of ACP streams."""

from hocket.testing.conformance.acp.envelope import ENVELOPE_RULES
from hocket.testing.conformance.acp.hearing import HEARING_RULES, REPLAY_RULES
from hocket.testing.conformance.acp.lanes import LANE_RULES
from hocket.testing.conformance.acp.members import MEMBER_RULES
from hocket.testing.conformance.acp.states import STATE_RULES
from hocket.testing.conformance.acp.web import WEB_RULES
from hocket.testing.conformance.rule import Rule

__all__ = ["ACP_RULES"]

ACP_RULES: tuple[Rule, ...] = (
    *ENVELOPE_RULES,
    *STATE_RULES,
    *MEMBER_RULES,
    *HEARING_RULES,
    *LANE_RULES,
    *REPLAY_RULES,
    *WEB_RULES,
)
"""In the order in which an agent meets them."""
