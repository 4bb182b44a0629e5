"""Words: the texts and numbers in an agent's own source, for an agent does something with what it compares to them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

__all__ = ["words_in"]

_MOST = 200
_LONGEST = 60


def words_in(source: str) -> tuple[str, ...]:
    r"""The texts and numbers in Python source, in their order and without those that say nothing.

    Args:
        source: Of a module. Of one that cannot be parsed there are none.

    >>> words_in('"What it is for."\nif task.text.startswith("pay now"): pay(max(12, 4.5))')
    ('pay now', 'pay', 'now', '12', '4.5')
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ()
    found = dict.fromkeys(word for value in _constants(tree) for word in _words(value))
    return tuple(found)[:_MOST]


def _constants(tree: ast.Module) -> Iterator[object]:
    """All constants but the texts that are statements: those are documentation."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            yield node.value


def _words(value: object) -> Iterator[str]:
    match value:
        case bool() | None:
            return
        case str():
            pieces = [value.strip(), *value.split()]
        case int() | float():
            pieces = [str(value)]
        case _:
            return
    yield from [piece for piece in pieces if 0 < len(piece) <= _LONGEST and piece.isprintable()]
