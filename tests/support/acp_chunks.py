"""Chunks of ACP messages: builders for the tests of lanes, and what a verdict on them says in words."""

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


def say(text):
    """A whole message of one text, for what does not look at chunks."""
    return message_of(text)
