"""ACP streams at work: a hub and its links, and the clients of a hub."""
