"""Mistakes that people make on their first day: each is told at once, and says what to do."""

import asyncio

import pytest

from hocket import Agent
from hocket.errors import AgentError, LocalProtocolError
from hocket_io import AsyncClient, Client, serve
from hocket_io.acp import AcpClient, HubHost


def without_a_function():
    with Client(Agent("empty")) as client:
        client.text("Ada")


def without_a_function_on_a_loop():
    async def main():
        async with AsyncClient(Agent("empty")) as client:
            await client.text("Ada")

    asyncio.run(main())


@pytest.mark.parametrize(
    "use", [without_a_function, without_a_function_on_a_loop, lambda: serve(Agent("empty"), port=0)]
)
def test_an_agent_without_a_function_is_not_started(use):
    with pytest.raises(LocalProtocolError, match=r"agent 'empty' has no function: put @agent\.stream above one"):
        use()


@pytest.mark.parametrize("client", [Client, AsyncClient])
@pytest.mark.parametrize("target", [8000, None, print, b"http://127.0.0.1:8000"])
def test_a_target_that_is_no_text_and_no_agent(client, target):
    with pytest.raises(
        LocalProtocolError, match=r"is no target: give http\(s\)://HOST…, ws\(s\)://HOST…, stdio:COMMAND, or an Agent"
    ):
        client(target)


def test_a_word_that_on_disconnect_does_not_know():
    with pytest.raises(LocalProtocolError, match="on_disconnect must be 'continue' or 'cancel', not 'cancle'"):
        Agent("a", on_disconnect="cancle")


def test_an_agent_that_raises_what_is_no_exception_of_its_own_fails_its_task_and_no_other():
    agent = Agent("odd")

    @agent.stream
    async def odd(task):
        yield "so far"
        if task.text == "break":
            raise GeneratorExit

    with Client(agent) as client:
        with pytest.raises(AgentError, match="the task is failed"):
            client.text("break")
        assert client.text("go on") == "so far"


def test_a_client_of_a_hub_is_entered_once_at_a_time(run):
    async def main():
        async with HubHost() as host:
            client = AcpClient(host, agent="ada")
            for _ in range(2):
                async with client:
                    with pytest.raises(LocalProtocolError, match="open already: enter it once, and share it"):
                        await client.__aenter__()
                    await (await client.start()).end()

    run(main)
