"""What it takes to have hocket: the processor time of an import, what that loads, and what an installation weighs.

Every import is in a fresh interpreter, which tells the processor time of the import alone, how many modules that has
loaded, and how many of those belong to asyncio. An installation is counted with all that it needs, without compiled
files. Beside hocket stand the other SDKs, with what one imports of them to write a server or a client.
`./dev bench imports`
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness import Benchmark, Contender, Contest, Options, Target, conversation, main, python_of
from harness.contest import Once
from harness.processes import PEERS, surroundings

ROOT = Path(__file__).parents[1]
OURS = [str(ROOT / folder) for folder in ("src/hocket", "transports/hocket_io", "transports/pytest_hocket")]

_TOLD = """\
import json, sys, time
before = set(sys.modules)
begun = time.process_time()
{statement}
took = time.process_time() - begun
loaded = set(sys.modules) - before
mine = [name for name in loaded if name.partition(".")[0] == "asyncio"]
print(json.dumps({{"ms": 1e3 * took, "modules": len(loaded), "of asyncio": len(mine)}}))
"""


def importing(statement: str, python: Callable[[], Path] | None = None) -> Contender:
    """An import in a fresh interpreter."""

    @contextmanager
    def ready() -> Iterator[Once]:
        interpreter = python() if python else Path(sys.executable)

        def once() -> Mapping[str, float]:
            command = [interpreter, "-c", _TOLD.format(statement=statement)]
            environment = surroundings(ours=python is None)
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            told: Mapping[str, float] = json.loads(done.stdout)
            return told

        yield once

    return Contender(statement, ready, is_peer=python is not None)


def installing(requirement: str, python: Callable[[], Path] | None = None) -> Contender:
    """A package with all that it needs."""

    @contextmanager
    def ready() -> Iterator[Once]:
        interpreter = python() if python else Path(sys.executable)
        folders = () if python else OURS
        command = [str(interpreter), str(PEERS / "closure.py"), requirement, *folders]
        with conversation(command, ours=python is None) as process:
            yield lambda: process.ask("again")

    return Contender(requirement, ready, is_peer=python is not None)


def a2a_sdk() -> Path:
    """An interpreter with the official SDK of A2A."""
    return python_of("a2a-sdk[http-server]==1.3.0")


def fasta2a() -> Path:
    """One with fasta2a."""
    return python_of("fasta2a==2.1.1")


def acp_sdk() -> Path:
    """One with the SDK of ACP."""
    return python_of("pydantic>=2.8", "httpx", "fastapi", bare=("acp-sdk-python==1.3.0",))


def contests(options: Options) -> list[Contest]:
    """Imports and installations."""
    imports = [
        importing("import hocket"),
        importing("from hocket import Agent"),
        importing("from hocket_io import Client"),
        importing("import a2a.client, a2a.server.request_handlers", a2a_sdk),
        importing("import fasta2a", fasta2a),
        importing("import acp", acp_sdk),
    ]
    installations = [
        installing("hocket"),
        installing("hocket[fast,http]"),
        installing("a2a-sdk[http-server]", a2a_sdk),
        installing("fasta2a", fasta2a),
    ]
    return [
        Contest("import", imports[:1] if options.scale == "tiny" else imports, ours="from hocket import Agent"),
        Contest("installation", installations[:1] if options.scale == "tiny" else installations, rounds=1),
    ]


BENCHMARK = Benchmark(
    "imports",
    __doc__,
    contests,
    targets=[
        Target("import", "ms", ours="import hocket", at_most=60),
        Target("import", "of asyncio", ours="import hocket", at_most=0),
        Target("import", "of asyncio", at_most=0),
    ],
    minutes=0.2,
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
