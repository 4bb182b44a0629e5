"""What the core reads at the most: bytes in, events out, on one core and without any I/O; with msgspec and without.

A chunk of text of some 300 bytes, again and again, in pieces of 64 KiB: as a JSON-RPC notification in lines and with
Content-Length headers, as a server-sent event, as an update of an artifact in A2A 1.0 (typed objects), and as a chunk
of an ACP stream (typed objects). Beside it, what decoding the same frames into dictionaries takes alone: `json.loads`,
and msgspec. By processor time, each in a process of its own. `./dev bench core`
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness import Benchmark, Chart, Contender, Contest, Options, Target, conversation, main
from harness.contest import Once

CODECS = Path(__file__).with_name("codecs")
A2A, ACP = "A2A in server-sent events", "ACP in lines"
CONTESTS = {
    "JSON-RPC in lines": "decode ACP",
    "JSON-RPC with Content-Length": "decode ACP",
    "server-sent events": None,
    A2A: "decode A2A",
    ACP: "decode ACP",
}
"""What is read, and what the program of other codecs is asked for to decode the same frames."""

WITH, WITHOUT = "msgspec, decoding alone", "json, decoding alone"
AROUND = (
    "decoding is a fifth of it. Cutting lines, telling the envelope by its beginning, bounding depth and numbers, the "
    "event, and the queue it waits in take 0.2 to 0.4 µs each; each was halved, and none can be left out"
)
OBJECTS = (
    "decoding is a third of it; frozen objects with every member checked take as long as the scanner of the standard "
    "library. What the last frame looked like cannot help, as it does in A2A: a chunk of ACP differs from the one "
    "before in its number and its time as well"
)


def ours(name: str, what: str, seconds: float, *words: str) -> Contender:
    """The core, in a process of its own."""

    @contextmanager
    def ready() -> Iterator[Once]:
        with conversation([sys.executable, CODECS / "reading.py", *words], ours=True) as program:
            yield lambda: program.ask({"what": what, "seconds": seconds})

    return Contender(name, ready)


def decoding(codec: str, what: str, seconds: float) -> Contender:
    """What decoding takes alone."""

    @contextmanager
    def ready() -> Iterator[Once]:
        with conversation([sys.executable, CODECS / "with_values.py", codec], ours=True) as program:

            def once() -> dict[str, float]:
                took = program.ask({"what": what, "seconds": seconds})["chunk, µs"]
                return {"frames/s": 1e6 / took, "µs/frame": took}

            yield once

    return Contender(f"{codec}, decoding alone", ready)


def contests(options: Options) -> Sequence[Contest]:
    """One for each protocol."""
    seconds = options.pick(0.25, 0.1, 0.0)
    if options.scale == "tiny":
        return [Contest(A2A, [decoding("json", "decode A2A", seconds)])]
    return [
        Contest(
            what,
            [
                ours("hocket", what, seconds),
                ours("hocket without msgspec", what, seconds, "stdlib"),
                *([decoding(codec, decode, seconds) for codec in ("msgspec", "json")] if decode else []),
            ],
        )
        for what, decode in CONTESTS.items()
    ]


BENCHMARK = Benchmark(
    "core",
    __doc__,
    contests,
    targets=[
        Target(A2A, "frames/s", at_least=150_000),
        Target(ACP, "frames/s", at_least=250_000),
        Target(ACP, "frames/s", ours="hocket without msgspec", at_least=80_000),
        *[Target(each, "µs/frame", WITH, at_most=4, note=AROUND) for each in ("JSON-RPC in lines", A2A, ACP)],
        *[
            Target(each, "µs/frame", WITHOUT, ours="hocket without msgspec", at_most=1.5, note=OBJECTS)
            for each in ("JSON-RPC in lines", A2A, ACP)
        ],
    ],
    charts=[Chart("core", A2A, "frames/s", "Bytes to typed events, A2A over SSE, one core")],
    minutes=0.7,
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
