"""The ASGI application when a client leaves, stops reading, or waits in silence."""

import anyio
import pytest

from hocket_io.http.asgi import App
from hocket_io.http.hub_app import HubApp
from support.agents import agent_of, greeter
from support.asgi import Lifespan, Request, host_of, message, post, text_in


def patient(on_disconnect, go_on):
    async def wait(task):
        yield "before "
        await go_on.wait()
        yield "after"

    return agent_of(wait, on_disconnect=on_disconnect)


@pytest.mark.parametrize("readers", [1, 2])
@pytest.mark.parametrize(("on_disconnect", "state"), [("continue", "completed"), ("cancel", "canceled")])
def test_clients_that_leave_early(run, on_disconnect, state, readers):
    async def talk():
        go_on = anyio.Event()
        app = App(patient(on_disconnect, go_on))
        async with Lifespan(app), anyio.create_task_group() as group:
            first = post(app, "message/stream", message())
            group.start_soon(first.perform)
            await first.until(b"before")
            task_id = first.events()[0]["id"]
            if readers == 2:
                second = post(app, "tasks/resubscribe", {"id": task_id})
                group.start_soon(second.perform)
                await second.until(b"before")
                second.leaves.set()
                await anyio.wait_all_tasks_blocked()
                assert len(app._site.hosts.answers) == 1  # one is left: the task goes on in any case
                found = await post(app, "tasks/get", {"id": task_id}).perform()
                assert found.json()["result"]["status"]["state"] == "working"
            first.leaves.set()
            await anyio.wait_all_tasks_blocked()
            assert host_of(app)._links == {}
            assert app._site.hosts.answers == {}
            go_on.set()
            await anyio.wait_all_tasks_blocked()
            found = await post(app, "tasks/get", {"id": task_id}).perform()
            assert host_of(app)._links == {}
            assert host_of(app)._runner._running == {}
        return found.json()["result"]

    task = run(talk)
    assert task["status"]["state"] == state
    texts = [part["text"] for part in task["artifacts"][0]["parts"]]
    assert "".join(texts) == ("before after" if state == "completed" else "before ")


@pytest.mark.parametrize(("on_disconnect", "state"), [("continue", "completed"), ("cancel", "canceled")])
def test_a_client_that_leaves_while_it_waits_for_an_answer(run, on_disconnect, state):
    async def talk():
        go_on = anyio.Event()
        app = App(patient(on_disconnect, go_on))
        async with Lifespan(app), anyio.create_task_group() as group:
            waits = post(app, "message/send", message())
            group.start_soon(waits.perform)
            await anyio.wait_all_tasks_blocked()
            waits.leaves.set()
            await anyio.wait_all_tasks_blocked()
            assert host_of(app)._links == {}
            (task_id,) = host_of(app).store._tasks
            go_on.set()
            await anyio.wait_all_tasks_blocked()
            return (await post(app, "tasks/get", {"id": task_id}).perform()).json()["result"]

    assert run(talk)["status"]["state"] == state


def test_a_server_that_reports_the_leaving_by_an_exception(run):
    async def talk():
        app = App(greeter())
        request = post(app, "message/stream", message())

        async def send(message):
            raise OSError("client disconnected")

        await app(request.scope, request.receive, send)
        assert host_of(app)._links == {}
        assert app._site.hosts.answers == {}

    run(talk)


def test_it_is_noticed_between_small_writes_that_the_client_is_gone(run):
    async def talk():
        app = App(agent_of(lambda task: (f"{number} " for number in range(300))))
        async with Lifespan(app):
            task = (await post(app, "message/send", message()).perform()).json()["result"]
            (name,) = app._site.hosts.running
            params = {"id": task["id"], "streamConfig": {"bufferSize": 1}}
            request = post(app, "tasks/resubscribe", params, path=f"/agents/{name}/a2a")

            async def send(told):  # as servers do while there is room in the buffer of the socket: without a wait
                request.sent.append(told)
                if len(request.sent) == 10:
                    request.leaves.set()

            request.send = send
            await request.perform()
        return len(request.sent)

    assert 10 <= run(talk) < 20


def test_a_reader_that_stops_reading_holds_up_nobody(run):
    async def talk():
        app = App(greeter())
        stalled = post(app, "message/stream", message("one"))
        wants_no_more = anyio.Event()

        async def send(message):
            await wants_no_more.wait()

        async with anyio.create_task_group() as group:
            group.start_soon(app, stalled.scope, stalled.receive, send)
            other = await post(app, "message/stream", message("two")).perform()
            assert text_in(other.events()) == "Hello two"
            group.cancel_scope.cancel()

    run(talk)


def test_a_reader_that_comes_back_to_reading_when_all_is_said_gets_all_of_it(run):
    async def talk():
        is_over = anyio.Event()

        async def talkative(task):
            for number in range(6_000):
                yield f"{number} "
            is_over.set()

        app = App(agent_of(talkative))
        reader = post(app, "message/stream", message())

        async def send(told):
            if told.get("body"):
                await is_over.wait()
            await reader.send(told)

        with anyio.fail_after(20):
            await app(reader.scope, reader.receive, send)
        assert reader.is_complete
        return reader.events()

    events = run(talk)
    assert text_in(events).split() == [str(number) for number in range(6_000)]
    assert events[-1]["status"]["state"] == "completed"


def test_silence_is_filled_with_comments(run):
    async def talk():
        go_on = anyio.Event()
        app = App(patient("continue", go_on), keep_alive=1e-9)  # as often as possible
        async with anyio.create_task_group() as group:
            request = post(app, "message/stream", message())
            group.start_soon(request.perform)
            await request.until(b": keep-alive\n\n")
            go_on.set()
        return request

    assert text_in(run(talk).events()) == "before after"


@pytest.mark.parametrize("make", [lambda: App(greeter()), HubApp])
def test_a_body_that_is_still_on_its_way_when_the_server_stops_is_asked_for_again(run, make):
    async def talk():
        app = make()
        request = Request(app, path="/jsonrpc", pieces=[b'{"jso'])

        async def receive():
            if request.pieces:
                return {"type": "http.request", "body": request.pieces.pop(), "more_body": True}
            return await anyio.sleep_forever()

        request.receive = receive
        async with Lifespan(app), anyio.create_task_group() as group:
            group.start_soon(request.perform)
            await anyio.wait_all_tasks_blocked()
            app.close_calls()
        return request

    request = run(talk)
    assert (request.status, request.content) == (503, b"the server is shutting down: ask again\n")
