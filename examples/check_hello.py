"""A property test of one's own agent, with Hypothesis: any question gets a whole answer, and the stream settles."""

from hello import agent as hello
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket.a2a import TaskState
from hocket_io import Client

questions = st.text(max_size=20)


@settings(max_examples=5, deadline=None)
@given(questions)
def check_any_question_is_answered(question: str) -> None:
    with Client(hello) as agent:
        events = list(agent.stream(question))
    assert [event.done for event in events] == [False] * (len(events) - 1) + [True]
    assert events[-1].state is TaskState.COMPLETED
    answer = "".join(event.text for event in events)
    assert answer.split() == f"Hello {question}, from a streaming agent".split()


if __name__ == "__main__":
    check_any_question_is_answered()
    print("every question was answered")
