"""Pipes: two streams of bytes, one each way, and the client's way over them, with an event loop and without."""
