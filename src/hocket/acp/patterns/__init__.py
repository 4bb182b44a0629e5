"""Patterns: what agents do with streams, as machines of their own on top of messages and chunks.

- `files`: files, of any length, in chunks.
"""
