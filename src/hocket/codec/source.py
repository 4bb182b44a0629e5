"""Source: Python text that is written by the codec, compiled once, and shown in tracebacks like any other.

Only what our own classes and shapes say goes into it, never anything a peer sent.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from re import compile as regex
from typing import Any, Final

from attrs import define, field

__all__ = ["Source"]

_NOT_IN_NAMES: Final = regex(r"\W")


@define
class Source:
    """A function in the making.

    Attributes:
        namespace: The globals that it shares with the other functions of its kind.
        lines: What was written so far.
    """

    namespace: dict[str, Any]
    lines: list[str] = field(factory=list, init=False)
    _depth: int = field(default=0, init=False)

    def add(self, *lines: str) -> None:
        """Write lines at the current indentation."""
        self.lines.extend("    " * self._depth + line for line in lines)

    @contextmanager
    def block(self, line: str) -> Iterator[None]:
        """Write a line that ends in a colon and indent what follows."""
        self.add(line)
        self._depth += 1
        yield
        self._depth -= 1

    def bind(self, hint: str, value: Any) -> str:
        """A name in the source for a value: `hint`, numbered if another value has it already."""
        hint = _NOT_IN_NAMES.sub("_", hint)
        name, number = hint, 1
        while self.namespace.setdefault(name, value) is not value:
            number += 1
            name = f"{hint}_{number}"
        return name

    def reserve(self, hint: str) -> str:
        """A name in the source for the function that it will define."""
        return self.bind(hint, self)

    def compile(self, name: str, where: str) -> Callable[..., Any]:
        """The function `name` that the source defines; `where` is the file name in tracebacks."""
        text = "\n".join(self.lines) + "\n"
        filename = f"<hocket {where}>"
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        exec(compile(text, filename, "exec"), self.namespace)  # noqa: S102  # made from our own classes only
        function: Callable[..., Any] = self.namespace[name]
        return function
