"""WebSocket, the client's side: a connection of its own, and as a pipe to an A2A agent."""
