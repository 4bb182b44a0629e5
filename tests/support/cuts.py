"""Ways to cut a stream of bytes into pieces."""

import itertools
import re

from hypothesis import strategies as st


def cut_at(data, places):
    """The pieces between some places, which may be any numbers at all."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@st.composite
def cuts(draw, streams):
    """A stream in pieces: whole, in single bytes, cut at marks or cut anywhere, with empty reads between."""
    stream = draw(streams)
    marks = [at for mark in re.finditer(rb"[\r\n:]", stream) for at in mark.span()]
    match draw(st.sampled_from(["whole", "bytes", "marks", "anywhere"])):
        case "whole":
            return [stream]
        case "bytes":
            places = list(range(len(stream)))
        case "marks" if marks:
            places = draw(st.lists(st.sampled_from(marks), max_size=12).map(sorted))
        case _:
            places = draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]
