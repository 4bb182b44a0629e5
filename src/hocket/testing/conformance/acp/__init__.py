"""The rules of ACP streams."""

from hocket.testing.conformance.rule import Rule

__all__ = ["ACP_RULES"]

ACP_RULES: tuple[Rule, ...] = ()
