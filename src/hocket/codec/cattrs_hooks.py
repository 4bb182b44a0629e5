"""The readers and writers of a dialect as hooks of a cattrs converter, for programs that already use one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cattrs

from hocket.codec.dialect import Dialect
from hocket.codec.values import JsonValue

__all__ = ["register"]


def register(converter: cattrs.Converter, dialect: Dialect, types: Iterable[Any] = ()) -> None:
    """Let a converter structure and unstructure the types of a dialect as the dialect does.

    Args:
        converter: Where the hooks go.
        dialect: Its classes with a shape, its enums, its unions and their classes are registered.
        types: More types to register: classes that look the usual way have no shape in the dialect.

    Raises:
        LocalProtocolError: One of the types cannot be read or written.

    >>> from attrs import frozen
    >>> @frozen
    ... class Point:
    ...     x_axis: int
    >>> converter = cattrs.Converter()
    >>> register(converter, Dialect(name="geometry"), [Point])
    >>> converter.structure([{"xAxis": 1}, {"x_axis": "2"}], list[Point])
    [Point(x_axis=1), Point(x_axis=2)]
    >>> converter.unstructure(Point(3))
    {'xAxis': 3}
    """
    own: list[Any] = [*dialect.shapes, *dialect.enums, *dialect.unions]
    for union in dialect.unions.values():
        own += union.variants.values()
    for wanted in dict.fromkeys([*own, *types]):
        _register(converter, dialect, wanted)


def _register(converter: cattrs.Converter, dialect: Dialect, wanted: Any) -> None:
    reader, writer = dialect.reader(wanted), dialect.writer(wanted)

    def structure(value: JsonValue, _: Any) -> Any:
        return reader.from_value(value)

    converter.register_structure_hook(wanted, structure)
    converter.register_unstructure_hook(wanted, writer.to_value)
