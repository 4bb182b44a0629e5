"""A process that has imported what hocket's commands and examples import, and waits to be asked for copies of itself.

Run by `support.forks`, with the number of its end of a socket pair, and the path of a socket at which others can ask
(`support.stand_in`). A request is JSON, `{"argv", "cwd", "env", "executable"}`, with four file descriptors: stdin,
stdout and stderr of the copy, and a pipe for news of it: its process id, then its end. Where nobody reads the news any
more, the copy is killed. A copy goes on as the program and ends as any interpreter does, with all that is told then.
"""

import importlib
import json
import os
import random
import runpy
import select
import signal
import socket
import sys
import types

COMMANDS = ("bench", "card", "commands", "decode", "hub", "join", "pipe", "send", "serve", "tail", "task")
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
    """Make a copy. Returns the request in the copy, and None in this process."""
    if os.fork():
        return None
    *standard, news = fds
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child:  # its parent stays, to tell how it ended
        os.write(news, b"%d\n" % child)
        for fd in standard:
            os.close(fd)
        _kill_unless_awaited(child, news)
        _, status = os.waitpid(child, 0)
        try:
            os.write(news, b"%d\n" % os.waitstatus_to_exitcode(status))
        except BrokenPipeError:
            pass
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
    return request


def _kill_unless_awaited(child, news):
    """Wait until the copy ends, and kill it if whoever wanted to know is gone."""
    if not hasattr(os, "pidfd_open"):
        return
    ended, poll = os.pidfd_open(child), select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(news, 0)  # that nobody reads it is told anyway
    if ended not in dict(poll.poll()):
        os.kill(child, signal.SIGKILL)


def serve(channel, door):
    """Answer requests until there are no more; in a copy, return what was requested."""
    while True:
        asked = select.select([channel, door], [], [])[0][0]
        with asked.accept()[0] if asked is door else socket.socket(fileno=os.dup(channel.fileno())) as caller:
            data, fds, _, _ = socket.recv_fds(caller, 1 << 20, 4)
        if not data:
            return None
        request = fork(json.loads(data), fds)
        if request is not None:
            return request
        for fd in fds:
            os.close(fd)


def become(argv, env, executable):
    """Go on as `python -m NAME …`, `python -c PROGRAM …` or `python FILE …`."""
    sys.executable = executable
    sys.path[:0] = [path for path in env.get("PYTHONPATH", "").split(os.pathsep) if path and path not in sys.path]
    if env.get("PYTHONUNBUFFERED"):
        sys.stdout.reconfigure(line_buffering=True)
    if argv[0] == "-m":
        sys.path.insert(0, os.getcwd())
        sys.argv = argv[1:]
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
    elif argv[0] == "-c":
        sys.path.insert(0, "")
        sys.argv = ["-c", *argv[2:]]
        sys.modules["__main__"] = main = types.ModuleType("__main__")
        exec(compile(argv[1], "<string>", "exec"), vars(main))
    else:
        sys.path.insert(0, os.path.dirname(os.path.abspath(argv[0])))
        sys.argv = argv
        runpy.run_path(argv[0], run_name="__main__")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for needed in NEEDED:
        importlib.import_module(needed)
    with socket.socket(fileno=int(sys.argv[1])) as asked, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(sys.argv[2])
        listening.listen(64)
        wanted = serve(asked, listening)
    if wanted is not None:
        become(wanted["argv"], wanted["env"], wanted["executable"])
