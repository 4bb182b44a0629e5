"""The table of docs/loops.md: what each program of examples/loops was seen to do."""

import platform
import subprocess

from support.loops import EXAMPLES

BEGIN, END = "<!-- made by tests/loops/table.py: begin -->", "<!-- made by tests/loops/table.py: end -->"
NUMBERS = {2: "two", 3: "three"}


def markdown():
    """All of it, with the versions that are installed here."""
    lines = ["| loop | program | lines | made with | seen | played with |", "|---" * 6 + "|"]
    for example in EXAMPLES:
        versions = [version_of(example, package) for package in example.packages]
        lines.append(row(example, ", ".join(versions) or f"Python {platform.python_version()}"))
    return "\n".join(lines)


def row(example, *more):
    link = f"[{example.file}](../examples/loops/{example.file})"
    way = ", ".join(f"`{each}`" for each in example.way.split(", "))
    return "| " + " | ".join([example.loop, link, str(len(example.lines)), way, seen(example), *more]) + " |"


def seen(example):
    """What its test has seen it do."""
    if example.ticks:
        return "an answer, and ticks between its words"
    if len(example.answers) > 1:
        return f"{NUMBERS[len(example.answers)]} answers, one after the other"
    together = len(example.answers[0])
    return "an answer" if together == 1 else f"{NUMBERS[together]} answers at the same time"


def version_of(example, package):
    """A package and its version, where the example was played."""
    name, at, number = package.partition("@")
    if at:
        return f"{name} {number}"
    python = example.prepare(example, "")[0][0]
    asked = [python, "-c", f"import importlib.metadata as all; print(all.version({package!r}))"]
    return f"{name} {subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()}"
