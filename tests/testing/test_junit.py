"""JUnit XML: what goes in can be read again, whatever it is."""

from xml.etree import ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from hocket.testing.junit import JunitCase, junit_xml

ANY_TEXT = st.text(st.characters())  # surrogates as well


@example("\0", "]]>", '"<&\u2028', "\ud800\ufffe")
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_it_is_well_formed_whatever_was_said(name: str, failure: str, message: str, output: str) -> None:
    root = ET.fromstring(junit_xml(name, [JunitCase(name=name, failure=failure, message=message, output=output)]))
    (case,) = root.iter("testcase")
    (found,) = case.iter("failure")
    assert found.text is not None or not failure


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0xD7FF)))
def test_what_xml_can_say_is_said_as_it_is(text: str) -> None:
    (case,) = ET.fromstring(junit_xml("suite", [JunitCase(name=text, output=text)])).iter("testcase")
    assert case.get("name") == text
    assert case.findtext("system-out", "") == text


def test_the_totals_are_those_of_the_cases() -> None:
    cases = [
        JunitCase(name="good", seconds=1.25),
        JunitCase(name="bad", failure="why", message="w", seconds=0.5),
        JunitCase(name="not asked", skipped="no card", group="cards"),
    ]
    (suite,) = ET.fromstring(junit_xml("all", cases))
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "skipped", "errors", "time")} == {
        "name": "all",
        "tests": "3",
        "failures": "1",
        "skipped": "1",
        "errors": "0",
        "time": "1.750",
    }
    assert [case.get("classname") for case in suite] == ["all", "all", "cards"]
    assert [[child.tag for child in case] for case in suite] == [[], ["failure"], ["skipped"]]
