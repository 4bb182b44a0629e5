"""Escaping: text of others, for a terminal or a log. Nothing in it may steer a terminal or pass for a line of ours."""

from __future__ import annotations

from re import Match
from re import compile as regex

__all__ = ["escaped", "one_line"]

_UNPRINTABLE = regex("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def escaped(text: str) -> str:
    r"""The text with line feeds and tabs as they are, and other control characters as escapes.

    >>> escaped("two\r\nlines, \x1b[1mbold\x1b[0m")
    'two\nlines, \\x1b[1mbold\\x1b[0m'
    """
    return _UNPRINTABLE.sub(_escape, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    r"""The text in one line, whatever is in it.

    >>> one_line("a\nb")
    'a\\nb'
    """
    return escaped(text).replace("\n", "\\n")


def _escape(found: Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
