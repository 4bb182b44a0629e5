"""An ASGI application on a real uvicorn, in a thread of the test."""

import threading
from contextlib import contextmanager

from hocket_io.http.listening import listen


@contextmanager
def serving(make_app, **options):
    """Serve what `make_app(url)` makes; gives the URL. Options are those of uvicorn."""
    import uvicorn

    with listen("127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        is_up = threading.Event()

        class Server(uvicorn.Server):
            async def startup(self, sockets=None):
                await super().startup(sockets)
                is_up.set()

        config = uvicorn.Config(make_app(url), log_level="warning", timeout_graceful_shutdown=2, **options)
        server = Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            assert is_up.wait(20)
            yield url
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()
