"""How the scripts beside this one, which run without hocket, talk to the tests: lines on stdout."""

import json
import socket

import uvicorn


def tell(did, **what):
    """Say what came of one thing that was done."""
    print(json.dumps({"did": did, **what}), flush=True)


def serve(make_app):
    """Serve what `make_app(url)` makes, on a port of its own, until the process is killed; say the URL first."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        server = uvicorn.Server(uvicorn.Config(make_app(url), log_level="warning"))
        print(url, flush=True)
        server.run(sockets=[listening])
