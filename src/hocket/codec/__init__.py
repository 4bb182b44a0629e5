"""JSON text ↔ values ↔ attrs models, with the standard library or, when it is installed, with msgspec.

The two engines give the same values, the same bytes and the same refusals; msgspec only costs less. The attrs
classes are the only definition of a model; a `Dialect` says as data how they look on the wire, and its readers and
writers are made from both.
"""

from hocket.codec.dialect import Dialect, Reader, Writer
from hocket.codec.shape import Shape, Tagged, Wrapper
from hocket.codec.text import MSGSPEC, STDLIB, Codec, default, dumps, escape_string, loads
from hocket.codec.values import UNSET, JsonValue, Raw, Unset

__all__ = [
    "MSGSPEC",
    "STDLIB",
    "UNSET",
    "Codec",
    "Dialect",
    "JsonValue",
    "Raw",
    "Reader",
    "Shape",
    "Tagged",
    "Unset",
    "Wrapper",
    "Writer",
    "default",
    "dumps",
    "escape_string",
    "loads",
]
