"""Chunks of ACP messages: builders for the tests of lanes, and strategies for what may happen to them on their way."""

from attrs import frozen
from hypothesis import strategies as st

from hocket.acp.model import Message, Role, message_of, text_part
from hocket.acp.verdicts import Completed, Delivered, Failed


def chunk(text="", *, message_id=None, role=Role.AGENT, agent_id=None):
    """A chunk of one TextPart."""
    extra = {} if message_id is None else {"x-messageId": message_id}
    return Message(role=role, parts=(text_part(text, **extra),), agent_id=agent_id)


def texts(chunks):
    return [piece.text for piece in chunks]


def told(verdict):
    """What a verdict says, in words: `1`, `2!` (delivered; the last one), `=ab` (complete), `-gap@3` (failed)."""
    events = [event[1] if isinstance(event, tuple) else event for event in verdict.events]
    return " ".join([_word(event) for event in events])


def _word(event):
    match event:
        case Delivered():
            return f"{'^' if event.is_first else ''}{event.sequence}{'!' if event.is_last else ''}"
        case Completed(chunks=chunks):
            return "=" + "".join(texts(chunks))
        case Failed(reason=reason, expected=expected):
            return f"-{reason}@{expected}"


def refused(verdict):
    """The code of a refusal and its reason or limit; "" where there is none."""
    error = verdict.error
    if error is None:
        return ""
    data = error.data or {}
    return f"{error.code} {data.get('reason') or data.get('limit') or ''}".strip()


@frozen
class Sent:
    """A chunk as its sender sends it.

    Attributes:
        sender: Who.
        message: Which of its messages, 0 for the first.
        sequence: Its number.
        is_last: Whether the message ends with it.
        chunk: The piece. Its text names it, so that no two pieces of a test are equal.
    """

    sender: str
    message: int
    sequence: int
    is_last: bool
    chunk: Message


def numbered(sender, lengths, *, numbering="restart", ids=False):
    """All the chunks of a sender that says messages of so many chunks, in the order in which it says them.

    Args:
        sender: Who.
        lengths: How many chunks each message has.
        numbering: `restart`: each begins with 1. `continue`: it counts on. `zero`: it counts on, and began with 0.
        ids: Whether each message has an id.
    """
    said = []
    number = 0 if numbering == "zero" else 1
    for message, length in enumerate(lengths):
        if numbering == "restart":
            number = 1
        for place in range(length):
            text = f"{sender}{message}.{place} "
            piece = chunk(text, message_id=f"m{message}" if ids else None, agent_id=sender)
            said.append(Sent(sender, message, number, place == length - 1, piece))
            number += 1
    return said


def whole(said, sender):
    """What was said by one sender: for each message the texts of its chunks."""
    messages = {}
    for sent in said:
        if sent.sender == sender:
            messages.setdefault(sent.message, []).append(sent.chunk.text)
    return list(messages.values())


LENGTHS = st.lists(st.integers(1, 6), min_size=1, max_size=4)
NUMBERINGS = st.sampled_from(["restart", "continue", "zero"])


@st.composite
def interleaved(draw, lines):
    """The chunks of several senders on their way: each line keeps its order."""
    lines = [list(line) for line in lines]
    order = draw(st.permutations([at for at, line in enumerate(lines) for _ in line]))
    return [lines[at].pop(0) for at in order]


def say(text):
    """A whole message of one text, for what does not look at chunks."""
    return message_of(text)
