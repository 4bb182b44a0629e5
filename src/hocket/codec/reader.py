"""The checked readers: a JSON value in, a frozen attrs object out, or a refusal with the path of the bad member.

For each class one function is written, from its plan; it says step by step what is read, so a traceback or a
debugger shows it as it would show code written by hand. These readers define what a dialect accepts. The fast
path of `twin` may only ever do less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Any, Final

from attrs import define, field

from hocket.codec.construction import construct, default_of
from hocket.codec.leaf_readers import (
    LEAF_READERS,
    Read,
    Refusal,
    mismatch,
    must_be,
    read_array,
    read_table,
    speller,
)
from hocket.codec.plan import (
    Array,
    Choice,
    Form,
    Leaf,
    Member,
    Model,
    Plan,
    Plans,
    Spelled,
    Table,
    both_names,
)
from hocket.codec.shape import Tagged, Wrapper
from hocket.codec.source import Source
from hocket.codec.values import UNSET
from hocket.errors import LocalProtocolError

__all__ = ["Readers", "chosen_tag", "wrong_choice"]

_INLINE: Final = {Leaf.TEXT: "str", Leaf.FLAG: "bool", Leaf.OBJECT: "dict"}


@define(eq=False)
class Readers:
    """The readers of one dialect, made when they are first asked for; by one thread: the half-made are among them."""

    dialect: str
    plans: Plans
    _made: dict[Form, Read] = field(factory=dict, init=False)
    _namespace: dict[str, Any] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._namespace.update(
            Refusal=Refusal, must_be=must_be, mismatch=mismatch, new=object.__new__, nothing={}, UNSET=UNSET
        )
        self._namespace.update(wrong_choice=wrong_choice)

    def of(self, form: Form) -> Read:
        """The reader of everything that looks like `form`."""
        if isinstance(form, Leaf):
            return LEAF_READERS[form]
        if form not in self._made:
            # A class may hold itself: until its reader is there, this one stands in for it.
            self._made[form] = lambda value: self._made[form](value)
            try:
                self._made[form] = self._make(form)
            except LocalProtocolError:
                del self._made[form]
                raise
        return self._made[form]

    def copy(self) -> Readers:
        """The same readers, of which more can be made without touching these."""
        copy = Readers(self.dialect, self.plans)
        copy._made.update(self._made)
        copy._namespace = self._namespace  # which only grows, a name at a time
        return copy

    def _make(self, form: Form) -> Read:
        match form:
            case Spelled(enum):
                return speller(enum.__name__, self._words(enum))
            case Array(item):
                return partial(read_array, read=self.of(item))
            case Table(item):
                return partial(read_table, read=self.of(item))
            case Model(cls):
                return self._make_model(self.plans.of(cls))
            case Choice(union):
                match self.plans.unions[union]:
                    case Wrapper(variants):
                        return _wrapper_reader({name: self.of(Model(cls)) for name, cls in variants.items()})
                    case Tagged(tag, variants):
                        plans = {name: self.plans.of(cls) for name, cls in variants.items()}
                        return _tagged_reader(tag, plans, {name: self.of(Model(cls)) for name, cls in variants.items()})
        raise LocalProtocolError(f"nothing reads {form!r}")

    def _words(self, enum: type[Enum]) -> dict[str | int, Any]:
        return meanings_of(enum.__name__, self.plans.spellings(enum))

    def _make_model(self, plan: Plan) -> Read:
        source = Source(self._namespace)
        cls = source.bind(plan.cls.__name__, plan.cls)
        name = source.reserve(f"read_{cls}")
        with source.block(f"def {name}(value):"):
            source.add('at = ""')
            with source.block("try:"):
                source.add("if type(value) is not dict:", '    raise must_be(value, "an object")', "get = value.get")
                for tag, text in plan.shape.constants.items():
                    _read_constant(source, tag, repr(text))
                for group in plan.groups:
                    _read_group(source, group)
                for member in plan.members:
                    self._read_member(source, member)
                if plan.choices:
                    _read_choice(source, plan)
            with source.block("except Refusal as refusal:"):
                source.add("refusal.path = at + refusal.path", "raise")
            values = {member.attribute: _variable(member) for member in plan.members}
            if plan.shape.unknown is not None:
                known = source.bind(f"known_{cls}", dict.fromkeys(plan.names()).keys())
                others = f"{{name: item for name, item in value.items() if name not in {known}}}"
                values[plan.shape.unknown] = f"{{}} if value.keys() <= {known} else {others}"
            construct(source, plan, values)
        return source.compile(name, f"{self.dialect}, reader of {plan.cls.__qualname__}")

    def _read_member(self, source: Source, member: Member) -> None:
        variable, default = _variable(member), default_of(source, member.default, member.attribute)
        get = f"in_{member.group}.get" if member.group else "get"
        source.add(f"at = {member.path!r}")
        if member.is_null_a_value:
            found = default
            for name in reversed(member.names):
                found = f"{get}({name!r}, {found})"
            source.add(f"{variable} = {found}")
            return
        _get(source, variable, get, member.names)
        check = self._check(source, member, variable)
        if member.is_required:
            source.add(f"if {variable} is None:", '    raise Refusal("is required")', *check)
        elif default == "None":
            with source.block(f"if {variable} is not None:"):
                source.add(*(check or ["pass"]))
        else:
            source.add(f"if {variable} is None:", f"    {variable} = {default}")
            if check:
                with source.block("else:"):
                    source.add(*check)

    def _check(self, source: Source, member: Member, variable: str) -> list[str]:
        """The lines that check a value and turn it into what the attribute holds."""
        if member.form is Leaf.ANY:
            return []
        read = source.bind(_reader_name(member.form), self.of(member.form))
        match member.form:  # what is usual without a call; the call reads all else, and words the refusal
            case Leaf() as leaf if leaf in _INLINE:
                lines = [f"if type({variable}) is not {_INLINE[leaf]}:", f"    {read}({variable})"]
            case Leaf.INTEGER:
                lines = [f"if type({variable}) is not int:", f"    {variable} = {read}({variable})"]
            case Spelled(enum):
                words = source.bind(f"words_of_{enum.__name__}", self._words(enum))
                lines = [
                    f"if type({variable}) is str and {variable} in {words}:",
                    f"    {variable} = {words}[{variable}]",
                ]
                lines += ["else:", f"    {variable} = {read}({variable})"]
            case Array(Model() as item):
                one = source.bind(_reader_name(item), self.of(item))
                lines = [f"if type({variable}) is list and len({variable}) == 1:", f"    at = {member.path + '[0]'!r}"]
                lines += [f"    {variable} = ({one}({variable}[0]),)", "else:", f"    {variable} = {read}({variable})"]
            case _:
                lines = [f"{variable} = {read}({variable})"]
        return [*lines, f"{variable} = not {variable}"] if member.is_inverted else lines


def _variable(member: Member) -> str:
    return f"{member.attribute}_"


def _reader_name(form: Form) -> str:
    match form:
        case Leaf():
            return f"read_{form.name.lower()}"
        case Spelled(enum):
            return f"read_{enum.__name__}"
        case Array(item):
            return f"{_reader_name(item)}_array"
        case Table(item):
            return f"{_reader_name(item)}_table"
        case Model(cls):
            return f"read_{cls.__name__}"
        case Choice():
            return "read_union"


def _get(source: Source, variable: str, get: str, names: Sequence[str]) -> None:
    source.add(f"{variable} = {get}({names[0]!r})")
    for name in names[1:]:
        source.add(f"if {variable} is None:", f"    {variable} = {get}({name!r})")


def _read_constant(source: Source, name: str, wanted: str) -> None:
    source.add(f"at = {'.' + name!r}")
    _get(source, "tag", "get", both_names(name))
    source.add(f"if tag is not None and tag != {wanted}:", f"    raise mismatch(tag, {wanted})")


def _read_group(source: Source, group: str) -> None:
    variable = f"in_{group}"
    source.add(f"at = {'.' + group!r}")
    _get(source, variable, "get", both_names(group))
    source.add(f"if {variable} is None:", f"    {variable} = nothing")
    source.add(f"elif type({variable}) is not dict:", f'    raise must_be({variable}, "an object")')


def _read_choice(source: Source, plan: Plan) -> None:
    present = [f"{_variable(each)} is not {default_of(source, each.default, each.attribute)}" for each in plan.choices]
    names = source.bind(f"choices_of_{plan.cls.__name__}", tuple(each.path[1:] for each in plan.choices))
    source.add(
        'at = ""',
        f"if {' + '.join(f'({each})' for each in present)} != 1:",
        f"    raise wrong_choice({names}, ({', '.join(present)}))",
    )
    if plan.shape.tag is not None:
        source.add(f"wanted = {chosen_tag(plan, present)}")
        _read_constant(source, plan.shape.tag, "wanted")


def chosen_tag(plan: Plan, present: Sequence[str]) -> str:
    """An expression in parentheses: the tag of the one member that is there."""
    *texts, last = [repr(plan.shape.tags[each.attribute]) for each in plan.choices]
    return f"({''.join(f'{text} if {each} else ' for text, each in zip(texts, present, strict=False))}{last})"


def wrong_choice(names: tuple[str, ...], present: tuple[bool, ...]) -> Refusal:
    """The refusal of an object that has none or several of the members of which it needs one."""
    found = [name for name, is_there in zip(names, present, strict=True) if is_there]
    return Refusal(f"must have exactly one of {', '.join(names)}; has {' and '.join(found) or 'none'}")


def meanings_of(name: str, spellings: Mapping[Any, tuple[str | int, ...]]) -> dict[str | int, Any]:
    """What each spelling of an enum means.

    Raises:
        LocalProtocolError: One spelling means two things.
    """
    meanings: dict[str | int, Any] = {}
    for member, each in spellings.items():
        for spelling in each:
            if meanings.setdefault(spelling, member) is not member:
                raise LocalProtocolError(f"{spelling!r} is the spelling of two members of {name}")
    return meanings


def _wrapper_reader(readers: Mapping[str, Read]) -> Read:
    names = {spelling: name for name in readers for spelling in both_names(name)}

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise must_be(value, "an object")
        found: dict[str, Any] = {}
        if len(value) == 1 and not names.keys().isdisjoint(value):  # one member, and a known one: the usual case
            ((spelling, item),) = value.items()
            if item is not None:
                found[names[spelling]] = item
        else:
            for spelling, name in names.items():
                item = value.get(spelling)
                if item is not None and name not in found:
                    found[name] = item
        if len(found) != 1:
            raise wrong_choice(tuple(readers), tuple(name in found for name in readers))
        ((name, item),) = found.items()
        try:
            return readers[name](item)
        except Refusal as refusal:
            refusal.path = f".{name}{refusal.path}"
            raise

    return read


def _tagged_reader(tag: str, plans: Mapping[str, Plan], readers: Mapping[str, Read]) -> Read:
    if strange := [name for name, plan in plans.items() if plan.shape.constants.get(tag) != name]:
        raise LocalProtocolError(f"{strange} of a union told apart by {tag!r} have not this constant in their shape")
    needs = {name: _required_names(plan) for name, plan in plans.items()}

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise must_be(value, "an object")
        name = value.get(tag)
        if name is None:
            for name, required in needs.items():
                if all(any(value.get(spelling) is not None for spelling in each) for each in required):
                    return readers[name](value)
            raise Refusal(f"has no member {tag} and fits none of {', '.join(readers)}")
        if type(name) is not str or name not in readers:
            refusal = must_be(name, f"one of {', '.join(readers)}")
            refusal.path = f".{tag}"
            raise refusal
        return readers[name](value)

    return read


def _required_names(plan: Plan) -> list[tuple[str, ...]]:
    required = [member for member in plan.members if member.is_required]
    return [both_names(member.group) if member.group else member.names for member in required]
