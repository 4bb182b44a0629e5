r"""Lines for a shell that ask what a probe has asked: with curl, or by writing to a command.

Bytes that a terminal would not show, or a shell would take for something else, are written as in C, between $'…'; so
the lines are for bash, zsh and ksh, and for sh where there are none of these bytes.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from hocket.testing.probe import Ask

__all__ = ["curl_line", "pipe_line", "shell_word"]

_ESCAPES = {0x27: "\\'", 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}


def shell_word(data: bytes) -> str:
    r"""Bytes as one word for a shell.

    >>> print(shell_word(b'{"a":1}'), shell_word(b"it's\x00"), shell_word(b""))
    '{"a":1}' $'it\'s\x00' ''
    """
    if data and data.isascii() and all(0x20 <= byte < 0x7F for byte in data):
        return shlex.quote(data.decode())
    if not data:
        return "''"
    return "$'" + "".join([_ESCAPES.get(byte) or _shown(byte) for byte in data]) + "'"


def curl_line(url: str, ask: Ask, headers: Mapping[str, str] | None = None) -> str:
    """The request as a line of curl.

    Args:
        url: Where it goes.
        ask: What is asked.
        headers: Header fields that go with every request there.

    >>> print(curl_line("http://agent/", Ask.call("tasks/get", {"id": "T"}, version="0.3")))
    curl -sN http://agent/ -H 'Content-Type: application/json' \
--data-binary '{"jsonrpc":"2.0","id":"1","method":"tasks/get","params":{"id":"T"}}'
    """
    words = ["curl", "-sN"]
    if ask.http_method != ("GET" if ask.body is None else "POST"):
        words += ["-X", shlex.quote(ask.http_method)]
    words.append(shell_word(url.encode()))
    for name, value in {**(headers or {}), **ask.headers}.items():
        field = f"{name}: {value}" if value else f"{name};"  # curl's way to send one that is empty
        words += ["-H", shell_word(field.encode("utf-8", "surrogateescape"))]
    if ask.body is not None:
        if not any(name.lower() == "content-type" for name in ask.headers):
            words += ["-H", "Content-Type:"]  # else curl makes one up
        piped = b"\0" in ask.body or ask.body.startswith(b"@")  # no argument of a command can have these
        words += ["--data-binary", "@-" if piped else shell_word(ask.body)]
        if piped:
            return f"{_printed(ask.body)} | {' '.join(words)}"
    return " ".join(words)


def pipe_line(command: Sequence[str], frame: bytes) -> str:
    r"""The frame as a line that starts the command and writes it to its stdin.

    >>> print(pipe_line(["python", "agent.py"], b'{"id":1}\n'))
    printf '{"id":1}\n' | python agent.py
    """
    return f"{_printed(frame)} | {shlex.join(command)}"


def _printed(data: bytes) -> str:
    """The bytes, by printf, which can write any of them."""
    named = {0x25: "%%", 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}
    text = "".join([named.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}") for byte in data])
    if text.startswith("-"):
        text = f"\\055{text[1:]}"  # else an option
    return f"printf {shlex.quote(text)}"


def _shown(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"
