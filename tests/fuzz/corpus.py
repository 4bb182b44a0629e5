"""The corpus: inputs worth keeping, as JSON lines that a person can read.

A line is `{"name", "why", "text"}`, or with `base64` in place of `text` where it is no UTF-8 that is worth reading.
"""

import base64
import hashlib
import json
from pathlib import Path

from attrs import frozen

FOLDER = Path(__file__).parents[1] / "corpus"


@frozen
class Entry:
    """An input.

    Attributes:
        name: Unique in its file.
        why: What is special about it, or what it has found.
        data: The bytes.
    """

    name: str
    why: str
    data: bytes

    @classmethod
    def found(cls, engine, why, data):
        """An entry that an engine has made; its name is of its content."""
        return cls(f"{engine}-{hashlib.sha256(data).hexdigest()[:8]}", why, data)

    def line(self):
        """The entry as a line of the file."""
        try:
            text = self.data.decode()
            readable = all(each.isprintable() or each in "\r\n\t\0" for each in text)
        except UnicodeDecodeError:
            readable = False
        content = {"text": text} if readable else {"base64": base64.b64encode(self.data).decode()}
        return json.dumps({"name": self.name, "why": self.why, **content}, ensure_ascii=True)


def read(target, folder=FOLDER):
    """The entries of a target, in the order of its file."""
    path = folder / f"{target}.jsonl"
    if not path.exists():
        return []
    entries = []
    for line in path.read_text("utf-8").splitlines():
        members = json.loads(line)
        data = members["text"].encode() if "text" in members else base64.b64decode(members["base64"])
        entries.append(Entry(members["name"], members["why"], data))
    return entries


def append(target, entries, folder=FOLDER):
    """Add what is not there yet; returns what was added."""
    there = {entry.data for entry in read(target, folder)}
    new = [entry for entry in entries if entry.data not in there]
    with (folder / f"{target}.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(entry.line() + "\n" for entry in new)
    return new
