"""How attrs classes look on the wire, as data: what a dialect says, and nothing that acts on it.

A class without a `Shape` looks the usual way: each attribute is a member in camelCase, an attribute without a
default is required, and what equals its default is not written. The tables here say only what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from attrs import field, frozen

from hocket.codec.values import JsonValue

__all__ = ["Shape", "Spellings", "Tagged", "Union", "Wrapper"]


@frozen(kw_only=True)
class Shape:
    """How one attrs class looks on the wire. Attributes are named as in Python, members as on the wire.

    Attributes:
        names: The member of an attribute, where it is not the attribute's name in camelCase. `"file.bytes"` is a
            member one level down, in the object `file`.
        constants: Members with a fixed text. Always written, and checked where they are read; may be missing.
        derived: Members that follow from the others: always written, ignored where they are read.
        omitted: Attributes this dialect does not have; they keep their defaults.
        required: Attributes with a default that must be there all the same when they are read.
        always: Attributes that are written even where they equal their default.
        objects: Attributes of any JSON value that are only an object here.
        inverted: Attributes of type bool that have the opposite sense on the wire.
        quoted: Attributes of type int that are written as a string (int64 in ProtoJSON); read as either.
        one_of: Attributes of which exactly one is there.
        tag: The member that names the one of `one_of`; may be missing where it is read.
        tags: The text of the tag for each attribute of `one_of`.
        unknown: The attribute (a dict) that keeps the members nobody modelled; they are dropped without it.
        often: The one of these members that is often there: reading it does not take a longer look.
    """

    names: Mapping[str, str] = field(factory=dict)
    constants: Mapping[str, str] = field(factory=dict)
    derived: Mapping[str, Callable[[Any], JsonValue]] = field(factory=dict)
    omitted: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    inverted: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    tag: str | None = None
    tags: Mapping[str, str] = field(factory=dict)
    unknown: str | None = None
    often: str | None = None


@frozen
class Wrapper:
    """A union told apart by the one member of an object around it: `{"task": {…}}`.

    Attributes:
        variants: The classes by the name of that member.
    """

    variants: Mapping[str, type]


@frozen
class Tagged:
    """A union told apart by a constant member of its classes: `{"kind": "task", …}`.

    Where the tag is missing, the first class counts whose required members are all there.

    Attributes:
        tag: The name of the member; every class has it among the constants of its shape.
        variants: The classes by the text of that member.
    """

    tag: str
    variants: Mapping[str, type]


Union: TypeAlias = Wrapper | Tagged

Spellings: TypeAlias = Mapping[Any, str | tuple[str | int, ...]]
"""For each member of an enum how it is spelled: the first spelling is written, all of them are read."""
