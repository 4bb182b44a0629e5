"""Fuzzing somebody's agent: checks that hold for every agent, and an engine that tries to break them.

`fuzz` runs them through a probe (`hocket_io.testing.reach` makes one), and what it finds is shrunk to the least that
shows it. `hocket fuzz` is this as a command, and the pytest plugin makes a test of each check.
"""

from __future__ import annotations

from hocket.errors import MissingExtra

try:
    import hypothesis  # noqa: F401  -- asked for once, here, and not in the middle of what is imported below
except ModuleNotFoundError:
    raise MissingExtra("hocket.testing.fuzzing", "test") from None

from hocket.testing.fuzzing.check import Check, Ground
from hocket.testing.fuzzing.engine import examine, fuzz
from hocket.testing.fuzzing.prompts import Dialogue, Joining, Prompt, Several
from hocket.testing.fuzzing.report import EXAMPLES, Effort, Finding, Report, Result
from hocket.testing.fuzzing.table import CHECKS, check_named, chosen
from hocket.testing.fuzzing.words import words_in

__all__ = [
    "CHECKS",
    "EXAMPLES",
    "Check",
    "Dialogue",
    "Effort",
    "Finding",
    "Ground",
    "Joining",
    "Prompt",
    "Report",
    "Result",
    "Several",
    "check_named",
    "chosen",
    "examine",
    "fuzz",
    "words_in",
]
