"""The agent-client-protocol SDK in the pipe benchmark: an agent in a child process that answers in chunks; its client.

`with_agent_client_protocol.py` is the parent, with `child` it is the child; see `orders`. A message is a
`session/update` with a chunk of the agent's message, as editors show it.
"""

import asyncio
import sys
from typing import Any

from acp import (
    PROTOCOL_VERSION,
    Agent,
    Client,
    InitializeResponse,
    NewSessionResponse,
    PromptResponse,
    run_agent,
    spawn_agent_process,
    text_block,
    update_agent_message_text,
)
from orders import Order, orders, text


class Words(Agent):
    """Says so many chunks as it is asked for."""

    def on_connect(self, conn: Client) -> None:
        self.client = conn

    async def initialize(self, protocol_version: int, **_: Any) -> InitializeResponse:
        return InitializeResponse(protocol_version=protocol_version)

    async def new_session(self, cwd: str, **_: Any) -> NewSessionResponse:
        return NewSessionResponse(session_id="1")

    async def prompt(self, session_id: str, prompt: list[Any], **_: Any) -> PromptResponse:
        for number in range(int(prompt[0].text)):
            await self.client.session_update(session_id, update_agent_message_text(text(number)))
        return PromptResponse(stop_reason="end_turn")


class Ears(Client):
    """Counts what it hears."""

    heard = 0

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        self.heard += bool(update.content.text)

    def on_connect(self, conn: Agent) -> None: ...


async def parent() -> None:
    ears = Ears()
    async with spawn_agent_process(ears, sys.executable, __file__, "child") as (connection, process):
        await connection.initialize(protocol_version=PROTOCOL_VERSION)
        session = (await connection.new_session(cwd="/", mcp_servers=[])).session_id
        for order in orders():
            with order.measured(process.pid):
                await obey(order, connection, session, ears)


async def obey(order: Order, connection: Any, session: str, ears: Ears) -> None:
    for count in order.answers:
        ears.heard = 0
        await connection.prompt(session_id=session, prompt=[text_block(str(count))])
        while ears.heard < count:  # each update is told by a task of its own
            await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(run_agent(Words()) if sys.argv[1:] == ["child"] else parent())
