"""The application on hypercorn, under each event loop: it streams piece by piece, and notices who leaves."""

import importlib

import anyio
import pytest
import sniffio

from hocket_io import AsyncClient
from hocket_io.http.asgi import App
from hocket_io.http.listening import listen
from support.agents import agent_of

pytest.importorskip("hypercorn", reason="hypercorn is not installed")


async def serving(app, listening, stop):
    """Serve on a socket that listens already, until `stop` is set."""
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.accesslog = config.errorlog = None
    config.graceful_timeout = 1.0
    serve = importlib.import_module(f"hypercorn.{sniffio.current_async_library()}").serve
    await serve(app, config, shutdown_trigger=stop.wait)


def test_a_stream_comes_piece_by_piece_and_a_reader_that_leaves_is_noticed(run):
    async def talk():
        go_on, left = anyio.Event(), anyio.Event()

        async def work(task):
            try:
                yield f"{task.text} "
                await go_on.wait()
                yield "and more"
                if task.text == "stay":
                    return
                await anyio.sleep_forever()
            finally:
                if task.text == "leave":
                    left.set()

        app, stop = App(agent_of(work, on_disconnect="cancel")), anyio.Event()
        with listen("127.0.0.1", 0) as listening:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
            async with anyio.create_task_group() as group:
                group.start_soon(serving, app, listening, stop)
                async with AsyncClient(url) as client:
                    async with client.stream("stay") as stream:
                        pieces = []
                        async for event in stream:
                            pieces.append(event.text)
                            if event.text:
                                go_on.set()  # the second piece is made only after the first is here
                    async with client.stream("leave") as stream:
                        async for event in stream:
                            if event.text:
                                break
                    await left.wait()
                stop.set()
        assert app._site.hosts.running == {}  # its lifespan was told of the end
        return pieces

    assert "".join(run(talk)) == "stay and more"
