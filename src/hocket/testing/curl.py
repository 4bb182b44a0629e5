r"""Lines for a shell that ask what a probe has asked: with curl, or by writing to a command.

Bytes that a terminal would not show, or a shell would take for something else, are written as in C, between $'…'; so
the lines are for bash, zsh and ksh, and for sh where there are none of these bytes. What is long is printed by a
program, so that the line is short and no argument of a command is longer than it may be. What may be a secret is left
to a variable of the shell, for these lines are kept in logs.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit, urlunsplit

from hocket.testing.probe import Ask

__all__ = ["curl_line", "pipe_line", "shell_word"]

_LONG = 4_000
"""Bytes from which on what is sent does not stand in the line as it is."""

_REPEATED = re.compile(rb"(.{1,40}?)\1{50,}", re.DOTALL)
_SECRET = re.compile("auth|cookie|key|password|secret|token", re.IGNORECASE)
_BEARER = "Bearer "
_BEARER_VARIABLE = "A2ACLI_BEARER"
"""What the commands of hocket read a token from."""

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
        headers: Header fields that go with every request there. Of one that may be a secret the value is left to a
            variable, `$A2ACLI_BEARER` or one that is called as the field is.

    >>> print(curl_line("http://agent/", Ask.call("tasks/get", {"id": "T"}, version="0.3")))
    curl -sN http://agent/ -H 'Content-Type: application/json' \
--data-binary '{"jsonrpc":"2.0","id":"1","method":"tasks/get","params":{"id":"T"}}'
    """
    words = ["curl", "-sN"]
    if ask.http_method != ("GET" if ask.body is None else "POST"):
        words += ["-X", shlex.quote(ask.http_method)]
    words.append(shell_word(_without_user(url).encode()))
    for name, value in (headers or {}).items():
        if name not in ask.headers:
            words += ["-H", _secret_field(name, value) if _SECRET.search(name) else _field(name, value)]
    for name, value in ask.headers.items():
        words += ["-H", _field(name, value)]
    if ask.body is not None:
        if not any(name.lower() == "content-type" for name in ask.headers):
            words += ["-H", "Content-Type:"]  # else curl makes one up
        piped = b"\0" in ask.body or ask.body.startswith(b"@") or len(ask.body) > _LONG  # no argument can be such
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
    """The bytes, by printf, which can write any of them; by Python where it says them in fewer words."""
    if len(data) > _LONG and len(program := _as_program(data)) < len(data):
        return f"python3 -c {shlex.quote(program)}"
    named = {0x25: "%%", 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}
    text = "".join([named.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}") for byte in data])
    if text.startswith("-"):
        text = f"\\055{text[1:]}"  # else an option
    return f"printf {shlex.quote(text)}"


def _as_program(data: bytes) -> str:
    """Python that prints the bytes, with what is repeated in them said once."""
    pieces, at = [], 0
    for run in _REPEATED.finditer(data):
        piece = run.group(1)
        pieces += [f"{data[at : run.start()]!r}", f"{piece!r} * {len(run.group()) // len(piece)}"]
        at = run.end()
    pieces.append(f"{data[at:]!r}")
    return f"import sys; sys.stdout.buffer.write({' + '.join([piece for piece in pieces if piece != repr(b'')])})"


def _field(name: str, value: str) -> str:
    field = f"{name}: {value}" if value else f"{name};"  # curl's way to send one that is empty
    return shell_word(field.encode("utf-8", "surrogateescape"))


def _secret_field(name: str, value: str) -> str:
    """A field whose value is in a variable of the shell."""
    if value.startswith(_BEARER):
        name_and_scheme, variable = f"{name}: {_BEARER}", _BEARER_VARIABLE
    else:
        name_and_scheme, variable = f"{name}: ", re.sub(r"\W", "_", name).upper()
    return f'{shell_word(name_and_scheme.encode())}"${variable}"'


def _without_user(url: str) -> str:
    """The URL without a user's name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else url


def _shown(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"
