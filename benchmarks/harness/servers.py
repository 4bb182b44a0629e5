"""The servers that are measured over HTTP, each with the agent that says words, on uvicorn with the same options."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from harness.processes import PEERS, Program, program
from harness.reader import GATEWAY, REST, RPC_0_3, RPC_1_0, Way
from harness.rooms import python_of

AGENT = Path(__file__).parents[1] / "agents" / "words.py"


@frozen
class Server:
    """A server, and how it is asked."""

    name: str
    command: Callable[[], list[str]]
    """Its command line; it raises `LeftOut` where the server cannot be installed."""
    way: Way = RPC_1_0
    is_peer: bool = False
    is_slow: bool = False
    """It would take minutes where others take seconds: it gets fewer turns."""

    @contextmanager
    def started(self) -> Iterator[Program]:
        """The server, while it serves."""
        with program(self.command(), ours=not self.is_peer) as process:
            yield process


def starting(loop: str, *arguments: str, python: str = sys.executable) -> list[str]:
    """The command that runs a program on that loop: a script, or `-m` and the name of a module."""
    return [python, str(PEERS / "starting.py"), loop, *arguments]


def _ours(loop: str = "asyncio") -> Callable[[], list[str]]:
    return lambda: starting(loop, "-m", "hocket", "serve", f"{AGENT}:agent", "--port", "0")


def theirs(script: str, *requirements: str, bare: Sequence[str] = (), loop: str = "asyncio") -> Callable[[], list[str]]:
    """The command of a script in `peers`, with an interpreter that has these packages."""
    return lambda: starting(loop, str(PEERS / script), python=str(python_of(*requirements, bare=bare)))


HOCKET = Server("hocket", _ours())
RAW = Server("raw ASGI writer", theirs("raw_server.py"))
A2A_SDK = Server(
    "a2a-sdk 1.3.0", theirs("a2a_sdk_server.py", "a2a-sdk[http-server]==1.3.0"), is_peer=True, is_slow=True
)
FASTA2A = Server("fasta2a 2.1.1", theirs("fasta2a_server.py", "fasta2a==2.1.1"), RPC_0_3, is_peer=True)
CEILING = Server("the reader's ceiling", theirs("ceiling_server.py"))

OTHER_WAYS = (
    Server("hocket, A2A 0.3", _ours(), RPC_0_3),
    Server("hocket, HTTP+JSON", _ours(), REST),
    Server("hocket, gateway", _ours(), GATEWAY),
)
ON_UVLOOP = (
    Server("hocket on uvloop", _ours("uvloop")),
    Server("raw on uvloop", theirs("raw_server.py", loop="uvloop")),
)
