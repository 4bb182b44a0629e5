"""`hocket send` against servers that no agent of ours would be: what they are told, and what they do wrong."""

import pytest

from support.commands import error_of, invoke
from support.web import agent_that_replies, web


def test_service_parameters_and_the_token_are_header_fields() -> None:
    with web(agent_that_replies(404, b"")) as (address, asked):
        invoke("send", "-a", address, "x", "--svc-param", "x-trace: 7", env={"A2ACLI_BEARER": "secret"})
    assert {each.headers["authorization"] for each in asked} == {"Bearer secret"}
    assert {each.headers["x-trace"] for each in asked} == {"7"}


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (401, (), "A2ACLI_ERR_CREDENTIALS_MISSING"),
        (401, ("--bearer", "old"), "A2ACLI_ERR_AUTH_FAILED"),
        (403, ("--bearer", "old", "--stream"), "A2ACLI_ERR_AUTH_FAILED"),
    ],
)
def test_an_agent_that_wants_other_credentials(status: int, words: tuple[str, ...], code: str) -> None:
    with web(agent_that_replies(status, b"")) as (address, _):
        result = invoke("send", "-a", address, "x", "-o", "json", *words)
    assert (error_of(result)["code"], result.exit_code) == (code, 4)
    assert "old" not in result.stderr


def test_something_that_is_no_agent() -> None:
    with web(agent_that_replies(200, b"<html>")) as (address, _):
        result = invoke("send", "-a", address, "x")
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)


def test_a_stream_that_is_cut_says_so_and_where_the_rest_is() -> None:
    task = '{"task":{"id":"t1","status":{"state":"TASK_STATE_WORKING"}}}'
    body = f'data: {{"jsonrpc":"2.0","id":"1","result":{task}}}\n\n'.encode()
    with web(agent_that_replies(200, body, "text/event-stream")) as (address, _):
        result = invoke("send", "--stream", "--no-resume", "-a", address, "x")
    assert result.stdout == "Task: t1\nState: working\n"
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: the stream was cut in state working")
    assert hint == f"hint: hocket task get t1 --wait -a {address}"
    assert result.exit_code == 1
