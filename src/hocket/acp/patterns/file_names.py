"""The names of files, as a peer says them, made harmless."""

from __future__ import annotations

from re import compile as regex
from unicodedata import category

__all__ = ["safe_name"]

_LONGEST = 255
"""Bytes that the usual file systems take in one name."""

_LONGEST_SUFFIX = 32

_FORBIDDEN = frozenset('<>:"|?*')
"""What Windows refuses, or takes for something else: a colon names a second stream of the same file."""

_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of writing, so that a program looks like a picture."""

_INVISIBLE = frozenset(("Cc", "Cs", "Zl", "Zp"))
"""Categories of Unicode: control characters, halves of characters, ends of lines and paragraphs."""

_DEVICE = regex(r"(?i)(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?![^. ])")
"""What Windows takes for a device, whatever suffix follows."""


def safe_name(name: str) -> str:
    r"""A name that stays in the folder in which it is used, on every system, and looks like what it is.

    Folders are cut off, with either kind of slash; leading dots, trailing dots and blanks go; characters that a
    system forbids or that nobody sees become `_`; names that Windows keeps for devices get a `_` in front; and what
    is longer than 255 bytes is cut before its suffix. Nothing left makes `file`. A name that is safe already is
    returned as it is.

    It says nothing about whether a file of this name is there already.

    >>> safe_name("../../etc/passwd"), safe_name("C:\\boot.ini"), safe_name("..")
    ('passwd', 'boot.ini', 'file')
    >>> safe_name("report 2024 (final).csv")
    'report 2024 (final).csv'
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(["_" if _is_odd(character) else character for character in last])
    bare = shown.strip(". ")
    return _shortened(f"_{bare}" if _DEVICE.match(bare) else bare).rstrip(". ") or "file"


def _is_odd(character: str) -> bool:
    return character in _FORBIDDEN or character in _TURNS or category(character) in _INVISIBLE


def _shortened(name: str) -> str:
    if len(name.encode()) <= _LONGEST:
        return name
    stem, dot, suffix = name.rpartition(".")
    end = f"{dot}{suffix}".encode()
    if not stem or len(end) > _LONGEST_SUFFIX:
        stem, end = name, b""
    return (stem.encode()[: _LONGEST - len(end)] + end).decode(errors="ignore")
