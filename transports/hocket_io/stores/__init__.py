"""Stores: where the logs of tasks are kept. In memory for now; a store on a real engine has the same methods."""

from hocket_io.stores.memory import MemoryStore

__all__ = ["MemoryStore"]
