"""The documentation agrees with the code: the states are drawn from the tables, and every link leads somewhere."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from attrs import NOTHING, fields

import hocket.acp
from hocket.a2a import TaskState
from hocket.a2a.states import (
    ON_CANCEL,
    ON_MESSAGE,
    ON_MESSAGE_TO_RUN,
    ON_SUBSCRIBE,
    PHASES,
    Activity,
    Answer,
    Phase,
)
from hocket.acp import StreamStatus
from hocket.acp.notices import INVITATION, NAMES, REPLAY_GAP
from hocket.acp.states import CLIENT, HUB, ClientInput, ClientState, Input, Row
from hocket.acp.wire import PARAMS
from hocket.errors import CODES, Code
from hocket.testing import strategies

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(ROOT.glob("docs/*.md"))
REQUESTS = {"a message": ON_MESSAGE, "a cancel": ON_CANCEL, "a subscription": ON_SUBSCRIBE}
TO_RUNS = {
    f"a message; the agent {activity.value}": {
        state: answer for (state, its), answer in ON_MESSAGE_TO_RUN.items() if its is activity
    }
    for activity in Activity
}


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
        for request, table in {**REQUESTS, **TO_RUNS}.items():
            outcomes = {
                words(table[state]): [other for other in states if table[other] == table[state]]
                for state in states
                if state in table
            }
            for outcome, where in outcomes.items():
                only = "" if len(outcomes) == 1 else f" in {', '.join(state.value for state in where)}"
                lines.append(f"  {request + only:<54}--> {outcome}")
        if phase is not Phase.TERMINAL:
            lines.append(f"  {'a status of the agent':<54}--> whatever state it says")
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
    moves = {
        Answer.START_RUN: TaskState.SUBMITTED,
        Answer.REPLY: TaskState.WORKING,
        Answer.INTERRUPT: TaskState.CANCELED,
    }
    moves[Answer.CANCEL_NOW] = TaskState.CANCELED
    for request, table in {**REQUESTS, **TO_RUNS}.items():
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


def camel_case(name: str) -> str:
    """The name of an attribute as it is on the wire."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


# ACP: the same, from the tables in hocket.acp.states.


def arrows(moves: Mapping[tuple[str, str], list[str]], first: str, last: str, starts: str) -> str:
    """A Mermaid state diagram: for each move from one state to another, what makes it."""
    lines = ["stateDiagram-v2", f"    [*] --> {first} : {starts}"]
    lines += [f"    {before} --> {after} : {' / '.join(inputs)}" for (before, after), inputs in moves.items()]
    return "\n".join([*lines, f"    {last} --> [*]"])


def fenced(drawing: str, table: list[list[str]]) -> str:
    """A diagram, and a table as Markdown; the first row is its head."""
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    rows = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in table
    ]
    rows.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(["```mermaid", drawing, "```", "", *rows])


def in_the_hub(row: Row, state: StreamStatus) -> str:
    """What an input does in the hub."""
    if row.error is not None:
        return words(row.error).removeprefix("refused: the stream is ")
    moved = f"to {row.to.value}" if row.to is not state else ""
    return ", ".join(filter(None, [moved, row.event.value if row.event else ""])) or "–"


def hub_states() -> str:
    moves: dict[tuple[str, str], list[str]] = {}
    for state in StreamStatus:
        for kind in Input:
            if (to := HUB[kind][state].to) is not state:
                moves.setdefault((state.value, to.value), []).append(kind.value)
    table = [["input", *[state.value for state in StreamStatus]]]
    table += [[f"`{kind.value}`", *[in_the_hub(HUB[kind][state], state) for state in StreamStatus]] for kind in Input]
    return fenced(arrows(moves, "ACTIVE", "CLOSED", "stream.start"), table)


def in_a_client(to: ClientState | None, state: ClientState) -> str:
    """What an input does in a client."""
    if to is None:
        return "raises"
    return "–" if to is state else f"to {to.value}"


def client_states() -> str:
    moves: dict[tuple[str, str], list[str]] = {}
    for state in ClientState:
        for kind in ClientInput:
            to = CLIENT[kind][state]
            if to is not None and to is not state:
                moves.setdefault((state.value, to.value), []).append(kind.value)
    table = [["input", *[state.value for state in ClientState]]]
    table += [[kind.value, *[in_a_client(CLIENT[kind][state], state) for state in ClientState]] for kind in ClientInput]
    return fenced(arrows(moves, "idle", "closed", "nothing is known of it"), table)


@pytest.mark.parametrize(("name", "expected"), [("hub states", hub_states()), ("client states", client_states())])
def test_the_states_of_a_stream_are_drawn_as_the_tables_are(name: str, expected: str) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", page, re.DOTALL)
    assert found is not None
    assert found[1].strip() == expected, f"docs/architecture.md should have:\n\n{expected}"


def rows_of(name: str) -> list[list[str]]:
    """The rows of a table in docs/acp-wire.md, without its head."""
    page = (ROOT / "docs" / "acp-wire.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", page, re.DOTALL)
    assert found is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()[2:]]


def test_the_methods_and_their_params_are_those_of_the_code() -> None:
    expected = {}
    for method, params in PARAMS.items():
        names = {each: camel_case(each.name) for each in fields(params)}
        expected[f"`{method}`"] = ", ".join(
            f"**{name}**" if each.default is NOTHING else name for each, name in names.items()
        )
    assert {method: params for method, params, _ in rows_of("methods")} == expected


def test_the_events_are_those_of_the_code() -> None:
    named = [name.strip("`") for name, *_ in rows_of("events")]
    assert sorted(named) == sorted([*NAMES.values(), INVITATION, REPLAY_GAP])


def test_every_input_meets_every_state_of_a_stream() -> None:
    assert set(HUB) == set(Input)
    assert all(set(rows) == set(StreamStatus) for rows in HUB.values())
    assert set(CLIENT) == set(ClientInput)
    assert all(set(rows) == set(ClientState) for rows in CLIENT.values())


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


@pytest.mark.parametrize(
    ("house", "folder_name"), [("hocket.testing", "src/hocket/testing"), ("hocket_io", "transports/hocket_io")]
)
def test_every_room_is_on_the_map(house: str, folder_name: str) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = page.partition(f"## The rooms of `{house}`")[2].partition("\n## ")[0]
    on_the_map = set(", ".join(re.findall(r"^ {4} *([a-z_, ]+?)  +\S", section, re.MULTILINE)).split(", "))
    folder = ROOT / folder_name
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert on_the_map == packages | {path.stem for path in folder.glob("*.py") if path.stem != "__init__"}


def test_every_strategy_is_in_the_table_of_them() -> None:
    page = (ROOT / "docs" / "implementations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+) \|", page.partition("| strategy ")[2].partition("\n\n")[0], re.MULTILINE)
    told = re.findall(r"`(\w+)`", " ".join(rows))
    assert sorted(told) == sorted(name for name in strategies.__all__ if name.islower())


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^[a-z0-9_-]+$", index, re.MULTILINE)
    assert sorted(listed) == sorted(page.stem for page in ROOT.glob("docs/*.md") if page.stem != "index")


def test_every_example_is_named_in_a_page() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for example in ROOT.glob("examples/*.py"):
        assert f"examples/{example.name})" in pages, f"no page links to {example.name}"


def test_what_is_heard_in_a_stream_can_be_imported_from_where_the_page_says() -> None:
    page = (ROOT / "docs" / "streams.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+`) +\|", page.partition("## What is heard")[2].partition("\n## ")[0], re.MULTILINE)
    names = re.findall(r"`(\w+)`", " ".join(rows))
    assert len(names) > 10
    assert [name for name in names if name not in hocket.acp.__all__] == []
