"""JSON text ↔ values ↔ attrs models, with the standard library or, when it is installed, with msgspec.

The two engines give the same values, the same bytes and the same refusals; msgspec only costs less.
"""

from hocket.codec.text import MSGSPEC, STDLIB, Codec, default, dumps, escape_string, loads
from hocket.codec.values import UNSET, JsonValue, Raw, Unset

__all__ = [
    "MSGSPEC",
    "STDLIB",
    "UNSET",
    "Codec",
    "JsonValue",
    "Raw",
    "Unset",
    "default",
    "dumps",
    "escape_string",
    "loads",
]
