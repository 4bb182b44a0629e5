"""Push notifications: what a task says, posted to whoever asked for it."""

from hocket_io.push.options import PushOptions
from hocket_io.push.sender import PushSender

__all__ = ["PushOptions", "PushSender"]
