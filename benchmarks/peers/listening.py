"""How servers of other people listen: uvicorn on a port of its own, which is told on stdout."""

import socket

import uvicorn


def serve(make_app):
    """Serve what `make_app(url)` makes until the process is ended, with the options that all have here."""
    # asyncio sets TCP_NODELAY only where a socket names its protocol, as those do that uvicorn makes by itself.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(2048)
        url = "http://{}:{}/".format(*listening.getsockname())
        config = uvicorn.Config(make_app(url), log_level="warning", access_log=False, server_header=False)
        print(url, flush=True)
        uvicorn.Server(config).run([listening])
