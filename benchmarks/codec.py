"""What it costs to decode a frame, and to encode one: typed objects of hocket beside json, orjson, msgspec and peers.

Processor time of one call, each codec in a process of its own. hocket reads a whole frame into frozen, checked objects,
with msgspec and without; json, orjson and `msgspec` give dictionaries, `msgspec structs` and `cattrs` objects of
classes that were written for just these frames; the peers' models do what their own packages do with a frame. What is
encoded is the result or the params, without the envelope. hocket reads and writes the A2A chunks of one artifact, as
its clients and servers do: all but the first by what stands around the text. `./dev bench codec`
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen
from harness import Benchmark, Chart, Contender, Contest, Options, Target, conversation, main, python_of
from harness.contest import Once

CODECS = Path(__file__).with_name("codecs")


@frozen
class Codec:
    """A codec, how its program is started, and what it knows."""

    name: str
    script: str
    words: tuple[str, ...] = ()
    knows: tuple[str, ...] = ("ACP", "A2A", "A2A 0.3", "JSON-RPC")
    requirement: tuple[str, ...] = ()
    """What has to be installed for it, if it is somebody else's model."""
    bare: tuple[str, ...] = ()

    def contender(self, what: str, seconds: float) -> Contender:
        """The codec as one who takes part in a contest."""

        @contextmanager
        def ready() -> Iterator[Once]:
            is_peer = bool(self.requirement or self.bare)
            python = python_of(*self.requirement, bare=self.bare) if is_peer else sys.executable
            with conversation([python, CODECS / self.script, *self.words], ours=not is_peer) as program:
                yield lambda: program.ask({"what": what, "seconds": seconds})

        return Contender(self.name, ready, is_peer=bool(self.requirement or self.bare))


ACP_SDK = ("pydantic>=2.8", "httpx", "fastapi")
EVERYBODY = [
    Codec("hocket", "with_hocket.py"),
    Codec("hocket without msgspec", "with_hocket.py", ("stdlib",)),
    Codec("json", "with_values.py", ("json",)),
    Codec("orjson", "with_values.py", ("orjson",)),
    Codec("msgspec", "with_values.py", ("msgspec",)),
    Codec("msgspec structs", "with_classes.py", ("structs",), knows=("ACP", "A2A")),
    Codec("cattrs", "with_classes.py", ("cattrs",), knows=("A2A",)),
    Codec("a2a-sdk 1.3.0", "with_models.py", ("a2a-sdk",), ("A2A",), ("a2a-sdk[http-server]==1.3.0",)),
    Codec("a2a-sdk 0.3.26", "with_models.py", ("a2a-sdk-0.3",), ("A2A 0.3",), ("a2a-sdk==0.3.26",)),
    Codec("fasta2a 2.1.1", "with_models.py", ("fasta2a",), ("A2A",), ("fasta2a==2.1.1",)),
    Codec("acp-sdk 1.3.0", "with_models.py", ("acp-sdk",), ("ACP",), ACP_SDK, ("acp-sdk-python==1.3.0",)),
]
OBJECTS = (
    "msgspec decodes into structs of this form for less than into dictionaries; to make three frozen objects of them "
    "takes 0.7 µs, by filling a shell with the same slots and giving it its class, the quickest of the ways tried"
)
ENCODING = (
    "a third of it are the questions whether the chunk has nothing to say but its text (a server asks them once, for "
    "its weight as well), a quarter is msgspec, which escapes the text; the rest is to join three pieces of bytes. "
    "Asking in place, without a call, saved 0.07 µs, and would have been there twice"
)
READING = (
    "the scanner of the standard library takes a third of it (called as it is, without what json does around it), and "
    "three frozen objects with every member checked another third; reading enums, integers and lists of one item "
    "without a call brought the objects from 2.6 µs to 1.9"
)
CONTESTS = [f"decode {name}" for name in ("ACP", "A2A", "A2A 0.3", "JSON-RPC")]
CONTESTS += [f"encode {name}" for name in ("ACP", "A2A", "A2A 0.3")]


def contests(options: Options) -> Sequence[Contest]:
    """One for each protocol and direction; a column for each shape of frame."""
    seconds = options.pick(0.1, 0.04, 0.0)
    if options.scale == "tiny":
        return [Contest("decode A2A", [EVERYBODY[2].contender("decode A2A", seconds)])]
    return [
        Contest(what, [each.contender(what, seconds) for each in EVERYBODY if what.partition(" ")[2] in each.knows])
        for what in CONTESTS
    ]


BENCHMARK = Benchmark(
    "codec",
    __doc__,
    contests,
    targets=[
        *[Target(f"decode {name}", "chunk, µs", "msgspec", at_most=4, note=OBJECTS) for name in ("ACP", "A2A")],
        *[
            Target(f"decode {name}", "chunk, µs", "json", ours="hocket without msgspec", at_most=1.5, note=READING)
            for name in ("ACP", "A2A")
        ],
        Target("encode A2A", "chunk, µs", "orjson", at_most=1.5, note=ENCODING),
    ],
    charts=[Chart("codec", "decode A2A", "chunk, µs", "Decoding a chunk of text (A2A 1.0)")],
    minutes=1.5,
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
