"""The writers: an attrs object in, compact JSON text out, without a dict in between.

As for reading, one function is written for each class. The text is made piece by piece: what is known in advance
(names, brackets, constants) is joined when the function is made, strings go through `escape_string`, and only
values of any shape go through `dumps`. So the bytes do not depend on the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import partial
from typing import Any

from attrs import define, field

from hocket.codec.construction import default_of
from hocket.codec.leaf_readers import Refusal, must_be
from hocket.codec.leaf_writers import (
    LEAF_WRITERS,
    PLAIN,
    Write,
    write_any,
    write_array,
    write_choice,
    write_enum,
    write_members,
    write_object,
    write_table,
)
from hocket.codec.plan import Array, Choice, Form, Leaf, Member, Model, Plan, Plans, Spelled, Table
from hocket.codec.reader import wrong_choice
from hocket.codec.scan import check_depth
from hocket.codec.shape import Tagged, Union, Wrapper
from hocket.codec.source import Source
from hocket.codec.text import Codec, escape_string
from hocket.codec.values import UNSET, Unset
from hocket.errors import CodecError, LocalProtocolError

__all__ = ["Writers", "written"]


def written(write: Write, value: Any) -> bytes:
    """The text of a value.

    Raises:
        LocalProtocolError: It cannot be written; the message says where and why.
    """
    out: list[bytes] = []
    try:
        write(value, out)
        data = b"".join(out)
        check_depth(data)
    except Refusal as refusal:
        where = refusal.path.lstrip(".") or "the value"
        raise LocalProtocolError(f"cannot be written: {where} {refusal.reason}") from None
    except CodecError as error:
        raise LocalProtocolError(f"cannot be written: the text would be {error.reason}") from None
    return data


@define(eq=False)
class Writers:
    """The writers of one dialect, made when they are first asked for; by one thread: the half-made are among them.

    Attributes:
        dialect: Its name, for tracebacks.
        plans: What it says.
        codec: What writes texts, and values of any shape.
    """

    dialect: str
    plans: Plans
    codec: Codec
    _made: dict[Form, Write] = field(factory=dict, init=False)
    _namespace: dict[str, Any] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        dumps = self.codec.dumps
        self._namespace.update(
            Refusal=Refusal, UNSET=UNSET, must_be=must_be, escape=self.codec.escape, wrong_choice=wrong_choice
        )
        self._namespace.update(dumps=dumps, write_members=partial(write_members, dumps=dumps))

    def of(self, form: Form) -> Write:
        """The writer of everything that looks like `form`."""
        if form not in self._made:
            # A class may hold itself: until its writer is there, this one stands in for it.
            self._made[form] = lambda value, out: self._made[form](value, out)
            try:
                self._made[form] = self._make(form)
            except LocalProtocolError:
                del self._made[form]
                raise
        return self._made[form]

    def texts(self, enum: type[Enum]) -> Mapping[object, bytes]:
        """What is written for the members of an enum, by their values."""
        spellings = self.plans.spellings(enum).items()
        return {member.value: self.codec.dumps(each[0]) for member, each in spellings}

    def copy(self) -> Writers:
        """The same writers, of which more can be made without touching these."""
        copy = Writers(self.dialect, self.plans, self.codec)
        copy._made.update(self._made)
        copy._namespace = self._namespace  # which only grows, a name at a time
        return copy

    def _make(self, form: Form) -> Write:
        match form:
            case Leaf.ANY:
                return partial(write_any, dumps=self.codec.dumps)
            case Leaf.OBJECT:
                return partial(write_object, dumps=self.codec.dumps)
            case Leaf():
                return LEAF_WRITERS[form]
            case Spelled(enum):
                return partial(write_enum, texts=self.texts(enum), cls=enum)
            case Array(item):
                return partial(write_array, write=self.of(item))
            case Table(item):
                return partial(write_table, write=self.of(item))
            case Model(cls):
                return self._make_model(self.plans.of(cls))
            case Choice(union):
                return self._make_choice(self.plans.unions[union])

    def _make_choice(self, union: Union) -> Write:
        match union:
            case Wrapper(variants):
                opening = {cls: b"{" + escape_string(name) + b":" for name, cls in variants.items()}
                closing = b"}"
            case Tagged(_, variants):
                opening, closing = dict.fromkeys(variants.values(), b""), b""
        writers = {cls: self.of(Model(cls)) for cls in variants.values()}
        return partial(write_choice, opening=opening, closing=closing, writers=writers)

    def _make_model(self, plan: Plan) -> Write:
        source = Source(self._namespace)
        cls = source.bind(plan.cls.__name__, plan.cls)
        name = source.reserve(f"write_{cls}")
        with source.block(f"def {name}(value, out):"):
            source.add(f"if value.__class__ is not {cls}:", f'    raise must_be(value, "a {plan.cls.__name__}")')
            source.add("put = out.append", 'at = ""')
            with source.block("try:"):
                _Body(self, source, plan).write()
            with source.block("except Refusal as refusal:"):
                source.add("refusal.path = at + refusal.path", "raise")
        return source.compile(name, f"{self.dialect}, writer of {plan.cls.__qualname__}")


@define(eq=False)
class _Body:
    """Writes the body of one class's function.

    Attributes:
        writers: Where to get the writers of what the class holds.
        source: Where to write.
        plan: The class.
        static: Text that is known now and joins what comes next.
        lead: What goes before the next member: a brace or a comma.
    """

    writers: Writers
    source: Source
    plan: Plan
    static: bytes = field(default=b"", init=False)
    lead: bytes = field(default=b"{", init=False)

    def write(self) -> None:
        shape, riders = self.plan.shape, {each.group for each in self.plan.choices if each.group}
        units: dict[str, list[Member]] = {}
        for each in self.plan.members:
            if each not in self.plan.choices and each.group not in riders:
                units.setdefault(each.group or f".{each.attribute}", []).append(each)
        certain = [members for members in units.values() if any(map(_is_certain, members))]
        for name, text in shape.constants.items():
            self._name(name)
            self.static += escape_string(text)
        if self.plan.choices:
            self._choice()
        for members in certain:
            self._certain(members)
        for name, follows in shape.derived.items():
            self._name(name)
            self._flush()
            self.source.add(f"put(dumps({self.source.bind(f'derive_{name}', follows)}(value)))")
        self._uncertain([members for members in units.values() if members not in certain])

    def _uncertain(self, units: list[list[Member]]) -> None:
        """Everything that may not be there, each with a comma before it, and the end of the object."""
        starts_here = self.lead == b"{"
        self._flush()
        if starts_here:
            self.source.add("start = len(out)")
        for members in units:
            if members[0].group is None:
                self._maybe(members[0])
            else:
                self._maybe_group(members[0].group, members)
        if self.plan.shape.unknown is not None:
            known = self.source.bind(f"known_{self.plan.cls.__name__}", dict.fromkeys(self.plan.names()))
            self.source.add(f"if value.{self.plan.shape.unknown}:", '    at = ""')
            self.source.add(f"    write_members(value.{self.plan.shape.unknown}, {known}, out)")
        if starts_here:
            self.source.add("if len(out) == start:", '    put(b"{}")')
            self.source.add("else:", '    out[start] = b"{" + out[start][1:]', '    put(b"}")')
        else:
            self.source.add('put(b"}")')

    def _name(self, name: str) -> None:
        self.static += self.lead + escape_string(name) + b":"
        self.lead = b","

    def _flush(self) -> None:
        if self.static:
            self.source.add(f"put({self.static!r})")
            self.static = b""

    def _choice(self) -> None:
        self._flush()
        before = self.lead
        present = [f"value.{each.attribute} is not {self._default(each)}" for each in self.plan.choices]
        names = tuple(each.attribute for each in self.plan.choices)
        self.source.add(f"if {' + '.join(f'({each})' for each in present)} != 1:")
        self.source.add(f"    raise wrong_choice({names!r}, ({', '.join(present)}))")
        for index, each in enumerate(self.plan.choices):
            with self.source.block(f"{'elif' if index else 'if'} {present[index]}:"):
                self.lead = before
                if self.plan.shape.tag is not None:
                    self._name(self.plan.shape.tag)
                    self.static += escape_string(self.plan.shape.tags[each.attribute])
                if each.group is None:
                    self._always(each)
                else:
                    self._certain([each, *self._riders(each.group)])
                self._flush()

    def _riders(self, group: str) -> list[Member]:
        return [each for each in self.plan.members if each.group == group and each not in self.plan.choices]

    def _certain(self, members: list[Member]) -> None:
        """A member that is always there, or a group of which one member is."""
        group = members[0].group
        if group is None:
            self._always(members[0])
            return
        self._name(group)
        self.lead = b"{"
        certain = [each for each in members if _is_certain(each) or each in self.plan.choices]
        for each in certain:
            self._always(each)
        self._flush()
        for each in members:
            if each not in certain:
                self._maybe(each)
        self.static = b"}"

    def _always(self, member: Member) -> None:
        self._name(member.names[0])
        self.source.add(f"v = value.{member.attribute}")
        self._value(member)

    def _maybe(self, member: Member) -> None:
        self.source.add(f"v = value.{member.attribute}")
        with self.source.block(f"if {self._is_there(member)}:"):
            self.static = b"," + escape_string(member.names[0]) + b":"
            self._value(member)

    def _maybe_group(self, group: str, members: list[Member]) -> None:
        self.source.add("mark = len(out)")
        for member in members:
            self._maybe(member)
        opening = b"," + escape_string(group) + b":{"
        self.source.add("if len(out) > mark:", f"    out[mark] = {opening!r} + out[mark][1:]", '    put(b"}")')

    def _is_there(self, member: Member) -> str:
        default = self._default(member)
        if default == "None":
            return "v is not None"
        if member.default is not None and isinstance(member.default.value, bool | Unset):
            return f"v is not {default}"
        return f"v is not None and v != {default}"

    def _default(self, member: Member) -> str:
        return default_of(self.source, member.default, member.attribute)

    def _value(self, member: Member) -> None:
        """The value `v` of a member, after its name."""
        self._flush()
        self.source.add(f"at = {f'.{member.attribute}'!r}")
        match member.form:
            case Leaf.TEXT:
                self.source.add("if type(v) is not str:", '    raise must_be(v, "a string")', "put(escape(v))")
            case Leaf.FLAG:
                self.source.add("if type(v) is not bool:", '    raise must_be(v, "true or false")')
                yes, no = (b"false", b"true") if member.is_inverted else (b"true", b"false")
                self.source.add(f"put({yes!r} if v else {no!r})")
            case form:
                quote = ["put(b'\"')"] if member.is_quoted else []
                self.source.add(*quote, *self._usual(member, form), *quote)

    def _usual(self, member: Member, form: Form) -> list[str]:
        """The lines that write `v`: what it mostly is without a call, anything else (also a mistake) by its writer."""
        write = self.source.bind(f"write_{member.attribute}", self.writers.of(form))
        match form:
            case Leaf.ANY:
                usual = ["if type(v) is str:", "    put(escape(v))"]
            case Leaf.INTEGER:
                usual = [f"if type(v) is int and {-PLAIN} < v < {PLAIN}:", "    put(b'%d' % v)"]
            case Spelled(enum):  # by their values, because the hash of a member is a function in Python
                cls = self.source.bind(enum.__name__, enum)
                texts = self.source.bind(f"texts_of_{enum.__name__}", self.writers.texts(enum))
                usual = [f"if v.__class__ is {cls} and v._value_ in {texts}:", f"    put({texts}[v._value_])"]
            case Array(item):
                one = self.source.bind(f"write_one_of_{member.attribute}", self.writers.of(item))
                usual = ["if type(v) is tuple and len(v) == 1:", f"    at = {f'.{member.attribute}[0]'!r}"]
                usual += ["    put(b'[')", f"    {one}(v[0], out)", "    put(b']')"]
            case _:
                return [f"{write}(v, out)"]
        return [*usual, "else:", f"    {write}(v, out)"]


def _is_certain(member: Member) -> bool:
    """Whether a member is written whatever its value."""
    if member.default is None:
        return True
    return member.is_always_written and (
        member.default.factory is not None or member.default.value not in (None, Unset.UNSET)
    )
