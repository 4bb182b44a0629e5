"""The import lines of a generated test: merged, sorted and wrapped as linters want them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby

from attrs import frozen

from hocket.errors import LocalProtocolError

__all__ = ["Import", "import_block", "merged", "parsed"]

_WIDTH = 88


@frozen(order=True)
class Import:
    """One name, or with `name` = "" one module.

    Attributes:
        module: The module.
        name: What is imported from it.
        alias: What it is called here; "" for its own name.
    """

    module: str
    name: str = ""
    alias: str = ""

    @property
    def bound(self) -> str:
        """The name that the import gives to the file."""
        return self.alias or self.name or self.module.partition(".")[0]

    @property
    def renamed(self) -> str:
        """How it is written behind `import`."""
        return f"{self.name or self.module} as {self.alias}" if self.alias else self.name or self.module


def parsed(lines: Iterable[str]) -> list[Import]:
    """What some import statements import.

    Raises:
        LocalProtocolError: One of them is no import, or a relative one.

    >>> parsed(["import json", "from a import b, c as d"])[2]
    Import(module='a', name='c', alias='d')
    """
    found = []
    for line in lines:
        try:
            statements = ast.parse(line).body
        except SyntaxError:
            statements = []
        if not statements:
            raise LocalProtocolError(f"no import statement: {line!r}")
        for statement in statements:
            match statement:
                case ast.Import(names=names):
                    found += [Import(each.name, "", each.asname or "") for each in names]
                case ast.ImportFrom(module=str() as module, names=names, level=0):
                    found += [Import(module, each.name, each.asname or "") for each in names]
                case _:
                    raise LocalProtocolError(f"no absolute import: {line!r}")
    return found


def merged(imports: Iterable[Import]) -> list[str]:
    """The statements for all of these, one for each module, in their order and without blank lines.

    Raises:
        LocalProtocolError: One name would be two things.
    """
    return [line for section in _sections(imports) for line in section]


def import_block(imports: Iterable[Import]) -> str:
    """The same as the beginning of a file: standard library first, then the rest; "" where there are none."""
    return "\n\n".join(["\n".join(section) for section in _sections(imports)])


def _sections(imports: Iterable[Import]) -> Iterator[list[str]]:
    wanted = sorted(dict.fromkeys(imports), key=_place)
    meant: dict[str, Import] = {}
    for each in wanted:
        other = meant.setdefault(each.bound, each)
        if other != each and (other.name or each.name or other.alias or each.alias):
            raise LocalProtocolError(f"{each.bound} would be both {_path(other)} and {_path(each)}: give one an alias")
    for _, section in groupby(wanted, key=_section):
        statements: dict[tuple[str, ...], list[Import]] = {}
        for each in section:
            statements.setdefault(_statement_of(each), []).append(each)
        yield [_statement(names) for names in sorted(statements.values(), key=lambda names: _place(names[0]))]


def _statement_of(each: Import) -> tuple[str, ...]:
    """What shares a line: names of one module that keep their names."""
    return (each.module,) if each.name and not each.alias else (each.module, each.name, each.alias)


def _path(each: Import) -> str:
    return f"{each.module}.{each.name}" if each.name else each.module


def _section(each: Import) -> int:
    package = each.module.partition(".")[0]
    return 0 if package == "__future__" else 1 if package in sys.stdlib_module_names else 2


def _place(each: Import) -> tuple[int, bool, str, int, str, str]:
    """Modules before names out of modules; constants before classes before functions."""
    kind = 0 if each.name.isupper() and len(each.name) > 1 else 1 if each.name[:1].isupper() else 2
    return (_section(each), each.name != "", each.module, kind, each.name.lower(), each.renamed)


def _statement(names: list[Import]) -> str:
    first = names[0]
    if not first.name:
        return f"import {first.renamed}"
    line = f"from {first.module} import {', '.join([each.renamed for each in names])}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"from {first.module} import (", *[f"    {each.renamed}," for each in names], ")"])
