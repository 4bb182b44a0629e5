"""What Hypothesis gives to each target: what is nearly right, because anything else ends at the first byte."""

from hypothesis import strategies as st

from hocket.testing.strategies import acp_requests, broken_requests, frames, hostile_json, requests, sse_streams
from hocket.testing.strategies.framed import Framed

JUNK = st.binary(max_size=12) | st.sampled_from(
    [b"\n", b"\r", b"\r\n\r\n", b"Content-Length: ", b"\0", b"data:", b"[]"]
)


@st.composite
def spliced(draw, streams):
    """Streams with something put in or taken out, here and there."""
    stream = draw(streams)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(stream)))
        end = draw(st.integers(start, min(len(stream), start + 4)))
        stream = stream[:start] + draw(JUNK) + stream[end:]
    return stream


def wires(strategy: st.SearchStrategy[Framed]) -> st.SearchStrategy[bytes]:
    return strategy.map(lambda framed: framed.data)


TEXTS = hostile_json(envelope=True).map(lambda hostile: hostile.text)
CALLS = st.one_of(
    requests().map(lambda request: request.body),
    acp_requests().map(lambda request: request.body),
    broken_requests().map(lambda broken: broken.body).filter(bool),
    st.sampled_from([b'{"jsonrpc":"2.0","id":"1","result":[]}', b"[]", b'[{"jsonrpc":"2.0","id":7,"method":"a"},1]']),
)
INPUTS = {
    "ndjson": spliced(wires(frames("ndjson"))),
    "content_length": spliced(wires(frames("content-length"))),
    "sse": spliced(wires(frames("sse")) | sse_streams().map(lambda stream: stream.data)),
    "whole": spliced(st.binary(max_size=60)),
    "jsonrpc": spliced(wires(frames("ndjson", CALLS)) | wires(frames("content-length", CALLS))),
    "codec": spliced(TEXTS | CALLS),
}
