"""Plan: an attrs class and its shape, worked out into one list of members that readers and writers are made from."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from re import compile as regex
from typing import Any, Final, TypeAlias

import attrs
from attrs import frozen

from hocket.codec.shape import Shape, Spellings, Union
from hocket.codec.values import Unset
from hocket.errors import LocalProtocolError

__all__ = [
    "Array",
    "Choice",
    "Default",
    "Form",
    "Leaf",
    "Member",
    "Model",
    "Plan",
    "Plans",
    "Spelled",
    "Table",
    "both_names",
]


class Leaf(Enum):
    """A form without parts of its own."""

    TEXT = "a string"
    FLAG = "true or false"
    INTEGER = "an integer"
    NUMBER = "a number"
    BYTES = "a base64 string"
    OBJECT = "an object"
    ANY = "any JSON value"


@frozen
class Spelled:
    """A member of an enum."""

    enum: type[Enum]


@frozen
class Array:
    """An array, read as a tuple."""

    item: Form


@frozen
class Table:
    """An object with any names and values of one form."""

    item: Form


@frozen
class Model:
    """An object that is an attrs class."""

    cls: type


@frozen
class Choice:
    """One of the classes of a union that the dialect knows."""

    union: Any


Form: TypeAlias = Leaf | Spelled | Array | Table | Model | Choice

_LEAVES: Final[dict[Any, Leaf]] = {
    str: Leaf.TEXT,
    bool: Leaf.FLAG,
    int: Leaf.INTEGER,
    float: Leaf.NUMBER,
    bytes: Leaf.BYTES,
    dict: Leaf.OBJECT,
    Any: Leaf.ANY,
}
_FACTORY: Final[Any] = attrs.Factory  # for attrs' own stubs it is a function
_ABSENT: Final = (types.NoneType, Unset)


@frozen
class Default:
    """The value of an attribute that is absent: `value`, or what `factory` makes where it is mutable."""

    value: Any
    factory: Callable[[], Any] | None = None


@frozen(kw_only=True)
class Member:
    """One attribute on the wire.

    Attributes:
        attribute: Its name in Python.
        names: Its names on the wire: the first is written, the others are read too.
        group: The object one level down that it stands in, or None.
        form: What its value looks like.
        default: The value where it is absent; None if it has none.
        is_required: Whether a text without it is refused.
        is_always_written: Whether it is written where it equals its default.
        is_inverted: Whether true means false.
        is_quoted: Whether its number is written as a string.
        is_null_a_value: Whether null is a value of its own and not the same as absent.
    """

    attribute: str
    names: tuple[str, ...]
    group: str | None
    form: Form
    default: Default | None
    is_required: bool
    is_always_written: bool
    is_inverted: bool
    is_quoted: bool
    is_null_a_value: bool

    @property
    def path(self) -> str:
        """Where it stands in its object, as a path in an error says it."""
        return f".{self.group}.{self.names[0]}" if self.group else f".{self.names[0]}"


@frozen
class Plan:
    """One class of a dialect.

    Attributes:
        cls: The attrs class.
        shape: What the dialect says about it.
        members: The attributes that are on the wire, in the order of the class.
        left_out: The other attributes, with their values.
    """

    cls: type
    shape: Shape
    members: tuple[Member, ...]
    left_out: Mapping[str, Default]

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the objects one level down, in order."""
        return tuple(dict.fromkeys(member.group for member in self.members if member.group))

    @property
    def choices(self) -> tuple[Member, ...]:
        """The members of which exactly one is there."""
        return tuple(member for member in self.members if member.attribute in self.shape.one_of)

    def names(self) -> tuple[str, ...]:
        """Every name that means something at the top of the object."""
        own = [name for member in self.members if member.group is None for name in member.names]
        others = [*self.groups, *self.shape.constants, *self.shape.derived, *filter(None, [self.shape.tag])]
        return (*own, *(name for other in others for name in both_names(other)))


def camel(attribute: str) -> str:
    """`task_id` as the wire writes it: `taskId`."""
    first, *rest = attribute.split("_")
    return first + "".join(word.title() for word in rest)


_CAPITAL: Final = regex(r"(?<!^)(?=[A-Z])")


def snake(name: str) -> str:
    """`taskId` as a careless peer writes it: `task_id`."""
    return _CAPITAL.sub("_", name).lower()


def both_names(name: str) -> tuple[str, ...]:
    """A wire name, and its snake_case where that differs (ProtoJSON readers take both)."""
    return (name,) if snake(name) == name else (name, snake(name))


def form_of(hint: Any, unions: Mapping[Any, Union]) -> Form:
    """What values of a type look like.

    Raises:
        LocalProtocolError: The type has no JSON form.
    """
    if hint in unions:
        return Choice(hint)
    if (leaf := _LEAVES.get(hint)) is not None:
        return leaf
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    match origin:
        case typing.Union | types.UnionType:
            return _form_of_union(arguments, unions)
        case _ if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
            return Array(form_of(arguments[0], unions))
        case _ if origin is Sequence:
            return Array(form_of(arguments[0], unions))
        case _ if origin in (dict, Mapping) and arguments[0] is str:
            item = form_of(arguments[1], unions)
            return Leaf.OBJECT if item is Leaf.ANY else Table(item)
        case _ if isinstance(hint, type) and issubclass(hint, Enum):
            return Spelled(hint)
        case _ if isinstance(hint, type) and attrs.has(hint):
            return Model(hint)
    raise LocalProtocolError(f"the type {hint!r} has no form in JSON")


def _form_of_union(arguments: tuple[Any, ...], unions: Mapping[Any, Union]) -> Form:
    present = [each for each in arguments if each not in _ABSENT]
    if len(present) == 1:
        return form_of(present[0], unions)
    for union in unions:
        if set(typing.get_args(union)) == set(present):
            return Choice(union)
    raise LocalProtocolError(f"the dialect does not say how to tell {present!r} apart")


def _check_class(cls: type, fields: Mapping[str, attrs.Attribute[Any]]) -> None:
    special = [name for name, each in fields.items() if each.validator or each.converter or not each.init]
    if special:
        raise LocalProtocolError(f"{cls.__qualname__}: the codec would bypass what is special about {special}")
    if any(hasattr(cls, name) for name in ("__attrs_post_init__", "__attrs_pre_init__")):
        raise LocalProtocolError(f"{cls.__qualname__}: the codec would bypass its __attrs_post_init__")
    if not all(isinstance(getattr(cls, name, None), types.MemberDescriptorType) for name in fields):
        raise LocalProtocolError(f"{cls.__qualname__}: only slotted attrs classes can be read")


def _check_shape(cls: type, shape: Shape, fields: Mapping[str, attrs.Attribute[Any]]) -> None:
    named = [*shape.names, *shape.omitted, *shape.required, *shape.always, *shape.objects, *shape.inverted]
    named += shape.quoted
    named += [*shape.one_of, *shape.tags, *filter(None, [shape.unknown])]
    if strange := [name for name in named if name not in fields]:
        raise LocalProtocolError(f"{cls.__qualname__} has no attributes {strange}, which its shape names")
    if shape.tag is not None and set(shape.tags) != set(shape.one_of):
        raise LocalProtocolError(f"{cls.__qualname__}: the tag needs a text for each attribute of one_of")
    groups = [path.rpartition(".")[0] for path in shape.names.values()]
    if strange := [group for group in groups if group and not group.isidentifier()]:
        raise LocalProtocolError(f"{cls.__qualname__}: {strange} cannot be objects one level down")
    optional = (*shape.omitted, *shape.one_of, *filter(None, [shape.unknown]))
    if needed := [name for name in optional if fields[name].default is attrs.NOTHING]:
        raise LocalProtocolError(f"{cls.__qualname__}: {needed} need a default")


def _member(each: attrs.Attribute[Any], shape: Shape, hint: Any, unions: Mapping[Any, Union]) -> Member:
    group, _, name = shape.names.get(each.name, camel(each.name)).rpartition(".")
    form = form_of(hint, unions)
    if each.name in shape.objects:
        form = Leaf.OBJECT
    if each.name in shape.quoted and form is not Leaf.INTEGER:
        raise LocalProtocolError(f"{each.name} is no integer: it cannot be quoted")
    default = _default(each)
    return Member(
        attribute=each.name,
        names=both_names(name),
        group=group or None,
        form=form,
        default=default,
        is_required=default is None or each.name in shape.required,
        is_always_written=default is None or each.name in shape.always,
        is_inverted=each.name in shape.inverted,
        is_quoted=each.name in shape.quoted,
        is_null_a_value=form is Leaf.ANY and Unset in typing.get_args(hint),
    )


def _default(each: attrs.Attribute[Any]) -> Default | None:
    if each.default is attrs.NOTHING:
        return None
    if isinstance(each.default, _FACTORY):
        return Default(None, each.default.factory)
    return Default(each.default)


@frozen(eq=False)
class Plans:
    """What a dialect says, with the plans that were made of it so far.

    Attributes:
        shapes: The classes that do not look the usual way.
        enums: The enums whose members are not spelled as their values.
        unions: The unions that occur, and how their classes are told apart.
    """

    shapes: Mapping[type, Shape]
    enums: Mapping[type[Enum], Spellings]
    unions: Mapping[Any, Union]
    _made: dict[type, Plan] = attrs.field(factory=dict, init=False)

    def of(self, cls: type) -> Plan:
        """How a class is read and written.

        Raises:
            LocalProtocolError: The class is not a plain slotted attrs class, or the shape does not fit it.
        """
        if cls not in self._made:
            shape = self.shapes.get(cls, Shape())
            fields = attrs.fields_dict(cls)
            _check_class(cls, fields)
            _check_shape(cls, shape, fields)
            hints = typing.get_type_hints(cls)
            omitted = {*shape.omitted, *filter(None, [shape.unknown])}
            members = [
                _member(each, shape, hints[name], self.unions) for name, each in fields.items() if name not in omitted
            ]
            left_out = {name: _default(each) for name, each in fields.items() if name in omitted}
            plan = Plan(cls, shape, tuple(members), {name: each for name, each in left_out.items() if each})
            names = plan.names()
            if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
                raise LocalProtocolError(f"{cls.__qualname__}: {twice} would mean two things")
            self._made[cls] = plan
        return self._made[cls]

    def form(self, hint: Any) -> Form:
        """What values of a type look like.

        Raises:
            LocalProtocolError: The type has no JSON form.
        """
        return form_of(hint, self.unions)

    def spellings(self, enum: type[Enum]) -> dict[Enum, tuple[str | int, ...]]:
        """Every way to spell each member of an enum; the first is the one that is written."""
        chosen = self.enums.get(enum) or {member: member.value for member in enum}
        return {member: each if isinstance(each, tuple) else (each,) for member, each in chosen.items()}
