"""Parts: what `hocket send` sends, made from its options in the order in which they were given (a2a-cli §8.2)."""

from __future__ import annotations

import mimetypes
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click
from attrs import evolve

from hocket.a2a import Part
from hocket.codec import JsonValue, loads
from hocket.errors import CodecError

__all__ = ["json_object", "message_parts", "positional_text"]


def message_parts(order: Sequence[str | None], given: Mapping[str, Sequence[str]]) -> list[Part]:
    """The parts of a message.

    Args:
        order: Names of the options as they followed each other on the command line.
        given: The values of each of `text`, `file`, `data` and `media_type`.

    Raises:
        click.UsageError: One of them cannot be read, or a media type follows no part.
    """
    values: dict[str, Iterator[str]] = {name: iter(each) for name, each in given.items()}
    parts: list[Part] = []
    can_be_typed = False
    for name in order:
        match name:
            case "part_text":
                parts.append(Part(text=next(values["text"])))
            case "part_file":
                parts.append(_file(next(values["file"])))
            case "part_data":
                parts.append(Part(data=_json(next(values["data"]), "--data"), media_type="application/json"))
            case "media_type" if can_be_typed:
                parts[-1] = evolve(parts[-1], media_type=next(values["media_type"]))
            case "media_type":
                raise click.UsageError("--media-type belongs right after the --text, --file or --data it is for.")
            case _:
                continue
        can_be_typed = name != "media_type"
    return parts


def positional_text(text: str) -> str:
    """The text of the argument; `-` stands for stdin, whose last line end does not count.

    Raises:
        click.UsageError: stdin is not UTF-8, or empty: the command before it in the pipe has said nothing.
    """
    if text != "-":
        return text
    data = _read("-")
    if not data:
        raise click.UsageError("stdin was empty: there is nothing to send")
    try:
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise click.UsageError("what came on stdin is not UTF-8 text; send it with --file /dev/stdin") from None


def json_object(text: str, option: str) -> dict[str, JsonValue]:
    """A JSON object, given inline.

    Raises:
        click.UsageError: It is none.
    """
    try:
        value = loads(text)
    except CodecError as error:
        raise click.UsageError(f"{option}: {error}") from None
    if not isinstance(value, dict):
        raise click.UsageError(f"{option} takes a JSON object.")
    return value


def _file(reference: str) -> Part:
    """A file's bytes; of a URL only the reference, which the agent fetches."""
    if urlsplit(reference).scheme in ("http", "https"):
        path = urlsplit(reference).path
        return Part(url=reference, filename=Path(path).name or None, media_type=_guessed(path))
    return Part(raw=_read(reference), filename=Path(reference).name, media_type=_guessed(reference))


def _guessed(path: str) -> str:
    return mimetypes.guess_type(path)[0] or "application/octet-stream"


def _json(reference: str, option: str) -> JsonValue:
    try:
        return loads(_read(reference))
    except CodecError as error:
        raise click.UsageError(f"{option} {reference}: {error}") from None


def _read(reference: str) -> bytes:
    if reference == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(reference).read_bytes()
    except OSError as error:
        raise click.UsageError(f"cannot read {reference}: {error.strerror or error}") from None
