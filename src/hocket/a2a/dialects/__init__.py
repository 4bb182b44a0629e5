"""Dialects: the wire versions of A2A, as data. One model, a table for each version of how it looks.

`v0_3` serves 0.2.5 to 0.3.0, whose JSON-RPC messages are the same; `v1_0` serves 1.0 and its patches.
"""

from hocket.a2a.dialects.dialect import CallDialect, Dialect, Operation, Params, Result
from hocket.a2a.dialects.negotiation import DIALECTS, dialect_for, is_streaming, negotiate
from hocket.a2a.dialects.v0_3 import V0_3
from hocket.a2a.dialects.v1_0 import V1_0

__all__ = [
    "DIALECTS",
    "V0_3",
    "V1_0",
    "CallDialect",
    "Dialect",
    "Operation",
    "Params",
    "Result",
    "dialect_for",
    "is_streaming",
    "negotiate",
]
