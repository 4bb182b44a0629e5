"""Values as the Python that makes them, and the tests that are written with it: what a finding is reported with.

Only what differs from the defaults is written, so a message with forty members of which two were given has two:

>>> from hocket.a2a import Message, Part, Role
>>> message = Message(message_id="0", role=Role.USER, parts=(Part(text="hi"),))
>>> print(as_source(message))
Message(message_id="0", role=Role.USER, parts=(Part(text="hi"),))
>>> imports_for(message)
('from hocket.a2a import Message, Part, Role',)

ACP has a Message, a Part and a Role as well. Its names are written with their room, `acp.Message`, and so both
can stand in one test.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from inspect import signature
from re import ASCII, sub
from textwrap import indent
from types import FunctionType
from typing import Any, TypeAlias

from attrs import NOTHING, Factory, fields, frozen, has

from hocket.codec import UNSET
from hocket.errors import LocalProtocolError
from hocket.testing.imports import Import, import_block, merged, parsed

__all__ = ["as_source", "as_test", "imports_for"]

WIDTH = 80
"""How wide a value may be before it takes several lines: with an indent and a name it still fits into 88 columns."""

_STEP = 4
_RUN = 24  # characters; a longer run of one character is written as a product
_WITH_THEIR_ROOM = ("hocket.acp",)


def as_source(value: object, *, width: int = WIDTH) -> str:
    r"""Python that evaluates to a value equal to this one; `imports_for` says with what imported.

    Args:
        value: None, bool, int, float, str, bytes, list, tuple, mapping, a member of an enum, an attrs value, an
            exception of hocket's, a class or a function, and what consists of these.
        width: From how many characters on it is written over several lines, as formatters do.

    Raises:
        LocalProtocolError: Something in it has no Python that makes it.

    >>> as_source({"text": "it's", "data": [1, None, b"\0"]})
    '{"text": "it\'s", "data": [1, None, b"\\x00"]}'
    >>> print(as_source(("[" * 70, ["aaaa", "bbbb"]), width=16))
    (
        "[" * 70,
        [
            "aaaa",
            "bbbb",
        ],
    )
    """
    return "".join(_laid_out(_node(value, []), 0, width))


def imports_for(*values: object) -> tuple[str, ...]:
    """The lines that import what `as_source` of these values names, from where it is public, in their order.

    Raises:
        LocalProtocolError: As for `as_source`.
    """
    named: list[Import] = []
    for value in values:
        _node(value, named)
    return tuple(merged(named))


def as_test(name: str, lines: Iterable[str], imports: Iterable[str] = ()) -> str:
    """A test as a file of its own, ready to be pasted.

    Args:
        name: What it shows, in words; they become the name of the function.
        lines: Its statements, each as one string: what `as_source` gave may have several lines. Comments are welcome.
        imports: Import statements, from `imports_for` and by hand, in any order and as often as they come.

    Raises:
        LocalProtocolError: It would be no Python, it would test nothing, or an import would hide another one.

    >>> print(as_test("A part has text", ["assert Part(text='').text == ''"], ["from hocket.a2a import Part"]), end="")
    from hocket.a2a import Part
    <BLANKLINE>
    <BLANKLINE>
    def test_a_part_has_text():
        assert Part(text='').text == ''
    """
    block = import_block(parsed(imports))
    words = sub(r"\W+", "_", name.lower(), flags=ASCII).strip("_").removeprefix("test_")
    body = indent("\n".join(lines), " " * _STEP)
    text = f"{block}\n\n\n" if block else ""
    text += f"def test_{words}():\n{body}\n"
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise LocalProtocolError(f"the test would be no Python: {error.msg} in line {error.lineno}") from None
    return text


# --- what a value consists of


@frozen
class _Group:
    """Things between brackets. With `comma` one thing alone has a comma behind it, as in a tuple."""

    opening: str
    items: tuple[tuple[str, _Node], ...]
    closing: str
    comma: bool = False

    def flat(self) -> str:
        inside = ", ".join([name + (item if isinstance(item, str) else item.flat()) for name, item in self.items])
        return f"{self.opening}{inside}{',' if self.comma and len(self.items) == 1 else ''}{self.closing}"


@frozen
class _Text:
    """A literal that may be cut into several, where it is too long for a line."""

    value: str | bytes

    def flat(self) -> str:
        value = self.value
        if len(value) > _RUN and value.count(value[:1]) == len(value):  # type: ignore[arg-type]  # of its own kind
            return f"{_literal(value[:1])} * {len(value)}"
        return _literal(value)


_Node: TypeAlias = str | _Group | _Text


def _literal(value: str | bytes) -> str:
    """As `repr`, with the quotes that formatters prefer."""
    text = repr(value)
    prefix, body = ("b", text[1:]) if isinstance(value, bytes) else ("", text)
    return f'{prefix}"{body[1:-1]}"' if body[0] == "'" and '"' not in body else text


def _node(value: object, named: list[Import]) -> _Node:
    match value:
        case Enum():
            return _member(value, named)
        case None | bool() | int():
            return repr(value)
        case float():
            return repr(value) if value - value == 0 else f'float("{value}")'
        case str() | bytes():
            return _Text(value)
        case list() | tuple() if type(value) in (list, tuple):
            opening, closing = "[]" if isinstance(value, list) else "()"
            return _Group(opening, tuple(("", _node(item, named)) for item in value), closing, opening == "(")
        case Mapping():
            return _Group("{", tuple(_items(value, named)), "}")
        case type() | FunctionType():
            return _named(value, named)
    if has(type(value)):
        return _call(type(value), _members(value), named)
    if isinstance(value, Exception):
        return _call(type(value), _arguments(value), named)
    raise LocalProtocolError(f"a value of {type(value).__qualname__} cannot be written as Python")


def _items(value: Mapping[Any, Any], named: list[Import]) -> Iterator[tuple[str, _Node]]:
    for key, item in value.items():
        yield f"{_flat(_node(key, named))}: ", _node(item, named)


def _member(value: Enum, named: list[Import]) -> str:
    if value is UNSET:
        named.append(Import("hocket.codec", "UNSET"))
        return "UNSET"
    return f"{_named(type(value), named)}.{value.name}"


def _call(kind: type, arguments: Iterator[tuple[str, object]], named: list[Import]) -> _Group:
    opening = f"{_named(kind, named)}("
    return _Group(opening, tuple((f"{name}=" if name else "", _node(item, named)) for name, item in arguments), ")")


def _members(value: Any) -> Iterator[tuple[str, object]]:
    """The members that are not as they would be anyway, by the names of the constructor's arguments."""
    for each in fields(type(value)):
        if not each.init:
            continue
        now, default = getattr(value, each.name), each.default
        if isinstance(default, Factory):  # type: ignore[arg-type]  # a class, whatever its stub says
            default = default.factory(value) if default.takes_self else default.factory()
        if default is NOTHING or type(now) is not type(default) or now != default:
            yield each.alias or each.name, now


def _arguments(error: Exception) -> Iterator[tuple[str, object]]:
    """What an exception was made of: one with an `__init__` of its own keeps its arguments under their names."""
    if not isinstance(type(error).__init__, FunctionType):
        for argument in error.args:
            yield "", argument
        return
    for name, each in signature(type(error)).parameters.items():
        if getattr(error, name, each.default) != each.default:
            yield name, getattr(error, name)


# --- where its names come from


def _named(kind: type | FunctionType, named: list[Import]) -> str:
    outermost = kind.__qualname__.partition(".")[0]
    module = _public_place(kind.__module__, outermost)
    if module == "builtins":
        return kind.__qualname__
    if module is None or "<" in kind.__qualname__:
        raise LocalProtocolError(f"{kind.__qualname__} cannot be imported from anywhere")
    if module in _WITH_THEIR_ROOM:
        package, _, room = module.rpartition(".")
        named.append(Import(package, room))
        return f"{room}.{kind.__qualname__}"
    named.append(Import(module, outermost))
    return kind.__qualname__


def _public_place(module: str, name: str) -> str | None:
    """The outermost package that offers the name for everybody, or the module that it is from."""
    there = getattr(sys.modules.get(module), name, None)
    if there is None:
        return None
    parts = module.split(".")
    for end in range(1, len(parts)):
        package = ".".join(parts[:end])
        if name in getattr(sys.modules.get(package), "__all__", ()) and getattr(sys.modules[package], name) is there:
            return package
    return module


# --- how it is laid out


def _flat(node: _Node) -> str:
    return node if isinstance(node, str) else node.flat()


def _laid_out(node: _Node, indent: int, width: int) -> Iterator[str]:
    """The text of a node in pieces; what does not fit behind the indent is broken up."""
    flat = _flat(node)
    inner = " " * (indent + _STEP)
    if indent + len(flat) <= width or isinstance(node, str) or not _pieces(node, width - indent):
        yield flat
        return
    opening, closing, end = (node.opening, node.closing, ",") if isinstance(node, _Group) else ("(", ")", "")
    yield f"{opening}\n"
    for name, item in _pieces(node, width - indent):
        yield inner + name
        yield from _laid_out(item, indent + _STEP, width - len(name) if isinstance(item, _Text) else width)
        yield f"{end}\n"
    yield " " * indent + closing


def _pieces(node: _Group | _Text, room: int) -> Iterable[tuple[str, _Node]]:
    if isinstance(node, _Group):
        return node.items
    return [("", piece) for piece in _cut(node.value, max(room - _STEP, 16))] if " * " not in node.flat() else []


def _cut(value: str | bytes, room: int) -> list[str]:
    """Literals that together are this one, each in its room."""
    literals = []
    start = 0
    while start < len(value):
        end = start + 1
        size = len(_literal(value[start:end]))
        while end < len(value) and size + (more := len(repr(value[end : end + 1])) - 2) <= room:
            size += more
            end += 1
        literals.append(_literal(value[start:end]))
        start = end
    return literals
