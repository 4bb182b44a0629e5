"""docs/a2a.md agrees with the code: the methods of each version, the paths, and the status of each error."""

import re
from pathlib import Path

from hocket.a2a import V0_3, V1_0, Operation
from hocket.errors import Code
from hocket.http.rest_errors import STATUSES
from hocket.http.rest_paths import read_path
from hocket_io import AsyncClient, Client

PAGE = (Path(__file__).parents[1] / "docs" / "a2a.md").read_text(encoding="utf-8")

OPERATIONS = {  # by the method of our clients that stands for it on the page
    "send": Operation.SEND,
    "stream": Operation.STREAM,
    "get": Operation.GET,
    "list_tasks": Operation.LIST,
    "cancel": Operation.CANCEL,
    "resume": Operation.SUBSCRIBE,
    "set_push": Operation.PUSH_CREATE,
    "get_push": Operation.PUSH_GET,
    "list_push": Operation.PUSH_LIST,
    "delete_push": Operation.PUSH_DELETE,
    "extended_card": Operation.EXTENDED_CARD,
}


def rows_of(name):
    """The rows of a table, without its head: the words in backticks of each cell, or all of it where there are none."""
    (table,) = re.findall(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", PAGE, re.DOTALL)
    for line in table.splitlines()[2:]:
        yield [re.findall(r"`([^`]+)`", cell) or cell.strip() for cell in line.strip("|").split("|")]


METHODS = list(rows_of("methods"))


def test_the_page_has_every_operation():
    assert [ours[0] for ours, *_ in METHODS] == list(OPERATIONS)
    assert set(OPERATIONS.values()) == set(Operation)


def test_the_methods_are_those_of_our_clients():
    for names, *_ in METHODS:
        for name in names:
            assert callable(getattr(Client, name))
            assert callable(getattr(AsyncClient, name))


def test_the_methods_on_the_wire_are_those_of_the_dialects():
    for (ours, *_), old, new, _ in METHODS:
        operation = OPERATIONS[ours]
        for dialect, names in ((V0_3, old), (V1_0, new)):
            assert list(names) == [name for name, each in dialect.operations.items() if each is operation]


def test_the_paths_are_those_that_are_read():
    for (ours, *_), _, _, paths in METHODS:
        *verbs, last = paths
        verb, path = last.split()
        place = read_path(path.replace("{", "").replace("}", ""))
        assert {*verbs, verb} == {name for name, each in place.verbs.items() if each is OPERATIONS[ours]}


def test_the_errors_have_the_statuses_that_are_sent():
    told = {int(code): int(status) for code, _, status in rows_of("errors")}
    assert told == {code: STATUSES[Code(code)][0] for code in told}
    assert {code for code in Code if -32600 >= code >= -32799 or -32050 <= code < -32000} == set(told)
