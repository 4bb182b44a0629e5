"""Makers: what they make cannot be told from what the class itself makes."""

import pickle

import pytest
from attrs import Factory, evolve, field, frozen
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import Artifact, Message, Part, Role, TaskArtifactUpdateEvent
from hocket.a2a.chunks import text_chunk
from hocket.codec.making import changer, maker
from hocket.errors import LocalProtocolError
from hocket.log import Entry

TEXT = st.text(max_size=3)


@given(TEXT, TEXT, TEXT, TEXT, st.booleans(), st.booleans())
def test_a_chunk_of_text_is_the_event_that_the_classes_make(task_id, context_id, name, text, append, last):
    made = text_chunk(task_id, context_id, name, text, append=append, last_chunk=last)
    plain = TaskArtifactUpdateEvent(
        task_id=task_id,
        context_id=context_id,
        artifact=Artifact(artifact_id=name, parts=(Part(text=text),)),
        append=append,
        last_chunk=last,
    )
    assert made == plain
    assert (hash(made), repr(made), type(made)) == (hash(plain), repr(plain), type(plain))
    assert pickle.loads(pickle.dumps(made)) == plain
    assert evolve(made, append=not append) == evolve(plain, append=not append)
    with pytest.raises(FrozenInstanceError):
        made.append = True


def test_a_maker_takes_its_values_in_its_own_order():
    make = maker(Message, "parts", "message_id", "role")
    assert make((Part(text="hi"),), "m", Role.USER) == Message(message_id="m", role=Role.USER, parts=(Part(text="hi"),))


@given(TEXT, TEXT, TEXT, st.none() | TEXT)
def test_a_changer_changes_what_it_is_given_and_nothing_else(message_id, text, task_id, context_id):
    old = Message(message_id=message_id, role=Role.USER, parts=(Part(text=text),), metadata={"a": 1})
    made = changer(Message, "context_id", "task_id")(old, context_id, task_id)
    assert made == evolve(old, context_id=context_id, task_id=task_id)
    assert old.task_id is None


def test_a_changer_of_what_is_not_there_is_refused():
    with pytest.raises(LocalProtocolError, match="Message has no attribute content"):
        changer(Message, "content")


@frozen(kw_only=True)
class WithSlotForWeakReferences:
    x: int
    y: int = 2


@frozen(kw_only=True, weakref_slot=False)
class WithList:
    x: list = Factory(list)


@frozen(kw_only=True, weakref_slot=False)
class Checked:
    x: int = field(default=0, validator=lambda *_: None)


def test_where_there_is_no_shell_the_class_makes_it_itself():
    assert maker(WithSlotForWeakReferences, "x")(1) == WithSlotForWeakReferences(x=1)


def test_what_is_not_frozen_is_filled_as_it_is():
    entry = maker(Entry, "_event", "offset")("a", 1)
    assert (type(entry), repr(entry)) == (Entry, repr(Entry(1, "a")))
    assert [entry.encoded(dialect, str.encode) for dialect in ("x", "y", "x")] == [b"a"] * 3


@pytest.mark.parametrize(
    ("cls", "given", "why"),
    [
        (Message, ("role",), "message_id has no default"),
        (Message, ("message_id", "role", "parts", "words"), "no attribute words"),
        (WithList, (), "x has no default that can be shared"),
        (Checked, ("x",), "x is checked"),
    ],
)
def test_what_a_maker_could_not_do_as_the_class_does_is_refused(cls, given, why):
    with pytest.raises(LocalProtocolError, match=why):
        maker(cls, *given)
