"""What every program of the benchmark of codecs has in common: it is asked how long something takes, and says it.

`{"what": "decode A2A"}` comes on stdin; for each shape of frame that this program can decode so, the processor time
of one call goes to stdout: `{"chunk, µs": 2.4, …}`. Only the standard library here: other people's models live in
environments of their own.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping

__all__ = ["Functions", "answer"]

Functions = Mapping[str, Callable[[], object]]
"""By shape: what is called again and again."""


def answer(functions: Mapping[str, Functions]) -> None:
    """Answer what is asked, until nothing more is.

    Args:
        functions: By what is asked for.
    """
    for each in functions.values():
        for function in each.values():
            function()  # what cannot do what it says should say so now
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        chosen = functions[asked["what"]]
        print(
            json.dumps({f"{shape}, µs": _microseconds(chosen[shape], asked["seconds"]) for shape in chosen}), flush=True
        )


def _microseconds(function: Callable[[], object], seconds: float) -> float:
    """Processor time of a call: the median of ten pieces of the time that there is."""
    calls = 1
    while _once(function, calls) < seconds / 20:
        calls *= 2
    pieces = sorted(_once(function, calls) / calls for _ in range(10))
    return 1e6 * pieces[4]


def _once(function: Callable[[], object], calls: int) -> float:
    begun = time.process_time()
    for _ in range(calls):
        function()
    return time.process_time() - begun
