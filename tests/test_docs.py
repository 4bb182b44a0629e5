"""The documentation agrees with the code: the states are drawn from the tables, and every link leads somewhere."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from hocket.a2a import TaskState
from hocket.a2a.states import ON_CANCEL, ON_MESSAGE, ON_SUBSCRIBE, PHASES, Answer, Phase
from hocket.errors import CODES, Code

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(ROOT.glob("docs/*.md"))
REQUESTS = {"a message": ON_MESSAGE, "a cancel": ON_CANCEL, "a subscription": ON_SUBSCRIBE}


def words(outcome: Answer | Code) -> str:
    """What happens, or the error."""
    if isinstance(outcome, Code):
        return f"refused: {CODES[outcome].lower()} ({outcome.value})"
    return outcome.value


def drawn(phases: Mapping[TaskState, Phase]) -> str:
    """The phases, the states in each, and what a request does there."""
    lines = []
    for phase in Phase:
        states = [state for state, its in phases.items() if its is phase]
        lines += ["", f"{phase.value.upper()}: {', '.join(state.value for state in states)}"]
        for request, table in REQUESTS.items():
            outcomes = {
                words(table[state]): [other for other in states if table[other] == table[state]] for state in states
            }
            for outcome, where in outcomes.items():
                only = "" if len(outcomes) == 1 else f" in {', '.join(state.value for state in where)}"
                lines.append(f"  {request + only:<44}--> {outcome}")
        if phase is not Phase.TERMINAL:
            lines.append(f"  {'a status of the agent':<44}--> whatever state it says")
    return "\n".join(lines).strip()


def diagram(phases: Mapping[TaskState, Phase]) -> str:
    """The same as a Mermaid state diagram: what moves a task from where to where."""

    def name(state: TaskState) -> str:
        return state.value.replace("-", "_")

    lines = ["stateDiagram-v2"]
    for phase in Phase:
        inside = [f"        {name(state)}" for state, its in phases.items() if its is phase]
        lines += [f"    state {phase.value.upper()} {{", *inside, "    }"]
    lines.append(f"    [*] --> {name(TaskState.SUBMITTED)} : a message that names no task")
    for phase in [phase for phase in Phase if phase is not Phase.TERMINAL]:
        targets = [other for other in Phase if other is not phase]
        lines += [f"    {phase.value.upper()} --> {other.value.upper()} : a status of the agent" for other in targets]
    moves = {Answer.START_TURN: TaskState.SUBMITTED, Answer.INTERRUPT: TaskState.CANCELED}
    moves[Answer.CANCEL_NOW] = TaskState.CANCELED
    for request, table in REQUESTS.items():
        for state, outcome in table.items():
            if outcome in moves:
                lines.append(f"    {name(state)} --> {name(moves[outcome])} : {request}")
    lines.append(f"    {Phase.TERMINAL.value.upper()} --> [*]")
    return "\n".join(lines)


def test_the_state_diagram_is_drawn_as_the_tables_are() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    found = re.search(r"```mermaid\n(.*?)\n```", page, re.DOTALL)
    expected = diagram(PHASES)
    assert found is not None
    assert found[1] == expected, f"docs/architecture.md should have:\n\n{expected}"


def test_the_states_are_drawn_as_the_tables_are() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- states -->\n+```\n(.*?)\n```\n+<!-- /states -->", page, re.DOTALL)
    expected = drawn(PHASES)
    assert found is not None
    assert found[1] == expected, f"docs/architecture.md should have:\n\n{expected}"


def test_every_state_is_in_each_table() -> None:
    for table in (PHASES, ON_MESSAGE, ON_CANCEL, ON_SUBSCRIBE):
        assert set(table) == set(TaskState)


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub and MyST make anchors of them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading_of_it(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    for link in links:
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(file), f"{page.name} links to {link}"


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^[a-z_-]+$", index, re.MULTILINE)
    assert sorted(listed) == sorted(page.stem for page in ROOT.glob("docs/*.md") if page.stem != "index")


def test_every_example_is_named_in_a_page() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for example in ROOT.glob("examples/*.py"):
        assert f"examples/{example.name})" in pages, f"no page links to {example.name}"
