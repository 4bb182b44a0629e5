"""The page on conformance has every rule, as it is. As a program this writes them there."""

from itertools import groupby
from pathlib import Path

from hocket.testing.conformance import RULES

PAGE = Path(__file__).parents[1] / "docs" / "conformance.md"
BEGIN, END = "<!-- rules -->\n", "<!-- /rules -->"
HEAD = ("rule", "what the target does", "", "written in")


def row_of(rule):
    """A2A has its version in the heading, and ACP its page: what is left is where in it."""
    _, _, section = rule.section.partition(f"A2A {rule.version} " if rule.protocol == "a2a" else "ACP on the wire: ")
    return f"`{rule.name}`", rule.title, rule.level.value, section


def table_of(rows):
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    cells = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in (HEAD, *rows)]
    head, *body = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([head, f"|{'|'.join(['-' * (width + 2) for width in widths])}|", *body])


def page_with_rules():
    before, _, after = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    groups = groupby(RULES, key=lambda rule: rule.group)
    tables = [f"### {group}\n\n{table_of([row_of(rule) for rule in rules])}\n" for group, rules in groups]
    return before + BEGIN + "\n".join(tables) + END + after.partition(END)[2]


def test_the_page_has_every_rule_as_it_is():
    behind = "docs/conformance.md is behind: python tests/test_docs_conformance.py writes its tables"
    assert PAGE.read_text(encoding="utf-8") == page_with_rules(), behind


def test_no_title_would_break_a_table():
    assert [rule.name for rule in RULES if "|" in rule.title + rule.section] == []


if __name__ == "__main__":
    PAGE.write_text(page_with_rules(), encoding="utf-8")
