"""The fast path with msgspec: JSON text straight into twins of the classes, and from these into the classes.

For each class there is a msgspec struct that accepts only the canonical text of the dialect: the names as we write
them, no unknown members, no null for what is absent (unless absent means None). Text that is canonical means the
same to the struct and to the checked reader. Whatever the struct or its builder does not accept (a peer with other
habits, or a mistake) is not refused here; it is read again by the checked reader, which alone decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, reduce
from operator import not_, or_
from types import GenericAlias
from typing import Any, Final, Literal

import msgspec
from attrs import define, field, frozen

from hocket.codec.construction import construct, default_of
from hocket.codec.leaf_readers import Refusal
from hocket.codec.plan import Array, Choice, Form, Leaf, Member, Model, Plan, Plans, Spelled, Table
from hocket.codec.reader import Readers, chosen_tag
from hocket.codec.shape import Tagged, Wrapper
from hocket.codec.source import Source
from hocket.codec.values import UNSET

__all__ = ["Twins"]

Build = Callable[[Any], Any]

_LEAVES: Final[Mapping[Leaf, Any]] = {
    Leaf.TEXT: str,
    Leaf.FLAG: bool,
    Leaf.INTEGER: int,
    Leaf.BYTES: bytes,
    Leaf.OBJECT: dict[str, Any],
}
# A KeyError is an enum spelled in a way that is not known.
_NOT_HERE: Final = (msgspec.MsgspecError, UnicodeError, KeyError, Refusal)


@frozen
class Twin:
    """What msgspec is to decode for a form.

    Attributes:
        type: The type for msgspec.
        build: What makes the value of the attribute out of it; None where it is that value already.
        build_item: Of an array, what makes one item.
    """

    type: Any
    build: Build | None = None
    build_item: Build | None = None


@define(eq=False)
class Twins:
    """The twins of one dialect, made when they are first asked for; by one thread: the half-made are among them.

    Attributes:
        dialect: Its name, for tracebacks.
        plans: What it says.
        readers: The checked readers, for what msgspec has no type for.
    """

    dialect: str
    plans: Plans
    readers: Readers
    _made: dict[Form, Twin | None] = field(factory=dict, init=False)
    _namespace: dict[str, Any] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._namespace.update(new=object.__new__, UNSET=UNSET, Refusal=Refusal)

    def decoder(self, form: Form) -> Callable[[bytes], Any]:
        """What reads a whole text, or gives None where the checked reader must look at it.

        The text's depth and the length of its numbers must have been checked.
        """
        twin = self.of(form)
        decode, build = msgspec.json.Decoder(twin.type).decode, twin.build

        def read(data: bytes) -> Any:
            try:
                decoded = decode(data)
                return decoded if build is None else build(decoded)
            except _NOT_HERE:
                return None

        return read

    def of(self, form: Form) -> Twin:
        """The twin of everything that looks like `form`."""
        if form in self._made:
            # None: a class that holds itself, met inside itself. There the checked reader takes over.
            return self._made[form] or self._unread(form)
        self._made[form] = None
        self._made[form] = made = self._make(form)
        return made

    def copy(self, readers: Readers) -> Twins:
        """The same twins, of which more can be made without touching these, beside a copy of their readers."""
        copy = Twins(self.dialect, self.plans, readers)
        copy._made.update(self._made)
        copy._namespace = self._namespace  # which only grows, a name at a time
        return copy

    def _make(self, form: Form) -> Twin:
        match form:
            case Leaf.ANY:
                return Twin(Any)
            case Leaf() if form in _LEAVES:
                return Twin(_LEAVES[form])
            case Spelled(enum):
                spellings = self.plans.spellings(enum).items()
                if all(isinstance(each.value, str) and each.value == spelling[0] for each, spelling in spellings):
                    return Twin(enum)  # which msgspec reads by its values
                words = {each: member for member, all_ in spellings for each in all_ if isinstance(each, str)}
                return Twin(str, words.__getitem__)
            case Array(item):
                inner = self.of(item)
                array = GenericAlias(tuple, (inner.type, ...))
                return Twin(array, inner.build and partial(_build_array, build=inner.build), inner.build)
            case Table(item):
                inner = self.of(item)
                table = GenericAlias(dict, (str, inner.type))
                return Twin(table, inner.build and partial(_build_table, build=inner.build))
            case Model(cls):
                return self._make_model(self.plans.of(cls))
            case Choice(union):
                match self.plans.unions[union]:
                    case Wrapper(variants):
                        return self._make_wrapper(variants)
                    case Tagged(tag, variants):
                        return self._make_tagged(tag, variants, form)
        return self._unread(form)

    def _unread(self, form: Form) -> Twin:
        """What msgspec does not look at: the checked reader gets it as it is."""
        return Twin(Any, self.readers.of(form))

    def _make_wrapper(self, variants: Mapping[str, type]) -> Twin:
        twins = {name: self.of(Model(cls)) for name, cls in variants.items()}
        fields = [
            (f"variant_{number}", twin.type | None, msgspec.field(name=name, default=None))
            for number, (name, twin) in enumerate(twins.items())
        ]
        struct = msgspec.defstruct("Wrapper", fields, kw_only=True, forbid_unknown_fields=True, gc=False)
        source = Source(self._namespace)
        name = source.reserve("build_wrapper")
        with source.block(f"def {name}(decoded):"):
            present = [f"variant_{number}" for number in range(len(twins))]
            source.add(*[f"{each} = decoded.{each}" for each in present])
            source.add(f"if {' + '.join(f'({each} is not None)' for each in present)} != 1:")
            source.add("    raise Refusal('not one')")
            for each, twin in zip(present, twins.values(), strict=True):
                build = source.bind(f"build_{each}", twin.build)
                source.add(f"if {each} is not None:", f"    return {build}({each})")
        return Twin(struct, source.compile(name, f"{self.dialect}, builder of one of {', '.join(variants)}"))

    def _make_tagged(self, tag: str, variants: Mapping[str, type], form: Form) -> Twin:
        twins = [self.of(Model(cls)) for cls in variants.values()]
        if not all(getattr(getattr(twin.type, "__struct_config__", None), "tag_field", None) == tag for twin in twins):
            return self._unread(form)
        builds = {twin.type: twin.build for twin in twins if twin.build}

        def read(decoded: Any) -> Any:
            return builds[type(decoded)](decoded)

        return Twin(reduce(or_, builds), read)

    def _make_model(self, plan: Plan) -> Twin:
        twins = {member.attribute: self._twin_of(member) for member in plan.members}
        fields: list[Any] = [_field(each, twins[each.attribute]) for each in plan.members if each.group is None]
        for group in plan.groups:
            members = [member for member in plan.members if member.group == group]
            inner = _struct(f"{plan.cls.__name__}_{group}", [_field(each, twins[each.attribute]) for each in members])
            if group in _optional_groups(plan):
                fields.append((f"in_{group}", inner | None, msgspec.field(name=group, default=None)))
            else:
                fields.append((f"in_{group}", inner, msgspec.field(name=group)))
        if plan.shape.tag is not None:
            fields.append(("tag_of_choice", str | None, msgspec.field(name=plan.shape.tag, default=None)))
        for number, name in enumerate(plan.shape.derived):
            fields.append((f"derived_{number}", Any, msgspec.field(name=name, default=None)))
        if plan.shape.unknown is not None and plan.shape.often is not None:
            fields.append(("often_there", Any, msgspec.field(name=plan.shape.often, default=UNSET)))
        constants = list(plan.shape.constants.items())
        for number, (name, text) in enumerate(constants[1:]):
            fields.append((f"constant_{number}", Literal[text], msgspec.field(name=name, default=text)))
        tagging = dict(zip(("tag_field", "tag"), constants[0], strict=True)) if constants else {}
        struct = _struct(plan.cls.__name__, fields, **tagging)
        return Twin(struct, self._make_builder(plan, twins))

    def _twin_of(self, member: Member) -> Twin:
        twin = self.of(member.form)
        if member.is_inverted:
            return Twin(twin.type, not_)
        if twin.type is Any and member.is_required and not member.is_null_a_value:
            return Twin(Any, self._required(twin.build))
        return twin

    def _required(self, build: Build | None) -> Build:
        def read(value: Any) -> Any:
            if value is None:
                raise Refusal("is required")
            return value if build is None else build(value)

        return read

    def _make_builder(self, plan: Plan, twins: Mapping[str, Twin]) -> Build:
        source = Source(self._namespace)
        cls = source.bind(plan.cls.__name__, plan.cls)
        name = source.reserve(f"build_{cls}")
        with source.block(f"def {name}(decoded):"):
            for group in plan.groups:
                source.add(f"in_{group} = decoded.in_{group}")
            optional = _optional_groups(plan)
            values = {
                each.attribute: _build_member(
                    source, each, twins[each.attribute], group_is_optional=each.group in optional
                )
                for each in plan.members
            }
            if plan.choices:
                _check_choice(source, plan)
            if plan.shape.unknown is not None:
                often = plan.shape.often
                there = f"{{}} if decoded.often_there is UNSET else {{{often!r}: decoded.often_there}}"
                values[plan.shape.unknown] = "{}" if often is None else there
            construct(source, plan, values)
        return source.compile(name, f"{self.dialect}, builder of {plan.cls.__qualname__}")


def _struct(name: str, fields: list[Any], **tagging: Any) -> Any:
    return msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True, gc=False, **tagging)


def _field(member: Member, twin: Twin) -> tuple[str, Any, Any]:
    name = member.names[0]
    if member.is_null_a_value and member.default is not None:
        return member.attribute, Any, msgspec.field(name=name, default=member.default.value)
    if member.is_required or member.default is None:
        return member.attribute, twin.type, msgspec.field(name=name)
    if member.default.value is None and member.default.factory is None:
        return (
            member.attribute,
            twin.type | None if twin.type is not Any else Any,
            msgspec.field(name=name, default=None),
        )
    return member.attribute, twin.type, msgspec.field(name=name, default=UNSET)


def _optional_groups(plan: Plan) -> list[str]:
    required = [member.group for member in plan.members if member.is_required]
    return [group for group in plan.groups if group not in required]


def _build_member(source: Source, member: Member, twin: Twin, *, group_is_optional: bool) -> str:
    """Write what makes the attribute's value out of the decoded one; give the expression that it ends up in."""
    default = default_of(source, member.default, member.attribute)
    absent = "None" if default == "None" else "UNSET"
    found = f"in_{member.group}.{member.attribute}" if member.group else f"decoded.{member.attribute}"
    if group_is_optional:
        found = f"{absent} if in_{member.group} is None else {found}"
    variable = f"{member.attribute}_"
    built = f"{source.bind(f'build_{member.attribute}', twin.build)}({variable})" if twin.build else variable
    if twin.build_item:  # mostly one part, one artifact: 0.4 µs -> 0.1 around the making of the item
        one = source.bind(f"build_one_of_{member.attribute}", twin.build_item)
        built = f"({one}({variable}[0]),) if len({variable}) == 1 else {built}"
    if member.is_null_a_value or (twin.build is None and (member.is_required or absent == "None")):
        source.add(f"{variable} = {found}")
    elif member.is_required:
        source.add(f"{variable} = {found}", f"{variable} = {built}")
    elif absent == "None":
        source.add(f"{variable} = {found}", f"if {variable} is not None:", f"    {variable} = {built}")
    else:
        is_null = f" or {variable} is None" if twin.type is Any else ""
        source.add(f"{variable} = {found}", f"if {variable} is UNSET{is_null}:", f"    {variable} = {default}")
        if twin.build:
            source.add("else:", f"    {variable} = {built}")
    return variable


def _check_choice(source: Source, plan: Plan) -> None:
    present = [f"{each.attribute}_ is not {default_of(source, each.default, each.attribute)}" for each in plan.choices]
    source.add(f"if {' + '.join(f'({each})' for each in present)} != 1:", "    raise Refusal('not one')")
    if plan.shape.tag is not None:
        source.add("tag = decoded.tag_of_choice", f"if tag is not None and tag != {chosen_tag(plan, present)}:")
        source.add("    raise Refusal('another tag')")


def _build_array(decoded: tuple[Any, ...], build: Build) -> tuple[Any, ...]:
    return tuple([build(item) for item in decoded])


def _build_table(decoded: dict[str, Any], build: Build) -> dict[str, Any]:
    return {name: build(item) for name, item in decoded.items()}
