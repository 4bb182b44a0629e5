"""What a client sends."""

from hocket.a2a import Message, Part, Role, SendMessageRequest


def user_says(text="hi", *, message_id="m", task_id=None):
    message = Message(message_id=message_id, role=Role.USER, parts=(Part(text=text),), task_id=task_id)
    return SendMessageRequest(message=message)
