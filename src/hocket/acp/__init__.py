"""ACP streams: several agents in one stream, their messages in order, whole, and never lost silently."""
