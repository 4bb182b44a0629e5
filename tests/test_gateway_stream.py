"""A gateway's stream by itself: how it ends, and what comes after that. Without I/O, in virtual time."""

import pytest

from hocket.a2a import Ended, Opened, Refused, TaskState
from hocket.errors import ErrorObject
from hocket.http.event_body import EVENT_STREAM
from hocket.http.gateway_body import GatewayBody
from hocket.http.gateway_config import StreamConfig
from hocket.http.gateway_stream import SHUTTING_DOWN, GatewayStream
from hocket.http.gateway_telling import NewTasks, OneTask
from hocket.http.messages import Response, text_response
from hocket.http.progress_telling import TaskProgress
from support.items import run_of

LOST = ErrorObject(4001, "there is no such task")
OPENED = Opened(request_id="a", task_id="a")
ITEM = run_of(b'{"n":1}', request_id="a")
ENDED = Ended(request_id="a", offset=1, state=TaskState.COMPLETED)
REFUSED = Refused(request_id="a", error=LOST)
TOO_MUCH_UNREAD = Refused(request_id=None, error=LOST)
HEAD = Response(status=200, headers=EVENT_STREAM, body=None)


def refusal(error):
    return text_response(400, error.message)


def stream(telling):
    body = GatewayBody(1_720_017_000.0, StreamConfig(heartbeat=10, buffer_size=1), keep_alive=None)
    return GatewayStream(body, telling, refusal)


def one_task():
    return stream(OneTask(is_event_source=True))


def progress():
    return stream(TaskProgress({"a": 0}, 1))


def new_tasks():
    return stream(NewTasks())


def written(answer):
    return b"".join(piece for write in iter(answer.data_to_send, []) for piece in write)


ENDS = [(one_task, ENDED), (one_task, REFUSED), (progress, ENDED), (progress, REFUSED), (new_tasks, TOO_MUCH_UNREAD)]


@pytest.mark.parametrize(("begin", "last"), ENDS)
def test_a_stream_that_is_over_is_read_to_its_end(begin, last):
    answer = begin()
    answer.deliver([ITEM, last], 0.0)
    assert (answer.is_over, answer.is_closed, answer.next_timeout()) == (True, False, None)
    answer.cut()
    answer.handle_timeout(60.0)
    told, _, failure = written(answer).partition(b"event: error")
    assert (told.endswith(b'data: {"n":1}\n\n'), told.count(b"data: ")) == (True, 1)
    assert (bool(failure), failure.count(b"data: ")) == ((True, 1) if isinstance(last, Refused) else (False, 0))
    assert (answer.is_closed, answer.is_cut) == (True, False), "nothing is missing"


@pytest.mark.parametrize("begin", [one_task, progress])
@pytest.mark.parametrize(("last", "response"), [(ENDED, Response(status=204)), (REFUSED, refusal(LOST))])
def test_a_stream_that_tells_nothing_is_a_response_and_comes_once(begin, last, response):
    answer = begin()
    answer.deliver([OPENED, last], 0.0)
    assert (answer.next_response(), answer.is_closed) == (response, True)
    answer.deliver([], 0.0)
    answer.cut()
    assert (answer.next_response(), written(answer), answer.is_cut) == (None, b"", False)


@pytest.mark.parametrize("begin", [one_task, progress])
def test_who_waits_while_the_gateway_stops_is_told_to_come_back(begin):
    answer = begin()
    answer.deliver([], 0.0)
    assert answer.next_response() is None
    answer.cut()
    assert (answer.next_response(), answer.is_closed, answer.is_cut) == (refusal(SHUTTING_DOWN), True, True)


@pytest.mark.parametrize("begin", [one_task, progress, new_tasks])
def test_a_stream_that_is_cut_lacks_its_end(begin):
    answer = begin()
    answer.deliver([OPENED, ITEM], 0.0)
    head = answer.next_response()
    assert (head.status, head.body, answer.next_timeout()) == (200, None, 10.0)
    answer.cut()
    assert (answer.next_response(), answer.is_cut, answer.next_timeout()) == (None, True, None)
    assert written(answer).endswith(b'data: {"n":1}\n\n')
    assert answer.is_closed


def test_who_hears_of_every_task_has_the_head_before_there_is_one():
    answer = new_tasks()
    answer.deliver([], 0.0)
    assert (answer.next_response(), written(answer)) == (HEAD, b":\n\n")
    answer.deliver([], 1.0)
    assert (answer.next_response(), written(answer)) == (None, b"")
