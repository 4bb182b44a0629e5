"""Events that come one at a time: how long a word takes from agent to reader, and what it costs the server.

50 streams are open, on each of which the agent says a word ten times a second: nothing can be joined with anything. A
word says when it was said. The processor time is that of the server while all streams are under way, so that what it
takes to begin and to end them is not in it. The floor is the raw ASGI writer. `./dev bench paced`
"""

import re
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from attrs import Factory, define
from harness import Benchmark, Chart, Contender, Contest, LeftOut, Options, Program, Target, main
from harness.contest import Once
from harness.reader import Reading, Way, arrivals, ask
from harness.servers import A2A_SDK, FASTA2A, HOCKET, RAW, Server

_PAUSE = 0.1
_SAID = re.compile(rb'"@(\d+\.\d+) and')


@define(eq=False)
class Watch:
    """Words as they come, from when every stream has said its first one, for some seconds."""

    process: Program
    seconds: float
    silent: set[int]
    took: list[float] = Factory(list)
    """The seconds that each word took."""
    begun: float | None = None
    at_first: float = 0.0
    used: float | None = None
    """The processor time of the server, once the time is over."""

    def take(self, reading: Reading, data: bytes) -> None:
        """Look at what has come."""
        now = time.time()
        said = _SAID.findall(data)
        if self.begun is None:
            if said:
                self.silent.discard(id(reading))
            if not self.silent:
                self.begun, self.at_first = now, self.process.cpu_seconds()
        elif self.used is None:
            self.took += [now - float(when) for when in said]
            if now - self.begun >= self.seconds:
                self.used = self.process.cpu_seconds() - self.at_first


def watch(process: Program, way: Way, streams: int, seconds: float) -> tuple[list[float], float]:
    """The seconds that each word took, of those that came in so much time, and the processor time of the server."""
    words = round((seconds + 0.5) / _PAUSE)
    readings = []
    for number in range(streams):
        readings.append(ask(process.port, way.request(process.port, f"{words} {_PAUSE}", number)))
        time.sleep(_PAUSE / streams)  # so that they do not all speak at once
    watched = Watch(process, seconds, {id(reading) for reading in readings})
    for reading, data in arrivals(readings):
        watched.take(reading, data)
    if watched.used is None:
        raise LeftOut("the streams have ended too early")
    return watched.took, watched.used


def paced(server: Server, streams: int, seconds: float) -> Contender:
    """So many streams for so long."""

    @contextmanager
    def ready() -> Iterator[Once]:
        with server.started() as process:

            def once() -> Mapping[str, float]:
                took, used = watch(process, server.way, streams, seconds)
                cuts = statistics.quantiles(took, n=100, method="inclusive")
                return {"ms p50": 1e3 * cuts[49], "ms p99": 1e3 * cuts[98], "µs CPU/event": 1e6 * used / len(took)}

            yield once

    return Contender(server.name, ready, is_peer=server.is_peer, warms_up=False)


def contests(options: Options) -> list[Contest]:
    """One contest."""
    servers = options.pick((HOCKET, RAW, A2A_SDK, FASTA2A), (HOCKET, RAW, A2A_SDK, FASTA2A), (HOCKET,))
    streams, seconds = options.pick(50, 50, 2), options.pick(2.5, 1.0, 0.2)
    return [Contest("50 streams, 10 events a second each", [paced(each, streams, seconds) for each in servers])]


ALONE = (
    "An event that comes alone pays for everything once: agent, log, fold, and the waking of its reader, which is a "
    "task of its own. Tried: a bare future and a timer that goes on for each wait, one look into the log for each "
    "event."
)
TOGETHER = (
    "Timer, agent, reader: the loop has three turns for an event, and two for one of the raw writer, which writes as "
    "soon as it wakes. Writing from within the agent's own task would end that, and would let one slow reader hold up "
    "an agent. Tried: an agent that has waited begins its time anew, so that its event needs no turn of its own."
)
"""What was tried where a target is missed."""

BENCHMARK = Benchmark(
    "paced",
    __doc__,
    contests,
    targets=[
        Target("50 streams, 10 events a second each", "µs CPU/event", "raw ASGI writer", at_most=1.5, note=ALONE),
        Target("50 streams, 10 events a second each", "ms p50", "raw ASGI writer", at_most=2, note=TOGETHER),
    ],
    charts=[Chart("paced", "50 streams, 10 events a second each", "µs CPU/event", "An event that comes by itself")],
    rounds=4,
    minutes=0.9,
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
