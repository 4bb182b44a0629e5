"""Dialect: one wire version of a family of models, with the readers and writers made for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from attrs import field, frozen

from hocket.codec.leaf_readers import Read, Refusal
from hocket.codec.leaf_writers import Write
from hocket.codec.plan import Plans
from hocket.codec.reader import Readers
from hocket.codec.scan import check_text
from hocket.codec.shape import Shape, Spellings, Union
from hocket.codec.text import MSGSPEC, Codec, default
from hocket.codec.values import JsonValue
from hocket.codec.writer import Writers, written
from hocket.errors import CodecError

if TYPE_CHECKING or MSGSPEC is not None:
    from hocket.codec.twin import Twins

__all__ = ["Dialect", "Reader", "Writer"]

T = TypeVar("T")


@frozen(eq=False)
class Reader(Generic[T]):
    """Reads one type in one dialect. Made by `Dialect.reader`.

    Attributes:
        codec: What reads the text.
        check: The checked reader of values.
        decode: The short cut from text, None where there is none.
    """

    codec: Codec
    check: Read
    decode: Callable[[bytes], T | None] | None

    def from_value(self, value: JsonValue, path: str = "") -> T:
        """Read a JSON value, as `loads` gives it.

        Args:
            value: The value. Parts of it (metadata, say) become parts of the object and must not change later.
            path: What to call the value in errors, `params` for example.

        Raises:
            CodecError: It is not what the dialect says; with the path of the first bad member.
        """
        try:
            result: T = self.check(value)
        except Refusal as refusal:
            raise CodecError(refusal.reason, path + refusal.path if path else refusal.path.lstrip(".")) from None
        return result

    def from_json(self, data: bytes, path: str = "") -> T:
        """Read JSON text: the same as `from_value(loads(data), path)`, and with msgspec faster.

        Raises:
            CodecError: It is not JSON, or not what the dialect says.
        """
        result = self.from_canonical(data)
        return self.from_value(self.codec.loads(data), path) if result is None else result

    def from_canonical(self, data: bytes) -> T | None:
        """Read JSON text by the short cut alone, which knows only the usual way of writing each object.

        None where it takes a longer look to tell what the text means, or what is wrong with it; without msgspec
        always.

        Raises:
            CodecError: It is deeper, or has a longer number, than we accept.
        """
        if self.decode is None:
            return None
        check_text(data)
        return self.decode(data)


@frozen(eq=False)
class Writer(Generic[T]):
    """Writes one type in one dialect. Made by `Dialect.writer`.

    Attributes:
        codec: What reads the text back in `to_value`.
        write: Appends the pieces of the text to a list.
    """

    codec: Codec
    write: Write

    def to_json(self, value: T) -> bytes:
        """The value as compact JSON text; the same bytes with every engine.

        Raises:
            LocalProtocolError: It holds something this dialect cannot say; the message says where.
        """
        return written(self.write, value)

    def to_value(self, value: T) -> JsonValue:
        """The value as `loads` reads its text, for what is to be looked at or changed before it is sent.

        Raises:
            LocalProtocolError: As `to_json`.
        """
        return self.codec.loads(written(self.write, value))


@frozen(eq=False, kw_only=True)
class Dialect:
    """How a family of models looks on the wire, in one version.

    Attributes:
        name: What to call it in tracebacks, "1.0" for example.
        shapes: The classes that do not look the usual way; a class that is not here looks as `Shape()` says.
        enums: The enums whose members are not spelled as their values.
        unions: The unions that occur (`Task | Message`), and how their classes are told apart.

    >>> from attrs import frozen
    >>> @frozen(kw_only=True)
    ... class Point:
    ...     x_axis: int
    ...     label: str | None = None
    >>> dialect = Dialect(name="geometry", shapes={Point: Shape(constants={"kind": "point"})})
    >>> dialect.writer(Point).to_json(Point(x_axis=3))
    b'{"kind":"point","xAxis":3}'
    >>> dialect.reader(Point).from_json(b'{"x_axis": 3.0, "label": "a"}')
    Point(x_axis=3, label='a')
    >>> dialect.reader(Point).from_value({"xAxis": "left"}, path="params")
    Traceback (most recent call last):
    hocket.errors.CodecError: params.xAxis: must be an integer, got 'left'
    """

    name: str
    shapes: Mapping[type, Shape] = field(factory=dict)
    enums: Mapping[type[Enum], Spellings] = field(factory=dict)
    unions: Mapping[Any, Union] = field(factory=dict)
    _engines: dict[str, _Engine] = field(factory=dict, init=False)
    _made: dict[tuple[str, str, Any], Any] = field(factory=dict, init=False)

    @overload
    def reader(self, wanted: type[T], codec: Codec = default) -> Reader[T]: ...
    @overload
    def reader(self, wanted: Any, codec: Codec = default) -> Reader[Any]: ...
    def reader(self, wanted: Any, codec: Codec = default) -> Reader[Any]:
        """The reader of a type: a class, a union of this dialect, or a tuple, mapping or enum of such.

        Made when it is first asked for, and kept.

        Raises:
            LocalProtocolError: The type cannot be read, or its shape does not fit it.
        """
        key = ("reader", codec.name, wanted)
        if key not in self._made:
            engine = self._next_engine(codec)
            self._made[key] = engine.reader(wanted)
            self._engines[codec.name] = engine
        made: Reader[Any] = self._made[key]
        return made

    @overload
    def writer(self, wanted: type[T], codec: Codec = default) -> Writer[T]: ...
    @overload
    def writer(self, wanted: Any, codec: Codec = default) -> Writer[Any]: ...
    def writer(self, wanted: Any, codec: Codec = default) -> Writer[Any]:
        """The writer of a type, as `reader`.

        Raises:
            LocalProtocolError: The type cannot be written, or its shape does not fit it.
        """
        key = ("writer", codec.name, wanted)
        if key not in self._made:
            engine = self._next_engine(codec)
            self._made[key] = engine.writer(wanted)
            self._engines[codec.name] = engine
        made: Writer[Any] = self._made[key]
        return made

    def _next_engine(self, codec: Codec) -> _Engine:
        """The engine to make something with. Nobody else sees it before that is made: a dialect is for all threads."""
        if codec.name in self._engines:
            return self._engines[codec.name].copy()
        plans = Plans(self.shapes, self.enums, self.unions)
        readers = Readers(self.name, plans)
        twins = Twins(self.name, plans, readers) if codec is MSGSPEC else None
        return _Engine(codec, plans, readers, Writers(self.name, plans, codec), twins)


@frozen(eq=False)
class _Engine:
    """Everything that was made for one dialect and one engine. It does not change any more once it is the dialect's."""

    codec: Codec
    plans: Plans
    readers: Readers
    writers: Writers
    twins: Twins | None

    def copy(self) -> _Engine:
        """The same, to go on with."""
        readers = self.readers.copy()
        twins = None if self.twins is None else self.twins.copy(readers)
        return _Engine(self.codec, self.plans, readers, self.writers.copy(), twins)

    def reader(self, wanted: Any) -> Reader[Any]:
        form = self.plans.form(wanted)
        return Reader(self.codec, self.readers.of(form), None if self.twins is None else self.twins.decoder(form))

    def writer(self, wanted: Any) -> Writer[Any]:
        return Writer(self.codec, self.writers.of(self.plans.form(wanted)))
