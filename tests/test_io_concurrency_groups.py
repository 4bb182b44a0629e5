"""Task groups that leave the errors of their body as they are."""

import anyio
import pytest

from hocket_io.concurrency.groups import scratch_group


async def fail(error):
    raise error


def test_what_runs_in_it_ends_with_its_body(run):
    ended = []

    async def wait():
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("child")

    async def body():
        async with scratch_group() as group:
            group.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
        ended.append("group")

    run(body)
    assert ended == ["child", "group"]


def test_an_error_of_the_body_stays_itself(run):
    async def body():
        async with scratch_group() as group:
            group.start_soon(anyio.sleep_forever)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run(body)


def test_an_error_of_a_child_comes_in_a_group(run):
    async def body():
        async with scratch_group() as group:
            group.start_soon(fail, KeyError("child"))
            await anyio.sleep_forever()

    with pytest.raises(ExceptionGroup) as caught:
        run(body)
    assert [repr(error) for error in caught.value.exceptions] == ["KeyError('child')"]


def test_neither_error_hides_the_other(run):
    async def body():
        async with scratch_group() as group:
            group.start_soon(fail, KeyError("child"))
            try:
                await anyio.sleep_forever()
            finally:
                raise ValueError("body")

    with pytest.raises(ExceptionGroup) as caught:
        run(body)
    assert {type(error) for error in caught.value.exceptions} == {KeyError, ValueError}


def test_a_child_may_cancel_the_body(run):
    async def body():
        async with scratch_group() as group:

            async def cancel():
                group.cancel_scope.cancel()

            group.start_soon(cancel)
            await anyio.sleep_forever()
        return "went on"

    assert run(body) == "went on"


def test_a_cancellation_from_outside_goes_through(run):
    async def body():
        with anyio.CancelScope() as outer:
            async with scratch_group():
                outer.cancel()
                await anyio.sleep_forever()
            raise AssertionError("not reached")
        return outer.cancelled_caught

    assert run(body) is True


def test_an_error_that_is_raised_while_all_is_cancelled_stays_itself_too(run):
    """Under trio what runs in the group is then cancelled from outside, which is no error of its own."""

    async def body():
        with anyio.CancelScope() as outer:
            async with scratch_group() as group:
                group.start_soon(anyio.sleep_forever)
                await anyio.wait_all_tasks_blocked()
                outer.cancel()
                raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run(body)
