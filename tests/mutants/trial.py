"""Trials: do the tests notice a mutant?"""

import re
import time

from attrs import frozen

__all__ = ["BadTrial", "Verdict", "fails_when_whole", "test"]

PATIENCE = 300.0
"""Seconds after which tests count as hanging. That is noticed, too."""


class BadTrial(Exception):
    """The trial itself went wrong: nothing was learnt about the mutant."""


@frozen
class Verdict:
    """What came of a mutant.

    Attributes:
        mutant: Which one.
        by: The test that noticed it; None if none did.
        seconds: How long that took.
    """

    mutant: object
    by: str | None
    seconds: float


def test(copy, mutant):
    """Run the mutant's tests until one fails."""
    files = [f"tests/{name}" for name in mutant.tests]
    began = time.monotonic()
    with copy.broken_by(mutant):
        ran = copy.run([*_PYTEST, "-x", *files], PATIENCE)
    seconds = time.monotonic() - began
    if ran.code is None:
        return Verdict(mutant, f"(no end in {PATIENCE:.0f} s)", seconds)
    if ran.code not in (0, 1):
        raise BadTrial(f"{mutant.name}: pytest ended with exit code {ran.code}\n{ran.output[-3_000:]}")
    if ran.code == 0:
        return Verdict(mutant, None, seconds)
    failed = _FAILED.search(ran.output)
    if failed is None:
        raise BadTrial(f"{mutant.name}: pytest names no test that failed\n{ran.output[-3_000:]}")
    return Verdict(mutant, failed[1], seconds)


def fails_when_whole(copy, verdicts):
    """The tests among those that noticed something which fail without any mutant, too."""
    names = sorted({verdict.by for verdict in verdicts if verdict.by is not None and "::" in verdict.by})
    if not names:
        return []
    ran = copy.run([*_PYTEST, *names], PATIENCE)
    if ran.code == 0:
        return []
    return _FAILED.findall(ran.output) or [ran.output[-3_000:]]


_PYTEST = ("-m", "pytest", "-v", "--no-header", "-p", "no:cacheprovider", "--tb=no")
_FAILED = re.compile(r"^(tests/.+?::.+) (?:FAILED|ERROR)(?: +\[ *\d+%\])?$", re.MULTILINE)
