"""Push notifications: what a task says, posted to whoever asked for it. `sender` does it; here is how it is told to."""

from hocket_io.push.options import PushOptions

__all__ = ["PushOptions"]
