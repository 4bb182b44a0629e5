"""ListTasks (A2A 1.0 section 3.1.4): filters, order, pages; while tasks come and change."""

import json

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import (
    V1_0,
    Artifact,
    Find,
    ListTasksRequest,
    Message,
    Operation,
    Owner,
    Part,
    Role,
    Server,
    Task,
    TaskArtifactUpdateEvent,
    TaskQuery,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.entropy import seeded
from hocket.timestamps import timestamp
from hocket_io.stores import MemoryStore
from hocket_io.stores.paging import PageTokens
from support.world import World

STATES = [TaskState.WORKING, TaskState.COMPLETED, TaskState.INPUT_REQUIRED]


def answer(world, link="ada"):
    """The one answer that the link has got: a result, or an error's code."""
    (given,) = world.deliveries(link)
    return given.error if hasattr(given, "error") else json.loads(given.result)


def listed(world, **params):
    world.ask("ada", "ListTasks", **params)
    return answer(world)


@pytest.fixture
def world():
    """Three tasks of which the second was completed last: t1 working, t2 completed, t3 input required."""
    world = World.of()
    for number in (1, 2, 3):
        world.now = float(number)
        world.begin("bob", message_id=f"m{number}", context=f"c{number % 2}")
        world.say("Hello", last=True)
    world.now = 10.0
    world.finish(TaskState.INPUT_REQUIRED)
    world.runs.pop()
    world.now = 20.0
    world.finish()
    return world


def test_the_task_whose_status_is_newest_comes_first(world):
    page = listed(world)
    assert [task["status"]["state"][11:] for task in page["tasks"]] == ["COMPLETED", "INPUT_REQUIRED", "WORKING"]
    assert (page["nextPageToken"], page["pageSize"], page["totalSize"]) == ("", 50, 3)


def test_artifacts_are_left_out_unless_they_are_asked_for(world):
    assert all("artifacts" not in task for task in listed(world)["tasks"])
    texts = [task["artifacts"][0]["parts"][0]["text"] for task in listed(world, includeArtifacts=True)["tasks"]]
    assert texts == ["Hello"] * 3


@pytest.mark.parametrize(("length", "messages"), [(None, 1), (0, 0), (5, 1)])
def test_as_much_of_the_history_as_is_asked_for(world, length, messages):
    params = {} if length is None else {"historyLength": length}
    assert [len(task.get("history", [])) for task in listed(world, **params)["tasks"]] == [messages] * 3


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"status": "TASK_STATE_COMPLETED"}, 1),
        ({"status": 2}, 1),
        ({"status": "TASK_STATE_UNSPECIFIED"}, 3),
        ({"contextId": "c1"}, 2),
        ({"contextId": ""}, 3),
        ({"contextId": "c1", "status": "TASK_STATE_COMPLETED"}, 0),
        ({"statusTimestampAfter": "1970-01-01T00:00:10Z"}, 2),
        ({"statusTimestampAfter": "1970-01-01T01:00:10.001+01:00"}, 1),
        ({"tenant": ""}, 3),
        ({"tenant": "other"}, 0),
    ],
)
def test_filters(world, params, found):
    page = listed(world, **params)
    assert (len(page["tasks"]), page["totalSize"]) == (found, found)


def test_an_empty_list_has_all_its_members():
    assert listed(World.of()) == {"tasks": [], "nextPageToken": "", "pageSize": 50, "totalSize": 0}


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"pageSize": 0}, "pageSize"),
        ({"pageSize": 101}, "pageSize"),
        ({"pageSize": "many"}, "pageSize"),
        ({"historyLength": -1}, "historyLength"),
        ({"statusTimestampAfter": "yesterday"}, "statusTimestampAfter"),
        ({"status": "TASK_STATE_LAZY"}, "status"),
        ({"pageToken": "AAAA"}, "pageToken"),
        ({"pageToken": "no token at all"}, "pageToken"),
        ({"contextId": "c" * 257}, "contextId"),
    ],
)
def test_what_cannot_be_listed_names_the_field(world, params, field):
    error = listed(world, **params)
    assert error.code == -32602
    assert error.data[1]["fieldViolations"][0]["field"] == field
    assert field in error.message


def test_everything_that_is_wrong_is_named(world):
    error = listed(world, pageSize=0, historyLength=-1, statusTimestampAfter="")
    fields = [each["field"] for each in error.data[1]["fieldViolations"]]
    assert fields == ["historyLength", "pageSize", "statusTimestampAfter"]


def test_a_token_is_good_for_its_own_list_only(world):
    token = listed(world, pageSize=1)["nextPageToken"]
    assert len(listed(world, pageSize=2, pageToken=token)["tasks"]) == 2, "the size of a page may change"
    for other in (
        {"pageToken": token, "contextId": "c1"},
        {"pageToken": token, "tenant": "other"},
        {"pageToken": token, "status": "TASK_STATE_WORKING"},
    ):
        assert listed(world, **other).code == -32602
    other_store = World.of()
    assert listed(other_store, pageToken=token).code == -32602


@given(st.data())
def test_a_token_that_was_tampered_with_is_none(data):
    tokens, query = PageTokens(key=b"0123456789abcdef"), TaskQuery(owner=Owner())
    place = (data.draw(st.integers(0, 2**62)), data.draw(st.text(min_size=1, max_size=4)))
    token = tokens.write(query, place)
    assert tokens.read(query, token) == place
    assert tokens.read(query, token[: data.draw(st.integers(0, len(token) - 1))]) is None
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("Aa9-_=+é"))
    assert other == token[at] or tokens.read(query, token[:at] + other + token[at + 1 :]) is None
    for junk in ("!", "=", "A", "!!!!", "    "):
        assert tokens.read(query, token[:at] + junk + token[at:]) is None
    assert PageTokens().read(query, token) is None


def test_0_3_has_no_lists(world):
    world.ask("ada", "tasks/list", version=None)
    assert answer(world).code == -32601


def test_who_has_left_or_wants_no_answer_gets_none(world):
    world.hold()
    world.ask("ada", "ListTasks", request_id=1)
    world.ask("ada", "ListTasks", request_id=2)
    world.ask("eve", "ListTasks", request_id=3)
    world.server.cancel_call("ada", 1, 0.0)
    world.server.disconnect("eve", 0.0)
    world.ask("eve", "GetTask", "unknown", request_id=9)
    world.release()
    refused, found = world.deliveries("ada")
    assert (refused.error.code, refused.request_id) == (-32800, 1)
    assert (json.loads(found.result)["totalSize"], found.request_id) == (3, 2)
    assert [each.request_id for each in world.deliveries("eve")] == [9]


def test_a_store_that_is_asked_is_asked_all_there_is_to_know():
    server = Server(entropy=seeded(1))
    world = World(server)
    world.hold()
    service = {"principal": "ada"}
    world.ask("x", "ListTasks", service=service, tenant="acme", contextId="c", status=2, pageSize="7", pageToken="t")
    (find,) = world.held
    assert find == Find(
        ticket=1,
        query=TaskQuery(
            owner=Owner("ada", "acme"), context_id="c", status=TaskState.WORKING, page_size=7, page_token="t"
        ),
    )
    server.found(1, None, 0.0)
    server.found(1, None, 0.0)  # answered already: nobody waits
    assert len(world.deliveries("x")) == 1


# Pages against a model: a filter over all there is, while tasks come and change.


def begun(task_id, context, state, now):
    said = Message(message_id="m", role=Role.USER, parts=(Part(text="hi"),))
    status = TaskStatus(state=state, timestamp=timestamp(now))
    return Task(id=task_id, context_id=context, status=status, history=(said,))


def changed(task_id, state, now):
    return TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=state, timestamp=timestamp(now)))


TASKS = st.lists(
    st.tuples(st.sampled_from(["c1", "c2"]), st.sampled_from(STATES), st.sampled_from(["ada", "eve"])), max_size=8
)
CHANGES = st.lists(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(STATES), st.integers(0, 1)), max_size=2), max_size=8
)


@given(
    tasks=TASKS,
    changes=CHANGES,
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    context=st.sampled_from([None, "c1"]),
    status=st.sampled_from([None, TaskState.WORKING]),
    after=st.sampled_from([None, 2.0]),
)
def test_the_pages_together_are_the_list(tasks, changes, sizes, context, status, after):
    """No task is on two pages; each that stays as it is, and matches, is on one; each page is in order.

    (One that changes while somebody turns the pages may be missed: it is at the head of the list now.)
    """
    store, model, clock = MemoryStore(), {}, 0.0
    for number, (in_context, state, owner) in enumerate(tasks):
        clock += number % 2  # so that some have the same time
        store.append(f"t{number}", 0, [begun(f"t{number}", in_context, state, clock)], Owner(owner))
        model[f"t{number}"] = [in_context, state, owner, clock, 1]

    def matches(task_id):
        in_context, state, owner, since, _ = model[task_id]
        return (
            owner == "ada"
            and context in (None, in_context)
            and status in (None, state)
            and (after is None or since >= after)
        )

    query = TaskQuery(
        owner=Owner("ada"),
        context_id=context,
        status=status,
        status_timestamp_after=None if after is None else timestamp(after),
    )
    seen, touched, turn = [], set(), 0
    before = {task_id for task_id in model if matches(task_id)}
    while turn == 0 or query.page_token:
        assert turn <= len(tasks), "the list has an end"
        query = evolve(query, page_size=sizes[turn % len(sizes)])
        page = store.find(query)
        assert page.total_size == sum(map(matches, model))
        ids = [task.id for task in page.tasks]
        assert all(matches(task_id) for task_id in ids)
        assert ids == sorted(ids, key=lambda each: (model[each][3], each), reverse=True)
        assert [task.status.state for task in page.tasks] == [model[each][1] for each in ids]
        seen += ids
        for number, state, later in changes[turn] if turn < len(changes) else []:
            task_id = f"t{number}"
            if task_id in model:
                clock += later
                store.append(task_id, model[task_id][4], [changed(task_id, state, clock)])
                model[task_id][1], model[task_id][3] = state, clock
                model[task_id][4] += 1
                touched.add(task_id)
        query, turn = evolve(query, page_token=page.next_page_token), turn + 1
    assert len(seen) == len(set(seen))
    assert before - touched <= set(seen)
    if not touched:
        assert seen == sorted(before, key=lambda each: (model[each][3], each), reverse=True)


def test_a_page_is_no_larger_than_the_store_allows():
    store = MemoryStore(page_size=10_000)
    for number, size in enumerate([6_000, 20_000, 3_000, 2_000, 1_000]):
        task = begun(f"t{number}", "c", TaskState.WORKING, float(number))
        artifact = Artifact(artifact_id="a", parts=(Part(text="x" * size),))
        chunk = TaskArtifactUpdateEvent(task_id=task.id, artifact=artifact)
        store.append(task.id, 0, [task, chunk])
    query, pages = TaskQuery(owner=Owner()), []
    while not pages or query.page_token:
        page = store.find(query)
        pages.append("".join(task.id[1:] for task in page.tasks))
        assert page.total_size == 5
        query = evolve(query, page_token=page.next_page_token)
    assert pages == ["432", "1", "0"]


def test_a_clock_that_goes_backwards_shows_no_task_twice():
    """An agent may give its statuses times of its own, wrong ones and unreadable ones."""
    store = MemoryStore()
    for number, now in enumerate([5.0, 6.0]):
        store.append(f"t{number}", 0, [begun(f"t{number}", "c", TaskState.WORKING, now)])
    query = TaskQuery(owner=Owner(), page_size=1)
    first = store.find(query)
    store.append("t1", 1, [changed("t1", TaskState.WORKING, 1.0)])
    unreadable = TaskStatusUpdateEvent(task_id="t1", status=TaskStatus(state=TaskState.WORKING, timestamp="noon"))
    store.append("t1", 2, [unreadable])
    second = store.find(evolve(query, page_token=first.next_page_token))
    assert [task.id for page in (first, second) for task in page.tasks] == ["t1", "t0"]
    assert second.next_page_token == ""


def test_the_parameters_have_defaults_that_are_not_sent():
    assert V1_0.write_params(Operation.LIST, ListTasksRequest()) == {}
