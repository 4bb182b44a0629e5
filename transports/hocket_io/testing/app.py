"""An ASGI application that is asked without a server: requests go in and responses come out, on a stage."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

import anyio
import anyio.lowlevel
from attrs import define, field

from hocket.testing.answers import HttpAnswer
from hocket.testing.probe import Ask
from hocket_io.http.asgi import App
from hocket_io.testing.conversations import StagedConversation
from hocket_io.testing.stage import Stage

__all__ = ["RunningApp"]

_Message = MutableMapping[str, Any]


@define(eq=False)
class RunningApp:
    """An application at work on a stage.

    Args:
        app: The application.
        stage: Where it runs.
    """

    app: App
    stage: Stage
    _is_up: anyio.Event = field(factory=anyio.Event, init=False)
    _is_wanted: anyio.Event = field(factory=anyio.Event, init=False)
    _is_down: anyio.Event = field(factory=anyio.Event, init=False)
    _failure: BaseException | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it, and wait until it is up.

        Raises:
            BaseException: It could not be started.
        """
        self.stage.begin(self._live)
        self.stage.run(self._wait_for_start)
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Stop it as a server does, and wait until it is down."""
        self.stage.run(self._shut_down)

    def open(self, url: str, ask: Ask) -> StagedConversation:
        """Send it a request, and let it have a look."""
        answer = HttpAnswer()
        left = anyio.Event()

        async def leave() -> None:
            left.set()

        conversation = StagedConversation(self.stage, answer, leave)
        self.stage.begin(self._perform, _scope(url, ask), ask.body or b"", conversation, left)
        self.stage.run(anyio.lowlevel.checkpoint)
        return conversation

    async def _live(self) -> None:
        told = [{"type": "lifespan.startup"}]

        async def receive() -> _Message:
            if told:
                return told.pop()
            await self._is_wanted.wait()
            return {"type": "lifespan.shutdown"}

        async def send(message: _Message) -> None:
            (self._is_up if message["type"] == "lifespan.startup.complete" else self._is_down).set()

        try:
            await self.app({"type": "lifespan"}, receive, send)
        except Exception as error:  # noqa: BLE001  -- told to whoever starts it
            self._failure = error
        finally:
            self._is_up.set()
            self._is_down.set()

    async def _wait_for_start(self) -> None:
        await self._is_up.wait()

    async def _shut_down(self) -> None:
        self._is_wanted.set()
        await self._is_down.wait()

    async def _perform(self, scope: _Message, body: bytes, conversation: StagedConversation, left: anyio.Event) -> None:
        pieces = [body]
        answer = conversation.answer
        assert isinstance(answer, HttpAnswer), "an application answers with responses"

        async def receive() -> _Message:
            if pieces:
                return {"type": "http.request", "body": pieces.pop(), "more_body": False}
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: _Message) -> None:
            await anyio.lowlevel.checkpoint()
            if message["type"] == "http.response.start":
                fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
                answer.receive_head(message["status"], fields)
            else:
                answer.receive_data(message.get("body", b""))
                if not message.get("more_body", False):
                    answer.receive_eof()
            conversation.ring()

        try:
            await self.app(scope, receive, send)
        except Exception as error:  # noqa: BLE001  -- told to whoever asked
            answer.receive_failure(f"the server raised {type(error).__name__}: {error}")
        answer.receive_failure("the server ended the response before it was complete")
        conversation.ring()


def _scope(url: str, ask: Ask) -> _Message:
    """What an ASGI server makes of a request."""
    parts = urlsplit(url)
    fields = {"host": parts.netloc, "accept": "application/json, text/event-stream"}
    if ask.body is not None:
        fields["content-length"] = str(len(ask.body))
    fields.update({name.lower(): value for name, value in ask.headers.items()})
    path = parts.path or "/"
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": ask.http_method,
        "scheme": parts.scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("utf-8")) for name, value in fields.items()],
    }
