"""JUnit XML: results as CI systems read them. It is well-formed whatever an agent has said."""

from __future__ import annotations

from collections.abc import Sequence
from re import compile as pattern
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from attrs import frozen

__all__ = ["JunitCase", "junit_xml"]

_FORBIDDEN = pattern("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may have, not even as a reference (XML 1.0 section 2.2)."""


@frozen(kw_only=True)
class JunitCase:
    """One result.

    Attributes:
        name: Of the check.
        group: What it belongs to: the `classname`.
        failure: What was found, in full; None where nothing was.
        message: The same in one line.
        skipped: Why it was not run; None where it was.
        output: What else there is to read.
        seconds: How long it took.
    """

    name: str
    group: str = ""
    failure: str | None = None
    message: str = ""
    skipped: str | None = None
    output: str = ""
    seconds: float = 0.0


def junit_xml(suite: str, cases: Sequence[JunitCase]) -> bytes:
    r"""The results as a file.

    Args:
        suite: What was run, such as `hocket fuzz agent.py`.
        cases: The results, in the order in which they are to be read.

    >>> print(junit_xml("checks", [JunitCase(name="a", failure="b\0c", message="b")]).decode())
    <?xml version='1.0' encoding='utf-8'?>
    <testsuites>
      <testsuite name="checks" tests="1" failures="1" errors="0" skipped="0" time="0.000">
        <testcase name="a" classname="checks" time="0.000">
          <failure message="b">b\x00c</failure>
        </testcase>
      </testsuite>
    </testsuites>
    """
    root = Element("testsuites")
    counts = {
        "tests": len(cases),
        "failures": sum(case.failure is not None for case in cases),
        "errors": 0,
        "skipped": sum(case.skipped is not None for case in cases),
    }
    totals = {name: str(count) for name, count in counts.items()}
    time = _seconds(sum(case.seconds for case in cases))
    found = SubElement(root, "testsuite", {"name": _clean(suite), **totals, "time": time})
    for case in cases:
        _add(found, case, suite)
    indent(root)
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _add(suite: Element, case: JunitCase, group: str) -> None:
    said = {"name": _clean(case.name), "classname": _clean(case.group or group), "time": _seconds(case.seconds)}
    element = SubElement(suite, "testcase", said)
    if case.failure is not None:
        SubElement(element, "failure", {"message": _clean(case.message)}).text = _clean(case.failure)
    if case.skipped is not None:
        SubElement(element, "skipped", {"message": _clean(case.skipped)})
    if case.output:
        SubElement(element, "system-out").text = _clean(case.output)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _clean(text: str) -> str:
    """The text with what XML cannot say written as Python would write it."""
    return _FORBIDDEN.sub(lambda found: ascii(found[0])[1:-1], text)
