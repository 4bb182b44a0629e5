"""A process that has imported what hocket's commands and examples import, and waits to be asked for copies of itself.

Run by `support.forks`, with the number of its end of a socket pair. A request is JSON, `{"argv", "cwd", "env"}`, with
four file descriptors: stdin, stdout and stderr of the copy, and a pipe for news of it: its process id, then its end.
A copy goes on as the program and ends as any interpreter does, with all that is told at its end.
"""

import importlib
import json
import os
import random
import runpy
import signal
import socket
import sys

COMMANDS = ("commands", "decode", "hub", "join", "pipe", "send", "serve", "tail", "task")
NEEDED = (
    *(f"hocket_io.cli.{name}" for name in COMMANDS),
    "hocket_io.acp.serving",
    "hocket_io.http.client",
    "hocket_io.http.heads",
    "hocket_io.http.hub_app",
    "hocket_io.http.listening",
    "hocket_io.stdio",
    "hocket_io.tap",
    "hocket_io.websocket.connection",
    "anyio._backends._asyncio",
    "anyio._backends._trio",
    "concurrent.futures.thread",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)
"""What programs would import otherwise. What is missing here costs its time in each of them, and no more."""


def fork(request, fds):
    """Make a copy. Returns the arguments of its program in the copy, and None in this process."""
    if os.fork():
        return None
    *standard, news = fds
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child:  # its parent stays, to tell how it ended
        os.write(news, b"%d\n" % child)
        for fd in standard:
            os.close(fd)
        _, status = os.waitpid(child, 0)
        os.write(news, b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    os.close(news)
    for number, fd in enumerate(standard):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    random.seed()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return request["argv"]


def serve(channel):
    """Answer requests until there are no more; in a copy, return the arguments of its program."""
    while True:
        data, fds, _, _ = socket.recv_fds(channel, 1 << 20, 4)
        if not data:
            return None
        argv = fork(json.loads(data), fds)
        if argv is not None:
            return argv
        for fd in fds:
            os.close(fd)


def become(argv):
    """Go on as `python -m NAME …` or `python FILE …`."""
    if argv[0] == "-m":
        sys.path.insert(0, os.getcwd())
        sys.argv = argv[1:]
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, os.path.dirname(os.path.abspath(argv[0])))
        sys.argv = argv
        runpy.run_path(argv[0], run_name="__main__")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for needed in NEEDED:
        importlib.import_module(needed)
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        program = serve(asked)
    if program is not None:
        become(program)
